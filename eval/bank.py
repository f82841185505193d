"""Look over a question bank: how many different questions each passage has, near duplicates, and clashes.

A line counts only if no counted line with the same answer is a near duplicate of it. A clash is a pair of near duplicates that
have no answer in common: one of them is wrong, or a single word ('first', 'third') tells them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rct_assistant.bank import BankQuestion

Array = NDArray[np.float32]
SAME = 0.95  # cosine above which two lines ask the same
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two near duplicates: their places in the bank, the earlier first, and their cosine."""

    earlier: int
    later: int
    cosine: float


@dataclass(frozen=True, slots=True)
class BankReport:
    """What a bank covers: the counted lines of every passage, gap topic and intent, and the pairs that need a look."""

    lines: int
    answered: int
    passages: dict[str, int]
    topics: dict[str, int]
    intents: dict[str, int]
    repeats: tuple[Pair, ...]
    clashes: tuple[Pair, ...]

    @property
    def gaps(self) -> int:
        """The counted lines that the text does not answer though it comes near."""
        return sum(self.topics.values())


def inspect(bank: Sequence[BankQuestion], vectors: Array, passages: Sequence[str]) -> BankReport:
    """Return what a bank covers; `vectors` is n × dimensions, unit length, in the order of the bank."""
    answers = [_answers(question) for question in bank]
    repeats, clashes, counted = [], [], np.ones(len(bank), dtype=bool)
    for pair in _near(vectors):
        if not answers[pair.earlier] & answers[pair.later]:
            clashes.append(pair)
        elif counted[pair.earlier]:
            repeats.append(pair)
            counted[pair.later] = False
    kept = [question for question, counts in zip(bank, counted, strict=True) if counts]
    found = Counter(name for question in kept for name in question.passages)
    return BankReport(
        lines=len(bank),
        answered=sum(bool(question.passages) for question in kept),
        passages={name: found[name] for name in passages},
        topics=dict(Counter(question.gap for question in kept if question.gap)),
        intents=dict(Counter(str(question.intent) for question in kept if question.intent)),
        repeats=tuple(repeats),
        clashes=tuple(clashes),
    )


def _answers(question: BankQuestion) -> frozenset[str]:
    """Return what two lines must share to agree. Two gaps always do: whatever the topic, the text does not answer."""
    return frozenset(question.passages or (question.intent or "gap",))


def _near(vectors: Array) -> list[Pair]:
    """Return all pairs of near duplicates, in the order of the later line."""
    pairs = []
    for start in range(0, len(vectors), _ROWS):
        cosines = vectors[start : start + _ROWS] @ vectors.T
        for row, column in np.argwhere(cosines > SAME):
            if column < start + row:
                pairs.append(Pair(int(column), int(start + row), float(cosines[row, column])))
    return pairs
