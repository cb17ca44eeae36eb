"""Eights are normal: how do the ones score? The detectors of the table in the lesson on autoencoders, three seeds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown
from one_class_digits import DETECTORS, SEEDS

from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.data import load_mnist

NAMES = ("PCA, 32 directions", "5 nearest neighbours", "dense autoencoder")
FILE = RESULTS / "ones_against_eights.json"


def main() -> None:
    data = load_mnist(normal=8)
    if data.is_substitute:
        raise SystemExit("This benchmark needs the real images: run `python -m course_lib data fetch MNIST` first.")
    pair = np.isin(data.labels_test, (1, 8))
    ones = data.labels_test[pair] == 1

    def quality(detector: Any) -> float:
        return round(auroc(ones, detector.fit(data.X_train).decision_function(data.X_test[pair])), 5)

    results = {}
    for name in NAMES:
        make, seeded = DETECTORS[name]
        results[name] = [quality(make(seed)) for seed in (SEEDS if seeded else SEEDS[:1])]
    with atomic_write(FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    keep(
        "ones_against_eights",
        "AUROC of ones against eights, with eights as the normal class",
        "python benchmarks/ones_against_eights.py",
        markdown(summary(results)),
    )


def summary(results: dict[str, list[float]]) -> pd.DataFrame:
    """One row a detector: the mean over seeds and each of them."""
    return pd.DataFrame(
        {
            "mean of seeds": {name: f"{np.mean(values):.2f}" for name, values in results.items()},
            "seeds": {name: ", ".join(f"{value:.3f}" for value in values) for name, values in results.items()},
        }
    )


if __name__ == "__main__":
    main()
