"""Write down single questions of dev for the page: what was expected, what came back, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.gold import Gold
from eval.result import Row
from eval.summary import View


def rows(view: View, golds: Mapping[str, Gold], copies: frozenset[str]) -> list[Row]:
    """Return every question of a view as a row, in the order asked."""
    found = []
    for question in view.questions:
        outcome, gold = view.outcomes[question.id], golds.get(question.id)
        groups = zip(gold.groups, question.gold, strict=True) if gold else ()
        found.append(
            Row(
                id=question.id,
                kind=question.kind,
                question=question.text,
                history=list(question.history),
                expected=question.expected,
                replied=outcome.decision,
                rule=outcome.response["rule"],
                notices=[notice["text"] for notice in outcome.response["notices"]],
                gold=[list(group) for group in question.gold],
                cited=[_shown(statement, gold) for statement in outcome.response["statements"]],
                missed=[quotes[0] for units, quotes in groups if units.isdisjoint(outcome.cited)],
                score=outcome.score,
                values=view.values[question.id],
                near_copy=question.id in copies,
            )
        )
    return found


def _shown(statement: Mapping[str, Any], gold: Gold | None) -> dict[str, Any]:
    """Return a statement as shown; `right` says whether it belongs to the answer, None where no answer is due."""
    passage = statement["citations"][0]["passage"]
    right = None if gold is None else passage in gold.relevant
    return {"passage": passage, "text": statement["text"], "label": statement["label"], "right": right}
