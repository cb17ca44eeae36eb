"""One detector and one threshold for each stream, made when the stream first speaks and forgotten when it is idle."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.service.counters import Counters
from course_lib.streaming.service.fixed_threshold import Threshold


class Stream:
    """What is kept of one stream.

    Attributes
    ----------
    key : str
    detector, threshold : StreamingDetector, Threshold
    last : float
        Seconds since 1970: its latest event.
    silent : bool
        Whether its silence was told.
    pending : list of int
        Places of its events in the block that is being scored.
    """

    __slots__ = ("detector", "key", "last", "pending", "silent", "threshold")

    def __init__(self, key: str, detector: StreamingDetector, threshold: Threshold, last: float) -> None:
        self.key, self.detector, self.threshold, self.last = key, detector, threshold, last
        self.silent = False
        self.pending: list[int] = []


class StreamTable:
    """All streams that are known, the one that was quiet longest first: memory has an upper end.

    Parameters
    ----------
    make : callable
        Gives a new pair of detector and threshold.
    counters : Counters
        `evicted` is kept here.
    max_keys : int
        One more, and the stream that was quiet longest is forgotten.
    idle : float
        Seconds after which a quiet stream is forgotten.
    """

    def __init__(
        self,
        make: Callable[[], tuple[StreamingDetector, Threshold]],
        counters: Counters,
        max_keys: int = 20_000,
        idle: float = math.inf,
    ) -> None:
        if isinstance(max_keys, bool) or not isinstance(max_keys, int) or max_keys < 1:
            raise ValueError(f"max_keys must be a whole number of streams, at least 1, but is {max_keys!r}.")
        if isinstance(idle, bool) or not isinstance(idle, (int, float)) or not idle > 0:
            raise ValueError(f"idle must be a number of seconds above 0, but is {idle!r}.")
        self._make, self._counters, self.max_keys, self.idle = make, counters, max_keys, idle
        self._streams: OrderedDict[str, Stream] = OrderedDict()

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[Stream]:
        return iter(self._streams.values())

    def touch(self, key: str, time: float) -> tuple[Stream, str | None]:
        """The stream of an event that came at `time`, and the key of a stream that was forgotten for it, if any."""
        stream = self._streams.get(key)
        gone = None
        if stream is not None and time - stream.last > self.idle:
            gone = self._forget(stream)
            stream = None
        if stream is None:
            if len(self._streams) >= self.max_keys:
                gone = self._forget(next(iter(self)))
            stream = self._streams[key] = Stream(key, *self._make(), time)
        else:
            self._streams.move_to_end(key)
            stream.last = time
        return stream, gone

    def restore(self, stream: Stream) -> None:
        """Put a stream back that was kept in a snapshot; the order of the calls is the order of the table."""
        if len(self._streams) < self.max_keys:
            self._streams[stream.key] = stream

    def quiet(self, time: float, seconds: float) -> list[Stream]:
        """Streams whose latest event is more than `seconds` ago, the quietest first."""
        found = []
        for stream in self:
            if time - stream.last <= seconds:
                break
            found.append(stream)
        return found

    def sweep(self, time: float) -> list[str]:
        """Forget idle streams; their keys."""
        return [self._forget(stream) for stream in self.quiet(time, self.idle)]

    def _forget(self, stream: Stream) -> str:
        del self._streams[stream.key]
        self._counters.evicted += 1
        return stream.key
