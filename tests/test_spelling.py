"""Slips of the finger: what is mended and what is left alone."""

from __future__ import annotations

import pytest

from rct_assistant.spelling import Spelling

SPELLING = Spelling(
    ["mutual empathy and relational images make the difference"] * 3 + ["the mutuel of the wellesley centers"]
)


def test_a_swap_that_somebody_typed_before_is_still_a_swap() -> None:
    spelling = Spelling(
        ["the trial of relational therapy"] * 60 + ["relatoinal trail", "mothers"] * 2 + ["others"] * 60
    )
    assert spelling.mend("relatoinal trail for mothers") == "relational trial for mothers"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("mutaul empathy", "mutual empathy"),
        ("mutul empathyy", "mutual empathy"),
        ("relationel imagse", "relational images"),
        ("mutual empathy", "mutual empathy"),
        ("teh diffrnce adn", "the difference and"),
        ("ralatoinal", "relational"),
    ],
)
def test_slips_in_a_word_are_mended(typed: str, read: str) -> None:
    assert SPELLING.mend(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["tha mke", "mutuel", "wellesle", "ketamine", "mtaula", "", "1976 (mutual)"],
    ids=["short", "used once", "target too rare", "far from all", "two slips", "empty", "numbers and signs"],
)
def test_everything_else_stays(typed: str) -> None:
    assert SPELLING.mend(typed) == typed
