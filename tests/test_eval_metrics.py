"""Each measure against a case that was worked out by hand."""

from __future__ import annotations

import math

import pytest

from eval.gold import Gold
from eval.metrics import (
    auroc,
    brier,
    citation,
    crag,
    group_recall,
    jaccard,
    quantiles,
    reliability,
    retrieval,
    risk_coverage,
)


def gold(*groups: str, primary: str = "", acceptable: str = "") -> Gold:
    """Return gold from groups of one-letter units: 'ab', 'c' is a or b, and c."""
    relevant = frozenset("".join(groups) + acceptable)
    return Gold(tuple(map(frozenset, groups)), frozenset(primary or [group[0] for group in groups]), relevant)


def test_retrieval_of_one_question():
    found = retrieval({"q": gold("b", "d")}, {"q": ["a", "b", "c", "d"]})["q"]
    assert [found[f"hit@{k}"] for k in (1, 3, 5, 10)] == [0, 1, 1, 1]
    assert [found[f"recall@{k}"] for k in (1, 3, 5, 10)] == [0, 0.5, 1, 1]
    assert found["mrr@10"] == 0.5
    ideal = 2 / math.log2(2) + 2 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx((2 / math.log2(3) + 2 / math.log2(5)) / ideal)


def test_ndcg_gives_primary_gold_two_and_other_relevant_units_one():
    found = retrieval({"q": gold("ab", primary="a", acceptable="x")}, {"q": ["x", "a", "b"]})["q"]
    dcg = 1 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@10"] == pytest.approx(dcg / ideal)
    assert found["mrr@10"] == 1.0


def test_retrieval_stops_at_ten():
    units = list("abcdefghijk")
    found = retrieval({"q": gold("k")}, {"q": units})["q"]
    assert (found["hit@10"], found["mrr@10"], found["ndcg@10"], found["recall@10"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("ranking", [["a", "z"], ["z", "a"]])
def test_a_tie_is_not_broken_by_id(ranking: list[str]):
    # Planted defect: with equal scores ir-measures would put 'z' first whatever our order was.
    found = retrieval({"q": gold("a")}, {"q": ranking})["q"]
    assert found["hit@1"] == float(ranking[0] == "a")
    assert found["mrr@10"] == 1 / (1 + ranking.index("a"))


def test_a_question_without_gold_cannot_enter_a_mean():
    # Planted defect: without gold every measure is 0, which would pull the mean down.
    nothing = Gold((), frozenset(), frozenset())
    with pytest.raises(ValueError, match="without gold"):
        retrieval({"q": gold("a"), "near miss": nothing}, {"q": ["a"], "near miss": ["a"]})


def test_a_question_without_ranking_is_a_miss_not_left_out():
    found = retrieval({"q": gold("a"), "r": gold("a")}, {"q": ["a"]})
    assert (found["q"]["hit@1"], found["r"]["hit@1"], found["r"]["ndcg@10"]) == (1, 0, 0)
    assert retrieval({"r": gold("a")}, {})["r"]["mrr@10"] == 0


def test_any_alternative_gives_its_part():
    assert group_recall(gold("ab", "c"), ["b"]) == 0.5
    assert group_recall(gold("ab", "c"), ["a", "b"]) == 0.5
    assert group_recall(gold("ab", "bc"), ["b"]) == 1.0


def test_citation_of_an_answer():
    found = citation(gold("a", "b", acceptable="x"), ["x", "a", "n", "m"])
    assert found == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "full": 0.0, "lead": 1.0}
    assert citation(gold("a"), ["n"]) == {"precision": 0, "recall": 0, "f1": 0, "full": 0, "lead": 0}
    assert citation(gold("a"), ["a"]) == {"precision": 1, "recall": 1, "f1": 1, "full": 1, "lead": 1}


def test_a_refusal_has_no_precision_and_no_recall():
    assert citation(gold("a"), []) == {"recall": 0.0, "f1": 0.0, "full": 0.0}


def test_auroc_counts_ties_half():
    assert auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert math.isnan(auroc([0.9], []))


def test_risk_coverage():
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [0, 1, 0, 1])
    assert curve.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert curve.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert curve.augrc == pytest.approx((0 + 1 + 1 + 2) / 4 / 4)
    assert curve.floor == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert (curve.coverage_at(0.0), curve.coverage_at(0.34), curve.coverage_at(0.5)) == (0.25, 0.75, 1.0)


@pytest.mark.parametrize("errors", [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
def test_risk_of_ties_does_not_depend_on_their_order(errors: list[int]):
    assert risk_coverage([0.5, 0.5, 0.5], errors).risk.tolist() == pytest.approx([1 / 3] * 3)


def test_coverage_is_zero_where_every_risk_is_too_high():
    assert risk_coverage([0.9, 0.1], [1, 1]).coverage_at(0.1) == 0.0


def test_crag_counts_a_wrong_answer_against():
    assert crag(right=6, abstained=3, count=10) == pytest.approx(0.6 - 0.1)


def test_brier_and_reliability():
    assert brier([1.0, 0.5], [1, 0]) == 0.125
    assert reliability([0.1, 0.9, 0.2, 0.8], [0, 1, 1, 1], bins=2) == [
        (pytest.approx(0.15), 0.5, 2),
        (pytest.approx(0.85), 1.0, 2),
    ]
    assert reliability([0.3], [1.0]) == [(0.3, 1.0, 1)]


def test_jaccard():
    assert jaccard("abc", "bcd") == 0.5
    assert jaccard("", "") == 1.0


def test_quantiles():
    assert quantiles(list(range(101))) == (50, 95)
