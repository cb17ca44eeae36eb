"""Parallel ensemble: several detectors score every row, and one rule makes one score of theirs."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from course_lib.core.runtime import draw_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.hybrid.members import Composite, Named

RULES = ("average", "maximum", "average_of_maximum", "weighted")


class Combination(Composite):
    """Scores of several detectors, normalised and combined without labels.

    Parameters
    ----------
    detectors : list of (str, Detector), optional
        Names and detectors; None takes :func:`course_lib.hybrid.recommended.recommended_detectors`.
    normalisation : {"rank", "z", "robust_z", "probability"}
        See :class:`~course_lib.hybrid.normalise.ScoreNormaliser`.
    rule : {"average", "maximum", "average_of_maximum", "weighted"}
        The average damps the error of each, the maximum keeps what only one has seen, with everybody's false alarms.
        "average_of_maximum" is between: detectors are dealt into buckets at random, each bucket gives its maximum, and
        these are averaged. "weighted" is an average with weights from :func:`agreement`.
    n_buckets : int
        For "average_of_maximum"; no more than there are detectors.
    random_state : int or None
        Deals the buckets and seeds the recommended detectors; detectors of your own have seeds of their own.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    detectors_, normalisers_ : dict by name
        See :class:`~course_lib.hybrid.members.Composite`.
    weights_ : ndarray, shape (n_detectors,)
        For "average" and "weighted"; their sum is 1.
    buckets_ : list of list of int
        For "average_of_maximum".

    References
    ----------
    Aggarwal and Sathe, 2015, Theoretical Foundations and Algorithms for Outlier Ensembles.
    """

    def __init__(
        self,
        detectors: Named | None = None,
        normalisation: str = "z",
        rule: str = "average",
        n_buckets: int = 2,
        random_state: int | None = None,
        threshold: ThresholdRule | None = None,
    ):
        self.detectors = detectors
        self.normalisation = normalisation
        self.rule = rule
        self.n_buckets = n_buckets
        self.random_state = random_state
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray:
        if self.rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, but is {self.rule!r}.")
        self.seed_ = draw_seed(self.random_state)
        scores = self._fit_members(X, self.seed_)
        count = scores.shape[1]
        if self.rule == "average":
            self.weights_ = np.full(count, 1 / count)
        elif self.rule == "weighted":
            self.weights_ = agreement(scores)
        elif self.rule == "average_of_maximum":
            self.buckets_ = deal(count, self.n_buckets, self.seed_)
        return self._combine(scores)

    def _score(self, X: np.ndarray) -> np.ndarray:
        return self._combine(self._member_scores(X))

    def _combine(self, scores: np.ndarray) -> np.ndarray:
        if self.rule == "maximum":
            return scores.max(axis=1)
        if self.rule == "average_of_maximum":
            return np.mean([scores[:, bucket].max(axis=1) for bucket in self.buckets_], axis=0)
        # One column after the other: a matrix product may round a row otherwise in another batch.
        return np.sum([weight * column for weight, column in zip(self.weights_, scores.T, strict=True)], axis=0)


def agreement(scores: np.ndarray) -> np.ndarray:
    """Weights of detectors: how well each agrees with the others, as a share.

    Parameters
    ----------
    scores : ndarray, shape (n, n_detectors)
        Of training rows, on one scale.

    Returns
    -------
    ndarray, shape (n_detectors,)
        Spearman's rank correlation with the average of the others, clipped at 0 and divided by the sum. One detector
        alone, and detectors of which none agrees, get equal weights.
    """
    count = scores.shape[1]
    if count == 1:
        return np.ones(1)
    # Each mean anew: the sum of all minus one would break ties by rounding.
    others = np.column_stack([np.delete(scores, own, axis=1).mean(axis=1) for own in range(count)])
    own, rest = rankdata(scores, axis=0), rankdata(others, axis=0)
    own, rest = own - own.mean(axis=0), rest - rest.mean(axis=0)
    length = np.sqrt((own**2).sum(axis=0) * (rest**2).sum(axis=0))
    # Constant scores have no order: they agree with nobody.
    correlation = (own * rest).sum(axis=0) / np.where(length > 0, length, 1.0)
    weights = correlation.clip(0)
    return weights / weights.sum() if weights.sum() > 0 else np.full(count, 1 / count)


def deal(count: int, n_buckets: int, seed: int) -> list[list[int]]:
    """Deal the numbers 0 to `count` - 1 at random into `n_buckets` lists whose lengths differ by one at most."""
    whole = isinstance(n_buckets, (int, np.integer)) and not isinstance(n_buckets, bool)
    if not whole or not 1 <= n_buckets <= count:
        raise ValueError(f"n_buckets must be a whole number from 1 to the {count} detectors, but is {n_buckets!r}.")
    order = np.random.default_rng(seed).permutation(count)
    return [sorted(order[start :: int(n_buckets)].tolist()) for start in range(int(n_buckets))]
