"""A threshold that follows a high quantile of the latest scores."""

from __future__ import annotations

import math

from course_lib.core.parameters import check_whole
from course_lib.streaming.checks import check_number
from course_lib.streaming.rolling_quantile import RollingQuantile
from course_lib.streaming.threshold import StreamingThreshold

# With the guard a flagged score counts as this share above the quantile, at most.
LIFT = 0.1


class RollingQuantileThreshold(StreamingThreshold):
    """The `q`-quantile of the last `window` scores, times `margin`.

    Without a margin about the share 1 - q of all scores is flagged, whether or not anything is wrong.

    Parameters
    ----------
    q : float in (0, 1)
    window : int
    margin : float
        The threshold is this many times the quantile.
    warm_up : int
        Scores before anything is flagged. After a change the scores that brought it to light are enough.
    guard : bool
        Do not learn what is flagged; see :class:`~course_lib.streaming.threshold.StreamingThreshold`.
    patience : int
    """

    def __init__(
        self,
        q: float = 0.995,
        window: int = 1000,
        margin: float = 1.0,
        warm_up: int = 100,
        guard: bool = True,
        patience: int = 50,
    ):
        self.q = q
        self.window = window
        self.margin = margin
        self.warm_up = warm_up
        self.guard = guard
        self.patience = patience

    def _start(self) -> None:
        check_number("q", self.q, 0, 1)
        check_number("margin", self.margin, 0)
        check_whole("warm_up", self.warm_up, 2)
        check_whole("window", self.window, self.warm_up)
        self.recent_ = RollingQuantile(self.q, self.window)

    def _take(self, score: float) -> None:
        self.recent_.learn_one(score)

    def _capped(self, score: float) -> float:
        usual = self.recent_.value
        return min(score, usual + LIFT * abs(usual))

    def _limit(self) -> float:
        needed = self.warm_up if self.n_restarts_ == 0 else 2
        return self.margin * self.recent_.value if self.recent_.n >= needed else math.inf
