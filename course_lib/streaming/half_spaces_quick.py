"""One event through all half-space trees at once, by a few searches and whole-number operations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def exit_tables(
    reference: np.ndarray, features: np.ndarray, cuts: np.ndarray, small: float
) -> tuple[list[tuple[int, list[float], list[int]]], int, int, list[int], list[int]]:
    """Tables that find where an event stops in all trees at once, by a few searches and whole-number operations.

    An event stops in the first box on its way with fewer than `small` events. These stopping boxes, from the left to
    the right of one tree after the other, get one bit each. A node whose cut lies at or below the event's value closes
    all stopping boxes on its left; of those that stay open in a tree, the leftmost is where the event stops. Along one
    feature the closed boxes only grow with the value, so all nodes of a feature collapse into one sorted table.

    Returns
    -------
    tables : list of (feature, sorted cuts, bits that are open below, between and above the cuts)
    everything : int
        All bits.
    ones : int
        The first bit of each tree. Where x has a bit in every tree, ``x & ~(x - ones)`` leaves the lowest of each.
    value : list of int
        What an event collects that stops at bit i - 1, for i from 1 on.
    bit : list of int
        ``1 << (i - 1)``.

    References
    ----------
    Lucchese and others, 2015, QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression
    Trees.
    """
    n_trees, nodes = reference.shape
    height = nodes.bit_length() - 2
    levels = np.repeat(np.arange(height + 1), 1 << np.arange(height + 1))
    number = np.arange(1, nodes)
    # Leftmost smallest box below each node; all trees in one row.
    left = (number << (height - levels)) - (1 << height)
    place = left + (np.arange(n_trees) << height)[:, None]
    counts = reference[:, 1:]
    collected = counts << levels
    alive = np.ones((n_trees, nodes - 1), dtype=bool)
    for level in range(1, height + 1):
        here, above = slice((1 << level) - 1, (2 << level) - 1), slice((1 << (level - 1)) - 1, (1 << level) - 1)
        alive[:, here] = np.repeat(alive[:, above] & (counts[:, above] >= small), 2, axis=1)
        collected[:, here] += np.repeat(collected[:, above], 2, axis=1)
    inner = alive & (counts >= small) & (levels < height)
    stops = alive & ~inner
    order = np.argsort(place[stops], kind="stable")
    starts = place[stops][order]
    value = [0, *collected[stops][order].tolist()]
    bit = [0, *(1 << i for i in range(len(starts)))]
    ones = sum(1 << int(i) for i in np.searchsorted(starts, np.arange(n_trees) << height))
    everything = (1 << len(starts)) - 1
    tree, index = np.nonzero(inner)
    half = 1 << (height - levels[index] - 1)
    begin = np.searchsorted(starts, place[tree, index])
    width = np.searchsorted(starts, place[tree, index] + half) - begin
    feature, cut = features[tree, number[index]], cuts[tree, number[index]]
    order = np.lexsort((cut, feature))
    feature, cut = feature[order], cut[order].tolist()
    closed = [((1 << w) - 1) << b for w, b in zip(width[order].tolist(), begin[order].tolist(), strict=True)]
    tables: list[tuple[int, list[float], list[int]]] = []
    borders = [0, *(np.flatnonzero(np.diff(feature)) + 1).tolist(), len(cut)] if cut else [0]
    for first, last in pairwise(borders):
        open_, masks = everything, [everything]
        for bits in closed[first:last]:
            open_ &= ~bits
            masks.append(open_)
        tables.append((int(feature[first]), cut[first:last], masks))
    return tables, everything, ones, value, bit
