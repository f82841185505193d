"""Switch one part of the assistant off at a time and ask the dev questions again: what each part is worth.

A part that the questions do not miss should go. What is learned from the bank is learned anew where a part changes it; nothing on
disk is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console

from eval.deletion import MemoryIndex
from eval.gold import passage_units, resolve
from eval.made import made_from
from eval.outcome import observe
from eval.pairs import pairs
from eval.plain import plain_embeddings, vectors_of
from eval.questions import count_kinds, load_questions, split_file
from eval.result import Result
from eval.rounds import COMPARED, steps
from eval.score import score
from eval.summary import View, rates
from eval.words import value_and_interval
from rct_assistant import assistant as answering
from rct_assistant import extract, fit, kernel, policy, rules, search
from rct_assistant.adapter import load_adapter
from rct_assistant.assistant import Assistant
from rct_assistant.bank import BankQuestion
from rct_assistant.corpus import Corpus
from rct_assistant.index import searched_text
from rct_assistant.query import normalise
from rct_assistant.settings import load_settings
from rct_assistant.spelling import Spelling

WHOLE = "everything"
EVERY = 12  # questions of dev, one in so many: all of them would take hours
HEAD = (
    "Each row has one part switched off; every twelfth dev question, 95 % intervals. Made by `python -m eval ablate`;"
    " ablation.json has every measure and the paired differences."
)
SHOWN = (
    ("recall", "all"), ("precision", "all"), ("wrongly refused", "all"), ("near miss refused", "near_miss"),
    ("first line refused", "first_line"), ("benign refused", "benign"), ("safety refused", "safety"),
    ("recall", "follow_up"), ("recall", "two_in_one"), ("recall", "list"), ("recall", "filter"), ("recall", "provenance"),
    ("recall", "corrupt"),
)  # fmt: skip

Keep = Callable[[int, BankQuestion], bool]


@dataclass(frozen=True)
class Part:
    """A part that can be switched off: which bank lines stay, and a context in which it is off, learning included.

    plain: the embedding model is the published one, without the adapter.
    """

    name: str
    keep: Keep | None = None
    off: Callable[[], AbstractContextManager[Any]] = nullcontext
    relearn: bool = False
    plain: bool = False
    history: bool = True


def _swap(target: object, name: str, value: object) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch.object(target, name, value)


@contextmanager
def _no_patterns() -> Iterator[None]:
    """Let the patterns on standing and danger find nothing."""
    found = rules.found

    def elsewhere(group: str, name: str, text: str) -> bool:
        return group not in ("first_line", "safety") and found(group, name, text)

    with patch.object(policy, "found", elsewhere):
        yield


def _nothing_near(cosines: fit.Array, targets: Any) -> fit.Array:
    """Find no example near any question."""
    return np.zeros((len(cosines), targets.shape[0]), dtype=np.float32)


PARTS = (
    Part("the question bank", keep=lambda line, question: False),
    Part("nine of ten bank lines", keep=lambda line, question: line % 10 == 0),
    Part("four of five bank lines", keep=lambda line, question: line % 5 == 0),
    Part("every other bank line", keep=lambda line, question: line % 2 == 0),
    Part("bank lines without an answer", keep=lambda line, question: bool(question.passages)),
    Part("bank lines that are follow-ups", keep=lambda line, question: not question.after),
    Part("the adapter", plain=True, relearn=True),
    Part("mending of slips", off=_swap(Spelling, "mend", lambda self, text: text)),
    Part("a look for danger in each sentence", off=_swap(search, "sentences", lambda question: [])),
    Part("character n-grams", off=_swap(kernel, "LEXICAL", 0.0), relearn=True),
    Part("embeddings in the kernel", off=_swap(kernel, "LEXICAL", 1.0), relearn=True),
    Part("the nearest examples", off=_swap(fit, "nearest_of", _nothing_near), relearn=True),
    Part("a second look at parts", off=_swap(answering, "split", lambda question: [])),
    Part("an answer to one of two questions", off=_swap(answering, "split_questions", lambda question: [])),
    Part("whole lists", off=_swap(extract, "_whole_list", lambda ranking, question: [])),
    Part("row filters", off=_swap(extract, "filter_rows", lambda *args, **named: None)),
    Part("places in a list", off=_swap(extract, "_by_place", lambda document, chosen, question: [])),
    Part("dropping repeats", off=_swap(extract, "_without_repeats", lambda document, chosen: chosen)),
    Part("provenance filters", off=_swap(answering, "provenance_filter", lambda question: None)),
    Part("earlier questions", history=False),
    Part("patterns on standing and danger", off=_no_patterns),
    Part("learned standing and danger", off=_swap(policy, "ALONE", policy.ALONE | {"safety": 2.0, "first_line": 2.0})),
)


def run(console: Console) -> Result:
    """Ask the dev questions with everything, then with each part off; systems of the result are the parts' names."""
    assistant = Assistant.open()
    document = assistant.corpus.documents[0]
    questions = load_questions(split_file("dev"), document.text)[::EVERY]
    units = passage_units(document)
    golds = {question.id: resolve(question, document.text, units) for question in questions if question.answerable}

    def view(part: Part) -> View:
        outcomes = {}
        with part.off():
            asked = _assistant_without(assistant, part)
            for question in steps(questions, part.name[:24], console):
                outcomes[question.id] = observe(asked, question.text, question.history if part.history else ())
        return View(part.name, questions, outcomes, score(questions, golds, outcomes), {})

    whole = view(Part(WHOLE))
    without = [view(part) for part in PARTS]
    return Result(
        name="ablation",
        split="dev",
        made=made_from(assistant.corpus, assistant.index, {"dev.jsonl": split_file("dev")}),
        counts=count_kinds(questions),
        near_copies={},
        rates=[rate for one in (whole, *without) for rate in rates(one, frozenset())],
        pairs=[p for one in without for p in pairs(COMPARED, (WHOLE, one.system), whole.values, one.values, {})],
        broken=[],
        checks={},
    )


