"""The embedding model: many texts at once give the same vectors as one by one, and leave the cores as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rct_assistant.embeddings import _runs, load_embeddings, many_texts
from rct_assistant.settings import PACKAGED_MODEL

TEXTS = [
    "what are the five good things",
    "zest",
    "who convened the theory group at the stone center, and in which year",
]


def test_many_texts_have_the_vectors_that_each_has_alone() -> None:
    embeddings = load_embeddings(PACKAGED_MODEL)
    alone = np.asarray([embeddings.embed_query(text) for text in TEXTS])
    with many_texts():
        together = np.asarray(embeddings.embed_documents(TEXTS), dtype=np.float32)
    assert (alone * together).sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-4)


def test_many_texts_give_the_cores_back_even_after_an_error() -> None:
    with pytest.raises(ValueError, match="half way"), many_texts():
        raise ValueError("half way")
    assert torch.get_num_threads() == 1
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize(("stat", "runs"), [("7 (a) b) R 1 2", True), ("7 (python) S 1 2", False), (None, False)])
def test_a_thread_that_runs_is_told_from_one_that_sleeps_or_has_ended(
    tmp_path: Path, stat: str | None, *, runs: bool
) -> None:
    if stat is not None:
        (tmp_path / "stat").write_text(stat, encoding="utf-8")
    assert _runs(tmp_path) is runs
