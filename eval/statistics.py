"""Intervals and paired tests. Pure functions; every random draw is seeded, so that two runs agree.

Sources: Wilson, JASA 1927; Efron, Annals of Statistics 1979 (bootstrap), over clusters as in Miller, arXiv 2411.00640;
McNemar, Psychometrika 1947, exact form; Fisher's sign-flip permutation test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Interval = tuple[float, float]

RESAMPLES = 10_000
SEED = 20
_EXACT = 12  # up to this many differences all sign patterns are tried
_PERCENT = (2.5, 97.5)


def wilson(hits: int, count: int) -> Interval:
    """Return the two-sided 95 % Wilson interval of a proportion; (0, 1) when nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    interval = binomtest(hits, count).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def mean_interval(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """Return the 95 % percentile interval of a mean when whole clusters are drawn anew.

    Values that are all equal say nothing about their spread: for all 0 or all 1 Wilson's interval is given instead.
    """
    if not values:
        return 0.0, 1.0
    first = values[0]
    if all(value == first for value in values):
        return wilson(round(first) * len(values), len(values)) if first in (0.0, 1.0) else (first, first)
    return ratio_interval(values, [1.0] * len(values), clusters)


def ratio_interval(parts: Sequence[float], wholes: Sequence[float], clusters: Sequence[str]) -> Interval:
    """Return the 95 % percentile interval of sum(parts) / sum(wholes) when whole clusters are drawn anew."""
    if len(set(clusters)) == 1:
        clusters = [str(number) for number in range(len(parts))]  # one cluster alone would show no spread at all
    _, inverse = np.unique(np.asarray(clusters), return_inverse=True)
    above, below = (np.bincount(inverse, weights=np.asarray(sums, dtype=float)) for sums in (parts, wholes))
    drawn = _draws(len(above))
    totals = drawn @ below
    low, high = np.percentile((drawn @ above)[totals > 0] / totals[totals > 0], _PERCENT)
    return float(low), float(high)


def function_intervals(function: Callable[[Indices], Sequence[float]], count: int) -> list[Interval]:
    """Return the 95 % percentile interval of each value of a function of drawn indices (1,000 draws of `count`)."""
    rng = np.random.default_rng(SEED)
    drawn = np.asarray([function(rng.integers(0, count, count)) for _ in range(1000)])
    return [(float(low), float(high)) for low, high in np.percentile(drawn, _PERCENT, axis=0).T]


def auroc_interval(positive: Sequence[float], negative: Sequence[float]) -> Interval:
    """Return the 95 % percentile interval of the AUROC when both classes are drawn anew.

    A perfect order stays perfect however it is drawn: then Wilson's interval of the smaller class is given instead.
    """
    if not positive or not negative:
        return 0.0, 1.0
    if min(positive) > max(negative):
        fewer = min(len(positive), len(negative))
        return wilson(fewer, fewer)
    above, below = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    wins = (above > below) + 0.5 * (above == below)
    drawn = _draws(len(positive))
    other = _draws(len(negative), seed=SEED + 1)
    areas = np.einsum("rn,rn->r", drawn @ wins, other) / (wins.shape[0] * wins.shape[1])
    low, high = np.percentile(areas, _PERCENT)
    return float(low), float(high)


def quantile_interval(values: Sequence[float], quantile: float) -> Interval:
    """Return the 95 % percentile interval of a quantile."""
    rng = np.random.default_rng(SEED)
    data = np.asarray(values, dtype=float)
    drawn = np.quantile(data[rng.integers(0, len(data), (1000, len(data)))], quantile, axis=1)
    low, high = np.percentile(drawn, _PERCENT)
    return float(low), float(high)


def mcnemar(better: int, worse: int) -> float:
    """Return the exact two-sided p of McNemar's test from the two counts of questions that differ."""
    return float(binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0


def sign_flip(differences: Sequence[float]) -> float:
    """Return the two-sided p of the paired sign-flip test: exact for few differences, else by seeded draws."""
    moved = np.asarray([value for value in differences if value != 0.0], dtype=float)
    if len(moved) == 0:
        return 1.0
    observed = abs(moved.sum()) - 1e-12
    if len(moved) <= _EXACT:
        signs = np.asarray(list(itertools.product((-1.0, 1.0), repeat=len(moved))))
        return float((np.abs(signs @ moved) >= observed).mean())
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), (RESAMPLES, len(moved)))
    return float((1 + (np.abs(signs @ moved) >= observed).sum()) / (1 + RESAMPLES))


@cache
def _draws(size: int, seed: int = SEED) -> Array:
    """Return RESAMPLES × size counts: how often each of `size` things was drawn, with replacement."""
    counts = np.random.default_rng(seed).multinomial(size, np.full(size, 1.0 / size), RESAMPLES)
    return counts.astype(float)
