"""Choose what a result's page plots, with a caption that says how to read it."""

from __future__ import annotations

import math
from html import escape

from eval import plot
from eval.result import Result
from eval.summary import ALL, Figure
from eval.words import kind_name, meaning, measure_name

_RISK = (
    "Risk over coverage: answering only the surest questions, how many of them go wrong. Lower is better; a curve that starts "
    "low and stays low means that the score knows what it does not know."
)
_RELIABILITY = (
    "Reliability: of questions with this probability of an answer, how many the text answers. On the dashed line a "
    "probability says just what it means."
)
_TIME = "Time: the share of replies, and of their stages, that were done within so many milliseconds."


def plots(result: Result) -> str:
    """Return the plots that there is something for."""
    figures = [*_risk(result), *_kinds(result), *_reliability(result), *_time(result)]
    body = "".join(f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>" for svg, caption in figures)
    return f'<h2>Plots</h2><div class="plots">{body}</div>' if figures else ""


def _risk(result: Result) -> list[tuple[str, str]]:
    drawn = {system: points for system, points in result.curves.items() if points}
    names = ("coverage (share of questions answered)", "risk (share that is wrong)")
    return [(plot.curves(drawn, *names), _RISK)] if drawn else []


def _kinds(result: Result) -> list[tuple[str, str]]:
    """Return a measure by kind, for each system that has it."""
    measure = "recall" if result.rate("recall") else "hit@1"
    kinds: dict[str, dict[str, Figure]] = {}
    for rate in result.rates:
        if rate.measure == measure and rate.kind not in (ALL, "answerable"):
            kinds.setdefault(f"{kind_name(rate.kind)} ({rate.figure.count})", {})[rate.system] = rate.figure
    caption = f"By kind: {meaning(measure)}. The bar is the assistant's 95 % interval."
    return [(plot.intervals(list(kinds.items()), measure_name(measure)), caption)] if kinds else []


def _reliability(result: Result) -> list[tuple[str, str]]:
    if not result.reliability:
        return []
    points = {
        "assistant": [(chance, share) for chance, share, _ in result.reliability],
        "ideal": [(0.0, 0.0), (1.0, 1.0)],
    }
    return [(plot.curves(points, "probability of an answer", "share answerable"), _RELIABILITY)]


def _time(result: Result) -> list[tuple[str, str]]:
    if not result.latency.get("total"):
        return []
    most = 100.0 * math.ceil(max(1.0, result.latency["total"][99]) / 100.0)  # so that the ticks are round
    points = {stage: [(ms, share / 100) for share, ms in enumerate(own)] for stage, own in result.latency.items()}
    return [(plot.curves(points, "milliseconds", "share done", x_most=most), _TIME)]
