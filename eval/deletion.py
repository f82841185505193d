"""Take away what answers a question and ask again: a sound assistant must then abstain. Free near misses, on any text.

Gold and acceptable passages go, with every bank question that names one. The regression without these questions follows exactly
from the inverse of its kernel (block inversion): one inverse for each part, then milliseconds instead of a new fit. The
logistic models behind it (`fit.Fitted.relevance`, `decision`) stay as they are; they know of no single passage.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eval.gold import Gold
from eval.questions import Question
from rct_assistant import fit
from rct_assistant.assistant import Assistant
from rct_assistant.bank import BankQuestion
from rct_assistant.corpus import Corpus
from rct_assistant.document import Document
from rct_assistant.index import DocumentIndex
from rct_assistant.kernel import factor_of, inverse_of, kernel_of

Array = NDArray[np.float32]
SAMPLE = 40
KINDS = ("fact", "table", "llm_marked")  # of lists, cases and the like what is left often answers still
_SEED = 20
_CHECKED = 50  # rows of the kernel that are compared with what was fitted
_TOLERANCE = 0.02


@dataclass(frozen=True)
class MemoryIndex(DocumentIndex):
    """The index of a document in memory: what Chroma would say, by plain products. `vectors` are its passages', in order."""

    vectors: Array = field(repr=False)

    def passage_similarities(self, vector: Sequence[float]) -> Array:
        """Return the cosine of a question's unit vector with each passage, in the order of the text."""
        similarities: Array = self.vectors @ np.asarray(vector, dtype=np.float32)
        return similarities

    def nearest_questions(self, vector: Sequence[float], k: int) -> list[tuple[BankQuestion, float]]:
        """Return the k nearest bank questions with their cosines, nearest first."""
        if not self.bank:
            return []
        cosines = self.examples @ np.asarray(vector, dtype=np.float32)
        return [(self.bank[place], float(cosines[place])) for place in np.argsort(-cosines, kind="stable")[:k]]


class Deletion:
    """Gives an assistant's likeness that has never seen some passages of its first document."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._index = assistant.index.documents[0]
        self._inverses = list(_inverses(self._index, self._index.fitted)) if self._index.fitted else []
        ids = list(self._index.document.by_id)
        stored = self._index.passages.get(ids=ids, include=["embeddings"])
        place = {name: position for position, name in enumerate(stored["ids"])}
        self._vectors: Array = np.asarray(stored["embeddings"], dtype=np.float32)[[place[name] for name in ids]]

    def without(self, gone: frozenset[str]) -> Assistant:
        """Return an assistant without these passages and the bank questions that name one of them."""
        document = _document_without(self._index.document, gone)
        kept = [position for position, name in enumerate(self._index.document.by_id) if name not in gone]
        lines = np.asarray([gone.isdisjoint(line.passages) for line in self._index.bank], dtype=bool)
        bank = tuple(line for line, keep in zip(self._index.bank, lines, strict=True) if keep)
        index = MemoryIndex(
            document=document,
            bank=bank,
            examples=self._index.examples[lines] if len(lines) else self._index.examples,
            fitted=self._refit(lines, kept),
            passages=self._index.passages,
            questions=self._index.questions,
            vectors=self._vectors[kept],
        )
        corpus = Corpus((document,), {document.name: bank})
        return Assistant(corpus, replace(self._assistant.index, documents=(index,)))

    def _refit(self, lines: NDArray[np.bool_], kept: Sequence[int]) -> fit.Fitted | None:
        """Return what the bank teaches without the lines that are not kept, and without the columns of lost passages."""
        fitted = self._index.fitted
        if fitted is None:
            return None
        weights = fitted.weights.copy()
        for part, inverse in self._inverses:
            keep, lost = np.flatnonzero(lines[part]), np.flatnonzero(~lines[part])
            change = np.linalg.solve(inverse[np.ix_(lost, lost)], weights[part[lost]])
            weights[part[keep]] -= inverse[np.ix_(keep, lost)] @ change
        columns = [*kept, *range(len(self._vectors), weights.shape[1])]
        return replace(
            fitted,
            weights=weights[lines][:, columns],
            lexical=fitted.lexical[np.flatnonzero(lines)],
            targets=fitted.targets[columns][:, np.flatnonzero(lines)],
        )


def sample(questions: Sequence[Question], golds: Mapping[str, Gold], document: Document) -> list[Question]:
    """Return SAMPLE answerable questions whose passages can all be spared: no refusal rests on them."""
    needed = {*document.standing, document.not_a_substitute}
    spare = [q for q in questions if q.kind in KINDS and not q.history and needed.isdisjoint(golds[q.id].relevant)]
    return random.Random(_SEED).sample(spare, min(SAMPLE, len(spare)))


def _document_without(document: Document, gone: frozenset[str]) -> Document:
    sections = tuple(
        replace(section, passages=tuple(name for name in section.passages if name not in gone))
        for section in document.sections
    )
    passages = tuple(passage for passage in document.passages if passage.id not in gone)
    return replace(document, passages=passages, sections=sections)


def _inverses(index: DocumentIndex, fitted: fit.Fitted) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield the places of each part of the bank with the inverse of kernel + ridge over it.

    Raises:
        ArithmeticError: what was fitted does not solve this kernel, so `fit` learns in another way by now.
    """
    parts = fit.dealt(len(index.bank))
    for part in parts:
        kernel = kernel_of(index.examples[part], fitted.lexical[part])
        _check(kernel, len(parts) * fitted.weights[part], fitted.targets[:, part].toarray().T)
        yield part, inverse_of(factor_of(kernel))


def _check(kernel: Array, weights: Array, targets: Array) -> None:
    """Check for some bank questions that the fitted weights give their targets under this kernel."""
    rows = np.linspace(0, len(kernel) - 1, _CHECKED).astype(int)
    worst = float(np.abs(kernel[rows] @ weights - targets[rows]).max())
    if worst > _TOLERANCE:
        raise ArithmeticError(f"the bank's weights miss their targets by {worst:.2f}, expected kernel ridge regression")
