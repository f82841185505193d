"""What a user would build instead, on the same questions: the tutorial's RAG, BM25 alone, the embedding model alone.

Each ranks its own units, shows the best four that reach a cut-off and abstains when none does. The cut-off is as high as it can
be while four fifths of the answerable dev questions are answered. A follow-up is asked behind the question before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.gold import Unit, passage_units
from eval.outcome import Outcome
from eval.questions import Question
from rct_assistant.document import Document, Span
from rct_assistant.errors import AssistantError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Array = NDArray[np.float64]
TOP = 4
ANSWERED = 0.8
CHUNK, OVERLAP = 1000, 200


@dataclass(frozen=True)
class Baseline:
    """A system without bank, policy or labels. `scores` maps n texts and their vectors to n × units, higher is better."""

    name: str
    units: tuple[Unit, ...]
    scores: Callable[[Sequence[str], Array], Array]


def baselines(document: Document, embeddings: Embeddings) -> tuple[Baseline, ...]:
    """Return the three baselines for a document."""
    return _tutorial(document, embeddings), _bm25(document), _minilm(document, embeddings)


def asked_text(question: Question) -> str:
    """Return what a system without conversation is asked: the question behind the one before it, if any."""
    return " ".join([*question.history[-1:], question.text])


def embed(questions: Sequence[Question], embeddings: Embeddings) -> dict[str, Array]:
    """Return the vectors of questions as asked, by id."""
    vectors = embeddings.embed_documents([asked_text(question) for question in questions])
    return {question.id: np.asarray(vector) for question, vector in zip(questions, vectors, strict=True)}


def table(baseline: Baseline, questions: Sequence[Question], vectors: Mapping[str, Array]) -> Array:
    """Return questions × units scores."""
    matrix = np.stack([vectors[question.id] for question in questions])
    return baseline.scores([asked_text(question) for question in questions], matrix)


def cut_off(questions: Sequence[Question], scores: Array) -> float:
    """Return the highest cut-off on the best score that leaves ANSWERED of the answerable questions answered.

    What parts answerable from other questions best is no use as a rule: on dev that optimum is so flat that a few questions
    decide between refusing nobody and refusing most.

    Raises:
        AssistantError: there is no answerable question to choose it on.
    """
    best = np.sort(scores.max(axis=1)[[question.answerable for question in questions]])
    if not len(best):
        raise AssistantError("found no answerable question on dev, expected some; restore eval/questions")
    return float(best[len(best) - math.ceil(ANSWERED * len(best))])


def outcomes(baseline: Baseline, questions: Sequence[Question], scores: Array, cut: float) -> dict[str, Outcome]:
    """Return what a baseline does with each question, by id."""
    found = {}
    for question, row in zip(questions, scores, strict=True):
        order = np.argsort(-row, kind="stable")
        shown = [baseline.units[place] for place in order[:TOP] if row[place] >= cut]
        found[question.id] = Outcome(
            decision="answer" if shown else "not_in_source",
            cited=tuple(unit.id for unit in shown),
            ranked=tuple(baseline.units[place].id for place in order),
            score=float(row[order[0]]),
            words=sum(unit.words for unit in shown),
        )
    return found


def _tutorial(document: Document, embeddings: Embeddings) -> Baseline:
    """Return the RAG of LangChain's tutorial: recursive splitter 1000/200 and a Chroma store, in memory."""
    from chromadb import EphemeralClient
    from chromadb.config import Settings
    from langchain_chroma import Chroma
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
    chunks = splitter.create_documents([document.text])
    units = tuple(
        Unit(f"chunk-{number:04}", (Span(start, start + len(chunk.page_content)),), "", len(chunk.page_content.split()))
        for number, chunk in enumerate(chunks)
        for start in [int(chunk.metadata["start_index"])]
    )
    client = EphemeralClient(settings=Settings(anonymized_telemetry=False))
    name = f"tutorial-{document.sha256[:16]}"
    store = Chroma(
        name,
        embedding_function=embeddings,
        client=client,
        collection_configuration={"hnsw": {"space": "cosine", "ef_search": 200}},
    )
    store.add_documents(chunks, ids=[unit.id for unit in units])
    place = {unit.id: position for position, unit in enumerate(units)}

    def scores(_texts: Sequence[str], vectors: Array) -> Array:
        matrix = np.full((len(vectors), len(units)), -1.0)
        for row, vector in zip(matrix, vectors, strict=True):
            for chunk, distance in store.similarity_search_by_vector_with_relevance_scores(
                vector.tolist(), k=len(units)
            ):
                row[place[str(chunk.id)]] = 1.0 - distance
        return matrix

    return Baseline("tutorial RAG", units, scores)


def _bm25(document: Document) -> Baseline:
    import bm25s

    index = bm25s.BM25()
    index.index(
        bm25s.tokenize([passage.text for passage in document.passages], stopwords="en", show_progress=False),
        show_progress=False,
    )

    def scores(texts: Sequence[str], _vectors: Array) -> Array:
        words = bm25s.tokenize(list(texts), stopwords="en", show_progress=False, return_ids=False)
        nothing = np.zeros(len(document.passages))
        return np.stack([np.asarray(index.get_scores(own), dtype=float) if own else nothing for own in words])

    return Baseline("BM25 alone", passage_units(document), scores)


def _minilm(document: Document, embeddings: Embeddings) -> Baseline:
    passages = np.asarray(embeddings.embed_documents([passage.text for passage in document.passages]))
    return Baseline("MiniLM alone", passage_units(document), lambda _texts, vectors: vectors @ passages.T)
