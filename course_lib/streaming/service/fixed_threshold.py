"""A threshold that stays where it was put, and what the service expects of any threshold."""

from __future__ import annotations

import math
from typing import Any, Protocol, Self

import numpy as np

from course_lib.streaming.online import Online


class Threshold(Protocol):
    """What the thresholds of `course_lib.streaming` have in common."""

    @property
    def threshold(self) -> float:
        """The score above which an event is flagged; infinite while there is too little to go by."""

    def update(self, score: float) -> bool:
        """Flag a score, then learn from it."""

    def update_many(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Flags and the thresholds that each score was held against, (n,) both: what the loop gives."""

    def clone(self) -> Self:
        """A fresh one with the same parameters."""

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Its memory as arrays and JSON."""


class FixedThreshold(Online):
    """Flags every score above one number: 3 for a z-score, say. It learns nothing.

    Parameters
    ----------
    value : float
    """

    def __init__(self, value: float = 3.0) -> None:
        self.value = value

    @property
    def threshold(self) -> float:
        """The number."""
        if not isinstance(self.value, (int, float)) or not -math.inf < self.value < math.inf:
            raise ValueError(f"value must be a finite number, but is {self.value!r}.")
        return self.value

    def update(self, score: float) -> bool:
        """Whether the score is above the number."""
        return score > self.threshold

    def update_many(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Flags and thresholds of a block, shape (n,) both."""
        scores = np.asarray(scores, dtype=float)
        return scores > self.threshold, np.full(len(scores), float(self.threshold))
