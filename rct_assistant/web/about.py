"""The fixed words of the page: header, welcome, about.

They describe the assistant; of the documents they know titles and counts only.
"""

from __future__ import annotations

from rct_assistant.corpus import Corpus
from rct_assistant.web.labels import html, legend_html

VIEWS = ("Ask", "Source", "About")

_DOES = (
    "It finds the passages that answer a question and shows them word for word. It writes nothing of its own on the "
    "subject and uses no language model service. Every passage is compared with the text before it is shown. If "
    "the text has no answer, it says so; what it then shows as nearest is no answer."
)
_IS_NOT = (
    "It is not clinical advice, no guideline and no search of the literature. It knows what is listed below and nothing "
    "else, and it can miss a passage: when it matters, read the source."
)
_LABELS = "Labels repeat what the text marks. They do not say whether a sentence is true."
_PRIVACY = (
    "Please enter no client details. What you type goes to the computer that serves this page and to no other. It "
    "stays in that computer’s memory while the page is open and up to an hour after; it is written to no file and no "
    "log, and your browser stores nothing."
)
_KEYS = {
    "Enter": "asks; on a citation it opens the source, as the space bar does",
    "Shift + Enter": "starts a new line in a question",
    "Esc": "goes back from the source to the citation",
}


def name(corpus: Corpus) -> str:
    """Return what the page is called."""
    first = corpus.documents[0]
    return f"{first.short_name or first.title} assistant" if len(corpus.documents) == 1 else "Reading assistant"


def header_html(corpus: Corpus) -> str:
    """Return the head of the page: its name, what it is and is not, and the three views."""
    views = "".join(f'<a class="view" href="#{view.lower()}">{view}</a>' for view in VIEWS)
    claim = f"Answers in the words of {_titles(corpus)}. Not clinical advice. Please enter no client details."
    return f'<div class="head"><h1>{html(name(corpus))}</h1><p>{claim}</p><nav>{views}</nav></div>'


def welcome_html(corpus: Corpus) -> str:
    """Return what the empty page says."""
    promise = (
        f"You get passages of {_titles(corpus)}, word for word. Each has a number that opens the source at that very "
        "sentence, and a label that says where the text takes it from."
    )
    rest = "Where the text has no answer, you are told so."
    return f'<div class="welcome"><h2 tabindex="-1">Ask the text</h2><p>{promise}</p><p>{rest}</p></div>'


def about_html(corpus: Corpus) -> str:
    """Return the page about the assistant."""
    parts = {
        "What it does": f"<p>{_DOES}</p>",
        "What it is not": f"<p>{_IS_NOT}</p>",
        "What it reads": _documents(corpus),
        "What the labels mean": f"{legend_html(corpus)}<p>{_LABELS}</p>",
        "What happens to what you type": f"<p>{_PRIVACY}</p>",
        "Keys": _keys(),
    }
    body = "".join(f"<h3>{heading}</h3>{part}" for heading, part in parts.items())
    return f'<div class="about"><h2>About the {html(name(corpus))}</h2>{body}</div>'


def _documents(corpus: Corpus) -> str:
    items = (
        f"<li>{html(document.title)}: {len(document.sections)} sections, {len(document.passages)} passages"
        f'<span class="hash">SHA-256 {document.sha256}</span></li>'
        for document in corpus.documents
    )
    return f"<ul>{''.join(items)}</ul>"


def _keys() -> str:
    entries = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{meaning}</dd>" for key, meaning in _KEYS.items())
    return f'<dl class="keys">{entries}</dl>'


def _titles(corpus: Corpus) -> str:
    titles = "; ".join(f"<cite>{html(document.title)}</cite>" for document in corpus.documents)
    return f"one text, {titles}" if len(corpus.documents) == 1 else f"{len(corpus.documents)} texts ({titles})"
