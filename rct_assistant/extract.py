"""Choose which passages answer a question, from a ranking: one for a fact, all of a list, the rows that match a filter.

The result is ids in the order of the text. Nothing here changes a word of them.
"""

from __future__ import annotations

import re

from rct_assistant.document import Document, Passage
from rct_assistant.filters import ProvenanceFilter, filter_rows, numbers_in, without_rhythm
from rct_assistant.query import content_stems
from rct_assistant.retrieve import Ranking

# Chosen on the development questions (see eval).
RELEVANT = 0.25
RELEVANT_TO_ALL = 0.10  # where all there is on something is asked for, which it is worse to cut short than to overfill
NEAR = 0.05
SAME = 0.65
MOST_OF_LIST, ALL_OF_LIST = 0.65, 0.9  # share of a section's items among as many passages that rank best
NEAREST = 3

_LIST_CUE = re.compile(
    r"\b(all|every|each|list|lists|listed|full|whole|complete|entire|everything|table(?!\s+row)|which ones|what are the|name"
    r" the|show me the|(?:run|walk|take) me through|overview|rundown|summar\w+|outline|column|leave\s+(?:none|nothing)"
    r"|leave\s+(?:any|one)\s+out|in\s+full|the lot|(?:row|line|point) by (?:row|line|point)"
    r"|(?:show|give|put|see|read|have|need|want|open|display|print|paste|copy|quote)\b[^.?!]{0,40}\b(?:section|chapter))\b",
    re.I,
)
# A wish for a whole, and one for every place where something is mentioned.
_EVERYTHING = re.compile(
    r"\b(?:everything|full|whole|complete|entire|one by one|column|top to bottom|start to finish|in full|the lot"
    r"|all (?:of|it|there|that|they)"
    r"|(?:all|every|each)(?:\s+\w+)?\s+(?:steps?|parts?|points?|groups?|statements?|sentences?|items?))\b",
    re.I,
)
_MENTIONS = re.compile(
    r"\b(?:all|every|any|each)\s+(?:other\s+|the\s+|of\s+the\s+)*(?:places?|spots?|mentions?|bits?|lines?)\b"
    r"|\b(?:all|every|each)\s+(?:the\s+)?(?:sentences?|passages?|statements?)\s+(?:where|that|which|with|on|about)\b"
    r"|\b(?:everywhere|wherever|all (?:it|you\W?ve got|the text)|(?:collect|gather) (?:all|any\w*|every\w*))\b"
    r"|\bwhere\s+(?:does|do|is|are)\b.*\b(?:(?:come|turn|crop|pop|show|bring|brought)s? up|mentioned)\b"
    r"|\ball\W+(?:that\W?s|that is|they|it)\s+sa(?:id|ys?)\b",
    re.I,
)
# A wish for all that the text has on a theme, in whatever words.
_GATHERS = re.compile(
    r"\b(?:everything|anything\s+and\s+everything)(?=\W*$|[.,;:!?]|\s+(?:on|about|that|which|it|the\s+text|there|you|in|said|touch\w*|to\s+do|carrying)\b)"
    r"|\bwhatever\s+(?:it|you|there|the\s+text|is|was|bears|relates)\b|\bwherever\b|\bevery\s+(?:word|bit|angle|passage|mention)\b"
    r"|\b(?:pull|put|bring)\s+(?:\w+\s+){0,2}together\b|\bround\s+up\b|\bthe\s+(?:whole\s+)?lot\b|\bthe\s+set\b"
    r"|\b(?:gather|collect)\s+(?:all|any\w*|every\w*|what\w*|together)\b|\ball\s+(?:about|sections|you\s+have|you\W?ve\s+got)\b"
    r"|\ball\s+(?:there\s+is|it\s+(?:has|says)|that\s+(?:is|it|you|there|bears|relates|touches|concerns|has))\b"
    r"|\b(?:all|every|each)(?:\s+of)?(?:\s+(?:the|its|their|other))?\s+(?:passages?|bits?|sentences?|lines?|places?|mentions?|statements?"
    r"|sections?|things?|angles?)\b",
    re.I,
)
# Words around a wish for some provenance that name no topic.
_NO_TOPIC = content_stems(
    "source text passages sentences lines parts bits section which only just show give list from everything anything all"
    " every any there marked have has did were them something statements claims resting rests based nothing else"
    " cited citing used given quoted named ones please pls thanks see put pull apply together whatever label non"
)
_WHOLE_TEXT = re.compile(
    r"\b(?:(?:whole|entire|full)\s+(?:text|document|page|thing)|(?:all|every|any|across)\s+(?:the\s+)?sections?|anywhere|throughout)\b",
    re.I,
)
# An item by its number: 'number four', 'no. 4', '#4', 'row 4'; but not 'no one'.
NUMBERED = (
    r"(?:number|nr\.?|no\.?|#)\s*[1-7](?!\d)|(?:number|nr\.?|no\.)\s+(?:one|two|three|four|five|six|seven)"
    r"|(?:row|item|bullet|misconception)\s+(?:[1-7](?!\d)|one|two|three|four|five|six|seven)"
)
_MOST_MENTIONS = 12  # a word in more passages than this is no topic
# What makes of 'first' no place in a list.
NO_PLACE = r"[\s-]*(?:years?|line|choice|place|time|aid|things?|steps?|sessions?|names?|person|then)\b"
_PLACE = re.compile(
    rf"(?<!\w)(first(?!{NO_PLACE})|second|third|fourth|fifth|sixth|seventh|last(?!\s+\d)|final|1st|2nd|3rd|4th|5th|6th|7th"
    r"|(?:top|bottom)(?=\s+(?:row|line|one|item|bullet|goal|objective|question)\b)"
    rf"|{NUMBERED})\b",
    re.I,
)
# Where an ordinal points in a list, from 0; the last from behind.
_PLACES = {
    word: place
    for place, words in enumerate(
        (
            "first 1st top one 1",
            "second 2nd two 2",
            "third 3rd three 3",
            "fourth 4th four 4",
            "fifth 5th five 5",
            "sixth 6th six 6",
            "seventh 7th seven 7",
        )
    )
    for word in words.split()
} | {"last": -1, "final": -1, "bottom": -1}


