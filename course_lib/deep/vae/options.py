"""The ranges of the parameters that variational autoencoders add."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.deep.vae.network import DECODERS
from course_lib.deep.vae.scores import SCORES

WHOLE = (int, np.integer)
NUMBER = (int, float, np.number)


def check_options(detector: Any, **instead: Any) -> None:
    """Raise a ValueError that names the first option of `detector` out of range; `instead` takes the place of some."""
    value = {name: instead.get(name, getattr(detector, name)) for name in RULES}
    for name, (holds, wanted) in RULES.items():
        if not holds(value[name]):
            raise ValueError(f"{name} must be {wanted}, but is {value[name]!r}.")


RULES = {
    "latent_size": (lambda v: isinstance(v, WHOLE) and v >= 1, "a whole number of at least 1"),
    "beta": (lambda v: isinstance(v, NUMBER) and v >= 0, "at least 0"),
    "decoder": (lambda v: v in DECODERS, f"one of {', '.join(DECODERS)}"),
    "scoring": (lambda v: v in SCORES, f"one of {', '.join(SCORES)}"),
    "n_samples": (lambda v: isinstance(v, WHOLE) and v >= 1, "a whole number of at least 1"),
    "annealing": (lambda v: isinstance(v, WHOLE) and v >= 0, "a whole number of epochs, 0 for none"),
    "free_bits": (lambda v: isinstance(v, NUMBER) and v >= 0, "at least 0"),
}


def check_chances(X: np.ndarray, scaling: str | None) -> None:
    """Raise a ValueError unless the scaled rows of `X` are chances from 0 to 1, which a Bernoulli decoder needs."""
    if scaling == "minmax":
        return
    if scaling is not None:
        raise ValueError(
            f"decoder='bernoulli' needs values from 0 to 1, which scaling={scaling!r} does not give: "
            "pass scaling='minmax', or scaling=None for values that lie there already, or decoder='gaussian'."
        )
    low, high = X.min(), X.max()
    if low < 0 or high > 1:
        raise ValueError(
            f"decoder='bernoulli' needs values from 0 to 1, but X runs from {low:.4g} to {high:.4g}: "
            "pass scaling='minmax' or decoder='gaussian'."
        )
