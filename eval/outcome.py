"""What a system did with a question, in the same form for the assistant and for the baselines."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rct_assistant.response import Response


class Asks(Protocol):
    """The one door of the assistant."""

    def ask(self, question: str, history: Sequence[str] = (), *, trace: bool = False) -> Response:
        """Answer a question or refuse it."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back.

    decision: 'answer' or the reason of a refusal; cited: ids of the units shown as the answer, in the order shown; ranked: all
    units, best first, before anything was decided; score: how sure the system is that there is an answer, higher is surer;
    words: how many words of the text were shown; seconds: by stage; response: the assistant's reply as JSON values.
    """

    decision: str
    cited: tuple[str, ...]
    ranked: tuple[str, ...]
    score: float
    words: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def answered(self) -> bool:
        """Whether this is an answer."""
        return self.decision == "answer"


def observe(assistant: Asks, question: str, history: Sequence[str] = ()) -> Outcome:
    """Ask the assistant and return what it did, with seconds for the whole and for each stage that it names."""
    started = time.perf_counter()
    value = assistant.ask(question, history, trace=True).to_json()
    total = time.perf_counter() - started
    trace = value["trace"]
    decision = "answer" if value["kind"] == "answer" else str(value["reason"])
    shown = [statement["citations"][0]["passage"] for statement in value["statements"]]
    return Outcome(
        decision=decision,
        cited=tuple(shown) if decision == "answer" else (),
        ranked=tuple(name for name, _ in trace["ranked"]),
        score=float(trace["answerable"] or 0.0),
        words=sum(len(citation["quote"].split()) for citation in _citations(value)) if decision == "answer" else 0,
        seconds={"total": total, **trace["seconds"]},
        response=value,
    )


def digest(outcomes: Sequence[Outcome]) -> str:
    """Return a hash of all replies and rankings, seconds aside: equal for two runs that did the same."""
    return hashlib.sha256(json.dumps([_timeless(o.response) for o in outcomes], sort_keys=True).encode()).hexdigest()


def same_reply(one: Outcome, other: Outcome) -> bool:
    """Say whether two replies are equal to the last character and score, seconds aside."""
    return _timeless(one.response) == _timeless(other.response)


def _timeless(response: Mapping[str, Any]) -> dict[str, Any]:
    value = {key: part for key, part in response.items() if key != "seconds"}
    if "trace" in value:
        value["trace"] = {key: part for key, part in value["trace"].items() if key != "seconds"}
    return value


def _citations(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the citations of an answer, what its statements lean on included."""
    return [citation for s in response["statements"] for citation in (*s["context"], *s["citations"])]
