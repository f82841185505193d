"""The web server: what it serves and refuses, what it says and keeps quiet about, how it starts and stops."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from rct_assistant.errors import UsageError
from rct_assistant.web.guard import BODY_LIMIT
from rct_assistant.web.port import check_port, take_port
from rct_assistant.web.server import serve
from rct_assistant.web.turns import BadInput, ask
from tests.web_fixtures import Chat, FakeAssistant, Recorded

# What pandas will drop is used by the queue of Gradio, in the thread that serves.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio")
ROOT = Path(__file__).parent.parent
FIVE = "What are the five good things?"


@pytest.fixture(scope="module")
def _client(_served: Chat) -> Iterator[Client]:
    client = Client(_served.url, verbose=False)
    yield client
    client.close()


@pytest.fixture
def client(_client: Client, chat: Chat) -> Client:
    """Return a client of a chat with nothing recorded yet."""
    return _client


def test_the_endpoint_gives_the_response(client: Client, chat: Chat) -> None:
    found = client.predict(FIVE, ["What is mutual empathy?"], api_name="/ask")
    expected = chat.assistant.inner.ask(FIVE, ["What is mutual empathy?"]).to_json()
    assert {**found, "seconds": 0} == {**expected, "seconds": 0}
    assert chat.assistant.asked == [(FIVE, ("What is mutual empathy?",))]


def test_the_endpoint_is_the_only_one(client: Client, chat: Chat) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    assert list(api["named_endpoints"]) == ["/ask"]
    assert api["unnamed_endpoints"] == {}
    parameters = api["named_endpoints"]["/ask"]["parameters"]
    assert [(one["parameter_name"], one["python_type"]["type"]) for one in parameters] == [
        ("question", "str"),
        ("history", "list[str]"),
    ]
    config = httpx.get(f"{chat.url}/config").json()
    assert [one["api_name"] for one in config["dependencies"] if one["api_visibility"] == "public"] == ["ask"]


@pytest.mark.parametrize(
    ("question", "history", "said"),
    [
        (FIVE, "earlier", "found a string as the history, expected a list"),
        (FIVE, {"0": "earlier"}, "found an object as the history, expected a list"),
        (FIVE, None, "found null as the history, expected a list"),
        (FIVE, ["a", 3], "found a number as item 2 of the history, expected a string"),
        (FIVE, [["a", "b"]], "found a list as item 1 of the history, expected a string"),
        (7, [], "found a number as the question, expected a string"),
        (True, [], "found a truth value as the question, expected a string"),
    ],
)
def test_bad_input_is_named(client: Client, chat: Chat, question: Any, history: Any, said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(question, history, api_name="/ask")
    assert chat.assistant.asked == []


def test_bad_input_is_refused_before_the_assistant_sees_it() -> None:
    with pytest.raises(BadInput):
        ask(FakeAssistant(), FIVE, ("a",))


def test_a_bug_is_logged_without_what_was_asked(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(AppError, match="a fault in the assistant"):
        client.predict("raise a fault zebra", ["giraffe"], api_name="/ask")
    assert "RuntimeError" in caplog.text
    assert "web_fixtures.py" in caplog.text
    assert "zebra" not in caplog.text
    assert "giraffe" not in caplog.text


def test_half_of_a_surrogate_pair_does_no_harm(chat: Chat) -> None:
    sent = json.dumps({"data": ["five good things \ud800", []]})
    event = httpx.post(f"{chat.url}/gradio_api/call/ask", content=sent, headers={"Content-Type": "application/json"})
    answered = httpx.get(f"{chat.url}/gradio_api/call/ask/{event.json()['event_id']}")
    assert "event: complete" in answered.text


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/gradio_api/openapi.json",
        "/gradio_api/runs",
        "/gradio_api/run-history/records",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=http://example.com/",
        "/gradio_api/proxy=http://example.com/",
        "/gradio_api/deep_link",
        "/monitoring",
        "/gradio_api/upload_progress",
        "/login",
        "/pwa_icon",
        "//gradio_api/upload",
        "/gradio_api/call/reply",
    ],
)
def test_what_is_not_needed_is_not_served(chat: Chat, path: str) -> None:
    assert httpx.get(chat.url + path).status_code == 404


def test_uploads_are_refused(chat: Chat) -> None:
    for path in ("/gradio_api/upload", "/gradio_api/upload/", "/upload", "/gradio_api/%75pload"):
        assert httpx.post(chat.url + path, files={"files": b"x"}).status_code == 404


def test_what_is_too_long_is_refused(chat: Chat) -> None:
    url = f"{chat.url}/gradio_api/call/ask"
    assert httpx.post(url, json={"data": ["x" * BODY_LIMIT, []]}).status_code == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    assert httpx.post(url, content=chunks).status_code in (400, 413)
    assert chat.assistant.asked == []


def test_every_answer_carries_the_policy(chat: Chat) -> None:
    for answer in (httpx.get(chat.url), httpx.get(f"{chat.url}/nowhere"), httpx.get(f"{chat.url}/config")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src-attr 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "http:" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_nothing_calls_out_or_is_kept(chat: Chat) -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    config = httpx.get(f"{chat.url}/config").json()
    assert config["analytics_enabled"] is False
    assert not config.get("run_history")
    assert config["footer_links"] == []


def test_a_taken_port_gets_one_line() -> None:
    with take_port("127.0.0.1", 0) as taken, pytest.raises(UsageError) as raised:
        serve(Recorded(FakeAssistant()), "127.0.0.1", taken.getsockname()[1])
    assert "in use by another program, expected a free one; stop that program or choose another with --port" in str(
        raised.value
    )
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a..b", "\u2028", ""])
def test_a_host_that_is_not_here_gets_one_line(host: str) -> None:
    with pytest.raises(UsageError, match="expected an address of this computer") as raised:
        check_port(host, 7860)
    assert "\n" not in str(raised.value)


@contextmanager
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the chat in a process of its own; yields it with the line that it wrote when it was ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "tests/web_fixtures.py", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    served = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert served.stderr
        yield served, served.stderr.readline()
    finally:
        served.kill()
        served.communicate()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_server_says_where_it_is_logs_no_question_and_stops_cleanly(sign: signal.Signals) -> None:
    with process() as (served, line):
        assert line.startswith("The chat is at http://127.0.0.1:")
        url = line.split()[4]
        client = Client(url, verbose=False)
        assert client.predict("zebra", [], api_name="/ask")["kind"] == "refusal"
        with httpx.stream("GET", f"{url}/gradio_api/heartbeat/open-page"):
            started = time.monotonic()
            served.send_signal(sign)
            output, errors = served.communicate(timeout=20)
            assert time.monotonic() - started < 10
        client.close()
    assert served.returncode == 0
    assert output == ""
    assert errors == ""
