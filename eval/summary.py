"""Turn values of single questions into rates with counts and intervals: for all, by kind, and without near copies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval.metrics import RiskCoverage, auroc, brier, crag, risk_coverage
from eval.outcome import Outcome
from eval.questions import Question
from eval.score import MEASURES, Measure, Values
from eval.statistics import (
    Indices,
    Interval,
    auroc_interval,
    function_intervals,
    mean_interval,
    quantile_interval,
    ratio_interval,
    wilson,
)

FEW = 40  # a kind with fewer questions is too small to hold against a target
ALL = "all"
NO_ANSWER = ("near_miss", "off_topic")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with how many questions it is of and its 95 % interval."""

    value: float
    count: int
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether there are too few questions for a target."""
        return self.count < FEW


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure of one system in one measure for one kind (or 'all'), and the same without near copies of dev or bank."""

    system: str
    measure: str
    kind: str
    figure: Figure
    without: Figure | None = None


@dataclass(frozen=True)
class View:
    """What one system did with some questions. `clusters` maps ids to what belongs together when drawn anew."""

    system: str
    questions: tuple[Question, ...]
    outcomes: Mapping[str, Outcome]
    values: Mapping[str, Values]
    clusters: Mapping[str, str]

    def only(self, questions: Sequence[Question]) -> View:
        """Return the view of fewer questions."""
        return replace(self, questions=tuple(questions))


def rates(view: View, copies: frozenset[str], measures: Sequence[Measure] = MEASURES) -> list[Rate]:
    """Return every rate of a system that has a question to it; `copies` are ids of near copies."""
    every = _figures(view, measures)
    fresh = _figures(view.only([q for q in view.questions if q.id not in copies]), measures) if copies else {}
    return [Rate(view.system, *key, figure, fresh.get(key)) for key, figure in every.items()]


def figure_of(measure: Measure, values: Sequence[float], clusters: Sequence[str]) -> Figure:
    """Return the mean of values with Wilson's interval for 0/1 values and a cluster bootstrap's for others.

    Raises:
        ValueError: there is no value, so there is no mean.
    """
    if not values:
        raise ValueError(f"found no value of '{measure.name}', expected at least one")
    interval = wilson(round(sum(values)), len(values)) if measure.binary else mean_interval(values, clusters)
    return Figure(sum(values) / len(values), len(values), *interval)


def risk_curve(view: View) -> RiskCoverage:
    """Return risk over coverage for answerable, near-miss and off-topic questions.

    An error is a question without an answer, or one whose best ranked passage is wrong: every question has one, refused or not.
    """
    asked = _asked(view)
    errors = [1.0 - view.values[q.id]["hit@1"] if q.answerable else 1.0 for q in asked]
    return risk_coverage([view.outcomes[q.id].score for q in asked], errors)


def _figures(view: View, measures: Sequence[Measure]) -> dict[tuple[str, str], Figure]:
    """Return figures by measure and kind."""
    found = {}
    for kind in (ALL, *dict.fromkeys(question.kind for question in view.questions)):
        asked = [question.id for question in view.questions if kind in (ALL, question.kind)]
        for measure in measures:
            ids = [name for name in asked if measure.name in view.values[name]]
            if ids:
                values = [view.values[name][measure.name] for name in ids]
                found[measure.name, kind] = figure_of(measure, values, [view.clusters.get(name, name) for name in ids])
    return found | _pooled(view) | _separation(view) | _selective(view)


def _pooled(view: View) -> dict[tuple[str, str], Figure]:
    """Return the figures that count passages rather than questions, and how many a fact shows in the median."""
    found = {}
    answered = [q.id for q in view.questions if "precision" in view.values[q.id]]
    if answered:
        clusters = [view.clusters.get(name, name) for name in answered]
        shown = [view.values[name]["cited"] for name in answered]
        right = [view.values[name]["precision"] * count for name, count in zip(answered, shown, strict=True)]
        interval = ratio_interval(right, shown, clusters)
        found["micro precision", ALL] = Figure(sum(right) / sum(shown), round(sum(shown)), *interval)
    facts = [view.values[q.id]["cited"] for q in view.questions if q.kind == "fact" and "cited" in view.values[q.id]]
    if facts:
        found["median cited", "fact"] = Figure(float(np.median(facts)), len(facts), *quantile_interval(facts, 0.5))
    refused = [q for q in view.questions if view.outcomes[q.id].decision == "not_in_source"]
    if refused:
        found["abstention precision", ALL] = _proportion([q.kind in NO_ANSWER for q in refused])
    first_line = [q for q in view.questions if view.outcomes[q.id].decision == "first_line"]
    if first_line:
        found["first line precision", ALL] = _proportion([q.expected == "first_line" for q in first_line])
    return found


