"""Write a response as plain text, labels included. The page has its own form in `web`; both show the same parts."""

from __future__ import annotations

from collections.abc import Iterable

from rct_assistant.response import Citation, Notice, Refusal, Response, Statement

NEAREST = "This is no answer. The nearest passages in the text are:"


def plain_text(
    message: str, notices: Iterable[Notice], statements: Iterable[Statement], nearest: Iterable[Statement]
) -> str:
    """Return the whole reply: the message, notices, statements under their sections, and the nearest passages, if any."""
    blocks = [message]
    for notice in notices:
        blocks.append("\n".join([notice.text, *(_line(c.quote, c.label, c.passage) for c in notice.citations)]))
    blocks += _statements(statements)
    near = _statements(nearest)
    if near:
        blocks += [NEAREST, *near]
    return "\n\n".join(blocks)


def response_text(response: Response) -> str:
    """Return the plain text of a response's parts."""
    nearest = response.nearest if isinstance(response, Refusal) else ()
    return plain_text(response.message, response.notices, response.statements, nearest)


def _statements(statements: Iterable[Statement]) -> list[str]:
    """Return one block for each run of statements of the same section."""
    blocks: list[str] = []
    section = None
    for statement in statements:
        lines = [_context(citation) for citation in statement.context]
        lines.append(_line(statement.text, statement.label, statement.passage))
        if statement.citations[0].section != section:
            section = statement.citations[0].section
            blocks.append("\n".join([section, *lines]))
        else:
            blocks[-1] += "\n" + "\n".join(lines)
    return blocks


def _context(citation: Citation) -> str:
    return "(context) " + _line(citation.quote, citation.label, citation.passage)


def _line(text: str, label: str, passage: str) -> str:
    return f"{text} [{label}] ({passage})"
