"""The detectors that a combination takes when it is given none."""

from __future__ import annotations

from course_lib.core.detector import Detector
from course_lib.ml import KNN, PCA, ExtendedIsolationForest, IsolationForest
from course_lib.statistics.mahalanobis import Mahalanobis


def recommended_detectors(seed: int) -> list[tuple[str, Detector]]:
    """Three families that err differently, two of each so that no family outvotes the others.

    Random cuts, straight or oblique, find what is easy to set apart. Distances find what is far from its 5, or from its
    50 neighbours (5 are blind to anomalies that come in clumps). Covariances, of all rows or of the half that lies
    closest together, find what breaks the correlations.

    Parameters
    ----------
    seed : int
        Of the detectors that draw at random.

    Returns
    -------
    list of (str, Detector)
        Not fitted. They want features of comparable scale, and at least 51 rows.
    """
    return [
        ("forest", IsolationForest(random_state=seed)),
        ("oblique forest", ExtendedIsolationForest(random_state=seed)),
        ("5 neighbours", KNN(5)),
        ("50 neighbours", KNN(50)),
        ("components", PCA(0.9, "mahalanobis")),
        ("robust covariance", Mahalanobis(robust=True, random_state=seed)),
    ]
