"""Checks of tasks 15.14 to 15.17: point adjustment, events, delays, and what chance earns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, rng, task
from course_lib.core.metrics import count_events, detection_delays, events
from course_lib.core.metrics import point_adjust as adjust


def draw_case(draw: np.random.Generator, near: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Labels with events of 1 to 8 rows, one of them at the end, and flags that miss one and hit others.

    Long events are hit several times, with gaps between. The missed one has a flag in the row right "before" or
    "behind" it, if `near` says so.
    """
    lengths = draw.permutation([5, 3, 8, 1, 6])
    y: list[int] = []
    for length in lengths:
        y += [0] * int(draw.integers(7, 14)) + [1] * int(length)
    labels = np.array(y)
    flags = np.zeros(len(labels), dtype=int)
    runs = events(labels)
    long = [i for i, length in enumerate(lengths) if length > 1]
    missed = draw.choice(long[:-1])  # not the last one: a later alarm must be there to be mistaken for its hit
    at_once = draw.choice([i for i in long if i != missed])
    for number, (first, end) in enumerate(runs):
        if number == missed:
            if near:
                flags[first - 1 if near == "before" else end] = 1
            continue
        several = end - first >= 5
        begin = min(first + 1, end - 1)
        hit = first if number == at_once else int(draw.integers(begin, end - 3 if several else end))
        flags[hit] = 1
        if several:
            flags[[hit + 2, end - 1]] = 1
    # False alarms: a run, and single rows far from events.
    flags[2:5] = 1
    return labels, flags


def widened(y: np.ndarray, flags: np.ndarray, before: int = 0, behind: int = 0) -> np.ndarray:
    """Which events have a flag, if one looks `before` rows earlier and `behind` rows further."""
    return np.array([flags[max(first - before, 0) : end + behind].any() for first, end in events(y)])


NEAR = ("", "behind", "before")  # first without, so that other mistakes are told apart from looking too far
NEXT_ROW = "You look one row too far: the row at an event's end is no longer part of it."
ROW_BEFORE = "You look one row too early: an event begins with its own first row."
LAST_ROW = "You leave out the last row of each event: a flag there is a hit."


