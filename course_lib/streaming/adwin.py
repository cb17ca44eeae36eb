"""ADWIN: a window that grows while the stream stays the same and drops its old part when the mean has changed."""

from __future__ import annotations

import math

from course_lib.core.parameters import check_whole
from course_lib.streaming.checks import check_number
from course_lib.streaming.drift import DriftDetector


class ADWIN(DriftDetector):
    """Adaptive windowing: is there a cut of the window whose two sides differ in their means more than chance allows?

    The window is kept as sums over 1, 2, 4, ... values, at most `max_buckets` (and one that is about to be merged) of
    each size, the oldest being the largest: a million values take some hundred numbers.

    Parameters
    ----------
    delta : float in (0, 1)
        Bound on the chance of a false alarm at one test.
    clock : int
        Values from one test to the next.
    max_buckets : int
        Buckets of one size before two are merged.
    min_window_length : int
        Values that each side of a cut must have.
    grace_period : int
        Values before the first test.

    Attributes
    ----------
    width_ : int
        Values in the window.
    total_ : float
        Their sum.
    squares_ : float
        Their summed squared deviation from the mean.

    References
    ----------
    Bifet and Gavaldà, 2007, Learning from Time-Changing Data with Adaptive Windowing; Babcock, Datar, Motwani and
    O'Callaghan, 2003, Maintaining Variance and k-Medians over Data Stream Windows.
    """

    def __init__(
        self,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
    ):
        self.delta = delta
        self.clock = clock
        self.max_buckets = max_buckets
        self.min_window_length = min_window_length
        self.grace_period = grace_period

    @property
    def mean_(self) -> float:
        """Mean of the window, 0 if it is empty."""
        return self.total_ / self.width_ if self.started_ and self.width_ else 0.0

    def _start(self) -> None:
        check_number("delta", self.delta, 0, 1)
        for name in ("clock", "max_buckets", "min_window_length"):
            check_whole(name, getattr(self, name), 1)
        check_whole("grace_period", self.grace_period, 0)
        self.width_, self.total_, self.squares_, self.tick_ = 0, 0.0, 0.0, 0
        # Row r holds the sums and squared deviations of buckets with 2^r values, oldest first.
        self.totals_: list[list[float]] = [[]]
        self.spreads_: list[list[float]] = [[]]

    def _update(self, x: float) -> bool:
        if self.width_:
            gap = x - self.total_ / self.width_
            self.squares_ += self.width_ * gap * gap / (self.width_ + 1)
        self.width_ += 1
        self.total_ += x
        self.totals_[0].append(x)
        self.spreads_[0].append(0.0)
        self._merge()
        self.tick_ += 1
        changed = False
        if self.tick_ % self.clock == 0 and self.width_ > self.grace_period:
            while self._has_cut():
                self._drop_oldest()
                changed = True
        return changed

    def _merge(self) -> None:
        """Two of the oldest buckets of a size become one of the next size, wherever there are too many."""
        row = 0
        while len(self.totals_[row]) > self.max_buckets:
            if row + 1 == len(self.totals_):
                self.totals_.append([])
                self.spreads_.append([])
            size = float(1 << row)
            a, b = self.totals_[row][:2]
            gap = a / size - b / size
            spread = self.spreads_[row][0] + self.spreads_[row][1] + size * 0.5 * gap * gap
            self.totals_[row + 1].append(a + b)
            self.spreads_[row + 1].append(spread)
            del self.totals_[row][:2], self.spreads_[row][:2]
            row += 1

    def _has_cut(self) -> bool:
        """Whether the means of both sides differ significantly at any border between buckets."""
        old_n, old_sum, new_n, new_sum = 0, 0.0, self.width_, self.total_
        least = self.min_window_length
        # The thresholds's parts that do not depend on the cut.
        log_term = math.log(2.0 * math.log(self.width_) / self.delta)
        variance = self.squares_ / self.width_
        for row in range(len(self.totals_) - 1, -1, -1):
            size = 1 << row
            for total in self.totals_[row]:
                old_n += size
                new_n -= size
                old_sum += total
                new_sum -= total
                if new_n < least:
                    return False
                if old_n >= least:
                    harmonic = 1.0 / (old_n - least + 1.0) + 1.0 / (new_n - least + 1.0)
                    bound = math.sqrt(2.0 * harmonic * variance * log_term) + 2.0 / 3.0 * log_term * harmonic
                    if abs(old_sum / old_n - new_sum / new_n) > bound:
                        return True
        return False

    def _drop_oldest(self) -> None:
        size = 1 << (len(self.totals_) - 1)
        total, spread = self.totals_[-1].pop(0), self.spreads_[-1].pop(0)
        self.width_ -= size
        self.total_ -= total
        gap = total / size - self.total_ / self.width_
        self.squares_ -= spread + size * self.width_ * gap * gap / (size + self.width_)
        if not self.totals_[-1]:
            self.totals_.pop()
            self.spreads_.pop()
