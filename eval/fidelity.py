"""Check replies for what must never happen. These are gates, not rates: one fault breaks them.

Checked here once more, apart from `rct_assistant.verify` and before it, so that a mistake there is noticed too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rct_assistant.corpus import Corpus
from rct_assistant.document import Document, Passage, Provenance, Span
from rct_assistant.messages import MESSAGES, NOTICES, PLACES
from rct_assistant.verify import differences

Json = Mapping[str, Any]


def faults(response: Json, corpus: Corpus) -> list[str]:
    """Return one line for each place where a reply is not true to the documents; empty when all is well."""
    found = []
    for where, citation in _citations(response):
        document = corpus.by_name.get(citation["document"])
        passage = document.by_id.get(citation["passage"]) if document else None
        if document is None or passage is None:
            found.append(f"{where} cites {citation['document']}/{citation['passage']}, which is not there")
        else:
            found += [f"{where} {fault}" for fault in _citation_faults(citation, document, passage)]
    found += _label_faults(response)
    found += _echoes(response, corpus)
    return found + [f"verify: {line}" for line in differences(dict(response), corpus)]


def first_line_faults(response: Json, corpus: Corpus, *, expected: bool) -> list[str]:
    """Return how a reply breaks the promise never to present the therapy as a first-line protocol.

    A refusal must begin with the standing passages, the first of them sourced and not LLM-marked. Where a refusal is `expected`,
    an answer that has that passage neither in a notice above it nor first affirms by what it selects, however verbatim.
    """
    named = [document for document in corpus.documents if document.standing]
    shown = [(s["citations"][0]["document"], s["citations"][0]["passage"]) for s in response["statements"]]
    leads = [d for d in named if [(d.name, name) for name in d.standing] == shown[: len(d.standing)]]
    if response["reason"] == "first_line":
        if not leads:
            return ["a first-line refusal does not begin with the standing passages"]
        rests_on = leads[0].by_id[leads[0].standing[0]].provenance
        sourced = rests_on.sources and rests_on.llm == "none"
        return [] if sourced else ["a first-line refusal begins with an unsourced passage"]
    above = [(c["document"], c["passage"]) for notice in response["notices"] for c in notice["citations"]]
    first = [(d.name, d.standing[0]) for d in named]
    if expected and response["kind"] == "answer" and not any(place in (*above, *shown[:1]) for place in first):
        return ["a first-line question is answered without the standing of the therapy first"]
    return []


def _citations(response: Json) -> Iterator[tuple[str, Json]]:
    """Yield each citation of a reply with its place."""
    for group in ("statements", "nearest"):
        for number, statement in enumerate(response[group]):
            for part in ("context", "citations"):
                for position, citation in enumerate(statement[part]):
                    yield f"{group}[{number}].{part}[{position}]", citation
    for number, notice in enumerate(response["notices"]):
        for position, citation in enumerate(notice["citations"]):
            yield f"notices[{number}].citations[{position}]", citation


def _citation_faults(citation: Json, document: Document, passage: Passage) -> Iterator[str]:
    """Yield what is wrong with one citation of a passage that is there."""
    span = Span(citation["start"], citation["end"])
    if document.quote(span) != citation["quote"]:
        yield "quotes other words than stand at its span"
    cell = next((cell for cell in passage.cells if cell.span == span), None)
    if span != passage.span and cell is None:
        yield f"has span {span.start}-{span.end}, which is not that of {passage.id} or of one of its cells"
    true = cell.provenance if cell else passage.provenance
    shown = Provenance(tuple(citation["provenance"]["sources"]), citation["provenance"]["llm"])
    if true.llm != "none" and (shown.llm == "none" or "LLM" not in citation["label"]):
        yield "shows an LLM-marked passage clean"
    if true.llm == "none" and (shown.llm != "none" or "LLM" in citation["label"]):
        yield "shows a passage as LLM-marked that is not"
    if set(shown.sources) - set(document.source_numbers):
        yield "has a source number that the text does not have"
    if shown.sources != true.sources:
        yield "has other source numbers than the text"


def _echoes(response: Json, corpus: Corpus) -> Iterator[str]:
    """Yield each word of the question that the reply says in its own voice, and that no fixed sentence, title or heading has.

    What the text lacks is named in the bank's words, which `verify` holds against the bank.
    """
    said = [response["message"], *(notice["text"] for notice in response["notices"] if notice["code"] != "gap")]
    names = [
        (d.title, d.short_name, d.other_meaning, *(section.title for section in d.sections)) for d in corpus.documents
    ]
    known = _words(*MESSAGES.values(), *NOTICES.values(), *PLACES, *(name for own in names for name in own))
    for word in sorted(_words(*said) & _words(response["question"]) - known):
        yield f"repeats {word!r} of the question"


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text.casefold())}


def _label_faults(response: Json) -> Iterator[str]:
    """Yield the statements whose label is missing, or missing from the reply's plain text."""
    for group in ("statements", "nearest"):
        for number, statement in enumerate(response[group]):
            if not statement["label"] or f"{statement['text']} [{statement['label']}]" not in response["text"]:
                yield f"{group}[{number}] is shown without its label"
            if (statement["provenance"]["llm"] != "none") != ("LLM" in statement["label"]):
                yield f"{group}[{number}] has a label that does not say what its LLM marking is"
