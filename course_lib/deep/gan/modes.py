"""A toy whose modes can be counted: a ring of Gaussians, and the share of them that a generator still makes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.core.validation import to_numpy


def ring_of_gaussians(
    n: int, modes: int = 8, radius: float = 1.0, spread: float = 0.05, random_state: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points from equally likely Gaussians whose centres lie on a circle around (0, 0).

    Parameters
    ----------
    n : int
        Points.
    modes : int
        Gaussians; the first one's centre is (radius, 0).
    radius, spread : float
        Of the circle; standard deviation of each Gaussian.
    random_state : int or None

    Returns
    -------
    points : ndarray, shape (n, 2)
    centres : ndarray, shape (modes, 2)
    """
    check_whole("n", n, 1)
    check_whole("modes", modes, 1)
    rng = np.random.default_rng(draw_seed(random_state))
    angles = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return centres[rng.integers(modes, size=n)] + spread * rng.normal(size=(n, 2)), centres


def recall_of_modes(samples: Any, centres: Any, radius: float, minimum: int = 1) -> float:
    """The share of the modes that generated samples still reach: 1 is all of them, mode collapse brings it down.

    Parameters
    ----------
    samples : array-like, shape (n, d)
    centres : array-like, shape (modes, d)
    radius : float
        A sample counts for every centre that is at most so far away.
    minimum : int
        Samples that a mode needs to count as reached.

    Returns
    -------
    float in [0, 1]
    """
    samples, centres = np.asarray(to_numpy(samples), dtype=float), np.asarray(to_numpy(centres), dtype=float)
    if samples.ndim != 2 or centres.ndim != 2 or samples.shape[1] != centres.shape[1] or len(centres) == 0:
        raise ValueError(
            f"samples and centres need shapes (n, d) and (modes, d), but have {samples.shape} and {centres.shape}."
        )
    if not radius > 0:
        raise ValueError(f"radius must be above 0, but is {radius!r}.")
    if len(samples) == 0:
        return 0.0
    distances = np.linalg.norm(samples[:, None] - centres, axis=2)
    return float(((distances <= radius).sum(axis=0) >= minimum).mean())
