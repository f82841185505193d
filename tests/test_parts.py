"""Questions that ask several things at once: how they are taken apart. No model is needed."""

from __future__ import annotations

import pytest

from rct_assistant.parts import split, split_questions


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("who founded the group and where did they meet?", ["who founded the group", "where did they meet"]),
        ("define mutual empathy, then tell me the goal for it", ["define mutual empathy", "tell me the goal for it"]),
        ("what is mutual empathy", []),
    ],
)
def test_a_question_is_split_at_its_conjunctions(question: str, parts: list[str]) -> None:
    assert split(question) == parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("meaning of zest + which inventory measures it", ["meaning of zest", "which inventory measures it"]),
        ("is trauma work fine; from what age can kids do it", ["is trauma work fine", "from what age can kids do it"]),
        ("how do regard and authentic presence differ", []),
    ],
)
def test_two_nouns_are_not_two_questions(question: str, parts: list[str]) -> None:
    assert split_questions(question) == parts
