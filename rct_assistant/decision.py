"""What was decided for a question, before it is worded: plain data. Who decides is `assistant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rct_assistant.conversation import Standalone, Turn
from rct_assistant.document import Document
from rct_assistant.parts import Missing
from rct_assistant.policy import Verdict
from rct_assistant.response import Notice
from rct_assistant.retrieve import Ranking


@dataclass(frozen=True)
class Decision:
    """What a question gets: the verdict or None, the ids shown, those that come near, and the code of the message."""

    standalone: Standalone
    document: Document
    ranking: Ranking | None
    verdict: Verdict | None
    shown: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    message: str = ""
    missing: Missing | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def turn_of(decision: Decision, earlier: Sequence[Turn]) -> Turn:
    """Return what a later question needs to know of this one; thanks and greetings do not end a danger."""
    rule = decision.verdict.rule if decision.verdict else ""
    polite = rule in ("about.thanks", "about.greeting")
    danger = rule.startswith("safety.") or (polite and bool(earlier) and earlier[-1].danger)
    return Turn(
        decision.standalone.text,
        decision.document,
        decision.shown,
        refused=decision.verdict is not None,
        danger=danger,
        claimed=rule.startswith("first_line."),
    )


def trace_of(decision: Decision) -> dict[str, Any]:
    """Return how the reply came about: ranked ids with scores, probabilities, seconds by stage."""
    ranking = decision.ranking
    return {
        "ranked": [[scored.id, round(scored.score, 4)] for scored in ranking.passages] if ranking else [],
        "answerable": round(ranking.answerable, 4) if ranking else None,
        "probabilities": {name: round(value, 4) for name, value in ranking.probabilities.items()} if ranking else {},
        "seconds": {name: round(value, 4) for name, value in decision.seconds.items()},
    }
