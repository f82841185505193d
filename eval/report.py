"""Write a result for the terminal, and as a Markdown table for a README. The page is `page`, the file `result`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.bank import BankReport
from eval.gate import Checked, targets
from eval.pairs import Pair
from eval.result import Result
from eval.summary import ALL, FEW, Rate
from eval.words import (
    about_typing_or_cost,
    goal,
    kind_table,
    measure_name,
    number,
    p_value,
    value_and_interval,
    verdict_mark,
)
from rct_assistant.bank import BankQuestion

_STYLES = {"met": "green", "missed": "red", "too few": "yellow", "not measured": "dim"}
_MOST_BROKEN = 20


def show(result: Result, console: Console) -> None:
    """Print a result: gates, targets, rates beside the baselines', kinds, variants and costs."""
    count = sum(result.counts.values())
    console.print(
        Text(f"{result.name}: {count} questions, commit {result.made.get('commit', 'unknown')[:12]}", style="bold")
    )
    show_gates(result, console)
    console.print(_targets(targets(result)))
    if copies := sum(result.near_copies.values()):
        share = f"{copies} of {count} questions are near copies of dev or bank lines"
        console.print(f"{share}: every rate is given without them too.")
    console.print(_systems(result))
    console.print(_kinds(result))
    if others := [rate for rate in result.rates if about_typing_or_cost(rate)]:
        console.print(_plain("Typed another way, and costs", others))
    if result.pairs:
        console.print(pairs_table(result.pairs, "Paired differences"))
    for note in result.notes:
        console.print(Text(note, style="yellow"))
    show_gates(result, console)
    verdicts = [checked.verdict for checked in targets(result)]
    counts = ", ".join(f"{verdicts.count(name)} {name}" for name in _STYLES)
    console.print(Text(f"Targets: {counts}.", style="bold"))


def show_gates(result: Result, console: Console) -> None:
    """Print whether the gates hold, and what broke them."""
    checks = ", ".join(f"{count} {name}" for name, count in result.checks.items())
    if not result.broken:
        console.print(
            Text(f"Gates hold: fidelity, first line, determinism ({checks or 'nothing checked'}).", style="green")
        )
        return
    console.print(Text(f"Gates broken ({checks}):", style="bold red"))
    for line in result.broken[:_MOST_BROKEN]:
        console.print(Text(f"  {line}", style="red"))
    if len(result.broken) > _MOST_BROKEN:
        console.print(Text(f"  … and {len(result.broken) - _MOST_BROKEN} more", style="red"))


def show_targets(result: Result, console: Console) -> None:
    """Print the rates beside their targets."""
    console.print(_targets(targets(result)))


def show_bank(bank: Sequence[BankQuestion], report: BankReport, console: Console) -> None:
    """Print what a bank covers, and every clash for a person to judge."""
    few = sorted(report.passages.items(), key=lambda item: item[1])[:10]
    table = _table("Question bank", "what", "count")
    table.add_row("lines", str(report.lines))
    table.add_row("repeats that do not count", str(len(report.repeats)))
    table.add_row("counted, with an answer", str(report.answered))
    table.add_row("counted, not in the text", f"{report.gaps} on {len(report.topics)} topics")
    for name, count in report.intents.items():
        table.add_row(f"counted, {name}", str(count))
    for name, count in few:
        table.add_row(f"fewest: {name}", str(count))
    console.print(table)
    console.print(f"{len(report.clashes)} pairs of near duplicates have no answer in common:")
    for pair in report.clashes:
        earlier, later = bank[pair.earlier], bank[pair.later]
        console.print(f"  {pair.cosine:.3f} {earlier.asked!r} ~ {later.asked!r}", markup=False)


def pairs_table(pairs: Sequence[Pair], title: str) -> Table:
    """Return paired differences as a table."""
    table = _table(title, "measure", "against", "n", "difference", "more / less", "p")
    for pair in pairs:
        style = "bold" if pair.significant else "dim"
        difference = f"{pair.difference:+.3f} [{pair.low:+.2f}, {pair.high:+.2f}]"
        table.add_row(
            measure_name(pair.measure),
            pair.other,
            str(pair.count),
            difference,
            f"{pair.more} / {pair.less}",
            p_value(pair.p),
            style=style,
        )
    return table


def costs(rates: Sequence[Rate]) -> Table:
    """Return costs alone as a table."""
    return _plain("Costs", rates)


def markdown(results: Sequence[Result]) -> str:
    """Return targets, the assistant's rates in each result and the baselines' in the last of each split, as Markdown."""
    baselines = list(
        dict.fromkeys(rate.system for result in results for rate in result.rates if rate.system != "assistant")
    )
    heads = ["measure", "target", *(f"{r.name} (n)" for r in results), *(f"{b}, {results[-1].name}" for b in baselines)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    rows: dict[str, list[str]] = {}
    for place, result in enumerate(results):
        for checked in targets(result):
            target = checked.target
            name = measure_name(target.measure, target.kind)
            empty = [name, goal(target), *["–"] * (len(results) + len(baselines))]
            row = rows.setdefault(f"{name}, {goal(target)}", empty)
            if checked.figure is not None:
                mark = {"met": "", "missed": " ✗", "too few": " (too few)"}[checked.verdict]
                row[2 + place] = f"{value_and_interval(checked.figure)} ({checked.figure.count}){mark}"
            for column, baseline in enumerate(baselines, start=2 + len(results)):
                if rate := result.rate(target.measure, target.kind, baseline):
                    row[column] = number(rate.figure.value)
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows.values())])


def _targets(checked: Sequence[Checked]) -> Table:
    table = _table("Targets", "measure", "target", "value", "n", "")
    for item in checked:
        figure = item.figure
        table.add_row(
            measure_name(item.target.measure, item.target.kind),
            goal(item.target),
            value_and_interval(figure),
            str(figure.count) if figure else "",
            Text(verdict_mark(item), style=_STYLES[item.verdict]),
        )
    return table


def _systems(result: Result) -> Table:
    """Return the rates of all questions: the assistant's, without near copies, and each baseline's."""
    systems = list(dict.fromkeys(rate.system for rate in result.rates))
    baselines = [system for system in systems if system != "assistant"]
    without = ["without near copies"] if result.near_copies else []
    table = _table("All questions", "measure", "n", "assistant", *without, *baselines)
    for rate in result.rates:
        if (
            rate.system != "assistant"
            or about_typing_or_cost(rate)
            or (rate.kind != ALL and rate.measure not in ("AUROC", "median cited"))
        ):
            continue
        others = [result.rate(rate.measure, rate.kind, baseline) for baseline in baselines]
        table.add_row(
            measure_name(rate.measure, rate.kind),
            str(rate.figure.count),
            value_and_interval(rate.figure),
            *([value_and_interval(rate.without)] if without else []),
            *(number(other.figure.value) if other else "–" for other in others),
        )
    return table


def _kinds(result: Result) -> Table:
    """Return the assistant's main rates by kind; '*' marks kinds with too few questions for a target."""
    names, rows = kind_table(result)
    table = _table("By kind (* too few for a target)", "kind", "n", *names)
    for kind, count, figures in rows:
        table.add_row(f"{kind}{'*' if count < FEW else ''}", str(count), *map(value_and_interval, figures))
    return table


def _plain(title: str, rates: Sequence[Rate]) -> Table:
    table = _table(title, "measure", "n", "value")
    for rate in rates:
        table.add_row(rate.measure, str(rate.figure.count), value_and_interval(rate.figure))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number_, column in enumerate(columns):
        table.add_column(column, justify="left" if number_ == 0 else "right", no_wrap=number_ == 0)
    return table
