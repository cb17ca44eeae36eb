"""GANomaly: encode, rebuild, encode again, and compare the two codes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.gan.base import Encoding, step
from course_lib.deep.gan.networks import Players, frozen
from course_lib.deep.gan.parameters import check_number


class GANomaly(Encoding):
    """Encoder, generator and a second encoder against a discriminator; there is no random z.

    The networks minimise ``adversarial_weight * mean (f(x) - f(G(E(x))))^2 + reconstruction_weight * mean (x -
    G(E(x)))^2 + encoding_weight * mean (E(x) - E'(G(E(x))))^2`` with the discriminator's features f. The published
    reconstruction term is the absolute error; on rows that are mostly 0, such as images of digits, it draws the
    generator to an empty picture and keeps it there.

    The score as published is the codes' difference alone (``residual_share=0``; there the sum of absolute differences):
    a row of a kind that was never rebuilt comes back with another code. Its successor (Akçay et al., 2019) adds the
    error of the values, and that is the default, in squares.

    Parameters
    ----------
    architecture, image_shape, hidden_sizes, channels, latent_size, output, steadying, discriminator_steps,
    penalty_weight, scaling
        See :class:`course_lib.deep.gan.base.AdversarialDetector`.
    reconstruction_weight, encoding_weight, adversarial_weight : float
        Of the three terms.
    residual_share : float in [0, 1]
        Weight of the squared error in the score, against that of the codes' difference.
    epochs, batch_size, learning_rate, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    Attributes
    ----------
    history_ : dict
        ``discriminator_loss`` and, one by one and without their weights, ``adversarial_loss``,
        ``reconstruction_loss`` and ``encoding_loss`` of each epoch.

    References
    ----------
    Akçay, Atapour-Abarghouei and Breckon, 2018, GANomaly: Semi-Supervised Anomaly Detection via Adversarial Training.
    Akçay, Atapour-Abarghouei and Breckon, 2019, Skip-GANomaly: Skip Connected and Adversarially Trained Encoder-Decoder
    Anomaly Detection.
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
        reconstruction_weight: float = 50.0,
        encoding_weight: float = 1.0,
        adversarial_weight: float = 1.0,
        residual_share: float = 0.9,
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
        self.reconstruction_weight = reconstruction_weight
        self.encoding_weight = encoding_weight
        self.adversarial_weight = adversarial_weight
        self.residual_share = residual_share

    def _check(self) -> None:
        super()._check()
        for name in ("reconstruction_weight", "encoding_weight", "adversarial_weight"):
            check_number(name, getattr(self, name), 0)
        check_number("residual_share", self.residual_share, 0, 1)

    def build(self, n_features: int) -> nn.Module:
        """Two encoders of the same kind, the generator between them, and the discriminator."""
        return Players(
            encoder=self._encoder(n_features),
            generator=self._generator(n_features),
            second_encoder=self._encoder(n_features),
            discriminator=self._discriminator(n_features),
        )

    def optimisers(self, net: Any) -> list[torch.optim.Optimizer]:
        """One Adam for the discriminator, one for the three networks that play against it."""
        return [self._adam(net.discriminator), self._adam(net.encoder, net.generator, net.second_encoder)]

    def training_step(
        self, net: Any, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """Move the discriminator, then the others against it."""
        code = net.encoder(batch)
        rebuilt = net.generator(code)
        judge = self._move_discriminator(net.discriminator, batch, rebuilt, optimisers[0], lambda: rebuilt)
        with frozen(net.discriminator):
            features = net.discriminator.features
            adversarial = ((features(batch) - features(rebuilt)) ** 2).mean()
            reconstruction = ((batch - rebuilt) ** 2).mean()
            encoding = ((code - net.second_encoder(rebuilt)) ** 2).mean()
            step(
                optimisers[1],
                self.adversarial_weight * adversarial
                + self.reconstruction_weight * reconstruction
                + self.encoding_weight * encoding,
            )
        return {
            "discriminator_loss": judge,
            "adversarial_loss": adversarial.detach(),
            "reconstruction_loss": reconstruction.detach(),
            "encoding_loss": encoding.detach(),
        }

    def anomaly_scores(self, net: Any, batch: torch.Tensor) -> torch.Tensor:
        """Mean squared difference of a row and its reconstruction, and of the codes of both."""
        code = net.encoder(batch)
        rebuilt = net.generator(code)
        codes = ((code - net.second_encoder(rebuilt)) ** 2).mean(dim=1)
        return self.residual_share * ((batch - rebuilt) ** 2).mean(dim=1) + (1 - self.residual_share) * codes
