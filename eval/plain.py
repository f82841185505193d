"""The embedding model as published, without what was learned from the bank: for baselines, near copies and repeats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rct_assistant.embeddings import load_embeddings, use_cores
from rct_assistant.query import normalise
from rct_assistant.settings import load_settings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

_BATCH = 1024  # texts embedded before the free cores are counted again


@cache
def plain_embeddings() -> Embeddings:
    """Return the model, loaded once."""
    return load_embeddings(load_settings().model)


def vectors_of(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the unit vectors of normalised texts, n × dimensions, with every core that is free."""
    vectors: list[list[float]] = []
    try:
        for start in range(0, len(texts), _BATCH):
            use_cores(free=True)
            some = [normalise(text) for text in texts[start : start + _BATCH]]
            vectors += plain_embeddings().embed_documents(some)
    finally:
        use_cores(free=False)
    return np.asarray(vectors, dtype=np.float32)
