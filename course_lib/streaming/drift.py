"""What all drift detectors share: they watch one number and say when its distribution has changed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.streaming.online import Online


class DriftDetector(Online):
    """Base class: a subclass writes ``_start()`` and ``_update(x)``, which returns whether there is a change now.

    After a change the next value starts anew, as in river.

    Attributes
    ----------
    drift_detected : bool
        Whether the last value brought a change to light.
    """

    drift_detected: bool = False
    started_: bool = False

    def _start(self) -> None:
        """Check the parameters and make an empty memory."""
        raise NotImplementedError

    def _update(self, x: float) -> bool:
        raise NotImplementedError

    def update(self, x: float) -> None:
        """Look at the next number.

        Raises
        ------
        ValueError
            If it is not finite.
        """
        value = float(x)
        if not math.isfinite(value):
            raise ValueError(f"{type(self).__name__} needs finite numbers, but got {x!r}: leave such values out.")
        if self.drift_detected or not self.started_:
            self._start()
            self.started_ = True
        self.drift_detected = self._update(value)

    def update_many(self, values: Any) -> np.ndarray:
        """Look at numbers in their order, shape (n,); return the places at which a change was detected, as ints."""
        found = []
        for place, value in enumerate(np.asarray(to_numpy(values), dtype=np.float64).tolist()):
            self.update(value)
            if self.drift_detected:
                found.append(place)
        return np.array(found, dtype=np.int64)
