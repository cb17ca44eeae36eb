"""A threshold that people correct: logistic regression of their verdicts, one label at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.streaming.checks import check_number
from course_lib.streaming.moments import RunningMoments
from course_lib.streaming.online import Online
from course_lib.streaming.rows import clean_row, listed


class FeedbackThreshold(Online):
    """Probability that an alarm is real, learnt from verdicts on earlier ones.

    Logistic regression with AdaGrad's steps on standardised inputs: a score, or a row of scores and whatever else helps
    to tell a real alarm from a nuisance. It starts from "a higher score is more anomalous" and a probability of one
    half at the mean of what it has seen.

    Parameters
    ----------
    at : float in (0, 1)
        Flag from this probability on: cost of a false alarm / (that + cost of a miss).
    learning_rate : float
        Size of the first steps.
    pull : float
        Strength of the pull back to the start; 0 for none.

    Attributes
    ----------
    n_seen_ : int
        Labels learnt.
    weights_ : ndarray, shape (1 + n_features,)
        Intercept and slopes on standardised inputs.

    References
    ----------
    Duchi, Hazan and Singer, 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization.
    """

    n_seen_: int = 0
    n_features_in_: int = 0

    def __init__(self, at: float = 0.5, learning_rate: float = 0.5, pull: float = 0.01):
        self.at = at
        self.learning_rate = learning_rate
        self.pull = pull

    def _values(self, x: Any) -> np.ndarray:
        row, complete = clean_row(listed(x, type(self).__name__), type(self).__name__)
        if not complete:
            raise ValueError("FeedbackThreshold needs all inputs, but one is missing: impute it first.")
        if self.n_features_in_ and len(row) != self.n_features_in_:
            raise ValueError(f"FeedbackThreshold has learnt {self.n_features_in_} inputs, but got {len(row)}.")
        return np.array(row)

    def score_one(self, x: Any) -> float:
        """Probability that `x` is a real anomaly; one half before the first label."""
        values = self._values(x)
        if not self.n_seen_:
            return 0.5
        return _logistic(float(self.weights_ @ self._inputs(values)))

    def flag_one(self, x: Any) -> bool:
        """Whether that probability reaches `at`."""
        return self.score_one(x) >= self.at

    def learn_one(self, x: Any, label: int) -> None:
        """Learn a verdict.

        Parameters
        ----------
        x : float or row of floats, shape (n_features,)
        label : 1 (a real anomaly) or 0 (a false alarm)
        """
        values = self._values(x)
        if label not in (0, 1):
            raise ValueError(f"A verdict is 1 (a real anomaly) or 0 (a false alarm), but got {label!r}.")
        if not self.n_features_in_:
            check_number("at", self.at, 0, 1)
            check_number("learning_rate", self.learning_rate, 0)
            check_number("pull", self.pull, -1e-12)
            self.n_features_in_ = len(values)
            self.moments_ = [RunningMoments() for _ in values]
            self.weights_ = np.array([0.0] + [1.0] * len(values))
            self.squares_ = np.zeros(len(values) + 1)
        for value, past in zip(values.tolist(), self.moments_, strict=True):
            past.learn_one(value)
        inputs = self._inputs(values)
        start = np.array([0.0] + [1.0] * len(values))
        error = _logistic(float(self.weights_ @ inputs)) - float(label)
        gradient = error * inputs + self.pull * (self.weights_ - start)
        self.squares_ += gradient * gradient
        self.weights_ -= self.learning_rate * gradient / np.sqrt(self.squares_ + 1e-8)
        self.n_seen_ += 1

    def _inputs(self, values: np.ndarray) -> np.ndarray:
        mean = np.array([past.mean for past in self.moments_])
        deviation = np.array([past.deviation for past in self.moments_])
        # Far beyond all that was seen a value says no more than at ten deviations.
        z = np.clip((values - mean) / np.where(deviation > 0, deviation, 1.0), -10, 10)
        return np.concatenate([[1.0], z])

    @property
    def threshold(self) -> float:
        """With one input: the value from which on it is flagged; infinite if none is."""
        if self.n_features_in_ != 1:
            raise ValueError(f"Only one input has a threshold of its own, and there are {self.n_features_in_}.")
        intercept, slope = self.weights_
        if slope <= 0:
            return math.inf
        past = self.moments_[0]
        return past.mean + (math.log(self.at / (1 - self.at)) - intercept) / slope * (past.deviation or 1.0)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
