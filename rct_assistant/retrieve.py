"""Rank a document's passages for a question, and say how likely the text answers it at all.

With a question bank the ranking is what was learned from it (`fit`); without one it is dense and lexical evidence fused, each
passage read together with its section. The question is embedded once. Nothing here decides what is shown.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import bm25s
import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from rct_assistant.bank import BankQuestion
from rct_assistant.citations import passage_label
from rct_assistant.document import Document
from rct_assistant.fit import CLASSES, REASONS, Array, Evidence, answerable_of, decision_of, relevance_of
from rct_assistant.index import DocumentIndex, searched_text
from rct_assistant.query import content_stems

# Without a bank: weights of BM25 and of the covered words beside the cosine, chosen on three of the six outside articles
# (Huguenot, Steam engine, 1973 oil crisis), and the logistic model of an answer over cosine and BM25, set by hand.
# `python -m eval outside` measures what they give, for each article.
LEXICAL_WEIGHT, COVERAGE_WEIGHT = 0.5, 0.4
NO_BANK_BIAS, NO_BANK_COSINE, NO_BANK_LEXICAL = -5.0, 8.0, 3.0
# The near bank questions that vote on the topic a refusal names; it is named if one of them is so near or the question has most
# of its words. Of 600 topics on dev, read one by one, 426 pass: .84 of them fit, .04 miss; of all 600, .79 and .06.
TOPIC_VOTES, TOPIC_NEAR = 8, 0.60
TOPIC_COSINE, TOPIC_WORDS = 0.80, 0.65
# From the first cosine with a bank question that has an answer a gap counts less, from the second on a fifth: what is learned
# from all examples together is too smooth to tell "published when" from "published by whom".
COPY, SURE_COPY, COPY_GAP = 0.88, 0.96, 0.2


@dataclass(frozen=True)
class Scored:
    """A passage with its probability of belonging to the answer, given that there is one."""

    id: str
    score: float


@dataclass(frozen=True)
class Ranking:
    """All passages of one document, best first, and the probability of each of `fit.CLASSES` for the question.

    topic: what the bank says that the text does not give; danger: the probability of danger in the most alarming sentence;
    whole: whether the question is short enough to have been read as a whole; read: the question as it was read, slips mended.
    """

    document: Document
    passages: tuple[Scored, ...]
    probabilities: dict[str, float]
    topic: str = ""
    danger: float = 0.0
    whole: bool = True
    read: str = ""

    @property
    def answerable(self) -> float:
        """The probability that the text answers the question, leaving aside what policy decides."""
        return answerable_of(self.probabilities)

    @cached_property
    def scores(self) -> dict[str, float]:
        """Map passage ids to scores."""
        return {scored.id: scored.score for scored in self.passages}


class Ranker:
    """Ranks the passages of one document; holds its lexical index."""

    def __init__(self, index: DocumentIndex) -> None:
        self.index = index
        self.document = index.document
        texts = [searched_text(passage) for passage in self.document.passages]
        self._lexical = bm25s.BM25()
        self._lexical.index(_tokens(texts), show_progress=False)
        self._lexical_ceiling = self._self_scores(texts)
        self._stems = [content_stems(text) | _numbers(text) for text in texts]
        self._frequency = Counter(stem for stems in self._stems for stem in stems)

    def rank(self, question: str, vector: list[float]) -> Ranking:
        """Rank for one normalised question and its unit vector."""
        similarities = self.index.passage_similarities(vector)
        if self.index.fitted is None:
            scores, probabilities = self._without_bank(question, similarities)
            topic = ""
        else:
            unit = np.asarray(vector, dtype=np.float32)
            evidence = less_gap(self.index.fitted.evidence(unit, question, self.index.examples, similarities))
            scores = relevance_of(self.index.fitted, evidence)
            probabilities = decision_of(self.index.fitted, evidence)
            likely = probabilities["gap"] >= probabilities["answer"]
            near = self.index.nearest_questions(vector, TOPIC_VOTES) if likely else []
            topic = topic_missing(question, near)
        order = np.argsort(-scores, kind="stable")
        ids = list(self.document.by_id)
        passages = tuple(Scored(ids[position], float(scores[position])) for position in order)
        return Ranking(self.document, passages, probabilities, topic, read=question)

    def lexical_scores(self, question: str) -> Array:
        """Return the BM25 score of each passage, in the order of the text, as a share of the best any passage could get."""
        tokens = bm25s.tokenize([question], stopwords="en", show_progress=False, return_ids=False)[0]
        if not tokens:
            return np.zeros(len(self.document.passages), dtype=np.float32)
        scores = np.asarray(self._lexical.get_scores(tokens), dtype=np.float32)
        return scores / (scores + self._lexical_ceiling)

    def coverage(self, question: str) -> Array:
        """Return the share of the question's content words, the rare ones weighted more, that each passage has."""
        stems = sorted(content_stems(question) | _numbers(question))
        weights = {stem: math.log((len(self._stems) + 1) / (self._frequency[stem] + 0.5)) for stem in stems}
        total = max(sum(weights.values()), 1e-9)
        covered = [sum(weight for stem, weight in weights.items() if stem in own) for own in self._stems]
        return np.asarray(covered, dtype=np.float32) / total

    def _self_scores(self, texts: list[str]) -> float:
        """Return a typical score of a strong match: a quarter of the median score of a passage for its own words."""
        tokens = bm25s.tokenize(texts, stopwords="en", show_progress=False, return_ids=False)
        own = [float(self._lexical.get_scores(words).max()) for words in tokens if words]
        return 0.25 * float(np.median(own)) if own else 1.0

    def _without_bank(self, question: str, similarities: Array) -> tuple[Array, dict[str, float]]:
        lexical = self.lexical_scores(question)
        scores = similarities + LEXICAL_WEIGHT * lexical + COVERAGE_WEIGHT * self.coverage(question)
        scores /= 1.0 + LEXICAL_WEIGHT + COVERAGE_WEIGHT
        best = int(scores.argmax())
        logit = NO_BANK_BIAS + NO_BANK_COSINE * float(similarities[best]) + NO_BANK_LEXICAL * float(lexical[best])
        answer = 1.0 / (1.0 + np.exp(-logit))
        probabilities = dict.fromkeys(CLASSES, 0.0) | {"answer": float(answer), "gap": float(1.0 - answer)}
        return np.clip(scores, 0.0, 1.0), probabilities


