"""The store with real processes and real files: two at once, damage of every kind, no place to write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rct_assistant import Assistant
from rct_assistant.settings import Settings
from tests.conftest import DATA

QUESTION = "How is a lost plant replaced?"
ASK = [sys.executable, "-c", "from rct_assistant.cli import main; main()", "ask", QUESTION, "--json"]


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    """A small corpus, so that an index is built in seconds."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copy(DATA / "garden.txt", folder)
    (folder / "garden.toml").write_text('title = "Rain gardens"\nsource_numbers = [11, 12, 27]\n', encoding="utf-8")
    return folder


@pytest.fixture
def variables(tmp_path: Path, corpus_folder: Path) -> dict[str, str]:
    return {**os.environ, "RCT_ASSISTANT_DATA": str(tmp_path / "data"), "RCT_ASSISTANT_CORPUS": str(corpus_folder)}


def ask(variables: dict[str, str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(ASK, env=variables, capture_output=True, text=True, timeout=120, check=False, **options)  # type: ignore[call-overload]


def assert_answers(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    response = json.loads(done.stdout)
    assert response["kind"] == "answer"
    assert "lost plant" in response["text"]


def test_two_processes_that_start_at_once_both_answer_and_leave_one_store(
    variables: dict[str, str], tmp_path: Path
) -> None:
    both = [
        subprocess.Popen(ASK, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert_answers(subprocess.CompletedProcess(ASK, process.returncode, out, err))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["index", "index.lock"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the small corpus, built once for this module."""
    place = tmp_path_factory.mktemp("built")
    corpus_folder = place / "corpus"
    corpus_folder.mkdir()
    shutil.copy(DATA / "garden.txt", corpus_folder)
    (corpus_folder / "garden.toml").write_text(
        'title = "Rain gardens"\nsource_numbers = [11, 12, 27]\n', encoding="utf-8"
    )
    Assistant.open(Settings(corpus=corpus_folder, data=place / "data"))
    return place


@pytest.fixture
def store(built: Path, tmp_path: Path) -> tuple[Settings, list[str]]:
    """A copy of the built store with what is said when it is opened."""
    shutil.copytree(built, tmp_path / "copy")
    return Settings(corpus=tmp_path / "copy" / "corpus", data=tmp_path / "copy" / "data"), []


def largest(folder: Path, suffix: str) -> Path:
    return max(folder.rglob(f"*{suffix}"), key=lambda path: path.stat().st_size)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scramble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


DAMAGE = {
    "truncated database": lambda index: truncate(largest(index, ".sqlite3")),
    "one byte of the vectors": lambda index: scramble(index / "chroma" / "chroma.sqlite3"),
    "deleted database": lambda index: largest(index, ".sqlite3").unlink(),
    "unreadable manifest": lambda index: (index / "manifest.json").write_text("{"),
    "manifest of a list": lambda index: (index / "manifest.json").write_text("[]"),
    "manifest without parts": lambda index: (index / "manifest.json").write_text('{"made_from": 1, "files": 2}'),
    "deleted manifest": lambda index: (index / "manifest.json").unlink(),
    "a file too many": lambda index: (index / "extra").write_text("x"),
    "empty folder": lambda index: [shutil.rmtree(index), index.mkdir()],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_is_rebuilt_and_said_in_one_line(store: tuple[Settings, list[str]], damage: str) -> None:
    settings, said = store
    DAMAGE[damage](settings.data / "index")
    assistant = Assistant.open(settings, say=said.append)
    assert assistant.ask(QUESTION).to_json()["kind"] == "answer"
    assert len(said) == 1
    assert said[0].startswith("The index is rebuilt: ")
    again: list[str] = []
    Assistant.open(settings, say=again.append)
    assert again == []


def test_a_deleted_store_is_built_again_in_silence(store: tuple[Settings, list[str]]) -> None:
    settings, said = store
    shutil.rmtree(settings.data / "index")
    Assistant.open(settings, say=said.append)
    assert said == []
    assert (settings.data / "index" / "manifest.json").exists()


def test_a_changed_text_makes_the_store_stale(store: tuple[Settings, list[str]]) -> None:
    settings, said = store
    text = settings.corpus / "garden.txt"
    text.write_bytes(text.read_bytes().replace(b"lost plant", b"lost shrub"))
    assistant = Assistant.open(settings, say=said.append)
    assert said == ["The index is rebuilt: the documents changed (garden)."]
    assert "lost shrub" in assistant.ask("How is a lost shrub replaced?").to_json()["text"]


def test_what_an_interrupted_build_left_behind_is_cleared_away(store: tuple[Settings, list[str]]) -> None:
    settings, said = store
    left_over = settings.data / ".index-left"
    left_over.mkdir()
    shutil.rmtree(settings.data / "index")
    Assistant.open(settings, say=said.append)
    assert not left_over.exists()


def test_a_place_that_cannot_be_written_still_gives_a_working_assistant(
    variables: dict[str, str], tmp_path: Path
) -> None:
    variables["RCT_ASSISTANT_DATA"] = "/proc/rct-assistant"
    done = ask(variables)
    assert_answers(done)
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ready_store_on_a_read_only_place_is_used_as_it_is(
    store: tuple[Settings, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, said = store
    before = {path: path.stat().st_mtime_ns for path in settings.data.rglob("*")}
    monkeypatch.setattr("rct_assistant.store.FileLock", _NoLock)
    assert Assistant.open(settings, say=said.append).ask(QUESTION).to_json()["kind"] == "answer"
    assert said == []
    assert before == {path: path.stat().st_mtime_ns for path in settings.data.rglob("*")}


class _NoLock:
    """What a lock does on a read-only place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def acquire(self, timeout: float) -> None:
        raise OSError(30, "Read-only file system")


def test_no_place_at_all_gets_one_line(variables: dict[str, str]) -> None:
    variables.update(RCT_ASSISTANT_DATA="/proc/rct-assistant", TMPDIR="/proc", TEMP="/proc", TMP="/proc")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import tempfile; tempfile.tempdir = '/proc/none'\nfrom rct_assistant.cli import main; main()",
            *ASK[3:],
        ],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("rct-assistant: found no place to build the index in")


def test_private_copies_are_gone_when_the_process_ends(variables: dict[str, str], tmp_path: Path) -> None:
    copies = tmp_path / "tmp"
    copies.mkdir()
    assert_answers(ask({**variables, "TMPDIR": str(copies)}))
    assert [path.name for path in copies.iterdir() if path.name.startswith("rct-assistant-")] == []
