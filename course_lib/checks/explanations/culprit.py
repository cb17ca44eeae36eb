"""Check of task 21.11: names for the person on call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, rng, task

D, N_ROWS, N_BACKGROUND = 6, 10, 14


@task(
    "21.11",
    "Name the culprit",
    passed="From a fitted detector to a name on the page, in two lines and for any detector of the course.",
)
def name_the_culprit(answer: Callable[..., Any]) -> None:
    """Names of the features with the largest exact Shapley values."""
    draw = rng()
    words = zip(draw.permutation(90)[:D] + 10, ["pump", "valve"] * (D // 2), strict=True)
    names = [f"{word} {number}" for number, word in words]
    detector, background, X, first, others, turned = telling_plant(draw)
    value = answer(detector, background, X, names)
    expect(isinstance(value, (list, tuple, np.ndarray)), "Return a list with one name for each row of X.")
    found = list(value)
    if len(found) == len(background):
        same = found == [names[j] for j in turned]
        expect(not same, "X and the background are swapped: the rows of X are to be explained.")
    expect(len(found) == len(X), f"X has {len(X)} rows and your list {len(found)} entries: one name for each row of X.")
    if all(isinstance(entry, (list, tuple)) for entry in found):
        expect(False, "Each entry is a list: top(1) gives one list for each row, take the name out of it.")
    if all(isinstance(entry, (int, np.integer)) for entry in found):
        expect(False, "You returned numbers of columns: the person on call needs their names.")
    if all(isinstance(entry, str) and entry not in names for entry in found):
        expect(False, "These are not the names you were given: hand feature_names to the explainer.")
    for message, columns in others.items():
        expect(found != [names[j] for j in columns], message)
    wrong = sum(one != names[j] for one, j in zip(found, first, strict=True))
    expect(wrong == 0, f"{wrong} of {len(X)} names are not those of the largest Shapley values.")


def telling_plant(draw: np.random.Generator) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any], Any]:
    """Detector, background, rows, their culprits, what each usual mistake names instead, and those of X swapped.

    One sensor stays behind while all others go far up or down together: there the largest Shapley value, the largest
    absolute one, the largest error and the largest deviation name different sensors.
    """
    from course_lib.ml import PCA

    while True:
        gain = draw.uniform(0.8, 1.2, D)
        ordinary = 50 + draw.normal(0, 2, (160, 1)) * gain + draw.normal(0, 0.3, (160, D))
        detector = PCA(n_components=1).fit(ordinary)
        background = ordinary[:N_BACKGROUND]
        background = background[np.argsort(background.mean(axis=1))]  # so that its first rows are not like the rest
        level = draw.choice([-4.0, 4.0], N_ROWS) * draw.uniform(0.7, 1.3, N_ROWS)
        X = 50 + level[:, None] * gain + draw.normal(0, 0.3, (N_ROWS, D))
        # Stuck on the way to the level of all others: a sensor that went half the way speaks for normal.
        X[np.arange(N_ROWS), draw.integers(D, size=N_ROWS)] = 50 + level * draw.uniform(-0.5, 0.8, N_ROWS)
        first, others = culprits(detector, background, X)
        answers = [first, *others.values()]
        different = {tuple(columns.tolist()) for columns in answers}
        if len(different) == len(answers) and all(len(set(columns)) > 1 for columns in different):
            return detector, background, X, first, others, blamed(detector, X, background)


def blamed(detector: Any, background: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Columns with the largest exact Shapley values."""
    from course_lib.explain import ExactShapley

    return ExactShapley(detector, background).explain(X).values.argmax(axis=1)


def culprits(detector: Any, background: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The right columns, and those of the usual mistakes under what to say about them."""
    from course_lib.explain import ExactShapley, FeatureError

    values = ExactShapley(detector, background).explain(X).values
    z = np.abs(X - background.mean(axis=0)) / background.std(axis=0)
    return values.argmax(axis=1), {
        "You named the feature that speaks most for normal: the culprit has the largest value.": values.argmin(axis=1),
        "You ranked by absolute values: a large negative one speaks for normal, it is no blame.": np.abs(values).argmax(
            axis=1
        ),
        "You named the largest reconstruction error: the task asks for Shapley values, compared with the background.": (
            FeatureError(detector).explain(X).values.argmax(axis=1)
        ),
        "You compared the rows of X with one another: hand the explainer the background you were given.": blamed(
            detector, X, X
        ),
        "You used the first rows of the background only: it counts as a whole.": blamed(detector, background[:3], X),
        "You used one row of the background only: it counts as a whole.": blamed(detector, background[:1], X),
        "You named the largest reading: ask the explainer, a large reading may be an ordinary one.": X.argmax(axis=1),
        "You named what is furthest from the mean of X: ask the explainer, in a cold hour all are far away.": np.abs(
            X - X.mean(axis=0)
        ).argmax(axis=1),
        "You named the largest deviation from the background: that asks no detector, and no explainer.": z.argmax(
            axis=1
        ),
        "You named the largest distance from the background's mean: that asks no detector, and no explainer.": np.abs(
            X - background.mean(axis=0)
        ).argmax(axis=1),
    }
