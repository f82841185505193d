"""The data of a source text: spans, passages, provenance. Frozen values only; reading them is `reader`'s task.

Every offset is a half-open span `[start, end)` in code points of the document's text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Llm = Literal["none", "marked", "unclear"]
Kind = Literal["sentence", "bullet", "row", "question", "resource"]
PieceKind = Literal["heading", "passage", "mark", "markup"]
Level = Literal["unclear", "defect"]

_WORST: dict[Llm, int] = {"none": 0, "unclear": 1, "marked": 2}


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the text says that a passage or a cell comes from."""

    sources: tuple[int, ...] = ()
    llm: Llm = "none"

    @staticmethod
    def together(parts: tuple[Provenance, ...]) -> Provenance:
        """Return the union of all sources, in order, with the worst LLM marking."""
        sources = tuple(sorted({number for part in parts for number in part.sources}))
        llm: Llm = max((part.llm for part in parts), key=_WORST.__getitem__, default="none")
        return Provenance(sources, llm)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table row; `name` is the column's heading."""

    name: str
    span: Span
    text: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Passage:
    """The smallest citable unit.

    `text` is the document's slice at `span`. `note` is what the text itself adds to an LLM-marked block ('illustrative
    example, …'); passages with the same `block` are shown together or not at all.
    """

    id: str
    section: str
    kind: Kind
    span: Span
    text: str
    provenance: Provenance
    cells: tuple[Cell, ...] = ()
    note: str = ""
    block: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the ids of the passages under it, in order."""

    slug: str
    title: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text with its role; all pieces together cover the text without gap or overlap."""

    kind: PieceKind
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that the reader could not read with certainty (`unclear`) or at all (`defect`)."""

    level: Level
    line: int
    message: str


@dataclass(frozen=True)
class Document:
    """A source text as read: the exact text, its parts, and what its settings say about it."""

    name: str
    title: str
    sha256: str
    text: str = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)
    passages: tuple[Passage, ...] = field(repr=False)
    pieces: tuple[Piece, ...] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    short_name: str = ""
    other_meaning: str = ""
    source_numbers: tuple[int, ...] = ()
    standing: tuple[str, ...] = ()
    not_a_substitute: str = ""
    examples: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        """Map passage ids to passages, in the order of the text."""
        return {passage.id: passage for passage in self.passages}

    @cached_property
    def positions(self) -> dict[str, int]:
        """Map passage ids to their ordinal in the whole document, from 0."""
        return {passage.id: position for position, passage in enumerate(self.passages)}

    def quote(self, span: Span) -> str:
        """Return the text at `span`."""
        return self.text[span.start : span.end]
