"""Put anomalies with the same cause together: rows whose scores are made of the same features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from course_lib.core.runtime import draw_seed
from course_lib.core.validation import to_numpy
from course_lib.explain.explanation import Explanation

MOST_GROUPS = 10  # that are tried when the number is not given
CLEAR = 0.5  # silhouette from which two groups are a better story than one
AS_GOOD = 0.02  # silhouettes that differ by less are as good as each other: then fewer groups are better
NAMED = 0.1  # share of the contributions from which a feature is named, at most three of them


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows that share a cause.

    Parameters
    ----------
    labels : int array (n,)
        Group of each row, numbered by size, the largest is 0.
    profiles : list of str
        What each group has in common, in a sentence.
    shares : ndarray, shape (n_groups, n_features)
        Mean signed shares of each group's members.
    """

    labels: np.ndarray
    profiles: list[str]
    shares: np.ndarray

    def __len__(self) -> int:
        return len(self.profiles)


def group_anomalies(
    explanation: Explanation, n_groups: int | None = None, *, background: Any = None, random_state: int | None = None
) -> Groups:
    """Cluster rows by the shares that the features have in their scores.

    K-means on the signed square roots of the shares: rows have length one, so that only the mixture of features counts
    and not the size of the score, and distances are Hellinger's, for which a share of 40% instead of 60% is no great
    difference and one of 20% instead of none is. Windows are summed over their timestamps.

    Parameters
    ----------
    explanation : Explanation
    n_groups : int or None
        None: the number up to 10 with the best silhouette (Rousseeuw, 1987, Silhouettes: a Graphical Aid to the
        Interpretation and Validation of Cluster Analysis), or one group if none is clear.
    background : array-like, shape (n_rows, n_features), optional
        Ordinary rows: then a value above their median and one below it are different causes, the sentences say high
        or low, and negative contributions are left out.
    random_state : int or None

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        If there are fewer rows than groups, or the background is not as wide as the explanation.
    """
    shares, directed = _signed_shares(explanation, background)
    points = np.sign(shares) * np.sqrt(np.abs(shares))
    different = len(np.unique(points.round(9), axis=0))
    if n_groups is None:
        labels = _best_labels(points, different, draw_seed(random_state))
    else:
        whole = isinstance(n_groups, (int, np.integer)) and not isinstance(n_groups, bool)
        if not whole or not 1 <= n_groups <= different:
            raise ValueError(
                f"n_groups must lie between 1 and {different}, the rows with different shares, but is {n_groups!r}."
            )
        labels = _labels(points, int(n_groups), draw_seed(random_state))
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")
    labels = np.argsort(order, kind="stable")[labels]
    means = np.stack([shares[labels == group].mean(axis=0) for group in range(len(sizes))])
    names = explanation.feature_names
    profiles = [_sentence(mean, count, names, directed) for mean, count in zip(means, sizes[order], strict=True)]
    return Groups(labels, profiles, means)


def _signed_shares(explanation: Explanation, background: Any) -> tuple[np.ndarray, bool]:
    values, data = explanation.by_feature, explanation.data
    total = np.abs(values).sum(axis=1, keepdims=True)
    shares = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    if background is None:
        return shares, False
    ordinary = np.asarray(to_numpy(background), dtype=np.float64)
    if ordinary.ndim < 2 or ordinary.shape[-1] != values.shape[1]:
        raise ValueError(
            f"background needs shape (n_rows, {values.shape[1]}), as wide as the explanation, but has {ordinary.shape}."
        )
    median = np.median(ordinary.reshape(-1, values.shape[1]), axis=0)
    rows = data if data.ndim == 2 else data.mean(axis=1)
    # What makes a row look normal has no direction of its own.
    return shares.clip(min=0) * np.where(rows < median, -1.0, 1.0), True


def _labels(points: np.ndarray, n_groups: int, seed: int) -> np.ndarray:
    return KMeans(n_groups, n_init=10, random_state=seed % 2**32).fit_predict(points)


def _best_labels(points: np.ndarray, different: int, seed: int) -> np.ndarray:
    numbers = range(2, min(MOST_GROUPS, different, len(points) - 1) + 1)
    trials = [_labels(points, number, seed) for number in numbers]
    clear = np.array([silhouette_score(points, labels) for labels in trials])
    if not len(clear) or clear.max() <= CLEAR:
        return np.zeros(len(points), dtype=int)
    return trials[int((clear >= clear.max() - AS_GOOD).argmax())]


def _sentence(mean: np.ndarray, count: int, names: tuple[str, ...], directed: bool) -> str:
    rows = f"{count} row{'' if count == 1 else 's'}"
    size = np.abs(mean) if directed else mean
    named = [column for column in np.argsort(-size, kind="stable")[:3] if size[column] >= NAMED]
    if not named:
        return f"{rows}: no feature stands out."
    parts = []
    for column in named:
        word = (" high" if mean[column] > 0 else " low") if directed else ""
        parts.append(f"{names[column]}{word} ({abs(mean[column]):.0%})")
    return f"{rows}: {', '.join(parts)}."
