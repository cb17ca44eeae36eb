"""What STL leaves of a series as a detector: values that neither trend nor season explains."""

from __future__ import annotations

import numpy as np

from course_lib.core.detector import Detector
from course_lib.core.thresholds import ThresholdRule
from course_lib.statistics.modified_z_score import robust_deviation
from course_lib.statistics.stl import stl

LEAST_SCALE = 1e-6  # of the column's own deviation: less is rounding


class STLResidual(Detector):
    """Largest ``|residual|`` of STL over the columns, in robust deviations of the training residuals.

    Every call decomposes the series it is given: rows are timestamps in order, at least two periods of them, and a
    value is judged with those after it, too. This looks back on a series; alerts need a detector of the past.

    Parameters
    ----------
    period : int
    seasonal, trend, robust
        See :func:`course_lib.statistics.stl.stl`; robust by default, so that an anomaly does not draw trend and season
        to itself. A season that may change within 7 of its turns can follow one odd value and call its neighbours
        outliers instead: hence 13.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    scale_ : ndarray, shape (n_features,)
        1.4826 MAD of each column's residuals in training, at least a millionth of the column's own.
    """

    def __init__(
        self,
        period: int,
        seasonal: int = 13,
        trend: int | None = None,
        robust: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.period = period
        self.seasonal = seasonal
        self.trend = trend
        self.robust = robust
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray:
        residuals = self._residuals(X)
        self.scale_ = np.maximum(robust_deviation(residuals), LEAST_SCALE * robust_deviation(X))
        return np.abs(residuals / self.scale_).max(axis=1)

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        return stl(X, self.period, self.seasonal, self.trend, robust=self.robust).residual

    def _score(self, X: np.ndarray) -> np.ndarray:
        return np.abs(self._residuals(X) / self.scale_).max(axis=1)
