"""The command line: options in, one call of the library, its result out. Every answer comes from `Assistant.ask`.

Status 0 for an answer or a refusal, 2 for usage or input that cannot be used (one line), 3 when something does not
verify, 1 for a bug.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from rct_assistant.errors import AssistantError, UsageError

if TYPE_CHECKING:
    from rct_assistant.assistant import Assistant

_EXAMPLES = """\b
Examples:
  rct-assistant chat
  rct-assistant ask 'What are the five good things?'
  rct-assistant ask 'and the second one?' --history 'list the misconceptions'
  rct-assistant ask --batch questions.jsonl --json > answers.jsonl
  rct-assistant verify answers.jsonl"""
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_EXAMPLES,
    rich_markup_mode=None,
    help="Answers questions about one text with its own sentences, cited and labelled.",
)
corpus_app = typer.Typer(no_args_is_help=True, help="Show the corpus as it is read, or check it.")
index_app = typer.Typer(no_args_is_help=True, help="Build the index, or say what is in it.")
app.add_typer(corpus_app, name="corpus")
app.add_typer(index_app, name="index")


def main() -> None:
    """Run the command line."""
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        raise SystemExit(130) from None
    except TyperException as error:
        text = error.format_message()
        # Called without a command typer raises the whole help; every other message is one line.
        print(
            text if text.lstrip().startswith("Usage:") else f"rct-assistant: {text} See 'rct-assistant --help'.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    except AssistantError as error:
        print(f"rct-assistant: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has had enough ('| head'); nothing is wrong.
        sys.stderr.close()
        raise SystemExit(0) from None
    raise SystemExit(status or 0)


@app.command()
def chat(
    host: Annotated[str | None, typer.Option(help="Address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on.", min=1, max=65535)] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the chat for a browser on this computer."""
    from rct_assistant.settings import load_settings
    from rct_assistant.web.port import check_port

    settings = load_settings()
    address, number = host or settings.host, port or settings.port
    check_port(address, number)
    assistant = _open_assistant()
    # Only now: the hub's client, which comes with the page's libraries, looks at its import whether it is to stay offline.
    from rct_assistant.web.server import serve

    serve(assistant, address, number, open_browser=browser)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.", show_default=False)] = None,
    history: Annotated[list[str] | None, typer.Option(help="An earlier question; repeat it, oldest first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the whole response as JSON.")] = False,
    trace: Annotated[bool, typer.Option(help="Add how the reply came about to the JSON.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help='File with a line {"id", "question", "history"?} for each question.')
    ] = None,
) -> None:
    """Answer a question, or every question of a file."""
    if batch is not None:
        if question is not None or history or not as_json:
            raise UsageError(
                "found --batch with a question or --history, or without --json, expected 'ask --batch FILE --json'"
                " with questions and their history in the file"
            )
        _ask_batch(batch, trace=trace)
        return
    if question is None or (trace and not as_json):
        what = "no question, expected one in quotes" if question is None else "--trace without --json, expected both"
        raise UsageError(f"found {what}; try: rct-assistant ask 'What are the five good things?' --json")
    response = _open_assistant().ask(question, history or (), trace=trace)
    if as_json:
        _write(json.dumps(response.to_json(), ensure_ascii=False))
    else:
        from rct_assistant.terminal import show_response

        show_response(response)


@app.command()
def verify(files: Annotated[list[Path], typer.Argument(help="Files with a response, or one a line.")]) -> None:
    """Check responses against the documents, without any model."""
    from rct_assistant.corpus import load_corpus
    from rct_assistant.settings import load_settings
    from rct_assistant.verify import differences

    corpus = load_corpus(load_settings().corpus)
    checked, wrong = 0, 0
    for file in files:
        for name, response in _responses(file):
            found = differences(response, corpus)
            checked, wrong = checked + 1, wrong + bool(found)
            for line in found:
                _write(f"{name}: {line}")
    if checked == 0:
        raise UsageError(f"found no response in {', '.join(map(str, files))}, expected at least one; name other files")
    _write(f"{checked - wrong} of {checked} responses verify.")
    raise typer.Exit(3 if wrong else 0)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def eval(context: typer.Context) -> None:
    """Run the evaluation of a checkout: the same as `python -m eval`."""
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "eval" / "__main__.py").exists():
        raise UsageError(
            "found no evaluation beside the package, expected a checkout of the project; clone it and run 'make eval'"
        )
    raise typer.Exit(
        subprocess.run([sys.executable, "-m", "eval", *context.args], cwd=checkout, check=False).returncode
    )


