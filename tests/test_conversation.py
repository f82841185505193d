"""Follow-ups: what a question leans on, what it is joined with, and which passages it points at. No model is needed."""

from __future__ import annotations

import pytest

from rct_assistant.conversation import Turn, is_dependent, resolve, substitutes
from rct_assistant.document import Document

TERMS = tuple(f"key-terms-{number}" for number in range(1, 7))
GOALS = tuple(f"treatment-plan-suggestions-smart-objectives-{number}" for number in range(1, 8))


@pytest.fixture
def turns(rct: Document) -> list[Turn]:
    return [
        Turn("what does isolation mean", rct, ("key-terms-3",)),
        Turn("list the key terms", rct, TERMS),
        Turn("capital of France", rct, (), refused=True),
        Turn("who founded it", rct, ("creators-lineage-1",)),
    ]


@pytest.mark.parametrize(
    "question",
    [
        "and for shame?",
        "why",
        "who else was in it",
        "back to the terms, which is the shortest",
        "sourced or LLM?",
        "number two please",
        "what is it",
        "and before that?",
        "versus what",
        "which part of it is unclear",
        "does this approach work with kids",
    ],
)
def test_a_follow_up_leans_on_what_was_asked(question: str) -> None:
    assert is_dependent(question)


@pytest.mark.parametrize(
    "question",
    [
        "what is source 3?",
        "are your answers sourced",
        "what are the five good things",
        "is RCT only for women",
        "what is zest?",
        "which objectives end before week 6?",
        "cautions when using this model?",
        "the sentence where it's unclear whether the mark applies",
    ],
)
def test_a_question_that_stands_on_its_own_leans_on_nothing(question: str) -> None:
    assert not is_dependent(question)


def test_a_follow_up_is_joined_with_the_latest_question_that_showed_something(turns: list[Turn]) -> None:
    standalone = resolve("and when did she write it", turns[:3])
    assert standalone.text == "list the key terms and when did she write it"
    assert standalone.earlier is turns[1]
    assert standalone.passages == ()


def test_a_new_topic_inherits_nothing(turns: list[Turn]) -> None:
    assert resolve("new question: what is it good for", turns).earlier is None
    assert resolve("what are the five good things", turns).earlier is None


@pytest.mark.parametrize(
    ("question", "place", "rest"),
    [
        ("going back to the isolation thing, who uses it", 0, "who uses it"),
        ("back to the first one. which goal covers it", 0, "which goal covers it"),
        ("ok back to the key terms: which mention power", 1, "which mention power"),
        ("my second question we discussed: which mention power", 1, "which mention power"),
    ],
)
def test_a_return_finds_the_earlier_question_and_goes_on_from_there(
    turns: list[Turn], question: str, place: int, rest: str
) -> None:
    standalone = resolve(question, turns)
    assert standalone.earlier is turns[place]
    assert standalone.text == f"{turns[place].question} {rest}"


@pytest.mark.parametrize(
    "question",
    [
        "is that sourced?",
        "sourced or LLM?",
        "does that line carry a number?",
        "who says",
        "and this comes from which source number?",
        "is that claim from a paper",
        "did a person write that",
        "is this part cited",
        "where did they get that",
        "which ref",
        "where does that claim come from",
        "which of those are unsourced",
        "is that misconception sourced",
        "was it written by a human",
    ],
)
def test_a_question_about_provenance_points_at_what_was_shown(turns: list[Turn], question: str) -> None:
    assert resolve(question, turns).passages == ("creators-lineage-1",)


@pytest.mark.parametrize("question", ["which paper says clients hide", "who says this works", "and where is it?"])
def test_a_question_that_names_something_else_does_not_point_at_what_was_shown(
    turns: list[Turn], question: str
) -> None:
    assert resolve(question, turns).passages == ()


def test_an_ordinal_names_an_item_of_the_list_that_was_shown(turns: list[Turn]) -> None:
    assert resolve("tell me more about the third one", turns[:2]).passages == ("key-terms-3",)
    assert resolve("the third one on that list, is it backed by a source", turns[:2]).passages == ("key-terms-3",)
    assert resolve("the third one, what goal fits", turns[:2]).passages == ()
    assert resolve("number four again please", turns[:2]).passages == ("key-terms-4",)


@pytest.mark.parametrize(
    "question", ["read me the third", "the third, verbatim", "quote the third in full", "third bullet"]
)
def test_an_ordinal_alone_points_at_the_item_itself(turns: list[Turn], question: str) -> None:
    assert resolve(question, turns[:2]).passages == ("key-terms-3",)


def test_an_ordinal_goes_past_a_single_item_to_the_list_before_it(rct: Document, turns: list[Turn]) -> None:
    item = Turn("the last one", rct, (TERMS[-1],))
    assert resolve("and the third?", [turns[1], item]).earlier == turns[1]
    assert resolve("and the third?", [item]).earlier == item


