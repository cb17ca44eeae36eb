"""Serial ensemble: a cheap detector sees every row, a costly one only those that the cheap one finds doubtful."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.hybrid.members import check_detector
from course_lib.hybrid.normalise import ScoreNormaliser


class Cascade(Detector):
    """Rows whose cheap score has a training rank above ``1 - share`` are scored by the costly detector.

    The others keep the cheap rank, from 0 to ``1 - share``. A doubtful row gets ``1 - share + share * rank``, where
    the rank is that of its costly score among the doubtful training rows: every doubtful row stands above every other.
    An anomaly that the cheap detector misses is missed for good.

    Both detectors are fitted to all training rows: what the cascade saves is time in scoring. They must score each row
    on its own, for the costly one sees other neighbours than the cheap one; detectors of series do not.

    Parameters
    ----------
    cheap, costly : Detector
        Cloned in ``fit``.
    share : float in (0, 1)
        Share of the training rows that count as doubtful.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    cheap_, costly_ : Detector
    cheap_normaliser_, costly_normaliser_ : ScoreNormaliser

    References
    ----------
    Viola and Jones, 2001, Rapid Object Detection using a Boosted Cascade of Simple Features.
    """

    def __init__(self, cheap: Detector, costly: Detector, share: float = 0.1, threshold: ThresholdRule | None = None):
        self.cheap = cheap
        self.costly = costly
        self.share = share
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray:
        for name in ("cheap", "costly"):
            check_detector(getattr(self, name), f"Cascade needs a fresh course_lib detector as {name}")
        if isinstance(self.share, bool) or not isinstance(self.share, (int, float)) or not 0 < self.share < 1:
            raise ValueError(f"share must lie between 0 and 1, both excluded, but is {self.share!r}.")
        self.cheap_, self.costly_ = clone(self.cheap).fit(X), clone(self.costly).fit(X)
        self.cheap_normaliser_ = ScoreNormaliser("rank").fit(self.cheap_.decision_scores_)
        ranks, costly = self.cheap_normaliser_.transform(self.cheap_.decision_scores_), self.costly_.decision_scores_
        doubtful = ranks > 1 - self.share
        # When the cheap scores tie there may be no doubtful row at all: then all are the yardstick.
        self.costly_normaliser_ = ScoreNormaliser("rank").fit(costly[doubtful] if doubtful.any() else costly)
        return self._joined(ranks, doubtful, costly[doubtful])

    def _score(self, X: np.ndarray) -> np.ndarray:
        ranks = self.cheap_normaliser_.transform(self.cheap_.decision_function(X))
        doubtful = ranks > 1 - self.share
        return self._joined(ranks, doubtful, self.costly_.decision_function(X[doubtful]) if doubtful.any() else None)

    def _joined(self, ranks: np.ndarray, doubtful: np.ndarray, costly: np.ndarray | None) -> np.ndarray:
        scores = ranks.copy()
        if costly is not None and costly.size:
            scores[doubtful] = 1 - self.share + self.share * self.costly_normaliser_.transform(costly)
        return scores

    def stages(self, X: Any) -> pd.DataFrame:
        """Score the rows of `X` stage by stage and measure each.

        Parameters
        ----------
        X : array-like, shape (n, n_features)

        Returns
        -------
        DataFrame
            One line a stage ("cheap", "costly", "cascade" for their sum): `rows`, `seconds`, `microseconds a row`.
            The last stands for all rows of `X`.
        """
        check_is_fitted(self)
        X = check_rows(self, X, reset=False)
        cheap, first = _timed(lambda: self.cheap_normaliser_.transform(self.cheap_.decision_function(X)))
        doubtful = X[cheap > 1 - self.share]
        second = 0.0
        if len(doubtful):
            _, second = _timed(lambda: self.costly_normaliser_.transform(self.costly_.decision_function(doubtful)))
        lines = [("cheap", len(X), first), ("costly", len(doubtful), second), ("cascade", len(X), first + second)]
        table = pd.DataFrame(lines, columns=["stage", "rows", "seconds"])
        table["microseconds a row"] = 1e6 * table["seconds"] / table["rows"].clip(lower=1)
        return table


def _timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
