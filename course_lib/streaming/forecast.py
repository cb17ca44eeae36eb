"""Online forecast: is the level of a series, or the size of its surprises, unlike what it was for a long time?"""

from __future__ import annotations

import math

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.statistics.rolling import check_alpha
from course_lib.streaming.decayed import DecayedMoments
from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.z_score import LEAST_SHARE


class OnlineForecast(StreamingDetector):
    """Deviations of a short-term average, and of the short-term forecast error, from their long-term means.

    For each feature an exponentially weighted average with weight `alpha` is the forecast of its next value. Two
    numbers are watched: that average itself (a level that shifts) and the average error of the forecast (a series
    that turns erratic, or jumps). Each is compared with its own long past, and the score is the larger number of
    deviations, over all features. Averages forgive a single odd value, so one reading alone needs to be far out to be
    noticed.

    A missing feature takes no part.

    Parameters
    ----------
    alpha : float in (0, 1]
        Weight of the newest value in the short-term averages.
    memory : float in (0, 1]
        Weight of the newest value in the long-term ones: 0.001 looks back over some 2,000 values.
    warm_up : int
        Values that a feature must have shown before it is judged.
    """

    def __init__(self, alpha: float = 0.1, memory: float = 0.001, warm_up: int = 100):
        self.alpha = alpha
        self.memory = memory
        self.warm_up = warm_up

    def _check(self) -> None:
        check_alpha(self.alpha)
        check_alpha(self.memory)
        check_whole("warm_up", self.warm_up, 2)

    def _start(self, d: int) -> None:
        self.level_ = [DecayedMoments(self.alpha) for _ in range(d)]
        self.error_ = [DecayedMoments(self.alpha) for _ in range(d)]
        self.usual_level_ = [DecayedMoments(self.memory) for _ in range(d)]
        self.usual_error_ = [DecayedMoments(self.memory) for _ in range(d)]

    def _score(self, row: list[float], complete: bool) -> float:
        score = 0.0
        for column, x in enumerate(row):
            level, error = self.level_[column], self.error_[column]
            if x != x or level.n < self.warm_up:
                continue
            surprise = abs(x - level.mean)
            for present, usual in (
                (level.mean_with(x), self.usual_level_[column]),
                (error.mean_with(surprise), self.usual_error_[column]),
            ):
                mean, variance = usual.both()
                score = max(score, abs(present - mean) / max(math.sqrt(variance), _floor(present, mean)))
        return score

    def _learn(self, row: list[float], complete: bool) -> None:
        for column, x in enumerate(row):
            if x != x:
                continue
            level, error = self.level_[column], self.error_[column]
            error.learn_one(abs(x - level.mean) if level.n else 0.0)
            level.learn_one(x)
            self.usual_level_[column].learn_one(level.mean)
            self.usual_error_[column].learn_one(error.mean)

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        scores = np.zeros(len(X))
        for column, values in enumerate(X.T):
            there = np.flatnonzero(~np.isnan(values))
            level, error = self.level_[column], self.error_[column]
            known, seen = np.ascontiguousarray(values[there]), level.n + np.arange(len(there))
            levels, _ = level.before_each(known)
            surprises = np.abs(known - levels[:-1])
            if len(seen) and seen[0] == 0:
                surprises[0] = 0.0
            errors, _ = error.before_each(surprises)
            for present, usual in ((levels[1:], self.usual_level_[column]), (errors[1:], self.usual_error_[column])):
                mean, variance = (moment[:-1] for moment in usual.before_each(present))
                floor = np.maximum(LEAST_SHARE * (np.abs(present) + np.abs(mean)), 5e-324)
                z = np.abs(present - mean) / np.maximum(np.sqrt(variance), floor)
                scores[there] = np.maximum(scores[there], np.where(seen >= self.warm_up, z, 0.0))
        self.n_seen_ += len(X)
        return scores


def _floor(a: float, b: float) -> float:
    """The least deviation that counts: a series without any variation would make every change infinite."""
    return max(LEAST_SHARE * (abs(a) + abs(b)), 5e-324)
