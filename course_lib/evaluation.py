"""Put detectors side by side on the same data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from course_lib.core.metrics import auroc, average_precision, bootstrap_interval

if TYPE_CHECKING:
    from course_lib.core.detector import Detector
    from course_lib.data import OneClassData


def compare(
    detectors: Mapping[str, Detector], data: OneClassData, *, repeats: int = 200, random_state: int | None = 0
) -> pd.DataFrame:
    """Fit detectors that are not fitted yet on ``data.X_train``, score ``data.X_test``, and tabulate the quality.

    Parameters
    ----------
    detectors : mapping of name to Detector
        Fitted ones are used as they are; the others are fitted in place.
    data : OneClassData
    repeats : int
        Bootstrap resamples for the interval of AUROC.

    Returns
    -------
    DataFrame
        One row each, in the order given: ``AUROC``, its 95% interval (``from``, ``to``), ``average precision``, and
        ``seconds`` for all that was done here (fitting only if it was still to do).
    """
    rows = {}
    for name, detector in detectors.items():
        start = time.perf_counter()
        if not hasattr(detector, "decision_scores_"):
            detector.fit(data.X_train)
        scores = detector.decision_function(data.X_test)
        seconds = time.perf_counter() - start
        low, high = bootstrap_interval(auroc, data.y_test, scores, repeats=repeats, random_state=random_state)
        rows[name] = {
            "AUROC": auroc(data.y_test, scores),
            "from": low,
            "to": high,
            "average precision": average_precision(data.y_test, scores),
            "seconds": seconds,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
