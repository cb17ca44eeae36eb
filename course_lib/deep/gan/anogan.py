"""AnoGAN: look for the latent point that generates a row, and call the row anomalous when nothing comes close."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from course_lib.core.parameters import check_whole
from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.gan.latent_search import SearchResult, search_latent, warm_starts
from course_lib.deep.gan.networks import frozen
from course_lib.deep.gan.parameters import check_choice, check_number
from course_lib.deep.gan.reuse import OnGAN


class AnoGAN(OnGAN):
    """A GAN of the normal rows and, for each row to score, a search of its own for the nearest generated row.

    The score is what is left of the search's loss: the squared error of the generated row, and the distance between the
    discriminator's features of both.

    Parameters
    ----------
    architecture, image_shape, hidden_sizes, channels, latent_size, output, steadying, discriminator_steps,
    penalty_weight, objective, averaging
        See :class:`course_lib.deep.gan.gan.GAN`.
    search_steps : int
        Steps of the search; 0 takes the best starting point as it is.
    search_rate : float
        Adam's step length at the start of the search, in standard deviations of z.
    restarts : int
        Searches for each row, of which the best counts.
    feature_share : float in [0, 1]
        Weight of the second term of the search's loss, against that of the squared error.
    against : {"features", "verdict"}
        The second term: the features' distance, or the discriminator's verdict on the generated row.
    bank_size : int
        Every search starts from the nearest of so many generated rows; 0 starts all rows' searches at the same points,
        drawn at random once.
    epochs, batch_size, learning_rate, scaling, checkpoint, resume, device, random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    References
    ----------
    Schlegl, Seeböck, Waldstein, Schmidt-Erfurth and Langs, 2017, Unsupervised Anomaly Detection with Generative
    Adversarial Networks to Guide Marker Discovery.
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
        search_steps: int = 60,
        search_rate: float = 0.1,
        restarts: int = 2,
        feature_share: float = 0.1,
        against: str = "features",
        bank_size: int = 2048,
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
        self.search_steps = search_steps
        self.search_rate = search_rate
        self.restarts = restarts
        self.feature_share = feature_share
        self.against = against
        self.bank_size = bank_size

    def _check(self) -> None:
        super()._check()
        check_whole("search_steps", self.search_steps, 0)
        check_number("search_rate", self.search_rate, 0)
        check_whole("restarts", self.restarts, 1)
        check_number("feature_share", self.feature_share, 0, 1)
        check_choice("against", self.against, ("features", "verdict"))
        check_whole("bank_size", self.bank_size, 0)
        if 0 < self.bank_size < self.restarts:
            raise ValueError(
                f"bank_size={self.bank_size} generated rows cannot give {self.restarts} starting points: "
                "raise it or set fewer restarts."
            )

    def _search(self, net: Any, batch: torch.Tensor) -> SearchResult:
        # Drawn from the model's seed: the same points for every row, whatever rows stand beside it.
        points = torch.randn(
            self.bank_size or self.restarts, self.latent_size, generator=torch.Generator().manual_seed(self.seed_)
        ).to(batch.device)
        features = net.discriminator.features if self.against == "features" else None
        with frozen(net):
            if self.bank_size:
                points = warm_starts(net.generator, features, batch, points, self.restarts, self.feature_share)
            return search_latent(
                net.generator,
                features,
                batch,
                points,
                steps=self.search_steps,
                learning_rate=self.search_rate,
                feature_share=self.feature_share,
                verdict=net.discriminator if self.against == "verdict" else None,
            )

    def anomaly_scores(self, net: Any, batch: torch.Tensor) -> torch.Tensor:
        """The loss at the end of each row's search."""
        return self._search(net, batch).last

    def search(self, X: Any) -> SearchResult:
        """Search for the rows of `X`, shape (n, n_features); tensors in scaled units."""
        rows = self._rows(X)
        return self._search(self.net_.eval(), rows)

    def reconstruct(self, X: Any) -> np.ndarray:
        """The generated rows G(z*) that the searches end at, shape (n, n_features), in the units of `X`."""
        return self._unscaled(self.search(X).rebuilt)
