"""Which windows cover a series that may have gaps, and how scores come back to its rows in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class WindowPlan:
    """The windows of a series, as row numbers only: no reading is copied before :meth:`cut` asks for it.

    Parameters
    ----------
    n : int
        Rows of the series.
    length : int
        Rows in a window.
    starts : ndarray of int, shape (n_windows,)
        First row of each window, ascending; before `first` where the window is padded in front.
    first, last : ndarray of int, shape (n_windows,)
        First and last row of the stretch that the window lies in; it never leaves it.
    """

    n: int
    length: int
    starts: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, which: Any = slice(None)) -> np.ndarray:
        """Row numbers of the windows `which` (a slice or index array), shape (k, length); padding repeats a row."""
        return np.maximum(self.starts[which, None] + np.arange(self.length), self.first[which, None])

    def inside(self, which: Any = slice(None)) -> np.ndarray:
        """False where a place of a window is padding, shape (k, length)."""
        return self.starts[which, None] + np.arange(self.length) >= self.first[which, None]

    def cut(self, series: np.ndarray, which: Any = slice(None)) -> np.ndarray:
        """Copy the windows `which` out of a series of shape (n, ...) into an array of shape (k, length, ...)."""
        if len(series) != self.n:
            raise ValueError(f"These windows were planned for {self.n} rows, but the series has {len(series)}.")
        return series[self.rows(which)]

    def chunks(self, size: int = 1024) -> Iterator[slice]:
        """Slices over all windows, `size` at a time."""
        return (slice(start, min(start + size, len(self))) for start in range(0, len(self), size))

    def spread(self, scores: Any) -> np.ndarray:
        """Mean over the covering windows, for each row.

        Parameters
        ----------
        scores : array-like, shape (n_windows,), (n_windows, length) or (n_windows, length, n_features)
            A score for each window, for each of its rows, or for each of its readings.

        Returns
        -------
        ndarray, shape (n,) or (n, n_features)
        """
        spreader = Spreader(self)
        spreader.add(slice(None), scores)
        return spreader.mean()


class Spreader:
    """Collects the scores of windows chunk by chunk, and gives each row the mean of the windows that cover it.

    It holds one sum and one count for each row, whatever the number and length of the windows. Sums run place by place
    within a chunk, so that a huge score leaves no rounding error in rows that its window does not cover.
    """

    def __init__(self, plan: WindowPlan):
        self._plan = plan
        self._total: np.ndarray | None = None
        self._cover = np.zeros(plan.n)

    def add(self, which: slice, scores: Any) -> None:
        """Take the scores of the windows `which`: shape (k,), (k, length) or (k, length, n_features)."""
        plan, scores = self._plan, np.asarray(scores, dtype=float)
        starts, first = plan.starts[which], plan.first[which]
        per_row = scores.ndim > 1
        if scores.ndim not in (1, 2, 3) or len(scores) != len(starts) or (per_row and scores.shape[1] != plan.length):
            raise ValueError(
                f"{len(starts)} windows of {plan.length} rows need scores of shape ({len(starts)},) or "
                f"({len(starts)}, {plan.length}, ...), but got {scores.shape}."
            )
        if self._total is None:
            self._total = np.zeros((plan.n, *scores.shape[2:]))
        for place in range(plan.length):  # the rows of one place differ from each other: plain indexing adds them all
            real = starts + place >= first
            rows = starts[real] + place
            self._total[rows] += (scores[:, place] if per_row else scores)[real]
            self._cover[rows] += 1

    def mean(self) -> np.ndarray:
        """Mean score of each row, shape (n,) or (n, n_features).

        Rows that no window covers (a stride longer than a window leaves some) take the mean of the row before them.
        """
        if self._total is None:
            raise ValueError("No scores were added: pass the scores of every window first.")
        covered = self._cover > 0
        nearest = np.maximum.accumulate(np.where(covered, np.arange(self._plan.n), -1))
        if nearest[0] < 0:
            raise ValueError("The first row has no score: pass the scores of every window first.")
        count = self._cover.reshape(-1, *(1,) * (self._total.ndim - 1))
        return (self._total / np.maximum(count, 1))[nearest]


def score_by_windows(
    function: Callable[[np.ndarray], np.ndarray], series: np.ndarray, plan: WindowPlan, size: int = 1024
) -> np.ndarray:
    """Score a series window by window and give each row the mean over the windows that cover it, in bounded memory.

    Parameters
    ----------
    function : callable
        Gets windows of shape (k, length, ...), gives scores of shape (k,), (k, length) or (k, length, n_features).
    series : ndarray, shape (n, ...)
    plan : WindowPlan
    size : int
        Windows cut at once: memory grows with it and not with the number of windows.

    Returns
    -------
    ndarray, shape (n,) or (n, n_features)
    """
    spreader = Spreader(plan)
    for which in plan.chunks(size):
        spreader.add(which, function(plan.cut(series, which)))
    return spreader.mean()
