"""Streaming peaks over threshold: a limit for a chosen risk, from what the highest scores look like."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.streaming.checks import check_number
from course_lib.streaming.tail import fit_pareto, tail_quantile
from course_lib.streaming.threshold import StreamingThreshold

# Peaks that are kept, and the fewest to fit a tail to.
MOST_PEAKS, FEWEST_PEAKS = 500, 10
# With the guard a flagged score counts as this share of the way from the level to the threshold beyond it, at most.
LIFT = 0.3


class StreamingPeaksOverThreshold(StreamingThreshold):
    """SPOT, and with a `depth` DSPOT: the score that a normal event exceeds with probability `risk`.

    The `warm_up` first scores give a level that few of them exceed. By how much later scores exceed it follows a
    generalised Pareto distribution, whatever the scores themselves are like; it is fitted anew at each peak, and says
    how high the threshold must be. A peak
    above the threshold is learnt as one just beyond it (with the guard).

    Parameters
    ----------
    risk : float in (0, 1)
        Wanted probability that a normal score is flagged.
    level : float in (0, 1)
        The level is this quantile of the first scores.
    warm_up : int
        Scores before anything is flagged. After a change the threshold is provisional for as long: as far above the
        largest new score as that is above their median.
    depth : int
        0: scores as they are. Otherwise their distance from the mean of the last `depth` learnt scores (DSPOT).
    guard : bool
        Do not learn what is flagged; see :class:`~course_lib.streaming.threshold.StreamingThreshold`.
    patience : int

    Attributes
    ----------
    peaks_ : deque of float
        By how much the latest peaks exceeded the level.
    shape_, scale_ : float
        Of the generalised Pareto distribution.

    References
    ----------
    Siffer, Fouque, Termier and Largouet, 2017, Anomaly Detection in Streams with Extreme Value Theory.
    """

    def __init__(
        self,
        risk: float = 1e-3,
        level: float = 0.98,
        warm_up: int = 500,
        depth: int = 0,
        guard: bool = True,
        patience: int = 50,
    ):
        self.risk = risk
        self.level = level
        self.warm_up = warm_up
        self.depth = depth
        self.guard = guard
        self.patience = patience

    def _start(self) -> None:
        check_number("risk", self.risk, 0, 1)
        check_number("level", self.level, 0, 1)
        check_whole("depth", self.depth, 0)
        check_whole("warm_up", self.warm_up, math.ceil(round(FEWEST_PEAKS / (1 - self.level), 6)))
        if self.risk >= 1 - self.level:
            raise ValueError(
                f"risk must be smaller than the share {1 - self.level:.3g} of scores above the level, "
                f"but is {self.risk!r}."
            )
        self.first_: list[float] = []
        self.past_: deque[float] = deque(maxlen=max(self.depth, 1))
        self.past_sum_ = 0.0
        self.seen_, self.exceeded_ = 0, 0
        self.limit_ = math.inf

    def _centre(self) -> float:
        return self.past_sum_ / len(self.past_) if self.depth and self.past_ else 0.0

    def _capped(self, score: float) -> float:
        if self.seen_ == 0:  # calibrating again after a change
            return min(score, max(self.first_) + self._centre())
        return min(score, self._limit() + LIFT * (self.limit_ - self.start_))

    def _limit(self) -> float:
        return self.limit_ + self._centre()

    def _take(self, score: float) -> None:
        if self.depth:
            full = len(self.past_) == self.depth
            gap = score - self._centre()
            self.past_.append(score)
            self.past_sum_ = math.fsum(self.past_)
            if not full:
                return
            score = gap
        if self.seen_ == 0:
            self._calibrate(score)
            return
        self.seen_ += 1
        if score > self.start_:
            self.exceeded_ += 1
            self.peaks_.append(score - self.start_)
            self._fit()
        elif self.seen_ % self.warm_up == 0:
            self._fit()

    def _calibrate(self, score: float) -> None:
        self.first_.append(score)
        if len(self.first_) < self.warm_up:
            if self.n_restarts_:
                self._provide()
            return
        scores = np.array(self.first_)
        self.start_ = float(np.quantile(scores, self.level))
        above = scores[scores > self.start_] - self.start_
        self.peaks_: deque[float] = deque(above.tolist(), MOST_PEAKS)
        self.seen_, self.exceeded_ = len(scores), len(above)
        self.first_ = []
        self._fit()

    def _provide(self) -> None:
        largest = max(self.first_)
        self.limit_ = 2 * largest - float(np.median(self.first_))

    def _fit(self) -> None:
        if not self.peaks_:  # the highest scores are all alike
            self.limit_ = self.start_
            return
        self.shape_, self.scale_ = fit_pareto(np.array(self.peaks_))
        share = self.exceeded_ / self.seen_
        self.limit_ = tail_quantile(self.start_, self.shape_, self.scale_, self.risk, share)

    def _restart(self, scores: list[float]) -> None:
        self._start()
        for score in scores:
            self._take(score)
        if self.first_:
            self._provide()
