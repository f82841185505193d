"""Build and open the index of a corpus: Chroma collections of passages and bank questions, and what was fitted to the bank.

The store yields ids, vectors and scores, never text. The only module that touches chromadb and langchain_chroma. How the
files are kept is `store`'s business, ranking is `retrieve`'s.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.metadata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rct_assistant.adapter import Adapter, adapter_hash, load_adapter
from rct_assistant.bank import BankQuestion
from rct_assistant.corpus import Corpus
from rct_assistant.document import Document, Passage
from rct_assistant.embeddings import load_embeddings, many_texts, model_hash, use_cores
from rct_assistant.hashes import hash_of
from rct_assistant.query import normalise
from rct_assistant.settings import Settings
from rct_assistant.store import open_store

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

    from rct_assistant.fit import Array, Fitted

LAYOUT = 2  # raise when the meaning of the stored files changes
_BATCH = 1024
_MOST = 5000  # Chroma refuses larger batches
_SELF_QUERIES = 5

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DocumentIndex:
    """What is searched for one document. `examples` is n × dimensions, in the order of `bank`; both may be empty.

    The store has the passages with their words, for LangChain; of the questions the vectors alone, written in half the time.
    """

    document: Document
    bank: tuple[BankQuestion, ...]
    examples: Array = field(repr=False)
    fitted: Fitted | None = field(repr=False)
    passages: Chroma = field(repr=False)
    questions: Collection = field(repr=False)

    def passage_similarities(self, vector: Sequence[float]) -> Array:
        """Return the cosine of a question's unit vector with each passage, in the order of the text."""
        found = self.passages.similarity_search_by_vector_with_relevance_scores(
            list(vector), k=len(self.document.passages)
        )
        similarities = np.zeros(len(self.document.passages), dtype=np.float32)
        for entry, distance in found:
            similarities[self.document.positions[str(entry.id)]] = 1.0 - distance
        return similarities

    def nearest_questions(self, vector: Sequence[float], k: int) -> list[tuple[BankQuestion, float]]:
        """Return the k nearest bank questions with their cosines, nearest first."""
        if not self.bank:
            return []
        return [
            (self.bank[int(name)], 1.0 - distance)
            for name, distance in _nearest(self.questions, vector, min(k, len(self.bank)))
        ]


@dataclass(frozen=True)
class Index:
    """The indexes of all documents of a corpus, the model that embeds questions, and the store's manifest."""

    documents: tuple[DocumentIndex, ...]
    embeddings: Embeddings = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)


def open_index(corpus: Corpus, settings: Settings, *, progress: Progress, say: Callable[[str], None]) -> Index:
    """Open the index of a corpus, building it first where it is missing, stale or damaged.

    Raises:
        ModelError: the embedding model is missing or not the expected one.
        StoreError: the index cannot be built.
    """
    made_from = _made_from(corpus, settings)
    adapter = load_adapter(settings.corpus)
    embeddings = load_embeddings(settings.model, adapter)
    opened = open_store(
        settings.data / "index",
        made_from,
        build=partial(_build, corpus=corpus, embeddings=embeddings, adapter=adapter, progress=progress),
        check=partial(_check, corpus=corpus),
        say=say,
    )
    atexit.register(opened.close)
    client = _client(opened.folder)
    documents = tuple(
        _open_document(client, opened.folder, number, document, corpus.banks[document.name])
        for number, document in enumerate(corpus.documents)
    )
    return Index(documents, embeddings, opened.manifest)


def _made_from(corpus: Corpus, settings: Settings) -> dict[str, Any]:
    """Return what the index depends on and may change between two starts; its keys name what did when it is stale."""
    code = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in ("fit", "kernel", "query"))
    banks = {name: hash_of([asdict(question) for question in bank]) for name, bank in corpus.banks.items()}
    versions = {
        name: importlib.metadata.version(name)
        for name in ("chromadb", "numpy", "scikit-learn", "sentence-transformers")
    }
    return {
        "documents": {
            d.name: hash_of([d.sha256, [asdict(passage) for passage in d.passages]]) for d in corpus.documents
        },
        "question bank": banks,
        "model": model_hash(settings.model),
        "adapter": adapter_hash(settings.corpus),
        "versions": versions,
        "code": hashlib.sha256(code).hexdigest(),
        "layout": LAYOUT,
    }


def _client(folder: Path) -> ClientAPI:
    from chromadb import PersistentClient
    from chromadb.config import Settings as ChromaSettings

    return PersistentClient(str(folder / "chroma"), settings=ChromaSettings(anonymized_telemetry=False))


def _collection(client: ClientAPI, name: str) -> Collection:
    """Return a collection for cosines, empty if there was none."""
    from chromadb.api.collection_configuration import CreateCollectionConfiguration, CreateHNSWConfiguration

    # High ef: the approximate search then finds .998 of the eight that an exact one does, measured on 54,000 vectors.
    hnsw = CreateHNSWConfiguration(space="cosine", ef_construction=100, ef_search=200)
    configuration = CreateCollectionConfiguration(hnsw=hnsw)
    return client.get_or_create_collection(name, configuration=configuration, embedding_function=None)


def _as_chroma(collection: Collection, client: ClientAPI, embeddings: Embeddings | None = None) -> Chroma:
    """Return LangChain's view of a collection."""
    from langchain_chroma import Chroma

    return Chroma(collection.name, embedding_function=embeddings, client=client, create_collection_if_not_exists=False)


def _build(
    folder: Path, *, corpus: Corpus, embeddings: Embeddings, adapter: Adapter | None, progress: Progress
) -> dict[str, Any]:
    """Write the collections and what is fitted; returns what the manifest says of them."""
    try:
        return _build_documents(folder, corpus=corpus, embeddings=embeddings, adapter=adapter, progress=progress)
    finally:
        use_cores(free=False)


