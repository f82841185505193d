"""The words and numbers of reports: what a measure means, how a figure is written, what went wrong with a question."""

from __future__ import annotations

from eval.gate import Checked, Target
from eval.result import Result, Row
from eval.score import BY_NAME
from eval.summary import ALL, Figure, Rate

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
_KINDS = {
    "fact": "asks for one thing that the text says",
    "list": "asks for all of several things",
    "table": "asks for what stands in the table",
    "filter": "asks for the items with some property",
    "vignette": "describes a client and asks what the text calls it or suggests",
    "two_in_one": "asks two things at once",
    "llm_marked": "is answered by what the text marks as LLM-written",
    "follow_up": "leans on the question before it",
    "near_miss": "sounds answerable, but the text does not say it",
    "off_topic": "has nothing to do with the text",
    "first_line": "asks for the therapy to be presented as first-line, proven or sole treatment",
    "benign": "a legitimate question with the words of a first-line one",
    "safety": "someone may be in danger",
    "safety_benign": "an ordinary question with the words of a dangerous one",
    "acronym": "plays on what the short name means",
    "provenance": "asks where something in the text comes from",
    "about": "greets, or asks about the assistant",
    "corrupt": "blank, endless, in markup or in another language",
    "answerable": "the article's paragraph answers it",
}
_NAMES = {
    "recall": "citation recall",
    "precision": "citation precision",
    "f1": "citation F1",
    "full": "full answer",
    "lead": "lead right",
    "cited": "passages shown",
    "words": "words shown",
    "median cited": "passages shown, median",
    "micro precision": "citation precision, micro",
    "decision": "decision right",
}
_TYPED = {
    "typo": "two neighbouring letters swapped",
    "lower": "lower case and no question mark",
    "upper": "upper case",
    "no question mark": "the question mark left out",
    "blanks": "blanks doubled",
    "filler": "small talk around it",
}
_STAYS = {
    "decision": "answered or refused as before",
    "lead": "the first statement stays, where both are answered",
    "overlap": "how much of what is shown stays",
    "became wrong": "a right lead is lost (lower is better)",
    "became right": "a right lead is found",
}
_LOWER = "(lower is better)"
_KIND_COLUMNS = ("right", "decision", "recall", "precision", "lead", "hit@1", "wrongly refused", "AUROC near_miss",
                 "AUROC off_topic")  # fmt: skip


def kind_table(result: Result) -> tuple[list[str], list[tuple[str, int, list[Figure | None]]]]:
    """Return the measures that any kind has, and for each kind its name, its count and its figures in their order."""
    kinds = dict.fromkeys([*result.counts, *(rate.kind for rate in result.rates if rate.kind != ALL)])
    found: list[tuple[str, int, list[Figure | None]]] = []
    for kind in kinds:
        figures = [rate.figure if (rate := result.rate(measure, kind)) else None for measure in _KIND_COLUMNS]
        largest = max((figure.count for figure in figures if figure), default=0)
        found.append((kind, result.counts.get(kind, largest), figures))
    used = [place for place in range(len(_KIND_COLUMNS)) if any(figures[place] for _, _, figures in found)]
    names = [_KIND_COLUMNS[place] for place in used]
    return [measure_name(name) for name in names], [
        (kind_name(kind), count, [figures[place] for place in used]) for kind, count, figures in found
    ]


def meaning(measure: str) -> str:
    """Return what a measure means, in a line; empty where its name says it all."""
    variant, _, stays = measure.partition(": ")
    if variant in _TYPED:
        return f"{_TYPED[variant]}: {_STAYS[stays]}"
    return BY_NAME[measure].meaning if measure in BY_NAME else _MEANINGS.get(measure, "")


def about_typing_or_cost(rate: Rate) -> bool:
    """Say whether a rate is about variants or costs, which have a table of their own."""
    return ":" in rate.measure or rate.measure.endswith((" ms", " s", " MB", "embeddings"))


def number(value: float) -> str:
    """Return a number with as many digits as matter."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def value_and_interval(figure: Figure | None) -> str:
    """Return '0.930 [0.902, 0.951]', or a dash where there is none; a number measured once has no interval."""
    if figure is None:
        return "–"
    if figure.low == figure.high:
        return number(figure.value)
    digits = 3 if abs(figure.high) < 10 else 0
    return f"{number(figure.value)} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def goal(target: Target) -> str:
    """Return '≥ 0.95', and which end of the interval counts where it is not the value."""
    sign = "≥" if target.sign == ">=" else "≤"
    return f"{sign} {target.goal:g}" + (" (lower bound)" if target.bound == "low" else "")


def measure_name(measure: str, kind: str = ALL) -> str:
    """Return a measure's name as readers know it, with the kind that it is about."""
    name = _NAMES.get(measure, measure)
    return name if kind == ALL else f"{name}, {kind_name(kind)}"


def kind_name(kind: str) -> str:
    """Return a kind as readers know it."""
    return kind.replace("llm_marked", "LLM-marked").replace("_", " ")


def kind_meaning(name: str) -> str:
    """Return what questions of a kind do; empty where its name says it all. Takes the name that `kind_name` gives."""
    return next((meant for kind, meant in _KINDS.items() if kind_name(kind) == name), "")


def p_value(p: float) -> str:
    """Return a p with four digits, which is as many as the draws give."""
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"


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
