"""Detectors that learn in small pieces: what they score with is frozen from one renewal to the next."""

from __future__ import annotations

import numpy as np

from course_lib.streaming.detector import StreamingDetector


class PiecewiseDetector(StreamingDetector):
    """Base class: events wait in `pending_` until the next renewal, which comes at counts that the data cannot move.

    Between two renewals every event is scored by the same model, so a block is scored as a whole, and a block and a
    loop renew at the same events with the same numbers: their scores are equal to the last bit.

    A subclass writes ``_next(n)``, the count of the renewal that follows the `n`-th event, ``_renew(piece)`` and
    ``_score_rows(X)``; it sets ``ready_`` once it can score.

    Attributes
    ----------
    pending_ : list of float
        Events since the last renewal, one after the other.
    due_ : int
        Count of events at which the next renewal happens.
    ready_ : bool
        Whether events are scored already; before, they score 0.
    """

    def _next(self, n: int) -> int:
        raise NotImplementedError

    def _renew(self, piece: np.ndarray) -> None:
        """Take the pending events, shape (k, n_features), into the model."""
        raise NotImplementedError

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        """Score rows with the frozen model, each as if it were alone."""
        raise NotImplementedError

    def _start(self, d: int) -> None:
        self.pending_: list[float] = []
        self.due_ = self._next(0)
        self.ready_ = False

    def _score(self, row: list[float], complete: bool) -> float:
        return float(self._score_rows(np.array([row], dtype=np.float64))[0]) if self.ready_ else 0.0

    def _learn(self, row: list[float], complete: bool) -> None:
        self.pending_ += row
        if self.n_seen_ + 1 == self.due_:
            self._end_piece(len(row))

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        scores, done = np.zeros(len(X)), 0
        while done < len(X):
            part = X[done : done + self.due_ - self.n_seen_]
            if self.ready_:
                scores[done : done + len(part)] = self._score_rows(part)
            self.pending_.extend(part.ravel().tolist())
            self.n_seen_ += len(part)
            done += len(part)
            if self.n_seen_ == self.due_:
                self.n_seen_ -= 1  # a renewal sees the same counts as in a loop
                self._end_piece(X.shape[1])
                self.n_seen_ += 1
        return scores

    def score_many(self, X: np.ndarray) -> np.ndarray:
        """Score a block of events without learning any: shape (n,)."""
        X, _ = self._block(X)
        return self._score_rows(X) if self.n_seen_ and self.ready_ and len(X) else np.zeros(len(X))

    def _end_piece(self, d: int) -> None:
        piece = np.array(self.pending_, dtype=np.float64).reshape(-1, d)
        self.pending_ = []
        self._renew(piece)
        self.due_ = self._next(self.n_seen_ + 1)


def growing(n: int, longest: int) -> int:
    """The next renewal: after each event at first, then every twentieth of the stream so far, at most `longest`."""
    return n + max(1, min(n // 20, longest))
