"""Random cut trees, all trees of a forest side by side: a point goes in, a point comes out, a point is judged."""

from __future__ import annotations

import numpy as np

from course_lib.streaming.online import Online

NOBODY = -1


class CutTrees(Online):
    """Random cut trees over the same points, each with cuts of its own, as arrays with one row a tree.

    A node is a number: below `capacity` the leaf of the point in that slot, from there on an inner node. Each knows its
    parent, how many points lie below it, and the smallest box around them; an inner node also its two children and its
    cut: points with ``x[feature] <= cut`` lie below the left child.

    Parameters
    ----------
    n_trees, capacity, d : int
        Trees, most points at a time, and features.
    """

    def __init__(self, n_trees: int, capacity: int, d: int) -> None:
        nodes = 2 * capacity
        self.n_trees, self.capacity, self.d = n_trees, capacity, d
        self.parent = np.full((n_trees, nodes), NOBODY)
        self.left, self.right = np.full((n_trees, nodes), NOBODY), np.full((n_trees, nodes), NOBODY)
        self.feature, self.cut = np.zeros((n_trees, nodes), dtype=np.int64), np.zeros((n_trees, nodes))
        self.count = np.zeros((n_trees, nodes), dtype=np.int64)
        self.low, self.high = np.zeros((n_trees, nodes, d)), np.zeros((n_trees, nodes, d))
        self.root = np.full(n_trees, NOBODY)
        # Numbers for inner nodes. A tree with m points uses the first m - 1 of its row; the next one is free.
        self.numbers = np.tile(np.arange(capacity, nodes), (n_trees, 1))
        self.held = 0

    def insert(self, slot: int, x: np.ndarray, generator: np.random.Generator) -> None:
        """Put the point `x`, shape (d,), into the free leaf `slot` of every tree.

        From the root down: draw a cut through the box around the node and the point, each feature in proportion to its
        side. If it parts the point from the box, both become children of a new node; else the node keeps its own cut,
        and the point goes on to the child on its side. So the tree is drawn as if the point had been there from the
        beginning (Guha and others, theorem 4). A point equal to all points of a box joins them.
        """
        trees = np.arange(len(self.root))
        self.low[:, slot], self.high[:, slot], self.count[:, slot] = x, x, 1
        self.held += 1
        if self.held == 1:
            self.root[:], self.parent[:, slot] = slot, NOBODY
            return
        node = self.root.copy()
        while len(trees):
            low, high = self.low[trees, node], self.high[trees, node]
            wide_low, wide_high = np.minimum(low, x), np.maximum(high, x)
            reach = np.cumsum(wide_high - wide_low, axis=1)
            drawn = generator.random(len(self.root))[trees] * reach[:, -1]
            drawn = np.minimum(drawn, np.nextafter(reach[:, -1], 0.0))
            feature = np.minimum((reach <= drawn[:, None]).sum(axis=1), len(x) - 1)
            rows = np.arange(len(trees))
            cut = wide_high[rows, feature] - (reach[rows, feature] - drawn)
            # A box without extent is parted from another point by every cut, if rounding does not move it to the upper.
            wrong = (low == high).all(axis=1) & (cut >= wide_high[rows, feature])
            cut[wrong] = wide_low[rows, feature][wrong]
            on_left = x[feature] <= cut
            parted = np.where(on_left, cut < low[rows, feature], cut >= high[rows, feature]) | (reach[:, -1] == 0)
            if parted.any():
                self._graft(trees[parted], node[parted], slot, feature[parted], cut[parted], on_left[parted])
            stay = ~parted
            trees, node = trees[stay], node[stay]
            self.low[trees, node], self.high[trees, node] = wide_low[stay], wide_high[stay]
            self.count[trees, node] += 1
            node = self._towards(trees, node, x)

    def _towards(self, trees: np.ndarray, node: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The child on the side of `x`."""
        on_left = x[self.feature[trees, node]] <= self.cut[trees, node]
        return np.where(on_left, self.left[trees, node], self.right[trees, node])

    def _graft(
        self, trees: np.ndarray, node: np.ndarray, slot: int, feature: np.ndarray, cut: np.ndarray, on_left: np.ndarray
    ) -> None:
        """A new node in the place of `node`, with `node` and the leaf `slot` as its children."""
        new, above = self.numbers[trees, self.held - 2], self.parent[trees, node]
        self.left[trees, new] = np.where(on_left, slot, node)
        self.right[trees, new] = np.where(on_left, node, slot)
        self.feature[trees, new], self.cut[trees, new] = feature, cut
        self.count[trees, new] = self.count[trees, node] + 1
        self.low[trees, new] = np.minimum(self.low[trees, node], self.low[trees, slot])
        self.high[trees, new] = np.maximum(self.high[trees, node], self.high[trees, slot])
        self._replace(trees, above, node, new)
        self.parent[trees, node] = self.parent[trees, slot] = new

    def _replace(self, trees: np.ndarray, above: np.ndarray, old: np.ndarray, new: np.ndarray) -> None:
        """`new` becomes the child of `above` that `old` was, or the root."""
        self.parent[trees, new] = above
        top = above == NOBODY
        self.root[trees[top]] = new[top]
        trees, above, old, new = trees[~top], above[~top], old[~top], new[~top]
        was_left = self.left[trees, above] == old
        self.left[trees[was_left], above[was_left]] = new[was_left]
        self.right[trees[~was_left], above[~was_left]] = new[~was_left]

    def remove(self, slot: int) -> None:
        """Take the point in leaf `slot` out of every tree: its sibling moves up into its parent's place."""
        trees = np.arange(len(self.root))
        self.held -= 1
        if self.held == 0:
            self.root[:] = NOBODY
            return
        parent = self.parent[:, slot]
        other = np.where(self.left[trees, parent] == slot, self.right[trees, parent], self.left[trees, parent])
        node = self.parent[trees, parent]
        self._replace(trees, node, parent, other)
        self.numbers[:, self.held - 1] = parent
        climbing = node != NOBODY
        trees, node = trees[climbing], node[climbing]
        while len(trees):
            left, right = self.left[trees, node], self.right[trees, node]
            self.low[trees, node] = np.minimum(self.low[trees, left], self.low[trees, right])
            self.high[trees, node] = np.maximum(self.high[trees, left], self.high[trees, right])
            self.count[trees, node] -= 1
            node = self.parent[trees, node]
            climbing = node != NOBODY
            trees, node = trees[climbing], node[climbing]

    def displacement(self, x: np.ndarray) -> np.ndarray:
        """Expected collusive displacement of `x` in each tree if it were inserted now, shape (n_trees,).

        Were `x` to become the sibling of a node with m points, taking `x` out again would move m points one level up,
        and taking out `x` together with the s points beside it below some ancestor would move those on the ancestor's
        other side, m' of them: m' / (s + 1) for each point taken. The collusive displacement is the largest of these.
        Its mean over all places at which the cut might part `x` is found on one way down, without inserting anything.
        """
        n_trees = len(self.root)
        expected = np.zeros(n_trees)
        trees, node = np.arange(n_trees), self.root.copy()
        open_share, above = np.ones(n_trees), np.zeros(n_trees)
        while len(trees):
            low, high = self.low[trees, node], self.high[trees, node]
            outside = (np.maximum(low - x, 0.0) + np.maximum(x - high, 0.0)).sum(axis=1)
            whole = outside + (high - low).sum(axis=1)
            joins = whole == 0
            parts = np.where(joins, 0.0, outside / np.where(joins, 1.0, whole))
            here = np.where(joins, above, np.maximum(above, self.count[trees, node]))
            expected[trees] += open_share * np.where(joins, 1.0, parts) * here
            stay = ~joins & (parts < 1.0)
            trees, node, above = trees[stay], node[stay], above[stay]
            open_share = (open_share * (1.0 - parts))[stay]
            child = self._towards(trees, node, x)
            inside = self.count[trees, child]
            above = np.maximum(above, (self.count[trees, node] - inside) / (inside + 1))
            node = child
        return expected