def place_of(ordinal: str) -> int:
    """Return where an ordinal ('first', '2nd', 'number three', '#4', 'last') points in a list, from 0; -1 is its end."""
    return _PLACES[re.findall(r"\d+[a-z]*|[a-z]+", ordinal.lower())[-1]]


def select(ranking: Ranking, question: str, *, places: bool = True) -> list[str]:
    """Return the ids of the passages that answer the question, given that the text does, in the order of the text.

    places: whether an ordinal in the question is a place in a list; in a follow-up it may point at what was shown before.
    """
    document = ranking.document
    enough = RELEVANT_TO_ALL if _GATHERS.search(question) else RELEVANT
    chosen = [scored.id for scored in ranking.passages if scored.score >= enough] or [ranking.passages[0].id]
    whole = _LIST_CUE.search(without_rhythm(question)) is not None
    if (rows := filter_rows(document, chosen, question, whole=whole)) is not None:
        return tidy(document, rows, ranking)
    if places and (items := _by_place(document, chosen, question)):
        return in_text_order(document, items)
    mentions = _mentions(ranking, question) if _MENTIONS.search(question) else []
    chosen += mentions
    if _LIST_CUE.search(question):
        chosen += _whole_list(ranking, question)
    return in_text_order(document, _with_blocks(document, chosen)) if mentions else tidy(document, chosen, ranking)


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


def select_by_provenance(ranking: Ranking, wish: ProvenanceFilter) -> list[str]:
    """Return the passages of the section that the rest of the question is about, filtered; of the whole text if it names none."""
    document, words = ranking.document, topic_of(wish)
    kept = [passage for passage in document.passages if wish.keeps(passage)]
    if words and not _WHOLE_TEXT.search(wish.rest):
        weight: dict[str, float] = {}
        for scored in ranking.passages:
            section = document.by_id[scored.id].section
            weight[section] = weight.get(section, 0.0) + scored.score
        named = max(weight, key=lambda name: (len(words & content_stems(name)), weight[name]))
        inside = [
            [passage for passage in kept if passage.section == best]
            for best in (named, max(weight, key=weight.__getitem__))
        ]
        kept = inside[0] or inside[1]
    return in_text_order(document, _with_blocks(document, [passage.id for passage in kept]))


def topic_of(wish: ProvenanceFilter) -> set[str]:
    """Return the stems that say what a wish for some provenance is about; empty if it is about the whole text."""
    return content_stems(wish.rest) - _NO_TOPIC


def in_text_order(document: Document, ids: list[str]) -> list[str]:
    """Return the ids once each, as they stand in the text."""
    return sorted(set(ids), key=document.positions.__getitem__)


def _by_place(document: Document, chosen: list[str], question: str) -> list[str]:
    """Return the items of a list that a question names by their places ('the last supervision question'), if it names any."""
    named_places = [place_of(match[1]) for match in _PLACE.finditer(question)]
    if not named_places:
        return []
    section = document.by_id[chosen[0]].section
    inside = [name for name in chosen if document.by_id[name].section == section]
    named = content_stems(section) & content_stems(question)
    if len(inside) < 3 and not named:
        return []
    passages = [passage for passage in document.passages if passage.section == section]
    items = [passage.id for passage in passages if passage.kind != "sentence"] or [passage.id for passage in passages]
    return [items[place] for place in named_places if -1 <= place < len(items)] if len(items) >= 3 else []


def names_place(question: str) -> bool:
    """Say whether a question has an ordinal in it, which may be a place in a list."""
    return _PLACE.search(question) is not None


def _mentions(ranking: Ranking, question: str) -> list[str]:
    """Return every passage with the words that the question shares with the passage that answers it best."""
    best = ranking.document.by_id[ranking.passages[0].id]
    topic = content_stems(question) & content_stems(best.text)
    found = [passage.id for passage in ranking.document.passages if topic <= content_stems(passage.text)]
    return found if topic and len(found) <= _MOST_MENTIONS else []


def _whole_list(ranking: Ranking, question: str) -> list[str]:
    """Return all of a section's items or sentences if enough of as many passages as rank best are among them, and half near.

    The rows of a table rank together for any question on one of them, but then the others are not near. Most are enough where the
    question says that it wants everything, names the section, or says how many they are.
    """
    best = ranking.document.by_id[ranking.passages[0].id]
    same = [p.id for p in ranking.document.passages if (p.section, p.kind, p.block) == (best.section, best.kind, "")]
    near = [name for name in same if ranking.scores[name] >= NEAR]
    first = {scored.id for scored in ranking.passages[: len(same)]}
    is_named = content_stems(best.section) & content_stems(question)
    surely = _EVERYTHING.search(question) or is_named or len(same) in numbers_in(question)
    share = MOST_OF_LIST if surely else ALL_OF_LIST
    if len(same) < 3 or 2 * len(near) < len(same) or len(first.intersection(same)) <= share * len(same):
        return []
    block = [p.id for p in ranking.document.passages if p.section == best.section and p.block]
    return same + block if is_named and _EVERYTHING.search(question) else same


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
