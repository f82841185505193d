"""Compare two results: what changed between them, which questions flipped, and whether the difference is more than chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eval.pairs import Pair, pairs
from eval.result import Result, Row
from eval.score import MEASURES
from rct_assistant.errors import UsageError


@dataclass(frozen=True)
class Comparison:
    """Two results side by side.

    changes: what they were made from that differs, one line each; same_answers: every reply is the same; pairs: second - first;
    lost and found: rows of the second (dev alone) that were right and are not, and the reverse; flips: how many of each.
    """

    changes: list[str]
    same_answers: bool
    pairs: list[Pair]
    flips: tuple[int, int]
    lost: list[Row]
    found: list[Row]


def compare(one: Result, other: Result) -> Comparison:
    """Compare two results of the same split, over the questions that both have.

    Raises:
        UsageError: they are of different splits or have no question in common.
    """
    before, after = one.values.get("assistant", {}), other.values.get("assistant", {})
    if one.split != other.split or not before.keys() & after.keys():
        raise UsageError(
            f"found results of {one.split} and {other.split}, expected the same split and questions; choose others"
        )
    names = (other.name, one.name)
    measured = [measure.name for measure in MEASURES]
    shared = [name for name in after if "right" in after[name] and "right" in before.get(name, {})]
    flipped = {name: after[name]["right"] - before[name]["right"] for name in shared}
    return Comparison(
        changes=list(_changes("", one.made, other.made)),
        same_answers=one.made["answers"] == other.made["answers"],
        pairs=pairs(measured, names, after, before, other.clusters),
        flips=(sum(change < 0 for change in flipped.values()), sum(change > 0 for change in flipped.values())),
        lost=[row for row in other.rows if flipped.get(row.id, 0) < 0],
        found=[row for row in other.rows if flipped.get(row.id, 0) > 0],
    )


def _changes(where: str, one: Any, other: Any) -> Iterator[str]:
    """Yield one line for each value that differs; hashes are cut short."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _changes(f"{where}.{key}" if where else key, one.get(key), other.get(key))
    elif one != other:
        yield f"{where}: {_short(one)} → {_short(other)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:12]}…"
