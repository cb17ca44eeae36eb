"""Mean and variance of all values so far, one value at a time or in blocks, with the same digits either way."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.streaming.online import Online

# Values between two moves of the centre.
PIECE = 4096


class RunningMoments(Online):
    """Mean and variance of a stream of numbers in constant memory.

    Welford's recursion keeps its digits but has to be walked value by value. Here the sums of ``x - centre`` and of its
    square are kept instead, and every 4,096 values the centre moves to the mean. A plain sum of squares loses its
    digits when the mean is large; around a centre that is one of the values, or near their mean, it loses at most four
    of sixteen. Because a cumulative sum adds in the same order as a loop, `learn_many` gives the very same bits as
    `learn_one`.

    Attributes
    ----------
    n : int
        Values so far.
    mean, variance, deviation : float
        Variance and deviation divide by n; 0 before the first value.

    References
    ----------
    Welford, 1962, Note on a Method for Calculating Corrected Sums of Squares and Products; Chan, Golub and LeVeque,
    1983, Algorithms for Computing the Sample Variance: Analysis and Recommendations.
    """

    def __init__(self) -> None:
        self.n = 0
        self.centre = 0.0
        self.sum1 = 0.0
        self.sum2 = 0.0

    def reset(self) -> Self:
        """Forget all values."""
        self.__init__()  # type: ignore[misc]
        return self

    def learn_one(self, x: float) -> None:
        """Add a finite number."""
        if self.n == 0:
            self.centre = float(x)
        gap = x - self.centre
        self.sum1 += gap
        self.sum2 += gap * gap
        self.n += 1
        if self.n % PIECE == 0:
            self._move()

    def learn_many(self, values: Any) -> None:
        """Add finite numbers, shape (n,)."""
        self.before_each(np.asarray(to_numpy(values), dtype=np.float64))

    def before_each(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add finite numbers; return mean and variance before each of them and after the last, shape (n + 1,) both."""
        means, variances = np.empty(len(values) + 1), np.empty(len(values) + 1)
        means[0], variances[0] = self.mean, self.variance
        if self.n == 0 and len(values):
            self.centre = float(values[0])
        done = 0
        while done < len(values):
            sum1 = values[done : done + PIECE - self.n % PIECE] - self.centre
            sum2 = sum1 * sum1
            sum1[0] += self.sum1  # in place of the empty sum; a + b and b + a round alike
            sum2[0] += self.sum2
            sum1, sum2 = np.cumsum(sum1), np.cumsum(sum2)
            count = np.arange(self.n + 1.0, self.n + len(sum1) + 1.0)
            self.n, self.sum1, self.sum2 = self.n + len(sum1), float(sum1[-1]), float(sum2[-1])
            part = slice(done + 1, done + 1 + len(sum1))
            shift = sum1 / count
            np.add(shift, self.centre, out=means[part])
            sum1 *= shift
            sum2 -= sum1
            np.divide(np.maximum(sum2, 0.0, out=sum2), count, out=variances[part])
            done += len(sum1)
            if self.n % PIECE == 0:
                self._move()
                # What a loop would read from here on.
                means[done], variances[done] = self.mean, self.variance
        return means, variances

    def _move(self) -> None:
        """Sums around a new centre, the mean; what the mean loses by rounding stays in the first sum."""
        squares = max(self.sum2 - self.sum1 * self.sum1 / self.n, 0.0)
        old = self.centre
        self.centre = old + self.sum1 / self.n
        self.sum1 -= self.n * (self.centre - old)
        self.sum2 = squares + self.sum1 * self.sum1 / self.n

    def both(self) -> tuple[float, float]:
        """Mean and variance in one go, for the hot loop of a detector."""
        n, sum1 = self.n, self.sum1
        if n == 0:
            return 0.0, 0.0
        shift = sum1 / n
        return shift + self.centre, max(self.sum2 - sum1 * shift, 0.0) / n

    @property
    def mean(self) -> float:
        """Mean of all values, 0 if there are none."""
        return self.both()[0]

    @property
    def variance(self) -> float:
        """Variance of all values, divided by n; 0 if there are none."""
        return self.both()[1]

    @property
    def deviation(self) -> float:
        """Square root of the variance."""
        return math.sqrt(self.variance)

    def merge(self, other: RunningMoments) -> RunningMoments:
        """The moments of both streams together, as if one had seen the values of both (Chan's formula)."""
        merged = RunningMoments()
        merged.n = self.n + other.n
        if merged.n:
            gap = other.mean - self.mean
            merged.centre = self.mean + gap * (other.n / merged.n)
            shift = gap * gap * (self.n * other.n / merged.n)
            merged.sum2 = self.n * self.variance + other.n * other.variance + shift
        return merged
