"""KernelSHAP of a torch autoencoder: ours beside the package shap, same rows, background and number of coalitions.

The ways take turns, a block of rows each, so that other programs slow all of them down alike, and the best repeat
counts; under a heavy load compare the processor times. "shap, scoring by
tensors" hands shap a function that skips the detector's checks and scaling in float64, the leanest that a user could
write. Errors are root mean squares against permutation Shapley values of many orders, on a few rows; shap's default
keeps ten features (``l1_reg="num_features(10)"``), so its error is given with and without.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pandas as pd
import shap
import torch
from _report import keep, markdown

from course_lib.core.runtime import resolve_device
from course_lib.deep import Autoencoder
from course_lib.explain import KernelSHAP, PermutationShapley

REFERENCE_ROWS, REFERENCE_ORDERS = 5, 300
BLOCK = 20  # rows of one turn


class AnyDetector(Autoencoder):
    """An autoencoder that the explainer does not know by name: any deep detector's way."""


def make(n_features: int, device: str) -> tuple[Autoencoder, AnyDetector, np.ndarray, np.ndarray]:
    """Two equal detectors of correlated features, rows to explain and a background."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(n_features // 3, n_features))
    normal = rng.normal(size=(2200, n_features // 3)) @ mix + 0.3 * rng.normal(size=(2200, n_features))
    rows = normal[2000:].copy()
    broken = rng.integers(0, n_features, len(rows))
    rows[np.arange(len(rows)), broken] += 4 * normal.std(axis=0)[broken]
    known, unknown = (
        kind(epochs=10, device=device, random_state=0, verbose=False).fit(normal[:2000])
        for kind in (Autoencoder, AnyDetector)
    )
    return known, unknown, rows, normal[:2000]


def by_tensors(detector: Autoencoder) -> Callable[[np.ndarray], np.ndarray]:
    """The leanest score that shap can be given."""
    shift, scale = (
        torch.tensor(part, dtype=torch.float32, device=detector.device_) for part in (detector.shift_, detector.scale_)
    )
    net = detector.net_.eval()

    def score(X: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            rows = (torch.from_numpy(X).to(shift) - shift) / scale
            return torch.cat([detector.anomaly_scores(net, piece) for piece in rows.split(4096)]).cpu().numpy()

    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--background", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    device = resolve_device(args.device)
    known, unknown, rows, normal = make(args.features, str(device))
    rows, background = rows[: args.rows], normal[: args.background]
    coalitions = 2 * args.features + 2048

    def ours(detector: Autoencoder, share: int = 1) -> Callable[[np.ndarray], np.ndarray]:
        return lambda X: KernelSHAP(detector, background, coalitions // share, random_state=0).explain(X).values

    def theirs(score: Callable[[np.ndarray], np.ndarray], **options: object) -> Callable[[np.ndarray], np.ndarray]:
        explainer = shap.KernelExplainer(score, background)
        return lambda X: explainer.shap_values(X, nsamples=coalitions, silent=True, **options)

    ways = {
        "shap.KernelExplainer": theirs(known.decision_function),
        "shap.KernelExplainer, all features kept": theirs(known.decision_function, l1_reg=0),
        "shap.KernelExplainer, all kept, scoring by tensors": theirs(by_tensors(known), l1_reg=0),
        "ours, Autoencoder": ours(known),
        "ours, any deep detector": ours(unknown),
        "ours, Autoencoder, an eighth of the coalitions": ours(known, 8),
    }
    np.random.seed(0)  # noqa: NPY002  shap draws from the global generator
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    values: dict[str, np.ndarray] = {}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    for run in ways.values():
        run(rows[:2])  # warm up
    for _ in range(args.repeats):
        parts: dict[str, list[np.ndarray]] = {name: [] for name in ways}
        spent = {name: np.zeros(2) for name in ways}
        for first in range(0, len(rows), BLOCK):
            for name, run in ways.items():
                start, busy = time.perf_counter(), time.process_time()
                parts[name].append(run(rows[first : first + BLOCK]))
                spent[name] += time.perf_counter() - start, time.process_time() - busy
        for name in ways:
            values[name] = np.concatenate(parts[name])
            seconds[name].append(spent[name][0])
            processor[name].append(spent[name][1])
    few = rows[:REFERENCE_ROWS]
    reference = PermutationShapley(known, background, REFERENCE_ORDERS, random_state=1).explain(few)
    spread = np.sqrt((reference.values**2).mean())
    errors = {name: np.sqrt(((found[: len(few)] - reference.values) ** 2).mean()) for name, found in values.items()}
    base, busiest = min(seconds["shap.KernelExplainer"]), min(processor["shap.KernelExplainer"])
    kept = "shap.KernelExplainer, all features kept"
    table = pd.DataFrame(
        {
            "best, s": {name: f"{min(found):.2f}" for name, found in seconds.items()},
            "median, s": {name: f"{np.median(found):.2f}" for name, found in seconds.items()},
            "times as fast as shap": {name: f"{base / min(found):.2f}" for name, found in seconds.items()},
            "least processor time, s": {name: f"{min(found):.2f}" for name, found in processor.items()},
            "shap's processor time over it": {name: f"{busiest / min(found):.2f}" for name, found in processor.items()},
            "error of a value": {name: f"{error:.5f}" for name, error in errors.items()},
        }
    )
    away = np.sqrt(((values["ours, Autoencoder"] - values[kept]) ** 2).mean())
    apart = np.abs(values["ours, Autoencoder"] - values["ours, any deep detector"]).max()
    keep(
        f"explain_speed_{device.type}",
        f"KernelSHAP, {args.features} features, {len(rows)} rows, {len(background)} background rows, "
        f"{coalitions:,} coalitions, on {device.type}",
        "python benchmarks/explain_speed.py"
        + (f" --threads {args.threads}" if args.threads else "")
        + (f" --device {args.device}" if args.device != "auto" else ""),
        f"shap {version('shap')}; {args.repeats} repeats, load before the run {load:.1f} on {os.cpu_count()} cores\n\n"
        + markdown(table.rename_axis("way"))
        + f"\n\nRoot mean square of a value {spread:.4f}; standard error of the reference "
        f"{np.sqrt((reference.extra['standard_error'] ** 2).mean()):.6f}. Between ours and shap's with all features "
        f"kept, root mean square {away:.5f} over all rows; between our two ways at most {apart:.1e}.",
    )


if __name__ == "__main__":
    main()
