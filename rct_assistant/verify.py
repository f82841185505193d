"""Check a response against the documents alone: derive everything shown again and compare. No model, no index, no trust.

Works on the JSON form, so that a copy from anywhere can be checked. What the user typed is not checked; nothing shown holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rct_assistant.citations import cite, states
from rct_assistant.corpus import Corpus
from rct_assistant.document import Document
from rct_assistant.errors import VerificationError
from rct_assistant.messages import CODES, NOTICES, PLACES, message, notice
from rct_assistant.render import plain_text
from rct_assistant.response import SCHEMA, Notice, Statement

_NOTHING = object()  # in the place of a key that is not there
_KEYS = frozenset(
    """
    schema version id kind reason rule question standalone_question message statements notices nearest method
    documents text seconds
    """.split()
)


def verify(response: dict[str, Any], corpus: Corpus) -> None:
    """Check a response in its JSON form.

    Raises:
        VerificationError: with one line for each difference.
    """
    if found := differences(response, corpus):
        raise VerificationError(found)


def differences(response: Any, corpus: Corpus) -> list[str]:
    """Return one line for each place where a response differs from what the documents give; empty when all is well."""
    if not isinstance(response, dict):
        return [f"found {type(response).__name__}, expected a response object"]
    if missing := sorted(_KEYS - set(response)):
        return [f"found no {', '.join(missing)}, expected every key of a response"]
    if unknown := sorted(set(response) - _KEYS - {"trace"}):
        return [f"found {', '.join(unknown)}, expected only the keys of a response"]
    try:
        return list(_check(response, corpus))
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        return [f"found a part of another form ({type(error).__name__}: {error}), expected the response contract"]


def form_faults(reason: str | None, shown: Sequence[str], document: Document) -> list[str]:
    """Return what is wrong with the passages a reply shows, for its reason (None: an answer): one line, or none.

    Words that are all verbatim can still mislead: a refusal on standing must begin with the passages on standing, and nothing may
    stand beside the notice of danger but what the therapy is no substitute for.
    """
    if reason == "first_line" and list(shown[: len(document.standing)]) != [*document.standing]:
        return ["a first-line refusal must begin with the standing passages"]
    if reason == "safety" and list(shown) != [document.not_a_substitute] * bool(document.not_a_substitute):
        return ["a safety refusal shows the not-a-substitute passage and nothing else"]
    if reason in ("about", "invalid_question", "not_in_source") and shown:
        return [f"a refusal for {reason} has no statements"]
    return ["an answer must have statements"] if reason is None and not shown else []


def _check(response: dict[str, Any], corpus: Corpus) -> Iterator[str]:
    if response["schema"] != SCHEMA:
        yield f"schema: found {response['schema']!r}, expected {SCHEMA}"
    if response["method"] != "extractive":
        yield f"method: found {response['method']!r}, expected 'extractive'"
    yield from _check_hashes(response["documents"], corpus)
    yield from _check_kind(response)
    statements: list[Statement] = []
    near: list[Statement] = []
    yield from _check_statements("statements", response["statements"], corpus, statements)
    yield from _check_statements("nearest", response["nearest"], corpus, near)
    yield from _check_form(response["reason"], statements, corpus)
    notices: list[Notice] = []
    yield from _check_notices(response, corpus, statements, notices)
    yield from _check_message(response, corpus, statements)
    yield from _compare("text", response["text"], plain_text(response["message"], notices, statements, near))


def _check_hashes(found: dict[str, str], corpus: Corpus) -> Iterator[str]:
    for name in sorted({*found, *corpus.hashes}):
        if found.get(name) != corpus.hashes.get(name):
            yield (
                f"documents.{name}: found sha256 {str(found.get(name))[:12]}, expected"
                f" {str(corpus.hashes.get(name))[:12]}"
            )


def _check_kind(response: dict[str, Any]) -> Iterator[str]:
    kind, reason = response["kind"], response["reason"]
    if reason not in CODES or kind != ("answer" if reason is None else "refusal"):
        yield f"kind: found {kind!r} with reason {reason!r}, expected an answer without a reason or a refusal with one"
    if response["nearest"] and reason != "not_in_source":
        yield f"nearest: found passages for reason {reason!r}, expected them for 'not_in_source' alone"


def _check_form(reason: str | None, statements: list[Statement], corpus: Corpus) -> Iterator[str]:
    """Check that what is shown fits the reason, for the document it is from; where nothing is shown, for any."""
    shown = [statement.passage for statement in statements]
    documents = [corpus.by_name[statements[0].citations[0].document]] if statements else corpus.documents
    faults = [form_faults(reason, shown, document) for document in documents]
    if all(faults):
        yield from (f"statements: {fault}" for fault in faults[0])


def _check_message(response: dict[str, Any], corpus: Corpus, statements: list[Statement]) -> Iterator[str]:
    """Check that the message is one that the reason allows, and that an answer of LLM-marked passages alone says so."""
    codes = CODES.get(response["reason"], ())
    if response["reason"] is None:
        marked = all(statement.provenance.llm == "marked" for statement in statements)
        codes = ("answer_llm",) if marked else ("answer",)
    elif response["reason"] == "first_line" and statements:
        document = corpus.by_name[statements[0].citations[0].document]
        rest = {s.passage for s in statements} - {*document.standing, document.not_a_substitute}
        codes = ("first_line_rest", "misquoted") if rest else ("first_line", "misquoted")
    if not any(response["message"] == message(code, document) for document in corpus.documents for code in codes):
        yield f"message: found another sentence, expected that of {' or '.join(codes)}"


def _check_statements(where: str, found: list[Any], corpus: Corpus, derived: list[Statement]) -> Iterator[str]:
    """Derive the statements again from the passages they name, and compare; fills `derived`."""
    names = [(item["citations"][0]["document"], item["citations"][0]["passage"]) for item in found]
    for position, (document_name, passage) in enumerate(names):
        document = corpus.by_name.get(document_name)
        if document is None or passage not in document.by_id:
            yield f"{where}[{position}]: found passage {document_name}/{passage}, expected one of the documents"
            return
    # Context depends on what is shown right before, so each document's statements are derived together.
    for document in corpus.documents:
        ids = [passage for name, passage in names if name == document.name]
        derived += states(document, ids)
    if len(set(names)) != len(names):
        yield f"{where}: found a passage twice, expected each once"
    for position, (item, statement) in enumerate(zip(found, derived, strict=True)):
        yield from _compare(f"{where}[{position}]", item, statement.to_json())


def _check_notices(
    response: dict[str, Any], corpus: Corpus, statements: list[Statement], derived: list[Notice]
) -> Iterator[str]:
    """Derive the notices again and compare; fills `derived`."""
    sections = [statement.citations[0].section for statement in statements]
    for position, item in enumerate(response["notices"]):
        code = item["code"]
        if code not in NOTICES:
            yield f"notices[{position}].code: found {code!r}, expected one of {', '.join(NOTICES)}"
            continue
        candidates = [
            Notice(code, text, cite(document, document.by_id[document.standing[0]]) if code == "standing" else ())
            for document in corpus.documents
            for text in _notice_texts(code, document, corpus, sections)
        ]
        match = next((candidate for candidate in candidates if candidate.text == item["text"]), None)
        if match is None:
            yield f"notices[{position}].text: found a sentence that is not in the table of notices"
            continue
        derived.append(match)
        yield from _compare(f"notices[{position}]", item, match.to_json())


def _notice_texts(code: str, document: Document, corpus: Corpus, sections: list[str]) -> Iterator[str]:
    """Yield what a notice may say."""
    if code == "standing" and not document.standing:
        return
    if code == "gap":
        for topic in {question.gap for question in corpus.banks[document.name]} - {""}:
            yield notice(code, document, topic=topic)
    elif code == "part":
        for place in PLACES:
            yield notice(code, document, place=place)
    else:
        yield notice(code, document, sections=sections)


def _compare(where: str, found: Any, expected: Any) -> Iterator[str]:
    """Yield one line for each value that differs."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}):
            yield from _compare(f"{where}.{key}", found.get(key, _NOTHING), expected.get(key, _NOTHING))
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for position, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from _compare(f"{where}[{position}]", one, other)
    elif type(found) is not type(expected) or found != expected:
        yield f"{where}: found {_short(found)}, expected {_short(expected)}"


def _short(value: Any) -> str:
    text = "nothing" if value is _NOTHING else repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"
