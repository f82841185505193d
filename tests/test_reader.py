"""The reader against golden tables written from the texts alone, its laws, and what it refuses."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rct_assistant.document import Document
from rct_assistant.errors import CorpusError
from rct_assistant.reader import read_document
from tests.conftest import CORPUS, DATA

DOCUMENTS = {
    "rct": (CORPUS / "rct.txt", (1, 3, 4, 6)),
    "garden": (DATA / "garden.txt", (11, 12, 27)),
    "plain": (DATA / "plain.txt", ()),
}


def read(name: str) -> Document:
    path, numbers = DOCUMENTS[name]
    return read_document(path.read_bytes(), name=name, title=name, numbers=numbers)


def read_text(text: str, numbers: tuple[int, ...] = (1, 2, 3)) -> Document:
    return read_document(text.encode(), name="t", title="T", numbers=numbers)


def provenances(document: Document) -> list[tuple[tuple[int, ...], str]]:
    return [(passage.provenance.sources, passage.provenance.llm) for passage in document.passages]


def as_golden(document: Document) -> list[dict[str, object]]:
    def cells(passage) -> list[dict[str, object]] | None:
        return [
            {"text": c.text, "sources": list(c.provenance.sources), "llm": c.provenance.llm} for c in passage.cells
        ] or None

    return [
        {
            "id": p.id,
            "section": p.section,
            "kind": p.kind,
            "text": p.text,
            "sources": list(p.provenance.sources),
            "llm": p.provenance.llm,
            "cells": cells(p),
        }
        for p in document.passages
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_passage_is_as_in_the_golden_table(name: str) -> None:
    golden = [json.loads(line) for line in (DATA / f"{name}.golden.jsonl").read_text().splitlines()]
    assert as_golden(read(name)) == golden


def test_the_totals_of_the_source_text() -> None:
    passages = read("rct").passages
    count = Counter(
        "sourced" if p.provenance.sources else "marked" if p.provenance.llm == "marked" else "neither" for p in passages
    )
    assert count == {"sourced": 54, "marked": 15, "neither": 6}
    assert [p.id for p in passages if p.provenance.llm == "unclear"] == ["common-misconceptions-2"]
    assert not any(p.provenance.sources and p.provenance.llm == "marked" for p in passages)


def test_the_source_text_has_54_number_marks_and_22_llm_marks() -> None:
    document = read("rct")
    marks = [document.quote(piece.span) for piece in document.pieces if piece.kind == "mark"]
    assert Counter(mark for mark in marks if mark.isdigit()) == {"1": 8, "3": 24, "4": 16, "6": 6}
    assert sum("LLM" in mark for mark in marks) == 22


def test_the_unclosed_mark_is_reported_with_its_line() -> None:
    (finding,) = read("rct").findings
    assert (finding.level, finding.line) == ("unclear", 37)


def test_the_example_is_one_block_with_the_words_of_its_lead_in() -> None:
    blocks = [p for p in read("rct").passages if p.block]
    assert [p.id for p in blocks] == ["interventions-techniques-7", "interventions-techniques-8"]
    assert {p.note for p in blocks} == {"illustrative example, not a guideline"}
    assert len({p.block for p in blocks}) == 1


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_passage_is_the_slice_at_its_span(name: str) -> None:
    document = read(name)
    for passage in document.passages:
        assert document.quote(passage.span) == passage.text
        for cell in passage.cells:
            assert document.quote(cell.span) == cell.text
            assert passage.span.start <= cell.span.start < cell.span.end <= passage.span.end


def assert_covered(document: Document) -> None:
    # A defect is reported and stops the corpus from loading; only then may words stand outside passages.
    defects = any(finding.level == "defect" for finding in document.findings)
    position = 0
    for piece in document.pieces:
        assert piece.span.start == position < piece.span.end
        position = piece.span.end
        if piece.kind == "markup" and not defects:
            assert not document.quote(piece.span).strip(" \t\r\n\f\v\ufeff\x1c\x1d\x1e\x85\xa0\u2028\u2029|-*•")
    assert position == len(document.text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_character_is_in_a_passage_a_heading_a_mark_or_markup(name: str) -> None:
    assert_covered(read(name))


VARIANTS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "BOM": lambda text: "\ufeff" + text,
    "trailing blanks": lambda text: text.replace("\n", "  \t\n"),
    "tabs after bullets": lambda text: text.replace("\n- ", "\n-\t"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "indented": lambda text: text.replace("\n", "\n\t"),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_newlines_blanks_and_composition_change_no_provenance(name: str, variant: str) -> None:
    path, numbers = DOCUMENTS[name]
    plain = read(name)
    changed = read_document(
        VARIANTS[variant](path.read_bytes().decode()).encode(), name=name, title=name, numbers=numbers
    )
    assert [p.id for p in changed.passages] == [p.id for p in plain.passages]
    assert [p.kind for p in changed.passages] == [p.kind for p in plain.passages]
    assert provenances(changed) == provenances(plain)
    assert [p.note for p in changed.passages] == [p.note for p in plain.passages]
    assert_covered(changed)


words = st.sampled_from(
    [
        "Calm",
        "rivers",
        "move",
        "slowly",
        "vs.",
        "Dr. Moss",
        "in 1976",
        "week 2",
        "e.g.",
        "“quoted words”",
        "LLM",
        "3",
        "é",
        "power-with",
    ]
)
endings = st.sampled_from([".", "?", "!", ".”", ".1", ".2 LLM", ". LLM", ".1,3", "", ":", " LLM", "?)", "…"])
openings = st.sampled_from(["", "- ", "* ", "LLM ", "▶ ", "| ", "LLM-generated note (draft): "])
lines = st.builds(lambda o, w, e: o + " ".join(w) + e, openings, st.lists(words, min_size=1, max_size=6), endings)


@given(st.lists(lines, min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_whatever_the_text_nothing_is_lost_and_reading_twice_is_the_same(parts: list[str], newline: str) -> None:
    text = "A plain sentence.\n" + newline.join(parts)
    document = read_text(text)
    assert_covered(document)
    assert read_text(text) == document
    assert len({p.id for p in document.passages}) == len(document.passages)
    for passage in document.passages:
        assert document.quote(passage.span) == passage.text == passage.text.strip()


@given(st.text(min_size=1, max_size=80))
def test_any_text_is_read_whole_or_refused_in_one_line(text: str) -> None:
    refusal = ""
    try:
        document = read_document(text.encode("utf-8", "replace"), name="t", title="T", numbers=(1,))
    except CorpusError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        return
    position = 0
    for piece in document.pieces:
        assert piece.span.start == position
        position = piece.span.end
    assert position == len(document.text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("One thing.1 Two things.2", [((1,), "none"), ((2,), "none")]),
        ("One thing.1 LLM Two things. LLM Three.3", [((1,), "none"), ((), "marked"), ((3,), "none")]),
        ("One thing.1 LLM Two things.2 Three.3", [((1,), "none"), ((2,), "unclear"), ((3,), "none")]),
        ("One thing.1 LLM Two things. Three things. LLM", [((1,), "none"), ((), "unclear"), ((), "marked")]),
        ("One thing. LLM", [((), "marked")]),
        ("LLM One thing. LLM", [((), "marked")]),
        ("One thing.1 LLM", [((1,), "unclear")]),
        ("One thing. LLM LLM Two things. LLM", [((), "marked"), ((), "marked")]),
        ("“Is it so?” LLM Another thing.1", [((), "marked"), ((1,), "none")]),
        ("Power-with vs. power-over matters.1", [((1,), "none")]),
        ("It grew by 2.5 percent in 1976.", [((), "none")]),
        ("See No. 3 for more.2", [((2,), "none")]),
        ("An LLM wrote none of this.1", [((1,), "none")]),
        ("Both say so.1,3 One does not.", [((1, 3), "none"), ((), "none")]),
    ],
)
def test_what_a_mark_binds_to(line: str, expected: list[tuple[tuple[int, ...], str]]) -> None:
    assert provenances(read_text(f"Heading\n{line}\n")) == expected


def test_a_span_never_crosses_a_line() -> None:
    document = read_text("Heading\nOne.1 LLM Two.\nThree. LLM\n")
    assert provenances(document) == [((1,), "none"), ((), "unclear"), ((), "marked")]


def test_cells_keep_their_own_marks() -> None:
    document = read_text("Heading\n| A | B |\n|---|---|\n| first2 | second by week 3 |\n| x LLM | y.1 |\n")
    first, second = document.passages
    assert [(c.name, c.text, c.provenance.sources) for c in first.cells] == [
        ("A", "first", (2,)),
        ("B", "second by week 3", ()),
    ]
    assert [c.provenance.llm for c in second.cells] == ["marked", "none"]
    assert second.provenance.llm == "marked"
    assert second.provenance.sources == (1,)


@pytest.mark.parametrize(
    ("line", "level", "part"),
    [
        ("It rose to 1976.3 Then it fell.1", "unclear", "decimal"),
        ("It is so.7 And so.1", "defect", "expected a source number"),
        ("| A | B |\n|---|---|\n| one |", "defect", "found 1 cells, expected 2"),
        ("| A | B |\n|---|---|\n| one |  |", "defect", "is empty"),
        ("| A | B |\n| one | two |", "defect", "rule"),
        ("| A | B |", "defect", "rule and rows"),
        ("Take vitamin B2\n", "unclear", "may be a source mark or a name"),
    ],
)
def test_what_can_be_read_two_ways_or_not_at_all_is_reported(line: str, level: str, part: str) -> None:
    findings = read_text(f"Heading\nA sentence.\n{line}\n").findings
    assert any(finding.level == level and part in finding.message and finding.line >= 3 for finding in findings), (
        findings
    )


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"A line.\nB\xff line.", "found byte 0xff"),
        ("Grüße".encode("utf-16"), "found byte"),
        (b"PK\x03\x04 A sentence.", "control character U+0003"),
        (b"| A | B |\n|---|---|\n", "no sentence"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_line(data: bytes, part: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read_document(data, name="bad", title="Bad", file="bad.txt")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("bad.txt")


def test_headings_of_the_same_words_get_ids_of_their_own() -> None:
    document = read_text("Notes\nOne.\nNotes\nTwo.\nNotes 2\nThree.\n")
    assert [p.id for p in document.passages] == ["notes-1", "notes-2-1", "notes-2-2-1"]


def test_text_before_the_first_heading_stands_under_the_title() -> None:
    assert [p.id for p in read_text("One.\nHeading\nTwo.\n").passages] == ["t-1", "heading-1"]
