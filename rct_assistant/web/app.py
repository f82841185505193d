"""The page: layout, events, and the one public endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI
from gradio.events import api

from rct_assistant.corpus import Corpus
from rct_assistant.policy import LONGEST
from rct_assistant.web.about import about_html, header_html, name, welcome_html
from rct_assistant.web.guard import Guard
from rct_assistant.web.source import key_html, outline_html, source_html
from rct_assistant.web.turns import (
    Assistant,
    BadInput,
    Turns,
    answered,
    ask,
    log_fault,
    messages,
)

# One question at a time, wherever it comes from: the assistant need not be safe for several threads.
_ONE_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "assistant"}
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_ASKING: dict[str, Any] = {"trigger_mode": "once", **_PRIVATE, **_ONE_AT_A_TIME}
_STYLES = ("gradio.css", "page.css", "ask.css", "cards.css", "labels.css", "source.css")
_WAITING_LIMIT = 64
_FAULT = "a fault in the assistant kept the question from being answered; the server's log says where"


def build_app(assistant: Assistant) -> FastAPI:
    """Return the web application: the page at '/', the endpoint '/ask', nothing else."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard)
    system = ("system-ui", "sans-serif")
    gr.mount_gradio_app(
        app,
        _page(assistant),
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        theme=gr.themes.Base(font=system, font_mono=("ui-monospace", "monospace")),
        head=_head(),
    )
    return app


def _head() -> str:
    """Return what goes into the page's head: style, script and icon are written into it, so that nothing is fetched."""
    folder = files(__package__)
    style = "".join((folder / name).read_text(encoding="utf-8") for name in _STYLES)
    script = (folder / "page.js").read_text(encoding="utf-8")
    icon = quote((folder / "icon.svg").read_text(encoding="utf-8"))
    return (
        f'<link rel="icon" href="data:image/svg+xml,{icon}"><meta name="question-limit" content="{LONGEST}">'
        f"<style>{style}</style><script>{script}</script>"
    )


def _page(assistant: Assistant) -> gr.Blocks:
    """Return the page with its three views; which one is shown, and the source pane, are the script's business."""
    corpus = assistant.corpus
    page = gr.Blocks(title=name(corpus), analytics_enabled=False, fill_width=True)
    with page:
        _markdown(header_html(corpus), "top")
        with gr.Row(elem_id="views", equal_height=False):
            with gr.Column(elem_id="ask-view"):
                _chat(assistant)
            with gr.Column(elem_id="source-view"):
                _source(corpus)
            with gr.Column(elem_id="about-view"):
                _markdown(about_html(corpus), "about")
        api(_endpoint(assistant), api_name="ask", **_ONE_AT_A_TIME)
    page.queue(max_size=_WAITING_LIMIT)
    return page


def _markdown(html: str, elem_id: str) -> gr.Markdown:
    return gr.Markdown(html, elem_id=elem_id, latex_delimiters=[])


def _source(corpus: Corpus) -> None:
    """Lay out the source pane: its bar, the outline for reading, the documents."""
    with gr.Row(elem_id="pane-bar"):
        _markdown('<div class="pane-title" role="status">Source</div>', "pane-title")
        gr.Button("‹", elem_id="pane-previous", size="sm", min_width=0)
        gr.Button("›", elem_id="pane-next", size="sm", min_width=0)
        gr.Button("Close", elem_id="pane-close", size="sm", min_width=0)
    with gr.Row(elem_id="pane-body", equal_height=False):
        _markdown(outline_html(corpus) + key_html(corpus), "outline")
        _markdown(source_html(corpus), "source")


def _chat(assistant: Assistant) -> None:
    """Lay out the conversation and wire its events."""
    turns = gr.State(())
    welcome = _markdown(welcome_html(assistant.corpus), "welcome")
    chat = gr.Chatbot(
        elem_id="conversation",
        show_label=False,
        container=False,
        height=None,
        buttons=[],
        autoscroll=False,
        latex_delimiters=[],
    )
    documents = assistant.corpus.documents
    examples = [question for document in documents for question in document.examples]
    instead = [question for document in documents for question in document.instead or document.examples]
    with gr.Row(elem_id="examples") as on_empty_page:
        offers = [gr.Button(question, size="sm") for question in examples]
    with gr.Row(elem_id="instead", visible=False) as after_a_claim:
        offers += [gr.Button(question, size="sm") for question in instead]
    box, send, again = _composer()
    outputs = [turns, chat, box, send, welcome, on_empty_page, after_a_claim, again]
    reply = _reply(assistant)
    gr.on([box.submit, send.click], reply, [box, turns], outputs, **_ASKING)
    for offer in offers:
        offer.click(reply, [offer, turns], outputs, **_ASKING)
    again.click(_clear, None, outputs, **_PRIVATE)


def _composer() -> tuple[gr.Textbox, gr.Button, gr.Button]:
    """Lay out the field to ask in; return it with the buttons to send and to start again."""
    with gr.Column(elem_id="composer"):
        with gr.Row(elem_id="ask-row", equal_height=False):
            box = gr.Textbox(
                elem_id="question",
                label="Your question",
                show_label=False,
                container=False,
                max_lines=8,
                placeholder="Ask about the text",
            )
            send = gr.Button("Ask", elem_id="send", variant="primary", scale=0, min_width=0)
        with gr.Row(elem_id="ask-foot"):
            _markdown('<p class="hint" role="status"></p>', "hint")
            again = gr.Button("New conversation", elem_id="new", size="sm", visible=False, scale=0, min_width=0)
    return box, send, again


def _reply(assistant: Assistant) -> Callable[[str, Turns], Iterator[tuple[Any, ...]]]:
    """Return the event that shows a question at once and its answer as soon as there is one."""

    def reply(question: str, turns: Turns) -> Iterator[tuple[Any, ...]]:
        busy, hidden, shown = gr.update(interactive=False), gr.update(visible=False), gr.update(visible=True)
        yield turns, messages(turns, question), "", busy, hidden, hidden, hidden, hidden
        turns = answered(assistant, question, turns)
        ready, offered = gr.update(interactive=True), turns[-1].offers
        rows = [gr.update(visible=offered == name) for name in ("examples", "instead")]
        yield turns, messages(turns), gr.skip(), ready, hidden, *rows, shown

    return reply


def _clear() -> tuple[Any, ...]:
    """Start again, with nothing kept of the conversation before."""
    shown, hidden = gr.update(visible=True), gr.update(visible=False)
    return (), [], "", gr.update(interactive=True), shown, shown, hidden, hidden


def _endpoint(assistant: Assistant) -> Callable[[str, list[str]], dict[str, Any]]:
    """Return the function behind the public endpoint."""

    def answer(question: str, history: list[str]) -> dict[str, Any]:
        """Answer a question in the words of the documents; `history` is the earlier questions, oldest first."""
        try:
            return ask(assistant, question, history)
        except BadInput as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            log_fault(error)
            raise gr.Error(_FAULT, print_exception=False) from error

    return answer
