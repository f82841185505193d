"""Ask questions in other ways of typing and see whether the reply stays: same decision, same lead, same passages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from eval.gold import Gold
from eval.metrics import jaccard
from eval.outcome import Asks, Outcome, observe
from eval.questions import Question
from eval.score import Measure
from eval.summary import ALL, Figure, Rate, figure_of
from eval.variants import VARIANTS, vary

ANSWERABLE, OTHERS = 80, 30  # questions asked anew: with an answer, and with a refusal
_OTHER_KINDS = ("near_miss", "first_line", "safety")
_SEED = 20

Variants = dict[str, Outcome]


def sample(questions: Sequence[Question]) -> list[Question]:
    """Return the seeded sample that is asked in variants; corrupt questions are strange enough already."""
    rng = random.Random(_SEED)
    answerable = [question for question in questions if question.answerable and question.kind != "corrupt"]
    others = [question for question in questions if question.kind in _OTHER_KINDS]
    return rng.sample(answerable, min(ANSWERABLE, len(answerable))) + rng.sample(others, min(OTHERS, len(others)))


def ask_variants(assistant: Asks, question: Question) -> Variants:
    """Ask a question in every variant that differs from it; earlier questions stay as they are."""
    texts = {variant: vary(question.text, variant) for variant in VARIANTS}
    return {variant: observe(assistant, text, question.history) for variant, text in texts.items() if text is not None}


def rates(
    questions: Sequence[Question],
    golds: Mapping[str, Gold],
    originals: Mapping[str, Outcome],
    varied: Mapping[str, Variants],
) -> list[Rate]:
    """Return by variant how often decision and lead stay, and the overlap of what is shown; then the worst case.

    'lead' counts where both forms are answered. Staying wrong counts as staying; so 'became wrong' and 'became right' say how
    often a right lead was lost and found.
    """
    found = []
    for variant in VARIANTS:
        asked = [question for question in questions if variant in varied.get(question.id, {})]
        for name, values in _values(asked, golds, originals, varied, variant):
            if values:
                found.append(_rate(f"{variant}: {name}", values, binary=name != "overlap"))
    worst = [
        min(lead_right(golds[q.id], outcome) for outcome in (originals[q.id], *varied[q.id].values()))
        for q in questions
        if q.answerable and varied.get(q.id)
    ]
    return [*found, _rate("worst case: lead right", worst, binary=True)] if worst else found


def lead_right(gold: Gold, outcome: Outcome) -> float:
    """Return 1 where the first statement shown belongs to the answer, else 0, for a refusal too."""
    return float(bool(outcome.cited) and outcome.cited[0] in gold.relevant)


def _values(
    asked: Sequence[Question],
    golds: Mapping[str, Gold],
    originals: Mapping[str, Outcome],
    varied: Mapping[str, Variants],
    variant: str,
) -> Iterator[tuple[str, list[float]]]:
    """Yield each measure of one variant with its values."""
    both = [(originals[question.id], varied[question.id][variant]) for question in asked]
    yield "decision", [float(one.decision == other.decision) for one, other in both]
    answered = [(one, other) for one, other in both if one.answered and other.answered]
    yield "lead", [float(one.cited[0] == other.cited[0]) for one, other in answered]
    yield "overlap", [jaccard(one.cited, other.cited) for one, other in both]
    leads = [
        (lead_right(golds[q.id], one), lead_right(golds[q.id], other))
        for q, (one, other) in zip(asked, both, strict=True)
        if q.answerable
    ]
    yield "became wrong", [float(one > other) for one, other in leads]
    yield "became right", [float(one < other) for one, other in leads]


def _rate(name: str, values: Sequence[float], *, binary: bool) -> Rate:
    measure = Measure(name, "robustness", binary, "")
    figure: Figure = figure_of(measure, values, [str(number) for number in range(len(values))])
    return Rate("assistant", name, ALL, figure)
