"""Resolve a follow-up against the earlier questions: pronouns, ellipses, ordinals, returns to an earlier topic.

Only the earlier questions come from the caller; what was shown for them is found by asking again. A question that stands on its
own inherits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rct_assistant.bank import joined
from rct_assistant.document import Document
from rct_assistant.extract import NO_PLACE, NUMBERED, in_text_order, place_of
from rct_assistant.parts import split_questions
from rct_assistant.query import LONG, content_stems
from rct_assistant.rules import after_switch

MOST_EARLIER = 10

_OPENING = re.compile(
    r"^(?:(?:ok(?:ay)?|right|hmm|oh|thanks|great|yes|no|sorry)[\s,.]+)*(?:and|but|so|also|or|then|what about|how"
    r" about|what if|same (?:for|with)|why|how so|how come|i meant?|"
    r"tell me more|say more|more|go on|such as|like what|example|meaning)\b",
    re.I,
)
_ANAPHOR = re.compile(
    r"\b(?:it|its|it's|they|them|their|theirs|that|this|these|those|he|him|his|she|her|hers|one|ones|other|others|another|else|same|both|"
    r"former|latter|there|then|the (?:first|second|third|fourth|fifth|sixth|seventh|last|list)|that list|opposite"
    r"|shorter|longer|instead|as opposed to|versus|number (?:one|two|three|four|five|six|seven|[1-7]))\b",
    re.I,
)
_NO_ANAPHOR = re.compile(
    r"\bthis\s+(?:model|theory|framework|therapy|text|document|page)\b"
    r"|\bit(?:\W?s|\s+is)\s+(?:unclear|(?:not\s+)?clear)\s+(?:if|whether|that)\b|"
    r"\b(?:say|says|said|claim|claims|idea|true|fact|mean|means|clients?|people|someone|therapists?|those|way|so|think|believe)\s+that\b|\bthat\s+(?:the|a|rct|people|clients?)\b|\bit\s+(?:true|say|safe|ok|okay|possible|fair|a\b)|\bdoes"
    r" it (?:say|work|have|mention)\b|\bis it (?:true|ok|just|only|a|an|for|ever|safe)\b|\bis there\b|\bare there\b",
    re.I,
)
_RETURN = re.compile(
    r"\b(?:back to|going back|return(?:ing)? to|earlier|before(?=\W*$|[,;]|\s+(?:we|you|i)\b)|previous(?:ly)?|you said"
    r"|you mentioned|mentioned (?:earlier|before|above|there)|again)\b",
    re.I,
)
_ORDINAL = re.compile(
    rf"(?<!\w)(?:the\s+)?(first(?!{NO_PLACE})|second|third|fourth|fifth|sixth|seventh|last|1st|2nd|3rd|4th|5th|6th|7th"
    rf"|{NUMBERED})\b(?:\s+(?:one|item|point|bullet|row|goal|objective|problem|question|term|misconception))?",
    re.I,
)
# 'the one on stigma': one of several shown, by what it is about
_THE_ONE = re.compile(
    r"\bthe\s+(?:one|item|point|bullet|row|goal|objective|problem|question|term)\s+(?:on|about|for|with|that|where|which|of)\s+(.+)",
    re.I,
)
_RETURN_TO = re.compile(
    r"^(?:(?:ok(?:ay)?|right|so|and|now|sorry)[\s,]+)*(?:(?:let's|can we|to)\s+)?(?:(?:go|going|come|coming)\s+)?"
    r"(?:back to ([^,;:.?]+)|((?:the|my)\s+\w+\s+(?:thing|question|topic|one)\s+(?:i|we)\s+\w+(?:\s+about)?))[,;:.?]\s+(?=\S)",
    re.I,
)
# What a word means or who somebody is: short, and yet complete.
_DEFINES = re.compile(r"^(?:what|who)(?:\W?s|\s+(?:is|are|was|were))\s+\w+\W*$", re.I)
_ALL_OF_THEM = re.compile(r"\b(?:all|every\s*one|each)\s+of\s+(?:them|those|these)\b", re.I)
_NEXT = re.compile(
    r"^\W*(?:(?:and|ok(?:ay)?|now|so)\W+)*(?:the\s+)?next\s+(?:one|row|item|point|bullet|goal|objective|term|problem)\b(?!\s+\w+\s+\w+\s+\w+)",
    re.I,
)
_OTHERS = re.compile(r"\b(?:others?|rest|remaining|remainder|any more|anything else)\b", re.I)
_SAME_FOR = re.compile(r"\bsame (?:for|with)\b", re.I)
_SAME_PERSON = re.compile(
    r"\b(?:the|my|this|our)\s+(?:[\w-]+\s+)?(?:client|patient|pt|ct|girl|boy|teen\w*|kid|man|woman)s?\b", re.I
)
_SHORT = 3
_LIST = 3  # passages that make a list in which an ordinal can point
_LIST_WORDS = content_stems(
    "others other rest remaining remainder more else any anything called names name list what which them items"
)
_SAY_MORE = content_stems(
    "say tell read quote verbatim whole full aloud out more about explain that list item again please pls then what"
    " mean means only just give show want need have simple plain version words"
)
_ABOUT_PROVENANCE = re.compile(
    r"\b(?:(?:un)?sourced?|sources|llm|generated|ai|machine|citations?|(?:un)?cited?|ref(?:erence)?s?|who says|backed up|made up"
    r"|where(?:\W?s| is| does| did) (?:that|this|it) (?:come )?from|where (?:do|did) they get (?:that|this|it)"
    r"|(?:person|human|people) (?:wrote|write)|by an? (?:person|human)|from an? (?:paper|study|book|article)"
    r"|(?:carry|carries|have|has|got) (?:a|any) (?:number|label|mark))\b",
    re.I,
)
# Something shown, whatever it is called: 'is that caution sourced'.
_THAT_THING = re.compile(
    r"\b(?:that|this|these|those)\s+(?:bit|bullet|caution|claim|definition|example|figure|goal|idea|intervention|item|line|mechanism"
    r"|misconception|objective|part|point|principle|problem|question|quote|row|term|thing|warning)s?\b",
    re.I,
)
_PROVENANCE_WORDS = content_stems(
    "only ones with without please show give pls"
    " which there though says bit text did write wrote written from said that this really actually just got have has does carry"
    " sentence statement line passage number status layout reference label labelled marked tagged"
    " backed list tell cannot can't real proper"
    " what whats one comes came any isn aren wasn weren"
)


@dataclass(frozen=True)
class Turn:
    """An earlier question as it was understood, the passages shown for it, and whether it was refused, or claimed a standing."""

    question: str
    document: Document
    passages: tuple[str, ...]
    refused: bool = False
    danger: bool = False
    claimed: bool = False


@dataclass(frozen=True)
class Standalone:
    """A question with what it needs to be understood: `text` is searched; `earlier` is the turn it depends on, if any.

    `passages` is set when the question points at passages themselves ('is that sourced?'), `item` when an ordinal of it was found
    to name an item of what was shown.
    """

    text: str
    earlier: Turn | None = None
    passages: tuple[str, ...] = ()
    item: bool = False


def resolve(question: str, turns: Sequence[Turn]) -> Standalone:
    """Return the standalone form of a question, given the earlier turns, oldest first."""
    text = after_switch(question)
    # Of several questions the first tells: a pronoun in a later one may point at the first.
    first = next(iter(split_questions(question)), question)
    if text != question or not turns or not is_dependent(first):
        return Standalone(text)
    turn = _turn_meant(question, turns)
    rest = _RETURN_TO.sub("", question)
    if _points_at_passages(rest) and rest == question:
        turn = next((shown for shown in reversed(turns) if shown.passages), turn)
    whole = _joined(turn.question, rest)
    if turn.passages and (_points_at_passages(rest) or _names_column(rest, turn)):
        return Standalone(whole, turn, turn.passages)
    if others := _next(rest, turn) or _others(rest, turn):
        return Standalone(whole, turn, others)
    if rest == question and (chosen := _by_ordinal(question, turn) or _by_description(question, turn)) is not None:
        said = _THE_ONE.sub(" ", _ORDINAL.sub(" ", question))
        itself = not content_stems(said) - _SAY_MORE or _points_at_passages(said)
        return Standalone(joined(_lead(turn.document, chosen), question), turn, (chosen,) if itself else (), item=True)
    return Standalone(whole, turn)


def _joined(earlier: str, question: str) -> str:
    """Return a follow-up with the end of what it leans on, so that both are short enough to be read as a whole."""
    room = max(LONG - len(question.split()), 0)
    words = earlier.split()
    return joined(earlier if len(words) <= room else " ".join(words[len(words) - room :]), question).strip()


def substitutes(question: str) -> bool:
    """Say whether a follow-up only puts another thing in the place of the last: 'and for depression?', 'same for culture'."""
    return _OPENING.search(question) is not None and _ANAPHOR.search(_SAME_FOR.sub(" ", question)) is None


def is_dependent(question: str) -> bool:
    """Say whether a question leans on what was asked before it."""
    if any(pattern.search(question) for pattern in (_OPENING, _RETURN, _RETURN_TO, _NEXT)):
        return True
    if _ORDINAL.fullmatch(question.strip(" .,?!")):
        return True
    if _asks_for_provenance(question) or _asks_for_others(question):
        return True
    stripped = _NO_ANAPHOR.sub(" ", question)
    if _ANAPHOR.search(stripped):
        return True
    stems = len(content_stems(question))
    return len(question.split()) <= _SHORT and stems <= 1 and not (stems and _DEFINES.search(question))


def means_same_person(question: str) -> bool:
    """Say whether a question mentions a client; right after a danger that is taken for the one who is in it."""
    return _SAME_PERSON.search(question) is not None


def _turn_meant(question: str, turns: Sequence[Turn]) -> Turn:
    """Return the turn a question returns to, or the latest that showed something; 'the second' goes past a single item."""
    answered = [turn for turn in turns if turn.passages and not turn.refused]
    if not answered:
        return turns[-1]
    if match := _RETURN_TO.search(question):
        ordinal = _ORDINAL.search(match[1] or match[2])
        place = place_of(ordinal[1]) if ordinal else len(turns)
        if place < len(turns):
            return turns[place]
    if _RETURN.search(question):
        words = content_stems((match[1] or match[2]) if match else question)
        return max(reversed(answered), key=lambda turn: len(words & content_stems(turn.question)))
    if (_ORDINAL.search(question) or _THE_ONE.search(question)) and len(answered[-1].passages) == 1:
        return next((turn for turn in reversed(answered) if len(turn.passages) >= _LIST), answered[-1])
    return answered[-1]


def _points_at_passages(question: str) -> bool:
    """Say whether a question asks where what was shown comes from, and names nothing else."""
    question = _THAT_THING.sub("that", question)
    return _ABOUT_PROVENANCE.search(question) is not None and not (
        content_stems(_ABOUT_PROVENANCE.sub(" ", question)) - _PROVENANCE_WORDS
    )


def _asks_for_provenance(question: str) -> bool:
    """Say whether a question asks for the provenance of what was shown, and not for a source by its number or the assistant's."""
    return _points_at_passages(question) and not re.search(r"\d|\byou(?:rs?)?\b", question, re.I)


