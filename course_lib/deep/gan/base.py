"""What all adversarial detectors share: their parameters, the two players' networks, and the discriminator's move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.deep.gan.losses import discriminator_loss, gradient_penalty
from course_lib.deep.gan.networks import Discriminator, Generator, encoder_layers
from course_lib.deep.gan.parameters import check_adversarial, check_range
from course_lib.deep.training import DeepDetector


class AdversarialDetector(DeepDetector):
    """Base class of the detectors in which a discriminator is trained against other networks.

    A training step moves the discriminator, once or more often, and then the others once. There is no validation loss
    and no early stopping: no player's loss says how good the generated rows are.

    Parameters
    ----------
    architecture : {"dense", "conv"}
    image_shape : (int, int, int) or None
        Channels, height and width of a row, for "conv"; None takes a square grey image where the width allows it.
    hidden_sizes : tuple of int
        Of a dense discriminator; encoders are built like it, generators mirror it.
    channels : tuple of int
        Of a convolutional discriminator, each halving height and width; encoders and generators likewise.
    latent_size : int
        Length of z, which the generator starts from.
    output : {"sigmoid", "tanh", "linear"}
        The generator's last function. Scaled rows must lie in its range, [0, 1], [-1, 1] or anywhere; they should fill
        it, because values that only the generator can take give it away.
    steadying : {"spectral", "wasserstein-gp", "none"}
        Spectral norm on the discriminator (Miyato et al., 2018); a Wasserstein critic with gradient penalty (Gulrajani
        et al., 2017); or nothing.
    discriminator_steps : int or None
        Moves of the discriminator for one of the others, each against new generated rows. None: 5 for a Wasserstein
        critic, whose verdict means something only when it is ahead, else 1.
    penalty_weight : float
        Of the gradient penalty, beside the critic's loss. 10 suits images; where a row has few features, a smaller one
        lets the critic see details.
    scaling : {"minmax", "standard", "robust"} or None
        None for pixels, which share a scale from 0 to 1.
    epochs, batch_size, learning_rate, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.
    """

    validation_share = 0.0
    patience = None
    weight_decay = 0.0
    objective = "non-saturating"

    def __init__(
        self,
        architecture: str = "dense",
        image_shape: tuple[int, int, int] | None = None,
        hidden_sizes: tuple[int, ...] = (256, 128),
        channels: tuple[int, ...] = (16, 32),
        latent_size: int = 32,
        output: str = "sigmoid",
        steadying: str = "spectral",
        discriminator_steps: int | None = None,
        penalty_weight: float = 10.0,
        epochs: int = 30,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        scaling: str | None = "minmax",
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.architecture = architecture
        self.image_shape = image_shape
        self.hidden_sizes = hidden_sizes
        self.channels = channels
        self.latent_size = latent_size
        self.output = output
        self.steadying = steadying
        self.discriminator_steps = discriminator_steps
        self.penalty_weight = penalty_weight
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scaling = scaling
        self.checkpoint = checkpoint
        self.resume = resume
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.threshold = threshold

    @property
    def _sizes(self) -> tuple[int, ...]:
        return tuple(self.channels if self.architecture == "conv" else self.hidden_sizes)

    @property
    def _kind(self) -> str:
        return "wasserstein" if self.steadying == "wasserstein-gp" else self.objective

    @property
    def _discriminator_steps(self) -> int:
        if self.discriminator_steps is None:
            return 5 if self.steadying == "wasserstein-gp" else 1
        return self.discriminator_steps

    def _check(self) -> None:
        """Raise a ValueError that names the first parameter of a model's own that is out of range."""
        check_adversarial(self)

    def _learn_scaling(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self._check()
        shift, scale = super()._learn_scaling(X)
        check_range(self, (X - shift) / scale)
        return shift, scale

    def _generator(self, n_features: int) -> Generator:
        return Generator(n_features, self.latent_size, self.architecture, self._sizes, self.output, self.image_shape)

    def _discriminator(self, n_features: int) -> Discriminator:
        spectral = self.steadying == "spectral"
        return Discriminator(n_features, self.architecture, self._sizes, self.image_shape, spectral)

    def _encoder(self, n_features: int) -> nn.Sequential:
        return encoder_layers(n_features, self.latent_size, self.architecture, self._sizes, self.image_shape)

    def _adam(self, *networks: nn.Module) -> torch.optim.Adam:
        """With the short memory that adversarial training asks for (Radford et al., 2016)."""
        weights = [weight for network in networks for weight in network.parameters()]
        fused = self.device_.startswith(("cpu", "cuda"))
        return torch.optim.Adam(weights, float(self.learning_rate), betas=(0.5, 0.999), fused=fused)

    def _latent(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.randn(len(batch), self.latent_size, device=batch.device)

    def _move_discriminator(
        self,
        critic: nn.Module,
        real: torch.Tensor,
        fake: torch.Tensor,
        optimiser: torch.optim.Optimizer,
        fakes: Callable[[], torch.Tensor],
    ) -> torch.Tensor:
        """The discriminator's steps, other players held still: on new rows of `fakes`, the last one on `fake`.

        Gives the last step's loss, detached.
        """
        for _ in range(self._discriminator_steps - 1):
            with torch.no_grad():
                others = fakes().detach()
            self._move_once(critic, real, others, optimiser)
        return self._move_once(critic, real, fake.detach(), optimiser)

    def _move_once(
        self, critic: nn.Module, real: torch.Tensor, fake: torch.Tensor, optimiser: torch.optim.Optimizer
    ) -> torch.Tensor:
        loss = discriminator_loss(critic(real), critic(fake), self._kind)
        if self.steadying == "wasserstein-gp":
            loss = loss + self.penalty_weight * gradient_penalty(critic, real, fake)
        return step(optimiser, loss)

    def _unscaled(self, rows: torch.Tensor) -> np.ndarray:
        return rows.cpu().numpy() * self.scale_ + self.shift_

    def _score(self, X: np.ndarray) -> np.ndarray:
        self._lay_out()
        return super()._score(X)

    def _lay_out(self) -> None:
        # Convolutions on a processor read an image's channels side by side up to twice as fast. Not in training: the
        # fused Adam takes weights and their moments to lie in the same order, and a checkpoint does not keep it.
        self.net_.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _rows(self, X: Any) -> torch.Tensor:
        """The rows of `X` as the networks take them; refused where the detector is not fitted or `X` does not fit."""
        check_is_fitted(self)
        self._lay_out()
        return self._to_tensor(check_rows(self, X, reset=False))


class Encoding(AdversarialDetector):
    """An adversarial detector that has an encoder from rows to the generator's latent space."""

    @torch.no_grad()
    def encode(self, X: Any) -> np.ndarray:
        """Latent codes of the rows of `X`, shape (n, latent_size)."""
        rows = self._rows(X)
        return self.net_.eval().get_submodule("encoder")(rows).cpu().numpy()

    @torch.no_grad()
    def reconstruct(self, X: Any) -> np.ndarray:
        """The rows that the codes of `X` generate, shape (n, n_features), in the units of `X`."""
        rows = self._rows(X)
        encoder, generator = (self.net_.eval().get_submodule(name) for name in ("encoder", "generator"))
        return self._unscaled(generator(encoder(rows)))


def step(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    """Let one player follow its loss once; the loss, detached."""
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def steps_taken(optimiser: torch.optim.Optimizer) -> int:
    """How often an Adam has moved its weights, over breaks as well: a checkpoint holds it."""
    return int(next(iter(optimiser.state.values()))["step"])
