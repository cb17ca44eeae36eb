"""Where the true causes are known: how many of them an explanation names first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.explain.explanation import Explanation

Truth = Sequence[int | Collection[int]]


def precision_at(explanation: Explanation, truth: Truth, k: int = 1) -> float:
    """Share of the `k` features with the largest values that are true causes, the mean over the rows.

    Parameters
    ----------
    explanation : Explanation
    truth : sequence of n ints or collections of int
        The column, or the columns, that caused each row.
    k : int
        Where a row has fewer than `k` causes, finding them all among the first `k` counts as 1: for a single cause
        this is how often it is among the first `k`.

    Returns
    -------
    float in [0, 1]
        A feature whose value is 0 is not named, so that an explanation of zeros finds nothing.
    """
    k = check_whole("k", k, 1)
    found = [
        len(causes & _first(values, k)) / min(k, len(causes))
        for causes, values in zip(_causes(explanation, truth), explanation.by_feature, strict=True)
    ]
    return float(np.mean(found))


def hit_rate(explanation: Explanation, truth: Truth, share: float = 1.0) -> float:
    """Share of the true causes found when as many features are looked at as there are causes, times `share`.

    Parameters
    ----------
    explanation, truth
        As in :func:`precision_at`.
    share : float, at least 1
        1.0 and 1.5 are HitRate@100% and HitRate@150% of Su et al., 2019, Robust Anomaly Detection for Multivariate Time
        Series through Stochastic Recurrent Neural Network.
    """
    if not share >= 1:
        raise ValueError(f"share must be at least 1, but is {share!r}.")
    found = [
        len(causes & _first(values, int(share * len(causes)))) / len(causes)
        for causes, values in zip(_causes(explanation, truth), explanation.by_feature, strict=True)
    ]
    return float(np.mean(found))


def _causes(explanation: Explanation, truth: Truth) -> list[set[int]]:
    n_features = len(explanation.feature_names)
    if len(truth) != len(explanation) or not len(explanation):
        raise ValueError(
            f"truth needs one entry for each explained row, and at least one: there are {len(explanation)} rows and "
            f"{len(truth)} entries."
        )
    causes = [set(map(int, entry)) if isinstance(entry, Iterable) else {int(entry)} for entry in truth]
    for row, columns in enumerate(causes):
        if not columns or min(columns) < 0 or max(columns) >= n_features:
            raise ValueError(
                f"truth must name columns from 0 to {n_features - 1}, at least one a row, but row {row} has "
                f"{sorted(columns)}."
            )
    return causes


def _first(values: np.ndarray, k: int) -> set[int]:
    order = np.argsort(-values, kind="stable")[:k]
    return {int(column) for column in order if values[column] != 0}
