"""Serve the chat: say where the page is, stop cleanly. No request is logged."""

from __future__ import annotations

import logging
import socket
import sys
import webbrowser
from collections.abc import Callable
from functools import partial
from threading import Thread
from types import FrameType

import uvicorn

from rct_assistant.web.app import build_app
from rct_assistant.web.port import take_port
from rct_assistant.web.turns import Assistant

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_PATIENCE = 1  # seconds that open pages get when the server stops


def serve(assistant: Assistant, host: str, port: int, *, open_browser: bool = False) -> None:
    """Serve the chat until SIGINT or SIGTERM; writes one line to stderr once it answers.

    Raises:
        UsageError: the address cannot be used.
    """
    with take_port(host, port) as taken:
        address = _address(host, taken.getsockname()[1])

        def ready() -> None:
            sys.stderr.write(f"The chat is at {address} (Ctrl+C stops it)\n")
            sys.stderr.flush()
            if open_browser:
                Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        Server(assistant, ready).run([taken])


def _address(host: str, port: int) -> str:
    shown = _EVERY_ADDRESS.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and takes a signal as a wish, not as a failure."""

    def __init__(self, assistant: Assistant, ready: Callable[[], None] = lambda: None) -> None:
        # A factory: made while the server's event loop runs, Gradio uses that one and leaves no other behind.
        config = uvicorn.Config(
            partial(build_app, assistant),
            factory=True,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `ready`."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop without a word about pages that are still open: each holds a connection for as long as it is shown."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a second signal stops at once. Unlike uvicorn, raise it not again: the process ends with status 0."""
        self.force_exit = self.should_exit
        self.should_exit = True
