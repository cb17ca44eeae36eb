"""Checks of tasks 16.5 to 16.7: centres, half-space trees and displaced points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, expect_type, rng, task
from course_lib.checks.online_learning import references as reference


@task(
    "16.5",
    "The nearest centre moves",
    passed="Several kinds of normal fit into one small table.",
)
def k_means_step(answer: Callable[..., Any]) -> None:
    """Score against the nearest centre, then move it."""
    draw = rng()
    for k, d in ((int(draw.integers(3, 6)), 2), (2, int(draw.integers(3, 5)))):
        centres = draw.normal(size=(k, d)) * 3
        wins = draw.integers(3, 8, size=k).astype(float)
        x = centres[int(draw.integers(k))] + draw.normal(size=d) * 0.8
        found = answer(centres, wins, x)
        expect_type(found, (tuple, list), "return three things: the score, the new centres and the new wins.")
        expect(
            len(found) == 3, f"You returned {len(found)} things: return the score, the new centres and the new wins."
        )

        def part(kind: str, place: int, inputs: tuple[Any, Any, Any] = (centres, wins, x)) -> Any:
            return lambda: reference.k_means(*inputs, kind=kind)[place]

        score, new_centres, new_wins = reference.k_means(centres, wins, x)
        expect_shape(found[0], (), "one number, the score, comes first, then the centres, then the wins.")
        expect_close(
            found[0],
            score,
            "The score",
            mistakes=[
                (part("squared", 0), "You returned the squared distance: take its root."),
                (part("farthest", 0), "You took the farthest centre: the nearest one wins."),
                (part("learn first", 0), "You measured after the centre had moved: score first, then learn."),
            ],
        )
        expect_close(
            found[1],
            new_centres,
            "The centres",
            mistakes=[
                (centres, "No centre moved: return the new centres."),
                (part("all move", 1), "All centres moved: only the winner does."),
                (part("old count", 1), "You moved by 1 / (wins before): this event is a win too, count it first."),
                (
                    part("fixed rate", 1),
                    "You moved by a fixed share: it is 1 / (number of wins).",
                ),
            ],
        )
        expect_close(
            found[2],
            new_wins,
            "The wins",
            mistakes=[
                (wins, "The wins did not change: the winner has one more."),
                (part("all move", 2), "All centres got a win: only the winner does."),
            ],
        )


def tree_of(draw: np.random.Generator, height: int) -> tuple[Any, Any, Any, Any, float]:
    """Thirty rows and a tree with its counts; some rows lie exactly on a cut, and `small` is a count that is met."""
    size = 1 << height
    features, cuts = draw.integers(2, size=size), draw.uniform(0.2, 0.8, size=size).round(2)
    counts = np.zeros(2 * size, dtype=int)
    counts[size:] = draw.integers(0, 12, size=size)
    for node in range(size - 1, 0, -1):
        counts[node] = counts[2 * node] + counts[2 * node + 1]
    rows = draw.random((30, 2))
    rows[:3] = cuts[1]
    return rows, features, cuts, counts, float(counts[int(draw.integers(4, 8))])


@task("16.6", "What an event collects", passed="You can score any half-space tree by hand.")
def half_space_sum(answer: Callable[..., Any]) -> None:
    """Counts times 2^level on the way down."""
    draw = rng()
    for height in (3, int(draw.integers(4, 6))):

        def sums(tree: tuple[Any, ...], kind: str = "") -> list[float]:
            return [reference.half_space(row, *tree[1:], kind=kind) for row in tree[0]]

        kinds = ("no weight", "never stops", "stops before", "too soon", "cut goes left", "sides swapped", "last only")
        tree = reference.telling(lambda height=height: tree_of(draw, height), sums, kinds)  # type: ignore[misc]
        found = [answer(row, *tree[1:]) for row in tree[0]]

        def wrong(kind: str, tree: tuple[Any, ...] = tree) -> Any:
            return lambda: sums(tree, kind)

        expect_close(
            found,
            sums(tree),
            "The sums of 30 events",
            mistakes=[
                (wrong("no weight"), "The counts are not weighted: a box on level k counts 2 to the power k times."),
                (wrong("level too high"), "Every weight is twice too large: the whole space is level 0."),
                (wrong("never stops"), "You always walk to the end: stop where the count is below small."),
                (wrong("stops before"), "The box where the walk stops counts too: add it, then stop."),
                (wrong("too soon"), "You stop at counts equal to small: only a count below it ends the walk."),
                (wrong("cut goes left"), "A value equal to the cut goes to the second child."),
                (wrong("sides swapped"), "The sides are swapped: values below the cut go to the first child."),
                (wrong("last only"), "You kept only the last box: add up all boxes on the way."),
            ],
        )


@task("16.7", "Who has to move?", passed="Displacement, shared among those who leave: that is the forest's idea.")
def displacement(answer: Callable[..., Any]) -> None:
    """The collusive displacement along the way from a leaf to the root."""
    draw = rng()
    kinds = ("first only", "not shared", "inverse", "with all", "mean", "sum")

    def way() -> tuple[Any, Any]:
        beside = draw.integers(1, 9, size=int(draw.integers(4, 8)))
        beside[int(draw.integers(1, len(beside)))] += 40
        return np.concatenate([[1], 1 + np.cumsum(beside)[:-1]]), beside

    for _ in range(3):
        given = reference.telling(way, lambda pair, kind: reference.displacement(*pair, kind=kind), kinds)
        found = answer(*given)
        expect_shape(found, (), "one number for the whole way, not one for each step.")

        def wrong(kind: str, inputs: tuple[Any, ...] = given) -> Any:
            return lambda: reference.displacement(*inputs, kind=kind)

        expect_close(
            found,
            reference.displacement(*given),
            "The displacement",
            mistakes=[
                (wrong("first only"), "You looked only at the leaf: go on upwards, its company may leave with it."),
                (wrong("not shared"), "Share the points that move among those that leave."),
                (wrong("inverse"), "The fraction is upside down: moved points for each one that leaves."),
                (wrong("with all"), "You divided by all points below the parent: divide by those that leave."),
                (wrong("mean"), "You averaged over the way: the largest share counts."),
                (wrong("sum"), "You added up the shares: only the largest counts."),
            ],
        )
