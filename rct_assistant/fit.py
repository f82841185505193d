"""Learn from a question bank what a question asks for: kernel ridge regression, then logistic calibration.

Every bank question is an example; its targets are one column for each passage and one for each reason not to answer. The kernel
stands in `kernel`. Closed form, no random numbers, seconds on a laptop. Calibration uses predictions for questions whose
near-duplicate family was left out, which follow from the same factor without fitting again.

Sources: Saunders, Gammerman and Vovk, ICML 1998 (kernel ridge regression); Pahikkala, Boberg and Salakoski, ICML Workshop 2006
(leaving out a fold in closed form); Platt 1999 (logistic calibration).

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

from rct_assistant import kernel
from rct_assistant.bank import INTENTS, BankQuestion

Array = NDArray[np.float32]

# Columns of the targets behind the passages, and classes of the decision.
REASONS = ("gap", *INTENTS)
CLASSES = ("answer", *REASONS)

ENOUGH = 4000  # with so many questions, one fold left out is enough to calibrate on
ANSWERABLE = 0.45  # a question is answered from this probability on; chosen on the development questions (see eval)


@dataclass(frozen=True)
class Fitted:
    """What was learned from one bank. `n` examples, `p` passages, `c` = p + len(REASONS) columns.

    weights: n × c, the dual coefficients; idf: the weight of each hashed n-gram; lexical: n × n-grams, unit rows;
    relevance: weights and bias over `relevance_features`; decision: one row of weights and bias for each of CLASSES;
    left_out: m × 2, the probability of an answer and whether there is one, for questions that were left out.
    """

    weights: Array
    idf: Array
    lexical: sparse.csr_matrix
    relevance: Array
    decision: Array
    left_out: Array

    def save(self, file: Path) -> None:
        """Write everything to one uncompressed .npz file."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "lexical"}
        np.savez(file, data=self.lexical.data, indices=self.lexical.indices, indptr=self.lexical.indptr, **arrays)

    @staticmethod
    def load(file: Path) -> Fitted:
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as stored:
            indptr = stored["indptr"]
            shape = (len(indptr) - 1, len(stored["idf"]))
            lexical = sparse.csr_matrix((stored["data"], stored["indices"], indptr), shape=shape)
            arrays = {field.name: stored[field.name] for field in fields(Fitted) if field.name != "lexical"}
            return Fitted(lexical=lexical, **arrays)

    def predict(self, vector: Array, question: str, examples: Array) -> Array:
        """Return the c target values for one normalised question with its unit vector; examples: n × dimensions."""
        return kernel.combine(vector, question, examples, self.weights, self._spelled, self.idf)

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
    targets = targets_of(questions, passages)
    counts = kernel.ngram_counts(texts)
    idf = kernel.idf_of(counts)
    lexical = kernel.weigh(counts, idf)
    fold = kernel.folds(vectors) if unseen is None or not unseen.any() else np.where(unseen, 0, 1)
    weights, left_out = np.empty_like(targets), np.empty_like(targets)
    one_fold = len(questions) >= ENOUGH or fold.max() == 1
    calibrated = fold < (1 if one_fold else kernel.FOLDS)
    for number in np.unique(fold[calibrated]):
        order = np.argsort(fold == number, kind="stable")
        rows = order[np.count_nonzero(fold != number) :]
        factor = kernel.factor_of(kernel.kernel_of(vectors[order], lexical[order]))
        weights[order] = kernel.solve(factor, targets[order])
        left_out[rows] = _left_out(factor, weights[rows], targets[rows])
    left_out, similarities, known = left_out[calibrated], similarities[calibrated], targets[calibrated]
    answered = known[:, : len(passages)].any(axis=1)
    relevance = _fit_relevance(left_out[answered], similarities[answered], known[answered], len(passages))
    decision = _fit_decision(left_out, similarities, known, len(passages))
    fitted = Fitted(weights, idf, lexical, relevance, decision, np.zeros((0, 2), dtype=np.float32))
    return replace(fitted, left_out=_answerable(fitted, left_out, similarities, known))


