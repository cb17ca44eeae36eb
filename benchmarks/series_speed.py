"""How fast an LSTM autoencoder trains against a loop over steps and against the bare kernels; what scoring weighs.

Training: the same windows, sizes, batches and number of epochs for each way; the order of the ways changes from repeat
to repeat, and the best repeat counts. Times are CPU times of one thread, so that other programs hardly matter.
Scoring: each way runs in a process of its own, whose peak is the operating system's own figure (``ru_maxrss``), since
Python's tracemalloc does not see torch's memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import torch
from _report import keep, markdown
from torch import nn

from course_lib.core.windows import sliding_windows
from course_lib.data import load_smd
from course_lib.deep import LSTMAutoencoder
from course_lib.deep.series.lstm_autoencoder import LSTMAutoencoderNet

WINDOW, STRIDE, BATCH, HIDDEN, LATENT, SENSORS = 50, 10, 64, 64, 16, 38
LONG, WIDE = 25_000, 100  # timestamps and window of the scoring part


def course(X: np.ndarray, epochs: int) -> float:
    """The course's detector, from fit() to fitted: training, scores of the training series, threshold."""
    model = LSTMAutoencoder(
        HIDDEN,
        LATENT,
        window=WINDOW,
        stride=STRIDE,
        epochs=epochs,
        batch_size=BATCH,
        validation_share=0.0,
        device="cpu",
        random_state=0,
        verbose=False,
    ).fit(X)
    return model.history_["loss"][-1]


