"""One digit normal, all others anomalies: every detector, ten digits, three seeds, all 10,000 test images.

The rows of the lessons' tables come from here. Results are written after every digit, so that a run that is cut off
goes on where it stopped (delete the JSON file to start anew).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown

from course_lib.core import Detector
from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.data import load_fashion_mnist, load_mnist
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

LOADERS = {"mnist": load_mnist, "fashion_mnist": load_fashion_mnist}
SEEDS = (0, 1, 2)
# Name: (how to make it for a seed, whether the seed matters).
DETECTORS: dict[str, tuple[Callable[[int], Detector], bool]] = {
    "PCA, 32 directions": (lambda seed: PCA(n_components=32), False),
    "5 nearest neighbours": (lambda seed: KNN(n_neighbors=5, method="mean"), False),
    "dense autoencoder": (
        lambda seed: Autoencoder(
            (256, 128), 64, epochs=30, scaling=None, validation_share=0.0, random_state=seed, verbose=False
        ),
        True,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=LOADERS, default="mnist")
    args = parser.parse_args()
    file = RESULTS / f"one_class_{args.data}.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    everything = LOADERS[args.data](normal=None)
    if everything.is_substitute:
        raise SystemExit("This benchmark needs the real images: run `python -m course_lib data fetch MNIST` first.")
    for digit in range(10):
        data = everything.with_normal(digit)
        for name, (make, seeded) in DETECTORS.items():
            row = results.setdefault(name, {})
            if str(digit) in row:
                continue
            row[str(digit)] = []
            for seed in SEEDS if seeded else SEEDS[:1]:
                scores = make(seed).fit(data.X_train).decision_function(data.X_test)
                row[str(digit)].append(round(auroc(data.y_test, scores), 5))
            print(name, digit, row[str(digit)], flush=True)
            with atomic_write(file) as temporary:
                temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    keep(
        f"one_class_{args.data}",
        f"One-class AUROC on {args.data}",
        f"python benchmarks/one_class_digits.py --data {args.data}",
        markdown(summary(results)),
    )


def summary(results: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """One row a detector: class 0 (mean and worst seed), the other classes' means over seeds, the mean of all ten."""
    rows = {}
    for name, by_digit in results.items():
        means = [float(np.mean(by_digit[str(digit)])) for digit in range(10)]
        rows[name] = {
            "0, mean of seeds": f"{means[0]:.4f}",
            "0, worst seed": f"{min(by_digit['0']):.4f}",
            **{str(digit): f"{means[digit]:.3f}" for digit in range(1, 10)},
            "mean of ten": f"{np.mean(means):.4f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("normal class")


if __name__ == "__main__":
    main()
