"""Parts against their sum: twelve tables and three machines, six detectors, every normalisation with every rule.

Detectors and rule of the recommended combination were chosen on six of the tables (``CHOSEN_ON``); the other six and
the machines are reported apart. Tables follow ADBench's protocol, seeds 1 to 3, which itself draws 10,000 rows of the
large ones (http has 567,498, shuttle 49,097). Machines are scored row by row, sensors standardised by the training
part, of which every third row is learnt from, so that no more than 10,000 are; the detector of windows gets all.

Each detector is fitted once; ensembles are then fitted to the table of its raw scores, one column a detector, which is
what they would see. Results are written after every data set and seed, so that a run that is cut off goes on where it
stopped (delete the JSON file to start anew).
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from _hybrid_report import CHEAP, CHOSEN_ON, DRAWS, HELD_BACK, MACHINES, RECOMMENDED, SEEDS, SHARES, TIMED_CHEAP, report
from _report import RESULTS, keep

from course_lib.core import Detector
from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.core.preprocessing import fit_scaling
from course_lib.data import load_adbench, load_smd
from course_lib.hybrid import Cascade, Combination, StackedCombination, recommended_detectors
from course_lib.ml import PCA, IsolationForest, WindowKNN
from course_lib.statistics import ZScore

NORMALISATIONS = ("z", "rank", "robust_z", "probability")
RULES = ("average", "weighted", "average_of_maximum", "maximum")
MEMBERS = tuple(name for name, _ in recommended_detectors(0))
SERIES_MEMBERS = ("window neighbours", "z-score", "PCA, reconstruction", "forest")
LABELS = (10, 20)
MOST_ROWS = 10_000  # of a machine's training part, as the tables' protocol has it
TIMED_ROWS = 3000  # evenly spaced, of a machine's test rows
FILE = RESULTS / "hybrid.json"


class Column(Detector):
    """One column of a table of scores, as it is: stands for a detector that has scored already."""

    def __init__(self, column: int = 0, threshold: Any = None):
        self.column = column
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        pass

    def _score(self, X: np.ndarray) -> np.ndarray:
        return X[:, self.column]


def load(name: str, seed: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray]:
    """Training rows and labels (of a machine: none), test rows and labels."""
    if name in MACHINES:
        X, new, y = load_machine(name)
        return X[:: -(-len(X) // MOST_ROWS)], None, new, y
    split = load_adbench(name, seed)
    return split.X_train, split.y_train, split.X_test, split.y_test


def load_machine(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training and test rows, standardised, and the test labels."""
    machine = load_smd(name)
    shift, scale = fit_scaling(machine.X_train, "standard")
    return (machine.X_train - shift) / scale, (machine.X_test - shift) / scale, machine.y_test


