"""One million points through rolling statistics and rolling detectors, beside pandas and river, in one run.

The series is noise on a large offset. river takes one value at a time, as a stream does, and is timed on fewer points;
its time is given for a million. Ours and pandas take turns and the best of the repeats counts, since other programs can
only slow a run down. All three must agree on the noise before they are timed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _report import keep, markdown
from numpy.lib.stride_tricks import sliding_window_view
from river import stats, utils

from course_lib.core import Detector
from course_lib.statistics import EWMA, MovingAverage, RollingMedian
from course_lib.statistics.rolling import ewm_moments, rolling_median, rolling_moments

POINTS, RIVER_POINTS = 1_000_000, 100_000
WINDOW, ALPHA, OFFSET = 100, 0.05, 1e9
FLOOR = 0.01  # the detectors' least scale, on noise of deviation 1: never reached, but it costs time

Way = Callable[[np.ndarray], np.ndarray]


def windows(x: np.ndarray | pd.Series) -> pd.core.window.Rolling:
    return pd.Series(x).rolling(WINDOW, min_periods=1)


def decaying(x: np.ndarray) -> pd.core.window.ExponentialMovingWindow:
    return pd.Series(x).ewm(alpha=ALPHA, adjust=False)


def against_past(x: np.ndarray, centre: pd.Series, scale: pd.Series) -> np.ndarray:
    """|value - centre| / scale, both of the timestamp before."""
    return (np.abs(x - centre.shift()) / np.maximum(scale.shift(), FLOOR)).to_numpy()


def pandas_median_score(x: np.ndarray) -> np.ndarray:
    median = windows(x).median()
    return against_past(x, median, 1.482602 * windows(np.abs(x - median)).median())


def river_statistic(make: Callable[[], stats.base.Univariate]) -> Way:
    """One value after the other, river's answer after each."""

    def run(x: np.ndarray) -> np.ndarray:
        statistic, results = make(), np.empty(len(x))
        for t, value in enumerate(x.tolist()):
            statistic.update(value)
            results[t] = statistic.get()
        return results

    return run


def river_score(centre: Callable[[], stats.base.Univariate], spread: Callable[[], stats.base.Univariate]) -> Way:
    """One value after the other, scored before it is learnt; the spread is a variance."""

    def run(x: np.ndarray) -> np.ndarray:
        middle, variance, results = centre(), spread(), np.zeros(len(x))
        for t, value in enumerate(x.tolist()):
            if t:
                results[t] = abs(value - middle.get()) / max(variance.get() ** 0.5, FLOOR)
            middle.update(value)
            variance.update(value)
        return results

    return run


def river_median_score(x: np.ndarray) -> np.ndarray:
    middle, gaps, results = stats.RollingQuantile(0.5, WINDOW), stats.RollingQuantile(0.5, WINDOW), np.zeros(len(x))
    for t, value in enumerate(x.tolist()):
        if t:
            results[t] = abs(value - middle.get()) / max(1.482602 * gaps.get(), FLOOR)
        middle.update(value)
        gaps.update(abs(value - middle.get()))
    return results


def fitted(detector: Detector) -> Way:
    """Validation, scores and threshold."""
    return lambda x: detector.fit(x[:, None]).decision_scores_


def rolling_of(statistic: type[stats.base.Univariate], **options: int) -> Callable[[], utils.Rolling]:
    return lambda: utils.Rolling(statistic, WINDOW, **options)