class PassageRetriever(BaseRetriever):
    """A LangChain retriever over the passages of the document that most probably answers.

    Each result's metadata carry document, passage, section, start, end, sources, llm, label and score, so that nothing of the
    provenance is lost in a chain.
    """

    model_config = ConfigDict(frozen=True)

    search: Callable[[str], Ranking]
    k: int = Field(default=4, ge=1)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        ranking = self.search(query)
        return [_to_langchain(ranking.document, scored) for scored in ranking.passages[: self.k]]


def less_gap(evidence: Evidence) -> Evidence:
    """Return the evidence with a lower value for 'not in the text' where the nearest bank question of all has an answer."""
    passages = len(evidence.similarities)
    best = float(evidence.nearest[:passages].max())
    if best < max(COPY, float(evidence.nearest.max())):
        return evidence
    share = min(1.0, (best - COPY) / (SURE_COPY - COPY))
    values = evidence.values.copy()
    values[passages + REASONS.index("gap")] *= 1.0 - (1.0 - COPY_GAP) * share
    return replace(evidence, values=values)


def topic_missing(question: str, near: list[tuple[BankQuestion, float]]) -> str:
    """Return the topic that most of the near bank questions name as missing, if it surely is what the question asks for.

    near: the nearest questions of the bank with their cosines, nearest first.
    """
    votes: dict[str, float] = {}
    nearest: dict[str, float] = {}
    for other, cosine in near:
        if other.gap and cosine >= TOPIC_NEAR:
            votes[other.gap] = votes.get(other.gap, 0.0) + cosine
            nearest.setdefault(other.gap, cosine)
    best = max(votes, key=votes.__getitem__, default="")
    words = content_stems(best)
    said = 0 < TOPIC_WORDS * len(words) <= len(words & content_stems(question))
    return best if said or nearest.get(best, 0.0) >= TOPIC_COSINE else ""


def _to_langchain(document: Document, scored: Scored) -> LangChainDocument:
    passage = document.by_id[scored.id]
    metadata: dict[str, Any] = {
        "document": document.name,
        "passage": passage.id,
        "section": passage.section,
        "start": passage.span.start,
        "end": passage.span.end,
        "sources": list(passage.provenance.sources),
        "llm": passage.provenance.llm,
        "label": passage_label(passage),
        "score": scored.score,
    }
    return LangChainDocument(id=f"{document.name}/{passage.id}", page_content=passage.text, metadata=metadata)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _tokens(texts: list[str]) -> Any:
    return bm25s.tokenize(texts, stopwords="en", show_progress=False)
