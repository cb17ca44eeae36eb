"""Quality at one threshold: the confusion matrix and the rates that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.core.validation import check_labels, to_numpy


@dataclass(frozen=True)
class Counts:
    """The confusion matrix at one threshold, and the rates that follow from it."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of real anomalies among the flagged; 0 when nothing is flagged."""
        return share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the anomalies that were flagged."""
        return share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> float:
        """Share of the normal samples that were flagged."""
        return share(self.false_positives, self.false_positives + self.true_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)


def share(part: float, whole: float) -> float:
    """A ratio that is 0 where there is nothing to divide by."""
    return part / whole if whole else 0.0


def confusion(y: Any, predictions: Any) -> Counts:
    """Count hits and misses of 0/1 `predictions`, shape (n,), against labels `y`, shape (n,)."""
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    hit = check_labels(predictions, len(y), "predictions") == 1
    return Counts(
        int((y[hit] == 1).sum()),
        int((y[hit] == 0).sum()),
        int((y[~hit] == 1).sum()),
        int((y[~hit] == 0).sum()),
    )
