"""Where to draw the line: rules that turn anomaly scores into one threshold.

Every rule is a small object with one method, ``place(scores, y=None) -> float``; a score *above* the threshold is an
anomaly. Rules are scikit-learn estimators in so far as ``get_params`` and ``clone`` work on them, so a grid search can
reach them as ``threshold__share``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import precision_recall_curve, roc_curve

from course_lib.core.validation import check_labels, check_scores


class ThresholdRule(BaseEstimator):
    """Base of all rules: `place` validates once, subclasses write ``_place(scores, y)``."""

    needs_labels = False

    def place(self, scores: Any, y: Any = None) -> float:
        """Place the threshold.

        Parameters
        ----------
        scores : array-like, shape (n,)
            Anomaly scores, higher is more anomalous.
        y : array-like of 0 and 1, shape (n,), optional
            Labels; only the rules that say so use them.

        Returns
        -------
        float
            Scores above it are anomalies.

        Raises
        ------
        ValueError
            If the scores are not finite, labels are missing or wrong, or the rule's own number is out of range.
        """
        self.check()
        scores = check_scores(scores)
        labels = None if y is None else check_labels(y, len(scores))
        if self.needs_labels:
            self.check_labels_given(y)
            if labels is not None and labels.min() == labels.max():
                raise ValueError(f"{type(self).__name__} needs both classes in y, but every label is {labels[0]}.")
        return float(self._place(scores, labels))

    def check(self) -> None:
        """Refuse a number out of range; detectors ask before they train, not after."""

    def check_labels_given(self, y: Any) -> None:
        """Refuse to go on without labels if this rule learns from them."""
        if self.needs_labels and y is None:
            raise ValueError(f"{type(self).__name__} learns the threshold from labels: pass y (0 normal, 1 anomaly).")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        raise NotImplementedError

    def _require(self, ok: bool, name: str, wanted: str) -> None:
        if not ok:
            raise ValueError(f"{type(self).__name__} needs {name} {wanted}, but got {getattr(self, name)!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(np.isfinite(value))


class Contamination(ThresholdRule):
    """The share of anomalies is assumed known: the highest `share` of the scores lie above the threshold.

    Parameters
    ----------
    share : float in (0, 0.5]
    """

    def __init__(self, share: float = 0.1):
        self.share = share

    def check(self) -> None:
        self._require(_is_number(self.share) and 0 < self.share <= 0.5, "share", "above 0 and at most 0.5")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        return np.quantile(scores, 1 - self.share)


class Percentile(ThresholdRule):
    """A percentile of the scores, usually of normal data only.

    Parameters
    ----------
    q : float in [0, 100]
    """

    def __init__(self, q: float = 99.0):
        self.q = q

    def check(self) -> None:
        self._require(_is_number(self.q) and 0 <= self.q <= 100, "q", "between 0 and 100")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        return np.percentile(scores, self.q)


class Sigma(ThresholdRule):
    """Mean plus `k` standard deviations; honest only when the scores are roughly normally distributed.

    Parameters
    ----------
    k : float, positive
    """

    def __init__(self, k: float = 3.0):
        self.k = k

    def check(self) -> None:
        self._require(_is_number(self.k) and self.k > 0, "k", "above 0")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        return scores.mean() + self.k * scores.std()


class MAD(ThresholdRule):
    """Median plus `k` robust deviations (1.4826 x the median absolute deviation, a standard deviation for normal data).

    Parameters
    ----------
    k : float, positive

    References
    ----------
    Iglewicz and Hoaglin, 1993, How to Detect and Handle Outliers.
    """

    def __init__(self, k: float = 3.5):
        self.k = k

    def check(self) -> None:
        self._require(_is_number(self.k) and self.k > 0, "k", "above 0")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        median = np.median(scores)
        return median + self.k * 1.4826 * np.median(np.abs(scores - median))


class FalsePositiveRate(ThresholdRule):
    """At most `budget` of new normal samples are flagged, on average over held-out sets (split conformal prediction).

    Of m held-out normal scores the threshold is the ceil((m + 1)(1 - budget))-th smallest. A plain percentile of the
    same scores promises slightly less than it seems to, most of all for small m.

    Parameters
    ----------
    budget : float in (0, 1)
        With labels, only the scores of normal samples are used; without, all scores count as normal.

    References
    ----------
    Bates, Candes, Lei, Romano and Sesia, 2023, Testing for Outliers with Conformal p-values.
    """

    def __init__(self, budget: float = 0.05):
        self.budget = budget

    def check(self) -> None:
        self._require(_is_number(self.budget) and 0 < self.budget < 1, "budget", "between 0 and 1, both excluded")

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        normal = np.sort(scores if y is None else scores[y == 0])
        # Rounding guards against (m + 1)(1 - budget) landing a hair above a whole number.
        rank = max(1, int(np.ceil(round((len(normal) + 1) * (1 - self.budget), 9))))
        if rank > len(normal):
            needed = int(np.ceil(round(1 / self.budget, 9))) - 1
            raise ValueError(
                f"A false-positive budget of {self.budget:g} needs at least {needed} normal scores, "
                f"but there are {len(normal)}: hold out more normal data or allow a larger budget."
            )
        return normal[rank - 1]


def _between(values: np.ndarray, cut: float) -> float:
    """Halfway between `cut`, the lowest flagged score, and the highest score below it, so that > and >= agree."""
    below = values[values < cut]
    if not below.size:
        return float(np.nextafter(cut, -np.inf))
    middle = (cut + below.max()) / 2
    return float(middle) if middle < cut else float(below.max())


class BestF1(ThresholdRule):
    """The threshold with the highest F1 on labelled scores. On the test set this is a peek, not a method."""

    needs_labels = True

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        precision, recall, cuts = precision_recall_curve(y, scores)
        total = precision[:-1] + recall[:-1]
        f1 = 2 * precision[:-1] * recall[:-1] / np.where(total > 0, total, 1)
        return _between(scores, cuts[int(f1.argmax())])


class Youden(ThresholdRule):
    """The point of the ROC curve with the largest true-positive rate minus false-positive rate.

    References
    ----------
    Youden, 1950, Index for Rating Diagnostic Tests.
    """

    needs_labels = True

    def _place(self, scores: np.ndarray, y: np.ndarray | None) -> float:
        false_positive, true_positive, cuts = roc_curve(y, scores)
        best = int((true_positive - false_positive).argmax())
        # The first point of the curve flags nothing: scikit-learn marks it with an infinite cut.
        return float(scores.max()) if np.isinf(cuts[best]) else _between(scores, cuts[best])
