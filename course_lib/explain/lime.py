"""LIME for tables: look at the score around one row, and describe it there by a straight line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.preprocessing import fit_scaling
from course_lib.core.runtime import draw_seed
from course_lib.explain.explanation import Explanation
from course_lib.explain.scoring import score_function
from course_lib.explain.surrogate import weighted_ridge
from course_lib.explain.tables import check_table, find_names


class LIME:
    """Local linear explanations in standardised units of the background.

    The weight of a feature is how fast the score rises with it near the row (``extra["weights"]``, what the package
    lime reports without its bins). Its value is this weight times its distance from the background's mean, so that
    ``base_value + values.sum()`` is the line's own score of the row; ``gap()`` and ``extra["r2"]`` tell how well the
    line fits.

    Parameters
    ----------
    score : Detector or callable
        See :func:`course_lib.explain.scoring.score_function`.
    background : array-like, shape (m, d)
        Gives each feature's mean and deviation.
    n_samples : int
        Samples around each row, the row itself included.
    kernel_width : float, optional
        In standardised units; by default ``0.75 * sqrt(d)``.
    n_features : int, optional
        Features in the surrogate; by default all.
    around : {"row", "background"}
        Where samples are drawn. The background is lime's own default; an anomaly lies far from it, where such samples
        have almost no weight.
    random_state : int, optional
        Every row gets the same perturbations, so it is explained as if it were alone.
    feature_names : sequence of str, optional

    References
    ----------
    Ribeiro, Singh and Guestrin, 2016, "Why Should I Trust You?": Explaining the Predictions of Any Classifier.
    """

    def __init__(
        self,
        score: Any,
        background: Any,
        n_samples: int = 5000,
        kernel_width: float | None = None,
        n_features: int | None = None,
        around: str = "row",
        random_state: int | None = None,
        feature_names: Sequence[str] | None = None,
    ):
        self.score = score
        self.background = background
        self.n_samples = n_samples
        self.kernel_width = kernel_width
        self.n_features = n_features
        self.around = around
        self.random_state = random_state
        self.feature_names = feature_names
        self._score = score_function(score)
        self._background = check_table(background, "background", self._score.n_features)
        find_names(feature_names, None, background, score)
        check_whole("n_samples", n_samples, 2)
        check_width(kernel_width, allow_none=True)
        if n_features is not None:
            check_whole("n_features", n_features, 1)
        if around not in ("row", "background"):
            raise ValueError(f"around must be 'row' or 'background', but is {around!r}.")
        draw_seed(random_state)

    def explain(self, X: Any) -> Explanation:
        """Fit one surrogate for each row of `X`, shape (n, d).

        Returns
        -------
        Explanation
            With the surrogates' scores of the background's mean as base values, and in ``extra`` "weights" (n, d) and
            "r2" (n,).
        """
        rows = check_table(X, "X", self._background.shape[1])
        mean, scale = fit_scaling(self._background, "standard")
        d = rows.shape[1]
        width = 0.75 * math.sqrt(d) if self.kernel_width is None else float(self.kernel_width)
        rng = np.random.default_rng(draw_seed(self.random_state))
        noise = rng.standard_normal((int(self.n_samples), d))
        standard = (rows - mean) / scale
        fits = []
        for row in standard:
            samples = noise + row if self.around == "row" else noise.copy()
            samples[0] = row
            distances = np.linalg.norm(samples - row, axis=1)
            scores = self._score(samples * scale + mean)
            fits.append(weighted_ridge(samples, scores, distances, width, self.n_features))
        weights = np.array([fit.weights for fit in fits])
        return Explanation(
            values=weights * standard,
            base_value=np.array([fit.intercept for fit in fits]),
            scores=self._score(rows),
            data=rows,
            feature_names=find_names(self.feature_names, X, self.background, self.score),
            method="LIME",
            extra={"weights": weights, "r2": np.array([fit.r2 for fit in fits])},
        )


def check_width(kernel_width: Any, *, allow_none: bool = False) -> None:
    """Raise a ValueError unless the kernel's width is a positive, finite number."""
    if kernel_width is None and allow_none:
        return
    if not isinstance(kernel_width, (int, float, np.number)) or not 0 < kernel_width < math.inf:
        raise ValueError(f"kernel_width must be a positive number, but is {kernel_width!r}.")
