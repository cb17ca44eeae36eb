"""A quantile of all values so far from five numbers: the P2 algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.streaming.checks import check_number
from course_lib.streaming.online import Online


class P2Quantile(Online):
    """Running estimate of the `q`-quantile without keeping the values.

    Five markers stand at the smallest value, at the quantiles q/2, q and (1 + q)/2, and at the largest. Each value
    pushes the markers above it one place on; a marker that strays a place or more from where it should be moves by
    one, and its height along the parabola through its neighbours. Of five values or fewer the answer is exact.

    Parameters
    ----------
    q : float in (0, 1)

    Attributes
    ----------
    n : int
        Values so far.
    value : float
        The estimate; 0 before the first value.

    References
    ----------
    Jain and Chlamtac, 1985, The P2 Algorithm for Dynamic Calculation of Quantiles and Histograms Without Storing
    Observations.
    """

    n: int = 0

    def __init__(self, q: float = 0.5) -> None:
        self.q = q

    def learn_one(self, x: float) -> None:
        """Add a finite number."""
        if self.n == 0:
            check_number("q", self.q, 0, 1)
            q = self.q
            self.heights: list[float] = []
            self.places = [1.0, 2.0, 3.0, 4.0, 5.0]
            self.wanted = [1.0, 1 + 2 * q, 1 + 4 * q, 3 + 2 * q, 5.0]
        self.n += 1
        heights = self.heights
        if self.n <= 5:
            heights.append(float(x))
            heights.sort()
            return
        if x < heights[0]:
            heights[0], cell = float(x), 1
        elif x >= heights[4]:
            heights[4], cell = float(x), 4
        else:
            cell = 1 + (x >= heights[1]) + (x >= heights[2]) + (x >= heights[3])
        for marker in range(cell, 5):
            self.places[marker] += 1
        q, wanted = self.q, self.wanted
        wanted[1] += q / 2
        wanted[2] += q
        wanted[3] += (1 + q) / 2
        wanted[4] += 1
        for marker in (1, 2, 3):
            self._adjust(marker)

    def _adjust(self, i: int) -> None:
        places, heights = self.places, self.heights
        off = self.wanted[i] - places[i]
        if off >= 1 and places[i + 1] - places[i] > 1:
            step = 1
        elif off <= -1 and places[i - 1] - places[i] < -1:
            step = -1
        else:
            return
        low, here, high = places[i - 1], places[i], places[i + 1]
        up = (heights[i + 1] - heights[i]) / (high - here)
        down = (heights[i] - heights[i - 1]) / (here - low)
        parabola = heights[i] + step / (high - low) * ((here - low + step) * up + (high - here - step) * down)
        if heights[i - 1] < parabola < heights[i + 1]:
            heights[i] = parabola
        else:  # the parabola leaves its neighbours' range: a straight line to the one it moves towards
            heights[i] += step * (heights[i + step] - heights[i]) / (places[i + step] - here)
        places[i] += step

    def learn_many(self, values: Any) -> None:
        """Add finite numbers, shape (n,), one after the other."""
        for value in np.asarray(to_numpy(values), dtype=np.float64).tolist():
            self.learn_one(value)

    @property
    def value(self) -> float:
        """The present estimate."""
        if self.n > 5:
            return self.heights[2]
        return float(np.quantile(self.heights, self.q)) if self.n else 0.0
