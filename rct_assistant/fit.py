"""Learn from a question bank what a question asks for: kernel ridge regression, then logistic calibration.

Every bank question is an example; its targets are one column for each passage and one for each reason not to answer. The kernel
stands in `kernel`. The same bank gives the same numbers. Calibration weighs what the regression says beside the nearest example
of each column, for questions whose near-duplicate family was left out; that follows from the same factor without fitting again.
A large bank is dealt out into parts; each has a regression of its own, and what they predict is averaged.

Sources: Saunders, Gammerman and Vovk, ICML 1998 (kernel ridge regression); Zhang, Duchi and Wainwright, COLT 2013 (the mean of
regressions on parts); Platt 1999 (logistic calibration).

Nothing here reads files or knows a document's words; `index` says when to fit, `retrieve` uses what was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from rct_assistant import kernel
from rct_assistant.bank import INTENTS, BankQuestion

Array = NDArray[np.float32]

# Columns of the targets behind the passages, and classes of the decision.
REASONS = ("gap", *INTENTS)
CLASSES = ("answer", *REASONS)

_SPARSE = ("lexical", "targets")
_ROWS = 500  # left-out questions compared with the others at a time
MOST = 16_000  # examples of one regression: time grows with the cube, memory with the square
ENOUGH = 4000  # with so many questions, one fold left out is enough to calibrate on
FEW = 200  # unseen questions that are too few to calibrate on
ANSWERABLE = 0.40  # a question is answered from this probability on; chosen on the development questions (see eval)


@dataclass(frozen=True)
class Evidence:
    """What speaks for each answer to one question. `p` passages, `c` = p + len(REASONS) columns.

    values: c, what the regression predicts; nearest: c, the cosine of the nearest example of each column, 0 without one;
    similarities: p, the cosine with each passage itself.
    """

    values: Array
    nearest: Array
    similarities: Array


@dataclass(frozen=True)
class Fitted:
    """What was learned from one bank of `n` examples, with p and c as in `Evidence`.

    weights: n × c, the examples' dual coefficients; idf: the weight of each hashed n-gram; lexical: n × n-grams, unit rows;
    targets: c × n;
    relevance: weights and bias over `relevance_features`; decision: one row of weights and bias for each of CLASSES;
    left_out: m × 2, the probability of an answer and whether there is one, for questions that were left out.
    """

    weights: Array
    idf: Array
    lexical: sparse.csr_matrix
    targets: sparse.csr_matrix
    relevance: Array
    decision: Array
    left_out: Array

    def save(self, file: Path) -> None:
        """Write everything to one uncompressed .npz file."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _SPARSE}
        for name in _SPARSE:
            matrix = getattr(self, name)
            arrays |= {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr", "shape")}
        np.savez(file, **arrays)

    @staticmethod
    def load(file: Path) -> Fitted:
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as stored:
            arrays: dict[str, Any] = {name: stored[name] for name in stored.files if "." not in name}
            for name in _SPARSE:
                data, indices, indptr, shape = (stored[f"{name}.{p}"] for p in ("data", "indices", "indptr", "shape"))
                arrays[name] = sparse.csr_matrix((data, indices, indptr), shape=tuple(shape))
            return Fitted(**arrays)

    def evidence(self, vector: Array, question: str, examples: Array, similarities: Array) -> Evidence:
        """Weigh one normalised question with its unit vector; examples: n × dimensions, similarities: p."""
        cosines = examples @ vector
        grams = kernel.ngrams([question], self.idf)
        values = kernel.combine(cosines[None], grams, self.weights, self._spelled)
        return Evidence(values[0], nearest_of(cosines[None], self.targets)[0], similarities)

    @cached_property
    def _spelled(self) -> Array:
        """The examples' n-grams times the weights: n-grams × c."""
        return np.asarray(self.lexical.T @ self.weights, dtype=np.float32)


def fit(
    questions: list[BankQuestion],
    texts: list[str],
    vectors: Array,
    passages: list[str],
    similarities: Array,
    unseen: NDArray[np.bool_] | None = None,
) -> Fitted:
    """Fit the regression and its calibration.

    Args:
        questions: the n examples.
        texts: their normalised texts.
        vectors: n × dimensions, unit length.
        passages: the p passage ids, in order.
        similarities: n × p, the cosine of each question with each passage.
        unseen: for each question, whether the embedding model was adapted without it. The calibration then rests on these.
    """
    targets, counts = targets_of(questions, passages), kernel.ngram_counts(texts)
    idf = kernel.idf_of(counts)
    lexical = kernel.weigh(counts, idf)
    fold = kernel.folds(vectors) if unseen is None or unseen.sum() < FEW else np.where(unseen, 0, 1)
    parts = dealt(len(questions))
    weights, left_out, nearest = (np.empty_like(targets) for _ in range(3))
    calibrated = fold < (1 if len(questions) >= ENOUGH or fold.max() == 1 else kernel.FOLDS)
    for number in np.unique(fold[calibrated]):
        out, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        without = np.zeros_like(targets)
        for part in parts:
            own = part[np.argsort(fold[part] == number, kind="stable")]
            factor = kernel.factor_of(kernel.kernel_of(vectors[own], lexical[own]))
            weights[own] = kernel.solve(factor, targets[own]) / len(parts)
            # The kept ones come first, so the factor of their kernel is a part of the whole's.
            kept = own[fold[own] != number]
            rest = np.ascontiguousarray(factor[: len(kept), : len(kept)])
            without[kept] = kernel.solve(rest, targets[kept]) / len(parts)
        left_out[out] = _predicted(vectors, lexical, out, others, without[others])
        nearest[out] = _nearest_among(vectors[out], vectors[others], sparse.csr_matrix(targets[others].T))
    evidence = [Evidence(*own) for own in zip(*(a[calibrated] for a in (left_out, nearest, similarities)), strict=True)]
    known = targets[calibrated]
    relevance = _fit_relevance(evidence, known, len(passages))
    decision = _fit_decision(evidence, known, len(passages))
    none = np.zeros((0, 2), dtype=np.float32)
    fitted = Fitted(weights, idf, lexical, sparse.csr_matrix(targets.T), relevance, decision, none)
    return replace(fitted, left_out=_answerable(fitted, evidence, known))


def dealt(count: int) -> list[NDArray[np.int64]]:
    """Return the places of so many examples in the fewest parts of MOST at most, dealt out like cards."""
    parts = -(-count // MOST)
    return [np.arange(part, count, parts) for part in range(parts)]


def nearest_of(cosines: Array, targets: sparse.csr_matrix) -> Array:
    """Return the highest of m × n cosines among the examples of each column of c × n targets, m × c; 0 where there is none."""
    found = np.zeros((len(cosines), targets.shape[0]), dtype=np.float32)
    filled = np.diff(targets.indptr) > 0
    if filled.any():
        found[:, filled] = np.maximum.reduceat(cosines[:, targets.indices], targets.indptr[:-1][filled], axis=1)
    return found


def relevance_features(evidence: Evidence) -> Array:
    """Return p × 7 features of each passage: its value and nearest example, alone and beside the others', and its cosine."""
    passages = len(evidence.similarities)
    own, nearest = evidence.values[:passages], evidence.nearest[:passages]
    top = np.sort(own)[-3:]
    share = own / max(float(top[-1]), 0.05)
    columns = [own, share, np.full_like(own, top[-1]), np.full_like(own, top.sum()), evidence.similarities]
    return np.stack([*columns, nearest, nearest - nearest.max()], axis=1).astype(np.float32)


def decision_features(evidence: Evidence) -> Array:
    """Return the features of one question that tell the classes apart."""
    passages = len(evidence.similarities)
    top = np.sort(evidence.values[:passages])[::-1]
    answer = [top[0], top[:2].min(), top[:8].sum(), evidence.similarities.max(), evidence.nearest[:passages].max()]
    return np.concatenate([answer, evidence.values[passages:], evidence.nearest[passages:]]).astype(np.float32)


def relevance_of(fitted: Fitted, evidence: Evidence) -> Array:
    """Return the probability of each passage to be part of the answer, given that there is one."""
    logits = relevance_features(evidence) @ fitted.relevance[:-1] + fitted.relevance[-1]
    probabilities: Array = 1.0 / (1.0 + np.exp(-logits))
    return probabilities


def decision_of(fitted: Fitted, evidence: Evidence) -> dict[str, float]:
    """Return the probability of each of CLASSES."""
    logits = fitted.decision[:, :-1] @ decision_features(evidence) + fitted.decision[:, -1]
    odds = np.exp(logits - logits.max())
    return dict(zip(CLASSES, (odds / odds.sum()).tolist(), strict=True))


def answerable_of(probabilities: dict[str, float]) -> float:
    """Return the probability that the text answers a question, leaving aside what policy decides."""
    asked = probabilities["answer"] + probabilities["gap"] + probabilities["off_topic"]
    return probabilities["answer"] / asked if asked > 0 else 0.0


def calibration(fitted: Fitted) -> dict[str, Any]:
    """Return how far the probability of an answer can be trusted, measured on left-out questions of the bank.

    reliability: [mean probability, share that has an answer, count] for ten equal shares of the questions, least probable first;
    risk_coverage: [share of the questions answered, share of those without an answer], the most probable answered first.
    """
    chance, truth = fitted.left_out[np.argsort(-fitted.left_out[:, 0], kind="stable")].T
    parts = [part for part in np.array_split(np.arange(len(chance))[::-1], 10) if len(part)]
    ends = [round(len(chance) * tenth / 10) for tenth in range(1, 11)]
    return {
        "threshold": ANSWERABLE,
        "questions": len(chance),
        "reliability": [[_rounded(chance[part].mean()), _rounded(truth[part].mean()), len(part)] for part in parts],
        "risk_coverage": [[_rounded(end / len(chance)), _rounded(1.0 - truth[:end].mean())] for end in ends if end],
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _answerable(fitted: Fitted, evidence: list[Evidence], targets: Array) -> Array:
    """Return `Fitted.left_out` for the evidence on left-out questions; those that policy decides are not in it."""
    passages = targets.shape[1] - len(REASONS)
    policy = targets[:, [passages + REASONS.index(name) for name in ("first_line", "safety", "about")]].any(axis=1)
    rows = [
        (answerable_of(decision_of(fitted, evidence[row])), targets[row, :passages].any())
        for row in np.flatnonzero(~policy)
    ]
    return np.asarray(rows, dtype=np.float32).reshape(-1, 2)


def targets_of(questions: list[BankQuestion], passages: list[str]) -> Array:
    """Return n × c targets, 1 where a passage answers or a reason holds."""
    column = {name: position for position, name in enumerate([*passages, *REASONS])}
    targets = np.zeros((len(questions), len(column)), dtype=np.float32)
    for row, question in enumerate(questions):
        names = question.passages or (question.intent or "gap",)
        targets[row, [column[name] for name in names]] = 1.0
    return targets


def _predicted(
    vectors: Array, lexical: sparse.csr_matrix, rows: NDArray[np.int64], others: NDArray[np.int64], weights: Array
) -> Array:
    """Return what weights over other examples predict for those in `rows`."""
    spelled = np.asarray(lexical[others].T @ weights, dtype=np.float32)
    near, parts = vectors[others].T, np.array_split(rows, len(rows) // _ROWS + 1)
    return np.concatenate([kernel.combine(vectors[part] @ near, lexical[part], weights, spelled) for part in parts])


def _nearest_among(vectors: Array, others: Array, targets: sparse.csr_matrix) -> Array:
    """Return for each of m unit vectors the cosine of its nearest of n others with each of c × n targets, m × c."""
    parts = [nearest_of(vectors[start : start + _ROWS] @ others.T, targets) for start in range(0, len(vectors), _ROWS)]
    return np.concatenate(parts)


def _fit_relevance(evidence: list[Evidence], targets: Array, passages: int) -> Array:
    """Fit the logistic model of a passage's relevance to answered questions; returns weights and, last, the bias."""
    answered = targets[:, :passages].any(axis=1)
    rows = np.flatnonzero(answered) if answered.any() else np.arange(1)
    features = np.concatenate([relevance_features(evidence[row]) for row in rows])
    weights, bias = _fit_logistic(features, targets[rows, :passages].ravel())
    return np.append(weights[0], bias[0]).astype(np.float32)


def _fit_decision(evidence: list[Evidence], targets: Array, passages: int) -> Array:
    """Fit the multinomial model of the classes; a class that the bank does not have gets no probability."""
    features = np.stack([decision_features(own) for own in evidence])
    reasons = targets[:, passages:]
    labels = np.where(reasons.any(axis=1), reasons.argmax(axis=1) + 1, 0)
    decision = np.zeros((len(CLASSES), features.shape[1] + 1), dtype=np.float32)
    decision[:, -1] = -1e9
    present = np.unique(labels)
    weights, bias = _fit_logistic(features, labels)
    fitted = np.column_stack([weights, bias])
    decision[present] = np.concatenate([np.zeros_like(fitted), fitted]) if len(present) == 2 else fitted
    return decision


def _fit_logistic(features: Array, labels: Array) -> tuple[Array, Array]:
    """Fit a logistic model on features of unit variance; returns weights and biases for them as they are, 0 for one class."""
    if len(np.unique(labels)) == 1:
        return np.zeros((1, features.shape[1]), dtype=np.float32), np.zeros(1, dtype=np.float32)
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(max_iter=3000).fit(scaler.transform(features), labels)
    weights = model.coef_ / scaler.scale_
    return weights, model.intercept_ - weights @ scaler.mean_
