"""Page-Hinkley: add up how far values lie from their mean, and see when the sum leaves its lowest point."""

from __future__ import annotations

from course_lib.core.parameters import check_whole
from course_lib.streaming.checks import check_number
from course_lib.streaming.drift import DriftDetector


class PageHinkley(DriftDetector):
    """Page-Hinkley test for a change of the mean, upwards, downwards or both.

    Parameters
    ----------
    min_instances : int
        Values before a change can be reported.
    delta : float
        A deviation of this size is tolerated at every value.
    threshold : float
        How far the sum must rise above its lowest (or fall below its highest) point.
    alpha : float in (0, 1]
        Share of the sum that is kept from one value to the next.
    mode : {"both", "up", "down"}

    References
    ----------
    Page, 1954, Continuous Inspection Schemes.
    """

    def __init__(
        self,
        min_instances: int = 30,
        delta: float = 0.005,
        threshold: float = 50.0,
        alpha: float = 1 - 0.0001,
        mode: str = "both",
    ):
        self.min_instances = min_instances
        self.delta = delta
        self.threshold = threshold
        self.alpha = alpha
        self.mode = mode

    def _start(self) -> None:
        check_whole("min_instances", self.min_instances, 1)
        check_number("threshold", self.threshold, 0)
        if not 0 < self.alpha <= 1:
            raise ValueError(f"alpha must lie above 0 and not above 1, but is {self.alpha!r}.")
        if self.mode not in ("both", "up", "down"):
            raise ValueError(f"mode must be 'both', 'up' or 'down', but is {self.mode!r}.")
        self.n_, self.mean_ = 0, 0.0
        self.rise_ = self.fall_ = 0.0
        self.lowest_, self.highest_ = float("inf"), float("-inf")

    def _update(self, x: float) -> bool:
        self.n_ += 1
        self.mean_ += (x - self.mean_) / self.n_
        gap = x - self.mean_
        self.rise_ = self.alpha * self.rise_ + gap - self.delta
        self.fall_ = self.alpha * self.fall_ + gap + self.delta
        self.lowest_ = min(self.lowest_, self.rise_)
        self.highest_ = max(self.highest_, self.fall_)
        if self.n_ < self.min_instances:
            return False
        up = self.mode != "down" and self.rise_ - self.lowest_ > self.threshold
        return up or (self.mode != "up" and self.highest_ - self.fall_ > self.threshold)
