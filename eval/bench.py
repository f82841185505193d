"""Time the assistant: building its index, starting, and answering warm, on questions of dev."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from eval import cost
from eval.made import made_from
from eval.questions import load_questions, split_file
from eval.result import Result
from eval.run import ask
from eval.summary import ALL, Figure, Rate
from rct_assistant.settings import load_settings

QUESTIONS = 200
_ONE = "from rct_assistant import Assistant; Assistant.open().ask('what is this text about')"


def bench(console: Console) -> Result:
    """Return the costs as a result: building into an empty folder, a first answer from a new process, warm answers, memory."""
    with tempfile.TemporaryDirectory() as folder, console.status("Building the index from nothing"):
        built = cost.start(load_settings().model_copy(update={"data": Path(folder)}))
    started = cost.start()
    text = started.assistant.corpus.documents[0].text
    questions = load_questions(split_file("dev"), text)
    sample = questions[:: max(1, len(questions) // QUESTIONS)]
    outcomes, bare = ask(started.assistant, sample, console)
    rates = cost.rates(list(outcomes.values()), bare, started, cost.peak_megabytes())
    with console.status("Starting a new process"):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _ONE], check=True)
        first = time.perf_counter() - began
    measured = {"index build s": built.seconds, "first answer of a new process s": first}
    costs = [
        *rates,
        *(Rate("assistant", name, ALL, Figure(value, 1, value, value)) for name, value in measured.items()),
    ]
    made = made_from(started.assistant.corpus, started.assistant.index, {"dev.jsonl": split_file("dev")})
    return Result("bench", "bench", made, {}, {}, costs, pairs=[], broken=[], checks={})
