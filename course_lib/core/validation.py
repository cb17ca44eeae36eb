"""Turn whatever a learner passes as data into a checked float array, or say in one sentence why that fails."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data


def to_numpy(values: Any) -> Any:
    """Bring a tensor from any device to NumPy; leave everything else as it is (torch is not imported for this)."""
    if not hasattr(values, "detach"):
        return values
    if getattr(values, "is_sparse", False):
        raise TypeError("Sparse tensors are not supported: pass a dense one, tensor.to_dense().")
    values = values.detach().cpu()
    # NumPy has no bfloat16; float32 holds all of its values.
    return (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()


def check_rows(detector: Any, X: Any, *, reset: bool, min_rows: int = 1) -> np.ndarray:
    """Validate `X` for `detector` and return it as an array of floats.

    Parameters
    ----------
    detector : Detector
        Its ``n_features_in_`` (and names, when `X` is a DataFrame) are set if `reset`, else compared.
    X : array-like, DataFrame or tensor, shape (n, n_features)
    reset : bool
        True in ``fit``, False afterwards.
    min_rows : int
        Fewer rows are refused.

    Returns
    -------
    ndarray of float32 or float64, shape (n, n_features)

    Raises
    ------
    ValueError, TypeError
        One sentence: wrong rank, too few rows, wrong width, NaN, infinity, text, complex or sparse data.
    """
    name = type(detector).__name__
    try:
        X = to_numpy(X)
        array = validate_data(
            detector,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
            ensure_min_samples=min_rows,
        )
    except (ValueError, TypeError) as error:
        raise type(error)(_one_sentence(error, X, name)) from None
    _refuse_non_finite(array, name)
    return array


def _one_sentence(error: Exception, X: Any, name: str) -> str:
    """scikit-learn's messages run over many lines: keep what is wrong, add what to do where it is not obvious."""
    message = str(error)
    if "could not convert string" in message or "dtype='numeric'" in message:
        return f"{name} needs numbers, but X holds text ({message.splitlines()[0].rstrip('.')}): encode it first."
    if "Reshape your data" in message:
        shape = np.shape(X)
        return (
            f"{name} needs a table of shape (n, n_features), but X has shape {shape}. Reshape your data: "
            "X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one row."
        )
    if "array with dim" in message:
        return f"{name} needs a table of shape (n, n_features), but X has shape {np.shape(X)}: flatten each row first."
    if message.startswith("Complex data not supported"):
        return (
            f"Complex data not supported: {name} needs real numbers, so pass real and imaginary part as two features."
        )
    if message.startswith("The feature names should match"):
        lines = message.splitlines()
        what = " ".join(line.strip("- ") for line in lines[1:]).strip().rstrip(".")
        return f"{lines[0].rstrip('.')} ({what}): pass the same columns in the same order."
    if "argument must be" in message:
        return f"{name} needs numbers, but X holds other objects ({message}): turn them into numbers first."
    if "inhomogeneous shape" in message:
        return f"{name} needs a table of shape (n, n_features), but the rows of X differ in length: make them equal."
    first = message.splitlines()[0]
    return first if first.endswith(".") else f"{first}."


def _refuse_non_finite(array: np.ndarray, name: str) -> None:
    # A sum is finite exactly when all values are (up to overflow), and much cheaper than looking at each value.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(array)
    if not bad.any():
        return
    row, column = (int(i) for i in np.argwhere(bad)[0])
    kind = "NaN" if np.isnan(array[row, column]) else "inf"
    raise ValueError(
        f"X contains {kind} (first in row {row}, column {column}; {int(bad.sum())} of {array.size} values are not "
        f"finite) and {name} cannot work with it: drop those rows or impute them first."
    )


def check_labels(y: Any, n: int, name: str = "y") -> np.ndarray:
    """Return labels as ints of shape (n,), 1 = anomaly and 0 = normal, or raise a ValueError about `name`."""
    array = np.asarray(to_numpy(y))
    if array.shape != (n,):
        raise ValueError(f"{name} needs shape ({n},), one label for each sample, but has shape {array.shape}.")
    if not np.isin(array, (0, 1)).all():
        found = sorted(set(array.tolist()), key=str)[:5]
        raise ValueError(f"{name} needs labels 0 (normal) and 1 (anomaly), but holds {found}: recode them first.")
    return array.astype(int)


def check_scores(scores: Any) -> np.ndarray:
    """Return scores as a finite float array of shape (n,) with n >= 1, or raise ValueError."""
    try:
        array = np.asarray(to_numpy(scores), dtype=float)
    except (ValueError, TypeError):
        raise ValueError("scores need shape (n,) and real numbers, but hold text, objects or uneven rows.") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"scores need shape (n,) with at least one value, but have shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(
            f"scores must be finite, but {int((~np.isfinite(array)).sum())} of {array.size} are NaN or inf."
        )
    return array
