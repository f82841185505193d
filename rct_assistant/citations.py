"""Turn passages into statements: citations, labels, and the earlier sentence that a passage refers back to.

Everything here follows from the document alone, so that `verify` can derive it again. Nothing here chooses passages.
"""

from __future__ import annotations

import re

from rct_assistant.document import Document, Passage, Provenance, Span
from rct_assistant.response import Citation, Statement

# A passage that opens like this leans on the one before it. Ordinal openings ('A third …', 'Finally') name themselves.
_REFERS_BACK = re.compile(
    r"(?:(?:Because|Although|Though|While|Since|When|If|As|But|And|Yet|Here|Thus|Hence|For)\s+)?"
    r"(?:it|its|they|their|them|he|his|she|her|this|these|that|those|such|another|both|neither|the"
    r" (?:former|latter))\b",
    re.IGNORECASE,
)


def states(document: Document, ids: list[str]) -> tuple[Statement, ...]:
    """Return the statements that show these passages, each with the context that is not shown right before it."""
    return tuple(
        state(document, document.by_id[name], context=context(document, name, ids[position - 1] if position else None))
        for position, name in enumerate(ids)
    )


def context(document: Document, name: str, shown_before: str | None = None) -> tuple[Passage, ...]:
    """Return what a passage leans on, in the order of the text: the one before it, and the one that this leans on in turn.

    Of a longer chain ('It …' after 'It …') only its beginning, which names the thing, and its last link are returned; what is
    shown right before the passage is left out.
    """
    chain: list[Passage] = []
    passage = document.by_id[name]
    while refers_back(passage) and (position := document.positions[passage.id]) > 0:
        previous = document.passages[position - 1]
        if previous.section != passage.section or previous.id == shown_before:
            break
        chain.insert(0, previous)
        passage = previous
    return tuple(dict.fromkeys((*chain[:1], *chain[-1:])))


def refers_back(passage: Passage) -> bool:
    """Say whether a sentence opens with a reference to the one before it."""
    return passage.kind == "sentence" and _REFERS_BACK.match(passage.text) is not None


def cite(document: Document, passage: Passage) -> tuple[Citation, ...]:
    """Return the citations of a passage: one, or for a row one for each cell."""
    if not passage.cells:
        return (_citation(document, passage, passage.span, passage.provenance),)
    return tuple(_citation(document, passage, cell.span, cell.provenance) for cell in passage.cells)


def state(document: Document, passage: Passage, *, context: tuple[Passage, ...] = ()) -> Statement:
    """Return the statement that shows a passage, with the citations of the passages it refers back to."""
    cited = tuple(citation for earlier in context for citation in cite(document, earlier))
    return Statement(
        statement_text(passage), passage_label(passage), passage.provenance, cite(document, passage), cited
    )


def statement_text(passage: Passage) -> str:
    """Return a passage as shown: its text, or for a row each cell behind the name of its column."""
    if not passage.cells:
        return passage.text
    return " | ".join(f"{cell.name}: {cell.text}" for cell in passage.cells)


def passage_label(passage: Passage) -> str:
    """Return the label of a whole passage in words; a row's says which cell has which."""
    if not passage.cells:
        return label(passage, passage.provenance)
    return "; ".join(f"{cell.name}: {label(passage, cell.provenance)}" for cell in passage.cells)


def label(passage: Passage, provenance: Provenance) -> str:
    """Return the words for where the text says something comes from. One closed set of wordings."""
    numbers = " and ".join(map(str, provenance.sources))
    source = f"source{'s' if len(provenance.sources) > 1 else ''} {numbers}" if numbers else ""
    match provenance.llm:
        case "unclear":
            return f"{source or 'no source given'}; LLM marking unclear in the source"
        case "marked":
            marked = "LLM-marked in the source" + (f"; {source}" if source else ": not from a cited source")
            return f"{marked}; {passage.note}" if passage.note else marked
        case "none":
            return source or ("listed under further reading" if passage.kind == "resource" else "no source given")


def _citation(document: Document, passage: Passage, span: Span, provenance: Provenance) -> Citation:
    return Citation(
        document.name, passage.id, passage.section, span, document.quote(span), provenance, label(passage, provenance)
    )
