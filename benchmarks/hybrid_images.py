"""One class of MNIST or Fashion-MNIST normal: single detectors of three families, and what their combinations add.

Each detector is fitted once for a class (one seed, all training images of the class, all 10,000 test images); its
training and test scores are kept in a cache folder, so that any number of combinations costs nothing. Figures are
written after every fit: a run that is cut off goes on where it stopped. For Fashion-MNIST the single detectors' figures
go into ``one_class_fashion_mnist.json`` too, where `one_class_digits.py` has the same rows.

The recommended hybrid was named before its figures were known: one detector of each family (distances between images,
what a network rebuilds, what a network knows about the picture's geometry) under the defaults of Combination. The
settings of the transformation network were chosen on ONE class of each data set (NOT_BLIND); the tables give the mean
without that class, too. Beside it stand other ways to choose, with labels: on the classes seen, on the other data set,
and in hindsight.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown
from one_class_digits import DETECTORS, LOADERS, add

from course_lib.core.atomic import atomic_write
from course_lib.core.detector import Detector
from course_lib.core.metrics import auroc
from course_lib.core.thresholds import ThresholdRule
from course_lib.deep import TransformationScore
from course_lib.hybrid import Combination

SEED = 0
FILE = RESULTS / "hybrid_images.json"
CACHE = Path(__file__).resolve().parents[1] / "data" / "cache" / "hybrid_images"
NOT_BLIND = {"mnist": 8, "fashion_mnist": 0}
PCA, NEAREST, BLURRED = "PCA, 32 directions", "5 nearest neighbours", "5 nearest neighbours, blurred images"
TURNED = "transformation score"
MEMBERS: dict[str, Callable[[int], Any]] = {
    **{
        name: make
        for name, (make, _) in DETECTORS.items()
        if name in (PCA, NEAREST, BLURRED, "VAE", "dense autoencoder", "convolutional autoencoder", "convolutional VAE")
    },
    TURNED: lambda seed: TransformationScore(validation_share=0.0, random_state=seed, verbose=False),
}
POOL = (PCA, BLURRED, "VAE", TURNED)  # whose combinations are all tried
FAMILIES = (BLURRED, "VAE", TURNED)
NORMALISATIONS = ("rank", "z", "robust_z", "probability")
RULES = ("average", "maximum", "average_of_maximum", "weighted")
TARGETS = {"mnist": 0.97, "fashion_mnist": 0.945}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=LOADERS, nargs="+", default=list(LOADERS))
    parser.add_argument("--only", nargs="+", choices=MEMBERS, default=list(POOL), metavar="NAME")
    parser.add_argument("--classes", type=int, nargs="+", choices=range(10), default=list(range(10)), metavar="CLASS")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the scores (default: data/cache)")
    args = parser.parse_args()
    for data_name in args.data:
        everything = LOADERS[data_name](normal=None)
        if everything.is_substitute:
            raise SystemExit("This benchmark needs the real images: run `python -m course_lib data fetch MNIST` first.")
        for normal, name in itertools.product(args.classes, args.only):
            file = score_file(args.cache, data_name, name, normal)
            if not file.exists():
                fit(file, name, everything.with_normal(normal))
            note_member(data_name, name, normal, file, everything.labels_test != normal)
        note_hybrids(args.cache, data_name, everything.labels_test)
    if all(len(means(data_name)) == len(list(ways())) for data_name in LOADERS):
        title = "Hybrid detectors of images, one class normal"
        keep("hybrid_images", title, "python benchmarks/hybrid_images.py", report())


def score_file(cache: Path, data_name: str, name: str, normal: int) -> Path:
    """Where the scores of one detector on one class are kept."""
    return cache / data_name / f"{name.replace(',', '').replace(' ', '_')}_{normal}_{SEED}.npz"


def fit(file: Path, name: str, data: Any) -> None:
    """Fit one detector on one class and keep its training and test scores, and the processor's seconds."""
    start = time.process_time()
    detector = MEMBERS[name](SEED).fit(data.X_train)
    fitted = detector[-1] if hasattr(detector, "steps") else detector
    test = detector.decision_function(data.X_test)
    seconds = time.process_time() - start
    with atomic_write(file) as temporary, temporary.open("wb") as stream:
        train, test = (scores.astype(np.float32) for scores in (fitted.decision_scores_, test))
        np.savez(stream, train=train, test=test, seconds=seconds)


def note_member(data_name: str, name: str, normal: int, file: Path, y: np.ndarray) -> None:
    """Write one detector's figure for one class into the results, unless it is there."""
    results = read()
    row = results.setdefault(data_name, {}).setdefault("members", {}).setdefault(name, {})
    if str(normal) in row:
        return
    with np.load(file) as scores:
        quality = round(auroc(y.astype(int), scores["test"]), 5)
        row[str(normal)] = {"auroc": quality, "seconds": round(float(scores["seconds"]), 1)}
    write(results)
    if data_name == "fashion_mnist" and name in DETECTORS:
        add(RESULTS / f"one_class_{data_name}.json", name, normal, 0, quality)
    print(data_name, name, normal, row[str(normal)], flush=True)


class Column(Detector):
    """A detector whose score is one of the features: it stands for one that was fitted before."""

    def __init__(self, column: int = 0, threshold: ThresholdRule | None = None):
        self.column = column
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        return None

    def _score(self, X: np.ndarray) -> np.ndarray:
        return X[:, self.column]


