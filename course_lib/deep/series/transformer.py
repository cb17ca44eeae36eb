"""The Transformer autoencoder: hide timestamps, and rebuild them from all others by attention."""

from __future__ import annotations

import math

import torch
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.series.parameters import require_whole
from course_lib.deep.series.residuals import ResidualDetector


def sinusoidal_positions(length: int, size: int) -> torch.Tensor:
    """Sines and cosines of `length` places, shape (length, size): wavelengths from 2 pi to 10,000 times 2 pi."""
    place = torch.arange(length)[:, None]
    rate = torch.exp(-math.log(10_000.0) * torch.arange(0, size, 2) / size)
    table = torch.zeros(length, size)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate[: size // 2])
    return table


class TransformerNet(nn.Module):
    """Readings become vectors, hidden ones all the same vector; places are added; attention does the rest."""

    def __init__(
        self, n_sensors: int, window: int, model_size: int, n_heads: int, n_layers: int, dropout: float, positions: bool
    ):
        super().__init__()
        self.embed = nn.Linear(n_sensors, model_size)
        self.hidden = nn.Parameter(torch.zeros(model_size))
        table = sinusoidal_positions(window, model_size)
        self.register_buffer("positions", table if positions else torch.zeros_like(table), persistent=False)
        layer = nn.TransformerEncoderLayer(
            model_size, n_heads, 4 * model_size, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, n_layers, nn.LayerNorm(model_size), enable_nested_tensor=False)
        self.readout = nn.Linear(model_size, n_sensors)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Rebuild windows of shape (n, window, n_sensors) without looking where `mask`, (n, window), is True."""
        seen = torch.where(mask[..., None], self.hidden, self.embed(x))
        return self.readout(self.layers(seen + self.get_buffer("positions")))


def training_mask(n: int, window: int, share: float, length: int, device: torch.device) -> torch.Tensor:
    """Hide about a `share` of each window, other blocks of `length` timestamps in each; shape (n, window)."""
    blocks = -(-window // length)
    n_hidden = min(max(1, round(share * blocks)), blocks)
    order = torch.rand(n, blocks, device=device).argsort(dim=1)
    return (order < n_hidden).repeat_interleave(length, dim=1)[:, :window]


def scoring_masks(window: int, share: float, length: int, device: torch.device) -> torch.Tensor:
    """Masks, shape (n_passes, window), that together hide each timestamp of a window exactly once."""
    block = torch.arange(window, device=device) // length
    passes = min(math.ceil(1 / share), -(-window // length))
    return block % passes == torch.arange(passes, device=device)[:, None]


class TransformerAutoencoder(ResidualDetector):
    """Masked Transformer autoencoder: the score of a timestamp is what it is not, when only the others are seen.

    An attention layer that sees a reading can copy it, anomalies too. So blocks of timestamps are hidden, in training
    at random and in scoring in turn until every timestamp was hidden once; only hidden ones count.

    Parameters
    ----------
    model_size, n_heads, n_layers : int
        Width of the vectors, heads that share it evenly, and layers.
    dropout : float in [0, 1)
    mask_share : float in (0, 1)
        Share of a window that is hidden at a time.
    mask_length : int
        Timestamps in a hidden block: longer than what can be guessed from the neighbours.
    positions : bool
        Add sinusoidal positions; without them a window is a bag of readings.
    distance
        See :class:`course_lib.deep.series.residuals.ResidualDetector`.
    window, stride, scoring_stride, epochs, batch_size, learning_rate, weight_decay, validation_share, patience,
    scaling, clip, difference, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.series.base.SeriesDetector`.

    References
    ----------
    Vaswani et al., 2017, Attention Is All You Need. Devlin, Chang, Lee and Toutanova, 2019, BERT: Pre-training of Deep
    Bidirectional Transformers. Zerveas, Jayaraman, Patel, Bhamidipaty and Eickhoff, 2021, A Transformer-based Framework
    for Multivariate Time Series Representation Learning.
    """

    def __init__(
        self,
        model_size: int = 64,
        n_heads: int = 4,
        n_layers: int = 2,
        dropout: float = 0.0,
        mask_share: float = 0.25,
        mask_length: int = 5,
        positions: bool = True,
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
        self.model_size = model_size
        self.n_heads = n_heads
        self.n_layers = n_layers
        self.dropout = dropout
        self.mask_share = mask_share
        self.mask_length = mask_length
        self.positions = positions
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
        """Embedding, positions, attention layers, readout."""
        require_whole(self, model_size=2, n_heads=1, n_layers=1, mask_length=1)
        if self.model_size % self.n_heads:
            raise ValueError(f"n_heads must divide model_size, but they are {self.n_heads} and {self.model_size}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, but is {self.dropout!r}.")
        if not 0 < self.mask_share < 1:
            raise ValueError(f"mask_share must lie between 0 and 1, but is {self.mask_share!r}.")
        return TransformerNet(
            n_features,
            int(self.window),
            self.model_size,
            self.n_heads,
            self.n_layers,
            float(self.dropout),
            bool(self.positions),
        )

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared error at hidden timestamps: random ones in training, all in turn otherwise."""
        if not net.training:
            return (self.residuals(net, batch) ** 2).mean()
        mask = training_mask(len(batch), batch.shape[1], self.mask_share, self.mask_length, batch.device)
        return ((net(batch, mask) - batch) ** 2)[mask].mean()

    def residuals(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Reading minus reconstruction in the pass that hides it."""
        rebuilt = torch.zeros_like(batch)
        for mask in scoring_masks(batch.shape[1], self.mask_share, self.mask_length, batch.device):
            rebuilt[:, mask] = net(batch, mask.expand(len(batch), -1))[:, mask]
        return batch - rebuilt
