"""Write a result as one HTML page that needs nothing else: what is good, what is bad, what to work on, on what evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from eval.cards import cards
from eval.figures import plots
from eval.gate import Checked, targets
from eval.result import FOLDER, Result
from eval.summary import ALL, FEW, Rate
from eval.words import (
    about_typing_or_cost,
    goal,
    kind_meaning,
    kind_name,
    kind_table,
    meaning,
    measure_name,
    number,
    p_value,
    problems,
    value_and_interval,
    verdict_mark,
)

_HERE = Path(__file__).parent
_VERDICTS = {"met": "met", "missed": "missed", "too few": "few", "not measured": "dim"}
_WORST = 5
_FEW = ' <span class="few">too few</span>'


def save(result: Result, folder: Path = FOLDER) -> Path:
    """Write the page to `folder`/NAME.html and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.html"
    path.write_text(page(result), encoding="utf-8")
    return path


def page(result: Result) -> str:
    """Return the whole page."""
    title = f"Evaluation: {escape(result.name)}"
    script = f"<script>{(_HERE / 'page.js').read_text(encoding='utf-8')}</script>" if result.rows else ""
    sections = [_summary(result), _target_table(result), plots(result), _systems(result), _kinds(result)]
    sections += [_others(result), _pairs(result), _questions(result), _made(result)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{(_HERE / 'page.css').read_text(encoding='utf-8')}</style></head>"
        f"<body><h1>{title}</h1>{''.join(sections)}{script}</body></html>\n"
    )


def _summary(result: Result) -> str:
    """Return what is good, what is bad and what to work on next, in words."""
    checked = targets(result)
    lines = {verdict: [item for item in checked if item.verdict == verdict] for verdict in _VERDICTS}
    parts = [
        f"<p>{_about(result)} Numbers in brackets are 95 % intervals.</p>",
        _gates(result),
        "<h2>In short</h2><ul>",
    ]
    parts.append(f"<li><b class='good'>Good:</b> {_named(lines['met'])}</li>")
    parts.append(f"<li><b class='bad'>Bad:</b> {_named(lines['missed'])}</li>")
    parts += [f"<li><b>Work on next:</b> {line}.</li>" for line in _next(result)]
    if lines["too few"]:
        parts.append(f"<li><b class='few'>Too few questions to say</b> (under {FEW}): {_named(lines['too few'])}</li>")
    parts += [f"<li>{escape(note)}</li>" for note in result.notes]
    return "".join(parts) + "</ul>"


def _about(result: Result) -> str:
    """Return what was asked of what."""
    count = sum(result.counts.values())
    if result.split == "outside":
        return (
            "The same engine without a question bank, on articles, questions and near misses that nobody of this "
            f"project wrote: {count} questions."
        )
    return (
        "The assistant answers questions about one text with the text's own passages, or refuses. Here it was asked "
        f"{count} questions of the {escape(result.split)} split, and each reply was held against what was expected: "
        "'dev' is for tuning, 'test' only for reporting."
    )


def _gates(result: Result) -> str:
    checks = ", ".join(f"{count} {escape(name)}" for name, count in result.checks.items()) or "nothing checked"
    if not result.broken:
        return f'<p class="good">Gates hold: quotes are the text\'s own, labels true, standing first, runs alike ({checks}).</p>'
    items = "".join(f"<li>{escape(line)}</li>" for line in result.broken)
    return f'<p class="bad strong">Gates broken ({checks}):</p><ul class="bad">{items}</ul>'


def _named(checked: Sequence[Checked]) -> str:
    """Return targets with what was found, as a list."""
    items = []
    for target, figure in ((item.target, item.figure) for item in checked):
        if figure is None:
            continue
        found = figure.low if target.bound == "low" else figure.value
        items.append(
            f"<li>{escape(measure_name(target.measure, target.kind))}: <b>{number(found)}</b>, aim {escape(goal(target))} "
            f'<span class="dim">{escape(meaning(target.measure))}</span></li>'
        )
    return f"<ul>{''.join(items)}</ul>" if items else "nothing"


def _next(result: Result) -> list[str]:
    """Return the kinds that are least often right and, where rows are known, the most common problems."""
    kinds = [
        rate for rate in result.rates if rate.system == "assistant" and rate.measure == "right" and rate.kind != ALL
    ]
    worst = sorted(kinds, key=lambda rate: rate.figure.value)[:_WORST]
    lines = []
    if worst:
        named = (f"{escape(kind_name(r.kind))} ({number(r.figure.value)} of {r.figure.count})" for r in worst)
        lines.append(f"the kinds least often right: {', '.join(named)}")
    found = Counter(_class_of(problem) for row in result.rows for problem in problems(row))
    if found:
        named = (f"{escape(problem)} ({times} questions)" for problem, times in found.most_common(_WORST))
        lines.append(f"the most common problems: {'; '.join(named)}")
    return lines


def _class_of(problem: str) -> str:
    """Return a problem without its numbers."""
    return " ".join(word for word in problem.split() if not word.isdigit()).removeprefix("of ")


