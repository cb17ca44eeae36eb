"""Random cut trees against slow references: displacement by its definition, trees by their distribution."""

import numpy as np
import pytest

from course_lib.streaming import RandomCutForest
from course_lib.streaming.cut_trees import CutTrees


def leaves_below(trees, tree, node):
    if node < trees.capacity:
        return {int(node)}
    return leaves_below(trees, tree, trees.left[tree, node]) | leaves_below(trees, tree, trees.right[tree, node])


def shape_of(trees, tree, node=None):
    """A tree as nested sets of leaves, without its cuts."""
    node = trees.root[tree] if node is None else node
    if node < trees.capacity:
        return int(node)
    return frozenset(shape_of(trees, tree, child) for child in (trees.left[tree, node], trees.right[tree, node]))


def depths(shape, depth=0):
    if isinstance(shape, int):
        return {shape: depth}
    found = {}
    for part in shape:
        found.update(depths(part, depth + 1))
    return found


def without(shape, gone):
    """The tree after its leaves `gone` have been taken out, None if nothing is left."""
    if isinstance(shape, int):
        return None if shape in gone else shape
    left = [part for part in (without(child, gone) for child in shape) if part is not None]
    return left[0] if len(left) == 1 else frozenset(left) if left else None


def displacement_by_definition(shape, point):
    """Largest mean displacement over all parts of the tree that hold the point: what leaves, how far others move up."""
    before, part, best = depths(shape), shape, 0.0
    while not isinstance(part, int):
        part = next(child for child in part if point in depths(child))
        gone = set(depths(part))
        rest = without(shape, gone)
        best = max(best, sum(before[leaf] - depth for leaf, depth in depths(rest).items()) / len(gone))
    return best


def check_integrity(trees, tree, points, slots):
    def visit(node):
        if node < trees.capacity:
            assert trees.count[tree, node] == 1
            return {int(node)}
        left, right = trees.left[tree, node], trees.right[tree, node]
        assert trees.parent[tree, left] == trees.parent[tree, right] == node
        below = visit(left), visit(right)
        together = points[sorted(below[0] | below[1])]
        np.testing.assert_array_equal(trees.low[tree, node], together.min(axis=0))
        np.testing.assert_array_equal(trees.high[tree, node], together.max(axis=0))
        assert trees.count[tree, node] == len(together)
        feature, cut = trees.feature[tree, node], trees.cut[tree, node]
        if (together.max(axis=0) > together.min(axis=0)).any():
            assert (points[sorted(below[0]), feature] <= cut).all()
            assert (points[sorted(below[1]), feature] > cut).all()
        return below[0] | below[1]

    assert visit(trees.root[tree]) == set(slots)


@pytest.mark.parametrize("ties", [False, True])
def test_insertions_and_removals_keep_every_tree_whole(ties):
    rng = np.random.default_rng(0)
    trees, points, held = CutTrees(5, 12, 2), np.zeros((12, 2)), []
    for _ in range(150):
        if len(held) == 12 or (held and rng.random() < 0.3):
            slot = held.pop(int(rng.integers(len(held))))
            trees.remove(slot)
            free = slot if rng.random() < 0.7 else next(other for other in range(12) if other not in held)
        else:
            free = next((slot for slot in range(12) if slot not in held), None)
        if free is not None and rng.random() < 0.8:
            points[free] = rng.integers(0, 3, 2) + 1e-16 * rng.integers(0, 9) if ties else rng.normal(size=2)
            trees.insert(free, points[free], rng)
            held.append(free)
        if held:
            for tree in range(5):
                check_integrity(trees, tree, points, held)
        assert trees.held == len(held)
    assert len({shape_of(trees, tree) for tree in range(5)}) > 1 or ties


