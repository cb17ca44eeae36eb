"""f-AnoGAN: an encoder that learns, once, what AnoGAN searches for every row."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import local_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.checkpoint import TrainingState
from course_lib.deep.gan.base import Encoding, step
from course_lib.deep.gan.networks import Players, frozen
from course_lib.deep.gan.parameters import check_number
from course_lib.deep.gan.reuse import OnGAN


class FAnoGAN(Encoding, OnGAN):
    """A GAN of the normal rows, then an encoder from rows to its latent space, taught with the GAN held still.

    The encoder minimises, and the score is, ``mean (x - G(E(x)))^2 + feature_weight * mean (f(x) - f(G(E(x))))^2`` with
    the discriminator's features f: the training named izi_f (image, z, image, with features).

    Parameters
    ----------
    architecture, image_shape, hidden_sizes, channels, latent_size, output, steadying, discriminator_steps,
    penalty_weight, objective, averaging
        See :class:`course_lib.deep.gan.gan.GAN`; the encoder is built like the discriminator.
    feature_weight : float
        Of the features' distance, against the squared error of the values.
    gan_epochs : int
        The first so many of the `epochs` train the GAN, the rest the encoder.
    epochs, batch_size, learning_rate, scaling, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    Attributes
    ----------
    history_ : dict
        ``discriminator_loss`` and ``generator_loss`` of the GAN's epochs, ``encoder_loss`` of the encoder's.

    References
    ----------
    Schlegl, Seeböck, Waldstein, Langs and Schmidt-Erfurth, 2019, f-AnoGAN: Fast Unsupervised Anomaly Detection with
    Generative Adversarial Networks.
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
        feature_weight: float = 1.0,
        gan_epochs: int = 20,
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
            objective=objective,
            averaging=averaging,
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
        self.feature_weight = feature_weight
        self.gan_epochs = gan_epochs

    def _check(self) -> None:
        super()._check()
        check_number("feature_weight", self.feature_weight, 0)
        check_whole("gan_epochs", self.gan_epochs, 0)
        if self.gan_epochs >= self.epochs:
            raise ValueError(
                f"gan_epochs={self.gan_epochs} leaves none of the epochs={self.epochs} to the encoder: lower it."
            )

    def build(self, n_features: int) -> nn.Module:
        """The players of a GAN, and the encoder."""
        return Players(**self._players(n_features), encoder=self._encoder(n_features))

    def optimisers(self, net: Any) -> list[torch.optim.Optimizer]:
        """One Adam for each network."""
        return [*super().optimisers(net), self._adam(net.encoder)]

    def begin_epoch(self, net: Any, epoch: int) -> None:
        """Change over from the GAN to the encoder when its time has come."""
        self._teaches_encoder = epoch > self.gan_epochs

    def training_step(
        self, net: Any, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """Move the two players or, after ``gan_epochs`` epochs, the encoder."""
        if not self._teaches_encoder:
            return super().training_step(net, batch, optimisers)
        # Held still in every way: in training mode the power iteration of the spectral norm would go on.
        net.generator.eval()
        net.discriminator.eval()
        with frozen(net.generator, net.discriminator):
            return {"encoder_loss": step(optimisers[2], self.anomaly_scores(net, batch).mean())}

    def anomaly_scores(self, net: Any, batch: torch.Tensor) -> torch.Tensor:
        """Squared error plus the features' distance between each row and the one that its code generates."""
        rebuilt = net.generator(net.encoder(batch))
        features = net.discriminator.features
        residual = ((batch - rebuilt) ** 2).mean(dim=1)
        return residual + self.feature_weight * ((features(batch) - features(rebuilt)) ** 2).mean(dim=1)

    @classmethod
    def _without_training(cls) -> dict[str, Any]:
        return {"gan_epochs": 0}

    def _take(self, net: Any, data: torch.Tensor) -> nn.Module:
        with local_seed(self.seed_, data.device):
            mine = super()._take(net, data)
            mine.add_module("encoder", self._encoder(data.shape[1]).to(data.device))
            state = TrainingState(mine, self.optimisers(mine), torch.Generator().manual_seed(self.seed_), self.seed_)
            self._run(state, data, None, {})
        self.history_ = {**self.history_, **state.history}
        return mine
