"""Turn the bytes of a text file into a `Document`: lines into headings, passages, marks and markup.

- A heading is a plain line without closing punctuation or mark that is followed by text.
- A line that starts with `- `, `* ` or `• ` is one bullet; a bullet that ends in a question mark is a question.
- A line that starts with ▶, and the bullets right behind it, are resources.
- Lines that start with `|` are a table: a header, a rule, then rows. The header names the cells and is no passage.
- Everything else is running text, cut into sentences by `marks`.

The text is the bytes decoded as UTF-8 and nothing else. No character is dropped: `Document.pieces` covers the text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rct_assistant.document import Cell, Document, Finding, Kind, Passage, Piece, PieceKind, Provenance, Section, Span
from rct_assistant.errors import CorpusError
from rct_assistant.marks import Line, read_line

_LINE = re.compile(r"[^\r\n]+")
_BULLET = re.compile(r"[-*•]\s+")
_RULE = re.compile(r"[|\s:-]+")
_CLOSED = re.compile(r"[.?!…:;,][”’\"'»)\]]*$|(?:^|\s)LLM$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass
class _State:
    """What has been read so far."""

    text: str
    numbers: tuple[int, ...]
    slug: str = ""
    title: str = ""
    header: tuple[str, ...] | None = None
    rows_started: bool = False
    in_resources: bool = False
    sections: list[tuple[str, str]] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decode(data: bytes, file: str) -> str:
    """Return the text of a corpus file.

    Raises:
        CorpusError: the file is empty, is not UTF-8 or is binary.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CorpusError(
            file, line, f"found byte 0x{data[error.start]:02x}, expected UTF-8 text; save the file as UTF-8"
        ) from error
    if not text.strip("\ufeff \t\r\n"):
        raise CorpusError(file, None, "the file is empty, expected a text; put one in or remove the file")
    if control := re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
        line = text.count("\n", 0, control.start()) + 1
        raise CorpusError(
            file, line, f"found control character U+{ord(control[0]):04X}, expected plain text; remove it or the file"
        )
    return text


def read_document(data: bytes, *, name: str, title: str, numbers: tuple[int, ...] = (), file: str = "") -> Document:
    """Read a document from the bytes of its file; `numbers` are its source numbers.

    What cannot be read is among the document's findings. Raises CorpusError as `decode` does, and for a text without passages.
    """
    text = decode(data, file or name)
    state = _State(text, numbers)
    lines = list(_lines(text))
    for position, span in enumerate(lines):
        _read(state, span, followed=position + 1 < len(lines), title=title)
    _end_table(state, len(text))
    if not state.passages:
        raise CorpusError(
            file or name, None, "found no sentence, bullet or row, expected a text; add one or remove the file"
        )
    pieces = tuple(_cover(sorted(state.pieces, key=lambda piece: piece.span.start), len(text)))
    sections = tuple(
        Section(slug, heading, tuple(p.id for p in state.passages if p.id.rpartition("-")[0] == slug))
        for slug, heading in state.sections
    )
    return Document(
        name=name,
        title=title,
        sha256=hashlib.sha256(data).hexdigest(),
        text=text,
        sections=sections,
        passages=tuple(state.passages),
        pieces=pieces,
        findings=tuple(state.findings),
        source_numbers=numbers,
    )


def _lines(text: str) -> Iterator[Span]:
    """Yield the span of each line that is not blank, without the white space (or BOM) around it."""
    for match in _LINE.finditer(text):
        line = match[0]
        inner = line.strip().strip("\ufeff").strip()
        if inner:
            start = match.start() + line.index(inner)
            yield Span(start, start + len(inner))


def _read(state: _State, span: Span, *, followed: bool, title: str) -> None:
    """Read one line into the state."""
    line = state.text[span.start : span.end]
    if line.startswith("|"):
        _open_section(state, title)
        _read_table_line(state, span)
        return
    _end_table(state, span.start)
    bullet = _BULLET.match(line)
    if bullet is None and not line.startswith("▶") and followed and _is_heading(state, span):
        state.in_resources = False
        _add_section(state, line)
        state.pieces.append(Piece("heading", span))
        return
    _open_section(state, title)
    if line.startswith("▶"):
        state.in_resources = True
    elif bullet is None:
        state.in_resources = False
    body = Span(span.start + (bullet.end() if bullet else 0), span.end)
    _add_line(state, read_line(state.text, body, state.numbers), bullet=bullet is not None)


def _is_heading(state: _State, span: Span) -> bool:
    """Say whether a plain line has neither closing punctuation nor a mark."""
    line = state.text[span.start : span.end]
    if _CLOSED.search(line):
        return False
    read = read_line(state.text, span, state.numbers)
    return not read.marks and len(read.sentences) == 1


def _add_section(state: _State, heading: str) -> None:
    """Open the section of a heading; a slug that is taken gets a number."""
    folded = unicodedata.normalize("NFKD", heading.casefold())
    words = "".join(char for char in folded if not unicodedata.combining(char))
    base = re.sub(r"[\W_]+", "-", words).strip("-") or "section"
    taken = {slug for slug, _ in state.sections}
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    state.slug, state.title = slug, heading
    state.sections.append((slug, heading))


