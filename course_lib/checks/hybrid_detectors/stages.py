"""Checks of tasks 20.7 and 20.8: a cascade, and a stack on few labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference


class Counted:
    """A costly detector that remembers which rows it was asked for."""

    def __init__(self, values: np.ndarray):
        self.values = values
        self.calls: list[np.ndarray] = []

    def __call__(self, rows: Any) -> np.ndarray:
        rows = np.asarray(rows)
        expect(
            rows.dtype.kind in "iub" and rows.ndim <= 1,
            "costly takes row numbers (or a mask of True and False), not scores: hand it the numbers of the "
            "doubtful rows.",
        )
        rows = np.flatnonzero(rows) if rows.dtype.kind == "b" else np.atleast_1d(rows)
        self.calls.append(rows)
        return self.values[rows]


@task(
    "20.7",
    "A cascade",
    passed="Most rows cost next to nothing now. What the cheap detector calls ordinary is never looked at again.",
)
def cascade(answer: Callable[..., Any]) -> None:
    """Cheap ranks for the many, the costly verdict for the doubtful."""
    draw = rng()
    share = float(draw.uniform(0.15, 0.3))
    cheap_train = draw.gamma(2.0, 2.0, int(draw.integers(80, 120)))
    cheap = np.r_[0.0, draw.gamma(2.0, 2.0, 30), draw.uniform(0.9, 1.4, 12) * cheap_train.max()]
    cheap = draw.permutation(cheap)
    values = draw.uniform(0.05, 0.95, len(cheap))
    cut = np.quantile(cheap_train, 1 - share)
    doubtful = np.flatnonzero(cheap > cut)
    costly = Counted(values)
    value = expect_shape(answer(cheap_train, cheap, costly, share), cheap.shape, "one score for each row.")
    right = reference.cascade(cheap_train, cheap, Counted(values), share)
    asked = np.concatenate(costly.calls) if costly.calls else np.array([], dtype=int)
    own_cut = np.flatnonzero(cheap > np.quantile(cheap, 1 - share))
    low = np.flatnonzero(cheap > np.quantile(cheap_train, share))
    if set(asked) != set(doubtful):
        expect(len(asked), "You never asked costly: the doubtful rows need its verdict.")
        expect(
            len(set(asked)) < len(cheap),
            "You sent every row to costly: only those above the threshold are worth its price.",
        )
        expect(
            set(asked) != set(own_cut),
            "The threshold came from the new rows: take it from cheap_train, or each batch sends its share.",
        )
        expect(
            set(asked) != set(np.setdiff1d(np.arange(len(cheap)), doubtful)),
            "You sent the ordinary rows to costly: doubtful are those with HIGH cheap scores.",
        )
        expect(
            set(asked) != set(low),
            "You took the quantile at share, so nearly all rows are doubtful: the share lies ABOVE the threshold.",
        )
        expect(False, f"You sent {len(set(asked))} rows to costly and should have sent {len(doubtful)}.")
    expect(
        len(costly.calls) == 1,
        f"You called costly {len(costly.calls)} times: ask once for all doubtful rows, each call has its own price.",
    )
    rank = np.searchsorted(np.sort(cheap_train), cheap, "left") / len(cheap_train)
    among = np.searchsorted(np.sort(cheap), cheap, "left") / len(cheap)
    is_doubtful = cheap > cut
    expect_close(
        value,
        right,
        "The scores",
        mistakes=[
            (
                np.where(is_doubtful, values, rank),
                "You put the costly scores in as they are: a doubtful row can then fall below an ordinary one, "
                "squeeze them into the range above 1 - share.",
            ),
            (
                np.where(is_doubtful, 1 + values, rank),
                "You put the costly scores above 1: the doubtful rows share the range from 1 - share to 1.",
            ),
            (
                np.where(is_doubtful, 1 - share + share * values, cheap),
                "The ordinary rows keep their raw cheap scores: turn them into shares of the training scores below.",
            ),
            (
                np.where(is_doubtful, 1 - share + share * values, 0.0),
                "All ordinary rows got 0: they keep their cheap rank, so that the order among them stays.",
            ),
            (
                np.where(is_doubtful, 1 - share + share * values, np.minimum(among, 1 - share)),
                "You ranked the ordinary rows among the new ones: count the training scores below each.",
            ),
            (
                np.where(is_doubtful, 1 - share + share * values, (1 - share) * rank),
                "You squeezed the ranks of the ordinary rows once more: they end at 1 - share by themselves.",
            ),
            (
                np.where(is_doubtful, share + (1 - share) * values, rank),
                "You gave the costly scores the range from share to 1: it is the one from 1 - share to 1.",
            ),
        ],
    )
    calm = Counted(values)
    below = np.full(5, cheap_train.min() - 1)
    expect_close(
        answer(cheap_train, below, calm, share), np.zeros(5), "The scores of five rows below all training rows"
    )
    expect(not calm.calls, "No row was doubtful, and you called costly all the same: skip it then.")


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
