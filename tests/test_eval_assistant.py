"""The evaluation of the real assistant: what it observes, gold taken away, baselines, and a whole small run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from eval import baselines, deletion, outside, overlap
from eval.fidelity import faults, first_line_faults
from eval.gold import passage_units, resolve
from eval.outcome import observe, same_reply
from eval.questions import Question, load_questions, split_file
from eval.run import ask
from rct_assistant import Assistant, fit, kernel
from rct_assistant.corpus import Corpus
from rct_assistant.query import normalise

KINDS = ("fact", "table", "follow_up", "near_miss", "off_topic", "first_line", "safety", "about", "corrupt")


@pytest.fixture(scope="module")
def dev(assistant: Assistant) -> tuple[Question, ...]:
    return load_questions(split_file("dev"), assistant.corpus.documents[0].text)


@pytest.fixture(scope="module")
def few(dev: tuple[Question, ...]) -> list[Question]:
    """The first question of some kinds."""
    return [next(question for question in dev if question.kind == kind) for kind in KINDS]


@pytest.fixture(scope="module")
def small(assistant: Assistant) -> Assistant:
    """An assistant in memory that has learned from every twentieth line of the bank."""
    index = assistant.index.documents[0]
    ids = list(index.document.by_id)
    stored = index.passages.get(ids=ids, include=["embeddings"])
    vectors = np.asarray(
        [dict(zip(stored["ids"], stored["embeddings"], strict=True))[name] for name in ids], np.float32
    )
    bank, examples = index.bank[::20], index.examples[::20]
    texts = [normalise(line.asked) for line in bank]
    fitted = fit.fit(list(bank), texts, examples, ids, examples @ vectors.T)
    own = deletion.MemoryIndex(index.document, bank, examples, fitted, index.passages, index.questions, vectors)
    corpus = Corpus((index.document,), {index.document.name: bank})
    return Assistant(corpus, replace(assistant.index, documents=(own,)))


@pytest.fixture(scope="module")
def taker(small: Assistant) -> deletion.Deletion:
    return deletion.Deletion(small)


def test_replies_are_true_and_the_same_twice(assistant: Assistant, few: list[Question]):
    outcomes, bare = ask(assistant, few, Console(quiet=True))
    assert len(bare) == len(few)
    for question in few:
        outcome = outcomes[question.id]
        assert faults(outcome.response, assistant.corpus) == []
        assert first_line_faults(outcome.response, assistant.corpus, expected=question.kind == "first_line") == []
        assert same_reply(outcome, observe(assistant, question.text, question.history))
        assert 0.0 <= outcome.score <= 1.0
        assert bool(outcome.cited) == outcome.answered
    ranked = outcomes[few[0].id].ranked
    assert sorted(ranked) == sorted(assistant.corpus.documents[0].by_id)


def test_passages_can_be_taken_away(assistant: Assistant, taker: deletion.Deletion, dev: tuple[Question, ...]):
    document = assistant.corpus.documents[0]
    golds = {q.id: resolve(q, document.text, passage_units(document)) for q in dev if q.answerable}
    question = deletion.sample(dev, golds, document)[0]
    gone = golds[question.id].relevant
    reduced = taker.without(gone)
    outcome = observe(reduced, question.text)
    assert gone.isdisjoint(outcome.ranked)
    assert len(outcome.ranked) == len(document.passages) - len(gone)
    assert faults(outcome.response, reduced.corpus) == []
    assert all(gone.isdisjoint(line.passages) for line in reduced.corpus.banks[document.name])


def test_taking_nothing_away_changes_nothing(small: Assistant, taker: deletion.Deletion, few: list[Question]):
    whole = taker.without(frozenset())
    for question in few[:4]:
        one, other = (observe(each, question.text, question.history) for each in (small, whole))
        assert (one.decision, one.cited) == (other.decision, other.cited)
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_what_is_left_is_what_a_fit_without_the_lines_gives(small: Assistant, taker: deletion.Deletion):
    index = small.index.documents[0]
    assert index.fitted is not None
    gone = frozenset([index.bank[0].passages[0], index.bank[-1].passages[0] if index.bank[-1].passages else "none"])
    keep = [place for place, line in enumerate(index.bank) if gone.isdisjoint(line.passages)]
    lexical = index.fitted.lexical[keep]
    alike = (1 - kernel.LEXICAL) * np.exp(kernel.GAMMA * (index.examples[keep] @ index.examples[keep].T - 1))
    alike += kernel.LEXICAL * (lexical @ lexical.T).toarray() + kernel.RIDGE * np.eye(len(keep))
    columns = [name for name in [*index.document.by_id, *fit.REASONS] if name not in gone]
    targets = np.zeros((len(keep), len(columns)))
    for row, place in enumerate(keep):
        line = index.bank[place]
        targets[row, [columns.index(name) for name in line.passages or (line.intent or "gap",)]] = 1.0
    left = taker.without(gone).index.documents[0].fitted
    assert left is not None
    assert left.weights == pytest.approx(np.linalg.solve(alike, targets), abs=1e-3)


def test_another_way_of_learning_is_noticed(small: Assistant):
    index = small.index.documents[0]
    assert index.fitted is not None
    other = replace(index, fitted=replace(index.fitted, weights=index.fitted.weights * 1.5))
    with pytest.raises(ArithmeticError, match="expected kernel ridge"):
        deletion.Deletion(Assistant(small.corpus, replace(small.index, documents=(other,))))


def test_baselines_rank_every_unit(assistant: Assistant, few: list[Question]):
    pytest.importorskip("langchain_text_splitters")
    document, embeddings = assistant.corpus.documents[0], assistant.index.embeddings
    vectors = baselines.embed(few, embeddings)
    for baseline in baselines.baselines(document, embeddings):
        scores = baselines.table(baseline, few, vectors)
        found = baselines.outcomes(baseline, few, scores, baselines.cut_off(few, scores))
        assert all(len(outcome.ranked) == len(baseline.units) for outcome in found.values())
        assert all(len(outcome.cited) <= baselines.TOP for outcome in found.values())
        assert all(resolve(few[0], document.text, baseline.units).groups)


def test_a_bank_line_is_a_copy_of_itself(corpus: Corpus):
    (document,) = corpus.documents
    bank = corpus.banks[document.name][:20]
    line = bank[3].asked
    near = overlap.nearest([Question("q", "fact", line)], (), Corpus(corpus.documents, {document.name: bank}))
    assert (near["q"].bank, near["q"].bank_text) == (pytest.approx(1.0, abs=1e-3), line)
    assert (near["q"].dev, near["q"].dev_text) == (0.0, "")


def test_an_outside_file(tmp_path: Path, assistant: Assistant):
    pytest.importorskip("langchain_text_splitters")
    path = tmp_path / "squad.json"
    path.write_text(
        json.dumps({"version": "v2.0", "data": [article("Lighthouses", "lamp"), article("Bridges", "cable")]})
    )
    result = outside.run(path, titles=(), name="outside", console=Console(quiet=True))
    assert result.counts == {"answerable": 2, "near_miss": 2, "off_topic": 2}
    rate = result.rate("hit@1")
    assert rate is not None
    assert (rate.figure.value, rate.figure.count) == (1.0, 2)
    assert {rate.kind for rate in result.rates if rate.system == "BM25 alone"} >= {"all", "Lighthouses", "Bridges"}
    assert result.rows == []
    assert "Who pays" not in json.dumps(result.made)


def article(title: str, part: str) -> dict[str, object]:
    context = f"A {part} is the main part of it. It was painted green in 1901."
    asked = {"id": f"{title}-1", "question": "When was it painted green?", "is_impossible": False}
    answers = [{"text": "1901", "answer_start": context.index("1901")}]
    miss = {"id": f"{title}-2", "question": "Who pays for it?", "is_impossible": True, "answers": []}
    return {"title": title, "paragraphs": [{"context": context, "qas": [asked | {"answers": answers}, miss]}]}
