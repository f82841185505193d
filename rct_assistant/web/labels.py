"""What every part of the page shares: escaping, the addresses of passages, and labels in words in their own shapes.

All HTML is one line: a blank line would end the block, and what follows would be read as Markdown.
"""

from __future__ import annotations

from html import escape
from typing import Literal

from rct_assistant.citations import label
from rct_assistant.corpus import Corpus
from rct_assistant.document import Provenance, Span

Shape = Literal["sourced", "llm", "unclear", "unmarked"]

_MEANING: dict[Shape, str] = {
    "sourced": "The text puts this number behind the words. It is the text’s own number; no reference was added to it.",
    "llm": "The text marks these words “LLM”: written by a language model. Check them before you rely on them.",
    "unclear": "The text’s LLM marks cannot be read with certainty here.",
    "unmarked": "The text puts neither a number nor an LLM mark on these words.",
}
_LISTED = "A title that the text only lists. No answer is drawn from what it names."


def html(text: str) -> str:
    """Escape text for HTML and keep it on one line."""
    return escape(text).replace("\r", "&#13;").replace("\n", "&#10;")


def anchor(corpus: Corpus, document: str, span: Span) -> str:
    """Return the id of the element that shows `span` in the source: its offsets are its address."""
    return f"s{list(corpus.by_name).index(document)}-{span.start}-{span.end}"


def shape(provenance: Provenance) -> Shape:
    """Return which of the four shapes a label has."""
    match provenance.llm:
        case "marked":
            return "llm"
        case "unclear":
            return "unclear"
        case "none":
            return "sourced" if provenance.sources else "unmarked"


def label_html(words: str, provenance: Provenance) -> str:
    """Return a label in its shape."""
    return f'<span class="label {shape(provenance)}">{html(words)}</span>'


def legend_html(corpus: Corpus) -> str:
    """Return one label of each sort that the documents have, with what it means."""
    examples: dict[str, str] = {}
    for document in corpus.documents:
        for passage in document.passages:
            for provenance in [cell.provenance for cell in passage.cells] or [passage.provenance]:
                listed = passage.kind == "resource" and shape(provenance) == "unmarked"
                meaning = _LISTED if listed else _MEANING[shape(provenance)]
                examples.setdefault(meaning, label_html(label(passage, provenance), provenance))
    meanings = [meaning for meaning in (*_MEANING.values(), _LISTED) if meaning in examples]
    return f'<dl class="labels">{"".join(f"<dt>{examples[words]}</dt><dd>{words}</dd>" for words in meanings)}</dl>'
