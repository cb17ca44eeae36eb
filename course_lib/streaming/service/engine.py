"""The service: sources, queue, scorer, sinks and snapshots, started together and stopped in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.service.clock import Clock
from course_lib.streaming.service.counters import Counters
from course_lib.streaming.service.delivery import Delivery
from course_lib.streaming.service.event import Limits
from course_lib.streaming.service.fixed_threshold import Threshold
from course_lib.streaming.service.incident import Message
from course_lib.streaming.service.policy import AlertPolicy
from course_lib.streaming.service.queue import EventQueue
from course_lib.streaming.service.scoring import TICK, Scored, Scorer
from course_lib.streaming.service.snapshot import read_snapshot, write_snapshot
from course_lib.streaming.service.sources import Source

logger = logging.getLogger("course_lib.stream")


class Engine:
    """Source, bounded queue, a detector for each stream, adaptive threshold, alert policy, sinks.

    One task scores. It takes what is queued, at most `block` events, and lets the readers run in between. Sinks and
    snapshots have tasks of their own, so nothing that hangs can hold up the scores.

    Parameters
    ----------
    detector, threshold : StreamingDetector, Threshold
        Copied afresh for each stream.
    sources : sequence of Source
    sinks : sequence of Sink or Delivery
        A sink is wrapped in a `Delivery` with its defaults.
    policy : AlertPolicy, optional
    queue : int
        Events that may wait.
    drop : {"newest", "oldest"}
        What goes when the queue is full, see `EventQueue`.
    block : int
        Most events scored in one go: larger is quicker in total, and makes the first of them wait longer.
    limits : Limits, optional
    max_keys, idle, silence, event_time, observer : see `Scorer`
    snapshot : path, optional
        Read at the start if it is there, written every `every` seconds and at the end. After a crash what was learnt
        since the latest one is lost: `every` seconds, plus the time that writing takes.
    every : float
        Seconds.
    grace : float
        Seconds that the sinks get at the end.
    clock : Clock, optional

    Attributes
    ----------
    counters : Counters
    scorer : Scorer
    deliveries : list of Delivery
    restored : int
        Streams that came from a snapshot.
    """

    def __init__(
        self,
        detector: StreamingDetector,
        threshold: Threshold,
        sources: Sequence[Source] = (),
        sinks: Sequence[Any] = (),
        *,
        policy: AlertPolicy | None = None,
        queue: int = 20_000,
        drop: str = "newest",
        block: int = 256,
        limits: Limits | None = None,
        max_keys: int = 20_000,
        idle: float = math.inf,
        silence: float = math.inf,
        event_time: bool = False,
        observer: Callable[[list[Scored]], None] | None = None,
        snapshot: str | os.PathLike[str] | None = None,
        every: float = 30.0,
        grace: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        if isinstance(block, bool) or not isinstance(block, int) or block < 1:
            raise ValueError(f"block must be a whole number of events, at least 1, but is {block!r}.")
        for name, seconds in (("every", every), ("grace", grace)):
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf:
                raise ValueError(f"{name} must be a number of seconds above 0, but is {seconds!r}.")
        self.counters, self.clock, self.block = Counters(), clock or Clock(), block
        self.queue = EventQueue(queue, self.counters, drop)
        self.limits = limits or Limits()
        self.scorer = Scorer(
            detector, threshold, policy or AlertPolicy(), self.counters, self.clock, self.limits,
            max_keys=max_keys, idle=idle, silence=silence, event_time=event_time, observer=observer,
        )  # fmt: skip
        self.sources = list(sources)
        self.deliveries = [sink if isinstance(sink, Delivery) else Delivery(sink) for sink in sinks]
        self.snapshot = None if snapshot is None else Path(snapshot)
        self.every, self.grace, self.restored = every, grace, 0
        self._kind = {"detector": repr_of(detector), "threshold": repr_of(threshold)}
        self._stopping = asyncio.Event()

    async def open(self) -> None:
        """Restore the snapshot and open the sources; what cannot work fails here, before anything runs."""
        if self.snapshot is not None and self.snapshot.is_file():
            try:
                self.restored = read_snapshot(self.scorer, self.snapshot, self._kind)
            except (ValueError, KeyError, TypeError) as error:
                aside = self.snapshot.with_name(self.snapshot.name + ".unreadable")
                os.replace(self.snapshot, aside)
                logger.error("%s It is kept as %s, and all streams start afresh.", error, aside.name)
        for source in self.sources:
            await source.open(self.clock, self.limits)

    async def run(self) -> None:
        """Work until the sources have ended or :meth:`stop` is called; then finish what was taken.

        Raises
        ------
        Exception
            What a source failed with, after everything was brought to an end.
        """
        feeding = [asyncio.create_task(source.run(self.queue)) for source in self.sources]
        scoring = asyncio.create_task(self._score())
        helpers = [asyncio.create_task(self._watch())]
        helpers += [asyncio.create_task(self._keep())] if self.snapshot is not None else []
        delivering = [asyncio.create_task(delivery.run()) for delivery in self.deliveries]
        ending = [asyncio.create_task(self._stopping.wait()), asyncio.create_task(_all_done(feeding))]
        try:
            await asyncio.wait([*ending, scoring], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Downstream: no new events, score those in the queue, keep what was learnt, tell what is to be told.
            await _end([*feeding, *ending])
            self.queue.close()
            await asyncio.gather(scoring, return_exceptions=True)
            await _end(helpers)
            if self.snapshot is not None:
                await self._save()
            for delivery in self.deliveries:
                delivery.close()
            if delivering:
                await asyncio.wait(delivering, timeout=self.grace)
            await _end(delivering)
            for delivery in self.deliveries:
                delivery.give_up()
        for task in (scoring, *feeding):
            if not task.cancelled():
                task.result()

    def stop(self) -> None:
        """Ask the service to end; may be called more than once."""
        self._stopping.set()

    def handle(self, block: list[tuple[float, Any]]) -> list[Message]:
        """Score a block, one by one or together, and offer the messages to the sinks."""
        messages = self.scorer.process(block)
        self._tell(messages)
        return messages

    def _tell(self, messages: list[Message]) -> None:
        for message in messages:
            for delivery in self.deliveries:
                delivery.offer(message)

    async def _score(self) -> None:
        while block := await self.queue.take(self.block):
            self.handle(block)
            await asyncio.sleep(0)

    async def _watch(self) -> None:
        """Let time pass for streams that say nothing."""
        while True:
            await asyncio.sleep(TICK)
            if not self.scorer.event_time:
                self._tell(self.scorer.tick(self.clock.now()))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            await self._save()

    async def _save(self) -> None:
        assert self.snapshot is not None
        try:
            await write_snapshot(self.scorer, self.snapshot, self._kind)
        except OSError as error:  # a full disk is no reason to stop watching
            logger.error("The snapshot could not be written (%s): free some space.", error.strerror or error)

    def report(self) -> dict[str, Any]:
        """Everything that is counted, as plain JSON values."""
        self.counters.check(len(self.queue))
        return {
            **self.counters.as_dict(),
            "waiting": len(self.queue),
            "streams": len(self.scorer.table),
            "restored": self.restored,
            "clock_went_back": self.clock.went_back,
            "wait": self.scorer.wait.summary(),
            "delay": self.scorer.delay.summary(),
            "sources": [source.report() for source in self.sources],
            "sinks": [{"sink": d.sink.name, **vars(d.counts), "waiting": d.waiting} for d in self.deliveries],
        }


def repr_of(model: Any) -> dict[str, Any]:
    """A model's class and parameters in JSON: what a snapshot must agree in."""
    return {"class": type(model).__name__, "params": {k: repr(v) for k, v in model.get_params().items()}}


async def _all_done(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until all tasks have ended, or one has failed."""
    if tasks:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have cleaned up; their exceptions are looked at elsewhere."""
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
