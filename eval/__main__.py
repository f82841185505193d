"""The command line of the evaluation: `python -m eval run|outside|compare|gate|overlap|bank|ablate|bench|table`.

Status 0 when done, 1 when a gate is broken (or for a bug, with its traceback), 2 for input that cannot be used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from eval.questions import KINDS, SPLITS
from eval.result import FOLDER, Result, load, save
from rct_assistant.errors import AssistantError, UsageError

_WIDTH = 160  # where nobody looks at a terminal, tables keep their columns


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its status."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except AssistantError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    from eval.run import Selection, run

    selection = Selection(options.split, tuple(options.kind), tuple(options.id), options.limit)
    name = options.name or (None if selection.partial else selection.split)
    return _report(
        run(selection, name=name or f"part of {options.split}", console=_progress()), written=name is not None
    )


def _outside(options: argparse.Namespace) -> int:
    from eval.outside import run

    return _report(run(options.path, titles=options.article, name=options.name, console=_progress()), written=True)


def _report(result: Result, *, written: bool) -> int:
    """Show a result, and write it and its page where it has a name. Measuring is no judging: `gate` has a status for that."""
    from eval import page, report

    console = _console()
    report.show(result, console)
    if written:
        _say_written(save(result), page.save(result))
    return 0


def _say_written(*paths: Path) -> None:
    for path in paths:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        _console().print(f"Written: {shown}", markup=False)


def _compare(options: argparse.Namespace) -> int:
    from eval import report
    from eval.compare import compare

    one, other = load(options.one), load(options.other)
    comparison = compare(one, other)
    console = _console()
    console.print("Every reply is the same." if comparison.same_answers else "Replies differ.")
    for line in comparison.changes:
        console.print(f"  {line}", markup=False)
    console.print(report.pairs_table(comparison.pairs, f"{other.name} minus {one.name}"))
    lost, found = comparison.flips
    console.print(f"{lost} questions were right and are not, {found} the reverse.")
    for title, rows in (("No longer right", comparison.lost), ("Right now", comparison.found)):
        for row in rows:
            console.print(f"  {title}: {row.id} ({row.kind}): {row.question!r:.100}", markup=False)
    return 0


def _gate(options: argparse.Namespace) -> int:
    from eval import gate, report

    files = options.files or [path for path in (FOLDER / f"{split}.json" for split in SPLITS) if path.exists()]
    if not files:
        raise UsageError("found no result in eval/results, expected dev.json; run 'make eval' first")
    console = _console()
    results = [load(path) for path in files]
    for result in results:
        console.print(f"{result.name}:", style="bold")
        report.show_gates(result, console)
        report.show_targets(result, console)
    return max(gate.status(result) for result in results)


def _overlap(options: argparse.Namespace) -> int:
    from eval import overlap
    from eval.questions import load_questions, split_file
    from rct_assistant.corpus import load_corpus
    from rct_assistant.settings import load_settings

    corpus = load_corpus(load_settings().corpus)
    text = corpus.documents[0].text
    questions = load_questions(split_file(options.split), text)
    others = load_questions(split_file("dev"), text) if options.split != "dev" else ()
    near = overlap.nearest(questions, others, corpus)
    console = _console()
    for kind in (k for k in KINDS if any(q.kind == k for q in questions)):
        own = [near[q.id] for q in questions if q.kind == kind]
        console.print(f"{kind:<14} {sum(found.is_copy for found in own):>4} of {len(own)}")
    copies = overlap.copies(near)
    console.print(
        f"{len(copies)} of {len(questions)} ({len(copies) / len(questions):.1%}) are near copies (cosine above {overlap.COPY})"
    )
    if options.split != "test":
        for question in (q for q in questions if q.id in copies):
            found = near[question.id]
            console.print(
                f"  {found.bank:.3f} {question.id}: {question.text!r:.70} ~ {found.bank_text!r:.70}", markup=False
            )
    return 0


def _bank(options: argparse.Namespace) -> int:
    from eval import bank, report
    from eval.plain import vectors_of
    from rct_assistant.corpus import load_corpus
    from rct_assistant.settings import load_settings

    corpus = load_corpus(load_settings().corpus)
    for document in corpus.documents:
        if questions := corpus.banks[document.name]:
            vectors = vectors_of([question.asked for question in questions])
            report.show_bank(questions, bank.inspect(questions, vectors, list(document.by_id)), _console())
    return 0


def _ablate(options: argparse.Namespace) -> int:
    from eval import ablation

    result = ablation.run(_progress())
    table = ablation.table(result)
    _console().print(table, markup=False, soft_wrap=True)
    saved = save(result)
    written = saved.with_suffix(".md")
    written.write_text(f"{ablation.HEAD}\n\n{table}\n", encoding="utf-8")
    _say_written(saved, written)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from eval.bench import bench
    from eval.report import costs

    result = bench(_progress())
    _console().print(costs(result.rates))
    _say_written(save(result))
    return 0


def _table(options: argparse.Namespace) -> int:
    from eval.report import markdown

    print(markdown([load(path) for path in options.files]))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m eval", description="Measures how good the assistant is, and how sure that is.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="ask the questions of a split and report")
    run.set_defaults(run=_run)
    run.add_argument("--split", default="dev", help="dev (default) or test")
    run.add_argument("--kind", action="append", default=[], help="only this kind; repeat for more")
    run.add_argument("--id", action="append", default=[], help="only this question; repeat for more")
    run.add_argument("--limit", type=int, help="at most so many questions, of all kinds in turn")
    run.add_argument("--name", help="name of the files in eval/results; a part of a split is only written with one")
    outside = commands.add_parser("outside", help="measure the engine without a bank on a SQuAD 2.0 file")
    outside.set_defaults(run=_outside)
    outside.add_argument("path", type=Path)
    outside.add_argument("--article", action="append", default=[], help="only this article; repeat for more")
    outside.add_argument("--name", default="outside", help="name of the files in eval/results")
    compare = commands.add_parser("compare", help="say what changed from one result to another")
    compare.set_defaults(run=_compare)
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    gate = commands.add_parser("gate", help="status 1 when a gate is broken; rates beside their targets")
    gate.set_defaults(run=_gate)
    gate.add_argument("files", type=Path, nargs="*", help="results; dev and test by default")
    overlap = commands.add_parser("overlap", help="count near copies of dev or bank lines")
    overlap.set_defaults(run=_overlap)
    overlap.add_argument("--split", default="test", choices=SPLITS)
    commands.add_parser(
        "bank", help="report what the question bank covers, and where it contradicts itself"
    ).set_defaults(run=_bank)
    commands.add_parser("ablate", help="switch each part off in turn and ask the dev questions").set_defaults(
        run=_ablate
    )
    commands.add_parser("bench", help="time building, starting and answering").set_defaults(run=_bench)
    table = commands.add_parser("table", help="write results as a Markdown table")
    table.set_defaults(run=_table)
    table.add_argument("files", type=Path, nargs="+")
    return parser


class _Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}; see '{self.prog} --help'")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _progress() -> Console:
    return Console(stderr=True)


if __name__ == "__main__":
    raise SystemExit(main())
