"""Half-space trees: the same scores as river's on the same trees, and trees drawn as they should be."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.streaming import HalfSpaceTrees
from course_lib.streaming.half_spaces import PADDING, draw_trees, walk
from course_lib.streaming.half_spaces_quick import exit_tables

NAMES = ["a", "b", "c"]


def as_rivers(ours):
    """River's forest with the trees of ours, all counts at zero."""
    from river import anomaly
    from river.tree.padded import PaddedBranch, PaddedLeaf

    def subtree(tree, node, height):
        if height == 0:
            return PaddedLeaf(l_mass=0, r_mass=0)
        children = (subtree(tree, 2 * node + side, height - 1) for side in (0, 1))
        feature, cut = NAMES[ours.features_[tree, node]], float(ours.cuts_[tree, node])
        return PaddedBranch(*children, feature=feature, threshold=cut, l_mass=0, r_mass=0)

    theirs = anomaly.HalfSpaceTrees(ours.n_trees, ours.height, ours.window_size)
    theirs.trees = [subtree(tree, 1, ours.height) for tree in range(ours.n_trees)]
    theirs._tree_nodes = [list(tree.iter_dfs()) for tree in theirs.trees]
    return theirs


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize(("n_trees", "height", "window"), [(10, 8, 250), (3, 4, 50), (1, 1, 20)])
def test_scores_are_rivers_on_the_same_trees(n_trees, height, window, missing):
    pytest.importorskip("river", reason="river is in the extra 'dev'")
    rng = np.random.default_rng(0)
    X = rng.normal(0.5, 0.2, size=(4 * window, 3))
    X[rng.random(X.shape) < missing] = np.nan
    X[0] = 0.5
    ours = HalfSpaceTrees(n_trees, height, window, limits=(0.0, 1.0), random_state=1)
    ours.learn_one(X[0].tolist())
    theirs = as_rivers(ours)
    theirs.learn_one(dict(zip(NAMES, X[0].tolist(), strict=True)))
    expected = []
    for row in X[1:].tolist():
        x = {name: value for name, value in zip(NAMES, row, strict=True) if value == value}
        expected.append(theirs.score_one(x))
        theirs.learn_one(x)
    np.testing.assert_allclose(ours.score_learn_many(X[1:]), expected, rtol=0, atol=1e-12)
    assert len(set(expected[window:])) > 2 * n_trees
    for row in X[:50].tolist():  # and one by one, from the tables
        x = {name: value for name, value in zip(NAMES, row, strict=True) if value == value}
        assert ours.score_one(row) == pytest.approx(theirs.score_one(x), abs=1e-12)


def test_trees_are_drawn_inside_their_boxes():
    rng = np.random.default_rng(1)
    low, high = np.array([0.0, -100.0]), np.array([1.0, 300.0])
    features, cuts = draw_trees(low, high, 400, 3, rng)
    assert set(np.unique(features[:, 1:])) == {0, 1}
    # At the root both features are equally likely, whatever their units.
    assert np.mean(features[:, 1] == 0) == pytest.approx(0.5, abs=0.08)
    place = (cuts[:, 1] - low[features[:, 1]]) / (high - low)[features[:, 1]]
    assert PADDING <= place.min() < PADDING + 0.02
    assert 1 - PADDING - 0.02 < place.max() <= 1 - PADDING
    # A child that cuts the same feature again cuts the half it has: below for the first, above for the second.
    for child, sign in ((2, -1), (3, 1)):
        again = features[:, child] == features[:, 1]
        assert (sign * (cuts[again, child] - cuts[again, 1]) > 0).all()
        # The half of a feature that was cut is less likely to be cut again than the whole of the other.
        assert np.mean(again) == pytest.approx(1 / 3, abs=0.1)


