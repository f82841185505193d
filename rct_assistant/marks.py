"""Read one line of running text: its sentences, the marks of provenance between them, and what each mark binds to.

The rules, which are the same for every document:

- A number (one of the document's source numbers, or several with commas) binds to the sentence it directly follows, or to
  the words that end the line.
- `LLM` after a sentence without a number closes: it covers the span that was opened before that sentence, or, alone, the
  sentence. `LLM` at the start of a line, or after a number, opens when a sentence follows it.
- A well-formed span holds one sentence. An opening that is not closed right after one sentence leaves that sentence unclear,
  and so does an `LLM` after a number with no sentence behind it.
- A lead-in, `LLM-generated … (…):`, opens a block that a final `LLM` closes; without one, all of the block is unclear.
- Digits that could be read two ways are reported.

Nothing here knows a document; nothing here joins lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rct_assistant.document import Level, Llm, Provenance, Span

_CLOSERS = "”’\"'»)\\]"
_END = re.compile(rf"[.?!…]+[{_CLOSERS}]*")
_NUMBERS = re.compile(r"\d+(?:,\d+)*(?=\s|$)")
_TRAILING_NUMBERS = re.compile(r"(?<=[^\W\d_])[\"'”’)\]]*(\d+(?:,\d+)*)\s*$")
_LLM = re.compile(r"LLM(?=\s|$)")
_LAST_LLM = re.compile(r"\sLLM\s*$")
_LEAD_IN = re.compile(r"LLM-generated\s+([^:()]+?)\s*(?:\(([^():]*)\))?:\s*")
_SENTENCE_START = re.compile(r"\s+(?:[“‘\"'«(\[]*[^\W_a-z]|LLM(?:\s|$)|▶)")
_INITIAL = re.compile(r"(?:^|[\s(“\"])[^\W\d_]\.$")
_ABBREVIATIONS = frozenset(
    """
    vs e.g i.e cf dr mr mrs ms mx prof st rev hon fig figs ed eds vol pp p ch sec approx ca dept univ inc
    assoc esp viz
    """.split()
)
_BEFORE_DIGIT = frozenset(["no", "nos", "vol", "fig", "figs", "p", "pp", "ch", "sec", "ca", "approx", "art"])


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the provenance its marks give it; `lead_in` is the note of the block it stands in, if any."""

    span: Span
    provenance: Provenance
    lead_in: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that could be read two ways (`unclear`) or not at all (`defect`), at an offset of the text."""

    level: Level
    start: int
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one line holds."""

    sentences: tuple[Sentence, ...]
    marks: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    """A sentence with its numbers, or (`llm`) an LLM mark."""

    span: Span
    numbers: tuple[int, ...] = ()
    llm: bool = False


def read_line(text: str, span: Span, numbers: tuple[int, ...]) -> Line:
    """Read `text[span]`, which must hold no line break; `numbers` are the document's source numbers."""
    doubts: list[Doubt] = []
    marks: list[Span] = []
    start, note = span.start, ""
    if lead_in := _LEAD_IN.match(text, start, span.end):
        note = ", ".join(part for part in lead_in.groups() if part)
        marks.append(Span(start, lead_in.end()))
        start = lead_in.end()
    tokens: list[_Token] = []
    for token, mark in _tokens(text, start, span.end, numbers, doubts):
        tokens.append(token)
        if mark is not None:
            marks.append(mark)
    sentences = _block(tokens, note, doubts) if note else _bind(tokens, doubts)
    return Line(tuple(sentences), tuple(marks), tuple(doubts))


def _tokens(
    text: str, start: int, end: int, numbers: tuple[int, ...], doubts: list[Doubt]
) -> Iterator[tuple[_Token, Span | None]]:
    """Yield the line's sentences and LLM marks in order, each with the span of its mark."""
    position = start
    while True:
        while position < end and text[position].isspace():
            position += 1
        if position >= end:
            return
        if llm := _LLM.match(text, position, end):
            yield _Token(Span(*llm.span()), llm=True), Span(*llm.span())
            position = llm.end()
            continue
        stop, mark = _sentence_end(text, position, end, numbers, doubts)
        found = tuple(int(part) for part in text[mark.start : mark.end].split(",")) if mark else ()
        yield _Token(Span(position, stop), found), mark
        position = mark.end if mark else stop


def _sentence_end(
    text: str, start: int, end: int, numbers: tuple[int, ...], doubts: list[Doubt]
) -> tuple[int, Span | None]:
    """Return where the sentence that begins at `start` ends, and the span of the number mark behind it, if any."""
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if digits := _NUMBERS.match(text, stop, end):
            if (mark := _number_mark(text, match.start(), digits, numbers, end, doubts)) is not None:
                return stop, mark
            continue
        if not text[stop:end].strip() or (
            _SENTENCE_START.match(text, stop, end) and not _is_abbreviation(text, start, match, end)
        ):
            return stop, None
    return _line_end(text, start, end, numbers, doubts)


