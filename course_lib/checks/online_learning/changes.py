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
    hints = {
        "counted from one": "You counted the values from 1: give the place in the array, from 0.",
        "no delta": "The tolerance delta is missing: subtract it from every deviation.",
        "plus delta": "You added delta: a deviation up to delta should be tolerated, so subtract it.",
        "no lowest": "You compared the sum itself: what counts is how far it stands above its lowest point so far.",
        "absolute": "You added up absolute deviations: values below the mean must be able to cancel others.",
        "old mean": "Update the mean before you take the deviation: the formula uses the new mean.",
        "falling": "You watch for a mean that falls: add value - mean and see how far the sum has risen.",
        "whole mean": "You took the mean of the whole stream, but at each place only the past is known.",
        "whole lowest": "You took the lowest point of the whole stream: at each place only what came so far is known.",
        "at the limit": "A sum that lies exactly at the limit is not reported: it must lie above.",
    }

    def streams() -> tuple[Any, ...]:
        cases = []
        for place in range(8):
            n = int(draw.integers(60, 120))
            values = draw.normal(draw.uniform(-4, 4), 1, size=n)
            if place % 4:
                values[n // 2 :] += draw.uniform(1.5, 3)
            cases.append((values, float(draw.uniform(0.1, 0.5)), float(draw.uniform(5, 12))))
        # One high value, in numbers that a computer holds exactly: the sum meets the limit and falls again.
        level, step, calm = float(draw.integers(-4, 5)), int(draw.integers(2, 6)), int(draw.choice([3, 7]))
        values = np.full(2 * calm + 4, level)
        values[calm] += (calm + 1) * step
        return (*cases, (values, 0.25, calm * step - 0.25))

    cases = reference.telling(
        streams, lambda cases, kind: [reference.page_hinkley(*case, kind=kind) for case in cases], tuple(hints)
    )
    found = [answer(*case) for case in cases]

    def wrong(kind: str) -> Any:
        return lambda: [reference.page_hinkley(*case, kind=kind) for case in cases]

    expect_close(
        found,
        [reference.page_hinkley(*case) for case in cases],
        "The places in nine streams",
        mistakes=[(wrong(kind), hint) for kind, hint in hints.items()],
        otherwise="Some of the places in nine streams are not right; -1 is for streams in which nothing is reported.",
    )


@task("16.9", "A limit for a risk", passed="The tail tells how high a threshold must be for the risk you choose.")
def tail_limit(answer: Callable[..., Any]) -> None:
    """The quantile of a generalised Pareto tail, its exponential case included."""
    draw = rng()
    near = draw.uniform(0.02, 0.05) * draw.choice([-1, 1])
    # As a NumPy number, so that dividing by a shape of 0 gives something to recognise instead of an exception.
    for shape in np.array([draw.uniform(0.1, 0.4), -draw.uniform(0.1, 0.4), near, 0.0]):
        level, scale = float(draw.uniform(2, 9)), float(draw.uniform(0.5, 2))
        share = float(draw.uniform(0.02, 0.05))
        risk = float(share * draw.uniform(0.01, 0.1))
        case = (level, shape, scale, risk, share)
        with np.errstate(all="ignore"):
            found = answer(*case)

        def wrong(kind: str, inputs: tuple[Any, ...] = case) -> Any:
            return lambda: reference.tail_limit(*inputs, kind=kind)

        mistakes = [
            (wrong("no share"), "Divide the risk by the share of scores above the level: the tail is that part only.")
        ]
        if shape == 0:
            mistakes += [
                (wrong("log sign"), "The sign before the logarithm is wrong: the limit lies above the level."),
                (np.nan, "A shape of 0 needs its own formula: the other one divides by it."),
            ]
        else:
            mistakes += [
                (wrong("upside down"), "The ratio is upside down, or the minus of the exponent is missing."),
                (wrong("no level"), "That is the excess over the level: add the level."),
                (wrong("no one"), "The 1 of the bracket is missing."),
                (
                    wrong("small is 0"),
                    "You took a small shape for 0: only 0 itself has the formula with the logarithm.",
                ),
            ]
        what = "The limit for shape 0" if shape == 0 else "The limit"
        expect_close(found, reference.tail_limit(*case), what, mistakes=mistakes)


# What the guard of task 16.10 tells of each mistake; the stream must show all of them.
GUARD_HINTS = {
    "learns all": "The average learns what it flags: the fault is swallowed. Move it for unflagged values only.",
    "learns all, begins anew": "The average learns what it flags, too: only unflagged values move it.",
    "never gives in": "After a real change your detector flags for ever: begin anew when half are flagged.",
    "one side": "A fall is as strange as a rise: compare the absolute distance.",
    "all flagged": "You wait until all of the last patience values are flagged: half of them are enough.",
    "waits for patience": "You wait until patience values have come: fewer will do, if patience / 2 are flagged.",
    "flagged only": "The new mean is that of all the last patience values, flagged or not.",
    "median": "The new average is the mean of the last values, not their median.",
    "flags kept": "After a new beginning the old flags no longer count: start their window anew too.",
    "old start": "The value that brought the new beginning counts again: the next window starts after it.",
    "window too long": "Your window is one value too long: patience values, this one included.",
    "window too short": "Your window is one value too short: patience values, this one included.",
    "at the limit": "A value exactly at the limit is not flagged: it must lie more than that away.",
}
ROUNDING = {
    0: ("more than half", "Exactly half is enough for a new beginning: at least patience / 2."),
    1: ("half rounded down", "You rounded half of an odd patience down: at least patience / 2 must be flagged."),
}


@task("16.10", "A guard with a way out", passed="Your detector neither swallows a short fault nor cries for ever.")
def guarded_flags(answer: Callable[..., Any]) -> None:
    """Flags of an average that learns only what it does not flag, and begins anew when most is flagged."""
    draw = rng()

    def stream(odd: int) -> tuple[np.ndarray, float, float, int]:
        level, size = float(draw.integers(-5, 6)), float(draw.uniform(7.4, 8.6)) * draw.choice([-1, 1])
        patience, calm = int(2 * draw.integers(6, 10)) + odd, int(draw.integers(30, 45))
        fault = patience // 2 - 2
        lengths = (calm, fault, patience + 8, *[2 * patience] * 4)
        # Changes of twice the limit: half-way between, the next flags tell what the average is. The last is wider.
        levels = level + size * np.repeat([0, 1, 0, 1, 0, 1, -1], lengths)
        values = levels + draw.gamma(1.0, 1.2, len(levels)) - 1.2  # skewed, so that a median is no mean
        start = calm + fault + patience + 8
        values[start + 2 : start + 6 : 2] = level  # the change is not clean
        values[:2] = level, level - 4.0  # exactly at the limit
        return values, float(draw.uniform(0.1, 0.3)), 4.0, patience

    for odd in (0, 1, 0):
        hints = {**GUARD_HINTS, ROUNDING[odd][0]: ROUNDING[odd][1]}
        given = reference.telling(
            lambda odd=odd: stream(odd),  # type: ignore[misc]
            lambda one, kind: reference.guarded(*one, kind=kind),
            tuple(hints),
        )
        found = answer(*given)

        def wrong(kind: str, inputs: tuple[Any, ...] = given) -> Any:
            return lambda: reference.guarded(*inputs, kind=kind)

        mistakes = [(wrong(kind), hint) for kind, hint in hints.items()]
        expect_close(found, reference.guarded(*given), "The flags", mistakes=mistakes)