def _proportion(hits: Sequence[bool]) -> Figure:
    return Figure(sum(hits) / len(hits), len(hits), *wilson(sum(hits), len(hits)))


def _separation(view: View) -> dict[tuple[str, str], Figure]:
    """Return how well the score tells answerable questions from near misses and from off-topic ones."""
    found = {}
    scores = {q.id: view.outcomes[q.id].score for q in view.questions}
    answerable = [scores[q.id] for q in view.questions if q.answerable]
    for kind in NO_ANSWER:
        other = [scores[q.id] for q in view.questions if q.kind == kind]
        area = auroc(answerable, other)
        if not math.isnan(area):
            interval = auroc_interval(answerable, other)
            found["AUROC", kind] = Figure(area, len(answerable) + len(other), *interval)
    return found


def _selective(view: View) -> dict[tuple[str, str], Figure]:
    """Return what answering only the surest questions would give."""
    asked = _asked(view)
    if not asked or all(q.answerable for q in asked) or not any(q.answerable for q in asked):
        return {}
    curve = risk_curve(view)
    scores = np.asarray([view.outcomes[q.id].score for q in asked])
    errors = np.asarray([1.0 - view.values[q.id]["hit@1"] if q.answerable else 1.0 for q in asked])

    def drawn(rows: Indices) -> Sequence[float]:
        again = risk_coverage(scores[rows].tolist(), errors[rows].tolist())
        return again.aurc, again.augrc, again.coverage_at(0.05), again.coverage_at(0.10)

    names = ("AURC", "AUGRC", "coverage at risk 0.05", "coverage at risk 0.10")
    values = (curve.aurc, curve.augrc, curve.coverage_at(0.05), curve.coverage_at(0.10))
    intervals = function_intervals(drawn, len(asked))
    found = {
        (name, ALL): Figure(value, len(asked), *interval)
        for name, value, interval in zip(names, values, intervals, strict=True)
    }
    return found | {
        ("AURC floor", ALL): Figure(curve.floor, len(asked), curve.floor, curve.floor),
        ("base risk", ALL): Figure(float(errors.mean()), len(asked), *wilson(round(errors.sum()), len(asked))),
        ("CRAG", ALL): _crag(view, asked),
        **_brier(view, asked),
    }


def _asked(view: View) -> list[Question]:
    return [question for question in view.questions if question.answerable or question.kind in NO_ANSWER]


def _crag(view: View, asked: Sequence[Question]) -> Figure:
    """Return the CRAG score of the decisions made: right is an answer that leads with a right passage."""
    points = [
        0.0 if not view.outcomes[q.id].answered else 1.0 if view.values[q.id].get("lead") == 1.0 else -1.0
        for q in asked
    ]
    value = crag(points.count(1.0), points.count(0.0), len(points))
    interval: Interval = mean_interval(points, [view.clusters.get(q.id, q.id) for q in asked])
    return Figure(value, len(points), *interval)


def _brier(view: View, asked: Sequence[Question]) -> dict[tuple[str, str], Figure]:
    """Return the Brier score where the scores are probabilities."""
    chances = [view.outcomes[q.id].score for q in asked]
    if any(not 0.0 <= chance <= 1.0 for chance in chances) or view.system != "assistant":
        return {}
    came = [float(q.answerable) for q in asked]
    losses = [(chance - truth) ** 2 for chance, truth in zip(chances, came, strict=True)]
    return {("Brier", ALL): Figure(brier(chances, came), len(asked), *mean_interval(losses, [q.id for q in asked]))}
