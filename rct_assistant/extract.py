"""Choose which passages answer a question, from a ranking: one for a fact, all of a list, the rows that match a filter.

The result is ids in the order of the text. Nothing here changes a word of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rct_assistant.document import Document, Passage
from rct_assistant.query import content_stems
from rct_assistant.retrieve import Ranking

# Chosen on the development questions (see eval).
RELEVANT = 0.30
NEAR = 0.05
SAME = 0.65
LIST_SHARE = 0.5
NEAREST = 3

_LIST_CUE = re.compile(
    r"\b(all|every|each|list|lists|listed|full|whole|complete|entire|everything|table|which ones|what are the|name"
    r" the|show me the)\b",
    re.I,
)
# A wish for all that is said about something, and for every place where something is mentioned.
_EVERYTHING = re.compile(
    r"\b(?:everything|full|whole|complete|entire|all (?:of|it|there|that|steps|parts|the (?:points|steps|groups|parts)))\b",
    re.I,
)
_MENTIONS = re.compile(
    r"\b(?:all|every|any|each)\s+(?:other\s+|the\s+|of\s+the\s+)*(?:places?|spots?|mentions?|bits?|lines?)\b"
    r"|\b(?:everywhere|all (?:it|you\W?ve got|the text)|collect (?:all|any\w*|every\w*))\b",
    re.I,
)
_MOST_MENTIONS = 12  # a word in more passages than this is no topic
_NUMBER = re.compile(r"\d+")
_NUMBER_WORDS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "ten": "10",
    "twelve": "12",
}
_UNIT = re.compile(
    r"\b(\d+|" + "|".join(_NUMBER_WORDS) + r")[\s-]*(weeks?|wks?|months?|days?|years?|sessions?|hours?)\b", re.I
)
_WEEKLY = re.compile(r"\b(?:weekly|(?:every|each|per|once a)\s+(?:single\s+)?week)\b", re.I)
_LESS = re.compile(r"\b(?:shorter|less|fewer|under|below|quicker|sooner|faster)\b", re.I)
_MORE = re.compile(r"\b(?:longer|more than|over|above|beyond|exceed\w*)\b", re.I)
_PLACE = re.compile(
    r"\b(first|second|third|fourth|fifth|sixth|seventh|last(?!\s+\d)|final|1st|2nd|3rd|4th|5th|6th|7th)\b", re.I
)
# Where an ordinal points in a list, from 0; the last from behind.
PLACES = {
    word: place
    for place, words in enumerate(
        ("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th")
    )
    for word in words.split()
} | {"last": -1, "final": -1}
_SOURCE = re.compile(
    r"\b(?:source|src|ref(?:erence)?|cit(?:e|es|ed|ing|ation)|numbered)s?\s*(?:is|are|no\.?|number|#)?\s*(\d+)\b"
    r"|\bwith\s+an?\s+(\d)\b",
    re.I,
)
_MACHINE = r"(?:llm|ai|a\.i\.|machine|chatgpt|gpt|bot|language model)"
_LLM = re.compile(
    rf"\b(?:{_MACHINE}|model)\b[\s-]*"
    r"(?:marked|labell?ed|tagged|written|generated|made|bits?|parts?|ones|passages?|sentences?|spans?|text|stuff|content)"
    rf"|\b(?:written|generated|made|marked|authored|produced|labell?ed|flagged)\s+(?:as\s+|by\s+)*(?:an?\s+|the\s+)?{_MACHINE}\b"
    rf"|\b(?:an?\s+|the\s+)?{_MACHINE}\s+(?:wrote|writes?|makes?|made|generate[ds]?|produce[ds]?)\b",
    re.I,
)
# Words that turn a wish for some provenance into its opposite, where they stand right before it.
_NEGATION = re.compile(
    r"\b(?:not|isn\W?t|aren\W?t|never|except|besides|other than|apart from|without|(?:leav|skip|drop)\w*)\b", re.I
)
_NEGATED = re.compile(rf"{_NEGATION.pattern}(?:\s+\w+){{0,4}}\s*$", re.I)
_UNSOURCED = re.compile(
    r"\b(?:without|no|lacks?|lacking|have no|has no)\s+(?:a\s+|any\s+)?(?:source|citation|reference|number)", re.I
)
_SOURCED = re.compile(
    r"\b(?:only|just)\b.*\b(?:sourced|cited|proper source|with a (?:source|number|citation))|\bhas? (?:got )?a proper"
    r" source\b",
    re.I,
)
_FILTERS = re.compile(
    r"\b(which|what|only|just|all|every|any|anything|show|list|everything|is there|are there|one|are the|were the|with|from"
    r" source)\b",
    re.I,
)


@dataclass(frozen=True)
class ProvenanceFilter:
    """A wish to see only passages of some provenance, or (`inverted`) all others, with the question without that wish."""

    rest: str
    sources: frozenset[int] = frozenset()
    kind: str = ""
    inverted: bool = False

    def keeps(self, passage: Passage) -> bool:
        """Say whether a passage is wanted."""
        return self._has(passage) is not self.inverted

    def _has(self, passage: Passage) -> bool:
        own = passage.provenance
        match self.kind:
            case "source":
                return bool(self.sources & set(own.sources))
            case "llm":
                return own.llm != "none"
            case "unsourced":
                return not own.sources
            case _:
                return bool(own.sources) and own.llm == "none"


def select(ranking: Ranking, question: str, *, places: bool = True) -> list[str]:
    """Return the ids of the passages that answer the question, given that the text does, in the order of the text.

    places: whether an ordinal in the question is a place in a list; in a follow-up it may point at what was shown before.
    """
    document = ranking.document
    chosen = [scored.id for scored in ranking.passages if scored.score >= RELEVANT] or [ranking.passages[0].id]
    if (rows := _filter_rows(document, chosen, question)) is not None:
        return tidy(document, rows, ranking)
    if places and (item := _by_place(document, chosen, question)) is not None:
        return [item]
    if _MENTIONS.search(question):
        chosen += _mentions(ranking, question)
    if _LIST_CUE.search(question):
        chosen = _complete_lists(document, chosen)
    if _EVERYTHING.search(question):
        chosen += _whole_list(ranking)
    return tidy(document, chosen, ranking)


def tidy(document: Document, chosen: list[str], ranking: Ranking) -> list[str]:
    """Return passages without repeats, with the rest of their blocks, in the order of the text; the better ranked one stays."""
    best_first = sorted(dict.fromkeys(chosen), key=lambda name: -ranking.scores[name])
    return in_text_order(document, _with_blocks(document, _without_repeats(document, best_first)))


def nearest(ranking: Ranking) -> list[str]:
    """Return the ids of at most three passages that come nearest to a question that the text does not answer."""
    near = [scored.id for scored in ranking.passages if scored.score >= NEAR][:NEAREST]
    blocks = {ranking.document.by_id[name].block for name in near} - {""}
    alone = [name for name in near if ranking.document.by_id[name].block not in blocks]
    return in_text_order(ranking.document, alone)


def compares(question: str) -> bool:
    """Say whether a question asks for shorter or longer ones without saying than what: 'shorter ones?'."""
    return bool(_LESS.search(question) or _MORE.search(question)) and not _UNIT.search(question)


def provenance_filter(question: str) -> ProvenanceFilter | None:
    """Return the wish for some provenance that a question states, if it does: 'which of them are from source 4'."""
    if not _FILTERS.search(question):
        return None
    if numbers := list(_SOURCE.finditer(question)):
        sources = frozenset({int(numbers[0][1] or numbers[0][2])})
        inverted = _NEGATED.search(question[: numbers[0].start()]) is not None
        return ProvenanceFilter(_NEGATION.sub(" ", _SOURCE.sub(" ", question)), sources, "source", inverted)
    for kind, pattern in (("llm", _LLM), ("unsourced", _UNSOURCED), ("sourced", _SOURCED)):
        if match := pattern.search(question):
            inverted = kind == "llm" and _NEGATED.search(question[: match.start()]) is not None
            return ProvenanceFilter(_NEGATION.sub(" ", pattern.sub(" ", question)), kind=kind, inverted=inverted)
    return None


def select_by_provenance(ranking: Ranking, wish: ProvenanceFilter) -> list[str]:
    """Return the passages of the section that the rest of the question is about, filtered; of the whole text if it names none."""
    document = ranking.document
    words = content_stems(wish.rest) - content_stems(
        "source text passages sentences lines parts bits section which only just show give list from everything anything all"
        " every any there marked have has did were them something"
    )
    passages = list(document.passages)
    if words:
        weight: dict[str, float] = {}
        for scored in ranking.passages:
            section = document.by_id[scored.id].section
            weight[section] = weight.get(section, 0.0) + scored.score
        best = max(weight, key=lambda name: weight[name] + len(words & content_stems(name)))
        passages = [passage for passage in passages if passage.section == best]
    return _with_blocks(document, [passage.id for passage in passages if wish.keeps(passage)])


def in_text_order(document: Document, ids: list[str]) -> list[str]:
    """Return the ids once each, as they stand in the text."""
    return sorted(set(ids), key=document.positions.__getitem__)


def _filter_rows(document: Document, chosen: list[str], question: str) -> list[str] | None:
    """Keep the table rows with the duration or rhythm that a question names ('8 weeks', 'weekly'); None if it names none."""
    rows = [document.by_id[name] for name in chosen if document.by_id[name].kind == "row"]
    asked = {int(_NUMBER_WORDS.get(number.lower(), number)) for number, _ in _UNIT.findall(question)}
    weekly = _WEEKLY.search(question) is not None
    if not rows or not (asked or weekly):
        return None
    table = [p for p in document.passages if p.kind == "row" and p.section == rows[0].section]
    match = [p.id for p in table if (_has_duration(p.text, asked, question) if asked else _WEEKLY.search(p.text))]
    if len(rows) < 3 and not _LIST_CUE.search(_WEEKLY.sub(" ", question)):
        match = [name for name in match if name in chosen]
    return match + [name for name in chosen if document.by_id[name].kind != "row"] if match else None


def _has_duration(text: str, asked: set[int], question: str) -> bool:
    """Say whether a row has a duration asked for, or a shorter or longer one if that is asked."""
    found = {int(number) for number in _NUMBER.findall(text)}
    durations = {int(number) for number, _ in re.findall(r"\b(\d+)\s+(weeks?|months?|days?)", text)} | {
        int(number) for number in re.findall(r"\b(?:week|month|day)\s+(\d+)", text)
    }
    if _LESS.search(question):
        return any(number < min(asked) for number in durations)
    if _MORE.search(question):
        return any(number > max(asked) for number in durations)
    return bool(asked & found)


def _by_place(document: Document, chosen: list[str], question: str) -> str | None:
    """Return the item of a list that a question names by its place ('the last supervision question'), if it names one."""
    match = _PLACE.search(question)
    if match is None:
        return None
    section = document.by_id[chosen[0]].section
    inside = [name for name in chosen if document.by_id[name].section == section]
    named = content_stems(section) & content_stems(question)
    if len(inside) < 3 and not named:
        return None
    passages = [passage for passage in document.passages if passage.section == section]
    items = [passage.id for passage in passages if passage.kind != "sentence"] or [passage.id for passage in passages]
    place = PLACES[match[1].lower()]
    return items[place] if -1 <= place < len(items) and len(items) >= 3 else None


def _complete_lists(document: Document, chosen: list[str]) -> list[str]:
    """Add the rest of a list of which the question's passages are a good part already."""
    completed = list(chosen)
    for section in {document.by_id[name].section for name in chosen}:
        for kind in ("bullet", "row", "question", "resource"):
            items = [p.id for p in document.passages if p.section == section and p.kind == kind]
            found = sum(name in chosen for name in items)
            if len(items) >= 3 and found >= max(2, LIST_SHARE * len(items)):
                completed += items
    return completed