@pytest.mark.parametrize(
    "question", ["just the one on empathy", "give me the one about sharing power", "only the fourth"]
)
def test_one_of_several_is_named_by_its_words_or_its_number(turns: list[Turn], question: str) -> None:
    expected = {"empathy": "key-terms-6", "power": "key-terms-5", "fourth": "key-terms-4"}[question.split()[-1]]
    assert resolve(question, turns[:2]).passages == (expected,)


def test_the_one_asked_about_is_searched_with_its_name(turns: list[Turn]) -> None:
    standalone = resolve("which goal fits the one on empathy", turns[:2])
    assert standalone.text == "Mutual empathy which goal fits the one on empathy"
    assert standalone.passages == ()


def test_another_item_of_the_list_is_named_by_its_words(rct: Document) -> None:
    turn = Turn("goal on stigma please", rct, GOALS[2:3])
    assert resolve("and the one on resilience", [turn]).passages == (GOALS[4],)


@pytest.mark.parametrize("question", ["the one on money", "the one on connection"])
def test_words_of_none_or_of_several_name_no_item(turns: list[Turn], question: str) -> None:
    assert not resolve(question, turns[:2]).item


def test_first_line_is_no_first_item(turns: list[Turn]) -> None:
    assert not resolve("is it first-line then", turns[:2]).item


def test_what_is_to_be_forgotten_is_left_out(turns: list[Turn]) -> None:
    standalone = resolve("never mind the brochure. who trains people in it", turns)
    assert standalone.text == "who trains people in it"
    assert standalone.earlier is None


@pytest.mark.parametrize("question", ["what are the others called", "the rest?", "any more?"])
def test_the_others_are_the_rest_of_the_list(rct: Document, question: str) -> None:
    turn = Turn("is resilience one of the goals", rct, ("interventions-techniques-5", GOALS[4]))
    assert resolve(question, [turn]).passages == GOALS[:4] + GOALS[5:]


def test_the_others_need_a_list(turns: list[Turn]) -> None:
    assert resolve("what are the others called", turns).passages == ()


@pytest.mark.parametrize("question", ["same for controlling images pls", "and for depression?", "what about culture"])
def test_putting_another_thing_in_the_place_of_the_last(question: str) -> None:
    assert substitutes(question)


def test_pointing_at_the_last_thing_puts_nothing_in_its_place() -> None:
    assert not substitutes("and does it help")


@pytest.mark.parametrize("question", ["and the mechanism?", "what's the goal", "the objective please"])
def test_a_column_of_the_rows_shown_is_those_rows(rct: Document, question: str) -> None:
    turn = Turn("the objective for zest", rct, (GOALS[3],))
    assert resolve(f"and {question}", [turn]).passages == (GOALS[3],)
    assert resolve("and the mechanism of change in mutual empathy?", [turn]).passages == ()


def test_others_of_a_named_section_are_those_not_shown(rct: Document) -> None:
    errors = [name for name in rct.by_id if name.startswith("common-misconceptions")]
    turn = Turn("is it just rapport", rct, (errors[0],))
    assert resolve("right, and the other misconceptions?", [turn]).passages == tuple(errors[1:])
    assert resolve("right, and the other founders?", [turn]).passages == ()


def test_a_long_earlier_question_leaves_room_for_the_follow_up(rct: Document) -> None:
    turn = Turn(" ".join(f"word{number}" for number in range(80)), rct, ("key-terms-3",))
    words = resolve("and what about shame", [turn]).text.split()
    assert len(words) == 60
    assert words[-5:] == ["word79", "and", "what", "about", "shame"]


def test_where_a_refusal_comes_from_is_asked_of_what_it_showed(rct: Document) -> None:
    answered = Turn("who founded it", rct, ("creators-lineage-1",))
    refused = Turn("is it first-line", rct, ("evidence-base-1", "evidence-base-3"), refused=True)
    assert resolve("is that sourced?", [answered, refused]).passages == refused.passages
    assert resolve("and when was that", [answered, refused]).earlier is answered


def test_the_first_session_is_no_place_in_a_list(rct: Document) -> None:
    turn = Turn("list the goals", rct, GOALS)
    assert not resolve("how do I use it in the first session?", [turn]).item
    assert resolve("tell me more about the first", [turn]).item


def test_all_of_them_is_the_list_and_next_is_the_item_behind(rct: Document) -> None:
    turn = Turn("mutual empathy in the key terms", rct, (TERMS[1],))
    assert resolve("all of them then", [turn]).passages == TERMS
    assert resolve("next one please", [turn]).passages == (TERMS[2],)
    assert resolve("next row down", [Turn("the last goal", rct, (GOALS[6],))]).passages == ()


def test_only_those_of_some_provenance_are_of_what_was_shown(rct: Document) -> None:
    assert resolve("only the ones without ai pls", [Turn("key terms", rct, TERMS)]).passages == TERMS
