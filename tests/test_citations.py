"""Labels, statements and context follow from the document alone."""

from __future__ import annotations

import pytest

from rct_assistant.citations import cite, context, label, passage_label, statement_text, states
from rct_assistant.document import Document, Provenance


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("core-principles-2", "source 4"),
        ("core-principles-4", "no source given"),
        ("evidence-base-4", "LLM-marked in the source: not from a cited source"),
        (
            "interventions-techniques-7",
            "LLM-marked in the source: not from a cited source; illustrative example, not a guideline",
        ),
        ("common-misconceptions-2", "source 6; LLM marking unclear in the source"),
        ("resources-further-reading-2", "listed under further reading"),
        (
            "treatment-plan-suggestions-smart-objectives-1",
            "Goal: no source given; SMART objective (example): no source given; Mechanism: source 3",
        ),
    ],
)
def test_labels(rct: Document, passage: str, expected: str) -> None:
    assert passage_label(rct.by_id[passage]) == expected


def test_two_sources_and_an_unclear_passage_without_source_have_labels(rct: Document) -> None:
    passage = rct.passages[0]
    assert label(passage, Provenance((1, 3))) == "sources 1 and 3"
    assert label(passage, Provenance((), "unclear")) == "no source given; LLM marking unclear in the source"
    assert label(passage, Provenance((4,), "marked")) == "LLM-marked in the source; source 4"


def test_a_row_has_one_citation_for_each_cell_and_its_header_in_the_text(rct: Document) -> None:
    row = rct.by_id["treatment-plan-suggestions-smart-objectives-2"]
    citations = cite(rct, row)
    assert [c.label for c in citations] == ["no source given", "no source given", "source 4"]
    assert all(rct.quote(c.span) == c.quote for c in citations)
    assert statement_text(row).count("(example)") == 1


@pytest.mark.parametrize(
    ("passage", "shown_before", "expected"),
    [
        ("evidence-base-3", None, ["evidence-base-1", "evidence-base-2"]),
        ("evidence-base-3", "evidence-base-2", []),
        ("evidence-base-3", "evidence-base-1", ["evidence-base-2"]),
        ("evidence-base-2", None, ["evidence-base-1"]),
        ("populations-indications-4", None, ["populations-indications-1", "populations-indications-3"]),
        ("core-principles-3", None, []),
        ("type-discipline-1", None, []),
        ("key-terms-2", None, []),
    ],
)
def test_a_sentence_that_refers_back_is_shown_with_what_it_refers_to(
    rct: Document, passage: str, shown_before: str | None, expected: list[str]
) -> None:
    assert [p.id for p in context(rct, passage, shown_before)] == expected


def test_context_never_leaves_the_section(rct: Document) -> None:
    for passage in rct.passages:
        assert {p.section for p in context(rct, passage.id)} <= {passage.section}


def test_statements_of_neighbours_need_no_context(rct: Document) -> None:
    first, second, third = states(rct, ["evidence-base-1", "evidence-base-2", "evidence-base-3"])
    assert [len(statement.context) for statement in (first, second, third)] == [0, 0, 0]