def _line_end(
    text: str, start: int, end: int, numbers: tuple[int, ...], doubts: list[Doubt]
) -> tuple[int, Span | None]:
    """Return the end of words that run to the end of the line without closing punctuation, and their number mark."""
    if last := _LAST_LLM.search(text, start, end):
        end = last.start()
    stop = start + len(text[start:end].rstrip())
    digits = _TRAILING_NUMBERS.search(text, start, stop) if numbers else None
    if digits is None or not _all_known(digits[1], numbers):
        return stop, None
    before = text[start : digits.start(1)]
    if re.search(r"(?:^|[\s-])[^\W\d_]{1,2}$", before):
        doubts.append(
            Doubt(
                "unclear",
                digits.start(1),
                f"'{before.split()[-1]}{digits[1]}' may be a source mark or a name; read as a mark",
            )
        )
    return digits.start(1), Span(*digits.span(1))


def _number_mark(
    text: str, punctuation: int, digits: re.Match[str], numbers: tuple[int, ...], end: int, doubts: list[Doubt]
) -> Span | None:
    """Return the span of `digits` if they are a source mark; digits that look like one but cannot be are reported."""
    if not numbers:
        return None
    sentence_follows = (
        not text[digits.end() : end].strip() or _SENTENCE_START.match(text, digits.end(), end) is not None
    )
    decimal = (
        text[punctuation] == "."
        and punctuation > 0
        and text[punctuation - 1].isdigit()
        and digits.start() == punctuation + 1
    )
    if decimal and not sentence_follows:
        return None
    known = _all_known(digits[0], numbers)
    if decimal and (known or "," not in digits[0]):
        reading = "a mark" if known else "a decimal"
        doubts.append(
            Doubt("unclear", digits.start(), f"'{digits[0]}' may be a source mark or a decimal; read as {reading}")
        )
        return Span(*digits.span()) if known else None
    if known:
        return Span(*digits.span())
    listed = ", ".join(map(str, numbers))
    doubts.append(
        Doubt(
            "defect",
            digits.start(),
            f"found '{digits[0]}' after a sentence, expected a source number ({listed}); list it under source_numbers"
            " or mend the text",
        )
    )
    return Span(*digits.span())


def _all_known(digits: str, numbers: tuple[int, ...]) -> bool:
    return all(int(part) in numbers for part in digits.split(","))


def _is_abbreviation(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Say whether the full stop belongs to an abbreviation or an initial, so that the sentence goes on."""
    if match[0] != ".":
        return False
    word = re.search(r"[^\s(“‘\"'\[]*$", text[start : match.start()])
    last = word[0].lower() if word else ""
    if last in _BEFORE_DIGIT and re.match(r"\s+\d", text[match.end() : end]):
        return True
    return last in _ABBREVIATIONS or _INITIAL.search(text[start : match.end()]) is not None


def _bind(tokens: list[_Token], doubts: list[Doubt]) -> list[Sentence]:
    """Give each sentence the provenance of the marks around it, by the rules of the module."""
    sentences: list[Sentence] = []
    opened: int | None = None
    for position, token in enumerate(tokens):
        previous = tokens[position - 1] if position else None
        follows = position + 1 < len(tokens) and not tokens[position + 1].llm
        if not token.llm:
            if opened is not None and previous is not None and not previous.llm:
                _leave_open(sentences, opened, doubts)
                opened = None
            sentences.append(Sentence(token.span, Provenance(token.numbers)))
        elif previous is not None and not previous.llm and not previous.numbers:
            sentences[-1] = _with_llm(sentences[-1], "marked")
            opened = None
        else:
            if opened is not None:
                _leave_open(sentences, opened, doubts)
            opened = len(sentences) if follows else None
            if not follows:
                _dangling(sentences, token, doubts)
    if opened is not None:
        _leave_open(sentences, opened, doubts)
    return sentences


def _leave_open(sentences: list[Sentence], opened: int, doubts: list[Doubt]) -> None:
    """Mark the one sentence after an unclosed opening as unclear."""
    sentences[opened] = _with_llm(sentences[opened], "unclear")
    doubts.append(
        Doubt("unclear", sentences[opened].span.start, "an LLM mark opens before this sentence and never closes")
    )


def _dangling(sentences: list[Sentence], token: _Token, doubts: list[Doubt]) -> None:
    """Report an LLM mark that neither opens nor closes; what stands before it becomes unclear."""
    if sentences:
        sentences[-1] = _with_llm(sentences[-1], "unclear")
    doubts.append(Doubt("unclear", token.span.start, "an LLM mark here neither opens nor closes a span"))


def _block(tokens: list[_Token], note: str, doubts: list[Doubt]) -> list[Sentence]:
    """Bind a block that a lead-in opens: all of it is LLM-marked if a final LLM closes it, else unclear."""
    inner = [token for token in tokens if not token.llm]
    closed = bool(tokens) and tokens[-1].llm and len(tokens) - len(inner) == 1
    if not closed and inner:
        doubts.append(
            Doubt("unclear", inner[0].span.start, "an LLM-generated block opens here and no single LLM mark closes it")
        )
    llm: Llm = "marked" if closed else "unclear"
    return [Sentence(token.span, Provenance(token.numbers, llm), note) for token in inner]


def _with_llm(sentence: Sentence, llm: Llm) -> Sentence:
    return replace(sentence, provenance=replace(sentence.provenance, llm=llm))
