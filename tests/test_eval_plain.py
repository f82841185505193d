"""The vectors of the model as published: kept on disk, one for each text, and made again where the file is no use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval import plain

TEXTS = [f"question {number}" for number in range(plain._FEWEST)]


class Counting:
    """A model that counts what it embeds; a text's vector is its length."""

    def __init__(self) -> None:
        self.embedded = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.embedded += len(texts)
        return [[float(len(text)), 1.0] for text in texts]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counting:
    counting = Counting()
    monkeypatch.setenv("RCT_ASSISTANT_DATA", str(tmp_path))
    monkeypatch.setattr(plain, "plain_embeddings", lambda: counting)
    return counting


def test_a_text_is_embedded_once_and_order_and_repeats_are_kept(model: Counting) -> None:
    first = plain.vectors_of([*TEXTS, TEXTS[0]])
    again = plain.vectors_of(TEXTS[::-1])
    assert model.embedded == len(TEXTS)
    assert np.array_equal(first[:-1], again[::-1])
    assert np.array_equal(first[-1], first[0])


def test_only_what_is_new_is_embedded(model: Counting) -> None:
    plain.vectors_of(TEXTS)
    vectors = plain.vectors_of([*TEXTS, "another question altogether"])
    assert model.embedded == len(TEXTS) + 1
    assert vectors[-1].tolist() == [float(len("another question altogether")), 1.0]


def test_no_texts_are_no_vectors(model: Counting) -> None:
    assert len(plain.vectors_of([])) == 0


def test_a_damaged_file_counts_as_none(model: Counting, tmp_path: Path) -> None:
    before = plain.vectors_of(TEXTS)
    (file,) = (tmp_path / "plain").iterdir()
    file.write_bytes(b"damaged")
    assert np.array_equal(plain.vectors_of(TEXTS), before)
    assert model.embedded == 2 * len(TEXTS)
