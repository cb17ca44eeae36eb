"""Quality on a series, counted by event: an anomaly that lasts a hundred rows is one thing to find, not a hundred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.core.metrics.counting import share
from course_lib.core.validation import check_labels, to_numpy


def events(y: Any) -> np.ndarray:
    """First row and end (excluded) of every run of ones, shape (n_events, 2); ``y[first:end]`` is the run."""
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    steps = np.diff(y, prepend=0, append=0)
    return np.column_stack([np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)])


@dataclass(frozen=True)
class EventCounts:
    """What alarms found, counted by event.

    Parameters
    ----------
    events, found : int
        Labelled events, and those with at least one flagged row.
    alarms, false_alarms : int
        Runs of flagged rows, and those that touch no event.
    flagged_rows, flagged_inside : int
        Flagged rows, and those inside an event.
    """

    events: int
    found: int
    alarms: int
    false_alarms: int
    flagged_rows: int
    flagged_inside: int

    @property
    def recall(self) -> float:
        """Share of the events that were found."""
        return share(self.found, self.events)

    @property
    def precision(self) -> float:
        """Share of the flagged rows that lie inside an event.

        Rows and not alarms are counted: one alarm that never ends would be a single, correct alarm.
        """
        return share(self.flagged_inside, self.flagged_rows)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, the composite F-score of Garg et al."""
        return share(2 * self.precision * self.recall, self.precision + self.recall)


def count_events(y: Any, predictions: Any) -> EventCounts:
    """Count found events and false alarms of 0/1 `predictions`, shape (n,), against labels `y`, shape (n,).

    References
    ----------
    Garg, Zhang, Samaran, Savitha and Foo, 2021, An Evaluation of Anomaly Detection and Diagnosis in Multivariate Time
    Series.
    """
    y, flagged = _pair_of_labels(y, predictions)
    true, alarms = events(y), events(flagged)
    return EventCounts(
        len(true),
        int(_any_inside(flagged, true).sum()),
        len(alarms),
        int((~_any_inside(y, alarms)).sum()),
        int(flagged.sum()),
        int((flagged & y).sum()),
    )


def detection_delays(y: Any, predictions: Any) -> np.ndarray:
    """Rows from the beginning of each event to the first flagged row inside it, shape (n_events,); NaN where missed."""
    y, flagged = _pair_of_labels(y, predictions)
    delays = [np.flatnonzero(flagged[first:end])[:1] for first, end in events(y)]
    return np.array([rows[0] if len(rows) else np.nan for rows in delays], dtype=float)


def point_adjust(y: Any, values: Any) -> np.ndarray:
    """A TRAP, here to be recognised: give every row of an event the event's highest prediction or score.

    With 0/1 predictions a single hit counts as the whole event; with scores, ``best_f1(y, point_adjust(y, scores))``
    is the "point-adjusted F1" of many papers. Labels leak into the predictions, and the longer the events the better
    chance does: random scores reach published results (Kim et al.). Judge by :func:`count_events` or VUS instead.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
    values : array-like, shape (n,)
        Predictions or scores.

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    Xu et al., 2018, Unsupervised Anomaly Detection via Variational Auto-Encoder for Seasonal KPIs in Web Applications
    (who proposed it); Kim, Choi, Choi, Lee and Yoon, 2022, Towards a Rigorous Evaluation of Time-Series Anomaly
    Detection (who took it apart).
    """
    adjusted = np.array(to_numpy(values))
    y = check_labels(y, len(adjusted.ravel()))
    for first, end in events(y):
        adjusted[first:end] = adjusted[first:end].max()
    return adjusted


def _pair_of_labels(y: Any, predictions: Any) -> tuple[np.ndarray, np.ndarray]:
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    return y, check_labels(predictions, len(y), "predictions")


def _any_inside(values: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Whether any of the 0/1 `values` inside each run is 1, shape (n_runs,)."""
    total = np.concatenate([[0], np.cumsum(values)])
    return total[runs[:, 1]] > total[runs[:, 0]]
