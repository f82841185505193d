"""Intervals and paired tests against published or hand-made values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.pairs import pair, pairs
from eval.statistics import (
    auroc_interval,
    function_intervals,
    mcnemar,
    mean_interval,
    quantile_interval,
    ratio_interval,
    sign_flip,
    wilson,
)


@pytest.mark.parametrize(("count", "low"), [(20, 0.839), (50, 0.929), (73, 0.950), (150, 0.975), (381, 0.990)])
def test_wilson_of_no_miss(count: int, low: float):
    assert wilson(count, count) == (pytest.approx(low, abs=5e-4), 1.0)


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_rate(case: tuple[int, int]):
    low, high = wilson(*case)
    assert 0 <= low <= case[0] / case[1] <= high <= 1 + 1e-12


def test_a_mean_of_equal_values_falls_back_to_wilson():
    assert mean_interval([1.0] * 50, ["a", "b"] * 25) == wilson(50, 50)
    assert mean_interval([0.0] * 50, ["a"] * 50) == wilson(0, 50)
    assert mean_interval([0.4] * 5, list("abcde")) == (0.4, 0.4)


def test_clusters_widen_an_interval():
    values = [1.0] * 20 + [0.0] * 20
    alone = mean_interval(values, [str(number) for number in range(40)])
    together = mean_interval(values, ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + ["d"] * 10)
    assert together[0] < alone[0] < 0.5 < alone[1] < together[1]


def test_one_cluster_still_shows_a_spread():
    low, high = mean_interval([1.0, 0.0, 1.0, 1.0], ["only"] * 4)
    assert low < 0.75 < high


def test_intervals_are_the_same_every_time():
    values, clusters = [0.1, 0.9, 0.5, 0.3], list("abcd")
    assert mean_interval(values, clusters) == mean_interval(values, clusters)
    assert quantile_interval(values, 0.95) == quantile_interval(values, 0.95)


def test_a_ratio_is_of_sums():
    low, high = ratio_interval([1, 3], [1, 9], ["a", "b"])
    assert low == pytest.approx(1 / 3)
    assert high == 1.0


def test_auroc_interval_holds_the_area():
    low, high = auroc_interval([0.9, 0.8, 0.4], [0.5, 0.3, 0.1])
    assert low <= 8 / 9 <= high
    assert auroc_interval([1.0] * 60, [0.0] * 22) == wilson(22, 22)
    assert auroc_interval([], [0.0]) == (0.0, 1.0)


def test_function_intervals():
    ((low, high),) = function_intervals(lambda rows: [float(rows.mean())], 100)
    assert low < 49.5 < high


def test_mcnemar_is_exact():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 * 0.5**5)
    assert mcnemar(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)


def test_sign_flip():
    assert sign_flip([0.0, 0.0]) == 1.0
    assert sign_flip([0.2, 0.3, 0.1]) == pytest.approx(2 / 8)
    assert sign_flip([0.5] * 40) == pytest.approx(1 / 10_001)
    assert sign_flip([0.5, -0.5] * 20) == 1.0


def test_a_pair_counts_only_questions_that_both_have():
    one = {"a": {"full": 1.0}, "b": {"full": 1.0}, "c": {"full": 0.0}, "d": {}}
    other = {"a": {"full": 0.0}, "b": {"full": 1.0}, "c": {}, "e": {"full": 1.0}}
    found = pair("full", ("new", "old"), one, other, {})
    assert found is not None
    assert (found.count, found.difference, found.more, found.less, found.p) == (2, 0.5, 1, 0, 1.0)
    assert pair("lead", ("new", "old"), one, other, {}) is None
    assert [each.measure for each in pairs(["lead", "full"], ("new", "old"), one, other, {})] == ["full"]


def test_a_pair_without_any_difference():
    same = {"a": {"recall": 0.5}, "b": {"recall": 1.0}}
    found = pair("recall", ("new", "old"), same, same, {})
    assert found is not None
    assert (found.low, found.difference, found.high, found.p, found.significant) == (0, 0, 0, 1, False)
