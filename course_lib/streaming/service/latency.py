"""Percentiles of delays in a fixed amount of memory."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np


class LatencyHistogram:
    """Counts of delays in buckets that grow by a constant factor, so that a percentile is right to within that factor.

    An average hides the slow ones, and keeping every delay would need memory without end. 426 counters hold delays
    from a microsecond to a thousand seconds to within 5%.

    Parameters
    ----------
    growth : float
        Upper end of a bucket over its lower end: 1.05 means percentiles at most 5% too high.
    smallest, largest : float
        Seconds; what lies outside is counted at the ends.

    References
    ----------
    Tene, 2013, How NOT to Measure Latency (the idea of HdrHistogram).
    """

    def __init__(self, growth: float = 1.05, smallest: float = 1e-6, largest: float = 1e3) -> None:
        if not (growth > 1 and 0 < smallest < largest):
            raise ValueError(
                f"A histogram needs growth > 1 and 0 < smallest < largest, "
                f"but got {growth}, {smallest} and {largest}: swap or raise them."
            )
        self.growth, self.smallest, self.largest = growth, smallest, largest
        self._step = math.log(growth)
        self.counts = np.zeros(math.ceil(math.log(largest / smallest) / self._step) + 1, dtype=np.int64)
        self.maximum = 0.0
        self.negative = 0

    @property
    def count(self) -> int:
        """Delays so far."""
        return int(self.counts.sum())

    def add(self, delays: Iterable[float] | np.ndarray) -> None:
        """Count delays in seconds; a negative one (two clocks that disagree) counts as 0 and in `negative`."""
        values = np.asarray(delays if isinstance(delays, np.ndarray) else list(delays), dtype=float)
        if not len(values):
            return
        self.negative += int((values < 0).sum())
        places = np.ceil(np.log(np.clip(values, self.smallest, self.largest) / self.smallest) / self._step - 1e-9)
        self.counts += np.bincount(places.astype(np.int64), minlength=len(self.counts))
        self.maximum = max(self.maximum, float(values.max()))

    def percentile(self, q: float) -> float:
        """The delay in seconds that `q` percent of the delays do not exceed: at most one bucket too high; NaN if none.

        Raises
        ------
        ValueError
            If `q` lies outside 0..100.
        """
        if not 0 <= q <= 100:
            raise ValueError(f"A percentile lies between 0 and 100, but {q} was asked for: 0.99 is written 99.")
        total = self.count
        if not total:
            return math.nan
        rank = max(1, math.ceil(q / 100 * total))
        bucket = int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(self.smallest * self.growth**bucket, self.maximum) if self.maximum > 0 else 0.0

    def merge(self, other: LatencyHistogram) -> None:
        """Add another histogram's counts; both must have the same buckets."""
        if (self.growth, self.smallest, self.largest) != (other.growth, other.smallest, other.largest):
            raise ValueError("The two histograms have different buckets: make both with the same parameters.")
        self.counts += other.counts
        self.negative += other.negative
        self.maximum = max(self.maximum, other.maximum)

    def summary(self) -> dict[str, float]:
        """Count, and median, 99th, 99.9th percentile and maximum in milliseconds."""
        if not self.count:
            return {"count": 0}
        marks = {"p50": 50, "p99": 99, "p99.9": 99.9}
        found = {f"{name}_ms": round(1000 * self.percentile(q), 3) for name, q in marks.items()}
        return {"count": self.count, **found, "max_ms": round(1000 * self.maximum, 3), "negative": self.negative}
