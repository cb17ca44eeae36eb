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


def worst(means: np.ndarray, k: int) -> np.ndarray:
    """Numbers of the k largest, from the largest down."""
    return np.argsort(-means)[:k]


def _wrong_rows(errors: np.ndarray, first: int, end: int, k: int) -> dict[str, np.ndarray]:
    """What other rows than the incident's, or another summary than the mean, would blame."""
    inside = errors[first:end]
    summaries = {
        "You averaged over the whole series: only the rows of the incident count.": errors.mean(axis=0),
        "You took one row too many: the row `end` lies behind the incident.": errors[first : end + 1].mean(axis=0),
        "You begin one row too early: the row `first` is the incident's first.": errors[first - 1 : end].mean(axis=0),
        "You lose the first row of the incident: it begins at `first`.": errors[first + 1 : end].mean(axis=0),
        "You lose the last row of the incident: a slice leaves out its end by itself.": inside[:-1].mean(axis=0),
        "You went by the largest single error: go by the mean.": inside.max(axis=0),
        "You went by the median: one bad moment counts as well, so go by the mean.": np.median(inside, axis=0),
        "You look at the last row only: take the mean over all rows of the incident.": inside[-1],
        "You look at the first row only: average over all rows of the incident.": inside[0],
    }
    return {message: worst(summary, k) for message, summary in summaries.items()}


def draw_incident(draw: np.random.Generator, k: int) -> tuple[np.ndarray, int, int]:
    """Errors of many sensors, drawn until every wrong choice of rows or summary blames others than the right one."""
    while True:
        n, d = 60, int(draw.integers(26, 36))
        first = int(draw.integers(15, 25))
        end = first + int(draw.integers(6, 12))
        errors = draw.lognormal(sigma=1.2, size=(n, d))
        errors[:first] *= 4  # it is loud outside as well
        errors[end:] *= 4
        means = errors[first:end].mean(axis=0)
        right = worst(means, k)
        answers = [right, np.sort(right), right[::-1], *_wrong_rows(errors, first, end, k).values()]
        if len({tuple(numbers) for numbers in answers}) == len(answers):
            return errors, first, end


@task("15.7", "Which sensors?", passed="An alarm with names in it is half a repair.")
def blamed(answer: Callable[..., Any]) -> None:
    """The k sensors with the largest mean error inside an incident."""
    draw = rng()
    for k in (8, 6, 10):
        errors, first, end = draw_incident(draw, k)
        means = errors[first:end].mean(axis=0)
        right = worst(means, k)
        value = answer(errors, first, end, k)
        array = expect_shape(value, (k,), "k sensor numbers, no more and no fewer.")
        expect_close(
            value,
            right,
            "The sensors",
            mistakes=[
                (np.argsort(means)[:k], "Those are the calmest sensors: sort from the largest error down."),
                (right[::-1], "The right sensors, the wrong way round: the worst comes first."),
                *((numbers, message) for message, numbers in _wrong_rows(errors, first, end, k).items()),
                (np.sort(means)[::-1][:k], "Those are the errors themselves: return the numbers of the sensors."),
            ],
            otherwise="The right sensors, but not in order: the worst comes first."
            if np.array_equal(np.sort(array), np.sort(right))
            else "",
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
    _check_tie(answer, X_train, models[0])


def _fitted(rows: np.ndarray) -> Any:
    """The detector that task 15.8 asks for."""
    from course_lib.deep import LSTMAutoencoder

    settings: dict[str, Any] = {"hidden_size": 8, "latent_size": 4, "window": 20, "epochs": 5, "learning_rate": 1e-2}
    return LSTMAutoencoder(**settings, random_state=0, device="cpu", verbose=False).fit(rows)


def _check_tie(answer: Callable[..., Any], X_train: np.ndarray, detector: Any) -> None:
    """The held-out rows themselves: one of them lies exactly on the threshold, and that is not above it."""
    from course_lib.core.thresholds import FalsePositiveRate

    held_out = X_train[len(X_train) * 3 // 4 :]
    scores = detector.decision_function(held_out)
    value = np.asarray(answer(X_train, held_out, 0.1))
    on_it = np.flatnonzero(scores == FalsePositiveRate(0.1).place(scores))
    expect(not np.isin(on_it, value).any(), "A row that lies exactly on the threshold alarms: above means larger.")


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
