"""One digit normal, all others anomalies: every detector, ten digits, three seeds, all 10,000 test images.

The rows of the lessons' tables come from here. Results are written after every fit and merged into what the file holds
by then: a run that is cut off goes on where it stopped, and runs with other detectors may share the file (delete
the JSON file to start anew).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown
from scipy.ndimage import convolve1d
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.data import load_fashion_mnist, load_mnist
from course_lib.deep import GAN, VAE, AnoGAN, Autoencoder, BiGAN, ConvAutoencoder, ConvVAE, FAnoGAN, GANomaly
from course_lib.ml import KNN, PCA

Results = dict[str, dict[str, list[float]]]

LOADERS = {"mnist": load_mnist, "fashion_mnist": load_fashion_mnist}
SEEDS = (0, 1, 2)
DEEP: dict[str, Any] = {"scaling": None, "validation_share": 0.0, "verbose": False}


def blurred(X: np.ndarray) -> np.ndarray:
    """Rows of 784 pixels as images under a binomial kernel of 5 x 5, dark beyond the edge."""
    images = X.reshape(-1, 28, 28)
    for axis in (1, 2):
        images = convolve1d(images, np.array([1, 4, 6, 4, 1]) / 16, axis, mode="constant")
    return images.reshape(X.shape)


@dataclass
class OnGAN:
    """One GAN for several detectors, which are built on it, so that it is trained once for a digit and a seed."""

    kind: type[GAN]
    seed: int
    options: dict[str, Any] = field(default_factory=dict)

    def fit(self, X: np.ndarray) -> GAN:
        """Train the GAN on `X`, shape (n, n_features), or take the one that this seed trained on it before."""
        rows = (X.shape, float(X.sum()))
        if rows != _TRAINED.get("rows"):
            _TRAINED.clear()  # the next digit: nobody will ask for the last one's again
            _TRAINED["rows"] = rows
        if self.seed not in _TRAINED:
            gan = GAN("conv", (1, 28, 28), epochs=40, scaling=None, random_state=self.seed, verbose=False)
            _TRAINED[self.seed] = gan.fit(X)
        gan = _TRAINED[self.seed]
        if self.kind is GAN:
            return gan
        # The threshold is not used here: AnoGAN need not search for all of the training rows.
        return self.kind.from_gan(gan, X[:100] if self.kind is AnoGAN else X, **self.options)


_TRAINED: dict[Any, Any] = {}
# Name: (how to make it for a seed, whether the seed matters).
DETECTORS: dict[str, tuple[Callable[[int], Any], bool]] = {
    "PCA, 32 directions": (lambda seed: PCA(n_components=32), False),
    "5 nearest neighbours": (lambda seed: KNN(n_neighbors=5, method="mean"), False),
    "5 nearest neighbours, blurred images": (
        lambda seed: make_pipeline(FunctionTransformer(blurred), KNN(n_neighbors=5, method="mean")),
        False,
    ),
    "dense autoencoder": (lambda seed: Autoencoder((256, 128), 64, epochs=30, random_state=seed, **DEEP), True),
    "convolutional autoencoder": (
        lambda seed: ConvAutoencoder(latent_size=16, epochs=12, learning_rate=3e-3, random_state=seed, **DEEP),
        True,
    ),
    "VAE": (
        lambda seed: VAE(
            (256, 128), 32, epochs=40, batch_size=128, learning_rate=2e-3, random_state=seed, **VARIATIONAL, **DEEP
        ),
        True,
    ),
    "convolutional VAE": (
        lambda seed: ConvVAE(
            channels=(16, 32, 32), latent_size=16, activation="relu", epochs=12, learning_rate=3e-3, random_state=seed,
            **VARIATIONAL, **DEEP,
        ),
        True,
    ),
    "GAN, discriminator's verdict": (lambda seed: OnGAN(GAN, seed), True),
    "f-AnoGAN": (lambda seed: OnGAN(FAnoGAN, seed, {"epochs": 10}), True),
    "BiGAN": (lambda seed: BiGAN(epochs=20, scaling=None, random_state=seed, verbose=False), True),
    "GANomaly": (lambda seed: GANomaly(epochs=20, scaling=None, random_state=seed, verbose=False), True),
    "AnoGAN": (lambda seed: OnGAN(AnoGAN, seed, {"search_steps": 60, "restarts": 1}), True),
}  # fmt: skip
VARIATIONAL: dict[str, Any] = {"scoring": "reconstruction_probability", "n_samples": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=LOADERS, default="mnist")
    parser.add_argument("--only", nargs="+", choices=DETECTORS, default=list(DETECTORS), metavar="NAME")
    parser.add_argument("--seeds", type=int, choices=range(1, len(SEEDS) + 1), default=len(SEEDS))
    parser.add_argument("--digits", type=int, nargs="+", choices=range(10), default=list(range(10)), metavar="DIGIT")
    args = parser.parse_args()
    file = RESULTS / f"one_class_{args.data}.json"
    everything = LOADERS[args.data](normal=None)
    if everything.is_substitute:
        raise SystemExit("This benchmark needs the real images: run `python -m course_lib data fetch MNIST` first.")
    for digit in args.digits:
        data = everything.with_normal(digit)
        for name in args.only:
            make, seeded = DETECTORS[name]
            for number in range(args.seeds if seeded else 1):
                if number < len(read(file).get(name, {}).get(str(digit), [])):
                    continue
                scores = make(SEEDS[number]).fit(data.X_train).decision_function(data.X_test)
                values = add(file, name, digit, number, round(auroc(data.y_test, scores), 5))
                print(name, digit, values, flush=True)
    keep(
        f"one_class_{args.data}",
        f"One-class AUROC on {args.data}",
        f"python benchmarks/one_class_digits.py --data {args.data}",
        markdown(summary(read(file))),
    )


def read(file: Path) -> Results:
    """What has been measured so far, by any run."""
    return json.loads(file.read_text()) if file.exists() else {}


def add(file: Path, name: str, digit: int, number: int, value: float) -> list[float]:
    """Put the result of the seed with this `number` into the file, whatever other runs wrote there meanwhile."""
    results = read(file)
    values = results.setdefault(name, {}).setdefault(str(digit), [])
    values[number:] = [value]
    with atomic_write(file) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return values


def summary(results: Results) -> pd.DataFrame:
    """One row a detector: class 0 (mean and worst seed), the other classes' means over seeds, the mean of all ten."""
    rows = {}
    for name in (name for name in DETECTORS if name in results):
        by_digit = results[name]
        means = {int(digit): float(np.mean(values)) for digit, values in by_digit.items()}
        rows[name] = {
            "0, mean of seeds": f"{means[0]:.4f}" if 0 in means else "",
            "0, worst seed": f"{min(by_digit['0']):.4f}" if 0 in means else "",
            **{str(digit): f"{means[digit]:.3f}" if digit in means else "" for digit in range(1, 10)},
            "mean of ten": f"{np.mean(list(means.values())):.4f}" if len(means) == 10 else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("normal class")


if __name__ == "__main__":
    main()
