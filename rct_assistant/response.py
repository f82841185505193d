"""What `Assistant.ask` returns: an `Answer` or a `Refusal`, both immutable, both with the same JSON form.

A statement is one passage as shown; every citation in it is a slice of a document's text. Nothing here decides what is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from rct_assistant.document import Provenance, Span

SCHEMA = 1
Reason = Literal["not_in_source", "first_line", "safety", "about", "invalid_question"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A slice of a document: the whole passage, or one cell of a row."""

    document: str
    passage: str
    section: str
    span: Span
    quote: str
    provenance: Provenance
    label: str

    def to_json(self) -> dict[str, Any]:
        """Return the citation in the form of the response contract."""
        return {
            "document": self.document,
            "passage": self.passage,
            "section": self.section,
            "start": self.span.start,
            "end": self.span.end,
            "quote": self.quote,
            "provenance": _provenance_json(self.provenance),
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """One passage shown with its label and citations; `context` is what it refers back to."""

    text: str
    label: str
    provenance: Provenance
    citations: tuple[Citation, ...]
    context: tuple[Citation, ...] = ()

    @property
    def passage(self) -> str:
        """The id of the passage shown."""
        return self.citations[0].passage

    def to_json(self) -> dict[str, Any]:
        """Return the statement in the form of the response contract."""
        return {
            "text": self.text,
            "label": self.label,
            "provenance": _provenance_json(self.provenance),
            "context": [citation.to_json() for citation in self.context],
            "citations": [citation.to_json() for citation in self.citations],
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """A fixed sentence beside the reply, with what it rests on."""

    code: str
    text: str
    citations: tuple[Citation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the notice in the form of the response contract."""
        return {"code": self.code, "text": self.text, "citations": [citation.to_json() for citation in self.citations]}


@dataclass(frozen=True, slots=True)
class _Reply:
    """What answers and refusals share; the fields are those of the response contract."""

    version: str
    id: str
    question: str
    standalone_question: str
    message: str
    text: str
    documents: dict[str, str]
    statements: tuple[Statement, ...] = ()
    notices: tuple[Notice, ...] = ()
    rule: str | None = None
    seconds: float = 0.0
    trace: dict[str, Any] | None = field(default=None, compare=False)

    def _json(self, kind: str, reason: Reason | None, nearest: tuple[Statement, ...]) -> dict[str, Any]:
        value: dict[str, Any] = {
            "schema": SCHEMA,
            "version": self.version,
            "id": self.id,
            "kind": kind,
            "reason": reason,
            "rule": self.rule,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "message": self.message,
            "statements": [statement.to_json() for statement in self.statements],
            "notices": [notice.to_json() for notice in self.notices],
            "nearest": [statement.to_json() for statement in nearest],
            "method": "extractive",
            "documents": dict(self.documents),
            "text": self.text,
            "seconds": self.seconds,
        }
        if self.trace is not None:
            value["trace"] = self.trace
        return value


@dataclass(frozen=True, slots=True)
class Answer(_Reply):
    """The statements that answer the question, in the order of the text."""

    def to_json(self) -> dict[str, Any]:
        """Return the response as JSON values."""
        return self._json("answer", None, ())


@dataclass(frozen=True, slots=True)
class Refusal(_Reply):
    """Why the question is not answered, with what the text does say about it; `nearest` is plainly no answer."""

    reason: Reason = "not_in_source"
    nearest: tuple[Statement, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the response as JSON values."""
        return self._json("refusal", self.reason, self.nearest)


Response = Answer | Refusal


def _provenance_json(provenance: Provenance) -> dict[str, Any]:
    return {"sources": list(provenance.sources), "llm": provenance.llm}
