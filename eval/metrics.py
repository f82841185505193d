"""The measures, each a pure function of rankings, citations, scores or decisions. No model, no files, no averages of averages.

Definitions follow the fields' own: trec_eval through ir-measures (Hit@k, MRR, nDCG), ALCE and SciFact for citations
(Gao et al. 2023; Wadden et al. 2020), Geifman and El-Yaniv 2017 for risk and coverage, Traub et al. 2024 for AUGRC,
Yang et al. 2024 (CRAG) for the score that counts a wrong answer as worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, Success, nDCG
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from eval.gold import Gold

Array = NDArray[np.float64]
DEPTHS = (1, 3, 5, 10)
_CUT = 10
_RANKED = {f"hit@{k}": Success(rel=1) @ k for k in DEPTHS} | {f"mrr@{_CUT}": RR @ _CUT, f"ndcg@{_CUT}": nDCG @ _CUT}


def retrieval(golds: Mapping[str, Gold], ranked: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Return for each question Hit@k, recall@k, MRR@10 and nDCG@10 (gain 2 for primary gold, 1 for other relevant units).

    Args:
        golds: the gold of each question; all must have some.
        ranked: unit ids, best first; a question that is missing has an empty ranking.

    Raises:
        ValueError: a question without gold, which would count as a miss and pull every mean down.
    """
    if empty := [name for name, gold in golds.items() if not gold.relevant]:
        raise ValueError(f"found {len(empty)} questions without gold (first {empty[0]}), expected only answerable ones")
    qrels = [
        ir_measures.Qrel(name, unit, 2 if unit in gold.primary else 1)
        for name, gold in golds.items()
        for unit in sorted(gold.relevant)
    ]
    # ir-measures orders by score and breaks ties by id. Our order is the truth, so the score is made from the rank.
    run = [
        ir_measures.ScoredDoc(name, unit, 1.0 / rank)
        for name in golds
        for rank, unit in enumerate(ranked.get(name, ()), start=1)
    ]
    names = {str(measure): name for name, measure in _RANKED.items()}
    found: dict[str, dict[str, float]] = {name: dict.fromkeys(_RANKED, 0.0) for name in golds}
    if run:
        for metric in ir_measures.iter_calc(list(_RANKED.values()), qrels, run):
            found[metric.query_id][names[str(metric.measure)]] = float(metric.value)
    for name, gold in golds.items():
        found[name] |= {f"recall@{k}": group_recall(gold, ranked.get(name, ())[:k]) for k in DEPTHS}
    return found


def group_recall(gold: Gold, units: Sequence[str]) -> float:
    """Return the share of the full answer's parts that these units give."""
    return sum(not group.isdisjoint(units) for group in gold.groups) / len(gold.groups)


def citation(gold: Gold, cited: Sequence[str]) -> dict[str, float]:
    """Return precision, recall, F1, full and lead of what an answerable question was answered with.

    `cited` is in the order shown and empty for a refusal, which has no precision and no lead: those keys are then missing,
    while recall, F1 and full are 0.
    """
    recall = group_recall(gold, cited)
    if not cited:
        return {"recall": 0.0, "f1": 0.0, "full": 0.0}
    precision = sum(unit in gold.relevant for unit in cited) / len(cited)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "full": float(recall == 1.0),
        "lead": float(cited[0] in gold.relevant),
    }


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the chance that an answerable question scores above one that is not; ties count half. NaN without both."""
    if not positive or not negative:
        return float("nan")
    labels = [1] * len(positive) + [0] * len(negative)
    return float(roc_auc_score(labels, [*positive, *negative]))


@dataclass(frozen=True)
class RiskCoverage:
    """Risk among the i most confident, for i = 1 … n; `errors` is the expected number of errors among them."""

    coverage: Array
    risk: Array
    errors: Array

    @property
    def aurc(self) -> float:
        """The mean risk over all coverages; lower is better."""
        return float(self.risk.mean())

    @property
    def augrc(self) -> float:
        """The mean share of undetected failures over all coverages; lower is better."""
        return float((self.errors / len(self.errors)).mean())

    @property
    def floor(self) -> float:
        """The AURC of a perfect order with the same errors."""
        wrong = round(float(self.errors[-1]))
        ideal = np.maximum(np.arange(1, len(self.errors) + 1) - (len(self.errors) - wrong), 0)
        return float((ideal / np.arange(1, len(self.errors) + 1)).mean())

    def coverage_at(self, risk: float) -> float:
        """Return the largest coverage whose risk is at most `risk`; 0 if there is none."""
        within = np.flatnonzero(self.risk <= risk + 1e-12)
        return float(self.coverage[within[-1]]) if len(within) else 0.0


def risk_coverage(scores: Sequence[float], errors: Sequence[float]) -> RiskCoverage:
    """Return the curve of risk over coverage, most confident first; within tied scores errors are spread evenly."""
    values, wrong = np.asarray(scores, dtype=float), np.asarray(errors, dtype=float)
    order = np.argsort(-values, kind="stable")
    values, wrong = values[order], wrong[order]
    _, block = np.unique(-values, return_inverse=True)
    wrong = (np.bincount(block, weights=wrong) / np.bincount(block))[block]
    total = np.cumsum(wrong)
    ranks = np.arange(1, len(total) + 1)
    return RiskCoverage(ranks / len(total), total / ranks, total)


def crag(right: int, abstained: int, count: int) -> float:
    """Return the CRAG score in [-1, 1]: +1 for a right answer, 0 for none, -1 for a wrong one."""
    return (2 * right + abstained) / count - 1.0


def brier(probabilities: Sequence[float], outcomes: Sequence[float]) -> float:
    """Return the mean squared error of probabilities; 0 is perfect, 0.25 what a constant 0.5 gets."""
    return float(np.mean((np.asarray(probabilities, dtype=float) - np.asarray(outcomes, dtype=float)) ** 2))


def reliability(
    probabilities: Sequence[float], outcomes: Sequence[float], bins: int = 5
) -> list[tuple[float, float, int]]:
    """Return (mean probability, share that came true, count) for bins of equal mass, lowest first."""
    order = np.argsort(np.asarray(probabilities), kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    chance, came = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    return [(float(chance[part].mean()), float(came[part].mean()), len(part)) for part in parts]


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the overlap of two sets of units; two empty ones are equal."""
    both, either = set(one) & set(other), set(one) | set(other)
    return len(both) / len(either) if either else 1.0


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p95."""
    p50, p95 = np.quantile(np.asarray(values, dtype=float), (0.5, 0.95))
    return float(p50), float(p95)