def _off_by_one(y: np.ndarray, flags: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """Adjusted flags of answers that look at a row more or less than an event has."""
    wrong = []
    for message, rows in ((NEXT_ROW, (0, 1)), (ROW_BEFORE, (1, 0)), (LAST_ROW, (0, -1))):
        adjusted = flags.copy()
        for (first, end), hit in zip(events(y), widened(y, flags, *rows), strict=True):
            adjusted[first:end] |= hit
        wrong.append((adjusted, message))
    return wrong


@task("15.14", "Point adjustment", passed="Three lines that turned random numbers into published results.")
def point_adjust(answer: Callable[..., Any]) -> None:
    """Fill events that were hit."""
    draw = rng()
    for near in NEAR:
        y, flags = draw_case(draw, near)
        right = adjust(y, flags)
        after, dilated = flags.copy(), flags.copy()
        for first, end in events(y):
            hit = np.flatnonzero(flags[first:end])
            if len(hit):
                after[first + hit[0] : end] = 1
        for first, end in events(flags):
            dilated[max(first - 1, 0) : end + 1] = 1
        everything = np.maximum(flags, y)
        only_events = right * y
        touched = flags.copy()
        for first, end in events(flags):
            touched[first:end] = y[first:end].any()
        value = answer(y, flags)
        expect_shape(value, y.shape, "one adjusted flag for each row.")
        expect_close(
            np.asarray(value).astype(int),
            right,
            "The adjusted flags",
            mistakes=[
                *_off_by_one(y, flags),  # they look like the next one where they hit the missed event
                (everything, "You fill every event: one that was not hit stays as it is."),
                (after, "You fill from the first hit on: the adjustment also fills the rows before it."),
                (only_events, "False alarms got lost: rows outside the events stay as they are."),
                (
                    flags,
                    "Nothing was adjusted: go through the events of y, not the runs of flags, and let a single "
                    "flagged row be enough.",
                ),
                (touched, "You go through the runs of flags: it is the events of y that are filled."),
                (dilated, "You widen the alarms: it is the labelled events that are filled."),
            ],
        )


@task("15.15", "Count events", passed="A score that a single long incident can no longer decide.")
def event_scores(answer: Callable[..., Any]) -> None:
    """Share of events found, and share of flagged rows inside events."""
    draw = rng()
    for near in NEAR:
        y, flags = draw_case(draw, near)
        counts = count_events(y, flags)
        recall, precision = counts.recall, counts.precision
        by_row = (y & flags).sum() / y.sum()
        filled = adjust(y, flags)
        by_alarm = 1 - counts.false_alarms / counts.alarms
        whole = float(np.mean([flags[first:end].all() for first, end in events(y)]))
        value = answer(y, flags)
        expect_shape(value, (2,), "return two numbers, recall and precision.")
        expect_close(
            value,
            (recall, precision),
            "Recall and precision",
            mistakes=[
                ((precision, recall), "Recall and precision are swapped: the share of events found comes first."),
                ((by_row, precision), "Your recall counts rows: count events."),
                ((whole, precision), "Your recall wants every row of an event flagged: one is enough."),
                ((by_alarm, precision), "Your recall goes through the runs of flags: go through the events of y."),
                ((widened(y, flags, behind=1).mean(), precision), NEXT_ROW),
                ((widened(y, flags, before=1).mean(), precision), ROW_BEFORE),
                ((widened(y, flags, behind=-1).mean(), precision), LAST_ROW),
                (
                    (recall, by_alarm),
                    "Your precision counts alarms: count flagged rows, or one endless alarm is perfect.",
                ),
                (
                    (recall, (filled & y).sum() / filled.sum()),
                    "Your precision is adjusted: only rows that were really flagged count.",
                ),
                ((counts.found, counts.flagged_inside), "Those are counts: return shares."),
                (
                    (recall, counts.flagged_inside / y.sum()),
                    "Your precision divides by the anomalies: divide by what was flagged.",
                ),
            ],
        )
    y, flags = draw_case(draw)
    silent = answer(y, np.zeros_like(y))
    expect_finite(silent, "when nothing is flagged, precision is 0/0; count it as 0.")
    expect_close(silent, (0, 0), "Both when nothing is flagged")


@task("15.16", "How late?", passed="Found is good, found in time is what is paid for.")
def delays(answer: Callable[..., Any]) -> None:
    """Rows from the beginning of each event to its first hit."""
    draw = rng()
    for near in NEAR:
        y, flags = draw_case(draw, near)
        right = detection_delays(y, flags)
        runs = events(y)
        firsts = runs[:, 0]
        next_flag = np.array([np.flatnonzero(flags[first:])[0] if flags[first:].any() else np.nan for first in firsts])
        hits = [np.flatnonzero(flags[a:b]) for a, b in runs]
        last_hit, mean_hit = ([f(hit) if len(hit) else np.nan for hit in hits] for f in (np.max, np.mean))
        value = answer(y, flags)
        expect(
            not isinstance(value, (list, tuple, np.ndarray)) or all(entry is not None for entry in value),
            "A missed event is None in your answer: return NaN, which an array of floats can hold.",
        )
        expect_shape(value, (len(runs),), "one delay for each event, missed ones included.")
        missed = np.isnan(right)
        array = np.asarray(value, dtype=float)
        expect_close(
            array,
            right,
            "The delays",
            mistakes=[
                *([(np.where(missed, runs[:, 1] - firsts, right), NEXT_ROW)] * (near == "behind")),
                (right + 1, "Off by one: an event that is hit in its first row has delay 0."),
                (right + firsts, "Those are row numbers: subtract the row in which the event begins."),
                (
                    np.where(missed, 0, right),
                    "A missed event has delay 0 here, as if it had been found at once: return NaN.",
                ),
                (
                    np.where(missed, -1, right),
                    "A missed event is marked by -1, which pulls every mean down: return NaN.",
                ),
                (
                    np.where(missed, runs[:, 1] - firsts, right),
                    "A missed event counts as found at its end: return NaN, found and missed are told apart.",
                ),
                (
                    np.where(missed, np.inf, right),
                    "A missed event has an infinite delay, which makes every mean infinite: return NaN.",
                ),
                (next_flag, "You look beyond the end of the event: a later alarm has not found it."),
                (np.array(last_hit), "You take the last hit: the first one counts."),
                (np.array(mean_hit), "You take the mean of all hits: the first one counts."),
            ],
            otherwise=(
                "An event that was hit is NaN in your answer: look at all of its rows, the last one too."
                if (np.isnan(array) & ~missed).any()
                else "A missed event has a number in your answer: return NaN for it."
                if (~np.isnan(array) & missed).any()
                else ""
            ),
        )


@task("15.17", "What chance earns", passed="Put this number beside every point-adjusted result you read.")
def chance_of_a_hit(answer: Callable[..., Any]) -> None:
    """Expected share of events that random flags hit."""
    draw = rng()
    for q in (0.01, 0.05, 0.002):
        lengths = np.append(draw.integers(3, 90, size=int(draw.integers(4, 9))), draw.integers(120, 180))
        right = (1 - (1 - q) ** lengths).mean()
        value = answer(lengths, q)
        expect_shape(value, (), "one number, the mean over the events.")
        expect_close(
            value,
            right,
            "The expected share",
            mistakes=[
                (1 - right, "That is the share that is missed."),
                (
                    lambda a=lengths, b=q: (b * a).mean(),  # type: ignore[misc]
                    "q times the length is the expected number of hits, which can exceed 1: ask for at least one.",
                ),
                (
                    lambda a=lengths, b=q: np.minimum(b * a, 1).mean(),  # type: ignore[misc]
                    "Capping the expected number of hits at 1 is not a probability: how likely is no hit at all?",
                ),
                (1 - (1 - q) ** lengths.mean(), "You averaged the lengths first: average the chances."),
                (1 - (1 - q) ** lengths.sum(), "That is the chance of a hit anywhere: take each event by itself."),
                (
                    (lengths * (1 - (1 - q) ** lengths)).sum() / lengths.sum(),
                    "You weigh events by their length: each counts once.",
                ),
                (q, "q is the chance for a single row: a longer event has more of them."),
                ((q ** lengths.astype(float)).mean(), "That is the chance that every row is flagged: one is enough."),
            ],
        )
    expect(np.isclose(answer(np.array([1, 1]), 0.3), 0.3), "An event of one row is hit with probability q.")
