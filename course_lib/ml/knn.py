"""Distance to the nearest neighbours: an anomaly is far from everything that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
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
        if not isinstance(self.n_neighbors, (int, np.integer)) or self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be a whole number of at least 1, but is {self.n_neighbors!r}.")
        if self.method not in ("largest", "mean", "median"):
            raise ValueError(f"method must be 'largest', 'mean' or 'median', but is {self.method!r}.")
        if self.n_neighbors >= len(X):
            raise ValueError(
                f"n_neighbors={self.n_neighbors} needs more than {self.n_neighbors} rows, but X has {len(X)}."
            )
        resolve_device(self.device)
        self.X_train_ = X.astype(np.float64)
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
        centre = self.X_train_.mean(axis=0)
        train = torch.as_tensor(self.X_train_ - centre, dtype=kind, device=device)
        queries = torch.as_tensor(X - centre, dtype=kind, device=device)
        rows = max(1, BLOCK_BYTES // (8 * max(train.shape)))
        return torch.cat([self._block(block, train) for block in queries.split(rows)]).cpu().double().numpy()

    def _block(self, queries: torch.Tensor, train: torch.Tensor) -> torch.Tensor:
        # One matrix product ranks all candidates; it rounds, so a few more than needed are kept ...
        keep = min(self.n_neighbors + 4, len(train))
        rough = (train**2).sum(1) - 2 * queries @ train.T
        near = rough.topk(keep, largest=False, sorted=False).indices
        # ... and their distances computed again from the differences, exactly.
        exact = torch.stack([(train[column] - queries).norm(dim=1) for column in near.T], dim=1).sort(dim=1).values
        itself = (exact[:, :1] == 0).expand(-1, self.n_neighbors)
        return torch.where(itself, exact[:, 1 : self.n_neighbors + 1], exact[:, : self.n_neighbors])

    def _score(self, X: np.ndarray) -> np.ndarray:
        distances = self._neighbors(X)
        if self.method == "largest":
            return distances[:, -1]
        return distances.mean(axis=1) if self.method == "mean" else np.median(distances, axis=1)
