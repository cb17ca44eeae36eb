"""Growing and walking trees: the formula of the path length, hand-made trees, and what every grown tree must be."""

import numpy as np
import pytest
import torch

from course_lib.ml import IsolationForest
from course_lib.ml.isolation_trees import Trees, Walk, average_path_length, grow

INF = float("inf")


def test_average_path_length_has_its_closed_form():
    np.testing.assert_array_equal(average_path_length([0, 1, 2]), [0, 0, 1])
    for n in (3, 10, 256):
        assert average_path_length(n) == pytest.approx(2 * (np.log(n - 1) + 0.5772156649015329) - 2 * (n - 1) / n)
    assert average_path_length(256) == pytest.approx(10.244770920)
    assert average_path_length(np.array([[5], [256]])).shape == (2, 1)


def test_average_path_length_is_that_of_scikit_learn():
    from sklearn.ensemble._iforest import _average_path_length

    counts = np.arange(2000)
    np.testing.assert_allclose(average_path_length(counts), _average_path_length(counts), rtol=1e-12)


def test_average_path_length_is_the_mean_depth_of_fully_grown_random_trees():
    """With the exact harmonic number: simulated by the recursion that random cuts of one column obey."""
    mean = np.zeros(65)
    for n in range(2, 65):  # the cut leaves i of n rows on the left, each i equally likely in a random ordering
        mean[n] = 1 + sum(i * mean[i] + (n - i) * mean[n - i] for i in range(1, n)) / (n * (n - 1))
    exact = [2 * (1 / np.arange(1, n)).sum() - 2 * (n - 1) / n for n in (10, 64)]
    np.testing.assert_allclose([mean[10], mean[64]], exact, rtol=1e-12)
    assert average_path_length(64) == pytest.approx(mean[64], rel=0.01)


def hand_made():
    """Two trees of depth 2 over two columns.

    Tree 0: x0 <= 0.5, then on its left x1 <= 1; its right stops. Tree 1: x1 <= -1, then on its right x0 <= 2.
    """
    column = torch.tensor([[0, 0, 1, 0], [0, 1, 0, 0]])
    cut = torch.tensor([[INF, 0.5, 1.0, INF], [INF, -1.0, INF, 2.0]])
    ends = torch.tensor([[2.0, 3.0, 1.0, 9.0], [1.5, 9.0, 2.0, 4.0]])
    return Trees(column, cut, ends, torch.empty(0))


ROWS = [[0.0, 0.0], [0.0, 1.5], [0.5, 1.0], [0.6, 99.0], [3.0, -2.0]]
LENGTHS = [[2.0, 3.0, 2.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0, 1.5]]


def test_path_lengths_in_hand_made_trees():
    rows = torch.tensor(ROWS)
    np.testing.assert_array_equal(Walk(hand_made(), 5).path_lengths(rows.T.contiguous()), LENGTHS)


def test_one_walk_serves_many_blocks():
    walk = Walk(hand_made(), 1)
    for row, lengths in zip(ROWS, np.transpose(LENGTHS), strict=True):
        np.testing.assert_array_equal(walk.path_lengths(torch.tensor(row)[:, None])[:, 0], lengths)


def recursive_path(forest, tree, row, slot=1, depth=0):
    """The textbook's recursion on one tree and one row, as the layout's description has it."""
    if slot >= forest.cut_.shape[1]:
        return depth, slot - forest.cut_.shape[1]
    cut = forest.cut_[tree, slot]
    if np.isinf(cut):
        return recursive_path(forest, tree, row, 2 * slot, depth)
    right = row[forest.column_[tree, slot]] > cut
    return recursive_path(forest, tree, row, 2 * slot + int(right), depth + 1)


