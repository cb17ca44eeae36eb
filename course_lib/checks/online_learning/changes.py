"""Checks of tasks 16.8 to 16.10: changes, thresholds and a guard with a way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, rng, task
from course_lib.checks.online_learning import references as reference


@task("16.8", "Has the mean gone up?", passed="A few additions for each value watch a stream for a change of its mean.")
def page_hinkley(answer: Callable[..., Any]) -> None:
    """The place at which Page-Hinkley reports, and -1 where nothing happens."""
    draw = rng()
    kinds = ("no delta", "plus delta", "no lowest", "absolute", "old mean", "counted from one")

    def streams() -> tuple[Any, ...]:
        cases = []
        for place in range(8):
            n = int(draw.integers(60, 120))
            values = draw.normal(draw.uniform(-4, 4), 1, size=n)
            if place % 4:
                values[n // 2 :] += draw.uniform(1.5, 3)
            cases.append((values, float(draw.uniform(0.1, 0.5)), float(draw.uniform(5, 12))))
        return tuple(cases)

    cases = reference.telling(
        streams, lambda cases, kind: [reference.page_hinkley(*case, kind=kind) for case in cases], kinds
    )
    found = [answer(*case) for case in cases]

    def wrong(kind: str) -> Any:
        return lambda: [reference.page_hinkley(*case, kind=kind) for case in cases]

    expect_close(
        found,
        [reference.page_hinkley(*case) for case in cases],
        "The places in eight streams",
        mistakes=[
            (wrong("counted from one"), "You counted the values from 1: give the place in the array, from 0."),
            (wrong("no delta"), "The tolerance delta is missing: subtract it from every deviation."),
            (wrong("plus delta"), "You added delta: a deviation up to delta should be tolerated, so subtract it."),
            (
                wrong("no lowest"),
                "You compared the sum itself: what counts is how far it stands above its lowest point so far.",
            ),
            (
                wrong("absolute"),
                "You added up absolute deviations: values below the mean must be able to cancel others.",
            ),
            (wrong("old mean"), "Update the mean before you take the deviation: the formula uses the new mean."),
        ],
        otherwise="Some of the places in eight streams are not right; -1 is for streams in which nothing is reported.",
    )


@task("16.9", "A limit for a risk", passed="The tail tells how high a threshold must be for the risk you choose.")
def tail_limit(answer: Callable[..., Any]) -> None:
    """The quantile of a generalised Pareto tail, its exponential case included."""
    draw = rng()
    for shape in (float(draw.uniform(0.1, 0.4)), float(-draw.uniform(0.1, 0.4)), 0.0):
        level, scale = float(draw.uniform(2, 9)), float(draw.uniform(0.5, 2))
        share = float(draw.uniform(0.02, 0.05))
        risk = float(share * draw.uniform(0.01, 0.1))
        case = (level, shape, scale, risk, share)
        with np.errstate(all="ignore"):
            found = answer(*case)

        def wrong(kind: str, inputs: tuple[float, ...] = case) -> Any:
            return lambda: reference.tail_limit(*inputs, kind=kind)

        mistakes = [
            (wrong("no share"), "Divide the risk by the share of scores above the level: the tail is that part only.")
        ]
        if shape == 0:
            mistakes += [(wrong("log sign"), "The sign before the logarithm is wrong: the limit lies above the level.")]
        else:
            mistakes += [
                (wrong("upside down"), "The ratio is upside down, or the minus of the exponent is missing."),
                (wrong("no level"), "That is the excess over the level: add the level."),
                (wrong("no one"), "The 1 of the bracket is missing."),
            ]
        what = "The limit for shape 0" if shape == 0 else "The limit"
        expect_close(found, reference.tail_limit(*case), what, mistakes=mistakes)


@task("16.10", "A guard with a way out", passed="Your detector neither swallows a short fault nor cries for ever.")
def guarded_flags(answer: Callable[..., Any]) -> None:
    """Flags of an average that learns only what it does not flag, and begins anew when most is flagged."""
    draw = rng()
    kinds = ("learns all", "never gives in", "one side", "all flagged", "flagged only", "flags kept")

    def stream() -> tuple[np.ndarray, float, float, int]:
        level, size = draw.uniform(-5, 5), float(draw.uniform(8, 12)) * draw.choice([-1, 1])
        patience, calm = int(2 * draw.integers(6, 10)), int(draw.integers(30, 45))
        fault = patience // 2 - 2
        lengths = (calm, fault, patience + 8, 3 * patience, 2 * patience)
        levels = np.repeat([level, level + size, level, level + size, level - size], lengths)
        values = levels + draw.normal(0, 0.9, len(levels))
        start = calm + fault + patience + 8
        values[start + 2 : start + 6 : 2] = level  # the change is not clean
        return values, float(draw.uniform(0.1, 0.3)), 4.0, patience

    for _ in range(3):
        given = reference.telling(stream, lambda one, kind: reference.guarded(*one, kind=kind), kinds)
        values, alpha, limit, patience = given
        found = answer(values, alpha, limit, patience)

        def wrong(kind: str, inputs: tuple[Any, ...] = (values, alpha, limit, patience)) -> Any:
            return lambda: reference.guarded(*inputs, kind=kind)

        expect_close(
            found,
            reference.guarded(values, alpha, limit, patience),
            "The flags",
            mistakes=[
                (
                    wrong("learns all"),
                    "The average learns what it flags: the fault is swallowed. Move it for unflagged values only.",
                ),
                (
                    wrong("never gives in"),
                    "After a real change your detector flags for ever: begin anew when half are flagged.",
                ),
                (wrong("one side"), "A fall is as strange as a rise: compare the absolute distance."),
                (
                    wrong("all flagged"),
                    "You wait until all of the last patience values are flagged: half of them are enough.",
                ),
                (wrong("flagged only"), "The new mean is that of all the last patience values, flagged or not."),
                (
                    wrong("flags kept"),
                    "After a new beginning the old flags no longer count: start their window anew too.",
                ),
            ],
        )
