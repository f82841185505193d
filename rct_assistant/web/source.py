"""A document as a page: every heading, passage and mark of its text, each passage and cell at its own address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Literal

from rct_assistant.corpus import Corpus
from rct_assistant.document import Document, Passage, Piece, Provenance, Span
from rct_assistant.web.labels import anchor, html, legend_html, shape

_Kind = Literal["heading", "paragraph", "item", "row"]


@dataclass
class _Block:
    """A line of the text: its kind and its HTML so far; a row's also has the names of its columns."""

    kind: _Kind
    parts: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()


def source_html(corpus: Corpus) -> str:
    """Return all documents, each under its title."""
    articles = (
        f'<article class="document"><h2>{html(document.title)}</h2>{_body(corpus, document)}</article>'
        for document in corpus.documents
    )
    return f'<div class="source">{"".join(articles)}</div>'


def outline_html(corpus: Corpus) -> str:
    """Return links to all headings."""
    links = "".join(_outline(corpus, document) for document in corpus.documents)
    return f'<nav class="outline"><details open><summary>Sections</summary>{links}</details></nav>'


def key_html(corpus: Corpus) -> str:
    """Return what the marks mean, folded."""
    return f'<details class="key"><summary>What do the marks mean?</summary>{legend_html(corpus)}</details>'


def _outline(corpus: Corpus, document: Document) -> str:
    links = (
        f'<li><a href="#{anchor(corpus, document.name, piece.span)}">{html(document.quote(piece.span))}</a></li>'
        for piece in document.pieces
        if _is_heading(document, piece)
    )
    title = f"<h3>{html(document.title)}</h3>" if len(corpus.documents) > 1 else ""
    return f"{title}<ol>{''.join(links)}</ol>"


def _is_heading(document: Document, piece: Piece) -> bool:
    """Tell a section's heading from the header of a table."""
    return piece.kind == "heading" and not document.quote(piece.span).startswith("|")


def _body(corpus: Corpus, document: Document) -> str:
    """Return a document's lines, with neighbouring items in a list and neighbouring rows in a table."""
    blocks = _Writer(corpus, document).blocks()
    return "".join(_group(kind, list(group)) for kind, group in groupby(blocks, key=lambda block: block.kind))


def _group(kind: _Kind, blocks: list[_Block]) -> str:
    texts = ["".join(block.parts).rstrip() for block in blocks]
    match kind:
        case "heading":
            return "".join(texts)
        case "paragraph":
            return "".join(f"<p>{text}</p>" for text in texts)
        case "item":
            return "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"
        case "row":
            head = "".join(f'<th scope="col">{html(name)}</th>' for name in blocks[0].columns)
            rows = "".join(f"{text}</td></tr>" for text in texts)
            return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


class _Writer:
    """Turns the pieces of a document into blocks."""

    def __init__(self, corpus: Corpus, document: Document) -> None:
        self._corpus = corpus
        self._document = document
        self._passages = {passage.span: passage for passage in document.passages}
        self._block: _Block | None = None
        self._kind: _Kind = "paragraph"

    def blocks(self) -> Iterator[_Block]:
        """Yield the lines of the text; all pieces land in one, but the markup that makes lines, lists and tables."""
        for piece in self._document.pieces:
            text = self._document.quote(piece.span)
            if piece.kind == "markup":
                if self._block is None or "\n" in text or "\r" in text:
                    yield from self._end(text)
                else:
                    self._block.parts.append(" ")
            elif _is_heading(self._document, piece):
                heading = f'<h3 id="{self._id(piece.span)}" tabindex="-1">{html(text)}</h3>'
                yield _Block("heading", [heading])
            elif piece.kind != "heading":
                self._add(piece, text)
        yield from self._end("")

    def _end(self, markup: str) -> Iterator[_Block]:
        """Yield the block that ends here; the markup behind it says what begins."""
        if self._block is not None:
            yield self._block
        self._block = None
        self._kind = "item" if markup.rstrip().endswith(("-", "*", "•")) else "paragraph"

    def _add(self, piece: Piece, text: str) -> None:
        """Put a passage or a mark into the block of its line."""
        passage = self._passages.get(piece.span) if piece.kind == "passage" else None
        if self._block is None:
            self._block = _Block("row" if passage and passage.cells else self._kind)
        if passage is None:
            self._block.parts.append(_mark(text))
        elif passage.cells:
            self._block.columns = tuple(cell.name for cell in passage.cells)
            self._block.parts.append(self._row(passage))
        else:
            self._block.parts.append(self._words(passage.span, passage.provenance))

    def _row(self, passage: Passage) -> str:
        """Return a row up to its last words, so that a mark behind them still lands in the last cell."""
        cells = []
        for cell, following in zip_longest(passage.cells, passage.cells[1:]):
            words = self._words(cell.span, cell.provenance, has_id=cell.span != passage.span)
            between = self._document.text[cell.span.end : following.span.start] if following else ""
            mark = between.replace("|", " ").strip()
            cells.append(words + (_mark(mark) if mark else ""))
        return f'<tr id="{self._id(passage.span)}" class="passage" tabindex="-1"><td>' + "</td><td>".join(cells)

    def _words(self, span: Span, provenance: Provenance, *, has_id: bool = True) -> str:
        """Return words of the text at their address; where its marks are unclear, a note says so."""
        name = shape(provenance)
        note = '<span class="note">marking unclear</span> ' if name == "unclear" else ""
        address = f' id="{self._id(span)}" tabindex="-1"' if has_id else ""
        return f'{note}<span{address} class="passage {name}">{html(self._document.quote(span))}</span>'

    def _id(self, span: Span) -> str:
        return anchor(self._corpus, self._document.name, span)


def _mark(text: str) -> str:
    """Return a mark of the text: its numbers raised, its words set apart."""
    if text.replace(",", "").isdigit():
        return f'<sup class="mark" title="source {html(text)}">{html(text)}</sup>'
    return f'<span class="mark">{html(text.strip())}</span>' + (" " if text.endswith(" ") else "")
