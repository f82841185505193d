"""Every sentence that the assistant says in its own voice, in one closed table. No word of a user ever enters one.

The slots are filled from the document's settings, the document's headings and the topics of its question bank, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rct_assistant.document import Document
from rct_assistant.response import Reason

MESSAGES: dict[str, str] = {
    "answer": "This is what the text says.",
    "answer_llm": (
        "This is what the text says, but it marks all of it as LLM-written: none of it comes from a cited source."
    ),
    "not_in_source": "I found no answer to this in the text.",
    "off_topic": "This is outside the text, which is about {title}.",
    "first_line": (
        "I don't present {name} as a first-line, proven or stand-alone treatment. This is what the text says about its"
        " standing."
    ),
    "first_line_rest": (
        "I don't present {name} as a first-line, proven or stand-alone treatment. This is what the text says about its"
        " standing, and then about the rest of your question."
    ),
    "misquoted": (
        "Those are not the words of the text. I don't present {name} as a first-line, proven or stand-alone treatment. This is"
        " what the text says about its standing."
    ),
    "safety": (
        "If someone may be in danger, this tool cannot help. Follow your setting's risk-management procedure and"
        " contact the emergency services now. Changes of medication are for the prescriber. If nobody is in danger, please"
        " say so and ask again."
    ),
    "greeting": "Hello. Ask anything about the text on {title}.",
    "thanks": "You're welcome.",
    "capabilities": (
        "I answer questions about one text, on {title}, with its own sentences. Each has a citation and a label that"
        " says where the text says it comes from. I am a small program, not a person and not an LLM, and I give no"
        " clinical advice."
    ),
    "sources": (
        "The text numbers its sources but has no list that says what they are, so I cannot say what a number stands"
        " for."
    ),
    "labels": (
        "A label says where the text says a passage comes from: a source number; 'LLM-marked', which means that the"
        " text marks the passage as LLM-written; or no source given."
    ),
    "keep_labels": "The labels and citations stay. They are how you can check each statement.",
    "privacy": (
        "Your questions are not logged, not saved and not sent to any other computer; the page forgets them within an"
        " hour of being closed. Please leave out client details all the same."
    ),
    "language": "I can only read questions in English, the language of the text. Please ask in English. This tool is no help in"
    " an emergency.",
    "empty": "Please type a question about the text.",
    "long": (
        "That is too long to read as one question. Please ask it in at most 10,000 characters. This tool is no help in an"
        " emergency."
    ),
}

# The messages that a reply may have: an answer (None), or a refusal for a reason.
CODES: dict[Reason | None, tuple[str, ...]] = {
    None: ("answer", "answer_llm"),
    "not_in_source": ("not_in_source", "off_topic"),
    "first_line": ("first_line", "first_line_rest", "misquoted"),
    "safety": ("safety",),
    "about": ("greeting", "thanks", "capabilities", "sources", "labels", "keep_labels", "privacy", "language"),
    "invalid_question": ("empty", "long"),
}

NOTICES: dict[str, str] = {
    "gap": "The text does not {verb} {topic}.",
    "part": "The text does not answer the {place} part of your question.",
    "acronym": "{name} here means {title}, not a {other_meaning}.",
    "standing": "The text describes the standing of {name} like this.",
    "personal_details": (
        "Your question seems to contain personal details. They are not repeated, logged or saved. Please leave them out."
    ),
    "understood_as": "Understood as a question about: {sections}.",
}

# A topic that begins with one of these is a clause: a text does not say who founded something, but gives no founder.
_CLAUSE = re.compile(r"(?:how|whether|who|whose|what|which|why|when|where)\b", re.I)
# The parts of a question that a notice can name.
PLACES = ("first", "second", "third", "fourth")


def message(code: str, document: Document) -> str:
    """Return a message with its slots filled from the document."""
    return MESSAGES[code].format(**_slots(document))


def notice(code: str, document: Document, *, topic: str = "", place: str = "", sections: Iterable[str] = ()) -> str:
    """Return a notice's sentence; `topic` is a gap topic of the bank, `place` one of PLACES, `sections` are headings."""
    verb = "say" if _CLAUSE.match(topic) else "give"
    named = {"topic": topic, "verb": verb, "place": place, "sections": ", ".join(dict.fromkeys(sections))}
    return NOTICES[code].format(**_slots(document), **named)


def _slots(document: Document) -> dict[str, str]:
    name = document.short_name or document.title
    return {"title": document.title, "name": name, "other_meaning": document.other_meaning}
