"""The ranges of the parameters that all deep detectors share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from course_lib.deep.training import DeepDetector


def check_parameters(detector: DeepDetector, n_rows: int) -> None:
    """Raise a ValueError that names the first parameter out of range, before anything is trained."""

    def require(ok: bool, name: str, wanted: str) -> None:
        if not ok:
            raise ValueError(f"{name} must be {wanted}, but is {getattr(detector, name)!r}.")

    whole = (int, np.integer)
    require(isinstance(detector.epochs, whole) and detector.epochs >= 1, "epochs", "a whole number of at least 1")
    require(
        isinstance(detector.batch_size, whole) and detector.batch_size >= 1,
        "batch_size",
        "a whole number of at least 1",
    )
    number = (int, float, np.number)
    require(isinstance(detector.learning_rate, number) and detector.learning_rate > 0, "learning_rate", "above 0")
    require(isinstance(detector.weight_decay, number) and detector.weight_decay >= 0, "weight_decay", "at least 0")
    require(
        isinstance(detector.validation_share, number) and 0 <= detector.validation_share < 1,
        "validation_share",
        "at least 0 and below 1",
    )
    require(
        detector.patience is None or (isinstance(detector.patience, whole) and detector.patience >= 1),
        "patience",
        "None or a whole number of at least 1",
    )
    if detector.patience is not None and int(n_rows * detector.validation_share) == 0:
        raise ValueError(
            f"patience needs held-out rows to watch, but a validation_share of {detector.validation_share} "
            f"of {n_rows} rows holds none out: raise it or set patience=None."
        )
    if detector.resume and not detector.checkpoint:
        raise ValueError("resume=True needs the file to go on from: set checkpoint to its path.")
