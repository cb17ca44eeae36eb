"""For each row the latent point whose generated row comes closest: gradient descent on z, whole batches at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

Rows = Callable[[torch.Tensor], torch.Tensor]
# Rows times restarts that are searched together: more do not fit a processor's cache, or a small GPU's memory.
CHUNK, CHUNK_ON_GPU = 512, 8192


@dataclass
class SearchResult:
    """What the search found for n rows.

    Attributes
    ----------
    z : tensor, shape (n, latent_size)
    rebuilt : tensor, shape (n, n_features)
        G(z).
    first, last : tensor, shape (n,)
        Each row's loss at its first starting point and at `z`; the last is never above the first.
    """

    z: torch.Tensor
    rebuilt: torch.Tensor
    first: torch.Tensor
    last: torch.Tensor


def search_loss(
    x: torch.Tensor,
    rebuilt: torch.Tensor,
    features: Rows | None = None,
    feature_share: float = 0.1,
    verdict: Rows | None = None,
) -> torch.Tensor:
    """How far each generated row is from its original, shape (n,).

    ``(1 - feature_share) * mean (x - G(z))^2 + feature_share * mean (f(x) - f(G(z)))^2``.

    Parameters
    ----------
    x, rebuilt : tensor, shape (n, n_features)
    features : callable or None
        Rows to features, shape (n, k); None leaves the squared error alone.
    feature_share : float in [0, 1]
    verdict : callable or None
        Rows to logits, shape (n,). If given, its cross-entropy ``-log D(G(z))`` takes the features' place: it asks
        whether the generated row looks real, and never looks at x.
    """
    return _Loss(x, features, feature_share, verdict)(rebuilt)


class _Loss:
    """The loss of given rows; what is seen in the rows themselves is worked out once, not at each step."""

    def __init__(self, x: torch.Tensor, features: Rows | None, feature_share: float, verdict: Rows | None):
        self.x, self.features, self.share, self.verdict = x, features, feature_share, verdict
        self.seen = features(x) if features is not None and verdict is None else x

    def __call__(self, rebuilt: torch.Tensor) -> torch.Tensor:
        residual = ((self.x - rebuilt) ** 2).mean(dim=1)
        if self.verdict is not None:
            second = torch.nn.functional.softplus(-self.verdict(rebuilt))  # -log sigmoid(logit)
        elif self.features is not None:
            second = ((self.seen - self.features(rebuilt)) ** 2).mean(dim=1)
        else:
            return residual
        return (1 - self.share) * residual + self.share * second


def warm_starts(
    generator: Rows,
    features: Rows | None,
    x: torch.Tensor,
    bank: torch.Tensor,
    restarts: int,
    feature_share: float = 0.1,
) -> torch.Tensor:
    """For each row the latent points of the `restarts` nearest rows of a bank of generated ones.

    Parameters
    ----------
    generator, features : callable
        Latent points to rows; rows to features, or None.
    x : tensor, shape (n, n_features)
    bank : tensor, shape (m, latent_size)
    restarts : int
        At most m.
    feature_share : float
        As in :func:`search_loss`.

    Returns
    -------
    tensor, shape (restarts, n, latent_size)
        Best first.
    """
    with torch.no_grad():
        images = generator(bank)
        distance = (1 - feature_share if features else 1.0) * mean_squares(x, images)
        if features:
            distance += feature_share * mean_squares(features(x), features(images))
        nearest = distance.topk(restarts, dim=1, largest=False).indices
    return bank[nearest].transpose(0, 1)


def mean_squares(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of each row of `a`, shape (n, k), and each of `b`, shape (m, k): shape (n, m)."""
    return ((a**2).mean(dim=1)[:, None] + (b**2).mean(dim=1) - 2 / a.shape[1] * a @ b.T).clamp_min(0)


def search_latent(
    generator: Rows,
    features: Rows | None,
    x: torch.Tensor,
    starts: torch.Tensor,
    *,
    steps: int = 100,
    learning_rate: float = 0.1,
    feature_share: float = 0.1,
    verdict: Rows | None = None,
) -> SearchResult:
    """Descend from every start and keep, for each row, the best point that was met.

    Adam moves each number of z by itself and the rows' losses are summed: no row's search feels its neighbours. The
    step length falls to 0 along half a cosine, so that the search comes to rest.

    Parameters
    ----------
    generator, features, feature_share, verdict
        See :func:`search_loss`; the networks' weights should be frozen, which saves half of the work.
    x : tensor, shape (n, n_features)
    starts : tensor, shape (restarts, latent_size) or (restarts, n, latent_size)
        The same starting points for all rows, or each row's own.
    steps : int
    learning_rate : float
        Of Adam, at the first step, in units of z, whose numbers have a standard deviation of 1.

    References
    ----------
    Schlegl, Seeböck, Waldstein, Schmidt-Erfurth and Langs, 2017, Unsupervised Anomaly Detection with Generative
    Adversarial Networks to Guide Marker Discovery.
    """
    restarts, latent_size = len(starts), starts.shape[-1]
    if starts.dim() == 2:
        starts = starts[:, None].expand(restarts, len(x), latent_size)
    together = CHUNK if x.device.type == "cpu" else CHUNK_ON_GPU
    parts = []
    for rows in torch.arange(len(x), device=x.device).split(max(1, together // restarts)):
        z = starts[:, rows].reshape(-1, latent_size)
        loss = _Loss(x[rows].repeat(restarts, 1), features, feature_share, verdict)
        found, first, last = _descend(generator, loss, z, steps, learning_rate)
        last, best = last.view(restarts, -1).min(dim=0)
        z = found.view(restarts, -1, latent_size)[best, torch.arange(len(rows), device=x.device)]
        parts.append((z, first[: len(rows)], last))
    z, first, last = (torch.cat(part) for part in zip(*parts, strict=True))
    with torch.no_grad():
        return SearchResult(z, generator(z), first, last)


@torch.enable_grad()
def _descend(
    generator: Rows, loss: _Loss, z: torch.Tensor, steps: int, learning_rate: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The best point of each row's path, its first loss and its best one."""
    z = z.clone().requires_grad_(True)
    adam = torch.optim.Adam([z], learning_rate)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(1, steps))
    losses = loss(generator(z))
    first, best, best_z = losses.detach(), losses.detach(), z.detach().clone()
    for _ in range(steps):
        (z.grad,) = torch.autograd.grad(losses.sum(), z)
        adam.step()
        slower.step()
        losses = loss(generator(z))
        better = losses.detach() < best
        best = torch.where(better, losses.detach(), best)
        best_z = torch.where(better[:, None], z.detach(), best_z)
    return best_z, first, best
