"""Measure the same engine on texts, questions and near misses that nobody here wrote, without a question bank.

Reads the SQuAD 2.0 format (Rajpurkar, Jia and Liang, ACL 2018). Each article becomes a document, its paragraphs one line each.
Near misses are the article's unanswerable questions; off-topic ones are questions of other articles. The data stays outside this
repository: nothing of it is written into a result but numbers and titles.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from eval import baselines
from eval.gold import Gold, Unit, passage_units
from eval.made import made_from
from eval.outcome import Outcome, digest, observe
from eval.pairs import pairs
from eval.questions import Question
from eval.result import Result
from eval.rounds import curve_points, steps
from eval.run import broken_gates
from eval.score import BY_NAME, Values, score
from eval.summary import ALL, Rate, View, rates
from rct_assistant.assistant import Assistant
from rct_assistant.corpus import Corpus
from rct_assistant.document import Document, Span
from rct_assistant.errors import UsageError
from rct_assistant.index import Index, open_index
from rct_assistant.reader import read_document
from rct_assistant.settings import load_settings

OFF_TOPIC = 100  # questions of other articles asked of each
MEASURED = ("hit@1", "hit@3", "hit@5", "mrr@10", "ndcg@10", "near miss refused", "off topic refused", "wrongly refused")
_RANKED = MEASURED[:5]
_SEED = 20
_NOWHERE = "in no passage"  # stands for an answer that no passage holds: nobody can find it, and it counts as missed


@dataclass(frozen=True)
class Article:
    """One article as a document, with its questions and the places of the answers. `clusters` maps questions to paragraphs."""

    document: Document
    units: tuple[Unit, ...]
    questions: tuple[Question, ...]
    spans: Mapping[str, tuple[Span, ...]]
    clusters: Mapping[str, str]

    def golds(self, units: Sequence[Unit]) -> dict[str, Gold]:
        """Return the gold in a system's units: any place of any answer is enough; the first answer's is primary."""
        found = {}
        for name, spans in self.spans.items():
            named = [{unit.id for unit in units if unit.overlaps(span)} for span in spans]
            relevant = frozenset[str]().union(*named) or frozenset({_NOWHERE})
            found[name] = Gold((relevant,), frozenset(named[0]), relevant)
        return found


def load_articles(path: Path, titles: Sequence[str] = ()) -> list[Article]:
    """Read a SQuAD 2.0 file; `titles` limits it to some articles.

    Raises:
        UsageError: the file is not there, is not in this format, or has no such article.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        entries = [entry for entry in data if not titles or entry["title"] in titles]
        articles = [_article(number, entry) for number, entry in enumerate(entries)]
    except OSError as error:
        raise UsageError(f"found no {path} ({error.strerror}), expected a SQuAD 2.0 file; name another") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"found {path} in another form ({type(error).__name__}: {error}), expected SQuAD 2.0; name another file"
        ) from error
    if missing := set(titles) - {entry["title"] for entry in entries}:
        raise UsageError(f"found no article {min(missing)!r}, expected one of {', '.join(e['title'] for e in data)}")
    return [replace(article, questions=article.questions + _strangers(article, articles)) for article in articles]


def run(path: Path, *, titles: Sequence[str], name: str, console: Console) -> Result:
    """Ask every article's questions of the engine and of the baselines, and return the result.

    Raises:
        AssistantError: the file cannot be used or the index cannot be built.
    """
    articles = load_articles(path, titles)
    corpus = Corpus(tuple(a.document for a in articles), {a.document.name: () for a in articles})
    with tempfile.TemporaryDirectory() as folder, console.status("Building the index of all articles"):
        # An empty corpus folder has no adapter: the model as published, as for anyone who brings a text.
        settings = load_settings().model_copy(update={"corpus": Path(folder), "data": Path(folder)})
        index = open_index(corpus, settings, progress=lambda stage, done, total: None, say=lambda line: None)
    views: dict[str, list[View]] = {}
    broken: list[str] = []
    for article in articles:
        for system, units, outcomes in _systems(article, index, console):
            views.setdefault(system, []).append(_view(system, article, units, outcomes))
        asked = dict(views["assistant"][-1].outcomes)
        broken += broken_gates(article.questions, asked, _alone(article), named=True)
    replies = [view.outcomes[question.id] for view in views["assistant"] for question in view.questions]
    made = made_from(corpus, index, {path.name: path}) | {"answers": digest(replies)}
    return replace(_result(name, articles, views), made=made, broken=broken, checks={"replies": len(replies)})


def _article(number: int, entry: Mapping[str, Any]) -> Article:
    """Return one article; its own off-topic questions come later."""
    contexts = [re.sub(r"[\r\n]", " ", paragraph["context"]) for paragraph in entry["paragraphs"]]
    questions, spans, clusters, start = [], {}, {}, 0
    for place, (paragraph, context) in enumerate(zip(entry["paragraphs"], contexts, strict=True)):
        for asked in paragraph["qas"]:
            question = _question(f"{number}-{asked['id']}", asked)
            questions.append(question)
            clusters[question.id] = f"{number}-{place}"
            if question.answerable:
                spans[question.id] = tuple(_span(answer, context, start) for answer in asked["answers"])
        start += len(context) + 1
    name, title = str(entry["title"]).lower(), str(entry["title"]).replace("_", " ")
    document = read_document("\n".join(contexts).encode(), name=name, title=title)
    return Article(document, passage_units(document), tuple(questions), spans, clusters)


