"""Checks of tasks 15.6 to 15.8: residuals of many sensors, who is to blame, and the whole in one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


def quadratic(residuals: np.ndarray, centre: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(r - centre)' weights (r - centre), row by row."""
    gap = residuals - centre
    return np.einsum("ni,ij,nj->n", gap, weights, gap)


@task("15.6", "Mahalanobis on residuals", passed="Loud sensors no longer drown the quiet ones, and relations count.")
def mahalanobis_scores(answer: Callable[..., Any]) -> None:
    """Squared Mahalanobis distance with mean and covariance of normal residuals."""
    draw = rng()
    for d in (3, 4):
        mix = draw.normal(size=(d, d)) + 2 * np.eye(d)
        normal = draw.normal(size=(200, d)) @ mix.T + draw.normal(size=d)
        residuals = draw.normal(size=(int(draw.integers(15, 25)), d)) @ mix.T * 2
        mean, covariance = normal.mean(axis=0), np.cov(normal.T)
        right = quadratic(residuals, mean, np.linalg.inv(covariance))
        value = answer(residuals, normal)
        expect_shape(value, (len(residuals),), "one score for each row of residuals.")
        own = np.cov(residuals.T)
        expect_close(
            value,
            right,
            "The scores",
            rtol=2e-2,  # a covariance divided by n or by n - 1
            mistakes=[
                (np.sqrt(right), "You took the root: the task asks for the squared distance."),
                (quadratic(residuals, mean, covariance), "You weigh by the covariance itself: its inverse is needed."),
                (
                    quadratic(residuals, np.zeros(d), np.linalg.inv(covariance)),
                    "You did not subtract the mean of the normal residuals: a forecaster may be off on average.",
                ),
                (
                    quadratic(residuals, residuals.mean(axis=0), np.linalg.inv(own)),
                    "You learnt mean and covariance from the rows to be scored: anomalies would hide themselves.",
                ),
                (
                    quadratic(residuals, mean, np.linalg.inv(own)),
                    "The covariance is that of the rows to be scored: learn it from the normal ones.",
                ),
                (
                    quadratic(residuals, mean, np.diag(1 / normal.var(axis=0))),
                    "You divide each sensor by its own variance: that leaves out how sensors hang together.",
                ),
                ((residuals**2).sum(axis=1), "That is the plain squared length: the covariance is not in it."),
                (right / d, "You divided by the number of sensors: the task asks for the sum."),
            ],
        )


