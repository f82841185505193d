"""The embedding model as published, without what was learned from the bank: for baselines, near copies and repeats.

Its vectors of the bank take minutes to compute, so they are kept in the folder of derived data, each under the hash of its text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from rct_assistant.embeddings import load_embeddings, many_texts, model_hash
from rct_assistant.query import normalise
from rct_assistant.settings import load_settings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Array = NDArray[np.float32]

_BATCH = 1024  # texts embedded before the free cores are counted again
_FEWEST = 1000  # fewer new texts are not worth writing down


@cache
def plain_embeddings() -> Embeddings:
    """Return the model, loaded once."""
    return load_embeddings(load_settings().model)


def vectors_of(texts: Sequence[str]) -> Array:
    """Return the unit vectors of normalised texts, n × dimensions, with every core that is free."""
    settings = load_settings()
    file = settings.data / "plain" / f"{model_hash(settings.model)[:16]}.npz"
    names = [sha256(normalise(text).encode()).hexdigest()[:32] for text in texts]
    by_name = dict(zip(names, texts, strict=True))
    known = _read(file)
    new = [name for name in by_name if name not in known]
    known |= zip(new, _embedded([normalise(by_name[name]) for name in new]), strict=True)
    if len(new) >= _FEWEST:
        _write(file, known)
    return np.asarray([known[name] for name in names], dtype=np.float32)


def _embedded(texts: Sequence[str]) -> Iterator[Array]:
    """Embed texts, a batch at a time; yields the vector of each."""
    for start in range(0, len(texts), _BATCH):
        with many_texts():
            vectors = plain_embeddings().embed_documents(list(texts[start : start + _BATCH]))
        yield from np.asarray(vectors, dtype=np.float32)


def _read(file: Path) -> dict[str, Array]:
    """Return the vectors that are kept, by name; a file that cannot be read counts as none."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            return dict(zip(kept["names"].tolist(), kept["vectors"], strict=True))
    except (OSError, KeyError, ValueError, BadZipFile):
        return {}


def _write(file: Path, vectors: dict[str, Array]) -> None:
    """Put all vectors into the file at once, so that a reader never meets half of them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{file.stem}-{os.getpid()}.npz")
    np.savez(aside, names=np.asarray(list(vectors)), vectors=np.asarray(list(vectors.values()), dtype=np.float32))
    aside.replace(file)
