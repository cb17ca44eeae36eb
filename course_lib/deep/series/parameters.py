"""The ranges of the parameters that all deep detectors of series share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_lib.core.parameters import check_whole, is_whole

if TYPE_CHECKING:
    from course_lib.deep.series.base import SeriesDetector


def require_whole(detector: SeriesDetector, **least: int) -> None:
    """Raise a ValueError for the first parameter that is not a whole number of at least the given value."""
    for name, smallest in least.items():
        check_whole(name, getattr(detector, name), smallest)


def require_one_of(detector: SeriesDetector, name: str, allowed: tuple[str, ...]) -> None:
    """Raise a ValueError if the parameter is none of the `allowed` words."""
    value = getattr(detector, name)
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(repr(word) for word in allowed)}, but is {value!r}.")


def check_series_parameters(detector: SeriesDetector) -> None:
    """Raise a ValueError that names the first parameter out of range, before anything is trained."""
    require_whole(detector, window=2, stride=1, difference=0)
    if detector.warm_up >= detector.window:
        raise ValueError(
            f"warm_up must be below window, so that something is left to judge, but they are {detector.warm_up} and "
            f"{detector.window}."
        )
    judged = detector.window - detector.warm_up
    name = "stride" if detector.scoring_stride is None else "scoring_stride"
    stride = getattr(detector, name)
    if not is_whole(stride, 1) or stride > judged:
        raise ValueError(
            f"{name} must be a whole number from 1 to the {judged} timestamps that a window judges, so that none is "
            f"left out, but is {stride!r}: lower it{' or set scoring_stride' if name == 'stride' else ''}."
        )
    clip = detector.clip
    if clip is not None and not (isinstance(clip, (int, float, np.number)) and clip > 0):
        raise ValueError(f"clip must be None or above 0, but is {clip!r}.")