def _mentions(ranking: Ranking, question: str) -> list[str]:
    """Return every passage with the words that the question shares with the passage that answers it best."""
    best = ranking.document.by_id[ranking.passages[0].id]
    topic = content_stems(question) & content_stems(best.text)
    found = [passage.id for passage in ranking.document.passages if topic <= content_stems(passage.text)]
    return found if topic and len(found) <= _MOST_MENTIONS else []


def _whole_list(ranking: Ranking) -> list[str]:
    """Return all of a section's items or sentences if they are most of as many passages as rank best."""
    best = ranking.document.by_id[ranking.passages[0].id]
    same = [p.id for p in ranking.document.passages if (p.section, p.kind, p.block) == (best.section, best.kind, "")]
    first = {scored.id for scored in ranking.passages[: len(same)]}
    return same if len(same) >= 3 and len(first.intersection(same)) > len(same) / 2 else []


def _without_repeats(document: Document, chosen: list[str]) -> list[str]:
    """Drop a passage that says what a better ranked one of another section says; rows never repeat anything."""
    kept: list[str] = []
    for name in chosen:
        passage = document.by_id[name]
        if not any(_same(passage, document.by_id[other]) for other in kept):
            kept.append(name)
    return kept


def _same(one: Passage, other: Passage) -> bool:
    if one.section == other.section or not {one.kind, other.kind} <= {"sentence", "bullet"}:
        return False
    words, others = content_stems(one.text), content_stems(other.text)
    return len(words & others) >= SAME * min(len(words), len(others))


def _with_blocks(document: Document, chosen: list[str]) -> list[str]:
    """Add the rest of every block that is shown whole or not at all."""
    blocks = {document.by_id[name].block for name in chosen} - {""}
    return chosen + [passage.id for passage in document.passages if passage.block in blocks and passage.block]