def raw_scores(
    detectors: list[tuple[str, Detector]], X: np.ndarray, new: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Training and test scores, one column a detector, and the seconds that scoring the test rows took."""
    train, test, seconds = [], [], {}
    for name, detector in detectors:
        detector.fit(X)
        start = time.process_time()
        test.append(detector.decision_function(new))
        seconds[name] = time.process_time() - start
        train.append(detector.decision_scores_)
    return np.column_stack(train), np.column_stack(test), seconds


def columns(names: tuple[str, ...]) -> list[tuple[str, Detector]]:
    """Stand-ins for detectors whose scores are the columns of a table."""
    return [(name, Column(number)) for number, name in enumerate(names)]


def ensembles(
    names: tuple[str, ...], train: np.ndarray, test: np.ndarray, y: np.ndarray, seed: int
) -> dict[str, float]:
    """AUROC of every normalisation with every rule."""
    found = {}
    for normalisation in NORMALISATIONS:
        for rule in RULES:
            ensemble = Combination(columns(names), normalisation, rule, n_buckets=2, random_state=seed).fit(train)
            found[f"{normalisation}, {rule}"] = quality(y, ensemble.decision_function(test))
    return found


def stacked(train: np.ndarray, y_train: np.ndarray, test: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """AUROC with few labels, half of them anomalies, drawn from the training rows; means over the draws."""
    found = {}
    for count in LABELS:
        for bound in (True, False):
            values = []
            for draw in range(DRAWS):
                generator = np.random.default_rng((seed, count, draw))
                labels = np.full(len(train), -1)
                for kind in (0, 1):
                    rows = np.flatnonzero(y_train == kind)
                    labels[generator.choice(rows, min(count // 2, len(rows)), replace=False)] = kind
                ensemble = StackedCombination(columns(MEMBERS), non_negative=bound).fit(train, labels)
                values.append(quality(y, ensemble.decision_function(test)))
            found[f"{count} labels, {'weights of at least 0' if bound else 'free weights'}"] = float(np.mean(values))
    return found


def cascades(train: np.ndarray, test: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """AUROC of cascades from the cheap member to the recommended combination."""
    cheap, costly = Column(MEMBERS.index(CHEAP)), Combination(columns(MEMBERS))
    return {
        f"{share:.0%} doubtful": quality(y, Cascade(cheap, costly, share).fit(train).decision_function(test))
        for share in SHARES
    }


def quality(y: np.ndarray, scores: np.ndarray) -> float:
    """AUROC with five digits."""
    return round(float(auroc(y, scores)), 5)


def one(name: str, seed: int) -> dict[str, Any]:
    """Everything about one data set and seed."""
    X, y_train, new, y = load(name, seed)
    train, test, seconds = raw_scores(recommended_detectors(seed), X, new)
    blind = np.random.default_rng(seed)
    noisy_train = np.column_stack([train[:, 0], blind.random((len(train), 2))])
    noisy_test = np.column_stack([test[:, 0], blind.random((len(test), 2))])
    result: dict[str, Any] = {
        "rows": [len(X), len(new)],
        "members": {member: quality(y, column) for member, column in zip(MEMBERS, test.T, strict=True)},
        "ensembles": ensembles(MEMBERS, train, test, y, seed),
        "blind": ensembles(("forest", "blind", "blind too"), noisy_train, noisy_test, y, seed),
        "cascade": cascades(train, test, y),
        "seconds": {member: round(value, 4) for member, value in seconds.items()},
    }
    if y_train is not None:
        result["stacked"] = stacked(train, y_train, test, y, seed)
    else:
        X, new, y = load_machine(name)
        own: list[tuple[str, Detector]] = [
            ("window neighbours", WindowKNN(50, scoring_stride=10, random_state=seed)),
            ("z-score", ZScore()),
            ("PCA, reconstruction", PCA(0.9)),
            ("forest", IsolationForest(random_state=seed)),
        ]
        train, test, _ = raw_scores(own, X, new)
        result["series members"] = {n: quality(y, column) for n, column in zip(SERIES_MEMBERS, test.T, strict=True)}
        result["series ensembles"] = ensembles(SERIES_MEMBERS, train, test, y, seed)
    return result


def latency(name: str) -> dict[str, Any]:
    """Scoring times of real cascades and of their costly part alone, each the best of three runs, on one data set."""
    X, _, new, y = load(name, 1)
    step = -(-len(new) // TIMED_ROWS)
    new, y = new[::step], y[::step]
    found: dict[str, Any] = {"rows": [len(X), len(new)]}
    for cheap in TIMED_CHEAP:
        cascade = Cascade(dict(recommended_detectors(1))[cheap], Combination(random_state=1), SHARES[0]).fit(X)
        stages = min((cascade.stages(new) for _ in range(3)), key=lambda table: table["seconds"].iloc[-1])
        alone = []
        for _ in range(3):
            start = time.perf_counter()
            scores = cascade.costly_.decision_function(new)
            alone.append(time.perf_counter() - start)
        found[cheap] = {
            "doubtful": int(stages["rows"].iloc[1]),
            "seconds": {**dict(zip(stages["stage"], stages["seconds"].round(5), strict=True)), "alone": min(alone)},
            "AUROC": {
                "cheap": quality(y, cascade.cheap_.decision_function(new)),
                "costly": quality(y, scores),
                "cascade": quality(y, cascade.decision_function(new)),
            },
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true", help="only write the tables anew")
    args = parser.parse_args()
    results: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}

    def save() -> None:
        with atomic_write(FILE) as temporary:
            temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    for name in () if args.report else (*CHOSEN_ON, *HELD_BACK, *MACHINES):
        for seed in SEEDS:
            if str(seed) not in results.setdefault(name, {}):
                results[name][str(seed)] = one(name, seed)
                save()
                print(name, seed, results[name][str(seed)]["ensembles"][RECOMMENDED], flush=True)
    for name in () if args.report else ("pendigits", "shuttle", "http", MACHINES[0]):
        if name not in results.setdefault("latency", {}):
            results["latency"][name] = latency(name)
            save()
            print(name, "latency", results["latency"][name], flush=True)
    keep("hybrid", "Parts against their sum", "python benchmarks/hybrid.py", report(results))


if __name__ == "__main__":
    main()
