"""Run a split: ask every question once, measure what came back, then go the further `rounds` of a whole split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from rich.console import Console

from eval import cost, overlap, rounds
from eval.fidelity import faults, first_line_faults
from eval.gold import Gold, Unit, passage_units, resolve
from eval.made import made_from
from eval.metrics import reliability
from eval.outcome import Outcome, digest, observe
from eval.questions import KINDS, SPLITS, Question, count_kinds, load_questions, split_file
from eval.result import Result
from eval.rounds import Round, curve_points, steps
from eval.rows import rows
from eval.score import score
from eval.summary import NO_ANSWER, View, rates
from rct_assistant.assistant import Assistant
from rct_assistant.corpus import Corpus
from rct_assistant.errors import UsageError

FEWEST = 20  # fewer test questions than this would show single results


@dataclass(frozen=True)
class Selection:
    """Which questions to ask. Anything but a whole split is a look, not a measurement: the assistant alone is asked."""

    split: str = "dev"
    kinds: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def partial(self) -> bool:
        """Whether questions are left out."""
        return bool(self.kinds or self.ids or self.limit)


def run(selection: Selection, *, name: str, console: Console) -> Result:
    """Run a split, or a part of it, and return the result.

    Raises:
        AssistantError: the selection, the questions, the corpus or the index cannot be used.
    """
    _check(selection)
    with console.status("Opening the assistant (the first time it builds its index)"):
        started = cost.start()
    assistant = started.assistant
    text = assistant.corpus.documents[0].text
    asked = select(load_questions(split_file(selection.split), text), selection)
    dev = load_questions(split_file("dev"), text)
    outcomes, bare = ask(assistant, asked, console)
    replies = list(outcomes.values())
    money = cost.rates(replies, bare, started, cost.peak_megabytes())
    near = overlap.nearest(asked, dev if selection.split != "dev" else (), assistant.corpus)
    step = _round(assistant, asked, outcomes, overlap.copies(near), console)
    result = _first_result(name, selection.split, step)
    made = made_from(assistant.corpus, assistant.index, {f"{split}.jsonl": split_file(split) for split in SPLITS})
    result = replace(result, made=made | {"answers": digest(replies)}, rates=result.rates + money)
    if selection.partial:
        note = "A part of the split: no baselines, no variants, no gold deletion, no second run."
        return replace(result, notes=[note])
    result = rounds.second_run(result, step)
    result = rounds.variants(result, step)
    result = rounds.gold_deletion(result, step)
    return rounds.against_baselines(result, step, dev)


def ask(
    assistant: Assistant, questions: Sequence[Question], console: Console
) -> tuple[dict[str, Outcome], list[float]]:
    """Ask every question; between them time one bare embedding of each, so that both meet the same machine."""
    outcomes, bare = {}, []
    for question in steps(questions, "Asking", console):
        bare.append(cost.seconds_to_embed(assistant, question.text))
        outcomes[question.id] = observe(assistant, question.text, question.history)
    return outcomes, bare


def select(questions: Sequence[Question], selection: Selection) -> tuple[Question, ...]:
    """Return the questions of a selection in their order; a limit takes from all kinds in turn.

    Raises:
        UsageError: nothing is left, or so little of test that single results would show.
    """
    kinds = selection.kinds or KINDS
    found = [q for q in questions if q.kind in kinds and (not selection.ids or q.id in selection.ids)]
    if selection.limit is not None:
        groups = [[q.id for q in found if q.kind == kind] for kind in dict.fromkeys(q.kind for q in found)]
        in_turn = [name for name in chain.from_iterable(zip_longest(*groups)) if name is not None]
        chosen = set(in_turn[: selection.limit])
        found = [q for q in found if q.id in chosen]
    if not found:
        raise UsageError("found no question of these kinds or ids, expected at least one; see eval/questions")
    if selection.split == "test" and len(found) < FEWEST:
        raise UsageError(
            f"found {len(found)} test questions, expected {FEWEST} or more: test shows no single results; use dev"
        )
    return tuple(found)


def broken_gates(
    questions: Sequence[Question], outcomes: dict[str, Outcome], corpus: Corpus, *, named: bool
) -> list[str]:
    """Return each fault of a gate as a line: with the question's id where single results may show (`named`), else counted."""
    lines: list[tuple[str, str]] = []
    for question in questions:
        response = outcomes[question.id].response
        found = [f"fidelity: {fault}" for fault in faults(response, corpus)]
        expected = question.expected == "first_line"
        found += [f"first line: {fault}" for fault in first_line_faults(response, corpus, expected=expected)]
        lines += [(question.id, fault) for fault in found]
    if named:
        return [f"{name}: {fault}" for name, fault in lines]
    return [f"{count} × {fault}" for fault, count in Counter(fault for _, fault in lines).items()]


def _check(selection: Selection) -> None:
    if selection.split not in SPLITS:
        raise UsageError(f"found split {selection.split!r}, expected one of {', '.join(SPLITS)}")
    if unknown := set(selection.kinds) - set(KINDS):
        raise UsageError(f"found kind {min(unknown)!r}, expected one of {', '.join(KINDS)}")
    if selection.limit is not None and selection.limit < 1:
        raise UsageError(f"found limit {selection.limit}, expected 1 or more")
    if selection.split == "test" and selection.ids:
        raise UsageError("found --id with test, expected dev: test shows no single results")


def _round(
    assistant: Assistant,
    asked: tuple[Question, ...],
    outcomes: dict[str, Outcome],
    copies: frozenset[str],
    console: Console,
) -> Round:
    """Resolve the gold and score what came back."""
    document = assistant.corpus.documents[0]
    units = passage_units(document)
    golds = {question.id: resolve(question, document.text, units) for question in asked if question.answerable}
    clusters = {name: _section(gold, units) for name, gold in golds.items()}
    view = View("assistant", asked, outcomes, score(asked, golds, outcomes), clusters)
    return Round(assistant, view, golds, copies, console)


def _first_result(name: str, split: str, step: Round) -> Result:
    """Return the result of asking every question once."""
    asked, outcomes = step.view.questions, dict(step.view.outcomes)
    return Result(
        name=name,
        split=split,
        made={},
        counts=count_kinds(asked),
        near_copies=count_kinds([question for question in asked if question.id in step.copies]),
        rates=rates(step.view, step.copies),
        pairs=[],
        broken=broken_gates(asked, outcomes, step.assistant.corpus, named=split != "test"),
        checks={"replies": len(asked)},
        curves={"assistant": curve_points(step.view)},
        latency=cost.quantile_milliseconds(list(outcomes.values())),
        reliability=_reliability(step.view),
        values={"assistant": dict(step.view.values)},
        clusters=dict(step.view.clusters),
        rows=rows(step.view, step.golds, step.copies) if split != "test" else [],
    )


def _section(gold: Gold, units: Sequence[Unit]) -> str:
    """Return the section of the first gold passage: questions on one section are drawn anew together."""
    return next(unit.section for unit in units if unit.id in gold.primary)


def _reliability(view: View) -> list[tuple[float, float, int]]:
    """Return how often questions were answerable, by how probable the assistant held that."""
    asked = [question for question in view.questions if question.answerable or question.kind in NO_ANSWER]
    chances = [view.outcomes[question.id].score for question in asked]
    return reliability(chances, [float(question.answerable) for question in asked]) if asked else []
