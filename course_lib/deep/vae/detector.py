"""What all variational autoencoders do as detectors: training, scores, draws, codes, reconstructions and samples."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.core.validation import check_rows
from course_lib.deep.training import SCORING_ROWS, DeepDetector
from course_lib.deep.vae.bounds import gaussian_kl
from course_lib.deep.vae.collapse import annealed_beta, free_bits_kl
from course_lib.deep.vae.network import VariationalNet
from course_lib.deep.vae.options import check_chances, check_options
from course_lib.deep.vae.scores import draw_scores, row_scores


class VariationalDetector(DeepDetector):
    """Training, scores and draws that the dense and the convolutional model share; they differ in their networks."""

    latent_size: int
    beta: float
    decoder: str
    scoring: str
    n_samples: int
    annealing: int
    free_bits: float

    def coders(self, n_features: int) -> tuple[nn.Module, nn.Module]:
        """An encoder to 2 * latent_size numbers and a decoder from latent_size numbers."""
        raise NotImplementedError

    def _fit(self, X: np.ndarray) -> None:
        check_options(self)
        if self.decoder == "bernoulli":
            check_chances(X, self.scaling)
        super()._fit(X)

    def build(self, n_features: int) -> nn.Module:
        """Encoder and decoder with the likelihood that the decoder stands for."""
        return VariationalNet(*self.coders(n_features), self.decoder)

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Minus the evidence lower bound, one draw a row, in nats; the mean over the batch."""
        log_likelihood, mean, log_variance = net(batch)
        kl = gaussian_kl(mean, log_variance)
        # Validation is judged by the bound that is wanted in the end, whatever eases the training meanwhile.
        divergence = self.beta_ * free_bits_kl(kl, self.free_bits) if net.training else self.beta * kl.sum(dim=1).mean()
        return divergence - log_likelihood.mean()

    def begin_epoch(self, net: nn.Module, epoch: int) -> None:
        """Set the weight of the divergence for this epoch."""
        self.beta_ = annealed_beta(self.beta, epoch, self.annealing)

    def anomaly_scores(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """The score that the parameter `scoring` names."""
        return row_scores(cast(VariationalNet, net), batch, self._noise(self.n_samples), self.scoring, self.beta)

    def _noise(self, n_samples: int) -> torch.Tensor:
        """The same standard normal draws for every row, (n_samples, latent_size): no score depends on the batch."""
        generator = torch.Generator().manual_seed(self.seed_)
        return torch.randn(n_samples, self.latent_size, generator=generator).to(self.device_)

    @torch.no_grad()
    def score_rows(self, X: Any, scoring: str | None = None, n_samples: int | None = None) -> np.ndarray:
        """Any of the scores, without training again.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
        scoring : str, optional
            By default the parameter `scoring`.
        n_samples : int, optional
            Draws of z for each row; by default the parameter `n_samples`.

        Returns
        -------
        ndarray of float32, shape (n,)
            Higher is more anomalous.
        """
        scoring, noise = self._chosen(scoring, n_samples)
        parts = [row_scores(self._net(), batch, noise, scoring, self.beta) for batch in self._batches(X)]
        return torch.cat(parts).cpu().numpy()

    @torch.no_grad()
    def score_spread(
        self, X: Any, scoring: str | None = None, n_samples: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """How sure a score is: mean and standard deviation of the score over single draws of z.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
        scoring, n_samples
            As in :meth:`score_rows`; at least two draws.

        Returns
        -------
        mean, deviation : ndarray of float32, shape (n,)
        """
        scoring, noise = self._chosen(scoring, n_samples)
        if len(noise) < 2:
            raise ValueError("A spread needs at least two draws, but n_samples is 1: raise it.")
        parts = [draw_scores(self._net(), batch, noise, scoring, self.beta) for batch in self._batches(X)]
        draws = torch.cat(parts, dim=1).cpu()
        return draws.mean(dim=0).numpy(), draws.std(dim=0).numpy()

    @torch.no_grad()
    def encode(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of the code of each row of `X`, each of shape (n, latent_size)."""
        check_is_fitted(self)
        means, log_variances = zip(*(self._net().encode(batch) for batch in self._batches(X)), strict=True)
        return torch.cat(means).cpu().numpy(), torch.cat(log_variances).cpu().numpy()

    @torch.no_grad()
    def decode(self, z: Any) -> np.ndarray:
        """The expected rows, (n, n_features), for codes `z`, (n, latent_size), in the units of the training data."""
        check_is_fitted(self)
        codes = torch.as_tensor(np.asarray(z, dtype=np.float32))
        if codes.ndim != 2 or codes.shape[1] != self.latent_size:
            raise ValueError(f"z needs shape (n, {self.latent_size}), one code a row, but has {tuple(codes.shape)}.")
        return self._net().expected(codes.to(self.device_)).cpu().numpy() * self.scale_ + self.shift_

    def reconstruct(self, X: Any) -> np.ndarray:
        """The rows of `X`, (n, n_features), decoded from their mean codes, in the units of `X`."""
        return self.decode(self.encode(X)[0])

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        """Expected rows for `n` codes drawn from the prior, (n, n_features), in the units of the training data."""
        check_whole("n", n, 1)
        return self.decode(np.random.default_rng(draw_seed(random_state)).standard_normal((n, self.latent_size)))

    def _net(self) -> VariationalNet:
        return cast(VariationalNet, self.net_.eval())

    def _batches(self, X: Any) -> tuple[torch.Tensor, ...]:
        return self._to_tensor(check_rows(self, X, reset=False)).split(SCORING_ROWS)

    def _chosen(self, scoring: str | None, n_samples: int | None) -> tuple[str, torch.Tensor]:
        check_is_fitted(self)
        scoring = self.scoring if scoring is None else scoring
        n_samples = self.n_samples if n_samples is None else n_samples
        check_options(self, scoring=scoring, n_samples=n_samples)
        return scoring, self._noise(n_samples)
