"""Assertions that teach: each failure is a sentence about the learner's value, never the answer itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.checks.outcome import CheckFailed


def rng() -> np.random.Generator:
    """Random inputs for one check, fresh at every call, so that no answer can be learnt by heart.

    The environment variable ``COURSE_CHECK_SEED`` fixes them, which makes a failure reproducible. Ask for
    one generator per check: with the variable set, a second one repeats the first.
    """
    seed = os.environ.get("COURSE_CHECK_SEED")
    return np.random.default_rng(int(seed) if seed else None)


def describe(value: Any) -> str:
    """What a value is, in a few words: its kind and shape, and numbers only where they are single ones."""
    if isinstance(value, (bool, int, float, np.generic)):
        return f"the value {value}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        kind = "a tensor" if hasattr(value, "detach") else "an array"
        return f"{kind} of shape {tuple(value.shape)} and type {value.dtype}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"an object of type {type(value).__name__}"


def as_array(value: Any) -> np.ndarray:
    """A learner's value as a NumPy array of numbers: lists, scalars and tensors on any device are welcome.

    Raises
    ------
    CheckFailed
        If it does not hold numbers, or rows of unequal length.
    """
    value = _plain(value)
    if isinstance(value, (list, tuple)):
        value = [as_array(item) if hasattr(item, "detach") else item for item in value]
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise CheckFailed(f"Numbers are expected here, and {describe(value)} came.")
    return array


def expect(condition: Any, message: str) -> None:
    """Fail with `message` unless `condition` holds."""
    if not condition:
        raise CheckFailed(message)


def expect_type(value: Any, kinds: type | tuple[type, ...], hint: str) -> None:
    """Fail with `hint` (what is wanted, what usually goes wrong) unless `value` is of one of these types."""
    if not isinstance(value, kinds):
        raise CheckFailed(f"You returned {describe(value)}: {hint}")


def expect_shape(value: Any, shape: Sequence[int], hint: str) -> np.ndarray:
    """Fail unless the value has this shape, else give it back as an array; `hint` names the usual mistake."""
    array = as_array(value)
    if array.shape != tuple(shape):
        raise CheckFailed(f"Shape {tuple(shape)} is expected, and {_came(array)}: {hint}")
    return array


def expect_finite(value: Any, hint: str) -> np.ndarray:
    """Fail if the value holds NaN or infinity, else give it as an array; `hint` names the usual mistake."""
    array = as_array(value)
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise CheckFailed(f"{bad} of {array.size} values {'is' if bad == 1 else 'are'} NaN or infinite: {hint}")
    return array


def expect_close(
    value: Any,
    expected: ArrayLike,
    what: str,
    mistakes: Sequence[tuple[ArrayLike | Callable[[], ArrayLike], str]] = (),
    rtol: float = 1e-4,
    atol: float = 1e-7,
    otherwise: str = "",
) -> np.ndarray:
    """Fail unless `value` equals `expected`; recognise known wrong recipes by their result on the same input.

    Parameters
    ----------
    value : array-like, tensor or number
        What the learner's function returned.
    expected : array-like
        The right result for the same input.
    what : str
        Name of the quantity, for the general message, for example ``"The threshold"``.
    mistakes : sequence of (wrong value or callable without arguments, message)
        The first wrong value that `value` matches decides the message.
    rtol, atol : float
        Tolerances of `numpy.isclose`.
    otherwise : str, optional
        What to say of a value that matches no mistake, instead of the place and size of its first deviation.

    Returns
    -------
    ndarray
        The learner's value as an array.

    Raises
    ------
    CheckFailed
        With the recognised mistake's message, or with the size of the deviation.
    """
    array, right = as_array(value), as_array(expected)
    if _same(array, right, rtol, atol):
        return array
    for wrong, message in mistakes:
        if _same(array, as_array(wrong() if callable(wrong) else wrong), rtol, atol):
            raise CheckFailed(message)
    expect_shape(
        array, right.shape, "each value needs its own place in the result." if right.ndim else "return one number."
    )
    if np.isfinite(right).all():
        expect_finite(array, f"{what} must be a number everywhere.")
    expect(not otherwise, otherwise)
    off = ~np.isclose(array, right, rtol=rtol, atol=atol)
    gap = np.abs(array.astype(float) - right.astype(float))
    if array.ndim == 0:
        raise CheckFailed(f"{what} is too {'large' if array > right else 'small'}, by about {gap:.1g}.")
    first = tuple(int(i) for i in np.argwhere(off)[0])
    place = first[0] if len(first) == 1 else first
    count, verb = int(off.sum()), "is" if off.sum() == 1 else "are"
    amount = "" if right.dtype.kind == "b" else f", by up to about {gap[off].max():.1g}"
    raise CheckFailed(
        f"{what}: {count} of {off.size} values {verb} wrong{amount}; the first wrong one is at position {place}."
    )


@contextlib.contextmanager
def expect_unchanged(*inputs: Any) -> Iterator[None]:
    """Fail if the block changes one of these arrays or tensors in place; other objects are not looked at."""
    watched = [value for value in inputs if hasattr(value, "detach") or isinstance(value, np.ndarray)]
    before = [np.array(_plain(value), copy=True) for value in watched]
    yield
    for value, old in zip(watched, before, strict=True):
        if not np.array_equal(_plain(value), old, equal_nan=old.dtype.kind == "f"):
            raise CheckFailed(
                f"Your function changes its input in place ({describe(value)}): the caller still needs it, "
                "so work on a copy."
            )


def _plain(value: Any) -> Any:
    """A tensor on any device as an array; anything else as it is."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _same(array: np.ndarray, other: np.ndarray, rtol: float, atol: float) -> bool:
    """Whether two arrays have one shape and close values."""
    return array.shape == other.shape and np.allclose(array, other, rtol=rtol, atol=atol, equal_nan=True)


def _came(array: np.ndarray) -> str:
    """The shape that came, in words."""
    return f"shape {array.shape} came" if array.ndim else "a single number came"
