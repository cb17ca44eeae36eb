"""Nearest neighbours of windows: a stretch of a series is anomalous if nothing like it was seen in training."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from course_lib.core.parameters import check_whole
from course_lib.core.preprocessing import apply_scaling, fit_scaling
from course_lib.core.runtime import draw_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.core.windows import WindowPlan, plan_windows, score_by_windows
from course_lib.ml.knn import KNN


class WindowKNN(KNN):
    """KNN on the windows of one series; each row takes the mean score of the windows that cover it.

    Every window is one long row of ``window * n_features`` numbers, each feature scaled. Of the training windows only
    a random sample is kept: time and memory grow with it. The plain baseline of every sequence model.

    Parameters
    ----------
    window : int
        Rows in a window.
    n_windows : int
        Training windows to keep; all if there are fewer.
    scoring_stride : int
        From one scored window to the next; every row is covered as long as it is at most `window`.
    n_neighbors, method, device
        As in :class:`course_lib.ml.KNN`.
    scaling : {"standard", "minmax", "robust"} or None
        Of each feature, learnt in ``fit``.
    random_state : int or None
        Draws the training windows.
    threshold : ThresholdRule, optional
    """

    def __init__(
        self,
        window: int = 50,
        n_windows: int = 2000,
        scoring_stride: int = 1,
        n_neighbors: int = 5,
        method: str = "largest",
        scaling: str | None = "standard",
        device: str = "auto",
        random_state: int | None = None,
        threshold: ThresholdRule | None = None,
    ):
        super().__init__(n_neighbors, method, device, threshold)
        self.window = window
        self.n_windows = n_windows
        self.scoring_stride = scoring_stride
        self.scaling = scaling
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, breaks: Any = None) -> WindowKNN:
        """Keep a sample of the windows of a series, shape (n, n_features); none crosses one of `breaks`.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
            Rows in the order of time.
        y : array-like of 0 and 1, shape (n,), optional
            Only for threshold rules that need labels.
        breaks : array-like of int, optional
            Rows that begin a new stretch, see :func:`course_lib.core.windows.breaks_in_time`.

        Returns
        -------
        self
        """
        self._breaks = breaks
        try:
            super().fit(X, y)
        finally:
            del self._breaks
        return self

    def decision_function(self, X: Any, breaks: Any = None) -> np.ndarray:
        """One score for each row of a series, shape (n, n_features) to (n,); higher is more anomalous."""
        check_is_fitted(self)
        return self._finite(self._mean_over_windows(check_rows(self, X, reset=False), breaks))

    def predict(self, X: Any, breaks: Any = None) -> np.ndarray:
        """One label for each row of a series: 1 = anomaly, 0 = normal."""
        check_is_fitted(self)
        return self._label(self.decision_function(X, breaks))

    def neighbor_distances(self, X: Any) -> np.ndarray:
        """Distances of given windows, shape (n, window * n_features) and scaled, to the nearest kept ones."""
        check_is_fitted(self)
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != self.X_train_.shape[1]:
            raise ValueError(f"X needs flattened windows of shape (n, {self.X_train_.shape[1]}), but has {X.shape}.")
        return self._neighbors(X)

    def _fit(self, X: np.ndarray) -> np.ndarray:
        for name in ("window", "n_windows", "scoring_stride"):
            check_whole(name, getattr(self, name), 1)
        self.shift_, self.scale_ = fit_scaling(X, self.scaling)
        plan = self._plan(len(X), 1, self._breaks)
        whole = np.flatnonzero(plan.starts >= plan.first)
        if len(whole) <= self.n_neighbors:
            raise ValueError(
                f"A series of {len(X)} rows has {len(whole)} whole windows of {self.window}, and n_neighbors="
                f"{self.n_neighbors} needs more than that many: choose a shorter window or fewer neighbours."
            )
        self.seed_ = draw_seed(self.random_state)
        kept = np.random.default_rng(self.seed_).choice(whole, min(self.n_windows, len(whole)), replace=False)
        series = apply_scaling(X, self.shift_, self.scale_)
        super()._fit(plan.cut(series, np.sort(kept)).reshape(len(kept), -1))
        return self._mean_over_windows(X, self._breaks)

    def _mean_over_windows(self, X: np.ndarray, breaks: Any) -> np.ndarray:
        plan = self._plan(len(X), self.scoring_stride, breaks)
        series = apply_scaling(X, self.shift_, self.scale_)
        return score_by_windows(lambda windows: self._score(windows.reshape(len(windows), -1)), series, plan)

    def _plan(self, n: int, stride: int, breaks: Any) -> WindowPlan:
        return plan_windows(n, int(self.window), int(stride), breaks=breaks)
