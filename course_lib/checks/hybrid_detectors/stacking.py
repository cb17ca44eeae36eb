"""Check of task 20.8: a stack on few labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference


@task(
    "20.8",
    "Stacked on few labels",
    passed="A few labels tell whom to trust. Which rows you had labelled decides what they can tell.",
)
def stack(answer: Callable[..., Any]) -> None:
    """Logistic regression on the standardised scores of the labelled rows."""
    draw = rng()
    n, members = int(draw.integers(150, 200)), int(draw.integers(3, 5))
    is_anomaly = draw.permutation(n) < n // 6
    scale = draw.uniform(0.5, 20, members)
    train = scale * (draw.gamma(2.0, 1.0, (n, members)) + 2 * is_anomaly[:, None] * draw.uniform(0, 1, members))
    y = np.full(n, -1)
    asked = np.r_[draw.choice(np.flatnonzero(is_anomaly), 9), draw.choice(np.flatnonzero(~is_anomaly), 25)]
    y[asked] = is_anomaly[asked]
    new = scale * draw.gamma(2.5, 1.2, (25, members))
    data = train, y, new
    value = answer(*data)
    shape = np.shape(value)
    expect(
        not (len(shape) == 2 and shape[1] == 3),
        "Your model has three classes: -1 means that nobody has looked, leave those rows out.",
    )
    expect(
        not (len(shape) == 2 and shape[1] == 2),
        "You returned two probabilities a row: return one score, decision_function.",
    )
    array = expect_shape(value, (len(new),), "one score for each new row.")
    expect(
        not np.isin(array, (0, 1)).all(),
        "You returned labels: a ranking needs scores, decision_function gives them.",
    )
    expect_close(
        array,
        reference.stack(*data),
        "The stacked scores",
        rtol=1e-3,
        atol=1e-4,
        mistakes=[
            (
                lambda: reference.stack(*data, unlabelled="normal"),
                "You counted rows without a label as normal: nobody has looked at them, leave them out.",
            ),
            (
                lambda: reference.stack(*data, scale_by="none"),
                "You did not standardise: the penalty on the weights then depends on each member's unit.",
            ),
            (
                lambda: reference.stack(*data, scale_by="new"),
                "You standardised the new rows by themselves: use mean and deviation of the training rows.",
            ),
            (
                lambda: reference.stack(*data, scale_by="training only"),
                "The model learnt from standardised scores and is asked with raw ones: put the new rows on the same "
                "scale.",
            ),
            (
                lambda: reference.stack(*data, scale_by="together"),
                "Mean and deviation are those of training and new rows together: then a score depends on the rows that "
                "come with it, use the training rows.",
            ),
            (
                lambda: reference.stack(*data, scale_by="labelled"),
                "You standardised by the labelled rows alone: mean and deviation of ALL training rows are known, "
                "use them.",
            ),
            (
                lambda: reference.stack(*data, give="predict_proba"),
                "You returned probabilities: the task asks for decision_function, which never saturates.",
            ),
            (
                lambda: reference.stack(*data, class_weight="balanced"),
                "You balanced the classes: the task asks for the defaults of LogisticRegression.",
            ),
            (lambda: -reference.stack(*data), "Upside down: a high score must mean an anomaly, class 1."),
        ],
    )
