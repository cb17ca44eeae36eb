"""Right recipes, and wrong ones that learners really write, for the checks of the exercise set on hybrid detectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LogisticRegression

MAD_TO_DEVIATION = 1.4826


def rank_normalise(train: np.ndarray, scores: np.ndarray, ties: float = 0.5) -> np.ndarray:
    """Share of training scores below each score; of the equal ones the share `ties` counts."""
    ordered = np.sort(train)
    below = np.searchsorted(ordered, scores, "left")
    return (below + ties * (np.searchsorted(ordered, scores, "right") - below)) / len(train)


def probability(
    train: np.ndarray, scores: np.ndarray, *, ddof: int = 0, root: float = np.sqrt(2), clip: bool = True
) -> np.ndarray:
    """Gaussian scaling; wrong in one way with each switch."""
    deviation = train.std(ddof=ddof)
    if deviation == 0:
        return np.zeros(len(scores))
    value = erf((scores - train.mean()) / (deviation * root))
    return np.maximum(value, 0) if clip else value


def seasonal_residual(
    train: np.ndarray,
    X: np.ndarray,
    period: int,
    start: int,
    centre: Callable[..., np.ndarray] = np.median,
) -> np.ndarray:
    """Rows less the profile of the training rows at the same phase."""
    profile = np.stack([centre(train[phase::period], axis=0) for phase in range(period)])
    return X - profile[(start + np.arange(len(X))) % period]


def group_residual(
    train: np.ndarray,
    train_groups: np.ndarray,
    values: np.ndarray,
    groups: np.ndarray,
    *,
    factor: float = MAD_TO_DEVIATION,
    moments: bool = False,
    unseen: str = "all",
    spread_of_all: bool = False,
) -> np.ndarray:
    """Robust deviations from the own group's median; wrong in one way with each switch."""

    def centre_and_scale(part: np.ndarray) -> tuple[float, float]:
        if moments:
            return float(part.mean()), float(part.std())
        return float(np.median(part)), float(factor * np.median(np.abs(part - np.median(part))))

    residual = np.zeros(len(values))
    for i, (value, group) in enumerate(zip(values, groups, strict=True)):
        own = train[train_groups == group]
        if len(own) == 0 and unseen != "all":
            residual[i] = np.nan if unseen == "nan" else 0.0
            continue
        centre, scale = centre_and_scale(own if len(own) else train)
        residual[i] = (value - centre) / (centre_and_scale(train)[1] if spread_of_all else scale)
    return residual


def average_of_maximum(scores: np.ndarray, buckets: np.ndarray) -> np.ndarray:
    """The mean over the buckets of the largest score in each."""
    return np.mean([scores[:, buckets == bucket].max(axis=1) for bucket in np.unique(buckets)], axis=0)


def agreement(
    scores: np.ndarray, *, measure: Callable[..., Any] = spearmanr, itself: bool = False, clip: bool = True
) -> np.ndarray:
    """Correlation of each member with the average of the others, before the weights are made to sum to one."""
    found = []
    for column in range(scores.shape[1]):
        others = scores if itself else np.delete(scores, column, axis=1)
        found.append(measure(scores[:, column], others.mean(axis=1)).statistic)
    return np.maximum(found, 0) if clip else np.array(found)


def agreement_weights(scores: np.ndarray, **switch: Any) -> np.ndarray:
    """Agreement as weights that sum to one; equal ones where nobody agrees."""
    found = agreement(scores, **switch)
    return found / found.sum() if found.sum() != 0 else np.full(len(found), 1 / len(found))


def pairwise(scores: np.ndarray) -> np.ndarray:
    """Mean correlation of each member with every other one, instead of with their average."""
    count = scores.shape[1]
    table = np.array([[spearmanr(scores[:, i], scores[:, j]).statistic for j in range(count)] for i in range(count)])
    found = np.maximum((table.sum(axis=1) - 1) / (count - 1), 0)
    return found / found.sum()


def pearson(*columns: np.ndarray) -> Any:
    """The correlation of the values, where that of the ranks is asked for."""
    return pearsonr(*columns)


def cascade(
    cheap_train: np.ndarray, cheap: np.ndarray, costly: Callable[[np.ndarray], np.ndarray], share: float
) -> np.ndarray:
    """Ranks of the cheap detector below, the costly one's verdict above."""
    doubtful = np.flatnonzero(cheap > np.quantile(cheap_train, 1 - share))
    scores = np.minimum(np.searchsorted(np.sort(cheap_train), cheap, "left") / len(cheap_train), 1 - share)
    if len(doubtful):
        scores[doubtful] = 1 - share + share * costly(doubtful)
    return scores


def stack(
    train: np.ndarray,
    y: np.ndarray,
    new: np.ndarray,
    *,
    scale_by: str = "all",
    unlabelled: str = "out",
    give: str = "decision_function",
    **options: Any,
) -> np.ndarray:
    """Logistic regression on standardised member scores of labelled rows; wrong in one way with each switch."""
    labelled = y >= 0
    rows = {"labelled": train[labelled], "together": np.concatenate([train, new])}.get(scale_by, train)
    shift, scale = (0.0, 1.0) if scale_by == "none" else (rows.mean(axis=0), rows.std(axis=0))
    own = (new - new.mean(axis=0)) / new.std(axis=0)
    kept = np.ones(len(y), bool) if unlabelled == "normal" else labelled
    model = LogisticRegression(**options).fit(((train - shift) / scale)[kept], (y[kept] > 0).astype(int))
    rows = {"new": own, "training only": new}.get(scale_by, (new - shift) / scale)
    value = getattr(model, give)(rows)
    return value[:, 1] if give == "predict_proba" else value


def deep_features(
    codes_train: np.ndarray, errors_train: np.ndarray, codes: np.ndarray, errors: np.ndarray, *, ddof: int = 0
) -> np.ndarray:
    """Codes and error as columns, each standardised by the training rows."""
    train, new = np.c_[codes_train, errors_train], np.c_[codes, errors]
    deviation = train.std(axis=0, ddof=ddof)
    return (new - train.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
