"""A queue that never grows beyond its size: it drops and counts, or makes the sender wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from course_lib.streaming.service.counters import Counters

# When it arrived (seconds since 1970), and what came: bytes or an object already decoded.
Item = tuple[float, Any]
DROPS = ("newest", "oldest")


class EventQueue:
    """Between the sources and the one task that scores.

    A sender that can wait (TCP, a file) is made to wait, by `put`: that is back-pressure. One that cannot (UDP) has
    its events dropped when the queue is full, by `offer`, and the drops are counted.

    Parameters
    ----------
    capacity : int
        Events. The longest wait in the queue is the capacity divided by the events scored per second.
    counters : Counters
        `received` and `dropped` are kept here.
    drop : {"newest", "oldest"}
        Which event goes when the queue is full: the one that comes, or the one that has waited longest. "oldest"
        keeps the delay of what is scored short, "newest" keeps what is scored without holes for longer.
    """

    def __init__(self, capacity: int, counters: Counters, drop: str = "newest") -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"The queue needs room for a whole number of events, at least 1, but got {capacity!r}.")
        if drop not in DROPS:
            raise ValueError(f"drop must be one of {', '.join(DROPS)}, but is {drop!r}.")
        self.capacity, self.counters, self.drop = capacity, counters, drop
        self.closed = False
        self._items: deque[Item] = deque()
        self._filled, self._freed = asyncio.Event(), asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, items: Sequence[Item]) -> None:
        """Take events that cannot wait; what finds no room is dropped and counted."""
        self.counters.received += len(items)
        excess = len(self._items) + len(items) - self.capacity
        if excess <= 0:
            self._items.extend(items)
        elif self.drop == "newest":
            self.counters.dropped += excess
            self._items.extend(items[: len(items) - excess])
        else:
            self.counters.dropped += excess
            self._items.extend(items)
            for _ in range(excess):
                self._items.popleft()
        if self._items:
            self._filled.set()

    async def put(self, items: Sequence[Item]) -> None:
        """Take events whose sender can wait, as many at a time as there is room for.

        An event counts as received when it gets its place. When the service stops (this call is cancelled), what was
        already read from the sender is taken beyond the size, so that it is scored and not lost.
        """
        done = 0
        try:
            while done < len(items):
                room = self.capacity - len(self._items)
                if room <= 0:
                    self._freed.clear()
                    await self._freed.wait()
                    continue
                done += self.force(items[done : done + room])
        finally:
            self.force(items[done:])

    def force(self, items: Sequence[Item]) -> int:
        """Take events beyond the size, at the end of a sender: what it had in its hands. Gives their number."""
        self._items.extend(items)
        self.counters.received += len(items)
        if items:
            self._filled.set()
        return len(items)

    async def take(self, limit: int) -> list[Item]:
        """Wait for events and take up to `limit` of them in their order; an empty list when closed and empty."""
        while not self._items and not self.closed:
            self._filled.clear()
            await self._filled.wait()
        pop = self._items.popleft
        block = [pop() for _ in range(min(limit, len(self._items)))]
        self._freed.set()
        return block

    def close(self) -> None:
        """No more events will come; `take` gives what is left and then empty lists."""
        self.closed = True
        self._filled.set()
