"""Which passages answer: filters by provenance, every mention, whole sections. No model is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rct_assistant.document import Document
from rct_assistant.extract import names_place, place_of, select, select_by_provenance
from rct_assistant.filters import filter_rows, lists_by_provenance, provenance_filter, without_provenance
from rct_assistant.retrieve import Ranking, Scored


def ranking(document: Document, *best: str) -> Ranking:
    """Return a ranking with these passages first, the very best alone relevant, and the others in the order of the text."""
    order = [*best, *(name for name in document.by_id if name not in best)]
    scores = [0.9, *[0.05] * (len(order) - 1)]
    return Ranking(document, tuple(map(Scored, order, scores)), {"answer": 1.0})


def kept(document: Document, question: str, section: str) -> list[int]:
    """Return the ordinals of a section's passages that a question's wish for some provenance keeps."""
    wish = provenance_filter(question)
    assert wish is not None
    passages = [passage for passage in document.passages if passage.id.startswith(section)]
    return [int(passage.id.rpartition("-")[2]) for passage in passages if wish.keeps(passage)]


@pytest.mark.parametrize(
    ("question", "section", "numbers"),
    [
        ("which lines of the history are from source 6", "creators-lineage", [1, 2, 4]),
        ("in the history, what is NOT from source 6?", "creators-lineage", [3, 5]),
        ("history: everything other than what comes from source 6", "creators-lineage", [3, 5]),
        ("which bits did an AI write in the cautions", "contraindications", [2, 4]),
        (
            "cautions again but leave out what the machine wrote, just the sourced sentences",
            "contraindications",
            [1, 3],
        ),
        ("what in the cautions is not LLM written", "contraindications", [1, 3]),
        ("tx plan rows from source 3 - leave the rest out", "treatment-plan", [1, 3, 5, 6]),
        ("which problems have no source number", "problems-for-work", [1, 7]),
        ("misconceptions with a 6 on them, list", "common-misconceptions", [2, 3]),
        ("plan rows that carry a 3", "treatment-plan", [1, 3, 5, 6]),
        ("the cautions tagged LLM, please show", "contraindications", [2, 4]),
        ("cautions, whatever was not written by an LLM", "contraindications", [1, 3]),
        ("cautions, ones with a source number for my essay", "contraindications", [1, 3]),
        ("bullets of problems resting on source 4", "problems-for-work", [4, 5]),
        ("the cautions, sourced sentences only, no AI", "contraindications", [1, 3]),
        ("the problems: strike out whatever has a source", "problems-for-work", [1, 7]),
        ("misconceptions, which ones come from 6?", "common-misconceptions", [2, 3]),
        ("the table again but limit it to source 3", "treatment-plan", [1, 3, 5, 6]),
        ("plan rows where the mechanism is credited to no. 4", "treatment-plan", [2, 4, 7]),
        ("which of the problems has no cited source", "problems-for-work", [1, 7]),
        ("training, leave out the LLM's contributions", "training-certification", [1, 2]),
        ("which problems don't have a source", "problems-for-work", [1, 7]),
        ("which population line isn't sourced", "populations", [3]),
        ("training: what in it is uncited", "training-certification", [3]),
        ("the problems, but no unsourced lines please", "problems-for-work", [2, 3, 4, 5, 6]),
        ("cautions: hide the LLM bits", "contraindications", [1, 3]),
        ("tx plan rows sourced to 3 only", "treatment-plan", [1, 3, 5, 6]),
        ("cautions that weren't written by an AI", "contraindications", [1, 3]),
        ("the problems minus anything LLM", "problems-for-work", [2, 3, 4, 5, 6]),
        ("history lines that don't come from source 6", "creators-lineage", [3, 5]),
        ("everything in the history from sources 3 and 4", "creators-lineage", [3, 5]),
        ("the history from source 4 or source 6", "creators-lineage", [1, 2, 4, 5]),
        ("on whether it works, only the sentences with source 1 behind them", "evidence-base", [1, 2, 3]),
        ("I won't accept machine text. What is said of populations", "populations", [1, 2, 4]),
        ("Evidence base w/out the LLM sentence", "evidence-base", [1, 2, 3, 5]),
        ("everything in the cautions carrying the LLM mark", "contraindications", [2, 4]),
        ("the misconception where it is unclear if the LLM mark applies", "common-misconceptions", [2]),
        ("misconceptions: which sentence has an ambiguous label", "common-misconceptions", [2]),
        ("populations: only the non-LLM passages", "populations", [1, 2, 4]),
        ("only cautions without an LLM mark", "contraindications", [1, 3]),
        ("cautions, show LLM lines", "contraindications", [2, 4]),
        ("cautions, it's not clear to me which lines are marked LLM", "contraindications", [2, 4]),
    ],
)
def test_a_wish_for_some_provenance(rct: Document, question: str, section: str, numbers: list[int]) -> None:
    assert kept(rct, question, section) == numbers


def test_a_block_of_some_provenance_is_shown_once(rct: Document) -> None:
    assert (short := provenance_filter("llm only: cautions")) is not None
    assert short.kind == "llm"
    wish = provenance_filter("only the LLM-marked statements in the interventions")
    assert wish is not None
    shown = select_by_provenance(ranking(rct, "interventions-techniques-7"), wish)
    assert [int(name.rpartition("-")[2]) for name in shown] == [3, 7, 8]


def test_a_wish_for_the_whole_text_is_not_narrowed_to_a_section(rct: Document) -> None:
    wish = provenance_filter("everything credited to source 1, all sections, to compare with the book")
    assert wish is not None
    shown = select_by_provenance(ranking(rct, "evidence-base-1"), wish)
    assert shown == [passage.id for passage in rct.passages if 1 in passage.provenance.sources]


@pytest.mark.parametrize(
    "question",
    [
        "what are the five good things",
        "who founded it",
        "is it sourced",
        "what are the model's parts?",
        "was the grief-hiding client invented by a language model",
        "that client with the hidden grief: from a real paper or machine-written?",
        "is the sentence about naming oppression machine-written?",
        "cite 2 passages on shame, only the best",
        "client with a 9 on the PHQ-9, which goals for low mood",
        "list the supervision questions numbered 2 to 5",
        "which misconceptions help a client who is uncertain and labelled selfish",
    ],
)
def test_other_questions_wish_for_no_provenance(question: str) -> None:
    assert provenance_filter(question) is None


@pytest.mark.parametrize("question", ["source 6, all passages please", "everything from source 6 pls"])
def test_politeness_names_no_section(rct: Document, question: str) -> None:
    wish = provenance_filter(question)
    assert wish is not None
    shown = select_by_provenance(ranking(rct, "creators-lineage-1"), wish)
    assert shown == [passage.id for passage in rct.passages if 6 in passage.provenance.sources]


@pytest.mark.parametrize(
    ("question", "lists"),
    [
        ("the sentence with no source given", True),
        ("show me what source 1 is cited for", True),
        ("which lines are LLM written", True),
        ("all LLM-marked sentences", True),
        ("what does it mean that a line is marked LLM", False),
        ("can I trust anything LLM-generated", False),
        ("what are the five good things", False),
    ],
)
def test_passages_are_asked_for_and_not_what_a_mark_means(question: str, *, lists: bool) -> None:
    assert lists_by_provenance(question) is lists


@pytest.mark.parametrize("question", ["client feels everything is her fault on shame", "whatever others want, power"])
def test_a_story_asks_for_no_whole(rct: Document, question: str) -> None:
    sure, less_sure, *others = ranking(rct, "core-principles-7", "interventions-techniques-6").passages
    some = Ranking(rct, (sure, replace(less_sure, score=0.15), *others), {"answer": 1.0})
    assert select(some, question) == ["core-principles-7"]


def test_all_there_is_on_something_takes_in_what_is_less_sure(rct: Document) -> None:
    sure, less_sure, *others = ranking(rct, "core-principles-7", "interventions-techniques-6").passages
    some = Ranking(rct, (sure, replace(less_sure, score=0.15), *others), {"answer": 1.0})
    assert select(some, "power-with, what does it mean") == ["core-principles-7"]
    assert select(some, "power-with: pull together whatever there is") == [
        "core-principles-7",
        "interventions-techniques-6",
    ]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("objectives with 8 weeks", [1, 5, 7]),
        ("objectives, but none of the eight week ones", [2, 3, 4, 6]),
        ("all objectives except those with 6 weeks", [1, 2, 5, 7]),
        ("rows in the plan w/o 8 wks", [2, 3, 4, 6]),
        ("objectives of less than 6 weeks", [2]),
        ("what falls due before week six", [2]),
        ("objectives: once-a-week things that run for 8 weeks", [1, 7]),
        ("objectives that fit into 6 weeks", [2, 3, 4, 6]),
        ("objectives of no more than 4 weeks", [2]),
        ("objectives that are done within 6 weeks", [2, 3, 4, 6]),
        ("objectives not longer than 6 weeks", [2, 3, 4, 6]),
        ("objectives of no less than 6 weeks", [1, 3, 4, 5, 6, 7]),
        ("which objectives run at least 8 weeks", [1, 5, 7]),
        ("objectives of 4 to 6 weeks", [2, 3, 4, 6]),
        ("objectives between four and six weeks", [2, 3, 4, 6]),
        ("objectives of 4 or 8 weeks", [1, 2, 5, 7]),
        ("objectives of 6 weeks or longer", [1, 3, 4, 5, 6, 7]),
        ("objectives of less than 2 months", [1, 2, 3, 4, 5, 6, 7]),
        ("which ones are longer than 1 month", [1, 3, 4, 5, 6, 7]),
    ],
)
def test_rows_of_some_duration(rct: Document, question: str, numbers: list[int]) -> None:
    rows = [passage.id for passage in rct.passages if passage.kind == "row"]
    shown = filter_rows(rct, rows, question, whole=True)
    assert shown is not None
    assert [int(name.rpartition("-")[2]) for name in shown] == numbers


@pytest.mark.parametrize("question", ["which goals do not fit into eight weeks", "objectives of 2 weeks", "6 sessions"])
def test_a_duration_that_no_row_has_filters_nothing(rct: Document, question: str) -> None:
    rows = [passage.id for passage in rct.passages if passage.kind == "row"]
    assert filter_rows(rct, rows, question, whole=True) is None


@pytest.mark.parametrize(
    ("ordinal", "place"),
    [("1st", 0), ("number four", 3), ("no. 4", 3), ("#3", 2), ("number1", 0), ("row 3", 2), ("last", -1)],
)
def test_where_an_ordinal_points(ordinal: str, place: int) -> None:
    assert names_place(ordinal)
    assert place_of(ordinal) == place


@pytest.mark.parametrize("question", ["a client who feels noone cares", "no one was there for her", "year one"])
def test_no_one_is_no_ordinal(question: str) -> None:
    assert not names_place(question)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Which source is the definition of mutual empathy taken from?", "is the definition of mutual empathy ?"),
        ("what is mutual empathy", ""),
        ("is it sourced", ""),
        ("which reference number for the brain bit", "which for the brain bit"),
        ("number of members in a group", ""),
    ],
)
def test_what_a_question_on_provenance_names(question: str, named: str) -> None:
    assert without_provenance(question) == named


def test_every_mention_of_what_the_best_passage_is_about(rct: Document) -> None:
    best = ranking(rct, "core-principles-5")
    assert select(best, "where does shame come up? all the places") == [
        "core-principles-5",
        "populations-indications-4",
        "problems-for-work-3",
    ]
    assert select(best, "gather all that's said on shame") == select(best, "shame, all the places")
    assert select(best, "what is said about shame") == ["core-principles-5"]


def test_a_word_that_is_everywhere_is_no_topic(rct: Document) -> None:
    assert select(ranking(rct, "core-principles-1"), "every mention of disconnection and connection and RCT") == [
        "core-principles-1"
    ]


def test_a_whole_section_where_everything_is_asked_for_and_it_ranks_best(rct: Document) -> None:
    section = [f"training-certification-{number}" for number in (1, 2, 3)]
    assert select(ranking(rct, *section[:2]), "everything on training please") == section
    assert select(ranking(rct, section[0]), "everything on training please") == section[:1]
    assert select(ranking(rct, *section[:2]), "who trains people") == section[:1]


def test_a_section_in_full_has_its_example_too(rct: Document) -> None:
    section = [f"interventions-techniques-{number}" for number in range(1, 9)]
    assert select(ranking(rct, *section[:6]), "read me the interventions part in full") == section
    assert select(ranking(rct, *section[:6]), "list the techniques") == section[:6]


def test_a_whole_section_where_a_list_is_asked_for_and_all_of_it_ranks_best(rct: Document) -> None:
    section = [f"common-misconceptions-{number}" for number in (1, 2, 3, 4)]
    assert select(ranking(rct, *section), "list the errors people make") == section
    assert select(ranking(rct, *section[:3]), "list the errors people make") == section[:1]
    assert select(ranking(rct, *section[:3]), "list the misconceptions people have") == section
    assert select(ranking(rct, *section[:3]), "list the four errors people make") == section


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("bottom row of the treatment plan", [7]),
        ("objectives: number two", [2]),
        ("goals #3 and #4, treatment plan", [3, 4]),
        ("the first and the last objective", [1, 7]),
    ],
)
def test_items_named_by_their_places(rct: Document, question: str, numbers: list[int]) -> None:
    row = "treatment-plan-suggestions-smart-objectives-"
    assert select(ranking(rct, f"{row}5"), question) == [f"{row}{number}" for number in numbers]
