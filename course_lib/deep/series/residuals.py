"""Detectors that expect a reading and are surprised by the rest, and two ways to weigh the rests of many sensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.covariance import ledoit_wolf
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.validation import check_rows
from course_lib.deep.series.base import SeriesDetector, lay_out
from course_lib.deep.series.parameters import require_one_of

ENOUGH_ROWS = 20_000  # residuals for a covariance: more would cost memory and change no digit that matters


class ResidualDetector(SeriesDetector):
    """Subclasses write ``build``, ``loss`` and ``residuals``; the score weighs the residuals by `distance`.

    Parameters
    ----------
    distance : {"squared", "mahalanobis"}
        "squared": the mean squared residual, in scaled units. "mahalanobis": residuals are centred and whitened by
        their covariance on the held-out windows (on the training windows if there are none), shrunk as Ledoit and Wolf
        (2004, A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices) do. The whitening is the
        symmetric root, so that each number still belongs to one sensor and their squares add up to the squared
        Mahalanobis distance (Garthwaite and Koch, 2016, Evaluating the Contributions of Individual Variables to a
        Quadratic Form).

    Attributes
    ----------
    residual_mean_ : ndarray, shape (n_sensors,)
    residual_weights_ : ndarray, shape (n_sensors, n_sensors)
        The symmetric root of the inverse covariance; both only with ``distance="mahalanobis"``.
    """

    distance: str
    _distances: tuple[str, ...] = ("squared", "mahalanobis")

    def residuals(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Reading minus expectation: from shape (n, window, n_sensors) to (n, window - warm_up, n_sensors)."""
        raise NotImplementedError

    def step_errors(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Squared residuals, whitened if asked for."""
        rest = self.residuals(net, batch)
        if self.distance == "mahalanobis":
            rest = (rest - torch.as_tensor(self.residual_mean_).to(rest)) @ torch.as_tensor(self.residual_weights_).to(
                rest
            )
        return rest**2

    def expected(self, X: Any, breaks: Any = None) -> np.ndarray:
        """What the model expected at each timestamp, in shape and units of `X`: the mean over the covering windows."""
        check_is_fitted(self)
        series, breaks, length = lay_out(X, breaks)
        rows = check_rows(self, series, reset=False)
        differenced = self._differenced(rows, breaks)
        seen = self._to_tensor(differenced)
        rest = self._spread(self.residuals, seen, breaks)
        found = (seen.cpu().numpy() - rest) * self.scale_ + self.shift_ + (rows - differenced)
        return found if length is None else found.reshape(-1, length, found.shape[1])

    def _fit(self, X: np.ndarray) -> np.ndarray:
        require_one_of(self, "distance", self._distances)
        return super()._fit(X)

    @torch.no_grad()
    def _after_training(self, series: np.ndarray) -> None:
        if self.distance != "mahalanobis":
            return
        train, held_out = self._split(self._to_tensor(series))
        windows = train if held_out is None else held_out
        step = -(-len(windows) * windows.length // ENOUGH_ROWS)
        chosen = torch.arange(0, len(windows), step, device=windows.device)
        self.net_.eval()
        rest = torch.cat([self.residuals(self.net_, windows[rows]).flatten(0, 1) for rows in chosen.split(64)])
        self.residual_mean_, self.residual_weights_ = whitening(rest.cpu().numpy())


def whitening(rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and symmetric root of the inverse, shrunk covariance of residuals of shape (n, n_sensors), as float32."""
    rest = np.asarray(rest, dtype=np.float64)
    covariance, _ = ledoit_wolf(rest)
    values, directions = np.linalg.eigh(np.atleast_2d(covariance))
    # Residuals that are all the same have no covariance: then they are only centred.
    least = 1e-6 * values.max() if values.max() > 0 else 1.0
    weights = (directions / np.sqrt(np.maximum(values, least))) @ directions.T
    return rest.mean(axis=0).astype(np.float32), weights.astype(np.float32)
