"""Checks of tasks 2.6 and 2.7: rulers that follow a series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, expect_finite, rng, task


def windowed_scores(
    x: np.ndarray, window: int, *, first: int = 0, last: int | None = None, ddof: int = 0, signed: bool = False
) -> np.ndarray:
    """Distance in deviations from the mean of x[t - window + first : t + last]; `last` is `first` unless given."""
    scores = np.zeros(len(x))
    for t in range(window, len(x)):
        past = x[t - window + first : t + (first if last is None else last)]
        scores[t] = (x[t] - past.mean()) / past.std(ddof=ddof)
    return scores if signed else np.abs(scores)


def decaying_mean(x: np.ndarray, alpha: float, start: float | None = None) -> np.ndarray:
    """m[t] = (1 - alpha) m[t - 1] + alpha x[t]; m[0] = x[0], or one step from `start`."""
    mean = float(x[0]) if start is None else (1 - alpha) * start + alpha * float(x[0])
    means = [mean]
    for value in x[1:]:
        mean = (1 - alpha) * mean + alpha * float(value)
        means.append(mean)
    return np.array(means)


@task(
    "2.6", "A moving ruler", passed="Your detector follows a drift, and no value bends the ruler it is measured with."
)
def moving_scores(answer: Callable[..., Any]) -> None:
    """z-score against the `window` values before each one."""
    draw = rng()
    window = int(draw.integers(4, 8))
    x = draw.normal(size=40).cumsum() + draw.normal(50, 5)
    whole = np.abs(x - x.mean()) / x.std()
    value = answer(x, window)
    expect_finite(value, f"the first {window} values have too little past; their score is 0.")
    expect_close(
        value,
        windowed_scores(x, window),
        "The moving score",
        mistakes=[
            (
                windowed_scores(x, window, first=1),
                "Your window ends with the value itself: it bends its own ruler, so let the window end one before.",
            ),
            (
                windowed_scores(x, window, last=1),
                "The value itself is in its window, which has one value too many: x[t - window : t] leaves out x[t].",
            ),
            (windowed_scores(x, window + 1), "Your window is one value too long: exactly `window` values before t."),
            (windowed_scores(x, window - 1) * (np.arange(40) >= window), "Your window is one value too short."),
            (
                [0.0 if t < window else abs(x[t] - x[:t].mean()) / x[:t].std() for t in range(40)],
                "You measured against all the past: only the last `window` values before t count.",
            ),
            (whole, "You measured against the whole series: take the `window` values just before each one."),
            (
                np.where(np.arange(40) < window, 0, whole),
                "Right start, but you measure against the whole series: take the values just before each one.",
            ),
            (
                windowed_scores(x, window, ddof=1),
                "You divided by n - 1 in the deviation: the formula here divides by n.",
            ),
            (windowed_scores(x, window, signed=True), "Some of your scores are negative: take absolute distances."),
        ],
    )


@task("2.7", "EWMA", passed="Two lines of arithmetic, no memory, and it runs for ever: many monitors are just that.")
def ewma(answer: Callable[..., Any]) -> None:
    """Exponentially weighted moving average with m[0] = x[0]."""
    draw = rng()
    x = draw.normal(20, 3, size=12)
    alpha = float(draw.uniform(0.1, 0.3))
    age = np.arange(12)
    weights = np.tril((1 - alpha) ** np.clip(age[:, None] - age, 0, None))
    expect_close(
        answer(x, alpha),
        decaying_mean(x, alpha),
        "The average",
        mistakes=[
            (decaying_mean(x, 1 - alpha), "alpha and 1 - alpha are swapped: alpha is the weight of the new value."),
            (decaying_mean(x, alpha, start=0.0), "Your average starts from 0 and has to climb: start from x[0]."),
            (
                weights @ x / weights.sum(axis=1),
                "You divided by the sum of the weights (pandas' adjust=True): use the recursion as it stands.",
            ),
            (
                decaying_mean(x, alpha)[-1],
                "You returned the last average only: return the average after each value, shape (n,).",
            ),
            (
                np.r_[x[0], decaying_mean(x, alpha)[:-1]],
                "Your averages are one step late: m[t] already contains x[t].",
            ),
            (
                np.r_[x[0], (1 - alpha) * x[:-1] + alpha * x[1:]],
                "You mixed each value with the value before it: the old part is the average so far, m[t - 1].",
            ),
            (
                decaying_mean(np.r_[0.0, x[1:]], alpha),
                "Your average starts with the 0 of an empty array: m[0] is x[0].",
            ),
            (np.cumsum(x) / (age + 1), "That is the plain mean of all values so far: it never forgets."),
        ],
    )
