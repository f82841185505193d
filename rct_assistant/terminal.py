"""Show responses, documents and progress on a terminal: styled there, plain elsewhere and under NO_COLOR (rich sees to both)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from rct_assistant.citations import passage_label, statement_text
from rct_assistant.document import Document
from rct_assistant.render import response_text
from rct_assistant.response import Refusal, Response

_PLAIN_WIDTH = 100_000  # a pipe gets each passage on one line


def say(line: str) -> None:
    """Write one line for a person to stderr."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a callback for a stage, how much is done and how much there is; a bar on a terminal, one line a stage elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        seen: set[str] = set()

        def say_stage(stage: str, done: int, total: int) -> None:
            if stage not in seen:
                seen.add(stage)
                say(f"{stage} …")

        yield say_stage
        return
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)
    with bar:
        task = bar.add_task("Starting", total=None)

        def advance(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield advance


def show_response(response: Response) -> None:
    """Print a reply as text, labels included."""
    console = _console()
    lines = response_text(response).split("\n")
    console.print(Text(lines[0], style="bold magenta" if isinstance(response, Refusal) else "bold"))
    for line in lines[1:]:
        console.print(_with_label(line))


def show_document(document: Document) -> None:
    """Print a document passage by passage, with ids, kinds and labels, and what could not be read with certainty."""
    console = _console()
    console.print(Text(f"{document.title} ({document.name}.txt, sha256 {document.sha256[:12]})", style="bold"))
    for section in document.sections:
        console.print()
        console.print(Text(section.title, style="bold underline"))
        for name in section.passages:
            passage = document.by_id[name]
            console.print(
                _with_label(f"{statement_text(passage)} [{passage_label(passage)}] ({passage.id}, {passage.kind})")
            )
    for finding in document.findings:
        console.print(Text(f"\n{document.name}.txt:{finding.line}: {finding.level}: {finding.message}", style="yellow"))


def _console() -> Console:
    console = _Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else _Console(highlight=False, width=_PLAIN_WIDTH, color_system=None)


class _Console(Console):
    """A console that lets the command line say what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raise the error that print raises."""
        raise BrokenPipeError


def _with_label(line: str) -> Text:
    """Return a line with its label and id dimmed; the words stay what they are."""
    text = Text(line)
    text.highlight_regex(r" \[[^\]]*\] \([^)]*\)$", style="dim cyan")
    return text
