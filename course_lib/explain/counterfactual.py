"""The smallest change that makes a row normal: few features, each moved as little as will do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.explain.counterfactual_search import Search
from course_lib.explain.feature_names import names_of
from course_lib.explain.normal_rows import NormalRows
from course_lib.explain.scoring import score_function
from course_lib.explain.tables import check_table

ROUNDING = 1e-5  # of the threshold: a network's score of a row changes in its last digits with the batch


@dataclass(frozen=True, eq=False)
class Changes:
    """What would have made rows normal.

    Parameters
    ----------
    data, changed : ndarray, shape (n, n_features)
        The rows before and after.
    scores_before, scores : ndarray, shape (n,)
    threshold : float
        A row is normal if its score is at most this.
    found : ndarray of bool, shape (n,)
        False: no change was found, and `changed` is the best that was.
    distance : ndarray, shape (n,)
        Length of the change, each feature in units of the background's standard deviation.
    spread : ndarray, shape (n_features,)
        Those deviations.
    feature_names : tuple of str
    """

    data: np.ndarray
    changed: np.ndarray
    scores_before: np.ndarray
    scores: np.ndarray
    threshold: float
    found: np.ndarray
    distance: np.ndarray
    spread: np.ndarray
    feature_names: tuple[str, ...]

    def features(self, row: int = 0) -> list[str]:
        """Names of the features that change, the largest change first (in standard deviations)."""
        size = np.abs(self.changed[row] - self.data[row]) / self.spread
        order = np.argsort(-size, kind="stable")
        return [self.feature_names[column] for column in order if size[column] > 0]

    def to_frame(self, row: int = 0) -> pd.DataFrame:
        """Columns feature, from, to and change (in standard deviations), the largest change first."""
        columns = [self.feature_names.index(name) for name in self.features(row)]
        before, after = self.data[row, columns], self.changed[row, columns]
        return pd.DataFrame(
            {
                "feature": self.features(row),
                "from": before,
                "to": after,
                "change": (after - before) / self.spread[columns],
            }
        )

    def sentence(self, row: int = 0) -> str:
        """The change in words."""
        if self.scores_before[row] <= self.threshold:
            return "Normal as it is."
        moves = [
            f"{name} were {after:.4g} instead of {before:.4g}"
            for name, before, after, _ in self.to_frame(row).itertuples(index=False)
        ]
        if self.found[row]:
            return f"Normal if {' and '.join(moves)}."
        if not moves:
            return "No allowed change brings the score down."
        return f"No allowed change makes it normal; closest if {' and '.join(moves)}."


class Counterfactual:
    """Search for the smallest change that brings a row's score to the threshold or below; no gradients needed.

    Two searches, of which the better result counts: fewer features, then the shorter way. Forward: add one feature
    after the other, always the one that lowers the score most, at the value that the unchanged features let expect or
    at a quantile of the background. Backward: start from an ordinary row nearby and give back as many of the row's own
    values as the threshold allows. Then features that turn out not to be needed go back, and the others move back
    towards their own values as far as the score allows.

    Changed values stay within the background's range, feature by feature. No statement about causes: the change is
    one in the eyes of the detector.

    Parameters
    ----------
    detector : Detector or callable
        Fitted; or any score of rows, (n, n_features) to (n,), with `threshold`.
    background : array-like, shape (n_rows, n_features)
        Ordinary rows.
    max_features : int or None
        Change at most so many.
    fixed : collection of int or str
        Features, by column or name, that cannot be changed, such as the time of day.
    within_range : bool
        False: changed values may leave the background's range on the way back to the row's own value.
    threshold : float or None
        None: the detector's ``threshold_``.
    feature_names : sequence of str, optional
    random_state : int or None
        Draws the rows that represent a large background.

    References
    ----------
    Wachter, Mittelstadt and Russell, 2018, Counterfactual Explanations Without Opening the Black Box. Guidotti et al.,
    2019, Factual and Counterfactual Explanations for Black Box Decision Making.
    """

    def __init__(
        self,
        detector: Any,
        background: Any,
        max_features: int | None = None,
        *,
        fixed: Collection[int | str] = (),
        within_range: bool = True,
        threshold: float | None = None,
        feature_names: Sequence[str] | None = None,
        random_state: int | None = None,
    ):
        self.detector = detector
        self.background = background
        self.max_features = max_features
        self.fixed = fixed
        self.within_range = within_range
        self.threshold = threshold
        self.feature_names = feature_names
        self.random_state = random_state

    def explain(self, X: Any) -> Changes:
        """Search for each row of `X`, shape (n, n_features); rows that are normal already stay as they are.

        Raises
        ------
        ValueError, TypeError
            If shapes or parameters do not fit, or too few background rows are normal.
        """
        names = names_of(X, self.feature_names)
        score, threshold = score_function(self.detector), self._threshold()
        normal = NormalRows(self.background, score, threshold, draw_seed(self.random_state))
        rows = check_table(X, "X", len(normal.spread)).copy()  # a DataFrame lends a view that cannot be written to
        allowed = self._allowed(names)
        most = self._most(len(allowed))
        before = score(rows)
        changed = rows.copy()
        for number in np.flatnonzero(before > threshold):
            target = threshold - ROUNDING * abs(threshold)
            changed[number] = Search(rows[number], score, target, normal, allowed, most, self.within_range).best()
        after = score(changed)
        distance = np.sqrt((((changed - rows) / normal.spread) ** 2).sum(axis=1))
        return Changes(rows, changed, before, after, threshold, after <= threshold, distance, normal.spread, names)

    def _threshold(self) -> float:
        threshold = getattr(self.detector, "threshold_", None) if self.threshold is None else self.threshold
        if threshold is None:
            raise ValueError("There is no threshold to reach: fit the detector first, or pass threshold.")
        if not np.isfinite(threshold):
            raise ValueError(f"threshold must be a finite number, but is {threshold!r}.")
        return float(threshold)

    def _allowed(self, names: tuple[str, ...]) -> np.ndarray:
        columns = set()
        for feature in self.fixed:
            if isinstance(feature, str):
                if feature not in names:
                    raise ValueError(f"fixed names {feature!r}, but the features are {', '.join(names)}.")
                columns.add(names.index(feature))
            elif 0 <= feature < len(names):
                columns.add(int(feature))
            else:
                raise ValueError(f"fixed holds column {feature!r}, but the columns are 0 to {len(names) - 1}.")
        return np.setdiff1d(np.arange(len(names)), sorted(columns))

    def _most(self, n_allowed: int) -> int:
        if self.max_features is None:
            return n_allowed
        return min(check_whole("max_features", self.max_features, 1), n_allowed)
