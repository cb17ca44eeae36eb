"""The LSTM-VAE: a latent distribution and an expected distribution for every timestamp."""

from __future__ import annotations

import math

import torch
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.series.parameters import require_whole
from course_lib.deep.series.residuals import ResidualDetector
from course_lib.deep.vae.bounds import gaussian_kl

# Deviations that the decoder may claim, in scaled units: a sensor that hardly moves must not make any move infinite.
LOG_VARIANCES = (2 * math.log(0.05), 2 * math.log(5.0))


class LSTMVAENet(nn.Module):
    """An LSTM that gives a Gaussian over codes at each timestamp, and one that gives a Gaussian over readings."""

    def __init__(self, n_sensors: int, hidden_size: int, latent_size: int):
        super().__init__()
        self.encoder = nn.LSTM(n_sensors, hidden_size, batch_first=True)
        self.to_code = nn.Linear(hidden_size, 2 * latent_size)
        self.decoder = nn.LSTM(latent_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, 2 * n_sensors)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """From windows, shape (n, window, n_sensors), to the mean and log-variance of readings and of codes.

        Codes are drawn in training and are their mean otherwise, so that the same window always gets the same score.
        """
        mean_z, log_variance_z = self.to_code(self.encoder(x)[0]).chunk(2, dim=2)
        log_variance_z = log_variance_z.clamp(-10, 10)
        code = mean_z
        if self.training:
            code = mean_z + torch.exp(0.5 * log_variance_z) * torch.randn_like(mean_z)
        mean_x, log_variance_x = self.readout(self.decoder(code)[0]).chunk(2, dim=2)
        return mean_x, log_variance_x.clamp(*LOG_VARIANCES), mean_z, log_variance_z


def negative_log_likelihood(x: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """``-log N(x | mean, variance)``, element by element."""
    return 0.5 * ((x - mean) ** 2 * torch.exp(-log_variance) + log_variance + math.log(2 * math.pi))


class LSTMVAE(ResidualDetector):
    """LSTM variational autoencoder; the score is how unlikely a reading is under what the decoder expects.

    Parameters
    ----------
    hidden_size : int
        Width of both LSTMs.
    latent_size : int
        Numbers in the code of one timestamp.
    kl_weight : float
        Weight of the KL divergence; 1 is the evidence lower bound.
    distance : {"likelihood", "squared", "mahalanobis"}
        "likelihood": minus the log-density of each reading, which may be negative. The others look at the mean only,
        see :class:`course_lib.deep.series.residuals.ResidualDetector`.
    window, stride, scoring_stride, epochs, batch_size, learning_rate, weight_decay, validation_share, patience,
    scaling, clip, difference, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.series.base.SeriesDetector`.

    References
    ----------
    Park, Hoshi and Kemp, 2018, A Multimodal Anomaly Detector for Robot-Assisted Feeding Using an LSTM-based Variational
    Autoencoder. Here the prior is N(0, 1) at every timestamp, not one that moves with the progress of a task.
    """

    _distances = ("likelihood", "squared", "mahalanobis")

    def __init__(
        self,
        hidden_size: int = 64,
        latent_size: int = 4,
        kl_weight: float = 1.0,
        distance: str = "likelihood",
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
        self.hidden_size = hidden_size
        self.latent_size = latent_size
        self.kl_weight = kl_weight
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
        """Encoder and decoder."""
        require_whole(self, hidden_size=1, latent_size=1)
        if not self.kl_weight >= 0:
            raise ValueError(f"kl_weight must be at least 0, but is {self.kl_weight!r}.")
        return LSTMVAENet(n_features, self.hidden_size, self.latent_size)

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Minus the evidence lower bound of a timestamp, divided by the number of sensors."""
        mean_x, log_variance_x, mean_z, log_variance_z = net(batch)
        misfit = negative_log_likelihood(batch, mean_x, log_variance_x).mean()
        divergence = gaussian_kl(mean_z, log_variance_z).sum(dim=2).mean()
        return misfit + self.kl_weight * divergence / batch.shape[2]

    def residuals(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Reading minus expected reading."""
        return batch - net(batch)[0]

    def step_errors(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Minus the log-likelihood of each reading, or its weighted residual."""
        if self.distance != "likelihood":
            return super().step_errors(net, batch)
        mean_x, log_variance_x, _, _ = net(batch)
        return negative_log_likelihood(batch, mean_x, log_variance_x)
