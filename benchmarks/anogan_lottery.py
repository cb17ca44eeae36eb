"""AnoGAN's common recipe is a lottery: five tickets, then one mend after the other, and the spread after each.

Zeros of MNIST are normal; scored are the first 2,000 test images, all ten digits. The recipe: a dense GAN whose
generator ends in Tanh, on pixels from 0 to 1; a search from one random start against squared error and the
discriminator's verdict. Where a mend changes the search alone, the GANs are those of the row above. Beside the mends:
the recipe's GANs searched from five more random starts each, two mends out of their order, and three detectors without
any training.
Results are written after every run, so that a run that is cut off goes on where it stopped (delete the JSON file to
start anew).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown

from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import GAN, AnoGAN
from course_lib.ml import KNN, PCA

SEEDS = range(5)
ROWS = 2000
FILE = RESULTS / "anogan_lottery.json"
COMMON: dict[str, Any] = {"scaling": None, "averaging": 0.0, "learning_rate": 2e-4, "verbose": False}
QUICK: dict[str, Any] = {**COMMON, "learning_rate": 1e-3, "epochs": 20}
STEADY: dict[str, Any] = {**QUICK, "averaging": 0.998}  # spectral norm is GAN's default
GANS: dict[str, dict[str, Any]] = {
    "recipe": {**COMMON, "output": "tanh", "steadying": "none", "epochs": 20},
    "range": {**COMMON, "steadying": "none", "epochs": 20},
    "quick": {**QUICK, "output": "tanh", "steadying": "none"},
    "spectral": {**QUICK, "output": "tanh"},
    "steady": {**STEADY, "output": "tanh"},
    "steady, range": STEADY,
    "conv": {**STEADY, "architecture": "conv"},
}
RANDOM: dict[str, Any] = {"search_steps": 100, "bank_size": 0, "restarts": 1}
WARM: dict[str, Any] = {"search_steps": 60, "bank_size": 2048, "restarts": 2}
# Step: (its GAN, its search).
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "the common recipe": ("recipe", {**RANDOM, "against": "verdict"}),
    "+ warm start and two restarts": ("recipe", {**WARM, "against": "verdict"}),
    "+ learning rate of 0.001, not 0.0002": ("quick", {**WARM, "against": "verdict"}),
    "+ spectral norm": ("spectral", {**WARM, "against": "verdict"}),
    "+ averaged generator": ("steady", {**WARM, "against": "verdict"}),
    "+ generator's range is the data's": ("steady, range", {**WARM, "against": "verdict"}),
    "+ discriminator's features, not its verdict": ("steady, range", WARM),
    "+ convolutional layers": ("conv", WARM),
}
ASIDES: dict[str, tuple[str, dict[str, Any]]] = {
    "the recipe with the generator's range mended, and nothing else": ("range", {**RANDOM, "against": "verdict"}),
    "the recipe with warm start, two restarts and features": ("recipe", WARM),
}
# Nothing is drawn in these: one number each, from the training rows and the rows to score.
PLAIN: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "distance from the mean of the zeros": lambda zeros, X: ((X - zeros.mean(axis=0)) ** 2).mean(axis=1),
    "PCA, 32 directions": lambda zeros, X: PCA(n_components=32).fit(zeros).decision_function(X),
    "5 nearest neighbours": lambda zeros, X: KNN(n_neighbors=5, method="mean").fit(zeros).decision_function(X),
}


@functools.lru_cache(maxsize=1)
def trained(kind: str, seed: int) -> GAN:
    """The GAN of one step and one seed."""
    data = load_mnist(normal=0)
    return GAN(image_shape=(1, 28, 28), random_state=seed, **GANS[kind]).fit(data.X_train)


def draw(kind: str, search: dict[str, Any], seed: int, search_seed: int | None = None) -> dict[str, float]:
    """One ticket: its AUROC, and what may explain it."""
    data = load_mnist(normal=0)
    gan = trained(kind, seed)
    seeds = {} if search_seed is None else {"random_state": search_seed}
    detector = AnoGAN.from_gan(gan, data.X_train[:100], **search, **seeds)
    X, y = data.X_test[:ROWS], data.y_test[:ROWS]
    found = detector.search(X)
    residual = ((X - found.rebuilt.numpy()) ** 2).mean(axis=1)
    samples = gan.sample(500, random_state=0)
    normal = y == 0
    return {
        "auroc": auroc(y, found.last.numpy()),
        "auroc of the residual alone": auroc(y, residual),
        "auroc of the second term alone": auroc(y, found.last.numpy() - (1 - detector.feature_share) * residual),
        "residual of normal images": float(residual[normal].mean()),
        "residual of anomalies": float(residual[~normal].mean()),
        # 1 is the variety of the training images, 0 one and the same picture: what mode collapse leaves.
        "variety of samples": float(samples.std(axis=0).mean() / data.X_train.std(axis=0).mean()),
        "share of values below 0": float((samples < -0.01).mean()),
        "discriminator's last loss": gan.history_["discriminator_loss"][-1],
        "generator's last loss": gan.history_["generator_loss"][-1],
    }


def measure(score: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> dict[str, float]:
    """A detector that draws nothing, on the lottery's images."""
    data = load_mnist(normal=0)
    return {"auroc": auroc(data.y_test[:ROWS], score(data.X_train, data.X_test[:ROWS]))}


