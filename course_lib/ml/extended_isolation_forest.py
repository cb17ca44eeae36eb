"""Extended isolation forest: cuts at random angles, which leave no axis-parallel ghosts in the score map."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.core.thresholds import ThresholdRule
from course_lib.ml.isolation_forest import IsolationForest
from course_lib.ml.isolation_trees import Trees, grow


class ExtendedIsolationForest(IsolationForest):
    """Isolation forest whose cuts are random hyperplanes: a Gaussian normal, through a random point of the node's box.

    A hyperplane makes one new column, X @ normal, and the tree cuts that column: so the trees are stored and walked as
    those of :class:`IsolationForest`. Columns are brought to the range 0 to 1 of the training rows first, because a
    slanted cut adds them up: without that the column with the largest numbers would decide alone.

    Parameters
    ----------
    n_estimators : int, default 100
    max_samples : int, default 256
    extension_level : int, optional
        Columns that a hyperplane may lean on beyond one: 0 gives axis-parallel cuts; by default all of them.
    device : str, default "auto"
    random_state : int, optional
    threshold : ThresholdRule, optional

    Attributes
    ----------
    normals_ : ndarray, shape (n_hyperplanes, n_features)
        The other attributes are those of :class:`IsolationForest`.

    References
    ----------
    Hariri, Carrasco Kind and Brunner, 2019, Extended Isolation Forest.
    """

    def __init__(
        self,
        n_estimators: int = 100,
        max_samples: int = 256,
        extension_level: int | None = None,
        device: str = "auto",
        random_state: int | None = None,
        threshold: ThresholdRule | None = None,
    ):
        super().__init__(n_estimators, max_samples, device, random_state, threshold)
        self.extension_level = extension_level

    def _fit(self, X: np.ndarray) -> None:
        most, level = X.shape[1] - 1, self.extension_level
        whole = isinstance(level, (int, np.integer)) and not isinstance(level, bool)
        if level is not None and not (whole and 0 <= level <= most):
            raise ValueError(
                f"extension_level must be None or a whole number from 0 to the number of features - 1 = {most}, "
                f"but is {level!r}."
            )
        self._leans_on = most + 1 if level is None else int(level) + 1
        super()._fit(X)

    def _grow(self, samples: torch.Tensor, rng: np.random.Generator, drawn: int) -> Trees:
        def draw_cuts(low: torch.Tensor, high: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            shape = tuple(low.shape)
            drawn_normals = rng.standard_normal(shape, dtype=np.float32)
            # Constant columns stay out: a hyperplane that leans on nothing else would cut nothing.
            varies = (high > low).cpu().numpy()
            chance = np.where(varies, rng.random(shape, dtype=np.float32), 2)
            rank = chance.argsort(axis=1).argsort(axis=1)
            normals = torch.as_tensor(np.where(varies & (rank < self._leans_on), drawn_normals, 0), device=low.device)
            points = low + torch.as_tensor(rng.random(shape, dtype=np.float32), device=low.device) * (high - low)
            return normals, (normals * points).sum(dim=1)

        return grow(samples, draw_cuts, lambda rows, normals: (rows * normals).sum(dim=1), first=drawn)

    def _keep(self, directions: np.ndarray) -> None:
        # Rows all equal: nothing was cut. One plane that leans on nothing keeps the tables in order.
        self.normals_ = directions if directions.size else np.zeros((1, self.n_features_in_), dtype=np.float32)

    def _values(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.normals_, device=rows.device) @ rows.T
