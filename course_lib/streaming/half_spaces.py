"""The trees behind half-space trees: how they are drawn, where an event falls, and what the counts are worth."""

from __future__ import annotations

import numpy as np

# A cut leaves at least this share of the box on either side.
PADDING = 0.15


def draw_trees(
    low: np.ndarray, high: np.ndarray, n_trees: int, height: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `n_trees` complete trees over the box from `low` to `high`, both of shape (n_features,).

    A node cuts one feature, drawn in proportion to how much of that feature's range its box still spans, at a place
    drawn uniformly but for `PADDING`. (River's trees are drawn in the same way, where all limits are alike.)

    Returns
    -------
    features, cuts : ndarray of int and of float, shape (n_trees, 2**height)
        In heap order; entry 0 is not used.
    """
    d, size = len(low), 1 << height
    features, cuts = np.zeros((n_trees, size), dtype=np.int64), np.zeros((n_trees, size))
    # The boxes of one level of all trees, at first the whole space.
    lows, highs = np.tile(low, (n_trees, 1, 1)), np.tile(high, (n_trees, 1, 1))
    for level in range(height):
        nodes = 1 << level
        share = np.cumsum((highs - lows) / (high - low), axis=2)
        drawn = generator.random((n_trees, nodes, 1)) * share[:, :, -1:]
        feature = np.minimum((share <= drawn).sum(axis=2), d - 1)[:, :, None]
        a, b = np.take_along_axis(lows, feature, 2), np.take_along_axis(highs, feature, 2)
        cut = a + (b - a) * generator.uniform(PADDING, 1 - PADDING, (n_trees, nodes, 1))
        features[:, nodes : 2 * nodes], cuts[:, nodes : 2 * nodes] = feature[:, :, 0], cut[:, :, 0]
        lows, highs = np.repeat(lows, 2, axis=1), np.repeat(highs, 2, axis=1)
        np.put_along_axis(highs[:, 0::2], feature, cut, 2)
        np.put_along_axis(lows[:, 1::2], feature, cut, 2)
    return features, cuts


def walk(X: np.ndarray, features: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Number of the smallest box, from 0 on, that each row of `X` falls into in each tree: shape (n, n_trees)."""
    n, d = X.shape
    n_trees, size = features.shape
    values, asked, cut = np.ascontiguousarray(X).ravel(), features.ravel(), cuts.ravel()
    first = np.arange(n_trees) * size
    row = (np.arange(n) * d)[:, None]
    node = np.ones((n, n_trees), dtype=np.int64) + first
    for _ in range(size.bit_length() - 1):
        right = values.take(asked.take(node) + row) >= cut.take(node)
        node = 2 * node - first + right
    # After the last level the numbers run past the inner nodes, from `size` to twice `size`.
    return node - first - size


def walk_with_gaps(row: np.ndarray, counts: np.ndarray, features: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """The smallest box of each tree, shape (n_trees,), for one event with missing features.

    A missing feature does not decide: the way goes to the half that holds more of the `counts` in the smallest boxes,
    shape (n_trees, 2**height), and to the first if both hold as many.
    """
    result = np.empty(len(counts), dtype=np.int64)
    for tree, held in enumerate(counts):
        node, low, size = 1, 0, len(held)
        while size > 1:
            size //= 2
            value = row[features[tree, node]]
            if value != value:
                right = bool(held[low : low + size].sum() < held[low + size : low + 2 * size].sum())
            else:
                right = bool(value >= cuts[tree, node])
            node = 2 * node + right
            low += size * right
        result[tree] = low
    return result


def counts_of_all(leaves: np.ndarray) -> np.ndarray:
    """Counts in all nodes, shape (n_trees, 2**(height + 1)), from those in the smallest boxes."""
    n_trees, size = leaves.shape
    counts = np.zeros((n_trees, 2 * size), dtype=np.int64)
    counts[:, size:] = leaves
    while size > 1:
        size //= 2
        counts[:, size : 2 * size] = counts[:, 2 * size : 4 * size].reshape(n_trees, size, 2).sum(axis=2)
    return counts


def collected(reference: np.ndarray, small: float) -> np.ndarray:
    """What an event collects in each tree if it ends in this smallest box, shape (n_trees, 2**height)."""
    value, stopped = reference[:, 1:2].copy(), reference[:, 1:2] < small
    for level in range(1, reference.shape[1].bit_length() - 1):
        counts = reference[:, 1 << level : 2 << level]
        stopped = np.repeat(stopped, 2, axis=1)
        value = np.repeat(value, 2, axis=1) + np.where(stopped, 0, counts << level)
        stopped |= counts < small
    return value
