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


def examples(vectors: np.ndarray) -> tuple[list[BankQuestion], list[str], np.ndarray]:
    """Return questions of three kinds in turn, two with an answer, with their texts, and their vectors."""
    texts = [f"question {number} on {'abc'[number % 3]}" for number in range(len(vectors))]
    lines = [
        BankQuestion(text, gap="the weather") if number % 3 == 2 else BankQuestion(text, (PASSAGES[number % 3],))
        for number, text in enumerate(texts)
    ]
    return lines, texts, vectors


@pytest.fixture(scope="module")
def fitted() -> tuple[Fitted, np.ndarray, np.ndarray]:
    """A fit on made-up questions, their unit vectors and their cosines with the passages; the third passage has no question."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(3, 8)).astype(np.float32)
    vectors = np.asarray([centres[number % 3] + 0.5 * random.normal(size=8) for number in range(60)], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarities = (vectors @ centres.T / np.linalg.norm(centres, axis=1)).astype(np.float32)
    return fit(*examples(vectors), PASSAGES, similarities), vectors, similarities


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


def test_a_large_bank_is_dealt_out_and_the_parts_agree(
    fitted: tuple[Fitted, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, vectors, similarities = fitted
    monkeypatch.setattr("rct_assistant.fit.MOST", 25)
    dealt = fit(*examples(vectors), PASSAGES, similarities)
    assert dealt.weights.shape == whole.weights.shape
    assert not np.allclose(dealt.weights, whole.weights)
    assert np.abs(dealt.weights).sum(axis=1).all(), "an example is in no part"
    for place, text in enumerate(("question 0 on a", "question 1 on b")):
        evidence = dealt.evidence(vectors[place], text, vectors, similarities[place])
        assert relevance_of(dealt, evidence).argmax() == place


def test_a_bank_of_gaps_alone_answers_nothing(fitted: tuple[Fitted, np.ndarray, np.ndarray]) -> None:
    _, vectors, similarities = fitted
    lines, texts, _ = examples(vectors)
    learned = fit([BankQuestion(text, gap="all") for text in texts], texts, vectors, PASSAGES, similarities)
    evidence = learned.evidence(vectors[0], texts[0], vectors, similarities[0])
    assert decision_of(learned, evidence)["gap"] == pytest.approx(1.0)
    assert len(lines) == len(learned.left_out)


def test_few_questions_that_the_adapter_has_not_seen_are_no_ground_to_calibrate_on(
    fitted: tuple[Fitted, np.ndarray, np.ndarray],
) -> None:
    whole, vectors, similarities = fitted
    unseen = np.arange(len(vectors)) == 2
    part = fit(*examples(vectors), PASSAGES, similarities, unseen)
    assert len(part.left_out) == len(whole.left_out) == len(vectors)


def test_what_is_saved_is_what_is_read(fitted: tuple[Fitted, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    learned, _, _ = fitted
    learned.save(tmp_path / "fitted.npz")
    read = Fitted.load(tmp_path / "fitted.npz")
    for field in fields(Fitted):
        one, other = getattr(learned, field.name), getattr(read, field.name)
        if sparse.issparse(one):
            one, other = one.toarray(), other.toarray()
        assert np.array_equal(one, other), field.name