def _question(name: str, asked: Mapping[str, Any]) -> Question:
    """Return a question as answerable or as a near miss."""
    if asked["is_impossible"]:
        return Question(name, "near_miss", asked["question"], reason="not_in_source")
    return Question(name, "answerable", asked["question"])


def _span(answer: Mapping[str, Any], context: str, start: int) -> Span:
    """Return where an answer stands in the article."""
    first, words = int(answer["answer_start"]), str(answer["text"])
    if context[first : first + len(words)] != words:
        raise ValueError(f"answer {words!r:.40} does not stand at {first}")
    return Span(start + first, start + first + len(words))


def _strangers(article: Article, articles: Sequence[Article]) -> tuple[Question, ...]:
    """Return a seeded sample of other articles' answerable questions, as off-topic ones."""
    others = [q for other in articles if other is not article for q in other.questions if q.kind == "answerable"]
    chosen = random.Random(f"{_SEED}:{article.document.name}").sample(others, min(OFF_TOPIC, len(others)))
    return tuple(
        replace(q, id=f"{article.document.name}-{q.id}", kind="off_topic", reason="not_in_source") for q in chosen
    )


def _alone(article: Article) -> Corpus:
    """Return the corpus of one article."""
    return Corpus((article.document,), {article.document.name: ()})


def _systems(
    article: Article, index: Index, console: Console
) -> Iterator[tuple[str, Sequence[Unit], Mapping[str, Outcome]]]:
    """Yield the assistant and each baseline with their units and what they do with an article's questions."""
    own = tuple(entry for entry in index.documents if entry.document is article.document)
    assistant = Assistant(_alone(article), replace(index, documents=own))
    asked = steps(article.questions, article.document.title, console)
    yield "assistant", article.units, {question.id: observe(assistant, question.text) for question in asked}
    vectors = baselines.embed(article.questions, index.embeddings)
    for baseline in baselines.baselines(article.document, index.embeddings):
        # There is no dev to choose a cut-off on, so they have none, and only their order and scores are measured.
        scores = baselines.table(baseline, article.questions, vectors)
        yield baseline.name, baseline.units, baselines.outcomes(baseline, article.questions, scores, float("-inf"))


def _view(system: str, article: Article, units: Sequence[Unit], outcomes: Mapping[str, Outcome]) -> View:
    """Return what a system did with an article, gold matched to its own units."""
    values = score(article.questions, article.golds(units), outcomes)
    return View(system, article.questions, outcomes, _kept(system, values), article.clusters)


def _kept(system: str, values: Mapping[str, Values]) -> dict[str, Values]:
    """Return the values that mean something here."""
    kept = MEASURED if system == "assistant" else _RANKED
    return {name: {key: value for key, value in own.items() if key in kept} for name, own in values.items()}


def _result(name: str, articles: Sequence[Article], views: Mapping[str, Sequence[View]]) -> Result:
    """Return the result of all articles together, and the main rates of each."""
    whole = {system: _together(own) for system, own in views.items()}
    assistant = whole["assistant"]
    measures = [BY_NAME[measure] for measure in MEASURED]
    found = [rate for view in whole.values() for rate in rates(view, frozenset(), measures) if rate.measure != "CRAG"]
    titles = [article.document.title for article in articles]
    for own in views.values():
        found += [rate for title, view in zip(titles, own, strict=True) for rate in _of_article(title, view)]
    kinds = [question.kind for question in assistant.questions]
    compared = [
        comparison
        for system, view in whole.items()
        if system != "assistant"
        for comparison in pairs(_RANKED, ("assistant", system), assistant.values, view.values, assistant.clusters)
    ]
    return Result(
        name=name,
        split="outside",
        made={},
        counts={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        near_copies={},
        rates=found,
        pairs=compared,
        broken=[],
        checks={},
        curves={system: curve_points(view) for system, view in whole.items()},
        values={"assistant": dict(assistant.values)},
        clusters=dict(assistant.clusters),
        notes=[f"Articles: {', '.join(titles)}. No question bank, so answers rest on passages alone."],
    )


def _together(views: Sequence[View]) -> View:
    """Return the view of all articles' questions."""
    return View(
        views[0].system,
        tuple(question for view in views for question in view.questions),
        {name: outcome for view in views for name, outcome in view.outcomes.items()},
        {name: values for view in views for name, values in view.values.items()},
        {name: cluster for view in views for name, cluster in view.clusters.items()},
    )


def _of_article(title: str, view: View) -> list[Rate]:
    """Return Hit@1 and both AUROCs of one article, with its title in the place of the kind."""
    own = rates(view, frozenset(), [BY_NAME["hit@1"]])
    kept = [rate for rate in own if rate.measure == "AUROC" or (rate.measure, rate.kind) == ("hit@1", ALL)]
    return [
        replace(rate, kind=title, measure=f"AUROC {rate.kind}" if rate.measure == "AUROC" else rate.measure)
        for rate in kept
    ]
