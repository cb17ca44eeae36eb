"""Synthetic sensors that speak the service's format, with anomalies whose place is known."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

BROKEN = (b"{", b"\xff\xfe\x00", b'{"key": "a"}', b'{"key": "a", "x": NaN}', b"[" * 600, b"[1, 2]")


@dataclass(frozen=True)
class Plan:
    """What to send.

    Parameters
    ----------
    keys : int
        Streams, called ``site-0/sensor-0`` and so on, ten to a site; they take turns.
    features : int
        Numbers in an event: bell-shaped around 20, deviation 1.
    anomalies : float
        Share of events that are moved up by 12 deviations, none among the first `quiet` of a stream.
    length : int
        How many events of a stream in a row are moved up each time: a single one is not told by a policy that waits
        for the third.
    quiet : int
    malformed : float
        Share of packets that are no event.
    seed : int
    """

    keys: int = 20
    features: int = 2
    anomalies: float = 0.0005
    quiet: int = 100
    malformed: float = 0.0
    seed: int = 0
    length: int = 3


class Traffic:
    """Makes one packet after the other.

    Attributes
    ----------
    planted : list of (str, int)
        Key and number (``seq``) of each anomaly so far.
    broken : int
        Malformed packets so far.
    """

    def __init__(self, plan: Plan, wall: Callable[[], float]) -> None:
        if plan.keys < 1 or plan.features < 1 or not 0 <= plan.anomalies <= 1 or not 0 <= plan.malformed <= 1:
            raise ValueError("Traffic needs at least one key and one feature, and shares between 0 and 1.")
        if plan.length < 1:
            raise ValueError(f"An anomaly is at least one event long, but the length is {plan.length}.")
        self.plan, self.planted, self.broken = plan, list[tuple[str, int]](), 0
        self._wall, self._random = wall, random.Random(plan.seed)
        self._heads = [f'{{"key":{json.dumps(f"site-{i // 10}/sensor-{i}")},"seq":' for i in range(plan.keys)]
        # Drawing from a pool is quicker than drawing normal numbers, and nobody will tell the difference.
        rows = [[round(self._random.gauss(20, 1), 3) for _ in range(plan.features)] for _ in range(4096)]
        self._usual = [json.dumps(row) for row in rows]
        self._odd = [json.dumps([value + 12 for value in row]) for row in rows]
        self._next, self._left = 0, [0] * plan.keys
        # So often must a run begin that the share of its events is what was asked for.
        share = plan.anomalies
        self._begin = share / (share + plan.length * (1 - share)) if share else 0.0

    def packet(self) -> bytes:
        """The next packet."""
        number, plan, draw = self._next, self.plan, self._random.random
        self._next += 1
        if plan.malformed and draw() < plan.malformed:
            self.broken += 1
            return BROKEN[number % len(BROKEN)]
        place, turn = number % plan.keys, number // plan.keys
        rows = self._usual
        if draw() < self._begin and turn >= plan.quiet and not self._left[place]:
            self._left[place] = plan.length
        if self._left[place]:
            self._left[place] -= 1
            rows = self._odd
            self.planted.append((f"site-{place // 10}/sensor-{place}", number))
        x = rows[int(draw() * 4096)]
        return f'{self._heads[place]}{number},"sent":{self._wall():.6f},"x":{x}}}'.encode()