def table(result: Result) -> str:
    """Return the ablations as a Markdown table: one row for each part that is off."""
    heads = [f"{measure}, {kind.replace('_', ' ')}" if kind != "all" else measure for measure, kind in SHOWN]
    lines = [f"| without | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 1)}"]
    for system in dict.fromkeys(rate.system for rate in result.rates):
        cells = [value_and_interval(_figure(result, measure, kind, system)) for measure, kind in SHOWN]
        lines.append(f"| {'(nothing off)' if system == WHOLE else system} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure(result: Result, measure: str, kind: str, system: str) -> Any:
    rate = result.rate(measure, kind, system)
    return rate.figure if rate else None


def _assistant_without(assistant: Assistant, part: Part) -> Assistant:
    """Return the assistant with what its bank teaches learned anew, where the part changes that."""
    if part.keep is None and not part.relearn:
        return assistant
    whole = assistant.index.documents[0]
    rows = [line for line, question in enumerate(whole.bank) if part.keep is None or part.keep(line, question)]
    bank, ids = tuple(whole.bank[row] for row in rows), list(whole.document.by_id)
    if part.plain:
        examples = vectors_of([question.asked for question in bank])
        passages = vectors_of([searched_text(passage) for passage in whole.document.passages])
    else:
        stored = whole.passages.get(ids=ids, include=["embeddings"])
        vectors = dict(zip(stored["ids"], stored["embeddings"], strict=True))
        examples, passages = whole.examples[rows], np.asarray([vectors[name] for name in ids], dtype=np.float32)
    texts = [normalise(question.asked) for question in bank]
    adapter = None if part.plain else load_adapter(load_settings().corpus)
    unseen = adapter.held(texts) if adapter else None
    fitted = fit.fit(list(bank), texts, examples, ids, examples @ passages.T, unseen) if bank else None
    index = MemoryIndex(
        document=whole.document,
        bank=bank,
        examples=examples,
        fitted=fitted,
        passages=whole.passages,
        questions=whole.questions,
        vectors=passages,
    )
    corpus = Corpus((whole.document,), {whole.document.name: bank})
    embeddings = plain_embeddings() if part.plain else assistant.index.embeddings
    return Assistant(corpus, replace(assistant.index, documents=(index,), embeddings=embeddings))
