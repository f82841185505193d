"""Learn from a question bank what a question asks for: kernel ridge regression, then logistic calibration.

Every bank question is an example; its targets are one column for each passage and one for each reason not to answer. The kernel
is a sum of a Gaussian over sentence embeddings and a linear one over character n-grams, so that wording and spelling both count.
Closed form, no random numbers, seconds on a laptop. Calibration uses predictions for questions whose near-duplicate family was
left out, which follow from the same inverse without fitting again.

Sources: Saunders, Gammerman and Vovk, ICML 1998 (kernel ridge regression); Pahikkala, Boberg and Salakoski, ICML Workshop 2006
(leaving out folds in closed form); Platt 1999 (logistic calibration).

Nothing here reads files or knows a document's words; `index` says when to fit, `retrieve` uses what was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import lapack
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from rct_assistant.bank import INTENTS, BankQuestion

Array = NDArray[np.float32]

# Columns of the targets behind the passages, and classes of the decision.
REASONS = ("gap", *INTENTS)
CLASSES = ("answer", *REASONS)

GAMMA = 1.0  # width of the Gaussian over embeddings
LEXICAL = 0.3  # share of the character kernel
RIDGE = 0.1  # regularisation
FOLDS = 5
FAMILY_COSINE = 0.85  # questions closer than this are one family
_SEED = 20
_HASHED = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**17, alternate_sign=False, norm=None)


@dataclass(frozen=True)
class Fitted:
    """What was learned from one bank. `n` examples, `p` passages, `c` = p + len(REASONS) columns.

    weights: n × c, the dual coefficients; idf: the weight of each hashed n-gram; lexical: n × n-grams, unit rows;
    relevance: weights and bias over `relevance_features`; decision: one row of weights and bias for each of CLASSES.
    """

    weights: Array
    idf: Array
    lexical: sparse.csr_matrix
    relevance: Array
    decision: Array

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
            return Fitted(stored["weights"], stored["idf"], lexical, stored["relevance"], stored["decision"])

    def predict(self, vector: Array, question: str, examples: Array) -> Array:
        """Return the c target values for one normalised question with its unit vector; examples: n × dimensions."""
        dense = np.exp(GAMMA * (examples @ vector - 1.0))
        lexical = (self.lexical @ _ngrams([question], self.idf).T).toarray()[:, 0]
        values: Array = ((1.0 - LEXICAL) * dense + LEXICAL * lexical) @ self.weights
        return values


def fit(
    questions: list[BankQuestion], texts: list[str], vectors: Array, passages: list[str], similarities: Array
) -> Fitted:
    """Fit the regression and its calibration.

    Args:
        questions: the n examples.
        texts: their normalised texts.
        vectors: n × dimensions, unit length.
        passages: the p passage ids, in order.
        similarities: n × p, the cosine of each question with each passage.
    """
    targets = _targets(questions, passages)
    counts = _ngram_counts(texts)
    idf = _idf(counts)
    lexical = _weigh(counts, idf)
    factor = _factor(vectors, lexical)
    weights, _ = lapack.spotrs(factor, targets, lower=1)
    left_out = _left_out(factor, weights, targets, _families(vectors))
    answered = targets[:, : len(passages)].any(axis=1)
    relevance = _fit_relevance(left_out[answered], similarities[answered], targets[answered], len(passages))
    decision = _fit_decision(left_out, similarities, targets, len(passages))
    return Fitted(weights.astype(np.float32), idf, lexical, relevance, decision)


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


def _targets(questions: list[BankQuestion], passages: list[str]) -> Array:
    """Return n × c targets, 1 where a passage answers or a reason holds."""
    column = {name: position for position, name in enumerate([*passages, *REASONS])}
    targets = np.zeros((len(questions), len(column)), dtype=np.float32)
    for row, question in enumerate(questions):
        names = question.passages or (question.intent or "gap",)
        targets[row, [column[name] for name in names]] = 1.0
    return targets


def _ngram_counts(texts: list[str]) -> sparse.csr_matrix:
    counts = _HASHED.transform(texts).astype(np.float32)
    counts.data = 1.0 + np.log(counts.data)
    return counts


def _idf(counts: sparse.csr_matrix) -> Array:
    found = np.bincount(counts.indices, minlength=counts.shape[1])
    idf: Array = (np.log((1.0 + counts.shape[0]) / (1.0 + found)) + 1.0).astype(np.float32)
    return idf


def _weigh(counts: sparse.csr_matrix, idf: Array) -> sparse.csr_matrix:
    """Return the counts times idf with rows of unit length; an empty row stays empty."""
    weighed = counts @ sparse.diags_array(idf, format="csr")
    norms = np.sqrt(weighed.multiply(weighed).sum(axis=1))
    inverse = 1.0 / np.maximum(np.asarray(norms).ravel(), 1e-9)
    return sparse.csr_matrix(sparse.diags_array(inverse.astype(np.float32), format="csr") @ weighed)


def _ngrams(texts: list[str], idf: Array) -> sparse.csr_matrix:
    return _weigh(_ngram_counts(texts), idf)


def _factor(vectors: Array, lexical: sparse.csr_matrix) -> Array:
    """Return the Cholesky factor (lower) of kernel + ridge, n × n. Works in place: n may be ten thousand."""
    kernel: Array = vectors @ vectors.T
    kernel -= 1.0
    kernel *= GAMMA
    np.exp(kernel, out=kernel)
    kernel *= 1.0 - LEXICAL
    for start in range(0, len(kernel), 1000):
        kernel[start : start + 1000] += LEXICAL * (lexical[start : start + 1000] @ lexical.T).toarray()
    kernel[np.diag_indices_from(kernel)] += RIDGE
    factor, failed = lapack.spotrf(kernel.T, lower=1, overwrite_a=1)
    if failed:
        raise ArithmeticError(f"the kernel of {len(kernel)} questions is not positive definite (minor {failed})")
    return np.asarray(factor, dtype=np.float32)


def _families(vectors: Array) -> NDArray[np.int64]:
    """Return the family of each question: connected by cosines above FAMILY_COSINE."""
    close = [
        sparse.csr_matrix(vectors[start : start + 1000] @ vectors.T > FAMILY_COSINE)
        for start in range(0, len(vectors), 1000)
    ]
    _, family = connected_components(sparse.vstack(close), directed=False)
    return np.asarray(family, dtype=np.int64)


def _left_out(factor: Array, weights: Array, targets: Array, family: NDArray[np.int64]) -> Array:
    """Return the prediction for each question without its fold; a family is never split. Overwrites `factor`.

    With A the inverse and B a fold, the prediction without B is y[B] - inverse(A[B, B]) @ weights[B].
    """
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    fold = np.random.default_rng(_SEED).integers(0, FOLDS, family.max() + 1)[family]
    predictions = np.empty_like(targets)
    for number in range(FOLDS):
        rows = np.flatnonzero(fold == number)
        if len(rows) == 0:
            continue
        lower = np.tril(inverse[np.ix_(rows, rows)])
        block = lower + np.tril(lower, -1).T
        predictions[rows] = targets[rows] - np.linalg.solve(block, weights[rows])
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
