"""A low-rank adapter of the embedding model, learned from the question banks of a corpus: the file `adapter.npz` beside them.

For each adapted layer it holds two thin matrices whose product is added to the layer's weights. It is `train` that makes it;
nothing here learns or touches the model. Source: Hu et al., ICLR 2022 (LoRA).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from rct_assistant.errors import ModelError

Array = NDArray[np.float32]

_FILE = "adapter.npz"
_DOWN, _UP, _BASE, _HELD_OUT = "/down", "/up", "base", "held_out"


@dataclass(frozen=True)
class Adapter:
    """What is added to the model.

    layers: name of a linear layer → down (rank × inputs) and up (outputs × rank); base: hash of the model that it was learned on;
    held_out: keys of the bank questions that it has not seen.
    """

    layers: dict[str, tuple[Array, Array]] = field(repr=False)
    base: str
    held_out: NDArray[np.uint64] = field(repr=False)

    def save(self, folder: Path) -> Path:
        """Write the adapter with matrices of half precision, a file of a few MB, and return the file."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for name, (down, up) in sorted(self.layers.items()):
            arrays |= {name + _DOWN: down.astype(np.float16), name + _UP: up.astype(np.float16)}
        arrays |= {_BASE: np.frombuffer(bytes.fromhex(self.base), dtype=np.uint8), _HELD_OUT: np.sort(self.held_out)}
        path = adapter_path(folder)
        beside = path.with_name(f"new-{path.name}")
        np.savez(beside, allow_pickle=False, **arrays)
        return beside.replace(path)

    def held(self, questions: Iterable[str]) -> NDArray[np.bool_]:
        """Say for each normalised question whether the adapter was learned without it."""
        return np.isin(keys(questions), self.held_out)


def adapter_path(corpus: Path) -> Path:
    """Return where the adapter of a corpus folder stands."""
    return corpus / _FILE


def adapter_hash(corpus: Path) -> str:
    """Return the sha256 of a corpus folder's adapter, or an empty string where there is none."""
    path = adapter_path(corpus)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def load_adapter(corpus: Path) -> Adapter | None:
    """Read the adapter of a corpus folder; None where there is none.

    Raises:
        ModelError: the file is not an adapter.
    """
    path = adapter_path(corpus)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = [name.removesuffix(_DOWN) for name in stored.files if name.endswith(_DOWN)]
            layers = {
                name: (stored[name + _DOWN].astype(np.float32), stored[name + _UP].astype(np.float32)) for name in names
            }
            return Adapter(layers, stored[_BASE].tobytes().hex(), stored[_HELD_OUT])
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(
            f"found no adapter in {path.name} ({error}), expected one; run 'make train' or remove the file"
        ) from error


def keys(questions: Iterable[str]) -> NDArray[np.uint64]:
    """Return the key of each normalised question: the first 64 bits of its sha256."""
    digests = [hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()[:8] for question in questions]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
