"""The search behind a counterfactual: add features one by one, or walk back from an ordinary row; then tidy up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.explain.normal_rows import NormalRows

NEIGHBOURS = 5  # ordinary rows from which the search walks back
FORWARD = 8  # features that are added one by one; where more are needed, walking back does as well and is much quicker
LINE = 33  # places on the way to the row's own value that are scored at once; two rounds give a thousandth of the way


class Search:
    """Look for the smallest change of one row.

    Parameters
    ----------
    row : ndarray, shape (n_features,)
        Its score lies above `threshold`.
    score : callable
        (n, n_features) to (n,).
    threshold : float
    normal : NormalRows
    allowed : ndarray of int
        Columns that may change.
    most : int
        How many of them may.
    within_range : bool
        Keep changed values inside the background's range.
    """

    def __init__(
        self,
        row: np.ndarray,
        score: Callable[[np.ndarray], np.ndarray],
        threshold: float,
        normal: NormalRows,
        allowed: np.ndarray,
        most: int,
        within_range: bool,
    ):
        self.row, self.score, self.threshold, self.normal = row, score, threshold, normal
        self.allowed, self.most, self.within_range = allowed, most, within_range

    def best(self) -> np.ndarray:
        """The changed row; its score says whether the search succeeded."""
        forward = self._forward()
        candidates = [forward, *self._backward()]
        normal = self.score(np.stack(candidates)) <= self.threshold
        if not normal.any():
            return forward
        reached = [self._tidied(row) for row, fine in zip(candidates, normal, strict=True) if fine]
        return min(reached, key=lambda row: (len(self._changed(row)), self._length(row)))

    def _forward(self) -> np.ndarray:
        """Add the feature that helps most, again and again, until the score is low enough."""
        current, chosen = self.row.copy(), np.array([], dtype=int)
        best = self.score(current[None])[0]
        for _ in range(min(self.most, FORWARD)):
            trials = []
            for column in np.setdiff1d(self.allowed, chosen):
                columns = np.append(chosen, column)
                joint = self.row.copy()
                joint[columns] = self.normal.expected(self.row, columns)
                trials.append(joint)
                alone = np.repeat(current[None], len(self.normal.quantiles), axis=0)
                alone[:, column] = self.normal.quantiles[:, column]
                trials.extend(alone)
            if not trials:
                break
            scores = self.score(np.stack(trials))
            if scores.min() >= best:
                break
            # Of equally good ones the first: the value that the other features let expect.
            current, best = trials[int(scores.argmin())], scores.min()
            chosen = self._changed(current)
            if best <= self.threshold:
                break
        return current

    def _backward(self) -> list[np.ndarray]:
        """From each ordinary row nearby, give back all values that the threshold allows."""
        found = []
        for neighbour in self.normal.nearest(self.row, NEIGHBOURS):
            start = self.row.copy()
            start[self.allowed] = neighbour[self.allowed]
            if self.score(start[None])[0] > self.threshold:
                continue  # the features that cannot change are too strange
            end = self._given_back(start)
            if len(self._changed(end)) <= self.most:
                found.append(end)
        return found

    def _given_back(self, current: np.ndarray) -> np.ndarray:
        """Return features to their own values, many at once, as long as the score stays low enough."""
        while len(changed := self._changed(current)):
            single = np.repeat(current[None], len(changed), axis=0)
            single[np.arange(len(changed)), changed] = self.row[changed]
            scores = self.score(single)
            order = changed[np.argsort(scores, kind="stable")]
            if scores.min() > self.threshold:
                break
            together = np.repeat(current[None], len(order), axis=0)
            for count, column in enumerate(order):
                together[count:, column] = self.row[column]
            fine = self.score(together) <= self.threshold
            # The easiest one alone is fine; take the longest run of easy ones that is.
            current = together[int(fine.argmin()) - 1 if not fine.all() else -1]
        return current

    def _tidied(self, row: np.ndarray) -> np.ndarray:
        """Drop changes that are not needed, then shorten the others, the largest first."""
        row = self._given_back(row)
        size = np.abs(row - self.row) / self.normal.spread
        for column in self._changed(row)[np.argsort(-size[self._changed(row)], kind="stable")]:
            row = self._shortened(row, column)
        return row

    def _shortened(self, row: np.ndarray, column: int) -> np.ndarray:
        """Move one value back towards the row's own, as far as the score allows."""
        near, far = self.row[column], row[column]
        if self.within_range:
            near = np.clip(near, self.normal.low[column], self.normal.high[column])
        for _ in range(2):
            line = np.repeat(row[None], LINE, axis=0)
            line[:, column] = np.linspace(near, far, LINE)
            fine = self.score(line) <= self.threshold
            fine[-1] = True  # where it stands already
            first = int(fine.argmax())
            near, far = line[max(first - 1, 0), column], line[first, column]
        shorter = row.copy()
        shorter[column] = far
        return shorter

    def _changed(self, row: np.ndarray) -> np.ndarray:
        return np.flatnonzero(row != self.row)

    def _length(self, row: np.ndarray) -> float:
        return float((((row - self.row) / self.normal.spread) ** 2).sum())
