"""Train one network several ways in one run: the course's loop, a DataLoader loop, PyOD.

``--model autoencoder`` is 784-256-128-64 and back, ``--model vae`` a variational autoencoder 784-400-20 and back with a
Bernoulli decoder, the one of PyTorch's own example, in batches of 128 as there.

Each way gets the same images, batch size and number of epochs; the order of the ways changes from repeat to repeat,
and the best repeat counts, since other programs can only slow a run down. The arithmetic limit is the time of the bare
matrix products of the same epochs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from _report import keep, markdown
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib.core.runtime import resolve_device
from course_lib.data import load_mnist
from course_lib.deep import VAE, Autoencoder
from course_lib.deep.autoencoder import AutoencoderNet

Way = Callable[[np.ndarray, int, torch.device], float | tuple[float, float]]

SIZES = (784, 256, 128, 64, 128, 256, 784)
BATCH = 64
VAE_ENCODER, VAE_DECODER = (784, 400, 40), (20, 400, 784)  # twenty means and twenty log variances
VAE_BATCH = 128


def course(X: np.ndarray, epochs: int, device: torch.device) -> float:
    """The course's detector, from fit() to fitted: training, scores of the training rows, threshold."""
    model = Autoencoder(
        (256, 128),
        64,
        epochs=epochs,
        batch_size=BATCH,
        scaling=None,
        validation_share=0.0,
        device=str(device),
        random_state=0,
        verbose=False,
    ).fit(X)
    return model.history_["loss"][-1]


def dataloader(X: np.ndarray, epochs: int, device: torch.device) -> float:
    """The loop of most tutorials: a DataLoader over a TensorDataset, Adam with its defaults."""
    torch.manual_seed(0)
    net = AutoencoderNet(784, (256, 128), 64, "relu").to(device)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=BATCH, shuffle=True)
    for _ in range(epochs):
        total = 0.0
        for (batch,) in loader:
            batch = batch.to(device)
            optimiser.zero_grad()
            loss = nn.functional.mse_loss(net(batch), batch)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
    return total / len(X)


def pyod(X: np.ndarray, epochs: int, device: torch.device, **options: object) -> float:
    """PyOD's AutoEncoder of the same shape, from fit() to fitted."""
    from pyod.models.auto_encoder import AutoEncoder

    model = AutoEncoder(
        hidden_neuron_list=[256, 128, 64],
        epoch_num=epochs,
        batch_size=BATCH,
        lr=1e-3,
        device=device,
        verbose=0,
        random_state=0,
        **options,
    )
    model.fit(X)
    return float("nan")


