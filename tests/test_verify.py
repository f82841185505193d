"""The verifier catches every change to what a response shows, and accepts what the assistant really said."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rct_assistant import Assistant
from rct_assistant.citations import states
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.messages import MESSAGES
from rct_assistant.render import plain_text
from rct_assistant.response import Notice
from rct_assistant.verify import differences
from tests.conftest import CORPUS, ROOT

QUESTIONS = {
    "sentence": "What are the five good things?",
    "context": "what did the top ten recognition reflect",
    "rows": "all SMART objectives",
    "refusal": "Is RCT a first-line treatment for PTSD?",
    "nearest": "which scale measures mutual empathy",
    "marked": "is naming disconnection an intervention?",
    "danger": "he will kill himself tonight",
    "thanks": "thanks!",
}
STANDING = ("evidence-base-1", "evidence-base-3", "evidence-base-4")
NOT_A_SUBSTITUTE = "contraindications-cautions-cultural-humility-4"
COMMAND = [sys.executable, "-c", "from rct_assistant.cli import main; main()"]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def responses(assistant: Assistant) -> dict[str, Json]:
    return {name: json.loads(json.dumps(assistant.ask(question).to_json())) for name, question in QUESTIONS.items()}


def test_what_the_assistant_says_verifies(responses: dict[str, Json], corpus: Corpus) -> None:
    for response in responses.values():
        assert differences(response, corpus) == []


def first(response: Json, *, place: str = "statements") -> Json:
    return response[place][0]["citations"][0]


def shift(response: Json) -> None:
    first(response)["start"] += 1
    first(response)["end"] += 1


def set_to(*path: Any) -> Callable[[Json], None]:
    *way, last, value = path

    def change(response: Json) -> None:
        target: Any = response
        for step in way:
            target = target[step]
        assert target[last] != value
        target[last] = value

    return change


def shows(response: Json, *passages: str) -> None:
    """Put other passages in the place of those shown, everything derived anew from the text: all of it is verbatim."""
    (document,) = load_corpus(CORPUS).documents
    statements = states(document, list(passages))
    notices = [Notice(notice["code"], notice["text"]) for notice in response["notices"]]
    text = plain_text(response["message"], notices, statements, [])
    response.update(statements=[statement.to_json() for statement in statements], text=text)


ATTACKS: dict[str, tuple[str, Callable[[Json], None]]] = {
    "one character of a quote": (
        "sentence",
        lambda r: first(r).update(quote=first(r)["quote"].replace("zest", "zesty")),
    ),
    "a quote in another form": ("sentence", lambda r: first(r).update(quote=first(r)["quote"].upper())),
    "a shifted span": ("sentence", shift),
    "another passage's id": ("sentence", lambda r: first(r).update(passage="core-principles-3")),
    "a passage that is not there": ("sentence", lambda r: first(r).update(passage="core-principles-99")),
    "another document": ("sentence", lambda r: first(r).update(document="other")),
    "another section": ("sentence", lambda r: first(r).update(section="Key Terms")),
    "a dropped label": ("sentence", set_to("statements", 0, "label", "")),
    "a changed label": ("refusal", set_to("statements", 2, "label", "source 1")),
    "a citation's label": ("refusal", set_to("statements", 2, "citations", 0, "label", "source 1")),
    "a changed provenance": ("sentence", set_to("statements", 0, "provenance", {"sources": [1], "llm": "none"})),
    "an LLM mark taken off": ("refusal", set_to("statements", 2, "citations", 0, "provenance", "llm", "none")),
    "an altered text": ("sentence", lambda r: r.update(text=r["text"] + " ")),
    "an altered statement": ("sentence", lambda r: r["statements"][0].update(text="RCT is the gold standard.")),
    "a wrong hash": ("sentence", lambda r: r["documents"].update(rct="0" * 64)),
    "no hash": ("sentence", lambda r: r["documents"].clear()),
    "a document too many": ("sentence", lambda r: r["documents"].update(other="0" * 64)),
    "another message": ("sentence", lambda r: r.update(message="RCT is the gold standard.")),
    "a message for an answer changed to another of the table": (
        "sentence",
        lambda r: r.update(message="I found no answer to this in the text."),
    ),
    "a message of another reason": ("refusal", set_to("message", "You're welcome.")),
    "a message that hides an LLM mark": ("marked", set_to("message", "This is what the text says.")),
    "a key with the value nothing": ("sentence", lambda r: r["statements"][0].update(extra="nothing")),
    "a notice of one's own": (
        "sentence",
        lambda r: r["notices"].append({"code": "gap", "text": "Trust me.", "citations": []}),
    ),
    "an unknown notice": ("sentence", lambda r: r["notices"].append({"code": "new", "text": "x", "citations": []})),
    "a dropped statement": ("rows", lambda r: r["statements"].pop(3)),
    "a doubled statement": ("rows", lambda r: r["statements"].append(copy.deepcopy(r["statements"][0]))),
    "a dropped cell": ("rows", lambda r: r["statements"][0]["citations"].pop()),
    "cells in another order": ("rows", lambda r: r["statements"][0]["citations"].reverse()),
    "the mechanism's number on the goal": (
        "rows",
        set_to("statements", 0, "citations", 0, "provenance", "sources", [3]),
    ),
    "dropped context": ("context", lambda r: r["statements"][0]["context"].clear()),
    "changed context": ("context", lambda r: r["statements"][0]["context"][0].update(quote="x")),
    "the nearest passages as statements": ("nearest", lambda r: r.update(statements=r["nearest"], nearest=[])),
    "a refusal called an answer": ("refusal", lambda r: r.update(kind="answer")),
    "a refusal on standing that shows none of it": ("refusal", lambda r: shows(r)),
    "a refusal on standing that begins with other words of the text": (
        "refusal",
        lambda r: shows(r, "populations-indications-3", *STANDING),
    ),
    "a refusal on standing that leaves out the first": ("refusal", lambda r: shows(r, *STANDING[1:])),
    "a technique beside danger": ("danger", lambda r: shows(r, NOT_A_SUBSTITUTE, "core-principles-8")),
    "danger without what it is no substitute for": ("danger", lambda r: shows(r)),
    "passages beside thanks": ("thanks", lambda r: shows(r, "core-principles-8")),
    "an answer that shows nothing": ("sentence", lambda r: shows(r)),
    "a rest announced that is not there": (
        "refusal",
        lambda r: r.update(message=MESSAGES["first_line_rest"].format(name="RCT")),
    ),
    "an unknown reason": ("refusal", lambda r: r.update(reason="because")),
    "another method": ("sentence", lambda r: r.update(method="generated")),
    "another schema": ("sentence", lambda r: r.update(schema=2)),
    "a key too many": ("sentence", lambda r: r.update(extra=1)),
    "a missing key": ("sentence", lambda r: r.pop("notices")),
    "statements of another form": ("sentence", lambda r: r.update(statements="none")),
    "true for a number": ("sentence", lambda r: first(r).update(start=True)),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_change_is_caught_and_named(responses: dict[str, Json], corpus: Corpus, attack: str) -> None:
    name, change = ATTACKS[attack]
    response = copy.deepcopy(responses[name])
    change(response)
    found = differences(response, corpus)
    assert found
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("refusal", lambda r: shows(r, *STANDING[1:]), "statements: a first-line refusal must begin"),
        ("danger", lambda r: shows(r, NOT_A_SUBSTITUTE, "core-principles-8"), "statements: a safety refusal shows"),
        ("sentence", lambda r: shows(r), "statements: an answer must have"),
        (
            "refusal",
            lambda r: r.update(message=MESSAGES["first_line_rest"].format(name="RCT")),
            "message: found another",
        ),
    ],
)
def test_the_fault_itself_is_named(
    responses: dict[str, Json], corpus: Corpus, name: str, change: Callable[[Json], None], line: str
) -> None:
    response = copy.deepcopy(responses[name])
    change(response)
    assert any(fault.startswith(line) for fault in differences(response, corpus))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_one_character_changed_in_any_quote_is_caught(
    responses: dict[str, Json], corpus: Corpus, data: st.DataObject
) -> None:
    response = copy.deepcopy(data.draw(st.sampled_from([responses["rows"], responses["refusal"]])))
    citation = data.draw(st.sampled_from([c for s in response["statements"] for c in s["citations"]]))
    place = data.draw(st.integers(0, len(citation["quote"]) - 1))
    char = data.draw(st.characters(exclude_characters=citation["quote"][place], exclude_categories=["Cs"]))
    citation["quote"] = citation["quote"][:place] + char + citation["quote"][place + 1 :]
    assert differences(response, corpus)


@pytest.mark.parametrize("value", [None, [], "text", 3, {}, {"schema": 1}])
def test_what_is_no_response_is_named(value: Any, corpus: Corpus) -> None:
    assert len(differences(value, corpus)) == 1


def test_300_questions_answered_in_one_process_verify_in_another(environment: dict[str, str], tmp_path: Path) -> None:
    lines = (ROOT / "eval" / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    items = [json.loads(line) for line in lines][::2][:300]
    if len(items) < 300:
        items = [json.loads(line) for line in lines][:300]
    assert len(items) >= 280
    batch = tmp_path / "batch.jsonl"
    batch.write_text("\n".join(json.dumps({key: item[key] for key in ("id", "question", "history")}) for item in items))
    answered = subprocess.run(
        [*COMMAND, "ask", "--batch", str(batch), "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=500,
    )
    answers = tmp_path / "answers.jsonl"
    answers.write_text(answered.stdout, encoding="utf-8")
    assert [json.loads(line)["id"] for line in answered.stdout.splitlines()] == [item["id"] for item in items]
    checked = subprocess.run(
        [*COMMAND, "verify", str(answers)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (checked.returncode, checked.stdout) == (0, f"{len(items)} of {len(items)} responses verify.\n")


def test_the_verify_command_names_what_is_wrong_and_ends_with_3(
    responses: dict[str, Json], environment: dict[str, str], tmp_path: Path
) -> None:
    bad = copy.deepcopy(responses["sentence"])
    shift(bad)
    file = tmp_path / "mixed.jsonl"
    file.write_text(
        "\n".join(json.dumps(value) for value in (responses["rows"], {"id": "b", "response": bad})), encoding="utf-8"
    )
    done = subprocess.run(
        [*COMMAND, "verify", str(file)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 3
    assert "mixed.jsonl:2 (b): statements[0].citations[0].start" in done.stdout
    assert done.stdout.endswith("1 of 2 responses verify.\n")
