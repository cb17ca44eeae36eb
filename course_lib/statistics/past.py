"""What the detectors of a series share: each value is compared with what came before it, never with itself."""

from __future__ import annotations

import numpy as np

from course_lib.core.detector import Detector
from course_lib.core.parameters import check_whole
from course_lib.statistics.modified_z_score import robust_deviation

LEAST_SCALE = 0.01  # of the column's own deviation


class PastDetector(Detector):
    """Base class: rows are timestamps in order; a subclass writes ``_describe(X)``, a centre and a scale for each.

    The score at time t is the largest ``|x[t] - centre[t - 1]| / scale[t - 1]`` over the columns. The first `min_past`
    timestamps have too little past to be judged and score 0. Every call looks at a series of its own: to score new
    values with their past, pass both and drop the past's scores. Because order matters, a subset or permutation of the
    rows gets other scores.

    A past without any variation would make every change infinite: the scale is at least a hundredth of the column's
    deviation in training, estimated by :func:`~course_lib.statistics.modified_z_score.robust_deviation`.

    Attributes
    ----------
    floor_ : ndarray, shape (n_features,)
        The least scale.
    """

    min_past: int

    def _describe(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre and scale at each timestamp, that one included, both of the shape of `X`, (n, n_features)."""
        raise NotImplementedError

    def _fit(self, X: np.ndarray) -> None:
        check_whole("min_past", self.min_past, 1)
        self.floor_ = LEAST_SCALE * robust_deviation(X)

    def _score(self, X: np.ndarray) -> np.ndarray:
        X = X.astype(np.float64, copy=False)
        centre, scale = self._describe(X)
        scores = np.zeros(len(X))
        scores[1:] = (np.abs(X[1:] - centre[:-1]) / np.maximum(scale[:-1], self.floor_)).max(axis=1)
        scores[: self.min_past] = 0
        return scores
