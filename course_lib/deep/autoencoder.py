"""The dense autoencoder: squeeze a row through a bottleneck, rebuild it, and see what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.deep.networks import mlp
from course_lib.deep.training import DeepDetector


class AutoencoderNet(nn.Module):
    """An encoder to `latent_size` numbers and its mirror image as decoder."""

    def __init__(self, n_features: int, hidden_sizes: tuple[int, ...], latent_size: int, activation: str):
        super().__init__()
        sizes = [n_features, *hidden_sizes, latent_size]
        self.encoder = mlp(sizes, activation)
        self.decoder = mlp(sizes[::-1], activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rebuild x, shape (n, n_features)."""
        return self.decoder(self.encoder(x))


class Autoencoder(DeepDetector):
    """Dense autoencoder; the score is the mean squared reconstruction error of a row, in scaled units.

    With ``hidden_sizes=()`` and ``activation="identity"`` it is the linear autoencoder, whose best solution spans the
    subspace of PCA.

    Parameters
    ----------
    hidden_sizes : tuple of int
        Widths of the encoder's layers; the decoder mirrors them.
    latent_size : int
        Width of the bottleneck.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "identity"}
        Between layers; latent code and output are linear.
    epochs, batch_size, learning_rate, weight_decay, validation_share, patience, scaling, checkpoint, resume, device,
    random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    References
    ----------
    Hawkins, He, Williams and Baxter, 2002, Outlier Detection Using Replicator Neural Networks.
    Baldi and Hornik, 1989, Neural Networks and Principal Component Analysis.
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (64, 32),
        latent_size: int = 8,
        activation: str = "relu",
        epochs: int = 30,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        validation_share: float = 0.1,
        patience: int | None = None,
        scaling: str | None = "standard",
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.activation = activation
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_share = validation_share
        self.patience = patience
        self.scaling = scaling
        self.checkpoint = checkpoint
        self.resume = resume
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.threshold = threshold

    def build(self, n_features: int) -> nn.Module:
        """The encoder and its mirrored decoder."""
        if np.ndim(self.hidden_sizes) != 1:
            raise ValueError(f"hidden_sizes must be a tuple of widths such as (64, 32), but is {self.hidden_sizes!r}.")
        return AutoencoderNet(n_features, tuple(self.hidden_sizes), self.latent_size, self.activation)

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared error over the batch."""
        return nn.functional.mse_loss(net(batch), batch)

    def anomaly_scores(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared error of each row."""
        return ((net(batch) - batch) ** 2).mean(dim=1)

    @torch.no_grad()
    def encode(self, X: Any) -> np.ndarray:
        """Latent codes of the rows of `X`, shape (n, latent_size)."""
        check_is_fitted(self)
        codes = self.net_.eval().get_submodule("encoder")(self._to_tensor(check_rows(self, X, reset=False)))
        return codes.cpu().numpy()

    @torch.no_grad()
    def reconstruct(self, X: Any) -> np.ndarray:
        """The rows of `X`, shape (n, n_features), as the network rebuilds them, in the units of `X`."""
        check_is_fitted(self)
        scaled = self.net_.eval()(self._to_tensor(check_rows(self, X, reset=False))).cpu().numpy()
        return scaled * self.scale_ + self.shift_
