"""Check of task 17.3: an event, or "malformed", for any bytes at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from course_lib.checks import CheckFailed, expect, rng, task

# What is wrong with it, the packet, and the thought that is missing.
BAD: list[tuple[str, bytes, str]] = [
    ("that is cut off", b'{"key": "pump", "x": 20.', "json.loads raises ValueError"),
    ("of no bytes", b"", "json.loads raises ValueError"),
    ("that is not UTF-8", b'{"key": "\xff\xfe", "x": 1}', "UnicodeDecodeError is a ValueError"),
    ("of brackets, nested", b"[" * 100_000, "json.loads raises RecursionError, which is no ValueError"),
    ("with a list", b'["key", "x"]', "look whether it is a dict before you look into it"),
    ("with a bare number", b"5", "look whether it is a dict before you look into it"),
    ("without x", b'{"key": "pump"}', "x may be missing"),
    ("without key", b'{"x": 1.5}', "the key may be missing"),
    ("with a number as key", b'{"key": 7, "x": 1.5}', "the key must be a text"),
    ("with an empty key", b'{"key": "", "x": 1.5}', "the key must not be empty"),
    ("with a text as x", b'{"key": "pump", "x": "20.5"}', "x must be a number, not a text that looks like one"),
    ("with null as x", b'{"key": "pump", "x": null}', "x must be a number"),
    ("with a list as x", b'{"key": "pump", "x": [1]}', "x must be a single number"),
    ("with NaN as x", b'{"key": "pump", "x": NaN}', "json.loads lets NaN through, and no comparison with it is true"),
    ("with 1e999 as x", b'{"key": "pump", "x": 1e999}', "json.loads makes infinity of it"),
    ("with true as x", b'{"key": "pump", "x": true}', "for Python True is an int"),
    ("with an integer of 400 digits", b'{"key": "p", "x": 1' + b"0" * 400 + b"}", "it is too large for a float"),
]


@task("17.3", "Believe no packet", passed="No sequence of bytes can stop your service or poison its models.")
def read_event(answer: Callable[..., Any]) -> None:
    """Good packets exactly, everything else as "malformed"."""
    draw = rng()
    for number in (int(draw.integers(-50, 50)), float(draw.normal(20, 5)), -0.0, 3):
        key = f"site-{draw.integers(100)}/Größe"
        for ascii_only in (True, False):
            packet = json.dumps({"t": 5, "key": key, "x": number}, ensure_ascii=ascii_only).encode()
            _good(answer, packet, key, number)
    for place in draw.permutation(len(BAD)):
        what, packet, thought = BAD[place]
        try:
            value = answer(packet, 200_000)
        except CheckFailed as error:
            first = str(error.message).partition(".")[0]
            raise CheckFailed(f"For a packet {what}: {first}. It must not raise: {thought}.") from None
        expect(not isinstance(value, tuple), f"You accept a packet {what}: {thought}.")
        expect(value == "malformed", f"For a packet {what} the text 'malformed' is asked for: {thought}.")


def _good(answer: Callable[..., Any], packet: bytes, key: str, number: float) -> None:
    """A good packet, with room to spare, as long as is allowed, and one byte too long."""
    for longest in (len(packet) + 100, len(packet)):
        value = answer(packet, longest)
        what = "a packet of exactly `longest` bytes" if longest == len(packet) else "a good packet"
        expect(not isinstance(value, str), f"You call {what} malformed: {packet.decode()}")
        expect(
            isinstance(value, tuple) and len(value) == 2,
            f"For a good packet the pair (key, x) is asked for, and you returned {type(value).__name__}.",
        )
        expect(value == (key, number), "The pair of a good packet is not its key and its x, in this order.")
        expect(type(value[1]) is float, f"x came as {type(value[1]).__name__}: return it as a float.")
    characters = len(packet.decode())
    too_long = answer(packet, len(packet) - 1) == "malformed"
    expect(
        too_long or characters == len(packet),
        f"You count characters: a packet of {len(packet)} bytes has only {characters} of them when decoded, and "
        "`longest` is in bytes.",
    )
    expect(too_long, "A packet longer than `longest` must be malformed.")
