"""The chat as a clinician starts it: the real command, the real assistant, a real browser."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gradio_client import Client

from rct_assistant import Assistant
from rct_assistant.corpus import Corpus
from rct_assistant.verify import differences

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FIVE = "What are the five good things?"
FIRST_LINE = "so is RCT first line for ptsd"
Open = Callable[..., "Page"]


@dataclass(frozen=True)
class Served:
    """A chat that runs in a process of its own."""

    url: str


@pytest.fixture(scope="module")
def served(assistant: Assistant, environment: dict[str, str]) -> Iterator[Served]:
    """Start `rct-assistant chat` on a free port and stop it as Ctrl+C does. The index is there already (`assistant`)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from rct_assistant.cli import main; main()", "chat", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = ""
    deadline = time.monotonic() + 120
    while "The chat is at" not in said and time.monotonic() < deadline and process.poll() is None:
        said += process.stderr.readline()
    assert f"The chat is at http://127.0.0.1:{port}" in said, said
    yield Served(f"http://127.0.0.1:{port}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert FIVE not in said + out + err, "a question must not be logged"


@pytest.fixture
def chat(served: Served) -> Served:
    """Let the browser fixtures drive the real chat in this file."""
    return served


def ask(page: Page, question: str) -> Locator:
    turn = page.locator(".question").count() + 1
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(f"#t{turn}")
    return page.locator(f"#t{turn}")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_clinician_asks_reads_checks_and_asks_again(open_chat: Open, assistant: Assistant, width: int) -> None:
    page = open_chat(width)
    card = ask(page, FIVE)
    expected = assistant.ask(FIVE)
    assert card.locator(".lead").inner_text() == expected.message
    (citation,) = expected.statements[0].citations
    assert citation.quote in card.inner_text()
    assert "source 4" in card.inner_text()
    for open_it in (lambda: page.click("#t1-c1"), lambda: page.keyboard.press("Enter")):
        open_it()
        assert page.locator(".cited").all_inner_texts() == [citation.quote]
        page.keyboard.press("Escape")
        assert page.locator(".cited").count() == 0
    refusal = ask(page, FIRST_LINE)
    text = refusal.inner_text()
    assert "first-line" in refusal.locator(".lead").inner_text()
    assert "source 1" in text
    assert "LLM-marked in the source" in text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_gradio_client_gets_the_response(served: Served, corpus: Corpus) -> None:
    client = Client(served.url, verbose=False)
    response = client.predict("and who else was in it?", ["who convened the theory group?"], api_name="/ask")
    assert response["statements"][0]["citations"][0]["passage"] == "creators-lineage-2"
    assert differences(json.loads(json.dumps(response)), corpus) == []