def _target_table(result: Result) -> str:
    rows = [
        [
            f"{escape(measure_name(item.target.measure, item.target.kind))}",
            escape(goal(item.target)),
            escape(value_and_interval(item.figure)),
            str(item.figure.count) if item.figure else "",
            f'<span class="{_VERDICTS[item.verdict]}">{escape(verdict_mark(item))}</span>',
            f'<span class="dim">{escape(meaning(item.target.measure))}</span>',
        ]
        for item in targets(result)
    ]
    return "<h2>Targets</h2>" + _table(["measure", "aim", "found", "n", "", "what it means"], rows)


def _systems(result: Result) -> str:
    """Return the rates over all questions beside those of the baselines."""
    baselines = [system for system in dict.fromkeys(rate.system for rate in result.rates) if system != "assistant"]
    without = ["without near copies"] if result.near_copies else []
    rows = []
    for rate in _of_all(result):
        others = [result.rate(rate.measure, rate.kind, baseline) for baseline in baselines]
        rows.append(
            [
                escape(measure_name(rate.measure, rate.kind)),
                str(rate.figure.count),
                f'<span class="strong">{escape(value_and_interval(rate.figure))}</span>',
                *([escape(value_and_interval(rate.without))] if without else []),
                *(escape(value_and_interval(other.figure)) if other else "–" for other in others),
                f'<span class="dim">{escape(meaning(rate.measure))}</span>',
            ]
        )
    heads = ["measure", "n", "assistant", *without, *baselines, "what it means"]
    copies = sum(result.near_copies.values())
    note = (
        f"<p>{copies} questions are near copies of development questions or of bank lines; rates on them say little "
        "about new questions, so every rate is also given without them.</p>"
    )
    note = note if copies else ""
    return "<h2>All questions, and what a user would build instead</h2>" + note + _table(heads, rows)


def _of_all(result: Result) -> list[Rate]:
    pooled = ("AUROC", "median cited")
    return [
        rate
        for rate in result.rates
        if rate.system == "assistant"
        and (rate.kind == ALL or rate.measure in pooled)
        and not about_typing_or_cost(rate)
    ]


def _kinds(result: Result) -> str:
    names, found = kind_table(result)
    rows = [
        [
            f'{escape(kind)}{_FEW if count < FEW else ""}<br><span class="dim">{escape(kind_meaning(kind))}</span>',
            str(count),
            *(escape(value_and_interval(figure)) for figure in figures),
        ]
        for kind, count, figures in found
    ]
    note = f"<p>Kinds under {FEW} questions are marked: their intervals are too wide to hold against a target.</p>"
    return "<h2>By kind</h2>" + note + _table(["kind", "n", *names], rows)


def _others(result: Result) -> str:
    rates = [rate for rate in result.rates if rate.system == "assistant" and about_typing_or_cost(rate)]
    rows = [[escape(r.measure), str(r.figure.count), value_and_interval(r.figure)] for r in rates]
    note = (
        "<p>Variants ask the same question in another way of typing: 'decision' and 'lead' say how often the reply's kind "
        "and first statement stay, 'overlap' how much of what is shown stays. Times are of this machine.</p>"
    )
    return "<h2>Typed another way, and costs</h2>" + note + _table(["measure", "n", "found"], rows) if rows else ""


def _pairs(result: Result) -> str:
    rows = [
        [
            escape(measure_name(pair.measure)),
            escape(pair.other),
            str(pair.count),
            f"{pair.difference:+.3f} [{pair.low:+.2f}, {pair.high:+.2f}]",
            f"{pair.more} / {pair.less}",
            f'<span class="{"strong" if pair.significant else "dim"}">{escape(p_value(pair.p))}</span>',
        ]
        for pair in result.pairs
    ]
    note = (
        "<p>Assistant minus baseline on the same questions. p: exact McNemar for yes-or-no measures, paired sign-flip "
        "otherwise, each comparison taken alone.</p>"
    )
    heads = ["measure", "against", "n", "difference", "more / less", "p"]
    return "<h2>Paired differences</h2>" + note + _table(heads, rows) if rows else ""


def _questions(result: Result) -> str:
    if not result.rows:
        return "" if result.open else "<h2>Questions</h2><p>Test shows rates, no single questions.</p>"
    return f"<h2>Every question, failures first</h2>{cards(result.rows)}"


def _made(result: Result) -> str:
    rows = [[escape(name), f'<span class="dim">{escape(str(value))}</span>'] for name, value in result.made.items()]
    body = "".join(f'<tr><td>{name}</td><td class="wide">{value}</td></tr>' for name, value in rows)
    return f'<h2>Made from</h2><div class="scroll"><table>{body}</table></div>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are HTML already, heads are not. The last column is text where its head says what things mean."""
    wide = heads[-1] == "what it means"
    head = "".join(f"<th{_wide(name == 'what it means')}>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td{_wide(wide and place == len(heads) - 1)}>{cell}</td>' for place, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _wide(wide: bool) -> str:
    return ' class="wide"' if wide else ""
