"""KSWIN: are the newest values drawn from the same distribution as a sample of those just before?"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import deque
from functools import lru_cache

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.streaming.checks import check_number
from course_lib.streaming.drift import DriftDetector

# A smaller distance counts as none, whatever its p-value.
LEAST_DISTANCE = 0.1


class KSWIN(DriftDetector):
    """Kolmogorov-Smirnov windowing: the last `stat_size` values against as many drawn from the rest of the window.

    Parameters
    ----------
    alpha : float in (0, 1)
        Significance of each single test. There is one at every value, so keep it small.
    window_size : int
        Values that are kept.
    stat_size : int
        Size of the two samples; at most half of the window.
    random_state : int or None
        Seed of the draws; river's ``seed``.

    Attributes
    ----------
    distance_ : float
        The largest gap between the two samples' distribution functions, at the last value.

    References
    ----------
    Raab, Heusinger and Schleif, 2020, Reactive Soft Prototype Computing for Concept Drift Streams.
    """

    def __init__(
        self, alpha: float = 0.005, window_size: int = 100, stat_size: int = 30, random_state: int | None = None
    ):
        self.alpha = alpha
        self.window_size = window_size
        self.stat_size = stat_size
        self.random_state = random_state

    def _start(self) -> None:
        check_number("alpha", self.alpha, 0, 1)
        check_whole("stat_size", self.stat_size, 2)
        check_whole("window_size", self.window_size, 2 * self.stat_size)
        self.window_: deque[float] = deque(maxlen=self.window_size)
        self.random_ = random.Random(draw_seed(self.random_state))
        self.distance_ = 0.0

    def _update(self, x: float) -> bool:
        window = self.window_
        window.append(x)
        self.distance_ = 0.0
        if len(window) < self.window_size:
            return False
        values, r = list(window), self.stat_size
        drawn = self.random_.sample(range(self.window_size - r), r)
        older, newer = sorted([values[place] for place in drawn]), sorted(values[-r:])
        widest = max(abs(bisect_right(older, v) - bisect_right(newer, v)) for v in older + newer)
        self.distance_ = widest / r
        return widest >= _critical(float(self.alpha), r)


@lru_cache(maxsize=32)
def _critical(alpha: float, size: int) -> int:
    """The smallest gap, in values, whose exact p-value for two samples of `size` is at most `alpha`."""
    import numpy as np
    from scipy.stats import ks_2samp

    for gap in range(1, size + 1):
        shifted = np.arange(size) + gap - 0.5
        if gap / size > LEAST_DISTANCE and ks_2samp(np.arange(size), shifted, method="auto").pvalue <= alpha:
            return gap
    return size + 1
