"""The words and numbers of reports: what a measure means, how a figure is written, what went wrong with a question."""

from __future__ import annotations

from eval.gate import Checked, Target
from eval.result import Row
from eval.score import BY_NAME
from eval.summary import ALL, Figure

_MEANINGS = {
    "micro precision": "share of all passages shown that belong to their answers",
    "median cited": "passages shown for a question, in the median",
    "abstention precision": "share of 'not in the source' refusals that are due (at this mix of questions)",
    "first line precision": "share of first-line refusals that are due (at this mix of questions)",
    "AUROC": "chance that an answerable question scores above one of this kind; 0.5 is a coin",
    "AURC": "mean risk when only the surest questions are answered (lower is better)",
    "AURC floor": "the AURC of a perfect order with the same errors",
    "AUGRC": "mean share of undetected failures (lower is better)",
    "base risk": "risk when everything is answered (lower is better)",
    "coverage at risk 0.05": "share of questions that can be answered with at most 5 % errors",
    "coverage at risk 0.10": "share of questions that can be answered with at most 10 % errors",
    "CRAG": "+1 for a right answer, 0 for none, -1 for a wrong one, in the mean",
    "Brier": "mean squared error of the probability of an answer (lower is better)",
    "gold deleted, refused": "refused once its passages and their bank lines were taken away; what is left may answer a few",
    "worst case: lead right": "the lead is right however the question is typed",
    "p50 in bare embeddings": "median reply, in medians of one bare embedding of the question (lower is better)",
    "index build s": "seconds to build the index from nothing (lower is better)",
}
_LOWER = "(lower is better)"


def meaning(measure: str) -> str:
    """Return what a measure means, in a line; empty where its name says it all."""
    if measure in BY_NAME:
        return BY_NAME[measure].meaning
    return _MEANINGS.get(measure, "")


def lower_is_better(measure: str) -> bool:
    """Say whether less of a measure is better."""
    return _LOWER in meaning(measure)


def number(value: float) -> str:
    """Return a number with as many digits as matter."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def value_and_interval(figure: Figure | None) -> str:
    """Return '0.930 [0.90, 0.95]', or a dash where there is none; a number measured once has no interval."""
    if figure is None:
        return "–"
    if figure.low == figure.high:
        return number(figure.value)
    digits = 2 if abs(figure.high) < 10 else 0
    return f"{number(figure.value)} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def goal(target: Target) -> str:
    """Return '≥ 0.95', and which end of the interval counts where it is not the value."""
    sign = "≥" if target.sign == ">=" else "≤"
    return f"{sign} {target.goal:g}" + (" (lower bound)" if target.bound == "low" else "")


def target_name(target: Target) -> str:
    """Return a target's measure, with the kind that it is about."""
    return target.measure if target.kind == ALL else f"{target.measure}, {target.kind}"


def verdict_mark(checked: Checked) -> str:
    """Return a target's verdict with a sign that can be seen without colour."""
    marks = {"met": "✓ met", "missed": "✗ missed", "not measured": "· not measured"}
    if checked.verdict != "too few" or checked.figure is None:
        return marks[checked.verdict]
    return f"· too few ({'met' if checked.target.met(checked.figure) else 'missed'} so far)"


def problems(row: Row) -> list[str]:
    """Return what is wrong with the reply to a question, worst first; empty when nothing is."""
    if row.expected != row.replied:
        return [f"expected {row.expected}, replied {row.replied}"]
    found = []
    if row.missed:
        found.append(f"{len(row.missed)} of {len(row.gold)} parts of the answer missing")
    if row.values.get("lead") == 0.0:
        found.append("leads with a passage beside the point")
    if beside := sum(statement["right"] is False for statement in row.cited):
        found.append(f"{beside} of {len(row.cited)} passages shown beside the point")
    if row.values.get("llm label right") == 0.0:
        found.append("shown without the LLM marking expected")
    return found


def failures_first(rows: list[Row]) -> list[Row]:
    """Return questions by how bad their reply is: wrong decisions, then missing parts, then what is beside the point."""
    return sorted(
        rows, key=lambda row: (row.values["decision"], row.values["right"], row.values.get("f1", 1.0), row.kind, row.id)
    )