def relevance_features(values: Array, similarities: Array) -> Array:
    """Return p × 5 features of each passage for one question: its value, alone and beside the others', and its cosine."""
    own = values[: len(similarities)]
    top = np.sort(own)[-3:]
    share = own / max(float(top[-1]), 0.05)
    columns = [own, share, np.full_like(own, top[-1]), np.full_like(own, top.sum()), similarities]
    return np.stack(columns, axis=1).astype(np.float32)


def decision_features(values: Array, similarities: Array) -> Array:
    """Return the features of one question that tell the classes apart."""
    passages = values[: len(similarities)]
    reasons = values[len(similarities) :]
    top = np.sort(passages)[::-1]
    return np.concatenate([[top[0], top[1], top[:8].sum(), similarities.max()], reasons]).astype(np.float32)


def relevance_of(fitted: Fitted, values: Array, similarities: Array) -> Array:
    """Return the probability of each passage to be part of the answer, given that there is one."""
    logits = relevance_features(values, similarities) @ fitted.relevance[:-1] + fitted.relevance[-1]
    probabilities: Array = 1.0 / (1.0 + np.exp(-logits))
    return probabilities


def decision_of(fitted: Fitted, values: Array, similarities: Array) -> dict[str, float]:
    """Return the probability of each of CLASSES."""
    logits = fitted.decision[:, :-1] @ decision_features(values, similarities) + fitted.decision[:, -1]
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


def _answerable(fitted: Fitted, values: Array, similarities: Array, targets: Array) -> Array:
    """Return `Fitted.left_out` for questions with these left-out predictions; those that policy decides are not in it."""
    passages = similarities.shape[1]
    policy = targets[:, [passages + REASONS.index(name) for name in ("first_line", "safety", "about")]].any(axis=1)
    rows = [
        (answerable_of(decision_of(fitted, values[row], similarities[row])), targets[row, :passages].any())
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


def _left_out(factor: Array, weights: Array, targets: Array) -> Array:
    """Return the predictions for the last rows of a fit as if those had been left out.

    With A the kernel, B the last rows, L the factor and S the inverse of inverse(A)[B, B], that prediction is
    y[B] - S weights[B]; as B is last, S is L[B, B] L[B, B]ᵀ.
    """
    last = np.tril(factor[-len(weights) :, -len(weights) :])
    predictions: Array = targets - last @ (last.T @ weights)
    return predictions


def _fit_relevance(values: Array, similarities: Array, targets: Array, passages: int) -> Array:
    """Fit the logistic model of a passage's relevance; returns weights and, last, the bias."""
    rows = [relevance_features(*pair) for pair in zip(values, similarities, strict=True)]
    model = LogisticRegression(max_iter=1000).fit(np.concatenate(rows), targets[:, :passages].ravel())
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


def _fit_decision(values: Array, similarities: Array, targets: Array, passages: int) -> Array:
    """Fit the multinomial model of the classes; a class that the bank does not have gets no probability."""
    features = np.stack([decision_features(*pair) for pair in zip(values, similarities, strict=True)])
    reasons = targets[:, passages:]
    labels = np.where(reasons.any(axis=1), reasons.argmax(axis=1) + 1, 0)
    decision = np.zeros((len(CLASSES), features.shape[1] + 1), dtype=np.float32)
    decision[:, -1] = -1e9
    present = np.unique(labels)
    if len(present) == 1:
        decision[present[0], -1] = 0.0
        return decision
    model = LogisticRegression(max_iter=2000).fit(features, labels)
    if len(present) == 2:
        decision[present[1]] = np.append(model.coef_[0], model.intercept_[0])
        decision[present[0]] = 0.0
    else:
        decision[present] = np.column_stack([model.coef_, model.intercept_])
    return decision