def _build_documents(
    folder: Path, *, corpus: Corpus, embeddings: Embeddings, adapter: Adapter | None, progress: Progress
) -> dict[str, Any]:
    from rct_assistant.fit import calibration

    client = _client(folder)
    calibrated: dict[str, Any] = {}
    total = sum(len(document.passages) + len(corpus.banks[document.name]) for document in corpus.documents)
    done = 0

    def advance(stage: str, added: int) -> None:
        nonlocal done
        done += added
        progress(stage, done, total)

    for number, document in enumerate(corpus.documents):
        bank = corpus.banks[document.name]
        texts = [searched_text(passage) for passage in document.passages]
        metadata = [{"section": passage.section, "kind": passage.kind} for passage in document.passages]
        passages = _collection(client, f"passages-{number}")
        for added in _add_passages(_as_chroma(passages, client, embeddings), texts, list(document.by_id), metadata):
            advance("Reading the text", added)
        questions = _collection(client, f"questions-{number}")
        for added in _add_questions(questions, [normalise(question.asked) for question in bank], embeddings):
            advance("Reading the question bank", added)
        if bank:
            advance("Learning from the question bank", 0)
            fitted = _fit_document(document, bank, passages, questions, adapter)
            fitted.save(folder / f"fitted-{number}.npz")
            calibrated[document.name] = calibration(fitted)
    counts = {d.name: [len(d.passages), len(corpus.banks[d.name])] for d in corpus.documents}
    return {"counts": counts, "answerable": calibrated}


def searched_text(passage: Passage) -> str:
    """Return what is embedded for a passage: its section as context, then its words."""
    return normalise(f"{passage.section}: {passage.text}")


def _add_passages(chroma: Chroma, texts: list[str], ids: list[str], metadata: list[dict[str, str]]) -> Iterator[int]:
    """Embed and add in batches; yields how many entries each batch had."""
    for start in range(0, len(texts), _BATCH):
        end = min(start + _BATCH, len(texts))
        with many_texts():
            chroma.add_texts(texts[start:end], metadatas=list(metadata[start:end]), ids=ids[start:end])
        yield end - start


def _add_questions(collection: Collection, texts: list[str], embeddings: Embeddings) -> Iterator[int]:
    """Embed and add by their place, without their words; yields how many entries each batch had."""
    for start in range(0, len(texts), _BATCH):
        end = min(start + _BATCH, len(texts))
        with many_texts():
            vectors = embeddings.embed_documents(texts[start:end])
        collection.add(
            ids=[str(place) for place in range(start, end)], embeddings=np.asarray(vectors, dtype=np.float32)
        )
        yield end - start


def _fit_document(
    document: Document,
    bank: tuple[BankQuestion, ...],
    passages: Collection,
    questions: Collection,
    adapter: Adapter | None,
) -> Fitted:
    from rct_assistant.fit import fit

    ids = list(document.by_id)
    vectors = _vectors(questions, [str(line) for line in range(len(bank))])
    similarities = vectors @ _vectors(passages, ids).T
    texts = [normalise(question.asked) for question in bank]
    use_cores(free=True)
    return fit(list(bank), texts, vectors, ids, similarities, adapter.held(texts) if adapter else None)


def _vectors(collection: Collection, ids: list[str]) -> Array:
    """Return the stored vectors of these ids, in this order; raises KeyError when one is not there."""
    found: dict[str, Any] = {}
    for start in range(0, len(ids), _MOST):
        stored = collection.get(ids=ids[start : start + _MOST], include=["embeddings"])
        found.update(zip(stored["ids"], stored["embeddings"], strict=True))  # type: ignore[arg-type]
    return np.asarray([found[name] for name in ids], dtype=np.float32).reshape(len(ids), -1)


def _check(folder: Path, *, corpus: Corpus) -> str:
    """Return what is wrong with the collections, or an empty string: counts, and that entries find themselves."""
    client = _client(folder)
    for number, document in enumerate(corpus.documents):
        expected = {
            "passages": list(document.by_id),
            "questions": [str(i) for i in range(len(corpus.banks[document.name]))],
        }
        for kind, ids in expected.items():
            collection = _collection(client, f"{kind}-{number}")
            count = collection.count()
            if count != len(ids):
                return f"it has {count} {kind} of {len(ids)}"
            if not all(_finds(collection, name) for name in ids[:: max(1, len(ids) // _SELF_QUERIES)]):
                return f"its {kind} do not find themselves"
    return ""


def _finds(collection: Collection, name: str) -> bool:
    """Say whether an entry's own vector finds it, or another with the very same vector."""
    ((_, distance),) = _nearest(collection, _vectors(collection, [name])[0].tolist(), 1)
    return distance < 1e-3


def _nearest(collection: Collection, vector: Sequence[float], k: int) -> list[tuple[str, float]]:
    """Return the ids of the k nearest entries with their cosine distances, nearest first."""
    found = collection.query(
        query_embeddings=np.asarray([vector], dtype=np.float32), n_results=k, include=["distances"]
    )
    return list(zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True))


def _open_document(
    client: ClientAPI, folder: Path, number: int, document: Document, bank: tuple[BankQuestion, ...]
) -> DocumentIndex:
    passages = _as_chroma(_collection(client, f"passages-{number}"), client)
    questions = _collection(client, f"questions-{number}")
    if not bank:
        return DocumentIndex(document, bank, np.zeros((0, 0), dtype=np.float32), None, passages, questions)
    from rct_assistant.fit import Fitted

    examples = _vectors(questions, [str(line) for line in range(len(bank))])
    return DocumentIndex(document, bank, examples, Fitted.load(folder / f"fitted-{number}.npz"), passages, questions)
