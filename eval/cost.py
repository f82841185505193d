"""Measure time and memory. Seconds of a warm assistant, by stage; starting it is timed apart."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.metrics import quantiles
from eval.outcome import Outcome
from eval.statistics import quantile_interval
from eval.summary import ALL, Figure, Rate
from rct_assistant.assistant import Assistant
from rct_assistant.settings import Settings

WARM_UP = "what is this text about"


@dataclass(frozen=True)
class Started:
    """An assistant with the seconds it took to open, and whether its index had to be built for that."""

    assistant: Assistant
    seconds: float
    built: bool


def start(settings: Settings | None = None, progress: Callable[[str, int, int], None] | None = None) -> Started:
    """Open an assistant, ask it once so that it is warm, and time the opening (imports of the libraries included)."""
    stages: list[str] = []

    def note(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        if progress is not None:
            progress(stage, done, total)

    began = time.perf_counter()
    assistant = Assistant.open(settings, progress=note)
    seconds = time.perf_counter() - began
    assistant.ask(WARM_UP)
    return Started(assistant, seconds, bool(stages))


def seconds_to_embed(assistant: Assistant, question: str) -> float:
    """Return the seconds that one bare embedding of a question takes."""
    began = time.perf_counter()
    assistant.index.embeddings.embed_query(question)
    return time.perf_counter() - began


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far (peak resident set size)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def rates(outcomes: Sequence[Outcome], bare: Sequence[float], started: Started, megabytes: float) -> list[Rate]:
    """Return p50 and p95 in milliseconds by stage, their ratio to a bare embedding, the start in seconds and the memory."""
    stages = by_stage(outcomes) | {"bare embedding": list(bare)}
    found = []
    for stage, seconds in stages.items():
        milliseconds = [1000.0 * value for value in seconds]
        for name, quantile, value in zip(("p50", "p95"), (0.5, 0.95), quantiles(milliseconds), strict=True):
            interval = quantile_interval(milliseconds, quantile)
            found.append(_rate(f"{stage} {name} ms", Figure(value, len(milliseconds), *interval)))
    whole, embedding = quantiles(stages["total"])[0], quantiles(bare)[0]
    found.append(_rate("p50 in bare embeddings", _single(whole / embedding, len(bare))))
    found.append(_rate("index build and start s" if started.built else "start s", _single(started.seconds)))
    found.append(_rate("peak memory MB", _single(megabytes)))
    return found


def by_stage(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """Return the seconds of each stage, 'total' first and what no stage claims ('rest') last."""
    stages: dict[str, list[float]] = {}
    for outcome in outcomes:
        for stage, seconds in outcome.seconds.items():
            stages.setdefault(stage, []).append(seconds)
        parts = sum(seconds for stage, seconds in outcome.seconds.items() if stage != "total")
        stages.setdefault("rest", []).append(max(0.0, outcome.seconds["total"] - parts))
    rest = stages.pop("rest", [])
    return {**stages, "rest": rest}


def _rate(name: str, figure: Figure) -> Rate:
    return Rate("assistant", name, ALL, figure)


def _single(value: float, count: int = 1) -> Figure:
    """Return a figure that was measured once and has no interval."""
    return Figure(value, count, value, value)


def quantile_milliseconds(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """Return milliseconds at 101 quantiles for each stage."""
    stages = {stage: sorted(1000.0 * value for value in seconds) for stage, seconds in by_stage(outcomes).items()}
    return {
        stage: [values[(len(values) - 1) * step // 100] for step in range(101)]
        for stage, values in stages.items()
        if values
    }
