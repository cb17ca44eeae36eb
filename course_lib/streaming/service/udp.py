"""UDP: one datagram, one event; the sender never waits, so what does not fit is dropped and counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from course_lib.streaming.service.address import parse_address
from course_lib.streaming.service.clock import Clock
from course_lib.streaming.service.event import Limits
from course_lib.streaming.service.kernel import enlarge_receive_buffer, kernel_drops
from course_lib.streaming.service.queue import EventQueue


class UDPSource:
    """Reads datagrams, as many as are there each time the socket is ready.

    asyncio's own datagram endpoint takes one packet per round of the loop and loses packets above some 20,000 a
    second; a loop over ``recv`` until the socket is empty does not. The receive buffer is large, because it is all
    there is while the service is busy with a block.

    Parameters
    ----------
    address : str
        "127.0.0.1:9999"; port 0 takes a free one.
    allow_remote : bool
        Whether the address may be one that other machines can reach.
    buffer : int
        Bytes of receive buffer to ask for.
    chunk : int
        Datagrams to read before others get a turn.
    """

    def __init__(
        self, address: str = "127.0.0.1:0", allow_remote: bool = False, buffer: int = 8 << 20, chunk: int = 512
    ) -> None:
        self.host, self.port = parse_address(address, allow_remote=allow_remote)
        self.buffer, self.chunk = buffer, chunk
        self.drops: int | None = 0

    async def open(self, clock: Clock, limits: Limits) -> None:
        """Bind the socket; `port` then holds the port."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            self.granted = enlarge_receive_buffer(sock, self.buffer)
            sock.bind((self.host, self.port))
        except OSError as error:
            sock.close()
            raise OSError(f"UDP port {self.port} of {self.host} cannot be used ({error.strerror}).") from None
        self.port = sock.getsockname()[1]
        self._socket, self._clock, self._size = sock, clock, limits.bytes + 1

    async def run(self, queue: EventQueue) -> None:
        """Read until cancelled; then empty the socket once more, so that what had arrived is scored."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._drain, queue)
        try:
            while True:
                await asyncio.sleep(1)
                self.drops = kernel_drops(self._socket)
        finally:
            loop.remove_reader(self._socket)
            # A sender that does not stop must not keep us: at most what the buffer could hold.
            for _ in range(1 + self.buffer // 256 // self.chunk):
                if not self._drain(queue):
                    break
            self.drops = kernel_drops(self._socket)
            self._socket.close()

    def _drain(self, queue: EventQueue) -> int:
        """Move datagrams from the kernel to the queue; how many."""
        arrived, receive, size = self._clock.now(), self._socket.recv, self._size
        items: list[tuple[float, bytes]] = []
        # ConnectionResetError: what some systems report when an earlier answer could not be delivered.
        with contextlib.suppress(BlockingIOError, InterruptedError, ConnectionResetError):
            for _ in range(self.chunk):
                items.append((arrived, receive(size)))
        queue.offer(items)
        return len(items)

    def report(self) -> dict[str, Any]:
        """Address, the kernel's drops (None: not told by this system) and the buffer that it granted."""
        address = f"{self.host}:{self.port}"
        return {"source": "udp", "address": address, "kernel_drops": self.drops, "buffer_bytes": self.granted}
