"""Read a document's question bank: questions people ask, each with the passages that answer it, or why none does.

The file is `corpus/NAME.questions.jsonl`. Its first line names the document by hash, so that a bank is never used with
another version of the text; then one question a line. Nothing here ranks or learns.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from rct_assistant.document import Document
from rct_assistant.errors import CorpusError

Intent = Literal["first_line", "safety", "off_topic", "about"]
INTENTS: tuple[Intent, ...] = get_args(Intent)
_KEYS = frozenset({"question", "passages", "gap", "intent", "after"})


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """One line of a bank: exactly one of `passages`, `gap` and `intent` is set. A follow-up has the question it comes `after`."""

    question: str
    passages: tuple[str, ...] = ()
    gap: str = ""
    intent: Intent | None = None
    after: str = ""

    @property
    def asked(self) -> str:
        """The question as it is searched: a follow-up with the question before it."""
        return joined(self.after, self.question) if self.after else self.question


def joined(earlier: str, question: str) -> str:
    """Return a follow-up and the question it leans on as one; bank lines and conversations are joined alike."""
    return f"{earlier} {question}"


def bank_path(document_file: Path) -> Path:
    """Return where the bank of `NAME.txt` stands."""
    return document_file.with_suffix(".questions.jsonl")


def load_bank(path: Path, document: Document) -> tuple[BankQuestion, ...]:
    """Read a bank; a document without one has an empty bank.

    Raises:
        CorpusError: a line is not as expected, names a passage that is not there, or the bank is of another text.
    """
    if not path.exists():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except OSError as error:
        raise CorpusError(path.name, None, f"cannot be read ({error.strerror}); check the file's rights") from error
    except UnicodeDecodeError as error:
        raise CorpusError(
            path.name, None, f"found byte 0x{error.object[error.start]:02x}, expected UTF-8; save the file as UTF-8"
        ) from error
    if lines == [""]:
        raise CorpusError(
            path.name, 1, 'the file is empty, expected {"document_sha256": …} first; add it or remove the file'
        )
    _check_document(path.name, _parse(path.name, 1, lines[0]), document)
    return tuple(
        _question(path.name, number, _parse(path.name, number, line), document)
        for number, line in enumerate(lines[1:], start=2)
        if line.strip()
    )


def _parse(file: str, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(
            file, number, f"found a line that is not JSON ({error.msg}), expected an object; mend the line"
        ) from error
    if not isinstance(value, dict):
        raise CorpusError(file, number, f"found {type(value).__name__}, expected a JSON object; mend the line")
    return value


def _check_document(file: str, value: dict[str, Any], document: Document) -> None:
    found = value.get("document_sha256")
    if found != document.sha256:
        raise CorpusError(
            file,
            1,
            f"found document_sha256 {str(found)[:12]}, expected {document.sha256[:12]} of {document.name}.txt; check"
            " each line's passages against the text as it is now, then set the hash",
        )


def _question(file: str, number: int, value: dict[str, Any], document: Document) -> BankQuestion:
    """Check one line and return it as a question."""
    question, passages = value.get("question"), value.get("passages")
    gap, intent, after = value.get("gap"), value.get("intent"), value.get("after", "")
    if not isinstance(question, str) or not question.strip():
        raise CorpusError(file, number, "found no question, expected a text under 'question'; add it")
    if sum(part is not None for part in (passages, gap, intent)) != 1 or set(value) - _KEYS:
        raise CorpusError(
            file,
            number,
            f"found the keys {sorted(value)}, expected 'question', one of 'passages', 'gap', 'intent', and 'after' for a"
            " follow-up; mend the line",
        )
    if not isinstance(after, str) or ("after" in value and not after.strip()):
        raise CorpusError(file, number, "found no text under 'after', expected the earlier question; add it")
    if intent is not None and intent not in INTENTS:
        raise CorpusError(file, number, f"found intent {intent!r}, expected one of {', '.join(INTENTS)}; mend the line")
    if gap is not None and (not isinstance(gap, str) or not gap.strip()):
        raise CorpusError(file, number, "found an empty 'gap', expected what the text does not give; name it")
    if passages is not None and (not isinstance(passages, list) or not passages):
        raise CorpusError(file, number, "found no passage, expected a list of passage ids; name at least one")
    for passage in passages or ():
        if not isinstance(passage, str) or passage not in document.by_id:
            raise CorpusError(
                file,
                number,
                f"found passage {passage!r}, expected an id of {document.name}.txt; see 'rct-assistant corpus show'",
            )
    return BankQuestion(question, tuple(passages or ()), gap or "", intent, after)
