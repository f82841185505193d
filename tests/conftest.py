"""Fixtures for all tests. The index is built once and kept in pytest's cache, so that a second run is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rct_assistant import Assistant
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.document import Document
from rct_assistant.settings import Settings

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
DATA = Path(__file__).parent / "data"

pytest_plugins = ["tests.web_fixtures"]
_skipped: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under CI=true a skipped test is a failure: what is not tried there is not tried anywhere."""
    if os.environ.get("CI") == "true" and _skipped and exitstatus == 0:
        sys.stderr.write(f"\nCI=true and {len(_skipped)} tests were skipped: {', '.join(_skipped[:5])}\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return load_corpus(CORPUS)


@pytest.fixture(scope="session")
def rct(corpus: Corpus) -> Document:
    return corpus.by_name["rct"]


@pytest.fixture(scope="session")
def data_folder(request: pytest.FixtureRequest) -> Path:
    """Where the real index of the tests stands."""
    return Path(request.config.cache.mkdir("index"))


@pytest.fixture(scope="session")
def assistant(data_folder: Path) -> Assistant:
    """The real assistant: real corpus, real model, real store."""
    return Assistant.open(Settings(corpus=CORPUS, data=data_folder))


@pytest.fixture(scope="session")
def environment(data_folder: Path) -> dict[str, str]:
    """The environment for a command in a process of its own, on the same index."""
    return {**os.environ, "RCT_ASSISTANT_DATA": str(data_folder), "RCT_ASSISTANT_CORPUS": str(CORPUS), "NO_COLOR": "1"}
