"""The further rounds of a whole split: a second run, other ways of typing, gold taken away, and the baselines.

Each takes a result and returns it with what the round found.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from eval import baselines, deletion, robustness
from eval.gold import Gold, Unit, resolve
from eval.outcome import Outcome, observe, same_reply
from eval.pairs import pairs
from eval.plain import plain_embeddings
from eval.questions import Question
from eval.result import Result
from eval.score import BASELINE, BY_NAME, Measure, Values, score
from eval.summary import ALL, NO_ANSWER, Rate, View, figure_of, rates, risk_curve
from rct_assistant.assistant import Assistant

REPEATS = 100  # questions asked a second time, of a second assistant
COMPARED = ("hit@1", "recall@3", "mrr@10", "ndcg@10", "recall", "precision", "f1", "full", "lead", "wrongly refused",
            "near miss refused", "off topic refused", "first line answered")  # fmt: skip
_POINTS = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """What the rounds work on: an assistant, what it did with the questions, and which of them are near copies."""

    assistant: Assistant
    view: View
    golds: Mapping[str, Gold]
    copies: frozenset[str]
    console: Console


def steps(items: Sequence[T], what: str, console: Console) -> Iterable[T]:
    """Yield the items under a progress bar."""
    return track(items, description=f"{what:<24}", console=console)


def second_run(result: Result, step: Round) -> Result:
    """Ask part of the questions again, of an assistant opened anew and in reverse order: every reply must be the same."""
    questions = step.view.questions[:: max(1, len(step.view.questions) // REPEATS)]
    again = Assistant.open()
    broken = []
    for question in steps(questions[::-1], "Asking again", step.console):
        if not same_reply(step.view.outcomes[question.id], observe(again, question.text, question.history)):
            broken.append(f"{question.id}: determinism: a second run replied otherwise")
    if broken and not result.open:
        broken = [f"{len(broken)} × {broken[0].partition(': ')[2]}"]
    checks = result.checks | {"asked again": len(questions)}
    return replace(result, broken=[*result.broken, *broken], checks=checks)


def variants(result: Result, step: Round) -> Result:
    """Ask a sample in other ways of typing."""
    questions = robustness.sample(step.view.questions)
    asked = steps(questions, "Typing it another way", step.console)
    varied = {question.id: robustness.ask_variants(step.assistant, question) for question in asked}
    found = robustness.rates(questions, step.golds, step.view.outcomes, varied)
    return replace(result, rates=[*result.rates, *found])


def gold_deletion(result: Result, step: Round) -> Result:
    """Ask a sample with what answers it taken away."""
    document = step.assistant.corpus.documents[0]
    questions = deletion.sample(step.view.questions, step.golds, document)
    if not questions:
        return result
    try:
        with step.console.status("Preparing gold deletion"):
            taker = deletion.Deletion(step.assistant)
    except ArithmeticError as error:
        return replace(result, notes=[*result.notes, f"Gold deletion was not measured: {error}."])
    abstained = []
    for question in steps(questions, "Taking gold away", step.console):
        outcome = observe(taker.without(step.golds[question.id].relevant), question.text)
        abstained.append(float(not outcome.answered))
    del taker
    gc.collect()
    measure = Measure("gold deleted, refused", "abstention", True, "")
    rate = Rate("assistant", measure.name, ALL, figure_of(measure, abstained, [question.id for question in questions]))
    return replace(result, rates=[*result.rates, rate])


def against_baselines(result: Result, step: Round, dev: Sequence[Question]) -> Result:
    """Let the baselines rank and answer the same questions, with cut-offs chosen on dev, and compare in pairs."""
    document, embeddings = step.assistant.corpus.documents[0], plain_embeddings()
    questions = step.view.questions
    vectors = baselines.embed(questions, embeddings)
    dev_vectors = vectors if result.split == "dev" else baselines.embed(dev, embeddings)
    cuts = {}
    for baseline in steps(baselines.baselines(document, embeddings), "Baselines", step.console):
        cut = baselines.cut_off(dev, baselines.table(baseline, dev, dev_vectors))
        outcomes = baselines.outcomes(baseline, questions, baselines.table(baseline, questions, vectors), cut)
        cuts[baseline.name] = round(cut, 6)
        view = replace(step.view, system=baseline.name, outcomes=outcomes)
        view = replace(view, values=_values(questions, document.text, baseline.units, outcomes))
        result = replace(
            result,
            rates=[*result.rates, *_baseline_rates(view, step.copies)],
            pairs=[
                *result.pairs,
                *pairs(COMPARED, ("assistant", baseline.name), step.view.values, view.values, step.view.clusters),
            ],
            curves=result.curves | {baseline.name: curve_points(view)},
            values=result.values | {baseline.name: dict(view.values)},
        )
    return replace(result, made=result.made | {"baseline cut-offs, chosen on dev": cuts})


def curve_points(view: View) -> list[tuple[float, float]]:
    """Return risk over coverage as points, thinned for a plot; empty where there is no question for it."""
    if not any(question.answerable or question.kind in NO_ANSWER for question in view.questions):
        return []
    curve = risk_curve(view)
    last = len(curve.risk) - 1
    places = sorted({*range(0, last, max(1, last // _POINTS)), last})
    return [(float(curve.coverage[place]), float(curve.risk[place])) for place in places]


def _values(
    questions: Sequence[Question], text: str, units: Sequence[Unit], outcomes: Mapping[str, Outcome]
) -> dict[str, Values]:
    """Return a baseline's values, gold matched to its own units."""
    golds = {question.id: resolve(question, text, units) for question in questions if question.answerable}
    found = score(questions, golds, outcomes)
    return {name: {key: value for key, value in values.items() if key in BASELINE} for name, values in found.items()}


def _baseline_rates(view: View, copies: frozenset[str]) -> list[Rate]:
    """Return a baseline's rates: everything for all questions, citation recall and Hit@1 by kind too."""
    by_kind = ("recall", "hit@1", "AUROC", "median cited")
    found = rates(view, copies, [BY_NAME[name] for name in BASELINE])
    return [rate for rate in found if rate.kind == ALL or rate.measure in by_kind]
