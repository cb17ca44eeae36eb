"""Time for a service: seconds since 1970 that never go back, whatever happens to the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """The time of day, carried on by a clock that nobody sets.

    A wall clock is corrected now and then and may jump back; cooldowns, idle times and snapshots must not. `now`
    reads the wall clock once, at the start, and adds what the monotonic clock has counted since.

    Parameters
    ----------
    wall : callable
        Seconds since 1970; may jump.
    monotonic : callable
        Seconds since any moment; should not go back. If it does, `now` stands still until it has caught up.

    Attributes
    ----------
    went_back : int
        How often the monotonic clock was seen behind an earlier reading.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._latest = -float("inf")
        self.went_back = 0

    def now(self) -> float:
        """Seconds since 1970, never less than the time before."""
        time_now = self._monotonic() + self._offset
        if time_now < self._latest:
            self.went_back += 1
            return self._latest
        self._latest = time_now
        return time_now
