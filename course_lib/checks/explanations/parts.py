"""Checks of tasks 21.1 and 21.2: shares of an error, and the value of a coalition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import CheckFailed, expect, expect_close, expect_finite, expect_shape, rng, task
from course_lib.checks.explanations import references as reference


@task(
    "21.1",
    "Shares of the error",
    passed="The person on call now reads '89% of it is T0' instead of a bare score.",
)
def error_shares(answer: Callable[..., Any]) -> None:
    """Each feature's part of a row's squared error."""
    draw = rng()
    n, d = int(draw.integers(7, 10)), int(draw.integers(3, 7))  # never alike: dividing by (n,) is an error
    X = draw.normal(20, 5, (n, d))
    rebuilt = X + draw.normal(0, 2, (n, d))
    rebuilt[1] = X[1]  # a row without any error
    errors = (X - rebuilt) ** 2
    total = errors.sum(axis=1, keepdims=True)
    right = np.divide(errors, total, out=np.zeros_like(errors), where=total > 0)
    size = np.abs(X - rebuilt)
    with np.errstate(all="ignore"):
        value = expect_shape(
            _divided(answer, X, rebuilt), (n, d), "one share for each value of X, no sums and no means."
        )
        by_column, of_all = errors / errors.sum(axis=0), errors / errors.sum()
        absolute = np.nan_to_num(size / size.sum(axis=1, keepdims=True))
    expect_finite(value, "a row that was rebuilt without any error must get shares of 0: 0 / 0 is not a number.")
    expect_close(
        value,
        right,
        "The shares",
        mistakes=[
            (errors, "These are the squared errors themselves: divide each by the sum of its row."),
            (absolute, "You took absolute errors: the score adds up squares, so the shares are those of squares."),
            (by_column, "You divided by the sums of the columns: the shares of one ROW sum to 1."),
            (of_all, "You divided by the sum of the whole table: each row has its own score."),
            (
                np.nan_to_num(X**2 / (X**2).sum(axis=1, keepdims=True)),
                "These are shares of the readings, not of what was rebuilt badly.",
            ),
            (
                lambda: np.divide(errors, total / d, out=np.zeros_like(errors), where=total > 0),
                "You divided by the mean of the row: shares sum to 1, so divide by its sum.",
            ),
            (
                lambda: np.where(total > 0, right, 1 / d),
                "A row without any error has nothing to share: its shares are 0, not all alike.",
            ),
        ],
    )


def _divided(answer: Callable[..., Any], X: np.ndarray, rebuilt: np.ndarray) -> Any:
    """The answer; where NumPy cannot divide the rows by their sums, a hint instead of its error."""
    try:
        return answer(X, rebuilt)
    except CheckFailed as failure:
        expect(
            "broadcast" not in failure.message,
            f"Shapes do not fit: the sums of {len(X)} rows have shape ({len(X)},) and the errors {X.shape}. Keep the "
            f"summed axis, so that the sums have shape ({len(X)}, 1) and each row meets its own.",
        )
        raise


@task(
    "21.2",
    "What a coalition is worth",
    passed="This one number, asked for many coalitions, is all that SHAP ever looks at.",
)
def coalition_value(answer: Callable[..., Any]) -> None:
    """The mean score of background rows into which some of a row's values are put."""
    draw = rng()
    for d in (int(draw.integers(4, 7)), 3):
        score = reference.crooked_score(draw, d)
        x, background = draw.normal(1, 2, d), draw.normal(0, 1.5, (2 * int(draw.integers(3, 6)), d))
        for size in range(d + 1):
            members = np.zeros(d, dtype=bool)
            members[draw.choice(d, size, replace=False)] = True
            value = expect_shape(
                answer(score, x, background, members), (), "one number: the mean over the rows of the background."
            )
            _expect_value(value, score, x, background, members)
    calls: list[np.ndarray] = []

    def counted(rows: np.ndarray) -> np.ndarray:
        calls.append(np.asarray(rows))
        return score(rows)

    answer(counted, x, background, members)
    expect(
        len(calls) == 1,
        f"The values are right, but you called the score {len(calls)} times for one coalition: hand it all mixed rows "
        "at once, shape (n, d).",
    )


def _expect_value(
    value: np.ndarray, score: reference.Score, x: np.ndarray, background: np.ndarray, members: np.ndarray
) -> None:
    mixed = np.where(members, x, background)
    expect_close(
        value,
        score(mixed).mean(),
        f"The value of a coalition of {int(members.sum())} of {len(x)} features",
        mistakes=[
            (
                lambda: score(np.where(members, background, x)).mean(),
                "Members and the rest are swapped: what the members know comes from x, the rest from the background.",
            ),
            (
                lambda: score(np.where(members, x, background.mean(axis=0))[None])[0],
                "You scored one mean row: mix x into every row of the background, score them, and average the SCORES.",
            ),
            (lambda: score(mixed).sum(), "You summed over the rows of the background: take the mean."),
            (lambda: np.median(score(mixed)), "You took the median of the scores: the value is their mean."),
            (lambda: score(mixed)[0], "You used the first row of the background only: average over all of them."),
            (
                lambda: score(np.where(members, x, 0.0)[None])[0],
                "You put zeros in the place of what is not known: take the values of the background's rows.",
            ),
            (
                lambda: score(mixed).mean() - score(background).mean(),
                "You subtracted the value of the empty coalition: that comes later, return the mean score itself.",
            ),
        ],
    )
