"""The facts on an incident's page, before anybody lays them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.explain.counterfactual import Changes


@dataclass(frozen=True, eq=False)
class Suspect:
    """One feature that is held responsible.

    Parameters
    ----------
    name : str
    share : float
        Of the contributions that raise the score, summed over the incident.
    value : float
        Where, in the incident, it is to blame most.
    low, high : float
        Between them lie 98 of 100 ordinary values.
    series : ndarray
        The feature over the shown rows.
    advice : str
        What to look at, in the words of whoever made the page; may be empty.
    """

    name: str
    share: float
    value: float
    low: float
    high: float
    series: np.ndarray
    advice: str

    @property
    def direction(self) -> str:
        """Where the value lies."""
        if self.value > self.high:
            return "above"
        return "below" if self.value < self.low else "inside"


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known about an incident.

    Parameters
    ----------
    title, detector : str
        Headline, and the kind of detector.
    rows : ndarray of int
        The incident's rows; `worst` is the one with the highest score.
    shown : slice
        Rows that the charts show, some before and after the incident.
    timestamps : ndarray, shape (n,)
    scores : ndarray, shape (n,)
    threshold : float
    ordinary : ndarray
        Scores of the background.
    suspects : list of Suspect
        The largest share first.
    other_share : float
        Share of all other features.
    method : str
        Who explains.
    additive : float
        The largest share of a score that the explanation leaves out.
    first : str
        The first feature at the worst row, which need not be the first over the whole incident.
    steady, trials : int
        In how many of so many repetitions with a little noise it stays the first.
    changes : Changes or None
        What would make the worst row normal.
    expected : list of (str, float, float)
        Feature, reading and what the detector expected, where it rebuilds series.
    """

    title: str
    detector: str
    rows: np.ndarray
    worst: int
    shown: slice
    timestamps: np.ndarray
    scores: np.ndarray
    threshold: float
    ordinary: np.ndarray
    suspects: list[Suspect]
    other_share: float
    method: str
    additive: float
    first: str
    steady: int
    trials: int
    changes: Changes | None
    expected: list[tuple[str, float, float]]

    @property
    def flagged(self) -> bool:
        """Whether the worst score lies above the threshold."""
        return bool(self.scores[self.worst] > self.threshold)

    @property
    def as_high(self) -> int:
        """Background rows that score at least as high as the worst row."""
        return int((self.ordinary >= self.scores[self.worst]).sum())
