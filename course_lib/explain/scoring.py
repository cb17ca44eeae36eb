"""How explainers call a score: millions of times, so networks get tensors on their device and rows are checked once."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.deep.autoencoder import Autoencoder
from course_lib.deep.series import SeriesDetector
from course_lib.deep.training import DeepDetector
from course_lib.explain.array_score import ArrayScore
from course_lib.explain.autoencoder_score import AutoencoderScore
from course_lib.explain.net_score import NetScore
from course_lib.ml.window_knn import WindowKNN
from course_lib.statistics.past import PastDetector


def score_function(score: Any) -> ArrayScore:
    """The score behind a detector or a function.

    Parameters
    ----------
    score : Detector, object with ``decision_function``, or callable
        Fitted; a function takes float64 rows (n, d) and returns (n,). Higher is more anomalous.

    Raises
    ------
    TypeError
        If it is none of these, or scores a row by its neighbours in time.
    """
    name = getattr(score, "__name__", type(score).__name__).replace("<lambda>", "The function")
    if isinstance(score, (SeriesDetector, PastDetector, WindowKNN)):
        raise TypeError(
            f"{name} scores a row by the rows around it, so the features of single rows cannot be swapped: pass a "
            "function that takes flattened windows and scores each of them."
        )
    if isinstance(score, Detector):
        check_is_fitted(score)
        if type(score).decision_function is not Detector.decision_function:
            return ArrayScore(score.decision_function, name, score.n_features_in_)
        if isinstance(score, DeepDetector):
            return AutoencoderScore(score) if type(score) is Autoencoder else NetScore(score)
        return ArrayScore(score._score, name, score.n_features_in_)
    if hasattr(score, "decision_function"):
        return ArrayScore(score.decision_function, name, getattr(score, "n_features_in_", None))
    if callable(score):
        return ArrayScore(score, name)
    raise TypeError(f"score must be a fitted detector or a function of rows, but is of type {name}.")
