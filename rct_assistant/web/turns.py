"""What happens between the page and the assistant: a question in, the turns of the conversation out. Knows no layout.

The earlier questions are kept on the server; nothing that a browser sends back is taken for them.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, assert_never

from rct_assistant.corpus import Corpus
from rct_assistant.query import readable
from rct_assistant.response import Answer, Reason, Refusal, Response
from rct_assistant.web.answer import answer_html, fault_html, question_html, waiting_html

_log = logging.getLogger(__name__)


class Assistant(Protocol):
    """What the page needs of an assistant."""

    @property
    def corpus(self) -> Corpus:
        """The documents it answers from."""

    def ask(self, question: str, history: Sequence[str] = ()) -> Response:
        """Answer a question, given the earlier ones."""


Offers = Literal["examples", "instead"]  # the keys of a document's settings that hold the questions


class BadInput(ValueError):
    """What a caller of the endpoint sent is not a question and a list of questions."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, the card that answers it, and the questions that are of use after it, if any."""

    question: str
    card: str
    offers: Offers | None = None


Turns = tuple[Turn, ...]


def ask(assistant: Assistant, question: object, history: object) -> dict[str, Any]:
    """Return the response to a question as JSON values.

    Raises:
        BadInput: the question is no string, or the history no list of strings.
    """
    if not isinstance(question, str):
        raise BadInput(f"found {_kind(question)} as the question, expected a string; send the question's text")
    if not isinstance(history, list):
        raise BadInput(f"found {_kind(history)} as the history, expected a list; send the earlier questions as strings")
    for position, earlier in enumerate(history, 1):
        if not isinstance(earlier, str):
            where = f"item {position} of the history"
            raise BadInput(f"found {_kind(earlier)} as {where}, expected a string; send the earlier questions only")
    return assistant.ask(readable(question), [readable(earlier) for earlier in history]).to_json()


def answered(assistant: Assistant, question: str, turns: Turns) -> Turns:
    """Return the conversation with this question and the card that answers it; a bug gets a card that says so."""
    number = len(turns) + 1
    question = readable(question)
    try:
        response = assistant.ask(question, [turn.question for turn in turns])
        turn = Turn(question, answer_html(response, assistant.corpus, number), offers=_offers(response))
    except Exception as error:  # whatever it is, the conversation on the page must outlive it
        log_fault(error)
        turn = Turn(question, fault_html(number))
    return (*turns, turn)


def messages(turns: Turns, waiting_for: str | None = None) -> list[dict[str, str]]:
    """Return the conversation as the chat shows it, with the question that is being answered."""
    pairs = [(question_html(turn.question, number), turn.card) for number, turn in enumerate(turns, 1)]
    if waiting_for is not None:
        number = len(turns) + 1
        pairs.append((question_html(readable(waiting_for), number), waiting_html(number)))
    return [
        {"role": role, "content": content}
        for pair in pairs
        for role, content in zip(("user", "assistant"), pair, strict=True)
    ]


def log_fault(error: Exception) -> None:
    """Log where a bug is, without its message: that could hold what was asked."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.error("a question could not be answered: %s\n%s", type(error).__name__, frames)


def _offers(response: Response) -> Offers | None:
    """Return which questions help after this: some after a refusal, but none when somebody may be in danger."""
    match response:
        case Answer():
            return None
        case Refusal():
            offered: dict[Reason, Offers | None] = {"safety": None, "first_line": "instead"}
            return offered.get(response.reason, "examples")
        case _:
            assert_never(response)


def _kind(value: object) -> str:
    """Return what a JSON value is, in JSON's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
