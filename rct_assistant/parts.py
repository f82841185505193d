"""Questions that ask several things at once: what answers each part, and which part the text does not answer.

A part is found by its conjunction or punctuation and ranked by itself. What is known of a part goes beside what the whole
question found and never replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rct_assistant.messages import PLACES
from rct_assistant.query import content_stems
from rct_assistant.retrieve import Ranking

# Chosen on the development questions (see eval).
PART_ANSWERABLE = 0.80
PART_RELEVANT = 0.70
# What the passage must reach for the whole question, since a part out of its context often means another thing; not where the
# part by itself is as sure as this.
PART_SUPPORTED = 0.05
PART_SURE = 0.95
FEW_WORDS = 6  # so many may ask without a word that asks: 'meaning of zest and …'
PART_MISSING = 0.10  # a part is called unanswered only if an answer is less probable than this

_ASKING = (
    r"(?:who|whom|whose|what|which|when|where|why|how|(?:who|what|when|where|how)s|is|are|was|were|do|does|did|can|could|should|would|will|has|have"
    r"|(?:from|in|on|at|to|by|for) (?:what|which|whom))"
)
_ORDERS = r"(?:define|explain|describe|name|list|give|show|tell|find|quote|summari[sz]e|outline|compare)"
_JOINED = re.compile(r"\s+(?:and|plus|also|as well as|&|\+|/)\s+|[?;]\s+|,\s+then\s+", re.I)
# Where another sentence or clause begins to ask, or an item is numbered.
_LOOSE = re.compile(
    rf"{_JOINED.pattern}|[,.:]\s+(?=(?:(?:and|then|also)\W+)*(?:{_ASKING}|{_ORDERS})\b)|\s*(?<!\w)\(?(?:[a-d]|[1-4])\)\s+",
    re.I,
)
_ASKS = re.compile(rf"(?:{_ASKING}|{_ORDERS})\b", re.I)
_POINTS_BACK = re.compile(r"\b(?:that|this|those|these|him|her|them)\W*$", re.I)
_STORY = re.compile(r"\b(?:he|she|him|hers?|his|they|their|i|me|my|we|us|our)\b", re.I)
_LINKING = re.compile(r"^(?:(?:and|then|also|oh)\b\W*)+", re.I)


@dataclass(frozen=True)
class Missing:
    """A part that the text does not answer: its place among the parts, one of PLACES, and what the bank says is missing."""

    place: str
    topic: str


def split(question: str) -> list[str]:
    """Return the parts of a question that asks several things at once; empty when it asks one."""
    return _parts(_LOOSE, question)


def split_questions(question: str) -> list[str]:
    """Return the parts that are questions of their own: a first few words, and what begins like one; empty if that is one.

    A comma alone parts two questions only if both begin like one.
    """
    parts = _parts(_JOINED, question)
    found = [p for place, p in enumerate(parts) if _ASKS.match(p) or (place == 0 and len(p.split()) <= FEW_WORDS)]
    if len(found) < 2:
        found = [part for part in _parts(_LOOSE, question) if _ASKS.match(part)]
    return found if len(found) > 1 else []


def asks(part: str) -> bool:
    """Say whether a part asks for something by itself, so that it can be said to have no answer."""
    return _ASKS.match(part) is not None and len(content_stems(part)) >= 2


def best_of_each(rankings: Sequence[Ranking], whole: Ranking) -> list[str]:
    """Return the passage that most surely answers each part, where one does, from the document of the whole question."""
    return [
        ranking.passages[0].id
        for ranking in rankings
        if ranking.document is whole.document
        and ranking.answerable >= PART_ANSWERABLE
        and ranking.passages[0].score >= PART_RELEVANT
        and (
            whole.scores[ranking.passages[0].id] >= PART_SUPPORTED
            or min(ranking.answerable, ranking.passages[0].score) >= PART_SURE
        )
    ]


def missing(rankings: Sequence[Ranking | None]) -> Missing | None:
    """Return the first part that the text plainly does not answer, if there is one beside a part that it does.

    rankings: of all parts in turn; None for one that asks nothing by itself.
    """
    known = [ranking for ranking in rankings if ranking is not None]
    if len(known) < 2 or all(ranking.answerable < PART_ANSWERABLE for ranking in known):
        return None
    for place, ranking in zip(PLACES, rankings, strict=False):
        if ranking is not None and ranking.answerable < PART_MISSING:
            return Missing(place, ranking.topic)
    return None


def _parts(separators: re.Pattern[str], question: str) -> list[str]:
    found = [_LINKING.sub("", part.strip(" ,.;:?&+/(")) for part in separators.split(question)]
    return [part for part in found if _means_something(part)] if len(found) > 1 else []


def _means_something(part: str) -> bool:
    """Say whether a part can be understood without the others: a bit of a client's story cannot, nor can 'how do I name that'."""
    if _ASKS.match(part):
        return _POINTS_BACK.search(part) is None and len(content_stems(part)) >= 1
    return _STORY.search(part) is None and len(content_stems(part)) >= 2
