"""What the bank questions nearest to a question say of it. The ranking itself is tested through the assistant."""

from __future__ import annotations

import numpy as np
import pytest

from rct_assistant.bank import BankQuestion
from rct_assistant.fit import REASONS, Evidence
from rct_assistant.retrieve import less_gap, topic_missing

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


@pytest.mark.parametrize(
    ("answered", "gap", "value"), [(0.97, 0.90, 0.1), (0.92, 0.90, 0.3), (0.85, 0.80, 0.5), (0.97, 0.98, 0.5)]
)
def test_a_copy_of_a_question_with_an_answer_is_hardly_a_gap(answered: float, gap: float, value: float) -> None:
    nearest = np.array([0.5, answered, gap, *[0.0] * (len(REASONS) - 1)], dtype=np.float32)
    values = np.full(len(nearest), 0.5, dtype=np.float32)
    changed = less_gap(Evidence(values, nearest, np.zeros(2, dtype=np.float32))).values
    assert changed == pytest.approx([0.5, 0.5, value, *[0.5] * (len(REASONS) - 1)])