def _asks_for_others(question: str) -> bool:
    return _OTHERS.search(question) is not None and not content_stems(question) - _LIST_WORDS


def _names_column(question: str, turn: Turn) -> bool:
    """Say whether a question names nothing but a column of the rows that a turn showed: 'and the mechanism?'."""
    shown = [turn.document.by_id[name] for name in turn.passages]
    names = {stem for passage in shown for cell in passage.cells for stem in content_stems(cell.name)}
    words = content_stems(_OPENING.sub(" ", question)) - _SAY_MORE
    return all(passage.cells for passage in shown) and bool(words) and words <= names


def _others(question: str, turn: Turn) -> tuple[str, ...]:
    """Return the rest of a list of which a turn showed a part, if a question asks for just that, or for others of its section."""
    if _asks_for_others(question):
        return _siblings(turn)
    if (all_of := _ALL_OF_THEM.search(question)) and not content_stems(question.replace(all_of[0], " ")) - _SAY_MORE:
        return tuple(in_text_order(turn.document, [*turn.passages, *_siblings(turn)]))
    words = content_stems(_OPENING.sub(" ", question)) - _LIST_WORDS
    named = all(words <= content_stems(turn.document.by_id[name].section) for name in turn.passages)
    return _siblings(turn, of_sentences=True) if named and _OTHERS.search(question) else ()


