"""Online k-means: centres that move a little towards each event they win."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.streaming.piecewise import PiecewiseDetector


class OnlineKMeans(PiecewiseDetector):
    """Distance to the nearest of `n_clusters` centres, which follow the stream.

    The first `warm_up` events choose the centres, each far from those before it. From then on every piece of
    `batch_size` events is shared out among the centres, and each centre moves to the mean of all it has won. With
    pieces of one event this is MacQueen's algorithm. Scale the features first: a distance adds them up. A row with
    missing features is judged by the others, made up for their number, and not learnt.

    Parameters
    ----------
    n_clusters : int
    batch_size : int
        Events that are shared out at once.
    memory : int or None
        A centre weighs at most as much as this number of events, so that it can follow a drift. None: all of the past.
    warm_up : int or None
        Events before the first score; None: ten for each cluster.
    random_state : int or None

    Attributes
    ----------
    centres_ : ndarray, shape (n_clusters, n_features)
    weights_ : ndarray, shape (n_clusters,)
        Events that each centre has won, at most `memory`.

    References
    ----------
    MacQueen, 1967, Some Methods for Classification and Analysis of Multivariate Observations; Sculley, 2010, Web-Scale
    k-Means Clustering; Arthur and Vassilvitskii, 2007, k-means++: the Advantages of Careful Seeding.
    """

    def __init__(
        self,
        n_clusters: int = 8,
        batch_size: int = 16,
        memory: int | None = None,
        warm_up: int | None = None,
        random_state: int | None = None,
    ):
        self.n_clusters = n_clusters
        self.batch_size = batch_size
        self.memory = memory
        self.warm_up = warm_up
        self.random_state = random_state

    def _check(self) -> None:
        check_whole("n_clusters", self.n_clusters, 1)
        check_whole("batch_size", self.batch_size, 1)
        if self.memory is not None:
            check_whole("memory", self.memory, 1)
        if self.warm_up is not None:
            check_whole("warm_up", self.warm_up, self.n_clusters)
        draw_seed(self.random_state)

    def _start(self, d: int) -> None:
        super()._start(d)
        self.seed_ = draw_seed(self.random_state)

    def _next(self, n: int) -> int:
        first = 10 * self.n_clusters if self.warm_up is None else self.warm_up
        return first if n < first else n + self.batch_size

    def _renew(self, piece: np.ndarray) -> None:
        piece = piece[~np.isnan(piece).any(axis=1)]
        if not len(piece):
            return
        if not self.ready_:
            self._choose(piece)
            self.ready_ = True
        nearest = self._squared(piece).argmin(axis=1)
        for cluster in np.unique(nearest):
            won = piece[nearest == cluster]
            weight = self.weights_[cluster] + len(won)
            self.centres_[cluster] += (won - self.centres_[cluster]).sum(axis=0) / weight
            self.weights_[cluster] = weight if self.memory is None else min(weight, self.memory)

    def _choose(self, piece: np.ndarray) -> None:
        generator = np.random.default_rng(self.seed_)
        chosen = [int(generator.integers(len(piece)))]
        distance = ((piece - piece[chosen[0]]) ** 2).sum(axis=1)
        while len(chosen) < self.n_clusters:
            # With fewer different events than clusters, some centres coincide; the first of them wins.
            share = distance / distance.sum() if distance.sum() > 0 else None
            chosen.append(int(generator.choice(len(piece), p=share)))
            distance = np.minimum(distance, ((piece - piece[chosen[-1]]) ** 2).sum(axis=1))
        self.centres_ = piece[chosen].copy()
        self.weights_ = np.zeros(self.n_clusters)

    def _squared(self, X: np.ndarray) -> np.ndarray:
        """Squared distances, shape (n, n_clusters); missing features take the mean of the others."""
        squares = (X[:, None, :] - self.centres_) ** 2
        there = ~np.isnan(X)
        if there.all():
            return squares.sum(axis=2)
        share = X.shape[1] / np.maximum(there.sum(axis=1), 1)
        return np.where(there[:, None, :], squares, 0.0).sum(axis=2) * share[:, None]

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        return np.sqrt(self._squared(X).min(axis=1))