@corpus_app.command("show")
def corpus_show(
    name: Annotated[str | None, typer.Argument(help="A document's name; all if not given.", show_default=False)] = None,
) -> None:
    """Print the documents passage by passage, with ids, marks and labels."""
    from rct_assistant.corpus import load_corpus
    from rct_assistant.settings import load_settings
    from rct_assistant.terminal import show_document

    corpus = load_corpus(load_settings().corpus)
    if name is not None and name not in corpus.by_name:
        raise UsageError(f"found no document '{name}', expected one of {', '.join(corpus.by_name)}; name one of them")
    for document in corpus.documents:
        if name in (None, document.name):
            show_document(document)


@corpus_app.command("check")
def corpus_check() -> None:
    """Report places that cannot be read with certainty (status 0) and defects (status 2)."""
    from rct_assistant.bank import bank_path, load_bank
    from rct_assistant.corpus import document_files, load_document
    from rct_assistant.errors import CorpusError
    from rct_assistant.settings import load_settings

    defects = 0
    for path in document_files(load_settings().corpus):
        try:
            document = load_document(path)
            for finding in document.findings:
                _write(f"{path.name}:{finding.line}: {finding.level}: {finding.message}")
                defects += finding.level == "defect"
            bank = load_bank(bank_path(path), document)
            size = f"{len(document.passages)} passages in {len(document.sections)} sections"
            _write(f"{path.name}: {size}, {len(bank)} bank questions")
        except CorpusError as error:
            _write(f"{error}")
            defects += 1
    raise typer.Exit(2 if defects else 0)


@index_app.command("build")
def index_build() -> None:
    """Build the index now, if it is missing, stale or damaged."""
    _open_assistant()
    _write("The index is ready.")


@index_app.command("info")
def index_info() -> None:
    """Say what the index holds and what it was made from, as JSON."""
    assistant = _open_assistant()
    shown = {key: value for key, value in assistant.index.manifest.items() if key != "files"}
    _write(json.dumps(shown, indent=1, sort_keys=True))


@index_app.command("train")
def index_train() -> None:
    """Learn the adapter of the embedding model from the question banks, and write it beside them: an hour."""
    from rct_assistant.terminal import progress_bar
    from rct_assistant.train import train

    with progress_bar() as progress:
        _write(f"Written: {train(progress=progress).name}. The index is built again at the next start.")


def _open_assistant() -> Assistant:
    """Open the assistant with progress and notes on stderr."""
    from rct_assistant.assistant import Assistant
    from rct_assistant.terminal import progress_bar, say

    with progress_bar() as progress:
        return Assistant.open(progress=progress, say=say)


def _ask_batch(file: Path, *, trace: bool) -> None:
    """Answer every question of a file in order; nothing is answered unless every line can be read."""
    items = [_batch_item(file, number, line) for number, line in _lines(file)]
    if not items:
        raise UsageError(f"{file}: found no question, expected a line of JSON for each; add one")
    assistant = _open_assistant()
    for name, question, history in items:
        response = assistant.ask(question, history, trace=trace)
        _write(json.dumps({"id": name, "response": response.to_json()}, ensure_ascii=False))


def _batch_item(file: Path, number: int, line: str) -> tuple[str, str, list[str]]:
    """Read one line of a batch file."""
    value = _json(file, number, line)
    expected = 'expected {"id": str, "question": str, "history"?: [str, …]}; mend the line'
    if not isinstance(value, dict) or set(value) - {"id", "question", "history"}:
        raise UsageError(f"{file}:{number}: found {_kind(value)}, {expected}")
    name, question, history = value.get("id"), value.get("question"), value.get("history", [])
    if not isinstance(name, str) or not isinstance(question, str):
        raise UsageError(f"{file}:{number}: found no text under 'id' or 'question', {expected}")
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise UsageError(f"{file}:{number}: found {_kind(history)} under 'history', {expected}")
    return name, question, history


def _responses(file: Path) -> list[tuple[str, Any]]:
    """Return the responses of a file with a name for each: one object, or one a line, bare or beside an id."""
    text = _read(file)
    try:
        values = [(str(file), json.loads(text))]
    except json.JSONDecodeError:
        values = [(f"{file}:{number}", _json(file, number, line)) for number, line in _lines(file)]
    return [
        (
            (f"{name} ({value['id']})", value["response"])
            if isinstance(value, dict) and set(value) == {"id", "response"}
            else (name, value)
        )
        for name, value in values
    ]


def _lines(file: Path) -> list[tuple[int, str]]:
    # Split at newlines only: str.splitlines would cut a question at a Unicode line separator.
    return [(number, line) for number, line in enumerate(_read(file).split("\n"), start=1) if line.strip()]


def _json(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{file}:{number}: found a line that is not JSON ({error.msg}), expected one object a line; mend it"
        ) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file}: cannot be read ({error}), expected a text file in UTF-8; name another file"
        raise UsageError(message) from error


def _kind(value: Any) -> str:
    return f"the keys {sorted(value)}" if isinstance(value, dict) else type(value).__name__


def _write(line: str) -> None:
    print(line, flush=True)
