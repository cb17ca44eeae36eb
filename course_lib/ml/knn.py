"""Distance to the nearest neighbours: an anomaly is far from everything that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.parameters import check_whole
from course_lib.core.runtime import resolve_device
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows

BLOCK_BYTES = 2**26  # of distances held at once


class KNN(Detector):
    """Distance to the `n_neighbors`-th nearest training row, or the mean or median of those distances.

    A training row is not its own neighbour. In ``decision_function`` too, one training row at distance exactly zero
    counts as the row itself, so that ``predict(X_train)`` equals ``labels_``; its further duplicates are neighbours.

    Parameters
    ----------
    n_neighbors : int, default 5
    method : {"largest", "mean", "median"}
    device : str, default "auto"
    threshold : ThresholdRule, optional

    References
    ----------
    Ramaswamy, Rastogi and Shim, 2000, Efficient Algorithms for Mining Outliers from Large Data Sets.
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        method: str = "largest",
        device: str = "auto",
        threshold: ThresholdRule | None = None,
    ):
        self.n_neighbors = n_neighbors
        self.method = method
        self.device = device
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray | None:
        check_whole("n_neighbors", self.n_neighbors, 1)
        if self.method not in ("largest", "mean", "median"):
            raise ValueError(f"method must be 'largest', 'mean' or 'median', but is {self.method!r}.")
        if self.n_neighbors >= len(X):
            raise ValueError(
                f"n_neighbors={self.n_neighbors} needs more than {self.n_neighbors} rows, but X has {len(X)}."
            )
        resolve_device(self.device)
        self.X_train_ = X.astype(np.float64)
        self.centre_ = np.median(self.X_train_, axis=0)  # the mean follows one broken reading
        return None

    def neighbor_distances(self, X: Any) -> np.ndarray:
        """Euclidean distances to the nearest training rows, ascending.

        Parameters
        ----------
        X : array-like, shape (n, n_features)

        Returns
        -------
        ndarray of float64, shape (n, n_neighbors)
        """
        check_is_fitted(self)
        return self._neighbors(check_rows(self, X, reset=False))

    def _neighbors(self, X: np.ndarray) -> np.ndarray:
        device = resolve_device(self.device)
        kind = torch.float32 if device.type == "mps" else torch.float64  # Apple's GPUs have no float64
        # Centred, so that a large common offset does not eat the digits of the product below.
        train = torch.as_tensor(self.X_train_ - self.centre_, dtype=kind, device=device)
        queries = torch.as_tensor(X - self.centre_, dtype=kind, device=device)
        rows = max(1, BLOCK_BYTES // (8 * max(train.shape)))
        return torch.cat([self._block(block, train) for block in queries.split(rows)]).cpu().double().numpy()

    def _block(self, queries: torch.Tensor, train: torch.Tensor) -> torch.Tensor:
        # One matrix product ranks all candidates, by what their squared distance must at least be: a product of d terms
        # rounds by no more than `slack` times the squared lengths.
        keep = min(self.n_neighbors + 4, len(train))
        precision = torch.finfo(train.dtype).eps
        slack = 2 * (train.shape[1] + 4) * precision
        rough = (1 - slack) * (train**2).sum(1) - 2 * queries @ train.T
        near = rough.topk(keep, largest=False, sorted=False)
        # The distances of a few more than needed are computed again from the differences, exactly ...
        columns = [(train[column] - queries).norm(dim=1) for column in near.indices.T]
        exact = torch.stack(columns, dim=1).sort(dim=1).values
        # ... and those of all, where one that was left out might be nearer (than its own duplicates, none is).
        left_out = near.values.amax(dim=1) + (1 - slack) * (queries**2).sum(1)
        squared = exact[:, self.n_neighbors] ** 2
        unsure = (squared > 0) & (left_out < (1 - precision**0.5) * squared)
        if keep < len(train) and unsure.any():
            every = torch.cdist(queries[unsure], train, compute_mode="donot_use_mm_for_euclid_dist")
            exact[unsure] = every.topk(keep, largest=False).values
        itself = (exact[:, :1] == 0).expand(-1, self.n_neighbors)
        return torch.where(itself, exact[:, 1 : self.n_neighbors + 1], exact[:, : self.n_neighbors])

    def _score(self, X: np.ndarray) -> np.ndarray:
        distances = self._neighbors(X)
        if self.method == "largest":
            return distances[:, -1]
        return distances.mean(axis=1) if self.method == "mean" else np.median(distances, axis=1)
