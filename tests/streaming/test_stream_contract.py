"""What every detector of a stream promises, whatever it computes."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from course_lib import streaming
from course_lib.streaming import (
    Guarded,
    HalfSpaceTrees,
    OnlineAutoencoder,
    OnlineForecast,
    OnlineKMeans,
    OnlineMahalanobis,
    OnlineRobustZScore,
    OnlineZScore,
    RandomCutForest,
    RollingQuantileThreshold,
    StreamingDetector,
)

DETECTORS = [
    OnlineZScore(),
    OnlineZScore(alpha=0.02),
    OnlineRobustZScore(window=50, every=7),
    OnlineMahalanobis(),
    OnlineMahalanobis(alpha=0.02, every=8),
    OnlineKMeans(n_clusters=4, random_state=0),
    OnlineKMeans(n_clusters=3, batch_size=1, memory=50, random_state=0),
    HalfSpaceTrees(n_trees=5, height=5, window_size=60, random_state=0),
    HalfSpaceTrees(n_trees=5, height=5, window_size=60, limits=(-4.0, 4.0), random_state=0),
    RandomCutForest(n_trees=3, window_size=20, random_state=0),
    RandomCutForest(n_trees=3, window_size=20, shingle=3, random_state=0),
    OnlineForecast(warm_up=20),
    OnlineAutoencoder(hidden_sizes=(6,), latent_size=1, batch_size=16, warm_up=60, random_state=0),
    Guarded(OnlineZScore(alpha=0.02), RollingQuantileThreshold(window=100, warm_up=30, margin=1.5, patience=20)),
]
each = pytest.mark.parametrize("pattern", DETECTORS, ids=lambda one: str(one).replace("\n", "")[:60])


def stream(n=220, d=3, missing=0.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    X[:, -1] = X[:, 0] + 0.3 * X[:, -1]
    X[rng.random(X.shape) < missing] = np.nan
    return X


def in_a_loop(detector, X):
    scores = []
    for row in X.tolist():
        scores.append(detector.score_one(row))
        detector.learn_one(row)
    return np.array(scores)


def memory(detector):
    arrays, info = detector.to_state()
    return {name: array.tobytes() for name, array in arrays.items()}, json.dumps(info, sort_keys=True)


@each
@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("d", [1, 3])
def test_a_block_gives_the_bits_of_the_loop(pattern, missing, d):
    X = stream(d=d, missing=missing)
    looped, blocked = clone(pattern), clone(pattern)
    one_by_one = in_a_loop(looped, X)
    many = np.concatenate([blocked.score_learn_many(part) for part in np.split(X, [1, 3, 65, 66, 150])])
    np.testing.assert_array_equal(many, one_by_one)
    assert np.isfinite(many).all()
    assert len(np.unique(many)) > 40
    assert blocked.n_seen_ == looped.n_seen_ == len(X)
    # And both go on alike.
    np.testing.assert_array_equal(looped.score_many(X[:50]), [blocked.score_one(row) for row in X[:50].tolist()])


@each
def test_scoring_changes_nothing(pattern):
    X = stream(missing=0.02)
    detector = clone(pattern)
    assert detector.score_one(X[0]) == 0.0
    assert detector.n_features_in_ == 0
    detector.learn_many(X[:150])
    before = memory(detector)
    first = detector.score_many(X[150:])
    np.testing.assert_array_equal([detector.score_one(row) for row in X[150:]], first)
    assert memory(detector) == before


@each
def test_saved_in_the_middle_it_goes_on_with_identical_scores(pattern, tmp_path):
    X = stream(missing=0.02)
    detector = clone(pattern)
    detector.learn_many(X[:97])
    detector.save(tmp_path / "detector.safetensors")
    loaded = streaming.load(tmp_path / "detector.safetensors")
    assert type(loaded) is type(pattern)
    assert str(loaded.get_params()) == str(pattern.get_params())
    assert memory(loaded) == memory(detector)
    np.testing.assert_array_equal(loaded.score_learn_many(X[97:]), detector.score_learn_many(X[97:]))
    assert type(pattern).load(tmp_path / "detector.safetensors").n_seen_ == 97


@each
def test_clones_know_nothing_and_seeds_decide(pattern):
    X = stream()
    detector = clone(pattern)
    scores = detector.score_learn_many(X)
    fresh = detector.clone()
    assert fresh.n_seen_ == 0
    np.testing.assert_array_equal(fresh.score_learn_many(X), scores)
    np.testing.assert_array_equal(detector.reset().score_learn_many(X), scores)
    copy, before = detector.clone(include_attributes=True), memory(detector)
    assert copy.n_seen_ == len(X)
    copy.learn_many(X[:40])
    assert memory(detector) == before
    if "random_state" in pattern.get_params():
        assert not np.array_equal(pattern.clone({"random_state": 1}).score_learn_many(X), scores)


@each
def test_rows_mappings_and_frames_are_the_same_stream(pattern):
    X, names = stream(120), ["a", "b", "c"]
    expected = clone(pattern).score_learn_many(X)
    mappings = [dict(zip(reversed(names), row[::-1], strict=True)) for row in X.tolist()]
    detector = clone(pattern)
    np.testing.assert_array_equal([detector.score_learn_one(x) for x in mappings], expected)
    assert detector.feature_names_ == names
    np.testing.assert_array_equal(clone(pattern).score_learn_many(mappings), expected)
    frame = pd.DataFrame(X, columns=names)
    np.testing.assert_array_equal(clone(pattern).score_learn_many(frame), expected)
    detector = clone(pattern)
    detector.learn_many(frame[:60])
    np.testing.assert_array_equal(detector.score_learn_many(frame[60:][["c", "a", "b"]]), expected[60:])
    for kind in (tuple, np.array, lambda row: np.float32(1) * np.array(row)):
        assert clone(pattern).score_learn_one(kind(X[0].tolist())) == 0.0


@each
def test_absent_none_and_nan_all_mean_missing(pattern):
    X = stream(150)
    detector = clone(pattern)
    detector.learn_many(pd.DataFrame(X, columns=["a", "b", "c"]))
    full = {"a": 0.5, "b": 9.0, "c": 0.5}
    scores = {detector.score_one({**full, "b": value}) for value in (None, np.nan)}
    scores.add(detector.score_one({"a": 0.5, "c": 0.5}))
    assert len(scores) == 1
    assert scores.pop() < detector.score_one(full)
    assert np.isfinite(detector.score_one({}))


@each
def test_a_bad_event_is_refused_in_one_sentence_and_leaves_no_trace(pattern, refuses):
    detector = clone(pattern)
    X = stream(100)
    detector.learn_many(X)
    before = memory(detector)
    name = type(pattern).__name__
    with refuses(f"{name} has learnt events of 3 features, but this one has 2."):
        detector.learn_one([1.0, 2.0])
    with refuses("is infinite"):
        detector.score_one([1.0, np.inf, 2.0])
    with refuses("needs numbers, but value 1 of the event is '2'", TypeError):
        detector.learn_one([1.0, "2", 3.0])
    with refuses("use the _many form"):
        detector.score_one(X[:2])
    with refuses("pass a row, not a mapping", TypeError):
        detector.learn_one({"a": 1.0, "b": 2.0, "c": 3.0})
    with refuses("X has 2 columns"):
        detector.score_learn_many(X[:, :2])
    with refuses("X contains inf (first in row 3, column 1)"):
        detector.score_learn_many(np.where(np.arange(300).reshape(100, 3) == 10, np.inf, X))
    with refuses("table of numbers", TypeError):
        detector.score_learn_many([["a", "b", "c"]])
    assert memory(detector) == before
    named = clone(pattern)
    named.learn_one({"a": 1.0, "b": 2.0, "c": 3.0})
    with refuses("does not know 'd'"):
        named.score_one({"a": 1.0, "b": 2.0, "d": 3.0})
    with refuses("without features"):
        clone(pattern).learn_one([])


@each
def test_degenerate_streams_give_finite_scores(pattern):
    rng = np.random.default_rng(1)
    constant = np.full((80, 2), 7.0)
    huge = rng.normal(size=(80, 2)) * 1e12 + 1e15
    tiny = rng.normal(size=(80, 2)) * 1e-200
    for X in (constant, np.zeros((80, 2)), huge, tiny, np.repeat(rng.normal(size=(3, 2)), 27, axis=0)):
        detector = clone(pattern)
        scores = detector.score_learn_many(X)
        assert np.isfinite(scores).all()
        assert np.isfinite(detector.score_one([1.0, -1e9]))
    assert np.isfinite(detector.score_one([np.nan, np.nan]))


@each
def test_what_is_far_out_scores_highest(pattern):
    X = stream(220)
    detector = clone(pattern)
    usual = detector.score_learn_many(X)[150:]
    if type(pattern) is not HalfSpaceTrees:
        assert detector.score_one([25.0, -25.0, 25.0]) > usual.max()
    else:  # its scores have a ceiling, which an ordinary event can reach
        assert detector.score_one([25.0, -25.0, 25.0]) >= np.quantile(usual, 0.95)


def test_an_empty_block_and_a_single_number():
    detector = OnlineZScore(warm_up=2)
    assert detector.score_learn_many(np.empty((0, 3))).shape == (0,)
    assert detector.n_features_in_ == 0
    for value in (1.0, 2, np.float32(3.0)):
        detector.learn_one(value)
    assert detector.n_features_in_ == 1
    assert detector.score_one(2.0) == 0.0
    assert detector.score_one(12.0) == pytest.approx(10 / np.std([1, 2, 3]))
    np.testing.assert_allclose(detector.score_learn_many([2.0, 2.0]), 0.0)


@pytest.mark.parametrize(
    ("detector", "fragment"),
    [
        (OnlineZScore(alpha=0.0), "alpha must lie above 0"),
        (OnlineZScore(warm_up=1), "warm_up must be a whole number of at least 2, but is 1."),
        (OnlineKMeans(n_clusters=0), "n_clusters must be a whole number"),
        (HalfSpaceTrees(height=30), "height must be at most 20"),
        (HalfSpaceTrees(limits=(1, 0)), "limits need a lower and a higher number"),
        (HalfSpaceTrees(limits={"x": (0, 1)}), "the events have no names"),
        (RandomCutForest(window_size=1), "window_size must be a whole number"),
        (RandomCutForest(random_state=-1), "random_state must be None or"),
        (OnlineAutoencoder(learning_rate=0), "learning_rate must be a number above 0"),
        (OnlineRobustZScore(window=True), "window must be a whole number"),
        (Guarded(OnlineZScore(), RollingQuantileThreshold(guard=False)), "needs a threshold with its guard on"),
    ],
)
def test_parameters_out_of_range_are_refused_before_anything_is_learnt(detector, fragment, refuses):
    with refuses(fragment):
        detector.learn_one([0.1, 0.2])
    assert detector.n_seen_ == 0
    assert detector.n_features_in_ == 0
    assert detector.score_one([0.1, 0.2]) == 0.0


def test_files_from_elsewhere_are_refused(tmp_path, refuses):
    detector = OnlineZScore()
    detector.learn_many(stream(20))
    arrays, info = detector.to_state()
    evil = copy.deepcopy(info)
    evil["model"]["online"] = "os:system"
    with refuses("which is not part of course_lib.streaming"):
        StreamingDetector.from_state(arrays, evil)
    evil["model"]["online"] = "course_lib.streaming.rows:clean_row"
    with refuses("does not learn from a stream"):
        StreamingDetector.from_state(arrays, evil)
    evil["model"]["online"] = "course_lib.streaming.z_score:Nothing"
    with refuses("which this version of the course does not have"):
        StreamingDetector.from_state(arrays, evil)
    with refuses("holds a OnlineZScore, not a HalfSpaceTrees"):
        HalfSpaceTrees.from_state(arrays, info)
    with refuses("no stream model of format 1"):
        OnlineZScore.from_state({}, {"format": 2})
    with pytest.raises(FileNotFoundError):
        streaming.load(tmp_path / "nothing")


def test_importing_the_package_stays_light():
    import subprocess
    import sys

    code = (
        "import sys, course_lib.streaming as s; print(sorted({'numpy', 'torch', 'river'} & set(sys.modules)));"
        "s.OnlineAutoencoder(); s.HalfSpaceTrees(); print(sorted({'torch', 'river'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]
    assert set(streaming.__all__) <= set(dir(streaming))
    for name in streaming.__all__:
        assert getattr(streaming, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Batch'"):
        _ = streaming.Batch
