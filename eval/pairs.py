"""Compare two systems, or two runs, question by question: the same questions, their differences, and a paired test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.score import BY_NAME, Values
from eval.statistics import mcnemar, mean_interval, sign_flip

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """The difference one - other of a measure's means over the questions that both have it for, with a 95 % interval.

    p is that of exact McNemar for 0/1 values and of the sign-flip test for others; more and less count the questions where the
    first has the higher and the lower value.
    """

    measure: str
    one: str
    other: str
    count: int
    difference: float
    low: float
    high: float
    p: float
    more: int
    less: int

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at 5 %, this comparison taken alone."""
        return self.p < SIGNIFICANT


def pair(
    measure: str,
    names: tuple[str, str],
    one: Mapping[str, Values],
    other: Mapping[str, Values],
    clusters: Mapping[str, str],
) -> Pair | None:
    """Compare two systems' values of one measure; None where no question has both. `clusters` maps ids to clusters."""
    ids = [name for name in one if measure in one[name] and measure in other.get(name, {})]
    if not ids:
        return None
    differences = [one[name][measure] - other[name][measure] for name in ids]
    more, less = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    low, high = mean_interval(differences, [clusters.get(name, name) for name in ids]) if more or less else (0.0, 0.0)
    p = mcnemar(more, less) if BY_NAME[measure].binary else sign_flip(differences)
    return Pair(measure, *names, len(ids), sum(differences) / len(ids), low, high, p, more, less)


def pairs(
    measures: Sequence[str],
    names: tuple[str, str],
    one: Mapping[str, Values],
    other: Mapping[str, Values],
    clusters: Mapping[str, str],
) -> list[Pair]:
    """Compare two systems in several measures; those that they do not share are left out."""
    found = (pair(measure, names, one, other, clusters) for measure in measures)
    return [comparison for comparison in found if comparison is not None]
