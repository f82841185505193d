"""What a question wants to see only: passages of some provenance ('which of them are from source 4'), or rows of some duration.

Patterns over the words of the question; what they find is a filter over passages. Choosing passages is `extract`'s task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rct_assistant.document import Document, Passage
from rct_assistant.query import content_stems

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
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
_UNIT_NAMES = r"(?:weeks?|wks?|months?|days?|years?|sessions?|hours?)"
_WEEKS = {"d": 1 / 7, "w": 1.0, "m": 52 / 12, "y": 52.0}  # by the first letter of a unit
_UNIT = re.compile(
    rf"\b(?P<count>\d+|{'|'.join(_NUMBER_WORDS)})[\s-]*(?P<unit>{_UNIT_NAMES})\b"
    rf"|\b(?P<unit_first>weeks?|wk|months?|days?)\s+(?P<number>\d+|{'|'.join(_NUMBER_WORDS)})\b",
    re.I,
)
_COUNT = rf"(?:\d+|{'|'.join(_NUMBER_WORDS)})"
_RANGE = re.compile(
    rf"\b(?P<between>between\s+)?(?P<low>{_COUNT})\s*(?P<joined>-|–|to|and|or)\s*(?P<high>{_COUNT})[\s-]*(?P<unit>{_UNIT_NAMES})\b",
    re.I,
)
_WEEKLY = re.compile(r"\b(?:weekly|(?:every|each|per|once\W+a)\W+(?:single\s+)?week)\b", re.I)
_LESS = re.compile(r"\b(?:shorter|less|fewer|under|below|quicker|sooner|faster|before)\b", re.I)
_AT_MOST = re.compile(
    r"\b(?:at (?:the )?most|(?:no|not) (?:more|longer|later) than|up to|max\w*|fits?|caps?|capped|only have"
    r"|or (?:less|fewer|under|shorter)|(?:finished|done|completed?|over|achieved|reached|doable|feasible) (?:with)?in)\b",
    re.I,
)
_AT_LEAST = re.compile(
    r"\b(?:at (?:the (?:very )?)?least|(?:no|not) (?:less|fewer|shorter|sooner) than|min(?:imum)?|or (?:more|longer|over))\b",
    re.I,
)
_COMPARES = re.compile(r"\b(?:shorter|longer|quicker|sooner|faster|fewer)\b", re.I)
_MORE = re.compile(r"\b(?:longer|more than|over|above|beyond|exceed\w*)\b", re.I)

_SOURCE = re.compile(
    r"\b(?:source|src|ref(?:erence)?|cit(?:e|es|ed|ing|ation)|numbered)s?\s*(?:is|are|to|as|from|no\.?|number|#)?\s*\d+\b"
    r"(?!\+|\s*(?:to|-|–)\s*\d|(?:(?<=cite\s\d)|(?<=reference\s\d))\s+(?:passages?|sentences?|lines?|quotes?|things?)\b)"
    rf"(?:\s*(?:,|and|or|&|\+|/)\s*\d+\b(?![\s-]*{_UNIT_NAMES}))*"
    rf"|\b(?:carry|carries|carrying|bear|bears|bearing)\s+an?\s+\d\b(?![\s-]*{_UNIT_NAMES})"
    r"|\b(?:with|has|have|having)\s+an?\s+\d\b(?=\s*(?:(?:on|behind|beside|after)\s+(?:it|them)\b|at\s+the\s+end|$|[?!.,;]))"
    r"|\b(?:(?:comes?|taken|quoted)\s+from|has\s+the|have\s+the|under|(?:credited|attributed|sourced)\s+to)\s+(?:number\s+|no\.?\s*)?\d\b"
    r"(?=\s*(?:only|alone|$|[?!.,;]))",
    re.I,
)
_NAMED_SOURCE = re.compile(r"\b(?:source|src)", re.I)
_MARK = r"(?:marks?|labels?|tags?)"
_MACHINE = r"(?:llm|ai|a\.i\.|machine|robot|computer|chatgpt|gpt|bot|language model)"
_BY_A_MACHINE = (
    r"(?:written|generated|made|marked|authored|produced|labell?ed|flagged|tagged|invented|made up|put in|added)"
)
_LLM = re.compile(
    rf"\b(?:{_MACHINE}|model(?=[\s-]+(?:generated|written)))\b(?:\W?s\b)?[\s-]*"
    r"(?:marked|labell?ed|tagged|written|generated|made|bits?|parts?|ones|passages?|sentences?|spans?|text|stuff|content"
    r"|lines?|rows?|bullets?|statements?|claims?"
    r"|additions?|contributions?)"
    rf"|\b(?:anything|everything|nothing)\s+{_MACHINE}\b|^\W*{_MACHINE}\s+only\b|\b{_MACHINE}\s+only\W*$"
    rf"|\b(?:bits?|parts?|lines?|sentences?|passages?|bullets?|rows?|ones?)\s+(?:is|are|r)\s+{_MACHINE}\b"
    rf"|\b{_BY_A_MACHINE}\s+(?:as\s+|by\s+)*(?:an?\s+|the\s+)?{_MACHINE}\b"
    rf"|\b(?:an?\s+|the\s+)?{_MACHINE}\s+(?:wrote|writes?|makes?|made|did|generate[ds]?|produce[ds]?)\b"
    rf"|\b(?:with|carry|carries|carrying|bears?|bearing|has|have|having|under|got)\s+(?:an?\s+|the\s+)?{_MACHINE}[\s-]+{_MARK}\b"
    rf"|(?:(?<=\bwithout\s)|(?<=\bwithout\san\s)|(?<=\bwithout\sthe\s)|(?<=\bno\s)){_MACHINE}[\s-]+{_MARK}\b",
    re.I,
)
_UNSURE = r"(?:unclear|ambiguous|uncertain|doubtful|not\s+clear)"
_UNCLEAR = re.compile(
    rf"\b{_UNSURE}\s+(?:{_MACHINE}[\s-]+)?(?:{_MARK}|marking|provenance)\b"
    rf"|\b(?:{_MARK}|marking|provenance)\s+(?:that\s+)?(?:is|are|was)\s+{_UNSURE}\b"
    rf"|\b{_UNSURE}\s+(?:if|whether)\s+(?:the\s+)?(?:{_MACHINE}[\s-]+)?{_MARK}\b",
    re.I,
)
# Not which passages have a provenance, but which one a thing has: 'from a paper or machine-written?', 'is the line on zest LLM?'
_WRITTEN = (
    r"(?:papers?|stud(?:y|ies)|book|source[sd]?(?!\s+\d)|cited?|citation|(?:by|from|an?|did)\s+(?:human|person|people))"
)
_EITHER = re.compile(
    rf"\b{_WRITTEN}\b[^.?!,;]{{0,30}}\bor\b[^.?!,;]{{0,25}}\b{_MACHINE}\b"
    rf"|\b{_MACHINE}\b[^.?!,;]{{0,25}}\bor\b[^.?!,;]{{0,25}}\b{_WRITTEN}\b",
    re.I,
)
_OF_SEVERAL = re.compile(r"\b(?:only|just|all|every\w*|any\w*|either|show|list|which)\b", re.I)
_OF_ONE = re.compile(
    r"^\W*(?:is|was|did|does|has)\s+(?:the|that|this)\s+(?:sentence|statement|passage|line|claim)\b", re.I
)
# Words that turn a wish into its opposite, where they stand right before it.
_NEGATION = re.compile(
    r"(?<![\w-])(?:not|(?:is|are|was|were|do|does|did|has|have|wo)n\W?t|never|except|besides|other than|apart from|without"
    r"|w/o(?:ut)?"
    r"|none of|minus|exclud\w+|omit\w*|ignor\w+"
    r"|(?:leav|skip|drop|remov|delet|strik|cross|hid)\w*(?:\s+out)?)\b",
    re.I,
)
_NEGATED = re.compile(rf"(?:{_NEGATION.pattern}(?:\s+\w+){{0,4}}|\bno|\bnon-?)\s*$", re.I)
_UNSOURCED = re.compile(
    r"\b(?:without|no|lacks?|lacking|have no|has no)\s+(?:an?\s+|any\s+)?(?:(?:cited|given|named)\s+)?"
    r"(?:source|citation|reference|number)"
    r"|\b(?:unsourced|uncited)\b|(?:n\W?t|\bnot|\bnever)(?:\s+been)?\s+(?:sourced|cited|referenced)\b(?!\s+(?:in|by)\b)"
    r"|\b(?:do|does|did|has|have)(?:n\W?t|\s+not)\s+(?:have|got|carry|give|cite|name)\s+(?:an?\s+|any\s+)?(?:source|citation)",
    re.I,
)
_SOURCED = re.compile(
    r"\b(?:only|just)\b.*\b(?:sourced|cited)\b|\b(?:sourced|cited)\s+(?:\w+\s+)?only\b"
    r"|\b(?:with|has|have|having|carry|carries|carrying)\s+(?:got\s+)?an?\s+(?:\w+\s+)?(?:source|citation)(?:\s+number)?\b"
    r"|\bproper source\b|\bproperly (?:sourced|cited)\b",
    re.I,
)
_FILTERS = re.compile(
    r"\b(which|what|whatever|only|just|limit\w*|restrict\w*|all|every|any|anything|show|list|everything|is there|are there|ones?"
    r"|none|are the|were the|the (?:sentence|statement|passage|line)|the \w+ where|with|whose|from source"
    r"|(?:sourced|attributed|credited) (?:to|from)"
    r"|bullets|rows|sentences|statements|passages|lines|parts|bits?)\b",
    re.I,
)
# Passages are asked for, and not what a mark means.
_LISTS = re.compile(
    r"\b(?:all|every|any|which|show|list|the)\s+(?:[\w-]+\s+){0,2}?(?:sentences?|passages?|statements?|lines?|claims?|rows?|goals?|terms?|bits?"
    r"|parts?|ones)\b|\b(?:everything|anything)\b|\bcited\s+for\b",
    re.I,
)
_ASKS_MEANING = re.compile(
    r"\b(?:mean|means|meaning|why|who|how|stands?\s+for|difference|trust|rely|reliab\w+|check\w*)\b", re.I
)
_ON_PROVENANCE = re.compile(
    rf"\b(?:(?:which|what)\s+sources?|sourced?|sources|cited?|citation|ref(?:erence)?|number(?:s|ed)?(?!\s+(?:of|needed))|{_MACHINE}|{_BY_A_MACHINE}|(?:taken|come|comes)\s+from"
    r"|an?\s+(?=language model)|really|actually)\b",
    re.I,
)


@dataclass(frozen=True)
class ProvenanceFilter:
    """A wish to see only passages of some provenance, or (`inverted`) all others, with the question without that wish.

    named: whether the numbers are plainly called sources, so that one that the text does not have asks for nothing else.
    """

    rest: str
    sources: frozenset[int] = frozenset()
    kind: str = ""
    inverted: bool = False
    named: bool = False

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
            case "unclear":
                return own.llm == "unclear"
            case "unsourced":
                return not own.sources
            case _:
                return bool(own.sources) and own.llm == "none"


def provenance_filter(question: str) -> ProvenanceFilter | None:
    """Return the wish for some provenance that a question states, if it does: 'which of them are from source 4'."""
    if (
        _OF_ONE.search(question)
        or without_either(question)
        or not (_FILTERS.search(question) or _NEGATION.search(question))
    ):
        return None
    if numbers := list(_SOURCE.finditer(question)):
        negated = [_NEGATED.search(question[: match.start()]) is not None for match in numbers]
        inverted = negated[0]
        wanted = " ".join(match[0] for match, other in zip(numbers, negated, strict=True) if other is inverted)
        sources = frozenset(int(number) for number in _NUMBER.findall(wanted))
        named = all(_NAMED_SOURCE.match(match[0]) for match in numbers)
        return ProvenanceFilter(_NEGATION.sub(" ", _SOURCE.sub(" ", question)), sources, "source", inverted, named)
    for kind, pattern in (("unclear", _UNCLEAR), ("llm", _LLM), ("unsourced", _UNSOURCED), ("sourced", _SOURCED)):
        if match := pattern.search(question):
            inverted = _NEGATED.search(question[: match.start()]) is not None
            return ProvenanceFilter(_NEGATION.sub(" ", pattern.sub(" ", question)), kind=kind, inverted=inverted)
    return None


def lists_by_provenance(question: str) -> bool:
    """Say whether a question plainly asks for the passages of some provenance ('the sentence with no source given')."""
    asks = _LISTS.search(question) is not None and not _ASKS_MEANING.search(question)
    return asks and provenance_filter(question) is not None


def without_either(question: str) -> str:
    """Return what else is in a question that asks which of two provenances one thing has; empty if it asks no such thing."""
    rest = _EITHER.sub(" ", question)
    return rest if rest != question and not _OF_SEVERAL.search(question) else ""


def without_provenance(question: str) -> str:
    """Return what a question on the provenance of something names, without its words on provenance; empty if it has none."""
    rest = _ON_PROVENANCE.sub(" ", question)
    return " ".join(rest.split()) if rest != question and content_stems(rest) else ""


def compares(question: str) -> bool:
    """Say whether a question asks for shorter or longer ones without saying than what: 'shorter ones?'."""
    return _COMPARES.search(question) is not None and not _UNIT.search(question)


def filter_rows(document: Document, chosen: list[str], question: str, *, whole: bool) -> list[str] | None:
    """Keep the table rows with the duration and rhythm that a question names ('8 weeks', 'weekly'), or without if it says so.

    whole: whether the question asks for all there are. Returns None if it names no duration or no row is chosen.
    """
    rows = [document.by_id[name] for name in chosen if document.by_id[name].kind == "row"]
    asked = _durations(question)
    weekly = _WEEKLY.search(question) is not None
    if not rows or not (asked or weekly):
        return None
    table = [p for p in document.passages if p.kind == "row" and p.section == rows[0].section]
    match = [p.id for p in table if not asked or _lasts(p.text, asked, question)]
    if weekly:
        match = [name for name in match if _WEEKLY.search(document.by_id[name].text)] or match * bool(asked)
    if (named := (_UNIT if asked else _WEEKLY).search(question)) and _denies(question[: named.start()]):
        return [p.id for p in table if p.id not in match] or None
    if len(rows) < 3 and not whole:
        match = [name for name in match if name in chosen]
    return match + [name for name in chosen if document.by_id[name].kind != "row"] if match else None


def numbers_in(question: str) -> set[int]:
    """Return the numbers that a question names, in digits or in words."""
    words = re.findall(r"\w+", question.lower())
    return {int(_NUMBER_WORDS.get(word, word)) for word in words if word.isdecimal() or word in _NUMBER_WORDS}


def without_rhythm(question: str) -> str:
    """Return a question without its words for 'weekly', which ask for no list ('every week')."""
    return _WEEKLY.sub(" ", question)


def _durations(text: str) -> set[float]:
    """Return the durations and deadlines that a text names, in weeks; sessions and hours are none."""
    found = set()
    for match in _UNIT.finditer(text):
        unit = (match["unit"] or match["unit_first"]).lower()
        if unit[0] in _WEEKS:
            found.add(_number(match["count"] or match["number"]) * _WEEKS[unit[0]])
    for match in _RANGE.finditer(text):
        unit, low, high = match["unit"].lower(), _number(match["low"]), _number(match["high"])
        through = match["between"] or match["joined"].lower() not in ("and", "or")
        if unit[0] in _WEEKS:
            found.update(count * _WEEKS[unit[0]] for count in (range(low, high) if through else (low,)))
    return found


def _number(word: str) -> int:
    return int(_NUMBER_WORDS.get(word.lower(), word))


def _lasts(text: str, asked: set[float], question: str) -> bool:
    """Say whether a row has a duration asked for, or a shorter or longer one if that is asked."""
    durations = _durations(_WEEKLY.sub(" ", text))
    if _AT_MOST.search(question):
        return any(weeks <= max(asked) for weeks in durations)
    if _AT_LEAST.search(question):
        return any(weeks >= min(asked) for weeks in durations)
    if _LESS.search(question):
        return any(weeks < min(asked) for weeks in durations)
    if _MORE.search(question):
        return any(weeks > max(asked) for weeks in durations)
    return bool(asked & durations)


def _denies(before: str) -> bool:
    """Say whether the words before a duration turn it into its opposite; 'not longer than' is a bound, no denial."""
    bound = _AT_LEAST.sub(" ", _AT_MOST.sub(" ", before))
    return _NEGATED.search(bound) is not None
