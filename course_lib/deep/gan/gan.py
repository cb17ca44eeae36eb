"""The GAN: a generator that learns to fool a discriminator, and what the discriminator thinks of a row."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.gan.base import AdversarialDetector, step, steps_taken
from course_lib.deep.gan.losses import generator_loss
from course_lib.deep.gan.networks import Players, follow, frozen
from course_lib.deep.gan.parameters import check_choice, check_number


class GAN(AdversarialDetector):
    """A generative adversarial network; the score is the discriminator's verdict, negated: high where a row looks fake.

    Parameters
    ----------
    architecture, image_shape, hidden_sizes, channels, latent_size, output, steadying, discriminator_steps,
    penalty_weight, scaling
        See :class:`course_lib.deep.gan.base.AdversarialDetector`; z is standard normal.
    objective : {"non-saturating", "saturating"}
        What the generator minimises (a Wasserstein critic brings its own).
    averaging : float in [0, 1)
        The generator that samples, and that other detectors search in, is a running average of the weights of the one
        that plays, which keeps this share of itself at each step (Yazıcı et al., 2019). 0: the one that plays.
    epochs, batch_size, learning_rate, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    Attributes
    ----------
    net_ : torch.nn.Module
        Holds ``generator``, ``discriminator`` and, with averaging, ``player``, the generator that was trained.
    history_ : dict
        ``discriminator_loss`` and ``generator_loss`` of each epoch.

    References
    ----------
    Goodfellow et al., 2014, Generative Adversarial Nets.
    Radford, Metz and Chintala, 2016, Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks.
    Yazıcı, Foo, Winkler, Yap, Piliouras and Chandrasekhar, 2019, The Unusual Effectiveness of Averaging in GAN
    Training.
    """

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
        objective: str = "non-saturating",
        averaging: float = 0.998,
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
        super().__init__(
            architecture=architecture,
            image_shape=image_shape,
            hidden_sizes=hidden_sizes,
            channels=channels,
            latent_size=latent_size,
            output=output,
            steadying=steadying,
            discriminator_steps=discriminator_steps,
            penalty_weight=penalty_weight,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            scaling=scaling,
            checkpoint=checkpoint,
            resume=resume,
            device=device,
            random_state=random_state,
            verbose=verbose,
            threshold=threshold,
        )
        self.objective = objective
        self.averaging = averaging

    def _check(self) -> None:
        super()._check()
        check_choice("objective", self.objective, ("non-saturating", "saturating"))
        check_number("averaging", self.averaging, 0, 1)
        if self.averaging == 1:
            raise ValueError("averaging=1.0 would keep the random start for ever: set it below 1.")

    def build(self, n_features: int) -> nn.Module:
        """The generator, its discriminator and, with averaging, the generator that plays."""
        return Players(**self._players(n_features))

    def _players(self, n_features: int) -> dict[str, nn.Module]:
        players = {"generator": self._generator(n_features), "discriminator": self._discriminator(n_features)}
        if self.averaging:
            players["player"] = copy.deepcopy(players["generator"])
        return players

    def optimisers(self, net: Any) -> list[torch.optim.Optimizer]:
        """One Adam for each player."""
        return [self._adam(net.discriminator), self._adam(net.player if self.averaging else net.generator)]

    def training_step(
        self, net: Any, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """Move the discriminator, then the generator against it."""
        player = net.player if self.averaging else net.generator

        def fakes() -> torch.Tensor:
            return player(self._latent(batch))

        fake = fakes()
        judge = self._move_discriminator(net.discriminator, batch, fake, optimisers[0], fakes)
        with frozen(net.discriminator):
            maker = step(optimisers[1], generator_loss(net.discriminator(fake), self._kind))
        if self.averaging:
            follow(net.generator, player, self.averaging, steps_taken(optimisers[1]))
        return {"discriminator_loss": judge, "generator_loss": maker}

    def anomaly_scores(self, net: Any, batch: torch.Tensor) -> torch.Tensor:
        """The discriminator's logit, negated."""
        return -net.discriminator(batch)

    @torch.no_grad()
    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        """Generate `n` rows, shape (n, n_features), in the units of the training data."""
        check_is_fitted(self)
        check_whole("n", n, 1)
        z = torch.randn(n, self.latent_size, generator=torch.Generator().manual_seed(draw_seed(random_state)))
        return self._unscaled(self.net_.eval().get_submodule("generator")(z.to(self.device_)))