class SteppingNet(nn.Module):
    """The same network as many tutorials write it: a cell, and a Python loop over the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.LSTMCell(SENSORS, HIDDEN), nn.LSTMCell(LATENT, HIDDEN)
        self.to_code, self.from_code = nn.Linear(HIDDEN, LATENT), nn.Linear(LATENT, HIDDEN)
        self.readout = nn.Linear(HIDDEN, SENSORS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = cell = x.new_zeros(len(x), HIDDEN)
        for step in range(x.shape[1]):
            hidden, cell = self.encoder(x[:, step], (hidden, cell))
        code = self.to_code(hidden)
        hidden, cell, written = torch.tanh(self.from_code(code)), torch.zeros_like(cell), []
        for _ in range(x.shape[1]):
            hidden, cell = self.decoder(code, (hidden, cell))
            written.append(self.readout(hidden))
        return torch.stack(written[::-1], dim=1)


def stepping(X: np.ndarray, epochs: int) -> float:
    """The loop over steps, trained on windows that lie ready."""
    torch.manual_seed(0)
    windows, net = ready(X), SteppingNet()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(windows)).split(BATCH):
            batch = windows[rows]
            adam.zero_grad()
            loss = nn.functional.mse_loss(net(batch), batch)
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
    return total / len(windows)


def kernels(X: np.ndarray, epochs: int) -> float:
    """The two LSTMs alone, forward and backward, on one batch again and again: the least that any loop must pay."""
    batches = epochs * -(-len(ready(X)) // BATCH)
    encoder, decoder = nn.LSTM(SENSORS, HIDDEN, batch_first=True), nn.LSTM(LATENT, HIDDEN, batch_first=True)
    x, code = torch.rand(BATCH, WINDOW, SENSORS), torch.rand(BATCH, WINDOW, LATENT, requires_grad=True)
    for _ in range(batches):
        encoder(x)[0].sum().backward()
        decoder(code)[0].sum().backward()
    return float("nan")


def ready(X: np.ndarray) -> torch.Tensor:
    """All training windows, copied out."""
    scaled = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-2)
    windows = sliding_windows(scaled.clip(-10, 10).astype(np.float32), WINDOW, STRIDE)
    return torch.from_numpy(np.ascontiguousarray(windows))


def training(epochs: int, repeats: int) -> pd.DataFrame:
    """Milliseconds an epoch, three ways."""
    X = load_smd("machine-1-2").X_train
    ways: dict[str, Callable[[np.ndarray, int], float]] = {
        "course_lib, fit() to fitted": course,
        "a Python loop over the steps": stepping,
        "the two LSTM kernels alone": kernels,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    losses = {}
    for way in ways.values():
        way(X[:2000], 1)  # warm up
    for repeat in range(repeats):
        names = list(ways)[repeat % 3 :] + list(ways)[: repeat % 3]
        for name in names:
            start = time.process_time()
            losses[name] = ways[name](X, epochs)
            times[name].append((time.process_time() - start) / epochs)
    best = {name: min(values) for name, values in times.items()}
    return pd.DataFrame(
        {
            "CPU ms per epoch": [f"{1000 * best[name]:.0f}" for name in ways],
            "course_lib is faster by": [f"{best[name] / best['course_lib, fit() to fitted']:.2f} x" for name in ways],
            f"loss after {epochs} epochs": [f"{losses[n]:.3f}" if np.isfinite(losses[n]) else "" for n in ways],
        },
        index=pd.Index(ways, name=f"{len(ready(X)):,} windows of {WINDOW} x {SENSORS}, batches of {BATCH}"),
    )


def materialised(model: LSTMAutoencoder, X: np.ndarray) -> np.ndarray:
    """Scores by windows that are all copied out first, and errors that are all kept."""
    net = model.net_.eval()
    assert isinstance(net, LSTMAutoencoderNet)
    scaled = ((X - model.shift_) / model.scale_).clip(-10, 10).astype(np.float32)
    windows = torch.from_numpy(np.ascontiguousarray(sliding_windows(scaled, WIDE)))
    with torch.no_grad():
        errors = torch.cat([(batch - net(batch)) ** 2 for batch in windows.split(327)]).numpy()
    total, cover = np.zeros((LONG, SENSORS)), np.zeros((LONG, 1))
    for place in range(WIDE):
        total[place : place + len(errors)] += errors[:, place]
        cover[place : place + len(errors)] += 1
    return (total / cover).mean(axis=1)


def series() -> np.ndarray:
    """A long series of random walks."""
    return np.random.default_rng(0).normal(size=(LONG, SENSORS)).cumsum(axis=0)


def score(way: str, file: str) -> None:
    """Score the long series one way and print seconds, memory and a mean; for a process that does nothing else."""
    X = series()
    model = LSTMAutoencoder.load(file)
    assert isinstance(model, LSTMAutoencoder)
    before = psutil.Process().memory_info().rss
    start = time.process_time()
    scores = model.decision_function(X) if way == "course_lib" else materialised(model, X)
    seconds = time.process_time() - start
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak, "mean": float(scores.mean())}))


def scoring() -> pd.DataFrame:
    """Peak memory and seconds, two ways."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "model.safetensors")
        options = {"window": WIDE, "stride": 50, "scoring_stride": 1, "epochs": 1, "device": "cpu", "random_state": 0}
        LSTMAutoencoder(HIDDEN, LATENT, verbose=False, **options).fit(series()[:3000]).save(file)
        for way in ("course_lib", "all windows copied out"):
            command = [sys.executable, str(Path(__file__).resolve()), "--score", way, file]
            found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ours, theirs = found.values()
    if not np.isclose(ours["mean"], theirs["mean"], rtol=1e-4):
        raise SystemExit(f"The two ways disagree ({ours['mean']} and {theirs['mean']}): one of them is wrong.")
    if ours["peak"] >= 1e9:
        raise SystemExit(f"Scoring took {ours['peak'] / 1e6:.0f} MB: it must stay below 1 GB.")
    return pd.DataFrame(
        {
            "peak of the process": [f"{way['peak'] / 1e6:.0f} MB" for way in found.values()],
            "of it for scoring": [f"{(way['peak'] - way['before']) / 1e6:.0f} MB" for way in found.values()],
            "peak, ratio": [f"{way['peak'] / ours['peak']:.1f} x" for way in found.values()],
            "of it, ratio": [
                f"{(way['peak'] - way['before']) / (ours['peak'] - ours['before']):.1f} x" for way in found.values()
            ],
            "CPU seconds": [f"{way['seconds']:.1f}" for way in found.values()],
        },
        index=pd.Index(found, name=f"{LONG:,} x {SENSORS}, windows of {WIDE}, stride 1"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--score", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.score:
        score(*args.score)
        return
    body = "\n\n".join(
        (
            markdown(training(args.epochs, args.repeats)),
            "## Scoring a long series\n\nBoth ways give the same scores. Most of the smaller peak is Python and "
            "its libraries; what scoring adds to them is the second column.",
            markdown(scoring()),
        )
    )
    keep("series_speed_cpu", "LSTM autoencoder: speed and memory", "python benchmarks/series_speed.py", body)


if __name__ == "__main__":
    main()
