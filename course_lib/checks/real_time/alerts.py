"""Checks of tasks 17.7 to 17.9: hysteresis, incidents, silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, expect_type, rng, task


def starts(scores: np.ndarray, high: float, low: float, on: bool = False) -> list[int]:
    """Positions at which an alarm with two lines goes on."""
    found = []
    for place, score in enumerate(scores):
        if not on and score > high:
            found.append(place)
            on = True
        elif on and score < low:
            on = False
    return found


@task("17.7", "Hysteresis", passed="A score that trembles around a line is one alarm, not fifty.")
def alarms(answer: Callable[..., Any]) -> None:
    """On above the upper line, off below the lower one."""
    draw = rng()
    for number in range(8):
        high = float(draw.integers(4, 7))
        low = high - 2.0
        levels = np.array([low - 1.5, low, low + 1, high, high + 1, high + 2.5])
        tremble = np.array(
            [high, high + 1, high + 1.5, high - 1, high + 1, low, high + 2, low - 1, low, high - 1, high + 1.0]
        )
        scores = tremble if number == 0 else np.r_[tremble, draw.choice(levels, 40)]
        if number % 2:  # an alarm at the very first score
            scores = np.r_[high + 1, low - 1, scores]
        value = answer(scores, high, low)
        expect_type(value, (list, tuple, np.ndarray), "the list of positions is asked for.")
        found, flags = [int(place) for place in np.asarray(value).ravel()], scores > high
        right = starts(scores, high, low)
        if found == right:
            continue
        flagged = np.flatnonzero(flags).tolist()
        rises = np.flatnonzero(flags & ~np.r_[False, flags[:-1]]).tolist()
        expect(found != flagged, "You list every score above the upper line: only where the alarm GOES on.")
        expect(
            found != rises,
            "You list the first of each row above the upper line: the alarm stays on until below the LOWER line.",
        )
        expect(found != starts(scores, low, low), "You only use the lower line: an alarm goes on above the upper one.")
        expect(found != starts(scores, high - 1e-9, low), "A score equal to the upper line is not above it.")
        expect(found != starts(scores, high, low + 1e-9), "A score equal to the lower line is not below it.")
        expect(
            found != [place + 1 for place in starts(scores[1:], high, low)],
            "You begin at the second score: the very first one may already switch the alarm on.",
        )
        expect(found != starts(scores, high, low, on=True), "Your alarm is on at the beginning: it is off.")
        expect(found != [place + 1 for place in right], "You counted from 1: the first position is 0.")
        expect(found != right[:1], "You list the first alarm only: go on after it has gone off.")
        expect(not set(found) - set(flagged), "You list a position whose score is not above the upper line.")
        expect(len(found) <= len(right), "You list too many: while an alarm is on, no other can go on.")
        expect(len(found) >= len(right), "You list too few: after an alarm has gone off, the next may go on.")
        expect(False, "As many as there are, but not at the places where the alarm goes on.")


def grouped(times: np.ndarray, gap: float, split: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
    """(first, last, count) of each run of times with steps of at most `gap`."""
    new = np.diff(times) > gap if split is None else split(times)
    return np.array([[g[0], g[-1], len(g)] for g in np.split(times, np.flatnonzero(new) + 1)])


def _pieces(gap: float) -> Callable[[np.ndarray], np.ndarray]:
    """Where incidents begin for somebody who cuts time into pieces of one length."""
    return lambda times: np.diff(times // gap) != 0


def _since_first(gap: float) -> Callable[[np.ndarray], np.ndarray]:
    """Where incidents begin for somebody who measures from the first alarm of each."""

    def split(times: np.ndarray) -> np.ndarray:
        new, first = [], times[0]
        for time in times[1:]:
            new.append(time - first > gap)
            first = time if new[-1] else first
        return np.array(new, dtype=bool)

    return split


def _one_early(times: np.ndarray, gap: float) -> np.ndarray:
    """The incidents of somebody who cuts before the last alarm of each instead of after it."""
    groups = [g for g in np.split(times, np.flatnonzero(np.diff(times) > gap)) if len(g)]
    return np.array([[g[0], g[-1], len(g)] for g in groups])


@task(
    "17.8",
    "One incident, not fifty alarms",
    passed="A power cut is one message now, and it says how many sensors spoke.",
)
def incidents(answer: Callable[..., Any]) -> None:
    """Groups of alarms that are close in time."""
    draw = rng()
    for number in range(6):
        gap = int(draw.integers(20, 60))
        # Steps within and beyond the gap, one of them exactly the gap; whole seconds, so that nothing is rounded.
        steps = np.r_[
            draw.integers(gap // 2 + 2, gap, 5), gap, gap * 3, gap, draw.integers(1, 3 * gap, 12), 5 * gap, 3, gap * 4
        ]
        times = float(draw.integers(100, 900)) + np.r_[0.0, np.cumsum(steps)]
        times = times[:1] if number == 5 else times
        right = grouped(times, gap)
        value = answer(times, gap)
        expect_close(
            value,
            right,
            "The incidents",
            mistakes=[
                (
                    grouped(times, gap - 0.5),
                    "A step of exactly `gap` still belongs: at most.",
                ),
                (
                    grouped(times, gap, _since_first(gap)),
                    "You measured from the first alarm of the incident: each counts from the one before it.",
                ),
                (
                    grouped(times, gap, _pieces(gap)),
                    "You cut time into fixed pieces: an incident may lie across their borders.",
                ),
                (
                    _one_early(times, gap),
                    "You cut one alarm too early: a place in np.diff is that of the alarm BEFORE the pause.",
                ),
                (right[:, :2], "The third column is missing: how many alarms the incident has."),
                (right[:, [0, 2, 1]], "The columns are in another order: first, last, number of alarms."),
                (right[:-1] if len(right) > 1 else right + 1, "The last incident is missing: it ends with the array."),
                (right - [0, 0, 1], "Your numbers of alarms are one too small: the first alarm counts as well."),
                (
                    np.c_[right[:, 0], right[:, 1] - right[:, 0], right[:, 2]],
                    "The second column is a length: the last time is asked for.",
                ),
                (right.T, "Rows and columns are exchanged: one row for each incident."),
                (
                    np.array(float(len(right))),
                    "You returned how many incidents there are: one row for each is asked for.",
                ),
            ],
            otherwise="Not these incidents: a new one begins where an alarm comes more than `gap` after another.",
        )
        expect_shape(value, right.shape, "one row for each incident.")


@task("17.9", "The sensor that says nothing", passed="What says nothing is heard all the same.")
def silent(answer: Callable[..., Any]) -> None:
    """Keys not seen for more than some seconds."""
    draw = rng()
    for number in range(6):
        now, seconds = float(draw.integers(10_000, 20_000)), float(draw.integers(30, 300))
        ages = [seconds, seconds + 1, seconds + 0.5, *(draw.permutation(900)[:9] + 0.25), 0.0]
        ages = [age for age in ages if age <= seconds] if number == 5 else ages
        keys = [f"s{name}" for name in draw.permutation(1000)[: len(ages)]]
        order = draw.permutation(len(ages))
        last = {keys[place]: now - float(ages[place]) for place in order}
        given = dict(last)
        value = answer(last, now, seconds)
        expect(last == given, "You changed the mapping that you were given: only read it.")
        expect_type(value, (list, tuple), "the list of keys is asked for.")
        found, oldest = list(value), sorted(last, key=lambda key: last[key])
        right = [key for key in oldest if now - last[key] > seconds]
        if found == right:
            continue
        expect(all(isinstance(key, str) for key in found), "Your list holds other things than keys.")
        expect(
            found != right[::-1] or len(right) < 2,
            "The shortest silence comes first in your list: turn the order round.",
        )
        expect(set(found) != set(right), "The right keys, but not in the order of their silence.")
        expect(
            set(found) != {key for key in last if now - last[key] >= seconds},
            "You list a key whose latest event is exactly that long ago: more than, not at least.",
        )
        expect(set(found) != set(last) - set(right), "You list the keys that speak.")
        expect(set(found) != set(last), "You list all keys, those that have just spoken as well.")
        expect(found != right[:1], "You list one key only: all that are silent are asked for.")
        expect(
            set(found) != {key for key in last if last[key] > seconds},
            "You compare the moment itself with `seconds`: how long ago is it?",
        )
        expect(not set(found) - set(right), "You list a key that has spoken within `seconds`.")
        expect(False, "A key that is silent for longer than `seconds` is missing from your list.")
