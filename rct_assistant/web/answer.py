"""A response as a card of HTML: message, notices, statements with citations and labels, what is near but no answer.

It shows what the response says and adds no statement. Ids carry the number of the turn: they are unique on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, groupby
from typing import Literal, assert_never

from rct_assistant.corpus import Corpus
from rct_assistant.document import Span
from rct_assistant.render import NEAREST
from rct_assistant.response import Answer, Citation, Notice, Refusal, Response, Statement
from rct_assistant.web.labels import anchor, html, label_html, legend_html, shape


def question_html(question: str, turn: int) -> str:
    """Return the bubble that shows what was asked, letter for letter."""
    words = html(question) if question.strip() else '<span class="nothing">(nothing was typed)</span>'
    return (
        f'<h2 class="question" id="t{turn}-question" tabindex="-1"><span class="unseen">You asked: </span>{words}</h2>'
    )


def waiting_html(turn: int) -> str:
    """Return the card that stands where the answer will be."""
    return f'<div class="card waiting" id="t{turn}-waiting">Looking in the text …</div>'


def fault_html(turn: int) -> str:
    """Return the card for a bug: nothing is shown that did not come out of the assistant."""
    words = "A fault in this program kept the answer from being made. Please ask again, or reload the page."
    return f'<div class="card fault" id="t{turn}"><p class="lead">{words}</p></div>'


def answer_html(response: Response, corpus: Corpus, turn: int) -> str:
    """Return the card that shows a response as turn number `turn` of the conversation."""
    return _Card(corpus, turn).html(response)


class _Card:
    """Numbers the citations of one response from 1, in the order in which they are shown."""

    def __init__(self, corpus: Corpus, turn: int) -> None:
        self._corpus = corpus
        self._turn = turn
        self._numbers = count(1)

    def html(self, response: Response) -> str:
        """Return the whole card."""
        message = f'<p class="lead">{html(response.message)}</p>' if response.message else ""
        notices = "".join(self._notice(notice) for notice in response.notices)
        body = message + notices + self._statements(response.statements) + self._nearest(response)
        return f'<div class="card {_kind(response)}" id="t{self._turn}">{body}{self._foot(response)}</div>'

    def _notice(self, notice: Notice) -> str:
        quotes = "".join(
            f'<div class="statement {shape(citation.provenance)}">{self._quote(citation)}</div>'
            for citation in notice.citations
        )
        return f'<div class="notice"><p>{html(notice.text)}</p>{quotes}</div>'

    def _nearest(self, response: Response) -> str:
        match response:
            case Answer():
                return ""
            case Refusal():
                if not response.nearest:
                    return ""
                return (
                    f'<div class="nearest"><h3>{html(NEAREST)}</h3>{self._statements(response.nearest, level=4)}</div>'
                )
            case _:
                assert_never(response)

    def _statements(self, statements: tuple[Statement, ...], *, level: Literal[3, 4] = 3) -> str:
        """Return statements under the headings of their sections, neighbouring rows as one table."""
        parts, shown = [], ""
        for (title, columns), group in groupby(statements, key=self._place):
            members = list(group)
            if title != shown:
                parts.append(f'<h{level} class="section">{html(title)}</h{level}>')
            shown = title
            parts.append(self._table(columns, members) if columns else "".join(map(self._statement, members)))
        return "".join(parts)

    def _place(self, statement: Statement) -> tuple[str, tuple[str, ...]]:
        """Return the section a statement stands in, and a row's columns."""
        return self._section(statement), self._columns(statement)

    def _section(self, statement: Statement) -> str:
        citation = statement.citations[0]
        if len(self._corpus.documents) == 1:
            return citation.section
        return f"{self._corpus.by_name[citation.document].title}: {citation.section}"

    def _columns(self, statement: Statement) -> tuple[str, ...]:
        """Return the names of a row's columns; nothing for what is no row."""
        citation = statement.citations[0]
        return tuple(cell.name for cell in self._corpus.by_name[citation.document].by_id[citation.passage].cells)

    def _statement(self, statement: Statement) -> str:
        """Return a passage, behind the earlier ones that it refers back to."""
        context = "".join(
            f'<div class="context">{self._quote(citation, kind="Context")}</div>' for citation in statement.context
        )
        quotes = "".join(map(self._quote, statement.citations))
        return f'<div class="statement {shape(statement.provenance)}">{context}{quotes}</div>'

    def _quote(self, citation: Citation, *, kind: str = "") -> str:
        """Return words of the text with the link to them."""
        name = f'<span class="kind">{kind}</span> ' if kind else ""
        return f'<p class="words">{name}{html(citation.quote)}</p>{self._cite(citation)}'

    def _cite(self, citation: Citation) -> str:
        """Return the link that opens the source at a citation: its number and its label."""
        return self._link(citation, citation.span, next(self._numbers), label_html(citation.label, citation.provenance))

    def _link(self, citation: Citation, span: Span, number: int, inner: str) -> str:
        target = anchor(self._corpus, citation.document, span)
        chip = f'<span class="unseen">Citation </span><span class="number">{number}</span>'
        return f'<a class="cite" id="t{self._turn}-c{number}" href="#{target}">{chip}{inner}</a>'

    def _table(self, columns: tuple[str, ...], rows: list[Statement]) -> str:
        head = "".join(f'<th scope="col">{html(name)}</th>' for name in columns)
        body = "".join(self._row(columns, row) for row in rows)
        first = '<th scope="col"><span class="unseen">Citation</span></th>'
        return f'<table class="rows"><thead><tr>{first}{head}</tr></thead><tbody>{body}</tbody></table>'

    def _row(self, columns: tuple[str, ...], row: Statement) -> str:
        """Return a row: a chip that opens all of it, then each cell with a label that opens that cell."""
        number = next(self._numbers)
        first, last = row.citations[0], row.citations[-1]
        chip = self._link(
            first, Span(first.span.start, last.span.end), number, '<span class="unseen"> (the whole row)</span>'
        )
        cells = "".join(self._cells(columns, row.citations, number))
        return f'<tr><td class="chip">{chip}</td>{cells}</tr>'

    def _cells(self, columns: tuple[str, ...], citations: tuple[Citation, ...], number: int) -> Iterator[str]:
        for position, (name, citation) in enumerate(zip(columns, citations, strict=True), 1):
            target = anchor(self._corpus, citation.document, citation.span)
            unseen = f'<span class="unseen">Citation {number}, {html(name)}: </span>'
            label = label_html(citation.label, citation.provenance)
            link = f'<a class="cite" id="t{self._turn}-c{number}-{position}" href="#{target}">{unseen}{label}</a>'
            yield f'<td><span class="column">{html(name)}</span><p class="words">{html(citation.quote)}</p>{link}</td>'

    def _foot(self, response: Response) -> str:
        """Return the whole reply as plain text to copy, and the legend, folded."""
        copy = '<button type="button" class="copy">Copy as text</button>'
        text = f'<pre class="reply" hidden>{html(response.text)}</pre>'
        legend = f"<details><summary>What do the labels mean?</summary>{legend_html(self._corpus)}</details>"
        has_labels = next(self._numbers) > 1
        return f'<div class="foot">{copy}{text}{legend if has_labels else ""}</div>'


def _kind(response: Response) -> str:
    """Return the classes of a card: 'answer', or 'refusal' with its reason; what is all LLM-marked stands out."""
    match response:
        case Answer():
            shapes = {shape(statement.provenance) for statement in response.statements}
            return "answer all-llm" if shapes == {"llm"} else "answer"
        case Refusal():
            return f"refusal {response.reason}"
        case _:
            assert_never(response)
