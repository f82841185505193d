"""A question as it is searched: one form for all ways of typing it, and its sentences."""

from __future__ import annotations

import pytest

from rct_assistant.query import content_stems, focus, normalise, sentences


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  What IS  “zest”?! ", 'what is "zest"'),
        ("tx goals w/ pts", "treatment goals with clients"),
        ("any tx, for my pt?", "any treatment, for my client"),
        ("kl1ent w1ll k1ll h3rself", "klient will kill herself"),
        ("in 1977, week 6, f32.1", "in 1977, week 6, f32.1"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_one_form_whatever_the_typing(typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_a_short_question_has_one_reading_and_a_long_one_its_sentences_too() -> None:
    assert focus("<b>what is zest?</b>") == ["what is zest?"]
    long = "This is about something else entirely. " * 15 + "What is zest in this text?"
    assert focus(long)[-1] == "What is zest in this text?"
    assert len(focus(long)[0].split()) == 60


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is zest?", []),
        ("He has a gun. zest goal?", ["He has a gun."]),
        ("she took pills - all of them; what is zest", ["she took pills", "all of them;", "what is zest"]),
        ("Dr. ok? what is zest", ["what is zest"]),
        ("notes from today\nhe has a gun\n zest goal", ["notes from today", "he has a gun"]),
    ],
)
def test_sentences_of_a_question_that_has_several(question: str, found: list[str]) -> None:
    assert sentences(question) == found


def test_content_words_are_cut_to_a_common_beginning() -> None:
    assert content_stems("What are the relational images of 1977?") == {"rela", "imag"}
