"""Trees of random cuts: all trees of a forest are grown together, one level at a time, and walked together.

A tree of depth L is stored as a full binary tree: slot 1 is the root, the children of slot i are 2 i (value <= cut) and
2 i + 1 (value > cut), and slots 2**L to 2**(L + 1) - 1 are the ends. A branch that stops early is carried on to the
left, with a cut of infinity, so that every row takes the same number of steps: no branching, no recursion, and a GPU
does not mind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

# Boxes of m nodes to cut, low and high of shape (m, k) -> directions, (m,) columns or (m, k) normals, and cuts (m,).
DrawCuts = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
# Rows (n, k) and the direction of each -> their values (n,), to be compared with the cut.
Project = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Trees(NamedTuple):
    """A forest in three tables, and the directions that were drawn for it.

    column : int64, shape (n_trees, 2**L): which value a slot looks at (the feature, or the number of the direction).
    cut : float32, shape (n_trees, 2**L): a larger value goes right; infinite where nothing is cut.
    path_length : float32, shape (n_trees, 2**L): of the ends, the estimate for rows that stayed together included.
    directions : shape (m,) or (m, k): in the order in which they were drawn, level by level.
    """

    column: torch.Tensor
    cut: torch.Tensor
    path_length: torch.Tensor
    directions: torch.Tensor


def average_path_length(n: Any) -> np.ndarray:
    """The mean number of cuts that isolate one of `n` rows, c(n) = 2 (ln(n - 1) + 0.5772...) - 2 (n - 1) / n.

    The logarithm stands for the harmonic number; c(2) = 1 exactly, and c(0) = c(1) = 0.

    Parameters
    ----------
    n : array-like of int, any shape

    Returns
    -------
    ndarray of float64, of the same shape

    References
    ----------
    Liu, Ting and Zhou, 2008, Isolation Forest, equation 1.
    """
    n = np.asarray(n, dtype=float)
    more = np.maximum(n, 3)
    return np.where(n < 2, 0.0, np.where(n == 2, 1.0, 2 * (np.log(more - 1) + np.euler_gamma) - 2 * (more - 1) / more))


def grow(samples: torch.Tensor, draw_cuts: DrawCuts, project: Project, first: int = 0) -> Trees:
    """Grow one tree on each sample, until every row is alone, equal to its neighbours, or ceil(log2(psi)) cuts deep.

    Parameters
    ----------
    samples : tensor, shape (n_trees, psi, k)
    draw_cuts, project : callable
        How to cut boxes, and how to bring rows to the cuts; see the types above.
    first : int
        The number of the first direction, where directions are normals.

    Returns
    -------
    Trees
    """
    n_trees, psi, width = samples.shape
    depth, device = int(np.ceil(np.log2(psi))), samples.device
    rows = samples.reshape(-1, width)
    node = torch.arange(n_trees, device=device).repeat_interleave(psi)  # numbered within a level, tree after tree
    steps = torch.zeros(n_trees, device=device)  # cuts on the way to each node of the level
    column = torch.zeros(n_trees, 2**depth, dtype=torch.int64, device=device)
    cut = torch.full((n_trees, 2**depth), torch.inf, device=device)
    drawn: list[torch.Tensor] = []
    for level in range(depth):
        low, high = _boxes(rows, node, len(steps))
        split = (high > low).any(dim=1).nonzero()[:, 0]
        right = torch.zeros_like(node)
        if len(split):
            directions, cuts = draw_cuts(low[split], high[split])
            count = torch.arange(len(split), device=device)
            names = directions if directions.ndim == 1 else first + count
            place = (split // 2**level, 2**level + split % 2**level)  # tree and slot
            column[place], cut[place] = names, cuts
            of_node = torch.full_like(steps, -1, dtype=torch.int64)
            of_node[split] = count
            mine = of_node[node]
            right = ((project(rows, directions[mine]) > cuts[mine]) & (mine >= 0)).long()
            steps[split] += 1
            first += len(split)
            drawn.append(directions)
        node = 2 * node + right
        steps = steps.repeat_interleave(2)
    together = torch.bincount(node, minlength=len(steps)).cpu().numpy()
    rest = torch.as_tensor(average_path_length(together), dtype=torch.float32, device=device)
    return Trees(column, cut, (steps + rest).view(n_trees, -1), torch.cat(drawn) if drawn else samples.new_empty(0))


def _boxes(rows: torch.Tensor, node: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Smallest and largest value of each column among the rows of each node, both of shape (count, k)."""
    shape, into = (count, rows.shape[1]), node[:, None].expand_as(rows)
    low = rows.new_full(shape, torch.inf).scatter_reduce_(0, into, rows, "amin")
    return low, rows.new_full(shape, -torch.inf).scatter_reduce_(0, into, rows, "amax")


class Walk:
    """Send blocks of rows down all trees at once, in memory that is taken once.

    Parameters
    ----------
    trees : Trees
    n_rows : int
        Rows in a block.
    """

    def __init__(self, trees: Trees, n_rows: int):
        n_trees, device = len(trees.cut), trees.cut.device
        self.trees = trees
        self.depth = int(trees.cut.shape[1]).bit_length() - 1
        self.start = trees.column * n_rows  # where a column begins in the flat block
        self.row = torch.arange(n_rows, device=device)
        self.slot, self.place = (torch.empty(n_trees, n_rows, dtype=torch.int64, device=device) for _ in range(2))
        self.value, self.limit = (torch.empty(n_trees, n_rows, device=device) for _ in range(2))

    def path_lengths(self, values: torch.Tensor) -> torch.Tensor:
        """Path length of each row in each tree.

        Parameters
        ----------
        values : float32 tensor, shape (n_columns, n_rows)
            What the cuts are compared with, row after row of one column.

        Returns
        -------
        tensor, shape (n_trees, n_rows)
            Overwritten by the next call.
        """
        flat = values.reshape(1, -1).expand(len(self.slot), -1)
        self.slot.fill_(1)
        for _ in range(self.depth):
            torch.gather(self.start, 1, self.slot, out=self.place).add_(self.row)
            torch.gather(flat, 1, self.place, out=self.value)
            torch.gather(self.trees.cut, 1, self.slot, out=self.limit)
            torch.gt(self.value, self.limit, out=self.place)  # 1 for right, 0 for left
            torch.add(self.place, self.slot, alpha=2, out=self.slot)
        self.slot.sub_(2**self.depth)
        return torch.gather(self.trees.path_length, 1, self.slot, out=self.value)
