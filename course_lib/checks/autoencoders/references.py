"""Right recipes, and wrong ones that learners really write, for the checks of the exercise set on autoencoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

NO_ZERO_GRAD = "Gradients pile up from batch to batch: call optimiser.zero_grad() before each backward pass."
NO_SHUFFLE = "You took the rows in order: cut torch.randperm(len(X), generator=generator) into batches instead."
DROPPED_LAST = "The last, smaller batch is missing: a rest of rows makes a batch of its own."
SUMMED = "You minimise the sum of the squared errors: the task asks for their mean, as mse_loss gives it."
PIXELS_SUMMED = "You sum over the pixels: the task asks for the mean over rows and pixels, as mse_loss gives it."
FIXED_BATCH = "Your batches have a size of their own: use the batch_size that comes in."
ONE_BATCH = "You took one step with all rows: split the shuffled rows into batches of batch_size."


def pca_reconstruct(X_train: np.ndarray, X_test: np.ndarray, k: int) -> np.ndarray:
    """Project on the first k principal directions of the training rows and back."""
    mean = X_train.mean(axis=0)
    V = np.linalg.svd(X_train - mean, full_matrices=False)[2][:k]
    return (X_test - mean) @ V.T @ V + mean


def linear_calls(net: torch.nn.Module, x: torch.Tensor) -> tuple[list[tuple[Any, torch.Tensor, torch.Tensor]], Any]:
    """The linear layers in the order in which `net` calls them for `x`, each with its input and output, and net(x).

    Where the network fails on `x`: its layers as they were defined, with `x` for their tensors, and None.
    """
    import torch

    calls: list[tuple[Any, torch.Tensor, torch.Tensor]] = []
    layers = [module for module in net.modules() if isinstance(module, torch.nn.Linear)]

    def note(layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        calls.append((layer, inputs[0].clone(), output.clone()))  # a ReLU behind it may work in place

    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad():
            return calls, net(x.clone())  # what stands first may work in place, too
    except Exception:  # what went wrong is told later, if the widths give no better reason
        return [(layer, x, x) for layer in layers], None
    finally:
        for hook in hooks:
            hook.remove()


def layers_in_plain_lists(net: torch.nn.Module) -> list[torch.nn.Module]:
    """Layers that `net` or a part of it keeps in a list, tuple or dictionary only, where PyTorch does not find them."""
    import torch

    registered = set(net.modules())
    waiting: list[Any] = [
        value for module in registered for name, value in vars(module).items() if name not in vars(torch.nn.Module())
    ]
    found: list[torch.nn.Module] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple, dict)):
            waiting.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, torch.nn.Module) and value not in registered:
            found.append(value)
    return found


def small_net(seed: int) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """A small autoencoder with weights that only depend on the seed, and plain gradient descent for it."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.Tanh(), torch.nn.Linear(3, 6))
    with torch.no_grad():
        for weights in net.parameters():
            weights.copy_(torch.rand(weights.shape, generator=generator) - 0.5)
    return net, torch.optim.SGD(net.parameters(), lr=0.3)


def flat_weights(net: torch.nn.Module) -> np.ndarray:
    """All weights of a network in one row."""
    return np.concatenate([weights.detach().numpy().ravel() for weights in net.parameters()])


def train_epoch_variant(
    *,
    zero_grad: bool = True,
    shuffle: bool = True,
    drop_last: bool = False,
    one_batch: bool = False,
    reduce: str = "mean",
    fixed_batch: int | None = None,
    record: str = "mean",
) -> Callable[..., Any]:
    """An epoch of training, right with the defaults and wrong in one way with each switch."""

    def train_epoch(
        net: torch.nn.Module,
        optimiser: torch.optim.Optimizer,
        X: torch.Tensor,
        batch_size: int,
        generator: torch.Generator,
    ) -> Any:
        import torch

        order = torch.randperm(len(X), generator=generator) if shuffle else torch.arange(len(X))
        batches = [order] if one_batch else list(order.split(fixed_batch or batch_size))
        if drop_last:
            batches = [rows for rows in batches if len(rows) == batch_size]
        losses = []
        for rows in batches:
            if zero_grad:
                optimiser.zero_grad()
            errors = (net(X[rows]) - X[rows]) ** 2
            loss = {"mean": errors.mean, "sum": errors.sum, "rows": errors.sum(dim=1).mean}[reduce]()
            loss.backward()
            optimiser.step()
            if record == "after":
                loss = torch.nn.functional.mse_loss(net(X[rows]), X[rows])
            losses.append(loss.item())
        sizes = [len(rows) for rows in batches]
        return np.array(losses) if record == "all" else np.average(losses, weights=sizes)

    return train_epoch


