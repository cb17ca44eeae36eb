"""Checks of tasks 2.8 and 2.9: the course's detectors put to work."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import CheckFailed, expect, expect_close, expect_shape, expect_type, rng, task

# Windows that an answer may have built in, besides the default; 24 is the lesson's.
BUILT_IN = (5, 10, 20, 24, 30, 100)
UP = "A limit at a quantile of the scores drops that many, and so does ceil: count the rows with round."
NONE = "return -1 if there is none."
EMPTY = "a slice such as [:-0] is empty, so keep the first n - drop rows instead."


@task("2.8", "Clean, then fit", passed="What slipped into the training data no longer decides what is normal.")
def clean_and_fit(answer: Callable[..., Any]) -> None:
    """A z-score fitted without the most suspicious rows."""
    from course_lib.statistics import ModifiedZScore, ZScore

    draw = rng()
    X = draw.normal(0, 1, (88, 2))
    X[:8, 0] += 9
    X[0, 0] = 500  # hides the other seven from the plain z-score
    X = draw.permutation(X)
    detector = _cleaned(answer, X, 0.12)
    order = ModifiedZScore().fit(X).decision_scores_.argsort()
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
    _cleaned(answer, X, 0.13)
    _cleaned(answer, X, 0.004)


def _cleaned(answer: Callable[..., Any], X: np.ndarray, share: float) -> Any:
    """The learner's detector for this share, after its type and number of rows were checked."""
    from course_lib.statistics import ZScore

    n, exact = len(X), share * len(X)
    drop = round(exact)
    amount = f"a share of {share:g} is {exact:.2f} of {n} rows, which rounds to {drop}"
    try:
        detector = answer(X, share)
    except CheckFailed as failure:
        if drop == 0 and isinstance(failure.__cause__, ValueError):
            raise CheckFailed(f"Your function fails where nothing is to be dropped ({amount}): {EMPTY}") from failure
        raise
    expect_type(detector, ZScore, "return the ZScore that you fitted to the remaining rows.")
    expect(hasattr(detector, "decision_scores_"), "Your ZScore is not fitted: call fit before you return it.")
    seen = len(detector.decision_scores_)
    if drop:
        expect(seen != n, "Your ZScore was fitted to all rows: leave the suspicious ones out.")
    if int(exact) != drop:
        expect(seen != n - int(exact), f"You rounded down: {amount}; int and // cut off, round does not.")
    elif math.ceil(exact) != drop:
        expect(seen != n - math.ceil(exact), f"One row too many is gone: {amount}. {UP}")
    expect(seen == n - drop, f"You kept {seen} of {n} rows: {amount} rows to drop, not more and not fewer.")
    return detector


@task("2.9", "First alarm", passed="You have a monitor: it watches a series and says when it woke up.")
def first_alarm(answer: Callable[..., Any]) -> None:
    """Index of the first rolling-median score above the limit, -1 without one."""
    draw = rng()
    series = None
    while series is None:
        series = _telling_series(draw)
    x, window, limit, scores, (labelled, default, moved, equal) = series
    right, alarms = _first_above(scores, limit), np.flatnonzero(scores > limit)
    value = answer(x, window, limit)
    expect_shape(value, (), "return one index.")
    expect(
        not isinstance(value, (bool, np.bool_)),
        "You returned True or False: return the index of the first score above the limit.",
    )
    expect(
        not np.isclose(value, scores[right]),
        "You returned the first score above the limit: return its index, the place where it stands.",
    )
    expect(
        not np.isclose(value, x[right]),
        "You returned the value that raised the alarm: return its index, the place where it stands.",
    )
    expect(
        float(value).is_integer(), f"You returned {float(value):.4g}, which is no index: an index is a whole number."
    )
    expect_close(
        value,
        right,
        "The index of the first alarm",
        mistakes=[
            (labelled, "You ignored limit: labels_ comes from the detector's own threshold."),
            (default, "You ignored window: RollingMedian's default is 50."),
            (equal, "There the score equals the limit, which is no alarm yet: it must be above, > and not >=."),
            (moved, "That is the first alarm of a moving average, which spikes blind: use RollingMedian."),
            (int(scores.argmax()), "That is the highest score: the question is when the limit is passed first."),
            (int(alarms[-1]), "That is the last alarm: the first one is asked for."),
            (len(alarms), "You counted the alarms: return where the first one is."),
            (int(x.argmax()), "You looked at the values: look at the scores of RollingMedian."),
            (right + 1, "You counted from 1: the first value has index 0."),
            (
                right - window,
                "You counted from the first value after a full window: the index counts from the start of x.",
            ),
            (
                0,
                "The first value has no past and scores 0, it cannot raise an alarm: compare with the limit.",
            ),
        ],
        rtol=0,
        atol=0,
    )
    _check_early_alarm(answer, draw)
    quiet = draw.normal(0, 1, 60)
    try:
        value = answer(quiet, window, 1e6)
    except CheckFailed as failure:
        problem = failure.__cause__ or failure
        cause = "it returns None" if problem is failure else f"{type(problem).__name__}"
        raise CheckFailed(
            f"Your function knows no answer where no score exceeds the limit ({cause}): {NONE}"
        ) from failure
    expect(
        value == -1,
        "Where no score exceeds the limit return -1: argmax of nothing but False is 0, which looks like an alarm.",
    )


