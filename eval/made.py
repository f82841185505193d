"""Say what a result was made from: versions, commit, hashes and constants. No times, no paths."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from eval import baselines, deletion, overlap, robustness, statistics
from rct_assistant.corpus import Corpus
from rct_assistant.index import Index
from rct_assistant.settings import load_settings

_PACKAGES = (
    "bm25s", "chromadb", "ir-measures", "langchain", "langchain-chroma", "numpy", "rct-assistant", "scikit-learn", "scipy",
    "sentence-transformers", "torch", "transformers",
)  # fmt: skip
_TUNED = ("assistant", "extract", "fit", "kernel", "parts", "policy", "retrieve", "search")
_ROOT = Path(__file__).parent.parent


def made_from(corpus: Corpus, whole: Index, questions: dict[str, Path]) -> dict[str, Any]:
    """Return everything that a run depends on; `questions` maps names to files."""
    index = whole.manifest["made_from"]
    return {
        "commit": _commit(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "model": {"name": load_settings().model.rpartition("/")[2], "sha256": index["model"]},
        "adapter": index["adapter"],
        "documents": corpus.hashes,
        "banks": index["question bank"],
        "bank_lines": {name: len(bank) for name, bank in corpus.banks.items()},
        "questions": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in questions.items()},
        "constants": constants(),
        "settings": {
            "seed": statistics.SEED,
            "resamples": statistics.RESAMPLES,
            "near copy cosine": overlap.COPY,
            "robustness sample": [robustness.ANSWERABLE, robustness.OTHERS],
            "gold deletion sample": deletion.SAMPLE,
            "baseline top": baselines.TOP,
            "baseline chunks": [baselines.CHUNK, baselines.OVERLAP],
        },
    }


def constants() -> dict[str, Any]:
    """Return the numbers that were chosen by hand, by module and name."""
    found = {}
    for module in _TUNED:
        for name, value in vars(importlib.import_module(f"rct_assistant.{module}")).items():
            numbers = value.values() if isinstance(value, dict) else (value,)
            if name.isupper() and not name.startswith("_") and all(isinstance(n, int | float) for n in numbers):
                found[f"{module}.{name}"] = value
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """Return the commit, with '+' where tracked files outside the results differ from it; 'unknown' outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)eval/results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
