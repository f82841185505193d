"""The loader says in one line what is wrong with a question, and gold follows the text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.gold import find, passage_units, resolve
from eval.questions import Question, QuestionError, load_questions, split_file
from rct_assistant.document import Document
from rct_assistant.errors import AssistantError
from rct_assistant.reader import read_document

TEXT = """Facts
The heart has four chambers.1 Two of them are atria.1

| Part | Task |
|---|---|
| Valve | Keeps the flow one way1 |
"""
GOOD: dict[str, Any] = {
    "id": "q-1",
    "kind": "fact",
    "question": "how many chambers",
    "history": [],
    "expect": {"kind": "answer", "reason": None},
    "gold": [["four chambers", "Two of them"]],
    "acceptable": ["one way"],
    "llm": None,
}


@pytest.fixture
def document() -> Document:
    return read_document(TEXT.encode(), name="heart", title="Heart", numbers=(1,))


def load(tmp_path: Path, *lines: Any) -> tuple[Question, ...]:
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return load_questions(path, TEXT)


def test_a_good_line(tmp_path: Path):
    (question,) = load(tmp_path, GOOD, "")
    assert question.answerable
    assert (question.expected, question.gold) == ("answer", (("four chambers", "Two of them"),))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"gold": [["five chambers"]]}, r"a quote that is not in the text at gold\[0\]\[0\] of q-1"),
        ({"acceptable": ["a quote"]}, r"not in the text at acceptable\[0\]"),
        ({"gold": []}, "no gold for an answer"),
        ({"expect": {"kind": "refusal", "reason": "not_in_source"}}, "gold for a refusal"),
        ({"expect": {"kind": "answer", "reason": "safety"}}, "kind 'answer' with reason 'safety'"),
        ({"expect": {"kind": "refusal", "reason": "tired"}}, "another form under 'expect'"),
        ({"kind": "riddle"}, "kind 'riddle', expected one of fact"),
        ({"gold": [[]]}, "something else under 'gold'"),
        ({"gold": ["four chambers"]}, "something else under 'gold'"),
        ({"history": "earlier"}, "'earlier' under 'history'"),
        ({"llm": True}, "llm True"),
        ({"id": ""}, "an 'id' or 'question'"),
        ({"note": "x"}, "expected an object with the keys"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, Any], found: str):
    with pytest.raises(QuestionError, match=found) as caught:
        load(tmp_path, GOOD, GOOD | {"id": "q-1"} | change) if "id" in change else load(tmp_path, GOOD | change)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"own.jsonl:{2 if 'id' in change else 1}: found ")


def test_a_gold_quote_that_left_the_text_fails_loudly(tmp_path: Path):
    # Planted defect: the text changed by one letter, the question did not.
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    with pytest.raises(QuestionError, match="not in the text"):
        load_questions(path, TEXT.replace("four chambers", "four Chambers"))


@pytest.mark.parametrize("lines", [("{",), ("[]",), (GOOD, GOOD)])
def test_other_bad_files(tmp_path: Path, lines: tuple[Any, ...]):
    with pytest.raises(QuestionError):
        load(tmp_path, *lines)


def test_no_file_and_no_line(tmp_path: Path):
    with pytest.raises(AssistantError, match="cannot be read"):
        load_questions(tmp_path / "none.jsonl", TEXT)
    with pytest.raises(AssistantError, match="has no question"):
        load(tmp_path, "")


def test_a_quote_is_found_wherever_it_stands():
    assert [(span.start, span.end) for span in find("aa-a", "a")] == [(0, 1), (1, 2), (3, 4)]
    assert find("abc", "x") == ()


def test_gold_follows_quotes_into_sentences_and_rows(document: Document):
    units = passage_units(document)
    question = Question("q", "fact", "?", gold=(("chambers", "atria"), ("one way",)), acceptable=("Valve",))
    gold = resolve(question, document.text, units)
    assert gold.groups == (frozenset({"facts-1", "facts-2"}), frozenset({"facts-3"}))
    assert gold.primary == {"facts-1", "facts-3"}
    assert gold.relevant == {"facts-1", "facts-2", "facts-3"}


def test_gold_that_nobody_can_cite_is_refused(document: Document):
    question = Question("q", "fact", "?", gold=(("Facts",),))
    with pytest.raises(AssistantError, match="overlaps nothing citable"):
        resolve(question, document.text, passage_units(document))


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_questions_fit_the_text(rct: Document, split: str):
    questions = load_questions(split_file(split), rct.text)
    units = passage_units(rct)
    for question in questions:
        if question.answerable:
            resolve(question, rct.text, units)
    assert len(questions) >= 400
