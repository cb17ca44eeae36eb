"""Milliseconds for an image: AnoGAN one image at a time, AnoGAN a batch at a time, f-AnoGAN; one run, one machine.

All three use the same GAN, a dense one and a convolutional one in turn. The loop takes the same number of steps as the
batch and must end at the same scores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _report import keep, markdown

from course_lib.core.metrics import auroc
from course_lib.core.runtime import resolve_device
from course_lib.data import load_mnist
from course_lib.deep import GAN, AnoGAN, FAnoGAN

ALONE = 20  # images of the loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200, help="of the latent search")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--images", type=int, default=1000, help="in a batch, at most 10000")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = resolve_device(args.device)
    tables, gaps = zip(
        *(compare(architecture, args.steps, args.images, str(device)) for architecture in ("dense", "conv")),
        strict=True,
    )
    options = f"--steps {args.steps} --images {args.images} --device {device}"
    keep(
        "anogan_speed" if device.type == "cpu" else f"anogan_speed_{device.type}",
        f"Seconds for AnoGAN's search, one by one and in batches, on {device.type}",
        f"python benchmarks/anogan_speed.py {options}",
        f"{markdown(pd.concat(tables).rename_axis(f'{args.steps} steps'))}\n\nLargest difference of the scores of the "
        f"loop ({ALONE} images) and the batch: {max(gaps):.1e}. A batch saves what a step costs beside its arithmetic, "
        "so the dense networks, with less of it, gain more than the convolutional ones. The GANs are quick ones: their "
        "AUROC, on these images, only shows that something was learnt.",
    )


def compare(architecture: str, steps: int, images: int, device: str) -> tuple[pd.DataFrame, float]:
    """The three ways with one GAN: their table, and the largest difference of the loop's scores and the batch's."""
    data = load_mnist(normal=0)
    gan = GAN(architecture, (1, 28, 28), epochs=10, scaling=None, device=device, random_state=0, verbose=False)
    gan.fit(data.X_train)
    # A small bank: looking through it is not what is measured.
    search = {"search_steps": steps, "restarts": 1, "bank_size": 256}
    anogan = AnoGAN.from_gan(gan, data.X_train[:20], **search)
    fast = FAnoGAN.from_gan(gan, data.X_train, epochs=3)
    X, y = data.X_test[:images], data.y_test[:images]

    batch, scores = clock(lambda: anogan.decision_function(X), repeats=2)
    loop, alone = clock(lambda: np.concatenate([anogan.decision_function(row[None]) for row in X[:ALONE]]), repeats=2)
    encoder, quick = clock(lambda: fast.decision_function(X), repeats=5)
    difference = float(np.abs(alone - scores[:ALONE]).max())
    if difference > 1e-4:
        raise SystemExit(f"The loop's scores differ from the batch's by {difference:.2g}.")
    one = loop / ALONE
    rows = {
        f"AnoGAN, {architecture}, one image at a time": (one, float("nan")),
        f"AnoGAN, {architecture}, {images:,} images together": (batch / images, auroc(y, scores)),
        f"f-AnoGAN, {architecture}, {images:,} images together": (encoder / images, auroc(y, quick)),
    }
    table = {
        name: {
            "milliseconds an image": f"{1000 * seconds:.3g}",
            "seconds in all": "" if np.isnan(quality) else f"{images * seconds:.3g}",
            "times as fast": f"{one / seconds:,.0f}",
            "AUROC": "" if np.isnan(quality) else f"{quality:.3f}",
        }
        for name, (seconds, quality) in rows.items()
    }
    return pd.DataFrame.from_dict(table, orient="index"), difference


def clock(run: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    """The best time of several runs, in seconds, and what the last one gave."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


if __name__ == "__main__":
    main()
