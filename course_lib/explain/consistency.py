"""Is an explanation more than chance? The same method with other seeds, and other methods on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from course_lib.explain.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Stability:
    """How explanations differ between seeds.

    Parameters
    ----------
    mean, low, high : ndarray, shape of the explanations' values
        Mean over the seeds and the 95% interval of that mean (Student's t).
    rank_correlation : float
        Spearman's, between the features' values of two seeds; the mean over pairs of seeds and rows.
    same_first : float
        Share of pairs of seeds, over the rows, with the same feature in the first place.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank_correlation: float
    same_first: float


def stability(make_explainer: Callable[[int], Any], X: Any, seeds: Sequence[int] = (0, 1, 2, 3, 4)) -> Stability:
    """Explain the same rows with several seeds.

    Parameters
    ----------
    make_explainer : callable
        From a seed to an explainer: ``lambda seed: KernelSHAP(detector, background, random_state=seed)``.
    X : array-like
        What its ``explain`` takes.
    seeds : sequence of int
        At least two.

    Returns
    -------
    Stability
    """
    if len(seeds) < 2:
        raise ValueError(f"Stability needs at least two seeds, but got {len(seeds)}.")
    found = [make_explainer(seed).explain(X) for seed in seeds]
    values = np.stack([explanation.values for explanation in found])
    mean = values.mean(axis=0)
    half = stats.t.ppf(0.975, len(seeds) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(seeds))
    pairs = [_alike(first, second) for first, second in combinations(found, 2)]
    correlation, first = np.mean(pairs, axis=0)
    return Stability(mean, mean - half, mean + half, float(correlation), float(first))


def agreement(explanations: Mapping[str, Explanation]) -> pd.DataFrame:
    """How far methods agree on the same rows, pair by pair.

    Parameters
    ----------
    explanations : mapping of name to Explanation
        At least two, of the same rows and features.

    Returns
    -------
    DataFrame
        Indexed by both names; columns ``rank correlation`` (Spearman's between the features' values, the mean over the
        rows) and ``same first feature`` (share of the rows).
    """
    if len(explanations) < 2:
        raise ValueError(f"Agreement needs at least two explanations, but got {len(explanations)}.")
    shapes = {name: explanation.by_feature.shape for name, explanation in explanations.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"The explanations must be of the same rows and features, but have shapes {shapes}.")
    rows = {
        (one, other): _alike(explanations[one], explanations[other]) for one, other in combinations(explanations, 2)
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["rank correlation", "same first feature"])
    table.index = pd.MultiIndex.from_tuples(rows, names=["method", "other method"])
    return table


def _alike(one: Explanation, other: Explanation) -> tuple[float, float]:
    """Mean rank correlation of the rows, and share of rows with the same first feature."""
    a, b = one.by_feature, other.by_feature
    ranks = [stats.rankdata(values, axis=1) for values in (a, b)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    norms = [np.linalg.norm(rank, axis=1) for rank in centred]
    product = (centred[0] * centred[1]).sum(axis=1)
    # Rows whose values are all equal rank nothing: they agree with nobody.
    correlation = np.divide(product, norms[0] * norms[1], out=np.zeros(len(a)), where=norms[0] * norms[1] > 0)
    return float(correlation.mean()), float((a.argmax(axis=1) == b.argmax(axis=1)).mean())
