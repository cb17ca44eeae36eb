"""Where events come from: anything that can be iterated, and files replayed at any speed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from typing import Any, Protocol

from course_lib.streaming.service.clock import Clock
from course_lib.streaming.service.event import Limits, Malformed, parse
from course_lib.streaming.service.queue import EventQueue, Item

CHUNK = 256


class Source(Protocol):
    """Fills the queue."""

    async def open(self, clock: Clock, limits: Limits) -> None:
        """Get ready, or raise OSError or ValueError: nothing has started yet."""

    async def run(self, queue: EventQueue) -> None:
        """Feed the queue until there is no more. When cancelled: hand over what was taken, then close."""

    def report(self) -> dict[str, Any]:
        """What this source counts for itself."""


class _Chunk:
    """Events on their way to the queue, some at a time: a turn of the loop for each would cost more than scoring."""

    def __init__(self, queue: EventQueue) -> None:
        self._queue, self._items = queue, list[Item]()

    async def add(self, item: Item) -> None:
        self._items.append(item)
        if len(self._items) == CHUNK:
            await self.flush()
            await asyncio.sleep(0)

    async def flush(self) -> None:
        items, self._items = self._items, []
        await self._queue.put(items)

    def end(self) -> None:
        """What was taken before the source failed or was stopped counts; waiting for room is over."""
        self._queue.force(self._items)


class IteratorSource:
    """Any iterable or async iterable of bytes or mappings; it waits while the queue is full.

    Parameters
    ----------
    events : iterable or async iterable
    """

    def __init__(self, events: Iterable[Any] | AsyncIterable[Any]) -> None:
        self.events = events

    async def open(self, clock: Clock, limits: Limits) -> None:
        """Nothing to prepare."""
        self._clock = clock

    async def run(self, queue: EventQueue) -> None:
        """Feed the events in chunks of what is there, so that a fast iterable does not pay for each event."""
        if isinstance(self.events, AsyncIterable):
            async for event in self.events:
                await queue.put([(self._clock.now(), event)])
            return
        chunk = _Chunk(queue)
        try:
            for event in self.events:
                await chunk.add((self._clock.now(), event))
            await chunk.flush()
        finally:
            chunk.end()

    def report(self) -> dict[str, Any]:
        """Nothing of its own."""
        return {"source": "iterator"}


class ReplaySource:
    """Lines of a file as if they came in now.

    Parameters
    ----------
    path : path
        JSON lines; see `course_lib.streaming.service.event`.
    speed : float
        60 plays an hour in a minute, by the events' field t; 0 plays as fast as the queue takes them. Events without
        a time, and those that go back in time, come at once.
    """

    def __init__(self, path: str | os.PathLike[str], speed: float = 0.0) -> None:
        if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 <= speed < float("inf"):
            raise ValueError(f"speed must be a number, 0 for as fast as possible, but is {speed!r}.")
        self.path, self.speed = Path(path), speed

    async def open(self, clock: Clock, limits: Limits) -> None:
        """See that the file is there."""
        if not self.path.is_file():
            raise ValueError(f"There is no file {self.path} to replay: check the name and the folder.")
        self._clock, self._limits = clock, limits

    async def run(self, queue: EventQueue) -> None:
        """Feed the lines at their time."""
        start = self._clock.now()
        first: float | None = None
        chunk = _Chunk(queue)
        try:
            with self.path.open("rb") as file:
                # Longer lines come in pieces, each of them malformed: no line can fill the memory.
                while line := file.readline(self._limits.bytes + 2):
                    if not line.strip():
                        continue
                    moment = self._moment(line) if self.speed else None
                    if moment is not None:
                        first = moment if first is None else first
                        due = start + (moment - first) / self.speed
                        if due > self._clock.now():
                            await chunk.flush()
                            await asyncio.sleep(due - self._clock.now())
                    await chunk.add((self._clock.now(), line.rstrip(b"\r\n")))
            await chunk.flush()
        finally:
            chunk.end()

    def _moment(self, line: bytes) -> float | None:
        try:
            return parse(line.rstrip(b"\r\n"), self._limits).t
        except Malformed:
            return None

    def report(self) -> dict[str, Any]:
        """Which file."""
        return {"source": "replay", "file": self.path.name}
