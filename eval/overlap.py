"""Find questions that are near copies of development questions or of bank lines: rates on them say little about new questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.plain import vectors_of
from eval.questions import Question
from rct_assistant.corpus import Corpus

Array = NDArray[np.float32]
_NONE: Array = np.zeros((0, 0), dtype=np.float32)
COPY = 0.9  # cosine above which a question counts as a near copy


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest line of dev and of the bank: cosines, and the lines' own texts."""

    dev: float
    dev_text: str
    bank: float
    bank_text: str

    @property
    def is_copy(self) -> bool:
        """Whether one of them is closer than COPY."""
        return max(self.dev, self.bank) > COPY


def nearest(questions: Sequence[Question], others: Sequence[Question], corpus: Corpus) -> dict[str, Near]:
    """Return what each question is nearest to, by id; without `others` (the dev questions) in the bank alone."""
    vectors = _vectors([_text(question) for question in questions])
    texts = [_text(question) for question in others]
    dev = _closest(vectors, _vectors(texts), texts)
    lines = [line.asked for bank in corpus.banks.values() for line in bank]
    bank = _closest(vectors, _vectors(lines), lines)
    return {q.id: Near(*one, *other) for q, one, other in zip(questions, dev, bank, strict=True)}


def copies(near: dict[str, Near]) -> frozenset[str]:
    """Return the ids of near copies."""
    return frozenset(name for name, found in near.items() if found.is_copy)


def _text(question: Question) -> str:
    """Return what is compared: a follow-up says nothing without the question before it."""
    return " ".join([*question.history[-1:], question.text])


def _vectors(texts: Sequence[str]) -> Array:
    return vectors_of(texts) if texts else _NONE


def _closest(vectors: Array, others: Array, texts: Sequence[str]) -> list[tuple[float, str]]:
    """Return for each vector the highest cosine among the others and that one's text; (0, '') where there are none."""
    if not len(others):
        return [(0.0, "")] * len(vectors)
    cosines = vectors @ others.T
    return [(float(row.max()), texts[int(row.argmax())]) for row in cosines]
