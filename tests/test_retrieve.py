"""What a refusal may name as missing, from the bank questions near it. The ranking itself is tested through the assistant."""

from __future__ import annotations

import pytest

from rct_assistant.bank import BankQuestion
from rct_assistant.retrieve import topic_missing

FEES, LENGTH = "the cost of training", "the length of the video"


def gaps(*near: tuple[str, float]) -> list[tuple[BankQuestion, float]]:
    """Return bank questions on these topics (none: one with an answer) with their cosines."""
    return [(BankQuestion("?", gap=topic) if topic else BankQuestion("?", ("p-1",)), cosine) for topic, cosine in near]


@pytest.mark.parametrize(
    ("question", "near", "topic"),
    [
        ("what is the charge", gaps((FEES, 0.85)), FEES),
        ("what is the charge", gaps((FEES, 0.70)), ""),
        ("what does the training cost", gaps((FEES, 0.70)), FEES),
        ("what does the training cost", gaps((FEES, 0.55)), ""),
        ("what is the charge", gaps((LENGTH, 0.85), (FEES, 0.82), (FEES, 0.81)), FEES),
        ("who founded it", gaps(("", 0.95)), ""),
        ("who founded it", [], ""),
    ],
)
def test_a_topic_is_named_only_where_it_surely_is_what_was_asked_for(
    question: str, near: list[tuple[BankQuestion, float]], topic: str
) -> None:
    assert topic_missing(question, near) == topic