def _check_early_alarm(answer: Callable[..., Any], draw: np.random.Generator) -> None:
    """The first alarm comes before the window is full, where the detector judges already."""
    from course_lib.statistics import RollingMedian

    window, early, late = int(draw.integers(32, 42)), int(draw.integers(14, 30)), int(draw.integers(55, 85))
    found: list[int] = []
    while found != [early, late]:  # a calm start may by chance make an ordinary value stand out
        x = draw.normal(0, 1, 90)
        x[[early, late]] += (60, 90)
        scores = RollingMedian(window=window).fit(x.reshape(-1, 1)).decision_scores_
        limit = float(0.5 * min(scores[early], scores[late]))
        found = np.flatnonzero(scores > limit).tolist()
    expect_close(
        answer(x, window, limit),
        early,
        "The index of an early alarm",
        mistakes=[
            (
                late,
                f"You missed an alarm at a time when the window of {window} values was not yet full: RollingMedian "
                "judges with the past that there is, so take all its scores, and its min_past as it comes.",
            ),
        ],
        rtol=0,
        atol=0,
    )


def _telling_series(draw: np.random.Generator) -> tuple[Any, ...] | None:
    """A series, a window and a limit for which every mistake gives an index of its own; None where the draw has none.

    The limit is the highest of the scores before the alarm, so `>=` is wrong, and another window moves the alarm.
    """
    from course_lib.statistics import MovingAverage, RollingMedian

    window = int(draw.integers(12, 20))
    x = draw.normal(0, 0.3, 300).cumsum() + np.repeat(draw.uniform(0.3, 3, 12), 25) * draw.normal(0, 1, 300)
    spikes = np.sort(draw.choice(np.arange(40, 300), 24, replace=False))
    sizes = np.minimum(np.linspace(4, 30, 24), 20) * draw.uniform(0.6, 1.4, 24)
    x[spikes] += draw.choice([-1, 1], 24) * sizes

    column = x.reshape(-1, 1)
    detector, other = (RollingMedian(window=w).fit(column) for w in (window, 50))
    scores, default, labelled = detector.decision_scores_, other.decision_scores_, int(detector.labels_.argmax())
    average = MovingAverage(window=window).fit(column).decision_scores_
    records = np.flatnonzero(scores[1:] > np.maximum.accumulate(scores)[:-1]) + 1
    for equal in records[:-1]:
        limit = float(scores[equal])
        right, alarms = _first_above(scores, limit), np.flatnonzero(scores > limit)
        wrong = [labelled, _first_above(default, limit), _first_above(average, limit), int(equal)]
        others = [int(scores.argmax()), int(alarms[-1]), len(alarms), int(x.argmax()), right + 1, right - window, 0]
        if limit < 3 or right < 2 * window or len({right, *wrong, *others}) < 12:
            continue
        built_in = (RollingMedian(window=w).fit(column).decision_scores_ for w in BUILT_IN)
        if all(_first_above(other, limit) != right for other in built_in):
            return x, window, limit, scores, wrong
    return None


def _first_above(scores: np.ndarray, limit: float) -> int:
    """Index of the first score above the limit, -1 without one."""
    return int(np.append(np.flatnonzero(scores > limit), -1)[0])
