"""What all thresholds of a stream share: they flag a score, learn it, and do not let anomalies become normal."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.validation import check_scores
from course_lib.streaming.online import Online

# At least this share of the last `patience` scores flagged: then it is no anomaly any more.
LASTING = 0.5


class StreamingThreshold(Online):
    """Base class: a subclass writes ``_start()``, ``_take(score)``, ``_limit()`` and ``_capped(score)``.

    With the guard the first flagged score of a run is learnt as if it lay just a little above what is usual, and those
    that follow it without a break not at all: an anomaly hardly lifts the threshold. (Leaving all of them out would cut
    the top off what the threshold knows; it would sink, flag more, know still less of the top, and sink on.) But a
    stream that has really changed would be flagged for ever. So the last `patience` scores are remembered,
    flagged or not; when at least half of them were flagged, the change counts as real, and the threshold starts anew
    from these scores.

    Attributes
    ----------
    n_restarts_ : int
        Changes that were taken for real so far.
    """

    guard: bool
    patience: int
    n_restarts_: int = 0
    latest_: deque[float] | None = None

    def _start(self) -> None:
        """Check the parameters and make an empty memory."""
        raise NotImplementedError

    def _take(self, score: float) -> None:
        """Learn one score."""
        raise NotImplementedError

    def _limit(self) -> float:
        """The present threshold."""
        raise NotImplementedError

    def _capped(self, score: float) -> float:
        """What a flagged score counts for with the guard on."""
        raise NotImplementedError

    def _open(self) -> None:
        check_whole("patience", self.patience, 2)
        self._start()
        self.latest_ = deque(maxlen=self.patience)
        self.flags_: deque[bool] = deque(maxlen=self.patience)
        self.flagged_ = 0

    @property
    def threshold(self) -> float:
        """Scores above it are flagged; infinite while there is too little to go by."""
        return self._limit() if self.latest_ is not None else math.inf

    def flag_one(self, score: float) -> bool:
        """Whether the score lies above the threshold; changes nothing."""
        return float(score) > self.threshold

    def learn_one(self, score: float) -> None:
        """Learn a finite score."""
        self.update(score)

    def update(self, score: float) -> bool:
        """Flag a score, then learn it.

        Raises
        ------
        ValueError
            If the score is not finite.
        """
        score = float(score)
        if not math.isfinite(score):
            raise ValueError(f"{type(self).__name__} needs finite scores, but got {score!r}.")
        if self.latest_ is None:
            self._open()
        assert self.latest_ is not None
        flag = score > self._limit()
        if not self.guard:
            self._take(score)
            return flag
        running = bool(self.flags_) and self.flags_[-1]
        if len(self.flags_) == self.patience:
            self.flagged_ -= self.flags_[0]
        self.latest_.append(score)
        self.flags_.append(flag)
        self.flagged_ += flag
        if not flag:
            self._take(score)
        elif not running:
            self._take(self._capped(score))
        if flag and self.flagged_ >= LASTING * self.patience:
            self._restart(list(self.latest_))
            self.n_restarts_ += 1
            self.flags_.clear()
            self.latest_.clear()
            self.flagged_ = 0
        return flag

    def _restart(self, scores: list[float]) -> None:
        """Begin anew with these scores."""
        self._start()
        for score in scores:
            self._take(score)

    def update_many(self, scores: Any) -> tuple[np.ndarray, np.ndarray]:
        """Flag and learn scores in their order, shape (n,).

        Returns
        -------
        flags : ndarray of bool, shape (n,)
        thresholds : ndarray of float, shape (n,)
            The threshold that each score was held against.
        """
        scores = check_scores(scores)
        flags, thresholds = np.zeros(len(scores), dtype=bool), np.empty(len(scores))
        for place, score in enumerate(scores.tolist()):
            thresholds[place] = self.threshold
            flags[place] = self.update(score)
        return flags, thresholds
