"""A score as explainers call it: by tensors, in pieces, and on rows that mix a row with the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch


class ArrayScore:
    """A function from float64 rows (n, d) to scores (n,), called with tensors.

    Parameters
    ----------
    function : callable
    name : str
        For messages.
    n_features : int or None
        The width that the function asks for, if it is known.
    """

    numbers_at_once = 8_000_000

    def __init__(self, function: Callable[[np.ndarray], Any], name: str, n_features: int | None = None):
        self.function = function
        self.name = name
        self.n_features = n_features

    @property
    def rows_at_once(self) -> int:
        """Many: forests and neighbour searches have a high cost for each call."""
        return 65_536

    def rows(self, X: np.ndarray) -> torch.Tensor:
        """Rows (n, d) as :meth:`of` takes them."""
        return torch.from_numpy(np.array(X, dtype=np.float64, order="C"))  # a copy: functions may write into theirs

    def piece(self, width: int) -> int:
        """How many rows of `width` numbers to score at once."""
        return max(1, min(self.rows_at_once, self.numbers_at_once // width))

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """Finite scores of some rows, float64 on the processor, shape (n,)."""
        scores = [self._piece_of(piece) for piece in rows.split(self.piece(rows.shape[1]))]
        return self._finite(torch.cat(scores).cpu().double())  # in this order: Apple's GPUs have no float64

    def worth(self, taken: torch.Tensor, rows: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
        """Mean score over the background of rows whose other features are the background's.

        Parameters
        ----------
        taken : bool tensor, shape (a, d)
            Which features come from the row.
        rows, background : tensors, shapes (b, d) and (m, d)

        Returns
        -------
        float64 tensor on the processor, shape (a, b)
        """
        mixed = torch.where(taken[:, None, None], rows[:, None], background)
        return self.of(mixed.view(-1, rows.shape[1])).view(len(taken), len(rows), -1).mean(dim=2)

    def worths(
        self, groups: Sequence[torch.Tensor], rows: torch.Tensor, background: torch.Tensor
    ) -> Iterable[torch.Tensor]:
        """:meth:`worth` of groups of coalitions, bool tensors (a, d), in their order."""
        return (self.worth(taken, rows, background) for taken in groups)

    def _finite(self, scores: torch.Tensor) -> torch.Tensor:
        if not torch.isfinite(scores).all():
            raise FloatingPointError(
                f"{self.name} gave {int((~torch.isfinite(scores)).sum())} scores that are not finite: explanations mix "
                "values of the rows with values of the background, so the score must be finite there too."
            )
        return scores

    def _piece_of(self, rows: torch.Tensor) -> torch.Tensor:
        scores = np.asarray(self.function(rows.numpy()), dtype=np.float64)
        if scores.shape != (len(rows),):
            raise ValueError(
                f"{self.name} must give one score for each row, shape ({len(rows)},), but gave shape {scores.shape}."
            )
        return torch.from_numpy(scores)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Scores of rows (n, d) in the units of the data: float64, shape (n,)."""
        return self.of(self.rows(X)).numpy()
