"""The kernel of questions: how alike two of them are, in meaning and in spelling. What is learned from it stands in `fit`.

It is a sum of a Gaussian over sentence embeddings and a linear kernel over character n-grams.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer

Array = NDArray[np.float32]

GAMMA = 1.0  # width of the Gaussian over embeddings
LEXICAL = 0.3  # share of the character kernel
RIDGE = 0.02  # regularisation; half or five times as much changes little on dev
FOLDS = 8
FAMILY_COSINE = 0.85  # questions closer than this are one family
_SEED = 20
_ROWS = 500  # of the kernel, computed at a time
_HASHED = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**17, alternate_sign=False, norm=None)


def combine(cosines: Array, grams: sparse.csr_matrix, weights: Array, spelled: Array) -> Array:
    """Return for m questions the sums over n examples of their kernel times n × c weights, m × c.

    cosines: m × n; grams: m × n-grams, the questions' own; spelled: n-grams × c, the examples' n-grams times the weights. The
    linear part is summed up beforehand, so that a question costs only its own n-grams.
    """
    dense = np.exp(GAMMA * (cosines - 1.0)) @ weights
    values: Array = (1.0 - LEXICAL) * dense + LEXICAL * (grams @ spelled)
    return values


def ngram_counts(texts: list[str]) -> sparse.csr_matrix:
    """Return the damped counts of hashed character n-grams, n × 2**17."""
    counts = _HASHED.transform(texts).astype(np.float32)
    counts.data = 1.0 + np.log(counts.data)
    return counts


def idf_of(counts: sparse.csr_matrix) -> Array:
    """Return the weight of each n-gram: the rarer, the higher."""
    found = np.bincount(counts.indices, minlength=counts.shape[1])
    idf: Array = (np.log((1.0 + counts.shape[0]) / (1.0 + found)) + 1.0).astype(np.float32)
    return idf


def weigh(counts: sparse.csr_matrix, idf: Array) -> sparse.csr_matrix:
    """Return the counts times idf with rows of unit length; an empty row stays empty."""
    weighed = counts @ sparse.diags_array(idf, format="csr")
    norms = np.sqrt(weighed.multiply(weighed).sum(axis=1))
    inverse = 1.0 / np.maximum(np.asarray(norms).ravel(), 1e-9)
    return sparse.csr_matrix(sparse.diags_array(inverse.astype(np.float32), format="csr") @ weighed)


def ngrams(texts: list[str], idf: Array) -> sparse.csr_matrix:
    """Return the weighed n-grams of texts, rows of unit length."""
    return weigh(ngram_counts(texts), idf)


def kernel_of(vectors: Array, lexical: sparse.csr_matrix) -> Array:
    """Return the kernel of n questions with each other, the ridge on its diagonal: n × n."""
    kernel = np.empty((len(vectors), len(vectors)), dtype=np.float32)

    def fill(start: int) -> None:
        """Fill some rows from the diagonal on, and the columns that mirror them."""
        end = start + _ROWS
        block: Array = vectors[start:end] @ vectors[start:].T
        block -= 1.0
        block *= GAMMA
        np.exp(block, out=block)
        block *= 1.0 - LEXICAL
        block += LEXICAL * (lexical[start:end] @ lexical[start:].T).toarray()
        kernel[start:end, start:] = block
        kernel[end:, start:end] = block[:, _ROWS:].T

    with ThreadPoolExecutor(4) as pool:  # numpy and scipy use one core for most of this
        list(pool.map(fill, range(0, len(kernel), _ROWS)))
    kernel[np.diag_indices_from(kernel)] += RIDGE
    return kernel


def factor_of(kernel: Array) -> Array:
    """Return the Cholesky factor (lower) of a kernel, n × n, in the kernel's own memory.

    By torch: the LAPACK that scipy brings writes beyond its memory at 28,000 questions.

    Raises:
        ArithmeticError: the kernel is not positive definite.
    """
    import torch

    columns = torch.from_numpy(kernel).mT
    try:
        torch.linalg.cholesky(columns, out=columns)
    except RuntimeError as error:
        raise ArithmeticError(f"the kernel of {len(kernel)} questions is not positive definite ({error})") from error
    return np.asarray(columns)


def solve(factor: Array, targets: Array) -> Array:
    """Return the n × c weights whose product with the kernel of this factor gives the targets, n × c."""
    import torch

    lower = torch.from_numpy(factor)
    half = torch.linalg.solve_triangular(lower, torch.from_numpy(targets), upper=False)
    return np.asarray(torch.linalg.solve_triangular(lower.mT, half, upper=True))


def inverse_of(factor: Array) -> Array:
    """Return the inverse of the kernel of a factor, n × n."""
    import torch

    return np.asarray(torch.cholesky_inverse(torch.from_numpy(factor)))


def folds(vectors: Array) -> NDArray[np.int64]:
    """Return the fold of each question, 0 to FOLDS - 1; a family, connected by cosines above FAMILY_COSINE, is never split."""
    close = [
        sparse.csr_matrix(vectors[start : start + 1000] @ vectors.T > FAMILY_COSINE)
        for start in range(0, len(vectors), 1000)
    ]
    families, family = connected_components(sparse.vstack(close), directed=False)
    folds = np.random.default_rng(_SEED).permutation(np.arange(families) % FOLDS)
    return np.asarray(folds[family], dtype=np.int64)
