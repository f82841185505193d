"""Show single questions on the page: what was asked, expected, answered and cited, failures first. Every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from eval.questions import KINDS
from eval.result import Row
from eval.words import failures_first, kind_name, problems

_LONGEST = 600  # characters of a question shown; corrupt ones may have thousands


def cards(rows: list[Row]) -> str:
    """Return the filter and one card for each question."""
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    options = "".join(f'<option value="{kind}">{kind_name(kind)}</option>' for kind in kinds)
    return (
        '<div class="controls"><input type="search" id="search" placeholder="Filter by any word" aria-label="Filter by any word">'
        f'<select id="kind" aria-label="Kind"><option value="">all kinds</option>{options}</select>'
        '<label><input type="checkbox" id="failed"> with a problem only</label>'
        '<span class="dim" id="shown" aria-live="polite"></span></div>' + "".join(map(_card, failures_first(rows)))
    )


def _card(row: Row) -> str:
    wrong = problems(row)
    state = "good" if not wrong else "bad" if row.values["right"] == 0.0 else "few"
    verdict = "; ".join(wrong) or "right"
    head = f'<span class="tag {state}">{escape(verdict)}</span><b>{_text(row.question) or "(blank)"}</b>'
    copy = ' <span class="tag dim">near copy of the bank</span>' if row.near_copy else ""
    return (
        f'<details data-kind="{escape(row.kind)}" data-failed="{"yes" if wrong else "no"}"><summary>{head} '
        f'<span class="dim">{escape(kind_name(row.kind))}, {escape(row.id)}</span>{copy}</summary>'
        f"<div>{_body(row)}</div></details>"
    )


def _body(row: Row) -> str:
    """Return what is inside a card."""
    parts = [f"<p>Earlier: {' · '.join(map(_text, row.history))}</p>"] if row.history else []
    rule = f" (rule {escape(row.rule)})" if row.rule else ""
    parts.append(
        f"<p>Expected <b>{escape(row.expected)}</b>, replied <b>{escape(row.replied)}</b>{rule}; "
        f"probability of an answer {row.score:.2f}</p>"
    )
    if row.gold:
        parts.append("<p>The answer, one of each line:</p>")
        parts += [_gold(group, missed=group[0] in row.missed) for group in row.gold]
    if row.cited:
        parts.append("<p>Shown:</p>")
        parts += [_shown(statement) for statement in row.cited]
    parts += [f'<p class="dim">Notice: {escape(notice)}</p>' for notice in row.notices]
    values = ", ".join(f"{escape(name)} {value:.2f}" for name, value in row.values.items())
    return "".join(parts) + f'<p class="dim">{values}</p>'


def _gold(group: list[str], *, missed: bool) -> str:
    mark = '<span class="bad">missed:</span> ' if missed else ""
    return (
        f'<blockquote class="{"bad" if missed else "good"}">{mark}{" <i>or</i> ".join(map(escape, group))}</blockquote>'
    )


def _shown(statement: Mapping[str, Any]) -> str:
    state, mark = {True: ("good", ""), False: ("bad", '<span class="bad">beside the point:</span> '), None: ("", "")}[
        statement["right"]
    ]
    source = f"[{statement['label']}] ({statement['passage']})"
    return f'<blockquote class="{state}">{mark}{escape(statement["text"])} <span class="dim">{escape(source)}</span></blockquote>'


def _text(text: str) -> str:
    """Return an escaped text, cut where it is too long."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
    return escape(" ".join(cut.split()))