def _next(question: str, turn: Turn) -> tuple[str, ...]:
    """Return the item behind the last that a turn showed of a list, if a question asks for just that."""
    if not (_NEXT.search(question) and turn.passages):
        return ()
    last = turn.document.by_id[turn.passages[-1]]
    items = [p.id for p in turn.document.passages if (p.section, p.kind) == (last.section, last.kind)]
    place = items.index(last.id) + 1
    return tuple(items[place : place + 1]) if last.kind != "sentence" else ()


def _siblings(turn: Turn, *, of_sentences: bool = False) -> tuple[str, ...]:
    """Return what a turn did not show of the one list that it showed something of; a section's sentences may be one, too."""
    shown = [turn.document.by_id[name] for name in turn.passages]
    kinds = {(passage.section, passage.kind) for passage in shown if of_sentences or passage.kind != "sentence"}
    same = [p.id for p in turn.document.passages if (p.section, p.kind) in kinds and p.id not in turn.passages]
    return tuple(same) if len(kinds) == 1 else ()


def _by_ordinal(question: str, turn: Turn) -> str | None:
    """Return the passage of a turn that an ordinal names, if several were shown; of a list, its items count."""
    match, shown = _ORDINAL.search(question), _items(turn)
    if match is None or len(shown) < _LIST:
        return None
    place = place_of(match[1])
    return shown[place] if place < len(shown) else None


def _by_description(question: str, turn: Turn) -> str | None:
    """Return the one passage of several shown, or of the list that the one shown is in, which has most of a question's words."""
    match, shown = _THE_ONE.search(question), _items(turn)
    if match is None:
        return None
    if len(shown) < _LIST:
        shown = [*shown, *_siblings(turn)]
    if len(shown) < _LIST:
        return None
    words = content_stems(match[1])
    common = {name: len(words & content_stems(turn.document.by_id[name].text)) for name in shown}
    best, second = sorted(common.values())[:-3:-1]
    return max(shown, key=common.__getitem__) if best > second else None


def _items(turn: Turn) -> list[str]:
    """Return the passages shown in which an ordinal can point: of a list, its items."""
    items = [name for name in turn.passages if turn.document.by_id[name].kind != "sentence"]
    return items if len(items) > len(turn.passages) / 2 else list(turn.passages)


def _lead(document: Document, name: str) -> str:
    """Return the words that name a passage: a bullet's head, a row's first cell, or the passage itself."""
    passage = document.by_id[name]
    if passage.cells:
        return passage.cells[0].text
    head, colon, _ = passage.text.partition(":")
    return head if colon and len(head.split()) <= 8 else passage.text
