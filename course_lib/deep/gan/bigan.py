"""BiGAN: the discriminator sees pairs of row and code, so that an encoder grows up beside the generator."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.gan.base import Encoding, step, steps_taken
from course_lib.deep.gan.gan import GAN
from course_lib.deep.gan.losses import generator_loss
from course_lib.deep.gan.networks import JointDiscriminator, Players, follow, frozen
from course_lib.deep.gan.parameters import check_number


class BiGAN(Encoding, GAN):
    """A GAN of pairs: (x, E(x)) of real rows against (G(z), z) of generated ones.

    Where the discriminator cannot tell them apart, the encoder E is the inverse of the generator G. The score is
    EGBAD's: ``(1 - feature_share) * mean (x - G(E(x)))^2 + feature_share * mean (f(x, E(x)) - f(G(E(x)), E(x)))^2``
    with the discriminator's features f; published are sums of absolute differences in place of the mean squares.

    Parameters
    ----------
    architecture, image_shape, hidden_sizes, channels, latent_size, output, steadying, discriminator_steps,
    penalty_weight, objective, averaging
        See :class:`course_lib.deep.gan.gan.GAN`; the averaging is of generator and encoder.
    feature_share : float in [0, 1]
        Weight of the features' distance in the score, against that of the squared error.
    cycle_weight : float
        Weight of a row's squared error, summed over its values, in what encoder and generator minimise (Li et al.,
        2017); 0 is the BiGAN as it was published, whose encoder inverts the generator only roughly.
    epochs, batch_size, learning_rate, scaling, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    Attributes
    ----------
    history_ : dict
        ``discriminator_loss``, ``generator_loss`` (the encoder's as well) and ``cycle_loss`` of each epoch.

    References
    ----------
    Donahue, Krähenbühl and Darrell, 2017, Adversarial Feature Learning.
    Zenati, Foo, Lecouat, Manek and Chandrasekhar, 2018, Efficient GAN-Based Anomaly Detection.
    Li, Liu, Chen, Pu, Chen, Henao and Carin, 2017, ALICE: Towards Understanding Adversarial Learning for Joint
    Distribution Matching.
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
        feature_share: float = 0.1,
        cycle_weight: float = 0.1,
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
        self.feature_share = feature_share
        self.cycle_weight = cycle_weight

    def _check(self) -> None:
        super()._check()
        check_number("feature_share", self.feature_share, 0, 1)
        check_number("cycle_weight", self.cycle_weight, 0)

    def build(self, n_features: int) -> nn.Module:
        """Generator, encoder, a discriminator of pairs and, with averaging, the generator and encoder that play."""
        players: dict[str, nn.Module] = {
            "generator": self._generator(n_features),
            "encoder": self._encoder(n_features),
            "discriminator": JointDiscriminator(
                n_features,
                self.latent_size,
                self.architecture,
                self._sizes,
                self.image_shape,
                self.steadying == "spectral",
            ),
        }
        if self.averaging:
            players["player"] = Players(**{name: copy.deepcopy(players[name]) for name in ("generator", "encoder")})
        return Players(**players)

    def optimisers(self, net: Any) -> list[torch.optim.Optimizer]:
        """One Adam for the discriminator, one for encoder and generator together: they play on one side."""
        side = self._side(net)
        return [self._adam(net.discriminator), self._adam(side.generator, side.encoder)]

    def _side(self, net: Any) -> Any:
        """Where the generator and the encoder are that play."""
        return net.player if self.averaging else net

    def training_step(
        self, net: Any, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """Move the discriminator, then encoder and generator against it."""
        z, side = self._latent(batch), self._side(net)
        code = side.encoder(batch)

        def pairs(z: torch.Tensor) -> torch.Tensor:
            return torch.cat([side.generator(z), z], dim=1)

        real, fake = torch.cat([batch, code], dim=1), pairs(z)
        judge = self._move_discriminator(
            net.discriminator, real.detach(), fake, optimisers[0], lambda: pairs(self._latent(batch))
        )
        with frozen(net.discriminator):
            # Each side wants its pairs taken for the other's: for the encoder "fake" and "real" change places.
            loss = generator_loss(net.discriminator(fake), self._kind) + generator_loss(
                -net.discriminator(real), self._kind
            )
            cycle = loss.new_zeros(())
            if self.cycle_weight:
                cycle = ((batch - side.generator(code)) ** 2).sum(dim=1).mean()
            step(optimisers[1], loss + self.cycle_weight * cycle)
        if self.averaging:
            for name in ("generator", "encoder"):
                slow, fast = net.get_submodule(name), side.get_submodule(name)
                follow(slow, fast, self.averaging, steps_taken(optimisers[1]))
        return {"discriminator_loss": judge, "generator_loss": loss.detach(), "cycle_loss": cycle.detach()}

    def anomaly_scores(self, net: Any, batch: torch.Tensor) -> torch.Tensor:
        """EGBAD's score: what the way to the code and back loses, in values and in the discriminator's features."""
        code = net.encoder(batch)
        rebuilt = net.generator(code)
        features = net.discriminator.features
        residual = ((batch - rebuilt) ** 2).mean(dim=1)
        seen = features(torch.cat([batch, code], dim=1)) - features(torch.cat([rebuilt, code], dim=1))
        return (1 - self.feature_share) * residual + self.feature_share * (seen**2).mean(dim=1)
