"""Which coalitions KernelSHAP plays, and how much each counts."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

LISTED = 20_000  # subsets that are listed to draw from; of more, few are drawn twice


def choose_coalitions(n_players: int, n_coalitions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coalitions in complementary pairs, all different, with their weights in the regression.

    The Shapley kernel gives all coalitions of size s together the mass ``(d - 1) / (s (d - s))``. The sizes 1 and
    d - 1 are played in full; the others share what is left by their mass, in full where it suffices, else by a draw
    without replacement, whose coalitions carry the mass of their size in equal parts.

    Parameters
    ----------
    n_players : int
        At least 2.
    n_coalitions : int
        At least ``min(2 * n_players, 2**n_players - 2)``; an odd number is rounded down.
    rng : Generator

    Returns
    -------
    masks : ndarray of bool, shape (n, n_players)
    weights : ndarray, shape (n,)
    """
    d = n_players
    sizes = np.arange(1, d // 2 + 1)
    middle = 2 * sizes == d  # a complement has the same size: half as many pairs, half the mass
    pairs = np.array([comb(d, size) for size in sizes.tolist()], dtype=object) // np.where(middle, 2, 1)
    mass = (d - 1) / (sizes * (d - sizes)) * np.where(middle, 1, 2)
    counts = _allocate(pairs, mass, n_coalitions // 2)
    masks, weights = [], []
    for size, count, total in zip(sizes.tolist(), counts, mass, strict=True):
        if count:
            drawn = _draw_halves(d, size, count, rng)
            masks += [drawn, ~drawn]
            weights.append(np.full(2 * count, total / (2 * count)))
    return np.concatenate(masks), np.concatenate(weights)


def _allocate(pairs: np.ndarray, mass: np.ndarray, budget: int) -> list[int]:
    """Pairs to play of each size: all of size 1, then by mass, never more than there are."""
    counts = [0] * len(pairs)
    full = [0]
    while full:
        for index in full:
            counts[index] = int(pairs[index])
        left = budget - sum(counts)
        open_ = [index for index, count in enumerate(counts) if not count]
        if left <= 0 or not open_:
            return counts
        share = left * mass[open_] / mass[open_].sum()
        full = [index for index, part in zip(open_, share, strict=True) if part >= pairs[index]]
    whole = np.floor(share).astype(int)
    whole[np.argsort(whole - share, kind="stable")[: left - whole.sum()]] += 1  # the largest remainders
    for index, count in zip(open_, whole.tolist(), strict=True):
        counts[index] = min(count, int(pairs[index]))
    return counts


def _draw_halves(d: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` different coalitions of `size` players, no two complementary, as masks (count, d)."""
    if 2 * size == d:  # one of each pair holds the first player
        rest = _draw(d - 1, size - 1, count, rng)
        return np.concatenate([np.ones((count, 1), dtype=bool), rest], axis=1)
    return _draw(d, size, count, rng)


def _draw(d: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` different subsets of `size` out of `d`, as masks (count, d), each subset equally likely."""
    number = comb(d, size)
    if number <= max(LISTED, 2 * count):
        members = np.array(list(combinations(range(d), size)), dtype=int).reshape(number, size)
        members = members if count == number else members[rng.choice(number, count, replace=False)]
    else:
        seen: dict[bytes, np.ndarray] = {}
        while len(seen) < count:
            for subset in np.sort(rng.random((count, d)).argpartition(size, axis=1)[:, :size], axis=1):
                seen.setdefault(subset.tobytes(), subset)
        members = np.array(list(seen.values())[:count])
    masks = np.zeros((count, d), dtype=bool)
    np.put_along_axis(masks, members, True, axis=1)
    return masks
