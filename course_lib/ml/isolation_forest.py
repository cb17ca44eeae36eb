"""Isolation forest: a row that few random cuts can separate from all others is an anomaly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from course_lib.core.detector import Detector
from course_lib.core.parameters import check_whole
from course_lib.core.preprocessing import fit_scaling
from course_lib.core.runtime import draw_seed, resolve_device
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.ml.isolation_trees import Trees, Walk, average_path_length, grow

GROW_BYTES = 2**27  # of samples held at once while trees grow
# Of each table while rows walk. The CPU's stay in its cache, and below the size from which torch splits one operation
# among threads: whole blocks go to threads instead, which need not wait for each other after every step.
BLOCK_BYTES = {"cpu": 2**18 - 1, "cuda": 2**28, "mps": 2**26}
VALUE_BYTES = {"cpu": 2**24, "cuda": 2**30, "mps": 2**28}  # of the values that the cuts of a block are compared with
FARTHEST = 1e30  # in ranges of the training data; beyond it every cut is passed anyway, and float32 would overflow


class IsolationForest(Detector):
    """Mean path length over trees of random axis-parallel cuts, as the score 2 ** (-E[h(x)] / c(psi)) between 0 and 1.

    A tree takes `max_samples` rows without replacement and cuts them at random places of random columns until each
    row is alone. Columns are brought to the range 0 to 1 of the training rows before, which changes no path but keeps
    the digits of columns with a large offset in float32. Columns that are constant in a node are never cut.

    Parameters
    ----------
    n_estimators : int, default 100
        Trees.
    max_samples : int, default 256
        Rows of a tree, psi; all rows where there are fewer.
    device : str, default "auto"
    random_state : int, optional
        Random numbers are drawn on the CPU: the same seed gives the same forest on each kind of device, up to rounding.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    max_samples_ : int
        Rows that a tree really took.
    column_, cut_, path_length_ : ndarray, shape (n_estimators, 2 ** depth)
        The trees; see :mod:`course_lib.ml.isolation_trees` for their layout.
    shift_, scale_ : ndarray, shape (n_features,)
        Cuts are compared with ``(X - shift_) / scale_``.

    References
    ----------
    Liu, Ting and Zhou, 2008, Isolation Forest.
    """

    def __init__(
        self,
        n_estimators: int = 100,
        max_samples: int = 256,
        device: str = "auto",
        random_state: int | None = None,
        threshold: ThresholdRule | None = None,
    ):
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.device = device
        self.random_state = random_state
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        for name, least in (("n_estimators", 1), ("max_samples", 2)):
            check_whole(name, getattr(self, name), least)
        device = resolve_device(self.device)
        rng = np.random.default_rng(draw_seed(self.random_state))
        self.max_samples_ = min(int(self.max_samples), len(X))
        self.shift_, self.scale_ = fit_scaling(X, "minmax")
        picks = [rng.choice(len(X), self.max_samples_, replace=False) for _ in range(self.n_estimators)]
        at_once = max(1, GROW_BYTES // (4 * self.max_samples_ * X.shape[1]))
        grown: list[Trees] = []
        for start in range(0, len(picks), at_once):
            samples = self._scaled(X[np.stack(picks[start : start + at_once])], device)
            # So many short steps: threads would wait for each other longer than they save.
            with threadpool_limits(1, user_api="openmp"):
                grown.append(self._grow(samples, rng, sum(len(trees.directions) for trees in grown)))
        self.column_, self.cut_, self.path_length_ = (
            np.concatenate([trees[table].cpu().numpy() for trees in grown]) for table in range(3)
        )
        drawn = [trees.directions.cpu().numpy() for trees in grown if len(trees.directions)]
        self._keep(np.concatenate(drawn) if drawn else np.empty(0))

    def _grow(self, samples: torch.Tensor, rng: np.random.Generator, drawn: int) -> Trees:
        """One tree on each sample; `drawn` directions exist already."""

        def draw_cuts(low: torch.Tensor, high: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            varies = high > low
            u = torch.as_tensor(rng.random((2, len(low)), dtype=np.float32), device=low.device)
            # The k-th of the columns that vary, each as likely as the others.
            count = varies.sum(dim=1)
            k = torch.minimum((u[0] * count).long(), count - 1)
            feature = (varies.cumsum(dim=1) <= k[:, None]).sum(dim=1)
            below, above = (side.gather(1, feature[:, None])[:, 0] for side in (low, high))
            cuts = below + u[1] * (above - below)
            # Rounding may lift a cut to the largest value, which would leave nothing on the right.
            return feature, torch.where(cuts < above, cuts, below)

        return grow(samples, draw_cuts, lambda rows, feature: rows.gather(1, feature[:, None])[:, 0])

    def _keep(self, directions: np.ndarray) -> None:
        """Store what `_values` needs besides the trees: here the features stand in the trees themselves."""

    def _values(self, rows: torch.Tensor) -> torch.Tensor:
        """What the cuts are compared with, for scaled rows (n, k): shape (n_columns, n)."""
        return rows.T.contiguous()

    def _scaled(self, X: np.ndarray, device: torch.device) -> torch.Tensor:
        """Rows in ranges of the training data, as float32 on the device; scaled in float64 before."""
        where = "cpu" if device.type == "mps" else device  # Apple's GPUs have no float64
        arrays = (
            np.require(a, requirements="W") for a in (X, self.shift_, self.scale_)
        )  # torch wants no read-only ones
        rows, shift, scale = (torch.as_tensor(a, device=where).double() for a in arrays)
        return rows.sub(shift).div_(scale).clamp_(-FARTHEST, FARTHEST).to(device, torch.float32)

    def _blocks(self, X: np.ndarray) -> Iterator[torch.Tensor]:
        """Path lengths of one block of rows after the other, each of shape (n_trees, rows); the next overwrites it."""
        device = resolve_device(self.device)
        column, cut, length = (torch.as_tensor(a, device=device) for a in (self.column_, self.cut_, self.path_length_))
        trees = Trees(column, cut, length, directions=cut.new_empty(0))
        n_columns = int(self.column_.max()) + 1
        fits = BLOCK_BYTES[device.type] // (8 * len(trees.cut)), VALUE_BYTES[device.type] // (4 * n_columns)
        rows = max(1, min(*fits, len(X)))
        walk = Walk(trees, rows)
        for start in range(0, len(X), rows):
            block = self._scaled(X[start : start + rows], device)
            if len(block) < rows:
                walk = Walk(trees, len(block))
            yield walk.path_lengths(self._values(block))

    def _of_each_block(self, X: np.ndarray, summarise: Callable[[torch.Tensor], np.ndarray]) -> np.ndarray:
        """What `summarise` makes of the path lengths of each block of rows, one after the other."""
        on_cpu = resolve_device(self.device).type == "cpu"
        parts = np.array_split(X, min(torch.get_num_threads() if on_cpu else 1, -(-len(X) // 1000)))
        with ThreadPoolExecutor(len(parts)) as pool:
            return np.concatenate(list(pool.map(lambda part: _join(map(summarise, self._blocks(part))), parts)))

    def path_lengths(self, X: Any) -> np.ndarray:
        """Cuts that each tree needs to isolate each row, with c(n) added for rows left together.

        Parameters
        ----------
        X : array-like, shape (n, n_features)

        Returns
        -------
        ndarray of float32, shape (n, n_estimators)
        """
        check_is_fitted(self)
        return self._of_each_block(check_rows(self, X, reset=False), lambda lengths: lengths.T.cpu().numpy().copy())

    def _score(self, X: np.ndarray) -> np.ndarray:
        # Summed in float64: the score of a row must not depend on which rows share its block.
        total = self._of_each_block(X, _sum)
        return 2.0 ** (-total / len(self.cut_) / average_path_length(self.max_samples_))


def _join(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(arrays))


def _sum(lengths: torch.Tensor) -> np.ndarray:
    kind = torch.float32 if lengths.device.type == "mps" else torch.float64  # Apple's GPUs have no float64
    return lengths.sum(dim=0, dtype=kind).cpu().double().numpy()
