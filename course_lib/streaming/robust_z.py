"""Online robust z-score: median and MAD of the recent past instead of mean and deviation."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.streaming.piecewise import PiecewiseDetector
from course_lib.streaming.z_score import LEAST_SHARE

# The MAD of bell-shaped data is 0.6745 deviations.
TO_DEVIATION = 1.4826


class OnlineRobustZScore(PiecewiseDetector):
    """The largest ``|x - median| / (1.4826 MAD)`` over the features, both of the last `window` events.

    Less than half of the window can be anomalous without bending the ruler. It is read anew after every event at first,
    later after every `every`-th. A missing feature takes no part.

    Parameters
    ----------
    window : int
    every : int
        Events from one reading of the ruler to the next.
    warm_up : int
        Events before the first score.
    """

    def __init__(self, window: int = 200, every: int = 10, warm_up: int = 20):
        self.window = window
        self.every = every
        self.warm_up = warm_up

    def _check(self) -> None:
        check_whole("window", self.window, 3)
        check_whole("every", self.every, 1)
        check_whole("warm_up", self.warm_up, 2)

    def _start(self, d: int) -> None:
        super()._start(d)
        self.recent_ = np.empty((0, d))

    def _next(self, n: int) -> int:
        return self.warm_up if n < self.warm_up else n + self.every

    def _renew(self, piece: np.ndarray) -> None:
        self.recent_ = window = np.concatenate([self.recent_, piece])[-self.window :]
        self.median_ = _middle(window)
        mad = _middle(np.abs(window - self.median_))
        self.scale_ = np.where(np.isnan(mad), np.inf, TO_DEVIATION * mad)  # a feature never seen scores 0
        self.median_ = np.nan_to_num(self.median_, nan=0.0)
        self.ready_ = True

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        values = np.where(np.isnan(X), self.median_, X)
        floor = np.maximum(LEAST_SHARE * (np.abs(values) + np.abs(self.median_)), 5e-324)
        return (np.abs(values - self.median_) / np.maximum(self.scale_, floor)).max(axis=1)


def _middle(values: np.ndarray) -> np.ndarray:
    """Median of each column, NaN left out; NaN where there is nothing else."""
    ranked = np.sort(values, axis=0)  # NaN go to the end
    count = len(values) - np.isnan(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    low = ranked[np.maximum(count - 1, 0) // 2, columns]
    high = ranked[np.minimum(count // 2, len(values) - 1), columns]
    return (low + high) / 2
