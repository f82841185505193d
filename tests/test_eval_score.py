"""Values of single questions, rates over them, other ways of typing, and baselines, on cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval import cost, gate, robustness
from eval.baselines import Baseline, asked_text, cut_off, outcomes
from eval.gold import Gold, Unit
from eval.outcome import Outcome, digest, same_reply
from eval.overlap import Near, copies
from eval.questions import KINDS, Question
from eval.score import BASELINE, BY_NAME, MEASURES, score
from eval.summary import Figure, Rate, View, rates, risk_curve
from eval.variants import VARIANTS, vary

FACT = Question("fact-1", "fact", "how many chambers", gold=(("four",),))
LIST = Question("list-1", "list", "list them", gold=(("four",), ("five",)))
MISS = Question("miss-1", "near_miss", "what does it cost", reason="not_in_source")
LINE = Question("line-1", "first_line", "is it first-line", reason="first_line")
QUESTIONS = (FACT, LIST, MISS, LINE)
GOLDS = {
    "fact-1": Gold((frozenset("a"),), frozenset("a"), frozenset("a")),
    "list-1": Gold((frozenset("a"), frozenset("b")), frozenset("ab"), frozenset("ab")),
}
REPLIES = {
    "fact-1": Outcome("answer", ("a",), ("a", "b", "c"), 0.9, 3, {"total": 0.02, "rank": 0.01}),
    "list-1": Outcome("answer", ("c", "a"), ("c", "a", "b"), 0.7, 6, {"total": 0.04, "rank": 0.01}),
    "miss-1": Outcome("not_in_source", (), ("b", "a", "c"), 0.2, 0, {"total": 0.03, "rank": 0.01}),
    "line-1": Outcome("first_line", (), ("a", "b", "c"), 0.4, 0, {"total": 0.01}),
}


def view(**changed: Outcome) -> View:
    """Return the view of the four questions, some with other outcomes."""
    replies = REPLIES | {name.replace("_", "-"): outcome for name, outcome in changed.items()}
    return View("assistant", QUESTIONS, replies, score(QUESTIONS, GOLDS, replies), {"fact-1": "one", "list-1": "two"})


def rate(found: list[Rate], measure: str, kind: str = "all") -> Figure:
    return next(each.figure for each in found if (each.measure, each.kind) == (measure, kind))


def test_values_are_there_only_where_they_apply():
    values = view().values
    assert values["miss-1"] == {"near miss refused": 1.0, "decision": 1.0, "right": 1.0}
    assert values["line-1"]["first line refused"] == 1.0
    assert values["fact-1"]["right"] == 1.0
    assert (values["list-1"]["recall"], values["list-1"]["lead"], values["list-1"]["right"]) == (0.5, 0.0, 0.0)


def test_an_answer_to_a_near_miss_is_caught():
    # Planted defect: the assistant answers what the text does not hold.
    wrong = view(miss_1=Outcome("answer", ("b",), ("b", "a", "c"), 0.8))
    assert wrong.values["miss-1"] == {"near miss refused": 0.0, "decision": 0.0, "right": 0.0}
    assert rate(rates(wrong, frozenset()), "near miss refused").value == 0.0


def test_a_refusal_for_another_reason_is_no_abstention():
    values = view(miss_1=Outcome("safety", (), (), 0.0)).values["miss-1"]
    assert values["near miss refused"] == 0.0


def test_means_leave_out_what_does_not_apply():
    found = rates(view(), frozenset())
    assert (rate(found, "recall").value, rate(found, "recall").count) == (0.75, 2)
    assert rate(found, "recall", "fact").value == 1.0
    assert (rate(found, "right").value, rate(found, "right").count) == (0.75, 4)
    assert rate(found, "micro precision").value == pytest.approx(2 / 3)
    assert rate(found, "AUROC", "near_miss").value == 1.0
    assert not any(each.measure == "AUROC" and each.kind == "off_topic" for each in found)


def test_rates_without_near_copies():
    found = next(r for r in rates(view(), frozenset({"list-1"})) if (r.measure, r.kind) == ("recall", "all"))
    assert found.without is not None
    assert (found.figure.value, found.without.value, found.without.count) == (0.75, 1.0, 1)


def test_risk_counts_an_answerable_question_by_its_best_passage():
    assert risk_curve(view()).risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3])


def test_every_measure_says_what_it_means():
    assert all(measure.meaning for measure in MEASURES)
    assert set(BASELINE) <= set(BY_NAME)
    assert all(target.kind in (*KINDS, "all") for target in gate.TARGETS)


def test_costs():
    started = cost.Started(None, 2.0, built=False)  # type: ignore[arg-type]
    found = cost.rates(list(REPLIES.values()), [0.01, 0.01], started, 500.0)
    assert rate(found, "total p50 ms").value == pytest.approx(25.0)
    assert rate(found, "rest p50 ms").value == pytest.approx(15.0)
    assert rate(found, "p50 in bare embeddings").value == pytest.approx(2.5)
    assert rate(found, "start s").value == 2.0


def test_equal_replies_are_equal_whatever_they_took():
    one = replace(
        REPLIES["fact-1"], response={"text": "a", "seconds": 1, "trace": {"ranked": [], "seconds": {"rank": 1}}}
    )
    slow = replace(one, response={"text": "a", "seconds": 9, "trace": {"ranked": [], "seconds": {"rank": 8}}})
    other = replace(one, response={"text": "b", "seconds": 1, "trace": {"ranked": [], "seconds": {"rank": 1}}})
    assert same_reply(one, slow)
    assert digest([one]) == digest([slow])
    assert not same_reply(one, other)


def test_variants():
    question = "What does Power mean in RCT?"
    assert vary(question, "lower") == "what does power mean in rct"
    assert vary(question, "no question mark") == "What does Power mean in RCT"
    assert vary(question, "upper") == "WHAT DOES POWER MEAN IN RCT?"
    assert vary(question, "blanks") == "  What  does  Power  mean  in  RCT? "
    assert vary("what is it", "lower") is None
    assert vary("a b", "typo") is None
    with pytest.raises(ValueError, match="found variant 'rot13'"):
        vary(question, "rot13")


@pytest.mark.parametrize("question", ["what are the five good things", "Does it name sessions?"])
def test_a_typo_swaps_two_neighbours_and_is_the_same_every_time(question: str):
    typo = vary(question, "typo")
    assert typo is not None
    assert typo == vary(question, "typo")
    assert sorted(typo) == sorted(question)
    assert sum(a != b for a, b in zip(typo, question, strict=True)) == 2


def test_robustness():
    varied = {
        "fact-1": {"typo": Outcome("answer", ("b", "a"), (), 0.5), "lower": REPLIES["fact-1"]},
        "list-1": {"typo": Outcome("not_in_source", (), (), 0.5)},
        "miss-1": {"typo": REPLIES["miss-1"]},
    }
    found = robustness.rates(QUESTIONS, GOLDS, REPLIES, varied)
    assert (rate(found, "typo: decision").value, rate(found, "typo: decision").count) == (pytest.approx(2 / 3), 3)
    assert (rate(found, "typo: lead").value, rate(found, "typo: lead").count) == (0.0, 1)
    assert rate(found, "typo: overlap").value == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert (rate(found, "typo: became wrong").value, rate(found, "typo: became wrong").count) == (0.5, 2)
    assert rate(found, "lower: lead").value == 1.0
    assert rate(found, "worst case: lead right").value == 0.0
    assert len(VARIANTS) == 6


def test_the_robustness_sample_is_the_same_every_time():
    assert robustness.sample(QUESTIONS) == robustness.sample(QUESTIONS)
    assert set(robustness.sample(QUESTIONS)) == set(QUESTIONS)


def test_a_baseline_shows_the_best_above_its_cut_off():
    units = tuple(Unit(name, (), words=2) for name in "abcdef")
    baseline = Baseline("b", units, lambda texts, vectors: vectors)
    table = np.array([[0.1, 0.9, 0.8, 0.7, 0.6, 0.5], [0.1, 0.2, 0.1, 0.1, 0.1, 0.1]])
    found = outcomes(baseline, [FACT, MISS], table, 0.65)
    assert (found["fact-1"].cited, found["fact-1"].words) == (("b", "c", "d"), 6)
    assert (found["miss-1"].decision, found["miss-1"].cited, found["miss-1"].ranked[:2]) == (
        "not_in_source",
        (),
        ("b", "a"),
    )


def test_a_cut_off_leaves_four_fifths_of_the_answerable_questions_answered():
    table = np.array([[0.1 * step] for step in range(1, 11)] + [[0.95]])
    assert cut_off([FACT] * 10 + [MISS], table) == pytest.approx(0.3)


def test_a_follow_up_is_asked_behind_the_question_before_it():
    question = replace(FACT, history=("first", "second"))
    assert asked_text(question) == "second how many chambers"


def test_near_copies():
    near = {"a": Near(0.95, "x", 0.1, "y"), "b": Near(0.9, "x", 0.2, "y"), "c": Near(0.1, "x", 0.91, "y")}
    assert copies(near) == {"a", "c"}
