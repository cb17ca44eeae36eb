"""A block of packets becomes scores, flags and messages; a block gives the same numbers as its events one by one."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.service.clock import Clock
from course_lib.streaming.service.counters import Counters
from course_lib.streaming.service.event import Event, Limits, Malformed, parse
from course_lib.streaming.service.fixed_threshold import Threshold
from course_lib.streaming.service.incident import Message
from course_lib.streaming.service.latency import LatencyHistogram
from course_lib.streaming.service.policy import AlertPolicy
from course_lib.streaming.service.queue import Item
from course_lib.streaming.service.streams import Stream, StreamTable

logger = logging.getLogger("course_lib.stream")

# From this many events of one stream on, a block is quicker than the loop.
BLOCK = 6
# Seconds between two looks at what has ended or gone quiet.
TICK = 1.0


class Scored(NamedTuple):
    """One event with its score and the threshold that it was held against."""

    time: float
    event: Event
    score: float
    threshold: float

    @property
    def flagged(self) -> bool:
        """Whether the score is above the threshold."""
        return self.score > self.threshold


def maker(model: Any) -> Callable[[], Any]:
    """A quick way to fresh copies: `clone` takes some 100 microseconds, and thousands of streams may appear at once."""
    params, kind = model.get_params(deep=False), type(model)
    if any(hasattr(value, "get_params") for value in params.values()):
        return model.clone
    return lambda: kind(**params)


class Scorer:
    """Everything between the queue and the sinks: parse, find the stream, score, learn, compare, decide what to tell.

    Parameters
    ----------
    detector : StreamingDetector
        A fresh copy of it for each stream.
    threshold : Threshold
        The same.
    policy : AlertPolicy
    counters : Counters
    clock : Clock
    limits : Limits
    max_keys, idle : see StreamTable
    silence : float
        Seconds after which a quiet stream counts as silent, which is told.
    event_time : bool
        Take the time of an event from its field t, as in a replay, and not from its arrival.
    observer : callable, optional
        Called with the list of `Scored` of each block.
    """

    def __init__(
        self,
        detector: StreamingDetector,
        threshold: Threshold,
        policy: AlertPolicy,
        counters: Counters,
        clock: Clock,
        limits: Limits | None = None,
        max_keys: int = 20_000,
        idle: float = math.inf,
        silence: float = math.inf,
        event_time: bool = False,
        observer: Callable[[list[Scored]], None] | None = None,
    ) -> None:
        # A parameter out of range shows at the first event only: better here than in the night.
        detector.clone().learn_one([0.0])
        threshold.clone().update(0.0)
        if isinstance(silence, bool) or not isinstance(silence, (int, float)) or not silence > 0:
            raise ValueError(f"silence must be a number of seconds above 0, but is {silence!r}.")
        self.policy, self.counters, self.clock = policy, counters, clock
        self.limits, self.silence, self.event_time, self.observer = limits or Limits(), silence, event_time, observer
        make_detector, make_threshold = maker(detector), maker(threshold)
        self._make = lambda: (make_detector(), make_threshold())
        self.table = StreamTable(self._make, counters, max_keys, idle)
        self.wait, self.delay = LatencyHistogram(), LatencyHistogram()
        self.latest, self._ticked = 0.0, 0.0
        counters.held = policy.held

    def process(self, block: list[Item]) -> list[Message]:
        """Score a block from the queue; what is to be told.

        Parameters
        ----------
        block : list of (seconds since 1970, payload)
        """
        events, arrivals, times, busy, gone = self._admit(block)
        scores, limits = np.full(len(events), math.nan), np.full(len(events), math.inf)
        for stream in busy:
            self._score(stream, events, scores, limits)
        messages = self._decide(events, times, scores.tolist(), limits.tolist(), gone)
        known = ~np.isnan(scores)
        self.counters.scored += int(known.sum())
        self._time(events, np.array(arrivals)[known] if len(events) else known, known)
        if self.observer is not None:
            rows = zip(times, events, scores.tolist(), limits.tolist(), strict=True)
            self.observer([Scored(*row) for row in rows if row[2] == row[2]])
        return messages

    def tick(self, time: float) -> list[Message]:
        """Notice what time alone brings: silent and idle streams, incidents that are over."""
        self._ticked = time = max(time, self.latest)
        messages = []
        for stream in self.table.quiet(time, self.silence) if self.silence < math.inf else ():
            if not stream.silent:
                stream.silent = True
                self.counters.silent += 1
                messages.append(self.policy.silent(stream.key, time))
        for key in self.table.sweep(time) if self.table.idle < math.inf else ():
            self.policy.forget(key)
        return [message for message in messages if message is not None] + self.policy.tick(time)

    def _admit(
        self, block: list[Item]
    ) -> tuple[list[Event], list[float], list[float], list[Stream], list[tuple[int, str]]]:
        """Parse; give events, their arrivals and times, the streams they belong to, and (place, stream forgotten)."""
        events: list[Event] = []
        arrivals: list[float] = []
        times: list[float] = []
        busy: list[Stream] = []
        gone: list[tuple[int, str]] = []
        for arrived, payload in block:
            try:
                event = parse(payload, self.limits)
                if self.event_time and event.t is None:
                    raise Malformed("no time")
            except Malformed as error:
                self.counters.refuse(error.reason)
                continue
            moment = event.t if self.event_time and event.t is not None else arrived
            self.latest = moment = max(moment, self.latest)
            stream, forgotten = self.table.touch(event.key, moment)
            if forgotten is not None:
                gone.append((len(events), forgotten))
            if not stream.pending:
                busy.append(stream)
            stream.pending.append(len(events))
            stream.silent = False
            events.append(event)
            arrivals.append(arrived)
            times.append(moment)
        return events, arrivals, times, busy, gone

    def _score(self, stream: Stream, events: list[Event], scores: np.ndarray, limits: np.ndarray) -> None:
        """Score the pending events of a stream into the two arrays; an event that it refuses stays NaN."""
        places, stream.pending = stream.pending, []
        if len(places) >= BLOCK:
            try:
                found = stream.detector.score_learn_many([events[place].x for place in places])
            except (ValueError, TypeError):
                pass  # one of them does not fit, and nothing was learnt: one by one
            except Exception as error:
                self._restart(stream, error, len(places))
                return
            else:
                scores[places] = found
                limits[places] = stream.threshold.update_many(found)[1]
                return
        for place in places:
            try:
                score = stream.detector.score_learn_one(events[place].x)
            except (ValueError, TypeError):
                self.counters.refuse("does not fit its stream")
                continue
            except Exception as error:
                self._restart(stream, error)
                continue
            scores[place], limits[place] = score, stream.threshold.threshold
            stream.threshold.update(score)

    def _restart(self, stream: Stream, error: Exception, events: int = 1) -> None:
        """A model that fails on a good event is broken: its stream begins anew, and all the others go on."""
        logger.error("The detector of %s failed (%s: %s) and starts afresh.", stream.key, type(error).__name__, error)
        stream.detector, stream.threshold = self._make()
        for _ in range(events):
            self.counters.refuse("detector failed")

    def _decide(
        self,
        events: list[Event],
        times: list[float],
        scores: list[float],
        limits: list[float],
        gone: list[tuple[int, str]],
    ) -> list[Message]:
        """Show flagged events, and those of streams that have an alarm, to the policy, in their order."""
        messages, forgotten, policy = [], dict(gone), self.policy
        for place, (event, score, limit) in enumerate(zip(events, scores, limits, strict=True)):
            if place in forgotten:
                policy.forget(forgotten[place])
            flagged = score > limit
            self.counters.flagged += flagged
            if score == score and (flagged or policy.knows(event.key)):
                messages.append(policy.observe(event.key, times[place], score, limit))
        self.counters.alerted = policy.alerted
        found = [message for message in messages if message is not None]
        return found + (self.tick(self.latest) if events and self.latest - self._ticked >= TICK else [])

    def _time(self, events: list[Event], arrivals: np.ndarray, known: np.ndarray) -> None:
        """Record how long the events waited in here, and how long they took from their sender."""
        self.wait.add(self.clock.now() - arrivals)
        wall = self.clock.wall()
        self.delay.add([wall - e.sent for e, scored in zip(events, known.tolist(), strict=True) if scored and e.sent])
