"""The way of messages to one sink: a queue, a thread, a time limit, retries, and counts that add up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from dataclasses import dataclass
from urllib.error import HTTPError

from course_lib.core.parameters import check_whole
from course_lib.streaming.service.incident import Message
from course_lib.streaming.service.sinks import Sink

logger = logging.getLogger("course_lib.stream")


@dataclass
class DeliveryCounts:
    """Each message that was offered ends in one of `delivered`, `failed` and `dropped`, or still waits."""

    offered: int = 0
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    retried: int = 0


class Delivery:
    """Brings messages to a sink that may be slow, may fail, and may never come back.

    Whoever tries again may deliver twice (an answer that is lost looks like a message that is): a message carries
    the number of its incident, by which the other side can tell.

    Parameters
    ----------
    sink : Sink
    timeout : float
        Seconds for one attempt. A call that takes longer is given up; the next attempt waits until it has returned,
        so that a sink that hangs costs one thread and not many.
    attempts : int
        How often a message is tried.
    pause : float
        Seconds before the second attempt; doubled each time.
    capacity : int
        Messages that wait; one more, and the oldest is dropped.
    """

    def __init__(
        self, sink: Sink, timeout: float = 10.0, attempts: int = 5, pause: float = 0.5, capacity: int = 1000
    ) -> None:
        check_whole("attempts", attempts, 1)
        check_whole("capacity", capacity, 1)
        for name, seconds in (("timeout", timeout), ("pause", pause)):
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
                raise ValueError(f"{name} must be a number of seconds above 0, but is {seconds!r}.")
        self.sink, self.timeout, self.attempts, self.pause, self.capacity = sink, timeout, attempts, pause, capacity
        self.counts = DeliveryCounts()
        self._waiting: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._closing = False
        self._running: asyncio.Future[None] | None = None
        self._problem = "it did not answer in time"

    @property
    def waiting(self) -> int:
        """Messages that are not settled, the one that is being sent included."""
        counts = self.counts
        return counts.offered - counts.delivered - counts.failed - counts.dropped

    def offer(self, message: Message) -> None:
        """Take a message at once."""
        self.counts.offered += 1
        if len(self._waiting) >= self.capacity:
            self._waiting.popleft()
            self.counts.dropped += 1
        self._waiting.append(message)
        self._filled.set()

    async def run(self) -> None:
        """Deliver until :meth:`close`, and then what is left."""
        while True:
            while not self._waiting:
                if self._closing:
                    return
                self._filled.clear()
                await self._filled.wait()
            await self._deliver(self._waiting.popleft())

    def close(self) -> None:
        """No more messages will come."""
        self._closing = True
        self._filled.set()

    def give_up(self) -> None:
        """Count what could not be delivered in time as failed."""
        self._waiting.clear()
        lost = self.waiting
        self.counts.failed += lost
        if lost:
            messages = "message" if lost == 1 else "messages"
            logger.error("%s: %s; %d %s lost at the end.", self.sink.name, self._problem, lost, messages)

    async def _deliver(self, message: Message) -> None:
        for attempt in range(self.attempts):
            if attempt:
                self.counts.retried += 1
                await asyncio.sleep(self.pause * 2 ** (attempt - 1))
            try:
                await asyncio.wait_for(self._call(message), self.timeout)
            except TimeoutError:
                self._problem = f"no answer within {self.timeout:g} s"
            except Exception as error:  # a sink is foreign code: whatever it raises, the service goes on
                self._problem = _reason(error)
            else:
                self.counts.delivered += 1
                self._problem = "it did not answer in time"
                return
        self.counts.failed += 1
        tried = f"{self.attempts} attempts" if self.attempts > 1 else "one attempt"
        logger.error("%s: %s, %s; message %d lost.", self.sink.name, self._problem, tried, message.number)

    async def _call(self, message: Message) -> None:
        """Run the sink in a thread that nobody has to wait for, after an earlier call that is still running."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
        self._running = in_thread(self.sink, message)
        await asyncio.shield(self._running)


def _reason(error: Exception) -> str:
    """What went wrong, without the address: it may hold a secret."""
    if isinstance(error, HTTPError):
        return f"the server answered {error.code}"
    cause = getattr(error, "reason", error)
    if isinstance(cause, ConnectionRefusedError):
        return "refused"
    return (isinstance(cause, OSError) and cause.strerror) or type(error).__name__


def in_thread(sink: Sink, message: Message) -> asyncio.Future[None]:
    """Call a sink in a daemon thread: unlike a pool's, it keeps neither the loop nor the interpreter from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    # Read even if nobody waits any more: asyncio would complain about an exception that nobody saw.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def work() -> None:
        problem: Exception | None = None
        try:
            sink.send(message)
        except Exception as error:
            problem = error
        try:
            loop.call_soon_threadsafe(settle, problem)
        except RuntimeError:
            return  # the loop was closed meanwhile: nobody asks any more

    threading.Thread(target=work, daemon=True, name=f"sink-{sink.name}").start()
    return future
