"""The adapter of the embedding model: learned from a bank, written, read, merged, and left aside where it does not belong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rct_assistant import train as learning
from rct_assistant.adapter import Adapter, adapter_hash, adapter_path, keys, load_adapter
from rct_assistant.corpus import load_document
from rct_assistant.embeddings import load_embeddings, model_hash
from rct_assistant.errors import CorpusError, ModelError
from rct_assistant.settings import PACKAGED_MODEL, Settings
from tests.conftest import CORPUS

LINES = {
    "a-1": ["where do whales sleep", "sleep of a whale", "do whales doze", "whale naps", "resting whales"],
    "a-2": ["what do ants eat", "food of ants", "diet of an ant", "ant meals", "feeding ants"],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "doc.txt").write_text("A\nWhales sleep near the surface. Ants eat seeds.\n", encoding="utf-8")
    document = load_document(tmp_path / "doc.txt")
    lines: list[object] = [{"document_sha256": document.sha256}]
    lines += [{"question": q, "passages": [name]} for name, questions in LINES.items() for q in questions]
    (tmp_path / "doc.questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return Settings(corpus=tmp_path, data=tmp_path / "data")


def no_progress(stage: str, done: int, total: int) -> None:
    pass


def test_what_is_learned_is_written_read_and_moves_questions_with_one_answer_together(settings: Settings) -> None:
    assert adapter_hash(settings.corpus) == ""
    path = learning.train(settings, progress=no_progress)
    adapter = load_adapter(settings.corpus)
    assert path == adapter_path(settings.corpus)
    assert adapter is not None
    assert adapter.base == model_hash(PACKAGED_MODEL)
    assert len(adapter_hash(settings.corpus)) == 64
    held = adapter.held([question for questions in LINES.values() for question in questions])
    assert 0 < held.sum() < len(held)

    plain, adapted = load_embeddings(PACKAGED_MODEL), load_embeddings(PACKAGED_MODEL, adapter)
    one, other = LINES.values()

    def apart(embeddings: object) -> float:
        first, second = (np.asarray(embeddings.embed_documents(lines)) for lines in (one, other))  # type: ignore[attr-defined]
        assert np.allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-4)
        return float((first @ first.T).mean() - (first @ second.T).mean())

    assert apart(adapted) > apart(plain)


def test_the_mean_of_several_learnings_changes_a_layer_by_the_mean_of_their_changes() -> None:
    random = np.random.default_rng(20)
    learned = [
        {"layer": (random.normal(size=(2, 5)).astype(np.float32), random.normal(size=(3, 2)).astype(np.float32))}
        for _ in range(3)
    ]
    down, up = learning._mean(learned)["layer"]
    assert up @ down == pytest.approx(np.mean([u @ d for own in learned for d, u in own.values()], axis=0), abs=1e-5)


def test_an_adapter_of_another_model_is_left_aside() -> None:
    layer = "encoder.layer.0.output.dense"
    other = Adapter({layer: (np.ones((1, 1536)), np.ones((384, 1)))}, "00" * 32, keys([]))
    plain, beside = load_embeddings(PACKAGED_MODEL), load_embeddings(PACKAGED_MODEL, other)
    assert plain.embed_query("a question") == beside.embed_query("a question")


def test_an_adapter_with_a_layer_that_the_model_lacks_is_named() -> None:
    wrong = Adapter({"encoder.nowhere": (np.ones((1, 2)), np.ones((2, 1)))}, model_hash(PACKAGED_MODEL), keys([]))
    with pytest.raises(ModelError, match=r"found layer encoder\.nowhere in the adapter, expected one of the model"):
        load_embeddings(PACKAGED_MODEL, wrong)


@pytest.mark.parametrize("content", [b"no adapter", b""])
def test_a_file_that_is_no_adapter_is_named(tmp_path: Path, content: bytes) -> None:
    adapter_path(tmp_path).write_bytes(content)
    with pytest.raises(ModelError, match=r"found no adapter in adapter\.npz .* run 'make train' or remove the file"):
        load_adapter(tmp_path)


def test_without_a_bank_there_is_nothing_to_learn(tmp_path: Path) -> None:
    (tmp_path / "doc.txt").write_text("A\nOne sentence.\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="found no question bank"):
        learning.train(Settings(corpus=tmp_path, data=tmp_path), progress=no_progress)


def test_the_committed_adapter_is_of_the_packaged_model_and_has_left_out_a_part_of_the_bank() -> None:
    adapter = load_adapter(CORPUS)
    assert adapter is not None
    assert adapter.base == model_hash(PACKAGED_MODEL)
    assert len(adapter.held_out) > 1000
