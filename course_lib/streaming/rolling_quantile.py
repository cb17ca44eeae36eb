"""A quantile of the last values, kept sorted."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Any, Self

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.validation import to_numpy
from course_lib.streaming.online import Online


class RollingQuantile(Online):
    """The `q`-quantile of the last `window` values, between two of them by linear interpolation.

    Parameters
    ----------
    q : float in [0, 1]
    window : int

    Attributes
    ----------
    value : float
        0 before the first value.
    """

    _derived = frozenset({"ranked"})
    recent: deque[float] | None = None

    def __init__(self, q: float = 0.5, window: int = 100) -> None:
        self.q = q
        self.window = window

    @property
    def n(self) -> int:
        """Values in the window."""
        return len(self.recent) if self.recent is not None else 0

    def learn_one(self, x: float) -> None:
        """Add a finite number; the oldest leaves a full window."""
        recent, ranked = self._open()
        if len(recent) == self.window:
            del ranked[bisect_left(ranked, recent[0])]
        recent.append(float(x))
        insort(ranked, float(x))

    def learn_many(self, values: Any) -> None:
        """Add finite numbers, shape (n,)."""
        self.before_each(np.asarray(to_numpy(values), dtype=np.float64))

    def before_each(self, values: np.ndarray) -> np.ndarray:
        """Add finite numbers; return the quantile before each of them and after the last, shape (n + 1,)."""
        from scipy.ndimage import rank_filter

        recent, _ = self._open()
        w, result = self.window, np.empty(len(values) + 1)
        first = min(max(w - len(recent), 0), len(values))  # until the window is full: one by one
        for place, value in enumerate(values[:first].tolist()):
            result[place] = self.value
            self.learn_one(value)
        result[first] = self.value
        rest = np.concatenate([np.array(recent), values[first:]])
        if len(values) > first:
            lower, share = self._rank(w)
            low = rank_filter(rest, lower, size=w)
            high = rank_filter(rest, min(lower + 1, w - 1), size=w) if share else low
            # The filter's windows are centred: the first full one stands at its middle.
            full = slice(w // 2, w // 2 + len(rest) - w + 1)
            result[first:] = low[full] + (high[full] - low[full]) * share
            self.recent = deque(rest[-w:].tolist(), w)
            self.ranked = sorted(self.recent)
        return result

    def _open(self) -> tuple[deque[float], list[float]]:
        if self.recent is None:
            check_whole("window", self.window, 1)
            if not 0 <= self.q <= 1:
                raise ValueError(f"q must lie between 0 and 1, but is {self.q!r}.")
            self.recent = deque(maxlen=self.window)
        if "ranked" not in vars(self):
            self.ranked = sorted(self.recent)
        return self.recent, self.ranked

    def _rank(self, n: int) -> tuple[int, float]:
        place = self.q * (n - 1)
        return int(place), place - int(place)

    @property
    def value(self) -> float:
        """The quantile of the values in the window."""
        if not self.n:
            return 0.0
        _, ranked = self._open()
        lower, share = self._rank(len(ranked))
        low = ranked[lower]
        return low + (ranked[lower + 1] - low) * share if share else low

    def restart(self, values: list[float]) -> Self:
        """Forget the window and fill it with `values`."""
        self.reset()
        for value in values:
            self.learn_one(value)
        return self
