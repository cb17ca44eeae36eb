"""Check of task 20.7: a cheap part first, the costly one for what is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference

NO_CEILING = "An ordinary row got more than 1 - share, and may outrank a doubtful one: rule 2 has a ceiling."
OTHER_THRESHOLD = (
    "A row between two training scores is on the wrong side of your threshold: it is the quantile as np.quantile gives "
    "it, which lies between them too, and not a comparison of ranks."
)


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
        place = np.searchsorted(np.sort(cheap_train), cheap, "left") / len(cheap_train) > 1 - share
        others = [place, *(cheap > np.quantile(cheap_train, 1 - share, method=name) for name in ("lower", "higher"))]
        expect(all(set(asked) != set(np.flatnonzero(other)) for other in others), OTHER_THRESHOLD)
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
            (np.where(is_doubtful, 1 - share + share * values, rank), NO_CEILING),
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
    _at_the_edges(answer, draw)
    calm = Counted(values)
    below = np.full(5, cheap_train.min() - 1)
    expect_close(
        answer(cheap_train, below, calm, share), np.zeros(5), "The scores of five rows below all training rows"
    )
    expect(not calm.calls, "No row was doubtful, and you called costly all the same: skip it then.")


def _at_the_edges(answer: Callable[..., Any], draw: np.random.Generator) -> None:
    """Ties with the threshold, and rows between two of very few training scores."""
    unit, share = float(draw.uniform(0.5, 5)), float(draw.uniform(0.26, 0.31))
    ties, few = unit * np.repeat([0.0, 1.0, 2.0], 20), unit * np.array([0.0, 1.0, 2.0, 3.0])
    # The threshold is at 2 units among the ties, and a little above 2 among the few.
    for train, places in ((ties, [0.0, 1.0, 1.5, 2.0, 2.5]), (few, [0.5, 2.0, 2.03, 2.6, 3.5])):
        cheap_train, cheap = draw.permutation(train), unit * draw.permutation(places)
        values = draw.uniform(0.05, 0.95, len(cheap))
        cut = np.quantile(cheap_train, 1 - share)
        costly = Counted(values)
        value = expect_shape(answer(cheap_train, cheap, costly, share), cheap.shape, "one score for each row.")
        asked = set(np.concatenate(costly.calls)) if costly.calls else set()
        doubtful = cheap > cut
        expect(
            asked == set(np.flatnonzero(doubtful)) or asked != set(np.flatnonzero(cheap >= cut)),
            "A row whose score equals the threshold went to costly: doubtful are those that exceed it.",
        )
        expect(
            asked == set(np.flatnonzero(doubtful)),
            OTHER_THRESHOLD,
        )
        below = (cheap_train < cheap[:, None]).mean(axis=1)
        up_to = (cheap_train <= cheap[:, None]).mean(axis=1)
        verdict = 1 - share + share * values
        expect_close(
            value,
            np.where(doubtful, verdict, np.minimum(below, 1 - share)),
            "The scores",
            mistakes=[
                (
                    np.where(doubtful, verdict, below),
                    NO_CEILING,
                ),
                *(
                    (
                        np.where(doubtful, verdict, np.minimum(ranks, ceiling)),
                        "Training scores equal to a row's own count with you: only those strictly below do.",
                    )
                    for ranks in (up_to, (below + up_to) / 2)
                    for ceiling in (1 - share, 1.0)
                ),
            ],
        )