def early_stopping(losses: Sequence[float], patience: int) -> tuple[int, int]:
    """Where training stops and the best epoch until then, both counted from 1."""
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(losses), best


def _peeks(losses: Sequence[float], patience: int) -> tuple[int, int]:
    return early_stopping(losses, patience)[0], int(np.argmin(losses)) + 1


def _from_zero(losses: Sequence[float], patience: int) -> tuple[int, int]:
    stopped, best = early_stopping(losses, patience)
    return stopped - 1, best - 1


def _swapped(losses: Sequence[float], patience: int) -> tuple[int, int]:
    stopped, best = early_stopping(losses, patience)
    return best, stopped


def _late(losses: Sequence[float], patience: int) -> tuple[int, int]:
    return early_stopping(losses, patience + 1)


def _rises(losses: Sequence[float], patience: int) -> tuple[int, int]:
    rises = 0
    for epoch in range(2, len(losses) + 1):
        rises = rises + 1 if losses[epoch - 1] >= losses[epoch - 2] else 0
        if rises >= patience:
            return epoch, int(np.argmin(losses[:epoch])) + 1
    return len(losses), int(np.argmin(losses)) + 1


def _ties(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(losses), best


EARLY_STOPPING_MISTAKES = (
    (_swapped, "The two numbers are swapped: return (stopped, best)."),
    (_from_zero, "You count epochs from 0: the first epoch is 1."),
    (_peeks, "Your best epoch lies after the stop: training never gets that far."),
    (_rises, "You compare with the epoch before: compare with the best so far, or a slow zigzag never stops."),
    (_ties, "You count an equal loss as better: only a smaller one is an improvement."),
    (_late, "You stop one epoch late: stop as soon as `patience` epochs have passed since the best."),
)


def telling_losses(draw: np.random.Generator, patience: int) -> tuple[list[float], tuple[int, int]]:
    """Random validation losses on which every known mistake gives another result than the right one."""
    while True:
        losses = np.round(draw.choice(np.arange(2, 10) / 10, 12) + draw.integers(0, 9) / 100, 2).tolist()
        right = early_stopping(losses, patience)
        results = [mistake(losses, patience) for mistake, _ in EARLY_STOPPING_MISTAKES]
        if len({right, *results}) == len(results) + 1:
            return losses, right


def rates(y: np.ndarray, flagged: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and false-positive rate of boolean flags; 0 where nothing is flagged."""
    hits = float((flagged & (y == 1)).sum())
    precision = hits / flagged.sum() if flagged.any() else 0.0
    return precision, hits / (y == 1).sum(), (flagged & (y == 0)).sum() / (y == 0).sum()


def bent_sheet(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows near a bent two-dimensional sheet in ten dimensions, and test rows of which half lie far off it."""
    bend, plane = draw.normal(size=(2, 10)), draw.normal(size=(2, 10))

    def on_sheet(n: int) -> np.ndarray:
        place = draw.uniform(-2, 2, (n, 2))
        return np.sin(place) @ bend + place @ plane + draw.normal(0, 0.1, (n, 10))

    X_train, X_held_out, normal = on_sheet(400), on_sheet(150), on_sheet(100)
    odd = on_sheet(100) + draw.normal(0, 2, (100, 10))
    return X_train, X_held_out, np.vstack([normal, odd]), np.repeat([0, 1], 100)
