"""Checks of tasks 2.8 and 2.9: the course's detectors put to work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, expect_type, rng, task


@task("2.8", "Clean, then fit", passed="What slipped into the training data no longer decides what is normal.")
def clean_and_fit(answer: Callable[..., Any]) -> None:
    """A z-score fitted without the most suspicious rows."""
    from course_lib.statistics import ModifiedZScore, ZScore

    draw = rng()
    X = draw.normal(0, 1, (88, 2))
    X[:8, 0] += 9
    X[0, 0] = 500  # hides the other seven from the plain z-score
    X = draw.permutation(X)
    detector = answer(X, 0.125)
    expect_type(detector, ZScore, "return the ZScore that you fitted to the remaining rows.")
    expect(hasattr(detector, "decision_scores_"), "Your ZScore is not fitted: call fit before you return it.")
    suspicion = ModifiedZScore().fit(X).decision_scores_
    order = suspicion.argsort()
    seen = len(detector.decision_scores_)
    expect(seen != len(X), "Your ZScore was fitted to all rows: leave the suspicious ones out.")
    expect(
        seen == 77,
        f"You kept {seen} of 88 rows: a share of 0.125 is 11 rows to drop, not more and not fewer.",
    )
    by_z = X[ZScore().fit(X).decision_scores_.argsort()[:77]]
    expect_close(
        detector.mean_,
        X[order[:77]].mean(axis=0),
        "The mean that your detector learnt",
        mistakes=[
            (X[order[11:]].mean(axis=0), "You dropped the least suspicious rows: high scores are the anomalous ones."),
            (X[:77].mean(axis=0), "You dropped the last rows as they came: sort by score first."),
            (
                by_z.mean(axis=0),
                "You took the plain z-score as the suspicion: the outliers bend that ruler, use ModifiedZScore.",
            ),
        ],
    )


@task("2.9", "First alarm", passed="You have a monitor: it watches a series and says when it woke up.")
def first_alarm(answer: Callable[..., Any]) -> None:
    """Index of the first rolling-median score above the limit, -1 without one."""
    from course_lib.statistics import MovingAverage, RollingMedian

    draw = rng()
    window, limit = int(draw.integers(10, 20)), float(draw.uniform(7, 8))
    x = draw.normal(0, 1, size=300).cumsum() * 0.2 + draw.normal(0, 1, 300)
    start = int(draw.integers(100, 150))
    x[[2, 12]] += 400, 30  # the first is not judged yet; in its shadow a moving average does not see the second
    x[[start, start + 100, start + 130]] += 40, -200, 40
    scores = RollingMedian(window=window).fit(x.reshape(-1, 1)).decision_scores_
    right = int(np.flatnonzero(scores > limit)[0])
    average = MovingAverage(window=window).fit(x.reshape(-1, 1)).decision_scores_
    value = answer(x, window, limit)
    expect_shape(value, (), "return one index.")
    expect(
        not isinstance(value, (bool, np.bool_)) and float(value) == int(value),
        "You returned True or False: return the index of the first score above the limit.",
    )
    expect_close(
        value,
        right,
        "The index of the first alarm",
        mistakes=[
            (
                int(np.flatnonzero(average > limit)[0]),
                "That is the first alarm of a moving average, which a spike has blinded: use RollingMedian.",
            ),
            (int(scores.argmax()), "That is the highest score: the question is when the limit is passed first."),
            (int(np.flatnonzero(scores > limit)[-1]), "That is the last alarm: the first one is asked for."),
            (int((scores > limit).sum()), "You counted the alarms: return where the first one is."),
            (int(x.argmax()), "You looked at the values: look at the scores of RollingMedian."),
            (right + 1, "You counted from 1: the first value has index 0."),
            (
                0,
                "The first value has no past and scores 0, it cannot raise an alarm: compare with the limit.",
            ),
        ],
        rtol=0,
        atol=0,
    )
    quiet = draw.normal(0, 1, 60)
    expect(
        answer(quiet, window, 1e6) == -1,
        "Where no score exceeds the limit return -1: argmax of nothing but False is 0, which looks like an alarm.",
    )