@pytest.mark.parametrize("max_samples", [2, 3, 37, 64, 200])
def test_grown_trees_are_trees_of_their_rows(max_samples):
    X = np.random.default_rng(0).normal(size=(200, 3)).round(1)  # ties and duplicates
    forest = IsolationForest(5, max_samples, random_state=0, device="cpu").fit(X)
    assert forest.cut_.shape == (5, 2 ** int(np.ceil(np.log2(max_samples))))
    scaled = ((X - forest.shift_) / forest.scale_).astype(np.float32)
    picks = np.random.default_rng(0)
    for tree in range(5):
        rows = scaled[picks.choice(200, max_samples, replace=False)]
        ends = np.array([recursive_path(forest, tree, row) for row in rows])
        counts = np.bincount(ends[:, 1], minlength=forest.cut_.shape[1])
        for depth, end in ends:
            assert forest.path_length_[tree, end] == pytest.approx(depth + average_path_length(counts[end]), rel=1e-6)
        together = [rows[ends[:, 1] == end] for end in np.flatnonzero(counts > 1)]
        deepest = int(np.log2(forest.cut_.shape[1]))
        for group in together:  # a group is left only if its rows are equal, or the tree is as deep as it may be
            depth = ends[(rows[:, None] == group).all(axis=2).any(axis=1)][0, 0]
            assert len(np.unique(group, axis=0)) == 1 or depth == deepest
        used = np.unique(ends[:, 1])
        assert len(used) == np.isfinite(forest.cut_[tree]).sum() + 1, "each cut has rows on both sides"


def test_path_lengths_are_those_of_the_recursion():
    X = np.random.default_rng(1).normal(size=(300, 4))
    forest = IsolationForest(7, 64, random_state=3, device="cpu").fit(X)
    new = np.random.default_rng(2).normal(size=(40, 4)) * 2
    scaled = ((new - forest.shift_) / forest.scale_).astype(np.float32)
    lengths = [[forest.path_length_[t, recursive_path(forest, t, row)[1]] for t in range(7)] for row in scaled]
    np.testing.assert_array_equal(forest.path_lengths(new), lengths)
    expected = 2 ** (-np.mean(lengths, axis=1) / average_path_length(64))
    np.testing.assert_allclose(forest.decision_function(new), expected, rtol=1e-6)


def test_rows_on_a_cut_grow_on_the_side_to_which_they_walk():
    rows = torch.tensor([[[0.0], [0.0], [1.0]]])
    trees = grow(rows, lambda low, high: (torch.zeros(len(low), dtype=torch.int64), low[:, 0]), lambda X, _: X[:, 0])
    lengths = Walk(trees, 3).path_lengths(rows[0].T.contiguous())
    np.testing.assert_array_equal(lengths, [[2.0, 2.0, 1.0]])  # the equal two stay together: one cut, and c(2)


def test_neighbouring_floats_are_cut_apart():
    rows = np.array([[0.0], [1 - 2**-24], [1.0]])  # in float32 nothing lies between the last two
    lengths = IsolationForest(50, device="cpu", random_state=0).fit(rows).path_lengths(rows)
    np.testing.assert_array_equal(lengths, np.tile([[1.0], [2.0], [2.0]], 50))


def test_cuts_are_uniform_between_the_smallest_and_largest_value():
    X = np.array([[0.0, 0.0], [1.0, 0.0]])
    forest = IsolationForest(4000, 2, random_state=0, device="cpu").fit(X)
    roots = forest.cut_[:, 1]
    assert (forest.column_[:, 1] == 0).all(), "a constant column is never cut"
    np.testing.assert_allclose(np.quantile(roots, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.03)
    assert roots.min() >= 0
    assert roots.max() < 1


def test_each_varying_column_is_as_likely_as_the_others():
    X = np.c_[np.random.default_rng(0).normal(size=(50, 2)), np.ones(50), np.random.default_rng(1).random(50)]
    forest = IsolationForest(3000, 50, random_state=1, device="cpu").fit(X)
    share = np.bincount(forest.column_[:, 1], minlength=4) / 3000
    np.testing.assert_allclose(share, [1 / 3, 1 / 3, 0, 1 / 3], atol=0.03)
