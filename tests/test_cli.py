"""The command line as its user meets it: real processes, status codes, one line for each mistake."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from rct_assistant.cli import main; main()"]


def run(environment: dict[str, str], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_names_examples_and_loads_no_model(environment: dict[str, str]) -> None:
    done = run(environment, "--help")
    assert done.returncode == 0
    assert "rct-assistant ask 'What are the five good things?'" in done.stdout
    code = (
        "import sys; import rct_assistant.cli;"
        "print([m for m in ('torch', 'chromadb', 'gradio', 'langchain_core', 'sklearn') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["frob"], "No such command 'frob'"),
        (["ask"], "found no question"),
        (["ask", "--frob"], "No such option"),
        (["ask", "one", "two"], "unexpected extra argument"),
        (["ask", "--batch", "nowhere.jsonl", "--json"], "cannot be read"),
        (["ask", "q", "--batch", "nowhere.jsonl", "--json"], "expected 'ask --batch FILE --json'"),
        (["ask", "--batch", "nowhere.jsonl", "--json", "--history", "q"], "expected 'ask --batch FILE --json'"),
        (["ask", "q", "--trace"], "found --trace without --json"),
        (["verify"], "Missing argument"),
        (["verify", "nowhere.json"], "cannot be read"),
        (["chat", "--port", "99999"], "--port"),
        (["corpus", "show", "nothing"], "found no document 'nothing'"),
    ],
)
def test_bad_usage_gets_one_line_and_status_2(environment: dict[str, str], arguments: list[str], part: str) -> None:
    done = run(environment, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"RCT_ASSISTANT_PORT": "high"}, "RCT_ASSISTANT_PORT"),
        ({"RCT_ASSISTANT_CORPUS": "/nowhere"}, "found no NAME.txt"),
        ({"RCT_ASSISTANT_MODEL": "/nowhere/model"}, "found no loadable model"),
    ],
)
def test_a_bad_setting_gets_one_line_and_status_2(
    environment: dict[str, str], variables: dict[str, str], part: str
) -> None:
    done = run(environment, "ask", "zest?", **variables, HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_ask_prints_the_reply_and_nothing_else_on_stdout(environment: dict[str, str]) -> None:
    done = run(environment, "ask", "What are the five good things?")
    assert done.returncode == 0
    assert done.stdout.startswith("This is what the text says.\n\nCore Principles\n")
    assert "[source 4] (core-principles-2)" in done.stdout
    assert "\x1b" not in done.stdout


def test_ask_json_has_every_key_of_the_contract_and_history_is_used(environment: dict[str, str]) -> None:
    done = run(
        environment, "ask", "who else was in it?", "--history", "who convened the theory group?", "--json", "--trace"
    )
    response = json.loads(done.stdout)
    assert list(response)[:6] == ["schema", "version", "id", "kind", "reason", "rule"]
    assert response["statements"][0]["citations"][0]["passage"] == "creators-lineage-2"
    assert set(response["trace"]) == {"ranked", "answerable", "probabilities", "seconds"}


def test_an_empty_question_is_a_refusal_not_an_error(environment: dict[str, str]) -> None:
    done = run(environment, "ask", "")
    assert (done.returncode, done.stdout) == (0, "Please type a question about the text.\n")


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("", "found no question"),
        ("nonsense", ":1: found a line that is not JSON"),
        ('{"id": "a", "question": "zest?"}\n{"id": "b"}', ":2: found no text under 'id' or 'question'"),
        ('{"id": 1, "question": "q"}', ":1: found no text under 'id'"),
        ('{"id": "a", "question": "q", "history": "x"}', "under 'history'"),
        ('{"id": "a", "question": "q", "more": 1}', ":1: found the keys"),
        ("[1]", ":1: found list"),
    ],
)
def test_a_batch_is_checked_whole_before_anything_is_answered(
    environment: dict[str, str], tmp_path: Path, lines: str, part: str
) -> None:
    file = tmp_path / "batch.jsonl"
    file.write_text(lines, encoding="utf-8")
    done = run(environment, "ask", "--batch", str(file), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_batch_keeps_its_order_and_odd_characters(environment: dict[str, str], tmp_path: Path) -> None:
    questions = {"z": "zest?", "a": "what\u2028is \ud83d zest", "m": "capital of France?"}
    file = tmp_path / "batch.jsonl"
    file.write_text(
        "\n".join(json.dumps({"id": name, "question": question}) for name, question in questions.items()),
        encoding="utf-8",
    )
    done = run(environment, "ask", "--batch", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.split("\n") if line] == ["z", "a", "m"]


def test_corpus_show_prints_every_passage_with_its_label(environment: dict[str, str]) -> None:
    done = run(environment, "corpus", "show")
    assert done.stdout.count("[source ") + done.stdout.count("[LLM-marked") > 60
    assert "(common-misconceptions-2, sentence)" in done.stdout
    assert "[source 6; LLM marking unclear in the source]" in done.stdout


def test_a_reader_that_has_had_enough_is_no_error(environment: dict[str, str]) -> None:
    with subprocess.Popen([*COMMAND, "corpus", "show"], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=120) == 0


def test_corpus_check_reports_unclear_places_with_status_0_and_defects_with_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(environment, "corpus", "check")
    assert done.returncode == 0
    assert "rct.txt:37: unclear:" in done.stdout
    (tmp_path / "bad.txt").write_text("Heading\nA thing.1\n| a | b |\n|---|---|\n| one |\n", encoding="utf-8")
    (tmp_path / "bad.toml").write_text("source_numbers = [2]", encoding="utf-8")
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe")
    done = run(environment, "corpus", "check", RCT_ASSISTANT_CORPUS=str(tmp_path))
    assert done.returncode == 2
    assert "bad.txt:2: defect: found '1' after a sentence" in done.stdout
    assert "bad.txt:5: defect: found 1 cells, expected 2" in done.stdout
    assert "broken.txt:1: found byte 0xff" in done.stdout


def test_index_info_says_what_the_index_was_made_from(environment: dict[str, str]) -> None:
    info = json.loads(run(environment, "index", "info").stdout)
    assert info["counts"]["rct"][0] == 75
    assert set(info["made_from"]) == {
        "adapter", "code", "documents", "layout", "model", "question bank", "versions",
    }  # fmt: skip


def test_a_taken_port_gets_one_line(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(environment, "chat", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "is taken" in done.stderr or "in use" in done.stderr
    assert done.stderr.count("\n") == 1
