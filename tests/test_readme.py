"""What the README shows is what the commands say, and what it names is there."""

from __future__ import annotations

import re
import shlex

import pytest

from rct_assistant import Assistant
from rct_assistant.render import response_text
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```console\n\$ \.venv/bin/rct-assistant ask (.*?)\n(.*?)```", README, re.S)


def test_there_are_an_answer_a_refusal_and_a_follow_up() -> None:
    assert len(SESSIONS) == 3


@pytest.mark.parametrize(("arguments", "output"), SESSIONS)
def test_a_session_is_what_the_assistant_says(assistant: Assistant, arguments: str, output: str) -> None:
    words = shlex.split(arguments)
    history = [words[place + 1] for place, word in enumerate(words) if word == "--history"]
    assert response_text(assistant.ask(words[0], history)) + "\n" == output


def test_the_python_example_runs(assistant: Assistant) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    call = re.search(r"\.ask\((.*)\)\n", code)
    assert call
    question, history = eval(f"({call[1]})")
    assert assistant.ask(question, history).to_json()["kind"] == "answer"


def test_every_command_and_file_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets
    for name in re.findall(
        r"`((?:rct_assistant/|corpus/|eval/|tests/|docs/)?[\w/]+\.(?:py|toml|png)|[a-z]+/)`", README
    ):
        assert any((ROOT / folder / name).exists() for folder in ("", "rct_assistant")), name
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("names", [("test",), ("outside",), ("bench",)])
def test_the_tables_of_results_are_made_from_the_files(names: tuple[str], capsys: pytest.CaptureFixture[str]) -> None:
    from eval.__main__ import main

    files = [str(ROOT / "eval" / "results" / f"{name}.json") for name in names]
    assert main(["table", *files]) == 0
    assert capsys.readouterr().out.strip() in README


def test_it_is_short_enough_to_read() -> None:
    assert len(README.splitlines()) < 220