@task("15.7", "Which sensors?", passed="An alarm with names in it is half a repair.")
def blamed(answer: Callable[..., Any]) -> None:
    """The k sensors with the largest mean error inside an incident."""
    draw = rng()
    for k in (3, 2, 4):
        n, d = 60, int(draw.integers(9, 14))
        first = int(draw.integers(15, 25))
        end = first + int(draw.integers(6, 12))
        order = draw.permutation(d)
        level = np.empty(d)
        level[order] = np.linspace(3, 1, d)  # the order of means inside, without ties
        errors = draw.uniform(0.0, 0.05, size=(n, d)) + level
        # Outside other sensors are loud, and in the first row after the end yet others.
        rank = np.argsort(order)
        errors[:first] += 40 * ((rank + d // 2) % d) / d
        errors[end + 1 :] += 40 * ((rank + d // 2) % d) / d
        errors[end] += 300 * ((rank + d // 2 + 1) % d) / d
        # One wild reading: a sensor with the largest single error, but not a large mean.
        wild = order[-1]
        errors[first, wild] += 0.45 * (end - first) * (level.max() - level[wild])
        inside = errors[first:end]
        means = inside.mean(axis=0)
        right = np.argsort(-means)[:k]
        value = answer(errors, first, end, k)
        expect_shape(value, (k,), "k sensor numbers, no more and no fewer.")
        expect_close(
            value,
            right,
            "The sensors",
            mistakes=[
                (np.argsort(means)[:k], "Those are the calmest sensors: sort from the largest error down."),
                (np.argsort(-means)[:k][::-1], "The right sensors, the wrong way round: the worst comes first."),
                (
                    np.argsort(-errors.mean(axis=0))[:k],
                    "You averaged over the whole series: only the rows of the incident count.",
                ),
                (
                    np.argsort(-errors[first : end + 1].mean(axis=0))[:k],
                    "You took one row too many: the row `end` lies behind the incident.",
                ),
                (np.argsort(-inside.max(axis=0))[:k], "You went by the largest single error: go by the mean."),
                (np.sort(right), "The right sensors, but in the order of their numbers: the worst comes first."),
                (np.sort(means)[::-1][:k], "Those are the errors themselves: return the numbers of the sensors."),
            ],
        )


@task(
    "15.8",
    "Put it together",
    passed="Windows, network, held-out threshold, row numbers: that is a detector for a series.",
)
def alarm_rows(answer: Callable[..., Any]) -> None:
    """Fit on the first part, place the threshold on the last, and return the rows that alarm."""
    draw = rng()
    t = np.arange(900)
    series = np.column_stack([np.sin(2 * np.pi * (t / 20 + place / 6)) for place in range(3)])
    series += draw.normal(scale=0.08, size=series.shape)
    series[250:400] += draw.normal(scale=0.15, size=(150, 3))  # the held-out part is rougher than the first
    # The test part gets rougher and rougher, so that every threshold flags other rows.
    series[400:] += draw.normal(size=(500, 3)) * np.linspace(0, 0.5, 500)[:, None]
    X_train, X_test = series[:400], series[400:][draw.permutation(25).repeat(20) * 20 + np.tile(np.arange(20), 25)]
    split = len(X_train) * 3 // 4
    models = (_fitted(X_train[:split]), _fitted(X_train))
    for budget in (0.05, 0.1):
        _check_alarms(answer, X_train, X_test, budget, models)


def _fitted(rows: np.ndarray) -> Any:
    """The detector that task 15.8 asks for."""
    from course_lib.deep import LSTMAutoencoder

    settings: dict[str, Any] = {"hidden_size": 8, "latent_size": 4, "window": 20, "epochs": 5, "learning_rate": 1e-2}
    return LSTMAutoencoder(**settings, random_state=0, device="cpu", verbose=False).fit(rows)


def _check_alarms(
    answer: Callable[..., Any], X_train: np.ndarray, X_test: np.ndarray, budget: float, models: tuple[Any, Any]
) -> None:
    from course_lib.core.thresholds import FalsePositiveRate

    def rows(scores: np.ndarray, normal: np.ndarray, share: float = budget) -> np.ndarray:
        return (scores > FalsePositiveRate(share).place(normal)).astype(int)

    value = np.asarray(answer(X_train, X_test, budget))
    expect(value.ndim == 1, "Return the numbers of the rows that alarm, in one dimension.")
    expect(value.dtype.kind in "iu", "Return row numbers, whole numbers: np.flatnonzero gives them.")
    split = len(X_train) * 3 // 4
    detector, whole = models
    scores, held_out = detector.decision_function(X_test), detector.decision_function(X_train[split:])
    other, late = whole.decision_function(X_test), whole.decision_function(X_train[split:])
    right = rows(scores, held_out)
    expect_close(
        np.isin(np.arange(len(X_test)), value).astype(int),
        right,
        "The rows",
        mistakes=[
            (
                rows(scores, detector.decision_scores_),
                "The threshold stands on the rows that were learnt: place it on the held-out quarter.",
            ),
            (rows(other, late), "You fitted on all of X_train: the held-out quarter is no longer held out."),
            (rows(other, whole.decision_scores_), "Fit and threshold both saw all of X_train: split it in time first."),
            (
                rows(scores, scores),
                "You placed the threshold on the test rows: then the share of alarms is fixed beforehand.",
            ),
            (
                (scores > detector.threshold_).astype(int),
                "That is the threshold from fit: place it anew with the rule and the budget.",
            ),
            (
                rows(scores, held_out, 0.1 if budget == 0.05 else 0.05),
                "Your threshold does not follow the budget: use the argument.",
            ),
            (1 - right, "Those are the rows that stay quiet."),
        ],
        otherwise="These are other rows than the task's settings give: compare every setting, the seed and the split "
        "with the list in the task.",
    )
