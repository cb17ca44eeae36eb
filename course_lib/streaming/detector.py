"""The contract of every detector of a stream: river's verbs, scoring without side effects, blocks equal to the loop."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from course_lib.streaming.online import Online
from course_lib.streaming.rows import block_of, clean_row, listed, named_row, names_of


class StreamingDetector(Online):
    """Base class: checks each event once; a subclass writes ``_start``, ``_score`` and ``_learn``.

    A stream is scored first and learnt from afterwards, so that no event is judged by a model that has seen it.

    An event is a mapping of names to numbers, a row of numbers, or one number. The first event that is learnt fixes
    names and width. A feature that is absent, None or NaN counts as missing; each detector says what it makes of that.

    Attributes
    ----------
    n_seen_ : int
        Events learnt so far.
    n_features_in_ : int
        0 before the first.
    feature_names_ : list of str or None
        None if the events come as rows.

    References
    ----------
    Montiel and others, 2021, River: machine learning for streaming data in Python (the verbs).
    """

    n_seen_: int = 0
    n_features_in_: int = 0
    feature_names_: list[str] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # River asks isinstance(model, AnomalyDetector) before it takes the scores of a model as such.
        base = getattr(sys.modules.get("river.base"), "AnomalyDetector", None)
        if base is not None and not issubclass(StreamingDetector, base):
            base.register(StreamingDetector)
        return super().__new__(cls)

    def _check(self) -> None:
        """Refuse parameters out of range; called before the first event is learnt."""

    def _start(self, d: int) -> None:
        """Make the memory for `d` features."""
        raise NotImplementedError

    def _score(self, row: list[float], complete: bool) -> float:
        """Score one event of the right width after at least one was learnt; `complete`: no NaN in it."""
        raise NotImplementedError

    def _learn(self, row: list[float], complete: bool) -> None:
        """Learn one event; ``n_seen_`` still counts the events before it."""
        raise NotImplementedError

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        """Score, then learn, each row of a block in turn, shape (n, n_features); also counts them in ``n_seen_``."""
        scores = np.empty(len(X))
        complete = ~np.isnan(X).any(axis=1)
        for place, row in enumerate(X.tolist()):
            whole = bool(complete[place])
            scores[place] = self._score(row, whole) if self.n_seen_ else 0.0
            self._learn(row, whole)
            self.n_seen_ += 1
        return scores

    def score_one(self, x: Any) -> float:
        """Score an event: finite, HIGHER IS MORE ANOMALOUS, 0 before there is anything to compare with.

        Parameters
        ----------
        x : mapping, row of numbers, or number

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            One sentence: wrong length, unknown name, infinite value, text.
        """
        row, complete = self._row(x)
        return self._score(row, complete) if self.n_seen_ else 0.0

    def learn_one(self, x: Any) -> None:
        """Learn from an event; see :meth:`score_one` for what it may be."""
        row, complete = self._row(x)
        if not self.n_features_in_:
            self._begin(x, len(row))
        self._learn(row, complete)
        self.n_seen_ += 1

    def score_learn_one(self, x: Any) -> float:
        """Score an event, then learn from it: one check for both."""
        row, complete = self._row(x)
        if not self.n_features_in_:
            self._begin(x, len(row))
        score = self._score(row, complete) if self.n_seen_ else 0.0
        self._learn(row, complete)
        self.n_seen_ += 1
        return score

    def score_learn_many(self, X: Any) -> np.ndarray:
        """Score and learn a block of events in their order: what :meth:`score_learn_one` gives in a loop, but faster.

        Parameters
        ----------
        X : array-like (n, n_features) or (n,), DataFrame, or list of mappings

        Returns
        -------
        ndarray of float, shape (n,)
        """
        X, names = self._block(X)
        if len(X) and not self.n_features_in_:
            self._begin(dict.fromkeys(names) if names else None, X.shape[1])
        return self._score_learn(X) if len(X) else np.empty(0)

    def learn_many(self, X: Any) -> None:
        """Learn a block of events in their order."""
        self.score_learn_many(X)

    def score_many(self, X: Any) -> np.ndarray:
        """Score a block of events without learning any: shape (n,)."""
        X, _ = self._block(X)
        if not self.n_seen_:
            return np.zeros(len(X))
        complete = ~np.isnan(X).any(axis=1)
        rows = zip(X.tolist(), complete.tolist(), strict=True)
        return np.array([self._score(row, whole) for row, whole in rows], dtype=float)

    def _begin(self, x: Any, d: int) -> None:
        if d == 0:
            raise ValueError(f"{type(self).__name__} cannot learn from an event without features.")
        self._check()
        names = names_of(x) if isinstance(x, Mapping) else None
        self._start(d)
        self.feature_names_, self.n_features_in_ = names, d

    def _row(self, x: Any) -> tuple[list[float], bool]:
        """The event as floats in the known order, and whether none is missing; quick for a dict, list or 1-d array."""
        names = self.feature_names_
        try:
            if names is None:
                row = x if type(x) is list and len(x) == self.n_features_in_ else self._unusual_row(x)
            elif type(x) is dict and len(x) == len(names):
                row = [x[name] for name in names]
            else:
                row = self._unusual_row(x)
            # A sum is finite, and its difference with itself zero, exactly when all values are (up to overflow).
            total: Any = sum(row)
            if type(total) is float and total - total == 0.0:
                return row, True
        except KeyError:
            row = named_row(x, names or [], type(self).__name__)
        except TypeError:
            row = self._unusual_row(x)
        return clean_row(row, type(self).__name__)

    def _unusual_row(self, x: Any) -> list[Any]:
        names, who = self.feature_names_, type(self).__name__
        if isinstance(x, Mapping):
            if names is None and self.n_features_in_:
                raise TypeError(f"{who} has learnt rows of {self.n_features_in_} numbers: pass a row, not a mapping.")
            return named_row(x, names_of(x) if names is None else names, who)
        row = listed(x, who)
        if self.n_features_in_ and len(row) != self.n_features_in_:
            raise ValueError(f"{who} has learnt events of {self.n_features_in_} features, but this one has {len(row)}.")
        return row

    def _block(self, X: Any) -> tuple[np.ndarray, list[str] | None]:
        who = type(self).__name__
        array, names = block_of(X, self.feature_names_, who)
        if self.n_features_in_ and array.shape[1] != self.n_features_in_:
            raise ValueError(
                f"{who} has learnt events of {self.n_features_in_} features, but X has {array.shape[1]} columns."
            )
        if names is not None and self.feature_names_ is None and self.n_features_in_:
            raise TypeError(f"{who} has learnt rows without names: pass an array, X.to_numpy(), not named columns.")
        return array, names
