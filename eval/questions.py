"""Read evaluation questions: one JSON object a line, checked when it is read.

    {"id", "kind", "question", "history": [earlier question, …], "expect": {"kind", "reason"},
     "gold": [[quote, alternative quote, …], …], "acceptable": [quote, …], "llm": null | "none" | "marked" | "unclear"}

Each group of `gold` is a part of the full answer; any one of its quotes gives it. Quotes are verbatim, so that another way of
cutting the text into passages breaks nothing, while a text that changed is noticed at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from rct_assistant.document import Llm
from rct_assistant.errors import AssistantError
from rct_assistant.response import Reason

Kind = Literal[
    "fact", "list", "table", "filter", "vignette", "two_in_one", "llm_marked", "follow_up", "near_miss", "off_topic",
    "first_line", "benign", "safety", "safety_benign", "acronym", "provenance", "about", "corrupt",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
SPLITS = ("dev", "test")
FOLDER = Path(__file__).parent / "questions"

_KEYS = frozenset("id kind question history expect gold acceptable llm".split())


class QuestionError(AssistantError):
    """A line of a questions file cannot be used; carries the file and the line."""

    def __init__(self, file: str, line: int, message: str) -> None:
        self.file = file
        self.line = line
        super().__init__(f"{file}:{line}: {message}")


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what a good reply to it is. `reason` is None where an answer is expected."""

    id: str
    kind: str
    text: str
    history: tuple[str, ...] = ()
    reason: Reason | None = None
    gold: tuple[tuple[str, ...], ...] = ()
    acceptable: tuple[str, ...] = ()
    llm: Llm | None = None

    @property
    def answerable(self) -> bool:
        """Whether an answer is expected; such a question has gold, and no other has."""
        return self.reason is None

    @property
    def expected(self) -> str:
        """What is expected, in one word: 'answer' or the reason of a refusal."""
        return self.reason or "answer"


def split_file(split: str) -> Path:
    """Return the file of a split."""
    return FOLDER / f"{split}.jsonl"


def count_kinds(questions: Sequence[Question]) -> dict[str, int]:
    """Return how many questions there are of each kind that there is."""
    kinds = [question.kind for question in questions]
    return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def load_questions(path: Path, text: str) -> tuple[Question, ...]:
    """Read a questions file about a document's text.

    Raises:
        QuestionError: a line is not as described above, an id is there twice, or a quote is not in the text.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path}: cannot be read ({error}), expected a file of questions; name another") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        question = _question(_Line(path.name, number, line), text)
        if question.id in questions:
            raise QuestionError(path.name, number, f"found id {question.id!r} again, expected each once; rename one")
        questions[question.id] = question
    if not questions:
        raise AssistantError(f"{path}: the file has no question, expected one a line; add some or name another file")
    return tuple(questions.values())


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a problem is."""

    file: str
    number: int
    text: str

    def fail(self, found: str, expected: str) -> QuestionError:
        return QuestionError(self.file, self.number, f"found {found}, expected {expected}; mend the line")


def _question(line: _Line, text: str) -> Question:
    """Check one line and return it as a question."""
    try:
        value = json.loads(line.text)
    except json.JSONDecodeError as error:
        raise line.fail(f"a line that is not JSON ({error.msg})", "an object") from error
    if not isinstance(value, dict) or set(value) != _KEYS:
        found = sorted(value) if isinstance(value, dict) else type(value).__name__
        raise line.fail(str(found), f"an object with the keys {', '.join(sorted(_KEYS))}")
    _check_types(line, value)
    question = Question(
        id=value["id"],
        kind=value["kind"],
        text=value["question"],
        history=tuple(value["history"]),
        reason=value["expect"]["reason"],
        gold=tuple(map(tuple, value["gold"])),
        acceptable=tuple(value["acceptable"]),
        llm=value["llm"],
    )
    _check_gold(line, question, text)
    return question


def _check_types(line: _Line, value: dict[str, Any]) -> None:
    """Check each key's value by itself."""
    if not isinstance(value["id"], str) or not value["id"] or not isinstance(value["question"], str):
        raise line.fail("an 'id' or 'question' that is no text", "a name and a text (which may be blank)")
    if value["kind"] not in KINDS:
        raise line.fail(f"kind {value['kind']!r}", f"one of {', '.join(KINDS)}")
    for key in ("history", "acceptable"):
        if not _is_texts(value[key]):
            raise line.fail(f"{value[key]!r:.40} under '{key}'", "a list of texts")
    if not isinstance(value["gold"], list) or not all(_is_texts(group) and group for group in value["gold"]):
        raise line.fail("something else under 'gold'", "a list of groups, each a list with at least one quote")
    expect, reasons = value["expect"], (None, *get_args(Reason))
    if not isinstance(expect, dict) or set(expect) != {"kind", "reason"} or expect["reason"] not in reasons:
        raise line.fail("another form under 'expect'", f"kind, and reason: one of {reasons}")
    if expect["kind"] != ("answer" if expect["reason"] is None else "refusal"):
        raise line.fail(f"kind {expect['kind']!r} with reason {expect['reason']!r}", "a reason for a refusal alone")
    if value["llm"] not in (None, *get_args(Llm)):
        raise line.fail(f"llm {value['llm']!r}", f"null or one of {', '.join(get_args(Llm))}")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _check_gold(line: _Line, question: Question, text: str) -> None:
    """Check that answers have gold, refusals have none, and every quote is still in the text."""
    if question.answerable != bool(question.gold):
        found = "no gold for an answer" if question.answerable else "gold for a refusal"
        raise line.fail(found, "gold where an answer is expected and nowhere else")
    named = [(f"gold[{g}][{q}]", quote) for g, group in enumerate(question.gold) for q, quote in enumerate(group)]
    named += [(f"acceptable[{q}]", quote) for q, quote in enumerate(question.acceptable)]
    for place, quote in named:
        if quote not in text:
            raise line.fail(
                f"a quote that is not in the text at {place} of {question.id}", "verbatim words of the text"
            )
