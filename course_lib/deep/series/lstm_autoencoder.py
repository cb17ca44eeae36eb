"""The LSTM autoencoder: read a window into one small code, and write the window again from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.deep.series.base import lay_out
from course_lib.deep.series.parameters import require_one_of, require_whole
from course_lib.deep.series.residuals import ResidualDetector
from course_lib.deep.series.windows import Windows

DECODERS = ("free", "teacher")


class LSTMAutoencoderNet(nn.Module):
    """An encoder LSTM, a linear bottleneck, and a decoder LSTM that runs in one call, whatever it is fed."""

    def __init__(self, n_sensors: int, hidden_size: int, latent_size: int, n_layers: int, decoder: str, reverse: bool):
        super().__init__()
        self.teacher_forced, self.reverse = decoder == "teacher", reverse
        self.encoder = nn.LSTM(n_sensors, hidden_size, n_layers, batch_first=True)
        self.to_code = nn.Linear(hidden_size, latent_size)
        self.from_code = nn.Linear(latent_size, hidden_size)
        self.decoder = nn.LSTM(
            n_sensors if self.teacher_forced else latent_size, hidden_size, n_layers, batch_first=True
        )
        self.readout = nn.Linear(hidden_size, n_sensors)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes of windows: from shape (n, window, n_sensors) to (n, latent_size)."""
        _, (hidden, _) = self.encoder(x)
        return self.to_code(hidden[-1])

    def start(self, code: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The decoder's state before its first step."""
        hidden = torch.tanh(self.from_code(code)).expand(self.decoder.num_layers, -1, -1).contiguous()
        return hidden, torch.zeros_like(hidden)

    def decode(self, code: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Write windows from their codes, in the order of `targets`, shape (n, window, n_sensors).

        A teacher-forced decoder is fed the target of the step before; a free-running one never looks at `targets` and
        is fed the code again and again.
        """
        if self.teacher_forced:
            inputs = torch.cat([torch.zeros_like(targets[:, :1]), targets[:, :-1]], dim=1)
        else:
            inputs = code[:, None].expand(-1, targets.shape[1], -1)
        return self.readout(self.decoder(inputs, self.start(code))[0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rebuild windows of shape (n, window, n_sensors); backwards inside, if so built, but not in the result."""
        if not self.reverse:
            return self.decode(self.encode(x), x)
        return self.decode(self.encode(x), x.flip(1)).flip(1)

    def generate(self, code: torch.Tensor, steps: int) -> torch.Tensor:
        """Write windows of `steps` timestamps, feeding a teacher-forced decoder its own output: a step at a time."""
        if not self.teacher_forced:
            raise ValueError("A free-running decoder is never fed its output: call decode, or build decoder='teacher'.")
        state, written = self.start(code), []
        last = code.new_zeros(len(code), 1, self.readout.out_features)
        for _ in range(steps):
            hidden, state = self.decoder(last, state)
            last = self.readout(hidden)
            written.append(last)
        window = torch.cat(written, dim=1)
        return window.flip(1) if self.reverse else window


class LSTMAutoencoder(ResidualDetector):
    """LSTM autoencoder with a latent bottleneck; the score is what it cannot rebuild.

    Parameters
    ----------
    hidden_size, latent_size, n_layers : int
        Width of the LSTMs, numbers in the code of a window, and LSTMs on top of each other.
    decoder : {"free", "teacher"}
        "free": every step is fed the code. "teacher": every step is fed the true value of the step before, which makes
        training easy and the code superfluous for slow series.
    reverse : bool
        Write the window backwards, so that the first value written is the last one read.
    generate : bool
        Score a teacher-forced model by windows that it writes from its own output instead of from the true values;
        slow, since this goes step by step.
    distance
        See :class:`course_lib.deep.series.residuals.ResidualDetector`.
    window, stride, scoring_stride, epochs, batch_size, learning_rate, weight_decay, validation_share, patience,
    scaling, clip, difference, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.series.base.SeriesDetector`.

    References
    ----------
    Malhotra, Ramakrishnan, Anand, Vig, Agarwal and Shroff, 2016, LSTM-based Encoder-Decoder for Multi-sensor Anomaly
    Detection. Srivastava, Mansimov and Salakhutdinov, 2015, Unsupervised Learning of Video Representations using LSTMs.
    """

    def __init__(
        self,
        hidden_size: int = 64,
        latent_size: int = 16,
        n_layers: int = 1,
        decoder: str = "free",
        reverse: bool = True,
        generate: bool = False,
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
        self.hidden_size = hidden_size
        self.latent_size = latent_size
        self.n_layers = n_layers
        self.decoder = decoder
        self.reverse = reverse
        self.generate = generate
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
        """Encoder, bottleneck, decoder."""
        require_whole(self, hidden_size=1, latent_size=1, n_layers=1)
        require_one_of(self, "decoder", DECODERS)
        if self.generate and self.decoder != "teacher":
            raise ValueError(
                "generate=True is for decoder='teacher': a free-running decoder has no other way to score."
            )
        return LSTMAutoencoderNet(
            n_features, self.hidden_size, self.latent_size, self.n_layers, self.decoder, bool(self.reverse)
        )

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared error over the batch."""
        return nn.functional.mse_loss(net(batch), batch)

    def residuals(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Reading minus reconstruction."""
        assert isinstance(net, LSTMAutoencoderNet)
        if self.generate:
            return batch - net.generate(net.encode(batch), batch.shape[1])
        return batch - net(batch)

    @torch.no_grad()
    def encode(self, X: Any, breaks: Any = None) -> np.ndarray:
        """Latent codes of the windows that scoring looks at, in their order, shape (n_windows, latent_size)."""
        check_is_fitted(self)
        series, breaks, _ = lay_out(X, breaks)
        seen = self._to_tensor(self._differenced(check_rows(self, series, reset=False), breaks))
        windows = Windows(seen, self._plan(len(seen), self.scoring_stride or self.stride, breaks))
        net = self.net_.eval()
        assert isinstance(net, LSTMAutoencoderNet)
        return torch.cat([net.encode(windows[piece]) for piece in windows.pieces()]).cpu().numpy()
