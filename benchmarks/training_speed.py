"""Train the same 784-256-128-64 autoencoder three ways in one run: the course's loop, a DataLoader loop, PyOD.

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

import numpy as np
import pandas as pd
import torch
from _report import keep, markdown
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib.core.runtime import resolve_device
from course_lib.data import load_mnist
from course_lib.deep import Autoencoder
from course_lib.deep.autoencoder import AutoencoderNet

SIZES = (784, 256, 128, 64, 128, 256, 784)
BATCH = 64


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


def products(X: np.ndarray, epochs: int, device: torch.device) -> float:
    """The bare matrix products of the same epochs: one forward and two backward for each layer and batch."""
    batches = -(-len(X) // BATCH) * epochs
    layers = [(torch.rand(BATCH, a, device=device), torch.rand(a, b, device=device)) for a, b in pairwise(SIZES)]
    for _ in range(batches):
        for x, w in layers:
            y = x @ w
            y @ w.T
            x.T @ y
    return float("nan")


def timed(way: Callable[..., float], X: np.ndarray, epochs: int, device: torch.device) -> tuple[float, float]:
    """Seconds per epoch and the loss."""
    start = time.perf_counter()
    loss = way(X, epochs, device)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / epochs, loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    device = resolve_device(args.device)
    X = load_mnist(normal=0).X_train
    ways = {
        "course_lib": course,
        "DataLoader loop": dataloader,
        "PyOD, its defaults": pyod,
        "PyOD, no batch norm, no dropout": partial(pyod, batch_norm=False, dropout_rate=0.0),
        "matrix products alone": products,
    }
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
        index=pd.Index(ways, name=f"{len(X):,} images, batches of {BATCH}"),
    )
    keep(
        f"training_speed_{device.type}",
        "Training speed of one autoencoder, three ways",
        f"python benchmarks/training_speed.py --device {device.type}",
        markdown(table),
    )


if __name__ == "__main__":
    main()
