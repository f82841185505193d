"""The look over a question bank, on banks made by hand and on the project's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.bank import BankReport, inspect
from eval.plain import vectors_of
from rct_assistant.bank import BankQuestion
from rct_assistant.corpus import Corpus


def unit(*angles: float) -> np.ndarray:
    """Return unit vectors at these angles in degrees: 18 degrees apart is a cosine of .951."""
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_a_repeat_does_not_count_and_a_repeat_of_a_repeat_does() -> None:
    bank = [BankQuestion(str(number), ("p",)) for number in range(3)]
    report = inspect(bank, unit(0, 17, 34), ["p", "q"])
    assert [(pair.earlier, pair.later) for pair in report.repeats] == [(0, 1)]
    assert report.passages == {"p": 2, "q": 0}
    assert report.answered == 2


def test_near_duplicates_without_a_common_answer_clash_and_both_count() -> None:
    bank = [BankQuestion("a", ("p",)), BankQuestion("b", gap="the cost"), BankQuestion("c", intent="safety")]
    report = inspect(bank, unit(0, 10, 90), ["p"])
    assert [(pair.earlier, pair.later) for pair in report.clashes] == [(0, 1)]
    assert report.clashes[0].cosine == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert (report.answered, report.gaps, report.topics, report.intents) == (1, 1, {"the cost": 1}, {"safety": 1})


def test_two_gaps_agree_whatever_their_topics() -> None:
    report = inspect([BankQuestion("a", gap="x"), BankQuestion("b", gap="y")], unit(0, 1), [])
    assert (len(report.repeats), len(report.clashes), report.gaps) == (1, 0, 1)


@pytest.fixture(scope="module")
def own(corpus: Corpus, data_folder: Path) -> BankReport:
    document = corpus.documents[0]
    bank = corpus.banks[document.name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCT_ASSISTANT_DATA", str(data_folder))
        vectors = vectors_of([question.asked for question in bank])
    return inspect(bank, vectors, list(document.by_id))


def test_the_bank_covers_every_passage_and_many_gaps(own: BankReport) -> None:
    assert own.answered >= 5000
    assert min(own.passages.values()) >= 50
    assert own.gaps >= 1500
    assert len(own.topics) >= 150


def test_the_bank_hardly_contradicts_itself(own: BankReport) -> None:
    # What is left are pairs that one word tells apart ('first', 'third'); `python -m eval bank` lists them.
    assert len(own.clashes) <= own.lines / 1000
