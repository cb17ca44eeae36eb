"""Forecasting: predict the next reading from the past ones; what comes otherwise than predicted is suspicious."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.core.parameters import is_whole
from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.series.parameters import require_one_of, require_whole
from course_lib.deep.series.residuals import ResidualDetector
from course_lib.deep.series.tcn import TemporalConvolutionNet

ARCHITECTURES = ("lstm", "tcn")


class LSTMForecastNet(nn.Module):
    """An LSTM and a linear readout at every place."""

    def __init__(self, n_sensors: int, hidden_size: int, n_layers: int):
        super().__init__()
        self.lstm = nn.LSTM(n_sensors, hidden_size, n_layers, batch_first=True)
        self.readout = nn.Linear(hidden_size, n_sensors)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From windows of shape (n, window, n_sensors) to the same shape: place p has seen the places up to p."""
        return self.readout(self.lstm(x)[0])


class Forecaster(ResidualDetector):
    """Predicts each reading from those before it in its window; the score is the residual of the next step.

    Parameters
    ----------
    architecture : {"lstm", "tcn"}
        A recurrent network, or temporal convolutions.
    hidden_size : int
        Width of the network.
    n_layers : int
        LSTMs on top of each other ("lstm" only).
    kernel_size, dilations : int, tuple of int
        Of the convolutions ("tcn" only); :func:`course_lib.deep.series.tcn.receptive_field` says what they see.
    warm_up : int
        Rows at a window's start that are read and not judged, since their past is too short. At the start of a stretch
        copies of its first row stand in for them.
    distance
        See :class:`course_lib.deep.series.residuals.ResidualDetector`.
    window, stride, scoring_stride, epochs, batch_size, learning_rate, weight_decay, validation_share, patience,
    scaling, clip, difference, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.series.base.SeriesDetector`.

    References
    ----------
    Malhotra, Vig, Shroff and Agarwal, 2015, Long Short Term Memory Networks for Anomaly Detection in Time Series.
    Bai, Kolter and Koltun, 2018, An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
    Modeling.
    """

    def __init__(
        self,
        architecture: str = "lstm",
        hidden_size: int = 64,
        n_layers: int = 1,
        kernel_size: int = 3,
        dilations: tuple[int, ...] = (1, 2, 4, 8),
        warm_up: int = 10,
        distance: str = "squared",
        window: int = 50,
        stride: int = 1,
        scoring_stride: int | None = None,
        epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        validation_share: float = 0.2,
        patience: int | None = None,
        scaling: str | None = "standard",
        clip: float | None = 10.0,
        difference: int = 0,
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.architecture = architecture
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.kernel_size = kernel_size
        self.dilations = dilations
        self.warm_up = warm_up
        self.distance = distance
        self.window = window
        self.stride = stride
        self.scoring_stride = scoring_stride
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_share = validation_share
        self.patience = patience
        self.scaling = scaling
        self.clip = clip
        self.difference = difference
        self.checkpoint = checkpoint
        self.resume = resume
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.threshold = threshold

    def build(self, n_features: int) -> nn.Module:
        """The LSTM or the convolutions."""
        require_one_of(self, "architecture", ARCHITECTURES)
        require_whole(self, hidden_size=1)
        if self.architecture == "lstm":
            require_whole(self, n_layers=1)
            return LSTMForecastNet(n_features, self.hidden_size, self.n_layers)
        require_whole(self, kernel_size=1)
        if np.ndim(self.dilations) != 1 or not len(self.dilations) or not all(is_whole(d, 1) for d in self.dilations):
            raise ValueError(
                f"dilations must be a tuple of whole numbers such as (1, 2, 4), but is {self.dilations!r}."
            )
        return TemporalConvolutionNet(n_features, self.hidden_size, self.kernel_size, self.dilations)

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared residual of the next step, over all places after the warm-up."""
        return (self.residuals(net, batch) ** 2).mean()

    def residuals(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Reading minus the prediction made one step before."""
        return batch[:, self.warm_up :] - net(batch[:, :-1])[:, self.warm_up - 1 :]

    def _fit(self, X: np.ndarray) -> np.ndarray:
        require_whole(self, warm_up=1)
        return super()._fit(X)
