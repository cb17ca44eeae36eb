"""Right recipes, and wrong ones that learners really write, for the checks of the exercise set on GANs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def plain(value: Any) -> np.ndarray:
    """A tensor's numbers, without its gradient."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float)


def minus_log(logits: Any) -> np.ndarray:
    """-log of the probability that belongs to each logit, by a formula that cannot overflow."""
    return np.logaddexp(0, -plain(logits))


def small_net(draw: np.random.Generator, n_in: int, n_out: int, *, flat: bool = False) -> torch.nn.Sequential:
    """A bent network with random weights of its own; with `flat` it gives shape (n,) instead of (n, 1)."""
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(n_in, 8), torch.nn.Tanh(), torch.nn.Linear(8, n_out))
    if flat:
        net.append(torch.nn.Flatten(0))
    with torch.no_grad():
        for weights in net.parameters():
            weights.copy_(torch.as_tensor(draw.uniform(-0.8, 0.8, tuple(weights.shape))))
    return net


def tensor(draw: np.random.Generator, *shape: int) -> torch.Tensor:
    """Random rows, 32 bits."""
    import torch

    return torch.as_tensor(draw.normal(size=shape), dtype=torch.float32)


def gradient_penalty(
    critic: torch.nn.Module,
    real: torch.Tensor,
    fake: torch.Tensor,
    generator: torch.Generator,
    *,
    swapped: bool = False,
    one_share: bool = False,
    pixel_shares: bool = False,
    at: str = "between",
    judged: str = "sum",
    reduce: Callable[[torch.Tensor], torch.Tensor] | None = None,
    measure: Callable[[torch.Tensor], torch.Tensor] | None = None,
    graph: bool = True,
) -> torch.Tensor:
    """The penalty of Wasserstein GANs, right with the defaults and wrong in one way with each switch."""
    import torch

    shape = real.shape if pixel_shares else (1 if one_share else len(real), 1)
    share = torch.rand(shape, generator=generator)
    share = 1 - share if swapped else share
    points = {"between": share * real + (1 - share) * fake, "real": real, "fake": fake}[at]
    points = points.detach().clone().requires_grad_()
    verdict = critic(points)
    total = verdict.mean() if judged == "mean" else verdict.sum()
    (slopes,) = torch.autograd.grad(total, points, create_graph=graph)
    lengths = slopes.norm(dim=1) if measure is None else measure(slopes)
    return ((lengths - 1) ** 2).mean() if reduce is None else reduce(lengths)


def latent_search(
    generator: torch.nn.Module,
    X: torch.Tensor,
    Z: torch.Tensor,
    steps: int,
    learning_rate: float,
    *,
    reduce: str = "rows",
    pile_up: bool = False,
    sign: float = -1.0,
    shared: bool = False,
    absolute: bool = False,
    adam: bool = False,
) -> torch.Tensor:
    """Gradient descent on the latent points, right with the defaults and wrong in one way with each switch."""
    import torch

    Z = Z.detach().clone()
    before = torch.zeros_like(Z)
    optimiser = torch.optim.Adam([Z.requires_grad_()], lr=learning_rate) if adam else None
    for _ in range(steps):
        Z = Z.detach() if optimiser is None else Z
        Z.requires_grad_()
        gap = generator(Z) - X
        gap = gap.abs() if absolute else gap**2
        loss = {
            "rows": gap.sum(),
            "mean": gap.sum(dim=1).mean(),
            "all": gap.mean(),
            "pixels": gap.mean(dim=1).sum(),
            "lengths": gap.sum(dim=1).sqrt().sum(),
        }[reduce]
        (slope,) = torch.autograd.grad(loss, Z)
        if optimiser is not None:
            Z.grad = slope
            optimiser.step()
            continue
        slope = slope.sum(dim=0, keepdim=True).expand_as(slope) if shared else slope
        before = before + slope if pile_up else slope
        Z = Z.detach() + sign * learning_rate * before
    return Z.detach()


def recall_of_modes(samples: np.ndarray, centres: np.ndarray, radius: float, minimum: int) -> float:
    """Share of the centres with at least so many samples within the radius."""
    distances = np.linalg.norm(samples[:, None] - centres, axis=-1)
    return float(((distances <= radius).sum(axis=0) >= minimum).mean())


def izi_f_loss(
    encoder: torch.nn.Module, generator: torch.nn.Module, features: torch.nn.Module, X: torch.Tensor, kappa: float
) -> torch.Tensor:
    """f-AnoGAN's loss for its encoder."""
    rebuilt = generator(encoder(X))
    return ((rebuilt - X) ** 2).mean() + kappa * ((features(rebuilt) - features(X)) ** 2).mean()
