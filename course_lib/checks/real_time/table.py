"""Check of task 17.5: a detector per key, with an upper end."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from course_lib.checks import attempt, expect, rng, task


class Maker:
    """Hands out detectors with a number, and counts them."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> list[int]:
        self.made += 1
        return [self.made]


@task("17.5", "A detector for each stream, and no more than that", passed="No flood of keys can fill your memory.")
def streams(answer: Any) -> None:
    """A least recently used table."""
    draw = rng()
    limit = int(draw.integers(3, 7))
    make = Maker()
    table = attempt(answer, make, limit)
    expect(make.made == 0, "You make detectors before any key has come: make each when its key first speaks.")
    first = attempt(table.get, "a")
    expect(first is not make, "You returned the function make itself: call it, make().")
    expect(isinstance(first, list), "What get returns is not what make() returned.")
    expect(make.made <= 1, f"For the first key you made {make.made} detectors: one is enough.")
    expect(attempt(table.get, "a") is first, "The second get of the same key gave another detector: keep the first.")
    expect(
        make.made == 1,
        "You called make for a key that has its detector already, and threw the result away: setdefault(key, make()) "
        "makes first and looks afterwards.",
    )
    other = attempt(table.get, "b")
    expect(other is not first, "Two keys share one detector: each needs its own.")
    table, make = attempt(answer, (make := Maker()), limit), make
    for number in range(limit):
        attempt(table.get, f"key-{number}")
    expect(make.made == limit, f"With a limit of {limit} you made {make.made} detectors for {limit} keys.")
    kept = attempt(table.get, "key-0")
    expect(
        make.made == limit,
        f"You keep fewer than {limit} detectors: the first key was forgotten before the table was full.",
    )
    _oldest_goes(answer, limit)
    attempt(table.get, "one more")
    expect(attempt(table.get, "one more") is not kept, "A new key got a detector of another key.")
    made = make.made
    again = attempt(table.get, "key-0")
    expect(
        again is kept and make.made == made,
        "You forgot the key that came first, although it was used just before: what counts is the latest get.",
    )
    attempt(table.get, "key-1")
    expect(
        make.made == made + 1,
        f"With a limit of {limit} you still knew an old key when {limit + 1} had come: forget it.",
    )
    _compare(answer, limit, draw)


def _oldest_goes(answer: Any, limit: int) -> None:
    """Fill a table, let one more key come, and see that the latest before it is still known."""
    make = Maker()
    table = attempt(answer, make, limit)
    latest = [attempt(table.get, f"key-{number}") for number in range(limit)][-1]
    attempt(table.get, "one more")
    expect(
        attempt(table.get, f"key-{limit - 1}") is latest,
        "When one key too many came, you forgot the one used last: the one whose latest get is longest ago goes.",
    )


def _compare(answer: Any, limit: int, draw: Any) -> None:
    """A long random story beside the reference."""
    make, table = Maker(), None
    table = attempt(answer, make, limit)
    known: OrderedDict[str, Any] = OrderedDict()
    for number in draw.integers(0, 2 * limit, 300):
        key = f"k{number}"
        new = key not in known
        if new and len(known) == limit:
            known.popitem(last=False)
        before = make.made
        value = attempt(table.get, key)
        expect(make.made - before <= 1, "One get made several detectors.")
        expect(
            (make.made > before) == new,
            f"After many keys a {'new' if new else 'known'} one was taken for the contrary.",
        )
        expect(new or value is known[key], "After many keys get gave the detector of another key.")
        known[key] = value
        known.move_to_end(key)