# What: ours, pandas', river's.
WAYS: dict[str, tuple[Way, Way, Way]] = {
    "rolling mean": (
        lambda x: rolling_moments(x, WINDOW)[0],
        lambda x: windows(x).mean().to_numpy(),
        river_statistic(rolling_of(stats.Mean)),
    ),
    "rolling variance": (
        lambda x: rolling_moments(x, WINDOW)[1],
        lambda x: windows(x).var(ddof=0).to_numpy(),
        river_statistic(rolling_of(stats.Var, ddof=0)),
    ),
    "rolling median": (
        lambda x: rolling_median(x, WINDOW),
        lambda x: windows(x).median().to_numpy(),
        river_statistic(lambda: stats.RollingQuantile(0.5, WINDOW)),
    ),
    "exponentially weighted mean": (
        lambda x: ewm_moments(x, ALPHA)[0],
        lambda x: decaying(x).mean().to_numpy(),
        river_statistic(lambda: stats.EWMean(ALPHA)),
    ),
    "MovingAverage.fit": (
        fitted(MovingAverage(WINDOW)),
        lambda x: against_past(x, windows(x).mean(), windows(x).std(ddof=0)),
        river_score(rolling_of(stats.Mean), rolling_of(stats.Var, ddof=0)),
    ),
    "RollingMedian.fit": (fitted(RollingMedian(WINDOW)), pandas_median_score, river_median_score),
    "EWMA.fit": (
        fitted(EWMA(ALPHA)),
        lambda x: against_past(x, decaying(x).mean(), decaying(x).std(bias=True)),
        river_score(lambda: stats.EWMean(ALPHA), lambda: stats.EWVar(ALPHA)),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    noise = np.random.default_rng(0).normal(size=POINTS)
    x = OFFSET + noise
    rows = {}
    for name, (ours, pandas, river) in WAYS.items():
        agree(ours, pandas, river, noise[:5000])
        seconds = best_of({"ours": lambda f=ours: f(x), "pandas": lambda f=pandas: f(x)}, args.repeats)
        # Without the offset: some of river's formulas break down on it, which would be another subject.
        river_seconds = best_of({"river": lambda f=river: f(noise[:RIVER_POINTS])}, 2)["river"]
        rows[name] = row(seconds["ours"], seconds["pandas"], river_seconds * POINTS / RIVER_POINTS)
    tensor = torch.from_numpy(x)
    for name, run in {
        "rolling_moments, tensor": lambda: rolling_moments(tensor, WINDOW),
        "ewm_moments, tensor": lambda: ewm_moments(tensor, ALPHA),
    }.items():
        rows[name] = row(best_of({"ours": run}, args.repeats)["ours"])
    keep(
        "rolling",
        "Rolling statistics and detectors on a million points",
        f"python benchmarks/rolling.py --repeats {args.repeats}",
        f"Noise of deviation 1 on an offset of 1e9; windows of {WINDOW}, alpha {ALPHA}. The detectors' rows hold "
        "validation, scores and threshold; beside them stand the same scores written with pandas and river. "
        f"river one by one, timed on {RIVER_POINTS:,} points.\n\n"
        f"{markdown(pd.DataFrame.from_dict(rows, orient='index'))}\n\n{largest_errors(x)}",
    )


def agree(ours: Way, pandas: Way, river: Way, x: np.ndarray) -> None:
    """The three ways give the same numbers once windows are full and beginnings forgotten."""
    settled = ours(x)[1000:]
    np.testing.assert_allclose(pandas(x)[1000:], settled, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(river(x)[1000:], settled, rtol=1e-6, atol=1e-9)


def best_of(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Best time of each way, in seconds; they take turns."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def row(ours: float, pandas: float | None = None, river: float | None = None) -> dict[str, str]:
    """Seconds and ratios to ours, as text."""
    if ours > 1:
        raise SystemExit(f"A million points took {ours:.2f} s, more than the second that is allowed.")
    return {
        "ours, s": f"{ours:.3f}",
        "pandas, s": f"{pandas:.3f}" if pandas else "",
        "river, s": f"{river:.2f}" if river else "",
        "pandas / ours": f"{pandas / ours:.1f}" if pandas else "",
        "river / ours": f"{river / ours:.0f}" if river else "",
    }


def largest_errors(x: np.ndarray) -> str:
    """How far the rolling variance is off, against two passes in extended precision over every thousandth window."""
    some = sliding_window_view(x, WINDOW)[::1000].astype(np.longdouble)
    exact = some.var(axis=1).astype(float)
    ours = np.abs(rolling_moments(x, WINDOW)[1][WINDOW - 1 :: 1000] - exact).max()
    theirs = np.abs(windows(x).var(ddof=0).to_numpy()[WINDOW - 1 :: 1000] - exact).max()
    return f"Largest error of the rolling variance on that offset: ours {ours:.0e}, pandas {theirs:.0e}."


if __name__ == "__main__":
    main()