def test_the_walk_ends_in_the_right_box():
    rng = np.random.default_rng(2)
    features, cuts = draw_trees(np.zeros(2), np.ones(2), 6, 4, rng)
    X = rng.random((200, 2))
    leaves = walk(X, features, cuts)
    for row, found in zip(X, leaves, strict=True):
        for tree in range(6):
            node = 1
            while node < 16:
                node = 2 * node + int(row[features[tree, node]] >= cuts[tree, node])
            assert node - 16 == found[tree]
    # Values beyond the limits fall into the outermost boxes, and a value on a cut into the second child.
    assert walk(np.array([[-9.0, -9.0]]), features, cuts).tolist() == [[0] * 6]
    assert walk(np.array([[9.0, 9.0]]), features, cuts).tolist() == [[15] * 6]
    on_cut = np.full((1, 2), cuts[0, 1])
    assert walk(on_cut, features, cuts)[0, 0] >= 8


def test_tables_and_walk_agree_for_a_single_crowded_box():
    features, cuts = draw_trees(np.zeros(1), np.ones(1), 2, 3, np.random.default_rng(3))
    reference = np.zeros((2, 16), dtype=np.int64)
    tables, everything, ones, value, bit = exit_tables(reference, features, cuts, small=5.0)
    assert (tables, everything, ones) == ([], 3, 3)  # empty roots: everybody stops there
    assert value == [0, 0, 0]
    assert bit == [0, 1, 2]


def test_limits_can_be_read_from_the_first_window():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(600, 2)) * [1, 1000] + [5, 1e6]
    y = np.zeros(600, dtype=int)
    y[400:600:20] = 1
    X[y == 1] += [6, 6000]
    learnt = HalfSpaceTrees(window_size=200, random_state=0)
    scores = learnt.score_learn_many(X)
    assert (scores[:200] == 0).all()
    assert auroc(y[200:], scores[200:]) > 0.97
    first = X[:200, 1]
    cuts = learnt.cuts_[:, 1:][learnt.features_[:, 1:] == 1]
    assert first.max() < cuts.max() < first.max() + 0.1 * np.ptp(first)
    assert first.min() > cuts.min() > first.min() - 0.1 * np.ptp(first)
    # With river's limits everything lies in one corner box, and all look the same.
    blind = HalfSpaceTrees(window_size=200, limits=(0.0, 1.0), random_state=0).score_learn_many(X)
    assert len(np.unique(blind[200:])) < len(np.unique(scores[200:])) / 5
    by_name = HalfSpaceTrees(window_size=200, limits={"a": (0, 10), "b": (990_000, 1_010_000)}, random_state=0)
    named = by_name.score_learn_many([{"a": a, "b": b} for a, b in X.tolist()])
    assert auroc(y[200:], named[200:]) > 0.97


def test_on_real_connections():
    from course_lib.data import DownloadError, load_adbench

    try:
        table = load_adbench("http", protocol=False, offline=True)
    except DownloadError:
        pytest.skip("real data: ADBench is not here; COURSE_DATA_DIR says where the data are")
    rows = np.random.default_rng(0).permutation(len(table.y))[:100_000]
    forest = HalfSpaceTrees(n_trees=25, window_size=1000, random_state=0)
    assert auroc(table.y[rows], forest.score_learn_many(table.X[rows])) > 0.985


def test_compiled_trees_give_the_same_bits_and_do_without_numba(monkeypatch, tmp_path):
    pytest.importorskip("numba", reason="numba is in the extra 'dev'")
    from course_lib.streaming import half_space_trees

    rng = np.random.default_rng(5)
    X = rng.normal(0.5, 0.2, size=(700, 3))
    X[rng.random(X.shape) < 0.02] = np.nan
    plain, compiled = (HalfSpaceTrees(window_size=100, random_state=0, compiled=one) for one in (False, True))
    expected = plain.score_learn_many(X)
    np.testing.assert_array_equal(compiled.score_learn_many(X), expected)
    again = compiled.clone()
    np.testing.assert_array_equal([again.score_learn_one(row) for row in X.tolist()], expected)
    compiled.save(tmp_path / "trees")
    monkeypatch.setattr(half_space_trees, "compiled_kernels", lambda: None)
    elsewhere = HalfSpaceTrees.load(tmp_path / "trees")
    np.testing.assert_array_equal(elsewhere.score_learn_many(X), plain.score_learn_many(X))