class TimedVAE(VAE):
    """The course's VAE with a note of when each epoch began and when the last one was over."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.clock: list[float] = []

    def begin_epoch(self, net: nn.Module, epoch: int) -> None:
        """Note the time."""
        super().begin_epoch(net, epoch)
        self.clock.append(time.perf_counter())

    def _score(self, X: np.ndarray) -> np.ndarray:
        self.clock.append(time.perf_counter())
        return super()._score(X)


def course_vae(X: np.ndarray, epochs: int, device: torch.device, alone: bool = False) -> float | tuple[float, float]:
    """The course's VAE, from fit() to fitted: training, scores of the training rows (one draw), threshold.

    With `alone` the seconds of the epochs alone come with the loss, as the DataLoader loop does nothing but epochs.
    """
    model = TimedVAE(
        hidden_sizes=(400,),
        latent_size=20,
        activation="relu",
        decoder="bernoulli",
        n_samples=1,
        epochs=epochs,
        batch_size=VAE_BATCH,
        scaling=None,
        validation_share=0.0,
        device=str(device),
        random_state=0,
        verbose=False,
    )
    model.fit(X)
    loss = model.history_["loss"][-1]
    return (model.clock[-1] - model.clock[0], loss) if alone else loss


class PlainVAE(nn.Module):
    """The network as tutorials write it: two heads for mean and log variance, a sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(784, 400), nn.Linear(400, 784)
        self.mean, self.log_variance, self.first = nn.Linear(400, 20), nn.Linear(400, 20), nn.Linear(20, 400)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rebuilt rows, means and log variances."""
        h = torch.relu(self.down(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return torch.sigmoid(self.up(torch.relu(self.first(z)))), mean, log_variance


def dataloader_vae(X: np.ndarray, epochs: int, device: torch.device) -> float:
    """The loop of most tutorials: a DataLoader over a TensorDataset, Adam with its defaults, summed losses."""
    torch.manual_seed(0)
    net = PlainVAE().to(device)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=VAE_BATCH, shuffle=True)
    for _ in range(epochs):
        total = 0.0
        for (batch,) in loader:
            batch = batch.to(device)
            optimiser.zero_grad()
            rebuilt, mean, log_variance = net(batch)
            cost = nn.functional.binary_cross_entropy(rebuilt, batch, reduction="sum")
            loss = cost - 0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
            (loss / len(batch)).backward()
            optimiser.step()
            total += loss.item()
    return total / len(X)


def products(
    X: np.ndarray, epochs: int, device: torch.device, parts: tuple[tuple[int, ...], ...] = (SIZES,), size: int = BATCH
) -> float:
    """The bare matrix products of the same epochs: one forward and two backward for each layer and batch.

    That is a little more than training needs, which asks for no gradient of the images.
    """
    batches = -(-len(X) // size) * epochs
    widths = [pair for part in parts for pair in pairwise(part)]
    layers = [(torch.rand(size, a, device=device), torch.rand(a, b, device=device)) for a, b in widths]
    for _ in range(batches):
        for x, w in layers:
            y = x @ w
            y @ w.T
            x.T @ y
    return float("nan")


def timed(way: Way, X: np.ndarray, epochs: int, device: torch.device) -> tuple[float, float]:
    """Seconds per epoch and the loss; a way may bring seconds of its own."""
    start = time.perf_counter()
    result = way(X, epochs, device)
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds, loss = result if isinstance(result, tuple) else (time.perf_counter() - start, result)
    return seconds / epochs, loss


MODELS: dict[str, tuple[str, int, dict[str, Way]]] = {
    "autoencoder": (
        "training_speed",
        BATCH,
        {
            "course_lib": course,
            "DataLoader loop": dataloader,
            "PyOD, its defaults": pyod,
            "PyOD, no batch norm, no dropout": partial(pyod, batch_norm=False, dropout_rate=0.0),
            "matrix products alone": products,
        },
    ),
    "vae": (
        "training_speed_vae",
        VAE_BATCH,
        {
            "course_lib": partial(course_vae, alone=True),
            "course_lib, scores and threshold included": course_vae,
            "DataLoader loop": dataloader_vae,
            "matrix products alone": partial(products, parts=(VAE_ENCODER, VAE_DECODER), size=VAE_BATCH),
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="autoencoder")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    device = resolve_device(args.device)
    X = load_mnist(normal=0).X_train
    name_of_result, size, ways = MODELS[args.model]
    for way in ways.values():
        timed(way, X[:640], 1, device)  # warm up
    times: dict[str, list[float]] = {name: [] for name in ways}
    losses = {}
    for repeat in range(args.repeats):
        names = list(ways)[repeat % len(ways) :] + list(ways)[: repeat % len(ways)]
        for name in names:
            seconds, losses[name] = timed(ways[name], X, args.epochs, device)
            times[name].append(seconds)
    best = {name: min(values) for name, values in times.items()}
    table = pd.DataFrame(
        {
            "ms per epoch": [f"{1000 * best[name]:.0f}" for name in ways],
            "course_lib is faster by": [f"{best[name] / best['course_lib']:.2f} x" for name in ways],
            f"loss after {args.epochs} epochs": [
                f"{losses[name]:.4f}" if np.isfinite(losses[name]) else "" for name in ways
            ],
        },
        index=pd.Index(ways, name=f"{len(X):,} images, batches of {size}"),
    )
    keep(
        f"{name_of_result}_{device.type}",
        f"Training speed of one {'VAE' if args.model == 'vae' else 'autoencoder'}, {len(ways)} ways",
        f"python benchmarks/training_speed.py --model {args.model} --device {device.type}",
        markdown(table),
    )


if __name__ == "__main__":
    main()
