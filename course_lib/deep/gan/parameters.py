"""The choices that all GANs share, and the range that their rows must lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.core.parameters import check_whole, is_whole
from course_lib.deep.gan.networks import OUTPUTS, RANGES

if TYPE_CHECKING:
    from course_lib.deep.gan.base import AdversarialDetector

CHOICES = {
    "architecture": ("dense", "conv"),
    "output": tuple(OUTPUTS),
    "steadying": ("none", "spectral", "wasserstein-gp"),
}


def check_adversarial(detector: AdversarialDetector) -> None:
    """Raise a ValueError that names the first choice or size that does not exist, before anything is trained."""
    for name, choices in CHOICES.items():
        check_choice(name, getattr(detector, name), choices)
    check_whole("latent_size", detector.latent_size, 1)
    if detector.discriminator_steps is not None:
        check_whole("discriminator_steps", detector.discriminator_steps, 1)
    check_number("penalty_weight", detector.penalty_weight, 0)
    for name in ("hidden_sizes", "channels"):
        sizes = getattr(detector, name)
        if np.ndim(sizes) != 1 or len(sizes) == 0 or not all(is_whole(size, 1) for size in sizes):
            raise ValueError(f"{name} must be a tuple of whole numbers of at least 1, but is {sizes!r}.")


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse a `value` that is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, but is {value!r}.")


def check_number(name: str, value: Any, low: float, high: float = float("inf")) -> None:
    """Refuse a `value` that is no number from `low` to `high`."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        wanted = f"a number from {low:g} to {high:g}" if np.isfinite(high) else f"a number of at least {low:g}"
        raise ValueError(f"{name} must be {wanted}, but is {value!r}.")


def check_range(detector: AdversarialDetector, scaled: np.ndarray) -> None:
    """Refuse training rows that the generator cannot make, whatever its weights."""
    low, high = RANGES[detector.output]
    found = float(scaled.min()), float(scaled.max())
    slack = 1e-6  # of rounding
    if found[0] < low - slack or found[1] > high + slack:
        raise ValueError(
            f"A generator with output={detector.output!r} makes values from {low:g} to {high:g}, but the training rows "
            f"run from {found[0]:.3g} to {found[1]:.3g} with scaling={detector.scaling!r}: "
            "use scaling='minmax' or output='linear'."
        )