def test_a_tree_with_insertions_is_distributed_like_a_tree_drawn_at_once():
    """All shapes over four points, drawn top-down from scratch, against ours after insertions and removals."""
    points = np.array([[0.0, 0.0], [1.0, 0.2], [0.1, 2.0], [5.0, 1.0]])
    rng, n = np.random.default_rng(1), 4000

    def drawn(members):
        if len(members) == 1:
            return members[0]
        own = points[members]
        sides = own.max(axis=0) - own.min(axis=0)
        feature = rng.choice(2, p=sides / sides.sum())
        cut = rng.uniform(own[:, feature].min(), own[:, feature].max())
        left = [member for member in members if points[member, feature] <= cut]
        return frozenset([drawn(left), drawn([member for member in members if member not in left])])

    expected: dict = {}
    for _ in range(n):
        shape = drawn([0, 1, 2, 3])
        expected[shape] = expected.get(shape, 0) + 1
    trees = CutTrees(n, 6, 2)
    for slot, x in ((0, points[0]), (4, np.array([3.0, 3.0])), (1, points[1]), (2, points[2])):
        trees.insert(slot, x, rng)
    trees.remove(4)
    trees.insert(3, points[3], rng)
    found: dict = {}
    for tree in range(n):
        shape = shape_of(trees, tree)
        found[shape] = found.get(shape, 0) + 1
    assert set(found) <= set(expected) | {shape for shape, count in found.items() if count < 10}
    for shape, count in expected.items():
        spread = 5 * np.sqrt(2 * max(count, 5))
        assert abs(found.get(shape, 0) - count) < spread, shape


def test_displacement_is_what_its_definition_says():
    """Expected over the place of insertion: by putting the point in many times, and counting how far others move."""
    rng = np.random.default_rng(2)
    points = rng.normal(size=(6, 2))
    forest = CutTrees(1, 8, 2)
    for slot, x in enumerate(points):
        forest.insert(slot, x, rng)
    for x in (np.array([0.3, -0.2]), np.array([4.0, 4.0])):
        expected = forest.displacement(x)[0]
        found = []
        for _ in range(600):
            forest.insert(6, x, rng)
            found.append(displacement_by_definition(shape_of(forest, 0), 6))
            forest.remove(6)
        assert expected == pytest.approx(np.mean(found), abs=4 * np.std(found) / np.sqrt(600) + 1e-9)
    assert expected > 3  # far out: nearly all six move up


def test_a_missing_feature_is_given_the_mean_of_the_window():
    forest = RandomCutForest(n_trees=2, window_size=5, random_state=0)
    forest.learn_many([[0.0, 99.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 1.0], [5.0, 9.0]])
    forest.learn_one([7.0, None])
    assert forest.points_[1].tolist() == [7.0, 2.0]  # of the five before it, the oldest left later


def test_a_point_equal_to_others_joins_them():
    rng = np.random.default_rng(3)
    forest = CutTrees(20, 16, 2)
    for slot in range(10):
        forest.insert(slot, np.array([1.0, 1.0]), rng)
    np.testing.assert_array_equal(forest.displacement(np.array([1.0, 1.0])), 0.0)
    np.testing.assert_array_equal(forest.displacement(np.array([1.0, 2.0])), 10.0)
    for slot in range(10, 13):
        forest.insert(slot, np.array([3.0, 3.0]), rng)
    # Together with its three doubles: ten would move for each of four.
    np.testing.assert_allclose(forest.displacement(np.array([3.0, 3.0])), 10 / 4)
    for slot in range(10):
        forest.remove(slot)
    np.testing.assert_array_equal(forest.displacement(np.array([3.0, 3.0])), 0.0)


def test_the_forest_forgets_and_looks_at_shapes():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(0, 0.1, 120), rng.normal(5, 0.1, 120)])
    scores = RandomCutForest(n_trees=10, window_size=60, random_state=0).score_learn_many(values)
    assert scores[120] > 20  # a new level, and sixty events later the usual one
    assert np.median(scores[200:]) < 5 < np.median(scores[120:130])
    wave = np.sin(np.arange(300) * 2 * np.pi / 20)
    wave[250:255] = wave[250]  # values that are all ordinary
    single = RandomCutForest(n_trees=10, window_size=100, random_state=0).score_learn_many(wave)
    shingled = RandomCutForest(n_trees=10, window_size=100, shingle=8, random_state=0).score_learn_many(wave)
    assert single[250:262].max() < single[150:250].max() + 1
    assert shingled[252:262].max() > 1.8 * shingled[150:250].max()
    assert (shingled[:7] == 0).all()