def main() -> None:
    if load_mnist(normal=0).is_substitute:
        raise SystemExit("This benchmark needs the real images: run `python -m course_lib data fetch MNIST` first.")
    results: dict[str, Any] = {part: {} for part in ("plain", "steps", "asides", "searches")}
    if FILE.exists():
        results |= json.loads(FILE.read_text())
    for name, score in PLAIN.items():
        note(results, "plain", name, 0, functools.partial(measure, score))
    for kind in GANS:
        for seed in SEEDS:
            for part, rows in (("steps", STEPS), ("asides", ASIDES)):
                for row, (its_gan, search) in rows.items():
                    if its_gan == kind:
                        note(results, part, row, seed, functools.partial(draw, kind, search, seed))
            if kind == "recipe":
                search = STEPS["the common recipe"][1]
                for start in range(1, 6):
                    ticket = functools.partial(draw, kind, search, seed, 100 + start)
                    note(results, "searches", f"GAN {seed}", start, ticket)
    keep(
        "anogan_lottery",
        "AnoGAN's lottery: zeros against the other digits, five seeds",
        "python benchmarks/anogan_lottery.py",
        f"{markdown(summary(results['steps'], STEPS))}\n\n{explanation(results)}\n\n"
        f"{markdown(summary(results['asides'], ASIDES))}\n\nWithout a lottery, on the same images: "
        + ", ".join(f"{name} {run['0']['auroc']:.3f}" for name, run in results["plain"].items())
        + ".",
    )


def note(results: dict[str, Any], part: str, name: str, number: int, run: Any) -> None:
    """Run what the file does not hold yet, and write it down."""
    row = results[part].setdefault(name, {})
    if str(number) in row:
        return
    row[str(number)] = {key: round(value, 5) for key, value in run().items()}
    print(name, number, row[str(number)], flush=True)
    with atomic_write(FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def summary(steps: dict[str, dict[str, dict[str, float]]], names: Iterable[str]) -> pd.DataFrame:
    """One row a step: the AUROC's spread over the seeds, and means of what explains it."""
    rows = {}
    for step in names:
        table = pd.DataFrame.from_dict(steps[step], orient="index")
        rows[step] = {
            "smallest": f"{table['auroc'].min():.3f}",
            "mean": f"{table['auroc'].mean():.3f}",
            "largest": f"{table['auroc'].max():.3f}",
            "residual alone": f"{table['auroc of the residual alone'].min():.3f} to "
            f"{table['auroc of the residual alone'].max():.3f}",
            "second term alone": f"{table['auroc of the second term alone'].min():.3f} to "
            f"{table['auroc of the second term alone'].max():.3f}",
            "residual of normal images": f"{table['residual of normal images'].mean():.3f}",
            "variety of samples": f"{table['variety of samples'].min():.2f} to {table['variety of samples'].max():.2f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("AUROC after")


def explanation(results: dict[str, Any]) -> str:
    """Where the spread of the recipe comes from: from training or from the search, and from which of its terms."""
    table = pd.DataFrame.from_dict(results["steps"]["the common recipe"], orient="index")
    others = {name: [run["auroc"] for run in runs.values()] for name, runs in results["searches"].items()}
    lines = [f"The recipe, five GANs with one search each: {_spread(table['auroc'])}."]
    lines += [f"{name} alone, five more starts of its search: {_spread(values)}." for name, values in others.items()]
    for cause in ("auroc of the residual alone", "auroc of the second term alone", "variety of samples"):
        lines.append(f"Correlation of the recipe's AUROC with the {cause}: {table['auroc'].corr(table[cause]):.2f}.")
    return "\n\n".join(lines)


def _spread(values: Any) -> str:
    return f"{np.min(values):.3f} to {np.max(values):.3f} (deviation {np.std(values):.3f})"


if __name__ == "__main__":
    main()
