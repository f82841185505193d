"""Learn the adapter of the embedding model from the question banks of a corpus. About an hour on a laptop; run by `make train`.

The model learns to tell from a question alone which passages answer it, or why none does: a linear layer over the embeddings, one
class for each passage and reason. The layer is thrown away; the adapter stays, at a part of its strength (Wortsman et al., CVPR
2022). It is learned several times, each from another beginning and on one core, and their mean is kept (Wortsman et al., ICML
2022). A fold of near-duplicate families is left out, so that what is calibrated later is calibrated on questions that neither the
adapter nor the regression has seen.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rct_assistant.adapter import Adapter, keys
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.embeddings import cores, half_precision, load_embeddings, many_texts, model_hash, transformer_of
from rct_assistant.errors import CorpusError
from rct_assistant.fit import targets_of
from rct_assistant.kernel import folds
from rct_assistant.query import normalise
from rct_assistant.settings import Settings, load_settings

RANK = 16
SCALE = 2.0
KEPT = 0.7  # share of what was learned that is kept: between the model and its adapted form, new questions fare best
EPOCHS = 3
BATCH = 64
RATE, HEAD_RATE = 1e-3, 5e-3  # highest learning rates, of the adapter and of the layer over it
LONGEST = 96  # tokens
_BUCKET = 32 * BATCH  # questions among which those of like length share a batch
SEEDS = (20, 21, 22, 23)  # one beginning and one order of the questions for each time it is learned
PROCESSES = 2  # at a time, at most: each takes up to 7 GB of memory


_steps: Any = None  # how many batches all processes have learned from, in those that learn

Layers = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]  # name of a layer → down and up, as in `Adapter`


@dataclass(frozen=True)
class _Examples:
    """What is learned from: normalised questions, their targets (n × classes, rows sum to 1) and which are seen."""

    texts: list[str]
    targets: torch.Tensor
    seen: NDArray[np.int64]
    held_out: NDArray[np.uint64]
    start: torch.Tensor  # classes × dimensions: the mean embedding of each class


class _Adapted(nn.Module):
    """A linear layer with a low-rank change beside it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) / math.sqrt(layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        changed: torch.Tensor = self.layer(inputs) + SCALE * (inputs @ self.down.t() @ self.up.t())
        return changed


def train(settings: Settings | None = None, *, progress: Callable[[str, int, int], None]) -> Path:
    """Learn the adapter for the model from all banks and write it to the corpus folder; returns the file.

    Every beginning is learned in a process of its own, on one core; one machine gives one result.

    Raises:
        CorpusError: no document has a bank.
        ModelError: the model cannot be loaded.
    """
    settings = settings or load_settings()
    with many_texts():
        examples = _examples(load_corpus(settings.corpus), load_embeddings(settings.model))
    total = len(SEEDS) * len(list(_batches(examples, SEEDS[0])))
    spawning = multiprocessing.get_context("spawn")
    steps = spawning.Value("q", 0)
    processes = min(PROCESSES, cores())
    with ProcessPoolExecutor(processes, mp_context=spawning, initializer=_count_in, initargs=(steps,)) as pool:
        runs = [pool.submit(_learn, settings.model, examples, seed) for seed in SEEDS]
        while wait(runs, timeout=1).not_done:
            progress("Learning the adapter", steps.value, total)
        learned = [run.result() for run in runs]
    progress("Learning the adapter", total, total)
    return Adapter(_mean(learned), model_hash(settings.model), examples.held_out).save(settings.corpus)


def _count_in(steps: Any) -> None:
    """Let this process count the steps that it takes in a number shared with the one that waits for it."""
    global _steps
    _steps = steps


def _learn(model: str, examples: _Examples, seed: int) -> Layers:
    """Learn once, from one beginning, and return the two matrices of each adapted layer."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer, network = transformer_of(load_embeddings(model))
    adapted = _adapt(network)
    classes, dimensions = examples.start.shape
    head = nn.Linear(dimensions, classes)
    with torch.no_grad():
        head.weight.copy_(examples.start)
        head.bias.zero_()
    sharpness = nn.Parameter(torch.tensor(12.0))
    changes = [matrix for layer in adapted.values() for matrix in (layer.down, layer.up)]
    groups = [(changes, RATE), (list(head.parameters()), HEAD_RATE), ([sharpness], 10 * RATE)]
    optimiser = torch.optim.AdamW([{"params": parameters, "lr": rate} for parameters, rate in groups])
    batches = list(_batches(examples, seed))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [rate for _, rate in groups], total_steps=len(batches) + 1, pct_start=0.1
    )
    network.train()
    for batch in batches:
        with half_precision():
            vectors = _embed(tokenizer, network, [examples.texts[row] for row in batch])
        scores = sharpness * (vectors @ nn.functional.normalize(head.weight, dim=-1).t()) + head.bias
        loss = -(examples.targets[batch] * torch.log_softmax(scores, dim=-1)).sum(dim=-1).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        with _steps.get_lock():
            _steps.value += 1
    return {name: (_matrix(layer.down), _matrix(KEPT * SCALE * layer.up)) for name, layer in adapted.items()}


def _mean(learned: list[Layers]) -> Layers:
    """Return the mean of several changes of the same layers: their matrices side by side."""
    return {
        name: (
            np.concatenate([layers[name][0] for layers in learned]),
            np.concatenate([layers[name][1] / len(learned) for layers in learned], axis=1),
        )
        for name in learned[0]
    }


def _matrix(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach(), dtype=np.float32)


def _examples(corpus: Corpus, embeddings: Any) -> _Examples:
    """Collect the questions of all banks; classes of several documents stand side by side."""
    texts: list[str] = []
    blocks, held = [], []
    for document in corpus.documents:
        bank = corpus.banks[document.name]
        if not bank:
            continue
        own = [normalise(question.asked) for question in bank]
        vectors = np.asarray(embeddings.embed_documents(own), dtype=np.float32)
        fold = folds(vectors)
        targets = targets_of(list(bank), list(document.by_id))
        texts += own
        blocks.append((vectors, targets))
        held.append(fold == 0)
    if not texts:
        raise CorpusError("corpus", None, "found no question bank, expected NAME.questions.jsonl; write one first")
    width = sum(targets.shape[1] for _, targets in blocks)
    whole, row, column = np.zeros((len(texts), width), dtype=np.float32), 0, 0
    for _, targets in blocks:
        whole[row : row + targets.shape[0], column : column + targets.shape[1]] = targets
        row, column = row + targets.shape[0], column + targets.shape[1]
    left_out = np.concatenate(held)
    start = torch.tensor(whole[~left_out].T @ np.concatenate([vectors for vectors, _ in blocks])[~left_out])
    return _Examples(
        texts,
        torch.tensor(whole / whole.sum(axis=1, keepdims=True)),
        np.flatnonzero(~left_out),
        keys(text for text, out in zip(texts, left_out, strict=True) if out),
        nn.functional.normalize(start + 1e-9, dim=-1),
    )


def _adapt(network: nn.Module) -> dict[str, _Adapted]:
    """Freeze the network and put an adapted layer in the place of every linear layer of its encoder; returns them by name."""
    for parameter in network.parameters():
        parameter.requires_grad = False
    names = [name for name, layer in network.named_modules() if isinstance(layer, nn.Linear) and "encoder" in name]
    adapted = {}
    for name in names:
        parent, _, own = name.rpartition(".")
        layer = _Adapted(network.get_submodule(name))  # type: ignore[arg-type]
        setattr(network.get_submodule(parent), own, layer)
        adapted[name] = layer
    return adapted


def _batches(examples: _Examples, seed: int) -> Iterator[list[int]]:
    """Yield the rows of each batch of all epochs: shuffled, those of like length together, so that little is padding."""
    random = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        rows = random.permutation(examples.seen)
        epoch = []
        for start in range(0, len(rows), _BUCKET):
            bucket = sorted(rows[start : start + _BUCKET].tolist(), key=lambda row: len(examples.texts[row]))
            epoch += [bucket[at : at + BATCH] for at in range(0, len(bucket), BATCH)]
        for place in random.permutation(len(epoch)):
            yield epoch[place]


def _embed(tokenizer: Any, network: nn.Module, texts: list[str]) -> torch.Tensor:
    """Return the unit embeddings of texts as the model's own pooling makes them: the mean over tokens."""
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    states = network(**tokens)[0]
    mask = tokens["attention_mask"][..., None].float()
    return nn.functional.normalize((states.float() * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)
