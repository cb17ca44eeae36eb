"""Check of task 20.10: a baseline and a model from the library, as one detector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


def daily_series(draw: np.random.Generator, period: int, n: int) -> np.ndarray:
    """Two columns that share season and weather, shape (n, 2), with odd rows of three sorts."""
    swing = np.cumsum(draw.normal(0, 2.5, period))
    swing = swing - np.linspace(swing[0], swing[-1], period)
    weather = draw.normal(0, 1.0, n)
    X = np.c_[20 + swing[np.arange(n) % period] + weather, 300 + 10 * (swing[np.arange(n) % period] + weather)]
    X += draw.normal(0, 0.15, (n, 2)) * [1, 10]
    odd = draw.choice(np.arange(period, n), n // 8, replace=False)
    apart, late, far = odd[::3], odd[1::3], odd[2::3]
    X[apart, 0] += draw.uniform(0.3, 4.0, len(apart))  # ordinary alone, not beside the other column
    X[late] = X[late - period // 2]  # the wrong time of day
    X[far] += draw.uniform(1.0, 6.0, (len(far), 1)) * [1, 10]  # far out in both
    return X


@task(
    "20.10",
    "Put it together",
    passed="A detector made of two: save it, load it, put a threshold on it like any other.",
)
def alarms(answer: Callable[..., Any]) -> None:
    """Labels of a series that follows the training series."""
    from course_lib.core.thresholds import Contamination
    from course_lib.hybrid import Residual, SeasonalBaseline
    from course_lib.ml import IsolationForest
    from course_lib.statistics import Mahalanobis, ZScore

    draw = rng()
    period, share = int(draw.integers(18, 26)), float(draw.uniform(0.03, 0.06))
    n = 12 * period + int(draw.integers(period // 4, 3 * period // 4))
    whole = daily_series(draw, period, n + 30 * period)
    X_train, X_new = whole[:n], whole[n:]
    worse = draw.choice(len(X_new), len(X_new) // 10, replace=False)  # so that the new rows have more alarms than share
    X_new[worse] += draw.uniform(3.0, 8.0, (len(worse), 1)) * [1, 10]

    def labels(
        model: Any = None,
        season: int = period,
        budget: float = share,
        train: np.ndarray = X_train,
        **options: int,
    ) -> np.ndarray:
        detector = Residual(
            SeasonalBaseline(season), Mahalanobis() if model is None else model, threshold=Contamination(budget)
        )
        return detector.fit(train).predict(X_new, **options)

    def without_baseline() -> np.ndarray:
        return Mahalanobis(threshold=Contamination(share)).fit(X_train).predict(X_new)

    def by_own_threshold() -> np.ndarray:
        detector = Residual(SeasonalBaseline(period), Mahalanobis())
        detector.fit(X_train)
        scores = detector.decision_function(X_new, start=len(X_train))
        return (scores > np.quantile(scores, 1 - share)).astype(int)

    value = np.asarray(answer(X_train, X_new, period, share))
    if value.shape == (len(X_new),):
        expect(len(np.unique(value)) <= 2, "You returned scores: predict compares them with the threshold.")
    expect(value.shape != (len(X_train),), "You returned labels of the training rows: label the rows of X_new.")
    start = len(X_train)
    expect_close(
        expect_shape(value, (len(X_new),), "one label for each row of X_new."),
        labels(start=start),
        "The labels",
        mistakes=[
            (
                lambda: labels(),
                "You let X_new begin at phase 0: it goes on where X_train ends, hand start to predict.",
            ),
            (
                lambda: labels(budget=0.1, start=start),
                "The threshold is the default one, 10%: pass Contamination(share) to the whole detector.",
            ),
            (
                by_own_threshold,
                "The threshold came from the scores of X_new: each batch then has its share of alarms, however calm "
                "it is.",
            ),
            (
                lambda: labels(train=X_new, start=start),
                "You fitted on X_new: season, spread and threshold come from X_train.",
            ),
            (lambda: labels(train=X_new), "You fitted on X_new, the rows to be judged: fit on X_train."),
            (
                without_baseline,
                "You left the baseline out: an ordinary value at the wrong hour passes then.",
            ),
            (
                lambda: labels(ZScore(), start=start),
                "You judge each column by itself: Mahalanobis sees when two columns do not fit together.",
            ),
            (
                lambda: labels(IsolationForest(random_state=0), start=start),
                "A forest judges your residuals: the task asks for Mahalanobis.",
            ),
            *(
                (
                    partial(labels, season=wrong, start=start),
                    "The season has another length with you: use the period you are given.",
                )
                for wrong in (24, 144, 12, 7)
                if wrong != period and 2 * wrong <= n
            ),
            (lambda: 1 - labels(start=start), "Your labels are upside down: 1 is the anomaly."),
        ],
    )
