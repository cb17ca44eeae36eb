"""Exponentially weighted mean and variance, one value at a time or in blocks, with the same digits either way."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.statistics.rolling import check_alpha
from course_lib.streaming.online import Online

# How far the weights inside one piece may grow, and the longest piece.
GROWTH, LONGEST = 2.0**20, 4096


class DecayedMoments(Online):
    """Mean and variance that forget: the newest value has weight `alpha`, each older one ``1 - alpha`` of the next.

        m[t] = m[t-1] + alpha (x[t] - m[t-1]),                       m[0] = x[0]
        v[t] = (1 - alpha) (v[t-1] + alpha (x[t] - m[t-1])^2),       v[0] = 0

    The mean is pandas' ``ewm(alpha=alpha, adjust=False).mean()``; the variance its ``var(bias=True)``, divided by the
    weights that a young stream has given out, ``1 - (1 - alpha)^(n - 1)``. The recursion is not walked: inside a piece
    of the stream both are plain sums with growing weights, times a factor that shrinks. Sums can be cumulated, so
    `learn_many` gives the very same bits as `learn_one` in a loop.

    Parameters
    ----------
    alpha : float in (0, 1]
        About ``2 / alpha`` values count.

    Attributes
    ----------
    n : int
        Values so far.
    mean, variance, deviation : float
        0 before the first value.

    References
    ----------
    Roberts, 1959, Control Chart Tests Based on Geometric Moving Averages.
    """

    n: int = 0
    start: float = 0.0
    spread: float = 0.0
    place: int = 0
    sum1: float = 0.0
    sum2: float = 0.0

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = alpha

    def learn_one(self, x: float) -> None:
        """Add a finite number."""
        if self.n == 0:
            self._begin(float(x))
        grow, fade = _tables(self.alpha)
        surprise = x - (self.start + self.alpha * (fade[self.place] * self.sum1))
        self.sum1 += grow[self.place] * (x - self.start)
        self.sum2 += grow[self.place] * (surprise * surprise)
        self.n += 1
        self.place += 1
        if self.place == len(grow):
            self._renew()

    def learn_many(self, values: Any) -> None:
        """Add finite numbers, shape (n,)."""
        self.before_each(np.asarray(to_numpy(values), dtype=np.float64))

    def before_each(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add finite numbers; return mean and variance before each of them and after the last, shape (n + 1,) both."""
        means, variances = np.empty(len(values) + 1), np.empty(len(values) + 1)
        means[0], variances[0] = self.mean, self.variance
        if self.n == 0 and len(values):
            self._begin(float(values[0]))
        grow, fade = _arrays(self.alpha)
        keep, alpha, done = 1.0 - self.alpha, self.alpha, 0
        while done < len(values):
            part = values[done : done + len(grow) - self.place]
            weight = grow[self.place : self.place + len(part)]
            left = fade[self.place + 1 : self.place + 1 + len(part)]
            added = weight * (part - self.start)
            added[0] += self.sum1  # in place of the empty sum; a + b and b + a round alike
            sum1 = np.cumsum(added)
            mean = self.start + alpha * (left * sum1)
            surprise = part - np.concatenate([[self.start + alpha * (fade[self.place] * self.sum1)], mean[:-1]])
            added = weight * (surprise * surprise)
            added[0] += self.sum2
            sum2 = np.cumsum(added)
            window = slice(done + 1, done + 1 + len(part))
            spread = (left * keep) * (self.spread + alpha * sum2)
            means[window], variances[window] = mean, spread / self._given_out_after(self.n, len(part))
            self.sum1, self.sum2 = float(sum1[-1]), float(sum2[-1])
            self.n += len(part)
            self.place += len(part)
            done += len(part)
            if self.place == len(grow):
                self._renew()
        return means, variances

    def _begin(self, first: float) -> None:
        check_alpha(self.alpha)
        self.start = first

    def _renew(self) -> None:
        """A new piece, which starts from the present mean and variance."""
        fade = _tables(self.alpha)[1][self.place]
        self.spread = (fade * (1.0 - self.alpha)) * (self.spread + self.alpha * self.sum2)
        self.start += self.alpha * (fade * self.sum1)
        self.place, self.sum1, self.sum2 = 0, 0.0, 0.0

    def both(self) -> tuple[float, float]:
        """Mean and variance in one go, for the hot loop of a detector."""
        place = self.place
        if place == 0:
            return self.start, self.spread / self._given_out(self.n)
        fade = _tables(self.alpha)[1][place]
        spread = (fade * (1.0 - self.alpha)) * (self.spread + self.alpha * self.sum2)
        return self.start + self.alpha * (fade * self.sum1), spread / self._given_out(self.n)

    def mean_with(self, x: float) -> float:
        """What the mean would be after one more value; nothing is learnt."""
        if self.n == 0:
            return float(x)
        grow, fade = _tables(self.alpha)
        return self.start + self.alpha * (fade[self.place + 1] * (self.sum1 + grow[self.place] * (x - self.start)))

    @property
    def mean(self) -> float:
        """The weighted mean."""
        return self.both()[0]

    @property
    def variance(self) -> float:
        """The weighted variance."""
        return self.both()[1]

    @property
    def deviation(self) -> float:
        """Square root of the variance."""
        return math.sqrt(self.variance)

    def _given_out(self, n: int) -> float:
        """Sum of the variance's weights after `n` values."""
        return 1.0 - (1.0 - self.alpha) ** max(n - 1, 1)

    def _given_out_after(self, n: int, count: int) -> np.ndarray:
        """The same after n + 1, ..., n + count values; one after another, since NumPy's powers round differently."""
        weights = np.ones(count)
        keep = 1.0 - self.alpha
        # Below 1e-17 a power no longer changes 1.
        open_end = count if keep == 0.0 else min(count, max(int(-40 / math.log(keep)) + 2 - n, 0))
        if open_end == 0:
            return weights
        weights[:open_end] = [self._given_out(n + 1 + i) for i in range(open_end)]
        return weights


@lru_cache(maxsize=64)
def _tables(alpha: float) -> tuple[list[float], list[float]]:
    """Growing weights of the 1st, 2nd, ... value of a piece; the factor for a piece with 0, 1, 2, ... values."""
    keep = 1.0 - alpha
    length = 1 if keep <= 1 / GROWTH else min(LONGEST, 1 + int(math.log(GROWTH) / -math.log(keep)))
    fade = [keep**age for age in range(length)]
    return [1.0 / factor for factor in fade], [0.0, *fade]


@lru_cache(maxsize=64)
def _arrays(alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """The same numbers for blocks."""
    grow, fade = _tables(alpha)
    return np.array(grow), np.array(fade)