def note_hybrids(cache: Path, data_name: str, labels: np.ndarray) -> None:
    """Combine the scores in the cache in every way, for the classes that all detectors of the pool have seen."""
    for normal in range(10):
        files = [score_file(cache, data_name, name, normal) for name in POOL]
        results = read()
        hybrids = results[data_name].setdefault("hybrids", {})
        missing = [way for way in ways() if str(normal) not in hybrids.get(key(*way), {})]
        if not missing or not all(file.exists() for file in files):
            continue
        scores = [np.load(file) for file in files]
        train, test = (np.column_stack([own[part] for own in scores]) for part in ("train", "test"))
        for names, normalisation, rule in missing:
            members = [(name, Column(POOL.index(name))) for name in names]
            combination = Combination(members, normalisation, rule, random_state=SEED).fit(train)
            quality = auroc((labels != normal).astype(int), combination.decision_function(test))
            hybrids.setdefault(key(names, normalisation, rule), {})[str(normal)] = round(quality, 5)
        write(results)


def ways() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """All sets of at least two detectors of the pool under every normalisation and rule."""
    for count in range(2, len(POOL) + 1):
        # Two detectors agree with each other equally, and two buckets hold one each: both rules are the average.
        rules = RULES if count > 2 else RULES[:2]
        yield from itertools.product(itertools.combinations(POOL, count), NORMALISATIONS, rules)


def key(names: tuple[str, ...], normalisation: str, rule: str) -> str:
    """What a combination is called in the results."""
    return " + ".join(names) + f" | {normalisation} | {rule}"


def read() -> dict[str, Any]:
    """What has been measured so far."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def write(results: dict[str, Any]) -> None:
    """Put `results` in the place of what the file held."""
    with atomic_write(FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def means(data_name: str) -> dict[str, float]:
    """The mean over ten classes of every combination that has all ten."""
    hybrids = read().get(data_name, {}).get("hybrids", {})
    return {name: float(np.mean(list(row.values()))) for name, row in hybrids.items() if len(row) == 10}


def choices(data_name: str) -> dict[str, str]:
    """Combinations by how they were chosen for a data set; only the first needs no labels."""
    (other,) = (name for name in LOADERS if name != data_name)
    found, here, there = read(), means(data_name), means(other)

    def on_classes_seen(name: str) -> float:
        return sum(found[data]["hybrids"][name][str(normal)] for data, normal in NOT_BLIND.items())

    families = [key(*way) for way in ways() if way[0] == FAMILIES]
    return {
        "recommended: three families, defaults": key(FAMILIES, "rank", "average"),
        "three families, as on the two classes seen": max(families, key=on_classes_seen),
        "three families, as on the other data set": max(families, key=there.__getitem__),
        "hindsight over both data sets": max(here, key=lambda name: here[name] + there[name]),
        "hindsight": max(here, key=here.__getitem__),
    }


def report() -> str:
    """Tables of the chosen combinations, the single detectors, and all that was tried."""
    parts = [f"Area under the ROC curve, 10,000 test images, seed {SEED}. The three families: {', '.join(FAMILIES)}."]
    for data_name, found in read().items():
        seen, chosen = NOT_BLIND[data_name], choices(data_name)
        rows = {
            f"{how} ({name.replace(' | ', ', ')})": line(found["hybrids"][name], seen) for how, name in chosen.items()
        }
        for name in (name for name in MEMBERS if name in found["members"]):
            by_class = found["members"][name]
            rows[name] = line({normal: run["auroc"] for normal, run in by_class.items()}, seen)
            rows[name]["CPU seconds a class"] = f"{np.mean([run['seconds'] for run in by_class.values()]):.0f}"
        table = pd.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("normal class")
        parts += [f"## {data_name}", markdown(table), summary(means(data_name), chosen, TARGETS[data_name])]
    return "\n\n".join(parts)


def line(by_class: dict[str, float], seen: int) -> dict[str, str]:
    """A table's row: the ten classes, their mean, and the mean without the class that was `seen` before."""
    row = {str(normal): f"{by_class[str(normal)]:.3f}" if str(normal) in by_class else "" for normal in range(10)}
    if len(by_class) < 10:
        return row
    blind = [value for normal, value in by_class.items() if normal != str(seen)]
    means = {"mean of ten": np.mean(list(by_class.values())), f"without {seen}": np.mean(blind)}
    return {**row, **{name: f"{mean:.4f}" for name, mean in means.items()}}


def summary(found: dict[str, float], chosen: dict[str, str], target: float) -> str:
    """How many combinations reach the target, where the chosen ones stand, and a table of the sets under every rule."""
    order = sorted(found, key=lambda name: -found[name])
    places = ", ".join(f"{how}: place {order.index(name) + 1}" for how, name in chosen.items())
    reached = sum(mean >= target for mean in found.values())
    text = (
        f"{len(found)} combinations were tried, {reached} of them reach {target}; the worst, "
        f"{order[-1].replace(' | ', ', ')}, has {found[order[-1]]:.4f}. Of the chosen ones, {places}."
    )
    rows: dict[str, dict[str, str]] = {}
    for names, normalisation, rule in ways():
        column = f"{rule}, {normalisation}".replace("_", " ")
        rows.setdefault(" + ".join(names), {})[column] = f"{found[key(names, normalisation, rule)]:.4f}"
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("mean of ten classes")
    return f"{text}\n\n{markdown(table)}"


if __name__ == "__main__":
    main()
