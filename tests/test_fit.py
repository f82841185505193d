"""What is learned from a bank: the nearest examples, and that what is saved is what is read. No model is needed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from rct_assistant.bank import BankQuestion
from rct_assistant.fit import REASONS, Fitted, decision_of, fit, nearest_of, relevance_of

PASSAGES = ["a-1", "a-2", "a-3"]


@pytest.fixture(scope="module")
def fitted() -> tuple[Fitted, np.ndarray, np.ndarray]:
    """A fit on made-up questions, their unit vectors and their cosines with the passages; the third passage has no question."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(3, 8)).astype(np.float32)
    kinds = [number % 3 for number in range(60)]
    vectors = np.asarray([centres[kind] + 0.5 * random.normal(size=8) for kind in kinds], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"question {number} on {'abc'[kind]}" for number, kind in enumerate(kinds)]
    lines = [
        BankQuestion(text, (PASSAGES[kind],)) if kind < 2 else BankQuestion(text, gap="the weather")
        for text, kind in zip(texts, kinds, strict=True)
    ]
    similarities = (vectors @ centres.T / np.linalg.norm(centres, axis=1)).astype(np.float32)
    return fit(lines, texts, vectors, PASSAGES, similarities), vectors, similarities


def test_the_nearest_example_of_each_column() -> None:
    targets = sparse.csr_matrix(np.asarray([[1, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1]], dtype=np.float32))
    cosines = np.asarray([[0.1, 0.7, 0.9, 0.2], [0.5, 0.3, 0.0, 0.4]], dtype=np.float32)
    assert nearest_of(cosines, targets) == pytest.approx(np.asarray([[0.7, 0.0, 0.7], [0.5, 0.0, 0.4]]))


def test_a_question_of_the_bank_gets_its_own_answer(fitted: tuple[Fitted, np.ndarray, np.ndarray]) -> None:
    learned, vectors, similarities = fitted
    evidence = learned.evidence(vectors[0], "question 0 on a", vectors, similarities[0])
    assert evidence.nearest.shape == evidence.values.shape == (len(PASSAGES) + len(REASONS),)
    assert evidence.nearest[0] == pytest.approx(1.0)
    assert relevance_of(learned, evidence).argmax() == 0
    assert max(decision_of(learned, evidence).items(), key=lambda pair: pair[1])[0] == "answer"


def test_what_is_saved_is_what_is_read(fitted: tuple[Fitted, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    learned, _, _ = fitted
    learned.save(tmp_path / "fitted.npz")
    read = Fitted.load(tmp_path / "fitted.npz")
    for field in fields(Fitted):
        one, other = getattr(learned, field.name), getattr(read, field.name)
        if sparse.issparse(one):
            one, other = one.toarray(), other.toarray()
        assert np.array_equal(one, other), field.name
