"""Checks of tasks 10.6 to 10.8: where to draw the line, what it costs, and the whole in one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, expect_type, rng, task
from course_lib.checks.autoencoders import references as reference


@task(
    "10.6",
    "A threshold with a promise",
    passed="You can tell the person on call how many false alarms to expect, and be right.",
)
def threshold_for_budget(answer: Callable[..., Any]) -> None:
    """The conformal threshold from held-out normal scores."""
    draw = rng()
    for budget in draw.permutation([0.05, 0.1, 0.02]):
        _check_budget(answer, float(budget), draw)
    few = draw.random(9)
    expect(
        np.isclose(answer(few, 0.1), few.max()),
        "With 9 scores and a budget of 10% the rank is 9 of 9: the threshold is the largest score.",
    )
    value = answer(draw.random(10), 0.05)
    expect(
        np.ndim(value) == 0 and float(value) == np.inf,
        "With 10 normal scores and a budget of 5% the rank is 11 of 10: nothing may be flagged, return float('inf').",
    )


def _check_budget(answer: Callable[..., Any], budget: float, draw: np.random.Generator) -> None:
    m = 0
    while m == 0 or abs((m + 1) * (1 - budget) % 1 - 0.5) > 0.4:  # far from whole: rounding up and down differ
        m = int(draw.integers(200, 400))
    scores = draw.gamma(2.0, size=m)
    ordered = np.sort(scores)
    rank = int(np.ceil((m + 1) * (1 - budget)))
    value = answer(scores, budget)
    expect(
        np.shape(value) != () or not np.isinf(value),
        "Your threshold is infinite although k <= m: budget is a share such as 0.05, not a percentage.",
    )
    low = max(int(np.ceil((m + 1) * budget)), 1)
    expect_close(
        value,
        ordered[rank - 1],
        "The threshold",
        mistakes=[
            (
                np.quantile(scores, budget),
                "That is the lower tail, it flags nearly all: high scores are the anomalous ones.",
            ),
            (ordered[low - 1], "You counted from the low end: the rank uses 1 - budget."),
            (
                np.quantile(scores, 1 - budget),
                "That is the plain quantile of these scores: new scores exceed it a little more often than the budget "
                "allows; count with m + 1, as the formula does.",
            ),
            (ordered[rank], "One place too far: the k-th smallest of a sorted array has index k - 1."),
            (ordered[rank - 2], "One place too low: is it m + 1 (not m) in your rank, and did you round up?"),
            (scores[rank - 1], "You took the k-th score as it came: sort first."),
            (
                scores.mean() + 3 * scores.std(),
                "Mean + 3 deviations knows nothing of the budget: use the formula's rank.",
            ),
            (np.percentile(scores, 1 - budget), "percentile counts from 0 to 100: 0.95 there is not 95%."),
            (scores.max(), "The largest score flags nothing at all: the budget allows a few."),
            (
                ordered[int(np.ceil((m + 1) * (0.9 if budget == 0.05 else 0.95))) - 1],
                "Your threshold does not follow the budget: use the argument, not a number of your own.",
            ),
        ],
        rtol=1e-9,
    )


@task(
    "10.7",
    "What a threshold costs",
    passed="Three numbers that decide whether a detector is used or switched off.",
)
def rates(answer: Callable[..., Any]) -> None:
    """Precision, recall and false-positive rate of score > threshold."""
    draw = rng()
    y = np.repeat([0, 1], [40, 15])
    flagged = y == 1
    while flagged.sum() == 15:  # as many flagged as anomalies: precision and recall would be the same number
        scores = np.round(draw.normal(y * 1.2, 1), 1)
        threshold = float(np.sort(scores[y == 0])[-5])  # some scores lie exactly on the threshold
        flagged, from_tie = scores > threshold, scores >= threshold
    right = reference.rates(y, flagged)
    precision, recall, fpr = right
    value = answer(y, scores, threshold)
    expect_shape(value, (3,), "return three numbers, (precision, recall, false_positive_rate).")
    expect_close(
        value,
        right,
        "Precision, recall and false-positive rate",
        mistakes=[
            ((recall, precision, fpr), "Precision and recall are swapped: precision divides by what was flagged."),
            ((precision, recall, 1 - precision), "Your third number is 1 - precision: divide by all normal samples."),
            (reference.rates(y, from_tie), "You flag scores equal to the threshold: only those above it count."),
            (reference.rates(y, scores < threshold), "You flag the low scores: high scores are the anomalous ones."),
            (
                ((flagged == y).mean(), recall, fpr),
                "Your first number is the accuracy: precision asks about the flagged.",
            ),
            (
                (precision, recall, (flagged & (y == 0)).mean()),
                "You divided the false alarms by all samples: divide by the normal ones.",
            ),
            ((precision, recall, 1 - fpr), "Your third number is the share left in peace: take the flagged."),
        ],
    )
    nothing = answer(y, scores, scores.max() + 1)
    undefined = "when nothing is flagged, precision is 0/0; count it as 0."
    expect_finite(nothing, undefined)
    expect_close(
        nothing,
        (0, 0, 0),
        "All three rates when nothing is flagged",
        mistakes=[((1, 0, 0), f"Your precision is 1: {undefined}")],
    )


@task(
    "10.8",
    "Put it together",
    passed="Fitted on one part, threshold placed on another, ready for a third: the order that keeps you honest.",
)
def fit_detector(answer: Callable[..., Any]) -> None:
    """Fit the course's autoencoder and place its threshold on held-out normal rows."""
    from course_lib.core.thresholds import FalsePositiveRate
    from course_lib.deep import Autoencoder

    draw = rng()
    X_train, X_held_out, X_test, y_test = reference.bent_sheet(draw)
    detector = answer(X_train, X_held_out, 0.1)
    expect_type(detector, Autoencoder, "return the fitted Autoencoder itself.")
    expect(
        hasattr(detector, "decision_scores_"), "Your detector is not fitted: call fit(X_train) before you return it."
    )
    wanted = {"hidden_sizes": (16,), "latent_size": 2, "epochs": 30, "random_state": 0, "scaling": "standard"}
    for name, asked in wanted.items():
        found = getattr(detector, name)
        found = tuple(found) if isinstance(asked, tuple) else found
        expect(found == asked, f"{name} is {found!r}, and the task asks for {asked!r}.")
    rows = len(detector.decision_scores_)
    expect(
        rows != len(X_train) + len(X_held_out),
        "You trained on the held-out rows too: a threshold placed on rows that the network knows is too low.",
    )
    expect(
        rows == len(X_train), f"fit saw {rows} rows: it should see all {len(X_train)} rows of X_train and no others."
    )
    held_out = detector.decision_function(X_held_out)
    tail = np.quantile(detector.decision_scores_, 0.9)
    expect_close(
        detector.threshold_,
        FalsePositiveRate(0.1).place(held_out),
        "The threshold",
        mistakes=[
            (
                tail,
                "The threshold is still the one from fit: call set_threshold on X_held_out.",
            ),
            (
                FalsePositiveRate(0.1).place(detector.decision_scores_),
                "You placed the threshold on the training rows: their scores are lower than those of new rows.",
            ),
            (
                np.quantile(held_out, 0.9),
                "Right rows, wrong rule: pass rule=FalsePositiveRate(budget) to set_threshold.",
            ),
            (FalsePositiveRate(0.05).place(held_out), "You built in 5%: use the budget that you were given."),
        ],
    )
    anomalies = detector.decision_function(X_test[y_test == 1])
    expect(
        np.median(anomalies) > np.median(held_out),
        "Your network scores anomalies no higher than normal rows: give it fewer latent numbers or more epochs.",
    )
