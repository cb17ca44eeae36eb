"""USAD: two autoencoders with one encoder, of which the second learns to tell the first one's work from the data."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.networks import mlp
from course_lib.deep.series.base import SeriesDetector


class USADNet(nn.Module):
    """One encoder, two decoders, on flattened windows; readings lie in [0, 1]."""

    def __init__(self, window: int, n_sensors: int, hidden_sizes: tuple[int, ...], latent_size: int):
        super().__init__()
        sizes = [window * n_sensors, *hidden_sizes, latent_size]
        self.encoder = nn.Sequential(nn.Flatten(), mlp(sizes, "relu"), nn.ReLU())
        self.decoder1 = self._decoder(sizes[::-1], (window, n_sensors))
        self.decoder2 = self._decoder(sizes[::-1], (window, n_sensors))
        self.epoch = 1  # set by the training loop before each epoch

    @staticmethod
    def _decoder(sizes: list[int], shape: tuple[int, int]) -> nn.Sequential:
        return nn.Sequential(mlp(sizes, "relu"), nn.Sigmoid(), nn.Unflatten(1, shape))

    def rebuild1(self, w: torch.Tensor) -> torch.Tensor:
        """The first autoencoder's reconstruction of windows, shape (n, window, n_sensors)."""
        return self.decoder1(self.encoder(w))

    def rebuild2(self, w: torch.Tensor) -> torch.Tensor:
        """The second autoencoder's."""
        return self.decoder2(self.encoder(w))

    def forward(self, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Both reconstructions of windows, and the second player's reconstruction of the first one's."""
        code = self.encoder(w)
        w1 = self.decoder1(code)
        return w1, self.decoder2(code), self.rebuild2(w1)


def usad_losses(
    w: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor, w21: torch.Tensor, epoch: int, contest: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the two players minimise in an epoch, counted from 1: more reconstruction early, more contest late.

    Parameters
    ----------
    w, w1, w2, w21 : tensor, shape (n, window, n_sensors)
        Windows, both reconstructions, and the second one's reconstruction of the first one's.
    epoch : int
        From 1.
    contest : float in [0, 1]
        The most that the contest may weigh; 1 is the paper's schedule.

    Returns
    -------
    loss1, loss2 : scalar tensors
        ``(1 - c) |w - w1|^2 + c |w - w21|^2`` and ``(1 - c) |w - w2|^2 - c |w - w21|^2``, mean squares, with
        ``c = min(1 - 1 / epoch, contest)``.
    """
    late = min(1 - 1 / epoch, contest)
    passed_on = nn.functional.mse_loss(w21, w)
    loss1 = (1 - late) * nn.functional.mse_loss(w1, w) + late * passed_on
    loss2 = (1 - late) * nn.functional.mse_loss(w2, w) - late * passed_on
    return loss1, loss2


class USAD(SeriesDetector):
    """UnSupervised Anomaly Detection: the first player rebuilds so well that the second takes it for real.

    The score is ``alpha |w - w1|^2 + beta |w - w21|^2``: what the first cannot rebuild, and what the second makes of
    the result.

    Parameters
    ----------
    hidden_sizes : tuple of int
        Widths of the encoder's layers; the decoders mirror them.
    latent_size : int
    alpha, beta : float
        At least 0, not both 0. More `beta` finds more and raises more false alarms.
    contest : float in [0, 1]
        The most that the contest may weigh in the losses. With the paper's schedule, 1, it outweighs reconstruction
        from the third epoch on; in small batches, thus many steps an epoch, that undoes what was learnt.
    scaling : {"minmax"}
        The decoders end in a sigmoid, without which the second player's loss has no lower bound.
    window, stride, scoring_stride, epochs, batch_size, learning_rate, weight_decay, validation_share, patience,
    clip, difference, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.series.base.SeriesDetector`. ``history_["validation_loss"]`` is the mean squared
        reconstruction error of both players, since their own losses cannot be compared between epochs.

    References
    ----------
    Audibert, Michiardi, Guyard, Marti and Zuluaga, 2020, USAD: UnSupervised Anomaly Detection on Multivariate Time
    Series.
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (256, 128),
        latent_size: int = 40,
        alpha: float = 0.5,
        beta: float = 0.5,
        contest: float = 0.3,
        window: int = 10,
        stride: int = 1,
        scoring_stride: int | None = None,
        epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        validation_share: float = 0.2,
        patience: int | None = None,
        scaling: str | None = "minmax",
        clip: float | None = 4.0,
        difference: int = 0,
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.alpha = alpha
        self.beta = beta
        self.contest = contest
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
        """The encoder and both decoders."""
        if self.scaling != "minmax":
            raise ValueError(f"scaling must be 'minmax', since the decoders end in a sigmoid, but is {self.scaling!r}.")
        if not (self.alpha >= 0 and self.beta >= 0 and self.alpha + self.beta > 0):
            raise ValueError(f"alpha and beta must be at least 0, not both 0, but are {self.alpha} and {self.beta}.")
        if not 0 <= self.contest <= 1:
            raise ValueError(f"contest must lie between 0 and 1, but is {self.contest!r}.")
        if np.ndim(self.hidden_sizes) != 1:
            raise ValueError(f"hidden_sizes must be a tuple of widths such as (64, 32), but is {self.hidden_sizes!r}.")
        return USADNet(int(self.window), n_features, tuple(self.hidden_sizes), self.latent_size)

    def begin_epoch(self, net: nn.Module, epoch: int) -> None:
        """Tell the losses how far training is."""
        assert isinstance(net, USADNet)
        net.epoch = epoch

    def optimisers(self, net: nn.Module) -> list[torch.optim.Optimizer]:
        """One for each player; both move the encoder."""
        assert isinstance(net, USADNet)
        return [
            torch.optim.Adam(
                [*net.encoder.parameters(), *decoder.parameters()],
                float(self.learning_rate),
                weight_decay=float(self.weight_decay),
            )
            for decoder in (net.decoder1, net.decoder2)
        ]

    def training_step(
        self, net: nn.Module, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """One step of the first player, then one of the second against what the first has become."""
        assert isinstance(net, USADNet)
        w1, w2, w21 = net(batch)
        loss1, _ = usad_losses(batch, w1, w2, w21, net.epoch, self.contest)
        self._step(net, loss1, optimisers[0])
        # The second player's gradient stops at the first one's work: it may see through it, but not spoil it.
        w1 = net.rebuild1(batch).detach()
        _, loss2 = usad_losses(batch, w1, net.rebuild2(batch), net.rebuild2(w1), net.epoch, self.contest)
        self._step(net, loss2, optimisers[1])
        return {"loss1": loss1.detach(), "loss2": loss2.detach()}

    @staticmethod
    def _step(net: nn.Module, loss: torch.Tensor, optimiser: torch.optim.Optimizer) -> None:
        net.zero_grad()
        loss.backward()
        optimiser.step()

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared reconstruction error of both players, to watch on held-out windows."""
        w1, w2, _ = net(batch)
        return 0.5 * ((w1 - batch) ** 2 + (w2 - batch) ** 2).mean()

    def step_errors(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """``alpha (w - w1)^2 + beta (w - w21)^2``, reading by reading."""
        assert isinstance(net, USADNet)
        first = net.rebuild1(batch)
        return self.alpha * (batch - first) ** 2 + self.beta * (batch - net.rebuild2(first)) ** 2
