"""What the two players of a GAN minimise, as pure functions of the discriminator's logits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

KINDS = ("non-saturating", "saturating", "wasserstein")


def discriminator_loss(
    real_logits: torch.Tensor, fake_logits: torch.Tensor, kind: str = "non-saturating"
) -> torch.Tensor:
    """What the discriminator minimises, as a scalar tensor.

    Parameters
    ----------
    real_logits, fake_logits : tensor, shape (n,)
        Verdicts on real and on generated rows, before any sigmoid; high means real.
    kind : {"non-saturating", "saturating", "wasserstein"}
        The first two are the same for the discriminator: the cross-entropy ``-mean log D(x) - mean log(1 - D(G(z)))``.
        A Wasserstein critic minimises ``mean f(G(z)) - mean f(x)``.

    References
    ----------
    Goodfellow et al., 2014, Generative Adversarial Nets.
    Arjovsky, Chintala and Bottou, 2017, Wasserstein GAN.
    """
    _check_kind(kind)
    if kind == "wasserstein":
        return fake_logits.mean() - real_logits.mean()
    # -log sigmoid(l) = softplus(-l) and -log(1 - sigmoid(l)) = softplus(l): no logarithm of a rounded 0.
    return nn.functional.softplus(-real_logits).mean() + nn.functional.softplus(fake_logits).mean()


def generator_loss(fake_logits: torch.Tensor, kind: str = "non-saturating") -> torch.Tensor:
    """What the generator minimises, as a scalar tensor.

    Parameters
    ----------
    fake_logits : tensor, shape (n,)
    kind : {"non-saturating", "saturating", "wasserstein"}
        ``-mean log D(G(z))``; the minimax game's own ``mean log(1 - D(G(z)))``, whose gradient fades just when the
        discriminator is sure; or ``-mean f(G(z))``.
    """
    _check_kind(kind)
    if kind == "wasserstein":
        return -fake_logits.mean()
    if kind == "saturating":
        return -nn.functional.softplus(fake_logits).mean()
    return nn.functional.softplus(-fake_logits).mean()


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Mean of ``(|gradient of the critic| - 1)^2`` at random points between real and generated rows.

    Parameters
    ----------
    critic : callable
        Rows (n, n_features) to verdicts (n,).
    real, fake : tensor, shape (n, n_features)
    generator : torch.Generator, optional
        Draws the points; by default torch's own.

    Returns
    -------
    tensor, scalar
        It can be differentiated with respect to the critic's weights.

    References
    ----------
    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, 2017, Improved Training of Wasserstein GANs.
    """
    share = torch.rand(len(real), 1, generator=generator, device=real.device, dtype=real.dtype)
    between = (share * real + (1 - share) * fake).detach().requires_grad_(True)
    # Each verdict depends on its own row only, so that the gradient of the sum holds the gradient of each.
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, but is {kind!r}.")