def _open_section(state: _State, title: str) -> None:
    """Put what stands before the first heading under the document's title."""
    if not state.sections:
        _add_section(state, title)


def _add_line(state: _State, line: Line, *, bullet: bool) -> None:
    """Add a line's sentences as passages; a bullet is one passage, whatever it holds."""
    _report(state, line)
    sentences = list(line.sentences)
    if bullet and len(sentences) > 1:
        whole = Span(sentences[0].span.start, sentences[-1].span.end)
        together = Provenance.together(tuple(sentence.provenance for sentence in sentences))
        sentences = [replace(sentences[0], span=whole, provenance=together)]
    inside = [s.span for s in sentences]
    for mark in line.marks:
        if not any(span.start <= mark.start and mark.end <= span.end for span in inside):
            state.pieces.append(Piece("mark", mark))
    block = f"{state.slug}@{sentences[0].span.start}" if sentences and sentences[0].lead_in else ""
    for sentence in sentences:
        text = state.text[sentence.span.start : sentence.span.end]
        kind: Kind = "sentence"
        if state.in_resources:
            kind = "resource"
        elif bullet:
            kind = "question" if re.search(r"\?[”’\"')\]]*$", text) else "bullet"
        _add_passage(
            state,
            Passage(
                "", state.title, kind, sentence.span, text, sentence.provenance, note=sentence.lead_in, block=block
            ),
        )


def _add_passage(state: _State, passage: Passage) -> None:
    ordinal = 1 + sum(p.id.rpartition("-")[0] == state.slug for p in state.passages)
    state.passages.append(replace(passage, id=f"{state.slug}-{ordinal}"))
    state.pieces.append(Piece("passage", passage.span))


def _read_table_line(state: _State, span: Span) -> None:
    """Read the header, the rule or a row of a table."""
    state.in_resources = False
    cells = _cells(state.text, span)
    line = state.text[span.start : span.end]
    if state.header is None:
        state.header = tuple(state.text[cell.start : cell.end] for cell in cells)
        state.pieces.append(Piece("heading", span))
    elif not state.rows_started:
        state.rows_started = True
        if not _RULE.fullmatch(line):
            _defect(
                state, span.start, "found a table row, expected a rule such as |---|---| under the header; add the rule"
            )
    elif len(cells) != len(state.header):
        _defect(
            state, span.start, f"found {len(cells)} cells, expected {len(state.header)} as in the header; mend the row"
        )
        state.pieces.append(Piece("markup", span))
    else:
        _add_row(state, cells, state.header)


def _end_table(state: _State, start: int) -> None:
    """Close a table; one without a rule would lose its header."""
    if state.header is not None and not state.rows_started:
        _defect(state, start, "a table ends after its header, expected a rule and rows; add them")
    state.header, state.rows_started = None, False


def _cells(text: str, span: Span) -> list[Span]:
    """Return the spans between a line's borders, without the white space around them; an empty cell has an empty span."""
    borders = [match.start() for match in _CELL_BORDER.finditer(text, span.start, span.end)]
    if borders[-1] != span.end - 1:
        borders.append(span.end)
    spans = []
    for left, right in pairwise(borders):
        inner = text[left + 1 : right]
        start = left + 1 + len(inner) - len(inner.lstrip())
        spans.append(Span(start, max(start, left + 1 + len(inner.rstrip()))))
    return spans


def _add_row(state: _State, spans: list[Span], header: tuple[str, ...]) -> None:
    """Add a row as one passage made of cells, each with its own marks."""
    cells = []
    for name, span in zip(header, spans, strict=True):
        if span.start == span.end:
            _defect(
                state,
                span.start,
                f"the cell under '{name}' is empty, expected a text; fill it in, with a dash if there is none",
            )
            continue
        line = read_line(state.text, span, state.numbers)
        _report(state, line)
        whole = Span(span.start, line.sentences[-1].span.end if line.sentences else span.end)
        together = Provenance.together(tuple(sentence.provenance for sentence in line.sentences))
        cells.append(Cell(name, whole, state.text[whole.start : whole.end], together))
        last_mark = [mark for mark in line.marks if mark.start >= whole.end]
        if span is spans[-1]:
            state.pieces.extend(Piece("mark", mark) for mark in last_mark)
    if not cells:
        return
    span = Span(cells[0].span.start, cells[-1].span.end)
    provenance = Provenance.together(tuple(cell.provenance for cell in cells))
    text = state.text[span.start : span.end]
    _add_passage(state, Passage("", state.title, "row", span, text, provenance, cells=tuple(cells)))


def _report(state: _State, line: Line) -> None:
    for doubt in line.doubts:
        state.findings.append(Finding(doubt.level, state.text.count("\n", 0, doubt.start) + 1, doubt.message))


def _defect(state: _State, start: int, message: str) -> None:
    state.findings.append(Finding("defect", state.text.count("\n", 0, start) + 1, message))


def _cover(pieces: list[Piece], length: int) -> Iterator[Piece]:
    """Yield the pieces with the gaps between them filled as markup."""
    kind: PieceKind = "markup"
    position = 0
    for piece in pieces:
        if piece.span.start > position:
            yield Piece(kind, Span(position, piece.span.start))
        yield piece
        position = piece.span.end
    if position < length:
        yield Piece(kind, Span(position, length))
