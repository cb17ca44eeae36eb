"""Checks of tasks 17.1 and 17.2: what a bounded queue drops, and how large it may be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_type, rng, task


@task("17.1", "A full queue", passed="Your queue has an end, keeps what is fresh, and knows what it lost.")
def offer(answer: Callable[..., Any]) -> None:
    """Drop the oldest, and count."""
    draw = rng()
    capacity = int(draw.integers(6, 12))
    cases = [
        (capacity - 3, 2),  # room for all
        (capacity - 2, 2),  # exactly full
        (capacity, int(draw.integers(2, 5))),
        (capacity - 2, capacity - 1),
        (2, capacity + int(draw.integers(2, 6))),  # more than the queue holds at all
        (capacity, 0),
    ]
    for waiting, coming in cases:
        numbers = [int(number) for number in draw.permutation(1000)[: waiting + coming]]
        queue, events = numbers[:waiting], numbers[waiting:]
        before = (list(queue), list(events))
        value = answer(queue, events, capacity)
        expect(
            (queue, events) == before,
            "You changed a list that you were given: join them to a new one with queue + events.",
        )
        expect_type(value, (tuple, list), "the pair (waiting, dropped) is asked for.")
        expect(len(value) == 2, f"You returned {len(value)} things: the pair (waiting, dropped) is asked for.")
        kept, dropped = value
        expect_type(kept, (list, tuple), "the first of the pair is the list of waiting events.")
        kept, excess = list(kept), max(0, len(numbers) - capacity)
        right = numbers[excess:]
        case = f"With {waiting} waiting, {coming} coming and room for {capacity}"
        expect(len(kept) <= capacity, f"{case} you let {len(kept)} wait: that is more than there is room for.")
        if excess:
            expect(kept != numbers[:capacity], f"{case} you dropped the newest: here the ones that waited longest go.")
            expect(kept != [], f"{case} you dropped everything: only what does not fit goes.")
        expect(sorted(kept) != sorted(right) or kept == right, f"{case} the right events wait, but in another order.")
        expect(kept == right, f"{case} the wrong events wait: the newest {capacity} at most, in their order.")
        expect(
            not isinstance(dropped, bool) and isinstance(dropped, (int, np.integer)),
            "The second of the pair must be the number of dropped events, an int.",
        )
        expect(dropped >= 0, f"{case} you report {dropped} dropped: never fewer than 0.")
        expect(dropped == excess, f"{case} you report {dropped} dropped, but {len(numbers)} came and {len(kept)} wait.")


@task("17.2", "How large a queue?", passed="You choose a queue by the delay that can be borne.")
def queue_size(answer: Callable[..., Any]) -> None:
    """floor(rate * delay), at least 1."""
    draw = rng()
    # Multiples of 1/32, so that no rounding of the product can matter.
    cases = [(float(draw.integers(3, 5000)) + 0.5, float(2 * draw.integers(1, 64) + 1) / 32) for _ in range(8)]
    # 600.5 * 0.1875 = 112.59: rounding up breaks the promise, rounding to nearest as well.
    cases += [(600.5, 0.1875), (8.0, 0.0625), (2000.0, 0.75)]
    for rate, delay in cases:
        value = answer(rate, delay)
        expect(
            isinstance(value, (int, np.integer)) and not isinstance(value, bool),
            f"You returned {value!r}: a queue has room for a whole number of events, an int.",
        )
        exact = rate * delay
        right = max(1, math.floor(exact))
        if value == right:
            continue
        case = f"At {rate:g} events a second and at most {delay:g} s"
        if right == 1:
            expect(value > 0, f"{case} you leave no room at all: the queue must hold 1 event at least.")
        expect(value != max(1, math.floor(rate / delay)), f"{case} you divided the rate by the delay.")
        expect(value != max(1, math.floor(delay / rate)), f"{case} you divided the delay by the rate.")
        expect(value != math.floor(rate), f"{case} you return what is scored in one second: the delay is left out.")
        expect(
            value not in (math.ceil(exact), round(exact), math.floor(exact) + 1),
            f"{case} the last event of your queue of {value} waits {1e6 * (value / rate - delay):.0f} microseconds too "
            "long: half an event too many breaks the promise as well, so round the other way.",
        )
        expect(value > right, f"{case} your queue of {value} is smaller than it could be.")
        expect(value < right, f"{case} the last event of your queue of {value} waits {value / rate:.3g} s, too long.")
