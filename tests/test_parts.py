"""Questions that ask several things at once: how they are taken apart. No model is needed."""

from __future__ import annotations

import pytest

from rct_assistant.document import Document
from rct_assistant.parts import Missing, asks, best_of_each, missing, split, split_questions
from rct_assistant.retrieve import Ranking, Scored


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("who founded the group and where did they meet?", ["who founded the group", "where did they meet"]),
        ("define mutual empathy, then tell me the goal for it", ["define mutual empathy", "tell me the goal for it"]),
        ("Describe zest. Then: who named it", ["Describe zest", "who named it"]),
        ("zest: what is it / which row tracks it", ["which row tracks it"]),
        ("(a) meaning of zest (b) row for zest", ["meaning of zest", "row for zest"]),
        ("he sulks and hides, how do I name that", []),
        ("what is mutual empathy", []),
    ],
)
def test_a_question_is_split_where_another_begins(question: str, parts: list[str]) -> None:
    assert split(question) == parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("meaning of zest + which inventory measures it", ["meaning of zest", "which inventory measures it"]),
        ("is trauma work fine; from what age can kids do it", ["is trauma work fine", "from what age can kids do it"]),
        ("fee for a workshop, plus where it is based", ["fee for a workshop", "where it is based"]),
        ("whats zest, what does a course cost", ["whats zest", "what does a course cost"]),
        ("Irene Stiver, what was her degree in", []),
        ("how do regard and authentic presence differ", []),
    ],
)
def test_two_nouns_are_not_two_questions(question: str, parts: list[str]) -> None:
    assert split_questions(question) == parts


@pytest.mark.parametrize(
    ("part", "expected"), [("which row tracks zest", True), ("meaning of zest", False), ("who", False)]
)
def test_a_part_that_asks_by_itself(part: str, expected: bool) -> None:
    assert asks(part) is expected


def test_a_part_counts_only_where_its_passage_has_to_do_with_the_whole(rct: Document) -> None:
    part = ranking(rct, {"creators-lineage-1": 0.9})
    assert best_of_each([part], ranking(rct, {"training-certification-3": 0.9, "creators-lineage-1": 0.1})) == [
        "creators-lineage-1"
    ]
    assert best_of_each([part], ranking(rct, {"training-certification-3": 0.9})) == []


def test_a_part_that_is_sure_by_itself_needs_no_support(rct: Document) -> None:
    whole = ranking(rct, {"training-certification-3": 0.9})
    assert best_of_each([ranking(rct, {"creators-lineage-1": 0.97})], whole) == ["creators-lineage-1"]
    assert best_of_each([ranking(rct, {"creators-lineage-1": 0.97}, answer=0.9)], whole) == []


def test_a_missing_part_is_counted_among_all_parts(rct: Document) -> None:
    answered, unanswered = ranking(rct, {"creators-lineage-1": 0.9}), ranking(rct, {}, answer=0.0)
    assert missing([answered, unanswered]) == Missing("second", "")
    assert missing([None, answered, unanswered]) == Missing("third", "")
    assert missing([None, unanswered]) is None


def ranking(document: Document, scores: dict[str, float], answer: float = 1.0) -> Ranking:
    """Return a ranking with these scores, 0 for all other passages, for a question that the text answers or does not."""
    found = (Scored(name, scores.get(name, 0.0)) for name in document.by_id)
    return Ranking(
        document,
        tuple(sorted(found, key=lambda one: -one.score)),
        {"answer": answer, "gap": 1.0 - answer, "off_topic": 0.0},
    )
