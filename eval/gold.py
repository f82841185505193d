"""Match gold quotes to the units a system shows: passages, chunks, whatever. A unit is gold when its span overlaps a quote's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.questions import Question
from rct_assistant.document import Document, Span
from rct_assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Unit:
    """What a system retrieves and shows as one: `spans` in the document's text (a row has one for each cell)."""

    id: str
    spans: tuple[Span, ...]
    section: str = ""
    words: int = 0

    def overlaps(self, span: Span) -> bool:
        """Say whether unit and span share a character."""
        return any(own.start < span.end and span.start < own.end for own in self.spans)


@dataclass(frozen=True, slots=True)
class Gold:
    """Which units answer a question.

    groups: for each part of the full answer the units that give it, any one is enough; primary: the units of each group's
    first quote; relevant: all units of gold and of acceptable quotes.
    """

    groups: tuple[frozenset[str], ...]
    primary: frozenset[str]
    relevant: frozenset[str]


def passage_units(document: Document) -> tuple[Unit, ...]:
    """Return the passages of a document as units, in the order of the text."""
    return tuple(
        Unit(
            passage.id,
            tuple(cell.span for cell in passage.cells) or (passage.span,),
            passage.section,
            len(passage.text.split()),
        )
        for passage in document.passages
    )


def find(text: str, quote: str) -> tuple[Span, ...]:
    """Return the spans of all places where a quote stands in a text."""
    spans, start = [], text.find(quote)
    while start >= 0:
        spans.append(Span(start, start + len(quote)))
        start = text.find(quote, start + 1)
    return tuple(spans)


def resolve(question: Question, text: str, units: Sequence[Unit]) -> Gold:
    """Return the units that a question's quotes name.

    Raises:
        AssistantError: a group of quotes overlaps no unit, so that nobody could ever find it.
    """
    groups = tuple(frozenset().union(*(_named(text, quote, units) for quote in group)) for group in question.gold)
    if not all(groups):
        raise AssistantError(
            f"{question.id}: found gold that overlaps nothing citable, expected words of a passage (no heading); mend it"
        )
    primary = frozenset[str]().union(*(_named(text, group[0], units) for group in question.gold))
    accepted = frozenset[str]().union(*(_named(text, quote, units) for quote in question.acceptable))
    return Gold(groups, primary, frozenset[str]().union(*groups) | accepted)


def _named(text: str, quote: str, units: Sequence[Unit]) -> frozenset[str]:
    spans = find(text, quote)
    return frozenset(unit.id for unit in units if any(unit.overlaps(span) for span in spans))
