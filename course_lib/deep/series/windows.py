"""Windows of a series on the device, cut one batch at a time: what the training loop draws its batches from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.core.windows import WindowPlan

LARGEST_PIECE = 2**14  # timestamps in the windows that are scored at once, 2.5 MB for 38 sensors


class Windows:
    """Some of a plan's windows over a series; nothing is copied before a batch is asked for.

    Parameters
    ----------
    series : tensor, shape (n_timestamps, n_sensors)
    plan : WindowPlan
    chosen : ndarray of int, shape (n_windows,), optional
        Which of the plan's windows; by default all.
    warm_up : int
        Rows in front of each of the plan's windows that belong to the batch too.
    """

    def __init__(self, series: torch.Tensor, plan: WindowPlan, chosen: np.ndarray | None = None, warm_up: int = 0):
        which = np.arange(len(plan)) if chosen is None else chosen
        self.series, self.length = series, plan.length + warm_up
        self._starts = torch.from_numpy(plan.starts[which] - warm_up).to(series.device)
        self._first = torch.from_numpy(plan.first[which]).to(series.device)
        self._places = torch.arange(self.length, device=series.device)

    @property
    def device(self) -> torch.device:
        """Where the series lies."""
        return self.series.device

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """The windows `rows`, shape (n, length, n_sensors); places in front of a stretch repeat its first row."""
        places = self._starts[rows, None] + self._places
        return self.series[torch.maximum(places, self._first[rows, None])]

    def pieces(self, most: int | None = None) -> Iterator[slice]:
        """Slices over all windows: each of at most `most` windows, and of fewer where windows are long."""
        step = max(1, LARGEST_PIECE // self.length)
        step = step if most is None else min(step, most)
        return (slice(start, min(start + step, len(self))) for start in range(0, len(self), step))

    def split(self, size: int) -> Iterator[torch.Tensor]:
        """All windows in order, `size` at once, or fewer where windows are long."""
        return (self[piece] for piece in self.pieces(size))
