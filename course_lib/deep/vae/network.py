"""The network of a variational autoencoder: an encoder to a distribution, a decoder from a draw to a distribution."""

from __future__ import annotations

import torch
from torch import nn

from course_lib.deep.vae.bounds import bernoulli_log_likelihood, gaussian_log_likelihood, reparameterise

DECODERS = ("gaussian", "bernoulli")
# exp() of these is far from overflow, and a variance that left them would have gone wrong long before.
LOG_VARIANCES = (-12.0, 12.0)
FOLLOW = 0.05  # of the way to a batch's error
LEAST_VARIANCE = 1e-6  # constant rows are rebuilt without error


class VariationalNet(nn.Module):
    """Encoder and decoder with the likelihood of a row given a code.

    Parameters
    ----------
    encoder : Module
        Rows (n, n_features) to (n, 2 * latent_size): means, then logarithms of variances.
    decoder : Module
        Codes (..., latent_size), flattened to (n, latent_size), to (n, n_features): means, or logits for "bernoulli".
    likelihood : {"gaussian", "bernoulli"}
        A Gaussian has one variance for all features. It is not set but follows the squared error of training, since
        the mean squared error is the likeliest variance (Rybkin, Daniilidis and Levine, 2021, Simple and Effective VAE
        Training with Calibrated Decoders).
    """

    variance: torch.Tensor

    def __init__(self, encoder: nn.Module, decoder: nn.Module, likelihood: str):
        super().__init__()
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        if likelihood == "gaussian":
            self.register_buffer("variance", torch.ones(()))

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of q(z | x), both (n, latent_size)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCES)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Means or logits of the features, (..., n_features), from codes (..., latent_size)."""
        return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """log p(x | z), shape (..., n), of rows x (n, n_features) and codes z (..., n, latent_size)."""
        out = self.decode(z)
        if self.likelihood == "gaussian":
            if self.training:
                self.variance.lerp_(((x - out.detach()) ** 2).mean(), FOLLOW).clamp_(min=LEAST_VARIANCE)
            return gaussian_log_likelihood(x, out, self.variance.log())
        if self.training:
            return bernoulli_log_likelihood(x, out)
        # Linear in x, so that a value beyond 0 or 1 could raise it: take such a value as the nearest end, at a charge.
        inside = x.clamp(0, 1)
        return bernoulli_log_likelihood(inside, out) - ((x - inside) ** 2).sum(dim=-1)

    def expected(self, z: torch.Tensor) -> torch.Tensor:
        """E[x | z], (..., n_features)."""
        out = self.decode(z)
        return out if self.likelihood == "gaussian" else torch.sigmoid(out)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """log p(x | z) of one draw z, (n,), and mean and log variance of q(z | x), (n, latent_size)."""
        mean, log_variance = self.encode(x)
        z = reparameterise(mean, log_variance, torch.randn_like(mean))
        return self.log_likelihood(x, z), mean, log_variance
