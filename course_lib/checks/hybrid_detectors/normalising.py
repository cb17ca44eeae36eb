"""Checks of tasks 20.1 and 20.2: scores of several detectors on one scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf, expit
from scipy.stats import norm, rankdata

from course_lib.checks import expect, expect_close, rng, task
from course_lib.checks.hybrid_detectors import references as reference


@task(
    "20.1",
    "A rank among the training scores",
    passed="From 0 to 1 for any detector, and a row's value does not depend on the rows that come with it.",
)
def rank_normalise(answer: Callable[..., Any]) -> None:
    """Share of training scores below each score, ties counted half."""
    draw = rng()
    train = np.round(draw.gamma(2.0, draw.uniform(2, 4), int(draw.integers(40, 80))), 0)
    scores = draw.permutation(np.r_[draw.choice(train, 9), draw.uniform(0, train.max(), 12), -1.0, train.max() + 3])
    right = reference.rank_normalise(train, scores)
    together = rankdata(np.r_[train, scores])[len(train) :]
    value = answer(train, scores)
    expect_close(
        value,
        right,
        "The ranks",
        mistakes=[
            (
                (rankdata(scores) - 0.5) / len(scores),
                "You ranked the scores among themselves: then a row's value depends on which rows come with it, "
                "compare with the training scores.",
            ),
            (
                rankdata(scores) / len(scores),
                "You ranked the scores among themselves and gave the last one a full 1: compare each with the "
                "training scores.",
            ),
            *(
                (
                    (together - offset) / (len(train) + len(scores)),
                    "You ranked training and new scores together: the new ones then count among themselves, compare "
                    "each with the training scores alone.",
                )
                for offset in (0.5, 0.0, 1.0)
            ),
            (1 - right, "Upside down: a high score must get a value near 1, so count what lies below."),
            (right * len(train), "You returned counts: divide by the number of training scores."),
            (100 * right, "You returned percentages: a share lies between 0 and 1."),
            (
                reference.rank_normalise(train, scores, ties=0),
                "Equal training scores count nothing with you: half of them lie below, by the convention of mid-ranks.",
            ),
            (
                reference.rank_normalise(train, scores, ties=1),
                "Equal training scores count in full with you: only half of them lie below.",
            ),
            (
                (scores - train.min()) / np.ptp(train),
                "You stretched the scores from smallest to largest: one huge score would then squeeze all others "
                "together; count instead.",
            ),
        ],
    )


@task(
    "20.2",
    "A score as a probability",
    passed="Ordinary scores give 0, and only what stands out speaks: that is why sums of these are calm.",
)
def probability(answer: Callable[..., Any]) -> None:
    """Gaussian scaling by the training scores."""
    draw = rng()
    train = draw.gamma(2.0, draw.uniform(1, 3), int(draw.integers(40, 70)))
    scores = draw.normal(train.mean(), 1.5 * train.std(), int(draw.integers(20, 30)))
    scores[:3] = train.mean() + np.array([-1.2, 0.6, 2.5]) * train.std()
    z = (scores - train.mean()) / train.std()
    own = (scores - scores.mean()) / scores.std()
    spread = np.median(np.abs(train - np.median(train)))
    expect_close(
        answer(train, scores),
        reference.probability(train, scores),
        "The probabilities",
        mistakes=[
            (
                lambda: reference.probability(train, scores, clip=False),
                "Some of your values are negative: a score below the average gets 0.",
            ),
            (
                lambda: reference.probability(train, scores, root=1.0),
                "The root of 2 is missing in the denominator.",
            ),
            (
                lambda: reference.probability(train, scores, root=1 / np.sqrt(2)),
                "You multiplied by the root of 2: it belongs under the bar, so put brackets round what you divide by.",
            ),
            (
                norm.cdf(z),
                "You took the share of a bell curve below the score, which is 0.5 for an average one: an average "
                "score must give 0.",
            ),
            (
                np.maximum(erf(own / np.sqrt(2)), 0),
                "Mean and deviation came from the new scores: take those of the training scores.",
            ),
            (
                lambda: reference.probability(train, scores, ddof=1),
                "Your deviation divides by n - 1: here it is the plain one, which divides by n.",
            ),
            (expit(z), "That is the logistic function: the task asks for the error function erf."),
            (z, "You stopped at the z-score: erf and the maximum with 0 are still to come."),
            (np.maximum(z, 0), "You cut the z-score at 0, but left out erf: nothing keeps it below 1."),
            (
                np.maximum(erf((scores - np.median(train)) / (1.4826 * spread * np.sqrt(2))), 0),
                "You used median and MAD: the formula has mean and standard deviation.",
            ),
            (
                np.abs(erf(z / np.sqrt(2))),
                "You took the absolute value: a very low score would then look as anomalous as a very high one.",
            ),
        ],
    )
    with np.errstate(all="ignore"):
        constant = np.asarray(answer(np.full(8, 2.0), np.r_[2.0, scores]), dtype=float)
    expect(
        np.isfinite(constant).all(),
        "Training scores that are all equal give NaN: a detector that says the same to everyone gives 0 everywhere.",
    )
    expect_close(
        constant,
        np.zeros(1 + len(scores)),
        "The probabilities after training scores that are all equal",
        otherwise="A detector whose training scores are all equal knows nothing: give 0 for every score.",
    )
