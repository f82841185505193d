"""Fixtures for the tests of the chat: an assistant with hand-chosen replies over the real corpus, a server, a browser.

`PYTHONPATH=. python tests/web_fixtures.py [PORT]` serves that assistant, to look at the pages without an index.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from rct_assistant.citations import cite, states
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.messages import message, notice
from rct_assistant.render import plain_text
from rct_assistant.response import Answer, Notice, Reason, Refusal, Response
from rct_assistant.web.port import take_port
from rct_assistant.web.server import Server
from rct_assistant.web.turns import Assistant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

CORPUS = Path(__file__).parent.parent / "corpus"


@dataclass(frozen=True)
class Reply:
    """What is shown for a question: a message of the closed table, passages, notices."""

    message: str
    passages: tuple[str, ...] = ()
    reason: Reason | None = None
    nearest: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def _ids(section: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{section}-{number}" for number in numbers)


_REPORT_VIOLATIONS = "document.addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective))"

_STANDING = _ids("evidence-base", 1, 3, 4)
_CAUTIONS = _ids("contraindications-cautions-cultural-humility", 1, 2, 3, 4)
_OBJECTIVES = _ids("treatment-plan-suggestions-smart-objectives", 1, 2, 3, 4, 5, 6, 7)
_TERMS = _ids("key-terms", 1, 2, 3, 4, 5, 6)
_PRINCIPLES = _ids("core-principles", 1, 2, 3, 4, 5, 6, 7, 8)
_MISCONCEPTIONS = _ids("common-misconceptions", 1, 2, 3, 4)

# The first key that a question contains decides.
REPLIES = {
    "five good things": Reply("answer", ("core-principles-2",)),
    "naming disconnection": Reply("answer_llm", ("interventions-techniques-3",)),
    "first-line": Reply("first_line", (*_STANDING, _CAUTIONS[3]), "first_line"),
    "objectives": Reply("answer", _OBJECTIVES),
    "how strong": Reply("answer", _ids("evidence-base", 3, 4, 5)),
    "cautions": Reply("answer", _CAUTIONS),
    "misconceptions": Reply("answer", _MISCONCEPTIONS),
    "and paradox": Reply("answer", ("core-principles-3",), notices=("understood_as",)),
    "plan for": Reply("answer", ("problems-for-work-4",), notices=("standing",)),
    "everything": Reply("answer", (*_PRINCIPLES, *_OBJECTIVES[:2], *_MISCONCEPTIONS, *_TERMS)),
    "kill": Reply("safety", (_CAUTIONS[3],), "safety"),
    "hello": Reply("greeting", reason="about"),
    "capital": Reply("off_topic", reason="not_in_source"),
}
_ELSE = Reply("not_in_source", reason="not_in_source", nearest=("evidence-base-5", "core-principles-1"))


@dataclass
class FakeAssistant:
    """Answers with passages chosen by hand."""

    corpus: Corpus = field(default_factory=lambda: load_corpus(CORPUS))

    def ask(self, question: str, history: Sequence[str] = ()) -> Response:
        """Return the reply chosen for the question."""
        words = question.casefold()
        if not words.strip():
            return self._response(question, Reply("empty", reason="invalid_question"))
        return self._response(question, next((reply for key, reply in REPLIES.items() if key in words), _ELSE))

    def _response(self, question: str, reply: Reply) -> Response:
        document = self.corpus.documents[0]
        first = document.by_id[document.standing[0]]
        sections = [document.by_id[name].section for name in reply.passages]
        notices = tuple(
            Notice(code, notice(code, document, sections=sections), cite(document, first) if code == "standing" else ())
            for code in reply.notices
        )
        statements, nearest = states(document, list(reply.passages)), states(document, list(reply.nearest))
        said = message(reply.message, document)
        common: dict[str, Any] = {
            "version": "fake",
            "id": "fake",
            "question": question,
            "standalone_question": question,
            "message": said,
            "text": plain_text(said, notices, statements, nearest),
            "documents": self.corpus.hashes,
            "statements": statements,
            "notices": notices,
        }
        return Refusal(**common, reason=reply.reason, nearest=nearest) if reply.reason else Answer(**common)


@dataclass
class Recorded:
    """Passes questions on, and remembers them; one with 'raise a fault' meets a bug."""

    inner: Assistant
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    delay: float = 0.0

    @property
    def corpus(self) -> Corpus:
        """The documents of the assistant behind."""
        return self.inner.corpus

    def ask(self, question: str, history: Sequence[str] = ()) -> Response:
        """Answer, after the delay that a test wants."""
        self.asked.append((question, tuple(history)))
        time.sleep(self.delay)
        if "raise a fault" in question:
            raise RuntimeError(f"a message that holds the question: {question}")
        return self.inner.ask(question, history)


@dataclass
class Chat:
    """A served chat."""

    url: str
    assistant: Recorded


@pytest.fixture(scope="session")
def web_assistant() -> Assistant:
    """Return the assistant behind the tested chat; override this to test with another."""
    return FakeAssistant()


@pytest.fixture(scope="session")
def _served(web_assistant: Assistant) -> Iterator[Chat]:
    """Serve the chat in a thread, on a free port of this computer."""
    recorded = Recorded(web_assistant)
    taken = take_port("127.0.0.1", 0)
    server = Server(recorded)
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started, "the chat did not start within a minute"
    yield Chat(f"http://127.0.0.1:{taken.getsockname()[1]}", recorded)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def chat(_served: Chat) -> Chat:
    """Return the served chat with nothing recorded yet."""
    _served.assistant.asked.clear()
    _served.assistant.delay = 0.0
    return _served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium; where there is none the test is skipped, but in CI it fails."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "found no Chromium, which drives the chat; apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_chat(browser: Browser, chat: Chat) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the chat; afterwards no page may have done what it must never do."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note(kind: str, text: str) -> None:
        faults.append(f"{kind}: {text}")

    def watch(page: Page) -> None:
        page.on("console", lambda said: note("console", said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: note("error", str(error)))
        page.on("dialog", lambda dialog: note("dialog", dialog.message))
        page.on("request", lambda asked: None if _is_here(asked, chat) else note("request", asked.url))

    def open_chat(width: int = 1280, scheme: Literal["dark", "light"] = "light", **options: Any) -> Page:
        phone = width < 600
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            reduced_motion="reduce",
            has_touch=phone,
            is_mobile=phone,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective))"
        )
        page.goto(chat.url)
        page.wait_for_selector("a.view[aria-current]")
        return page

    yield open_chat
    for context in contexts:
        context.close()
    assert faults == []


def _is_here(asked: Request, chat: Chat) -> bool:
    return asked.url.startswith((chat.url + "/", "data:", "blob:"))


def main() -> None:
    """Serve the hand-chosen replies."""
    from rct_assistant.web.server import serve

    serve(Recorded(FakeAssistant()), "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 7860)


if __name__ == "__main__":
    main()
