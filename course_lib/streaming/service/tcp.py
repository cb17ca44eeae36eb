"""TCP: one line, one event; when the queue is full nothing is read, and the sender has to wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

from course_lib.streaming.service.address import parse_address
from course_lib.streaming.service.clock import Clock
from course_lib.streaming.service.event import Limits
from course_lib.streaming.service.queue import EventQueue

READ = 65_536


class _Lines:
    """Cuts a stream of bytes into lines; of a line that is too long only the beginning is kept, to be refused."""

    def __init__(self, longest: int) -> None:
        self._longest, self._rest, self._skip = longest, b"", False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete, without empty ones."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines and self._skip:
            lines, self._skip = lines[1:], False
        if len(self._rest) > self._longest:
            lines += [] if self._skip else [self._rest]
            self._rest, self._skip = b"", True
        return [line.rstrip(b"\r") for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """What stands after the last line end."""
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() and not self._skip else []


def _reason(error: OSError) -> str:
    """The system's own words: asyncio's repeat the address."""
    return os.strerror(error.errno) if error.errno else str(error)


class TCPSource:
    """Lines from any number of connections at a time.

    Parameters
    ----------
    address : str
        "127.0.0.1:9999"; port 0 takes a free one.
    allow_remote : bool
        Whether the address may be one that other machines can reach.
    connections : int
        More are closed at once.
    """

    def __init__(self, address: str = "127.0.0.1:0", allow_remote: bool = False, connections: int = 256) -> None:
        self.host, self.port = parse_address(address, allow_remote=allow_remote)
        self.connections = connections
        self.refused = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, clock: Clock, limits: Limits) -> None:
        """Listen; `port` then holds the port."""
        self._clock, self._limits = clock, limits
        self._queue: asyncio.Future[EventQueue] = asyncio.get_running_loop().create_future()
        try:
            self._server = await asyncio.start_server(self._accept, self.host, self.port, limit=READ)
        except OSError as error:
            raise OSError(f"TCP port {self.port} of {self.host} cannot be used ({_reason(error)}).") from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def run(self, queue: EventQueue) -> None:
        """Serve until cancelled; then hand over what was read."""
        self._queue.set_result(queue)
        try:
            await asyncio.Event().wait()
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= self.connections:
            self.refused += 1
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._read(reader)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        queue = await self._queue  # who connects before the service runs has to wait a moment
        lines = _Lines(self._limits.bytes)
        try:
            while data := await reader.read(READ):
                await queue.put([(self._clock.now(), line) for line in lines.feed(data)])
        finally:
            # At the end of the service: what asyncio has read ahead was taken from the sender as well.
            reader.feed_eof()
            left = lines.feed(await reader.read()) + lines.end()
            queue.force([(self._clock.now(), line) for line in left])

    def report(self) -> dict[str, Any]:
        """Address, open and refused connections."""
        address = f"{self.host}:{self.port}"
        return {"source": "tcp", "address": address, "open": len(self._tasks), "refused": self.refused}
