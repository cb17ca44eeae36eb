"""Adaptive thresholds: what they promise, what the guard prevents, and how they come back after a change."""

import math

import numpy as np
import pytest

from course_lib import streaming
from course_lib.core.metrics import auroc
from course_lib.streaming import FeedbackThreshold, RollingQuantileThreshold, StreamingPeaksOverThreshold
from course_lib.streaming.tail import fit_pareto, tail_quantile

PATTERNS = [
    RollingQuantileThreshold(q=0.98, window=300, warm_up=50),
    RollingQuantileThreshold(q=0.9, window=200, warm_up=50, guard=False, margin=1.2),
    StreamingPeaksOverThreshold(risk=1e-3, level=0.95, warm_up=200),
    StreamingPeaksOverThreshold(risk=1e-3, level=0.95, warm_up=200, depth=30, patience=20),
]
each = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: str(one).replace("\n", "")[:50])


def scores(n=1500, seed=0):
    return np.random.default_rng(seed).exponential(size=n)


@each
def test_a_block_gives_what_the_loop_gives_and_saving_changes_nothing(pattern, tmp_path):
    values = np.concatenate([scores(), scores(200) + 15])
    looped, flags, limits = pattern.clone(), [], []
    for value in values.tolist():
        limits.append(looped.threshold)
        expected = looped.flag_one(value)
        flags.append(looped.update(value))
        assert flags[-1] == expected == (value > limits[-1])
    blocked = pattern.clone()
    first = blocked.update_many(values[:777])
    blocked.save(tmp_path / "threshold")
    loaded = streaming.load(tmp_path / "threshold")
    for one in (blocked, loaded):
        second = one.update_many(values[777:])
        np.testing.assert_array_equal(np.concatenate([first[0], second[0]]), flags)
        np.testing.assert_array_equal(np.concatenate([first[1], second[1]]), limits)
    assert limits[0] == math.inf
    assert pattern.clone().threshold == math.inf


def test_without_guard_the_quantile_is_the_windows():
    values = scores(600)
    threshold = RollingQuantileThreshold(q=0.95, window=100, warm_up=20, guard=False, margin=1.5)
    _, limits = threshold.update_many(values)
    for place in (20, 99, 400, 599):
        past = values[max(0, place - 100) : place]
        assert limits[place] == pytest.approx(1.5 * np.quantile(past, 0.95))
    assert (limits[:20] == math.inf).all()


@pytest.mark.parametrize("draw", ["exponential", "standard_normal", "uniform"])
def test_peaks_over_threshold_keep_to_their_risk(draw):
    values = np.abs(getattr(np.random.default_rng(1), draw)(size=40_000))
    flags, limits = StreamingPeaksOverThreshold(risk=1e-3, warm_up=1000, guard=False).update_many(values)
    assert 0.5 <= 1000 * flags[1000:].mean() <= 2.0
    assert limits[-1] == pytest.approx(np.quantile(values, 0.999), rel=0.15)


def test_the_guard_costs_some_extra_flags_but_does_not_run_away():
    values = scores(30_000, 2)
    for pattern, nominal, most in (
        (RollingQuantileThreshold(), 50, 80),
        (StreamingPeaksOverThreshold(risk=1e-3), 10, 30),
    ):
        flags, _ = pattern.clone().update_many(values)
        assert 0.5 * nominal <= 10_000 * flags[15_000:].mean() <= most
        assert pattern.n_restarts_ == 0


def naive_guard(values, q=0.995, window=1000):
    """What an obvious guard does: flagged scores are simply left out."""
    from course_lib.streaming import RollingQuantile

    past, flags = RollingQuantile(q, window), []
    for value in values.tolist():
        flag = past.n >= 100 and value > past.value
        flags.append(flag)
        if not flag:
            past.learn_one(value)
    return np.array(flags)


def test_leaving_flagged_scores_out_would_run_away():
    assert naive_guard(scores(20_000, 3))[10_000:].mean() > 10 * 0.005


@each
def test_an_anomaly_that_lasts_less_than_the_patience_moves_little(pattern):
    pattern = pattern.clone({"patience": 60})
    before = pattern.clone()
    before.update_many(scores())
    usual = before.threshold
    flags, _ = before.update_many(np.full(25, 50.0))
    if pattern.guard:
        assert flags.all()
        assert before.threshold < 1.5 * usual
        assert before.n_restarts_ == 0
    else:
        assert before.threshold > 10 * usual


@pytest.mark.parametrize("pattern", [one for one in PATTERNS if one.guard], ids=lambda one: str(one)[:30])
def test_a_change_that_lasts_becomes_the_new_normal(pattern):
    threshold = pattern.clone()
    threshold.update_many(scores())
    later = scores(1500, 5) + 30
    flags, limits = threshold.update_many(later)
    assert threshold.n_restarts_ >= 1
    assert flags[: threshold.patience // 2].all()
    assert flags[2 * threshold.patience : 500].mean() < 0.1
    assert flags[700:].mean() < 0.04
    assert 31 < limits[-1] < 60
    assert threshold.flag_one(90.0)


def test_half_of_the_patience_is_a_change_and_its_scores_are_then_all_that_is_known():
    threshold = RollingQuantileThreshold(q=0.9, window=200, warm_up=50, patience=20)
    threshold.update_many(np.concatenate([np.ones(100), np.full(9, 10.0)]))
    assert threshold.n_restarts_ == 0
    threshold.update(10.0)
    assert threshold.n_restarts_ == 1
    assert math.isfinite(threshold.threshold)  # no second warm-up
    threshold.update_many(np.full(10, 100.0))
    assert threshold.n_restarts_ == 2
    assert set(threshold.recent_.recent) == {100.0}


def test_with_a_depth_scores_are_taken_from_the_mean_of_those_before_them():
    threshold, values = StreamingPeaksOverThreshold(depth=2), scores(10)
    threshold.update_many(values)
    np.testing.assert_allclose(threshold.first_, [values[i] - values[i - 2 : i].mean() for i in range(2, 10)])


def test_between_peaks_the_limit_follows_the_share_of_peaks():
    threshold = StreamingPeaksOverThreshold(risk=1e-3, level=0.95, warm_up=200)
    threshold.update_many(scores(250))
    seen, limit = threshold.seen_, threshold.limit_
    threshold.update_many(np.zeros(399 - seen))
    assert threshold.limit_ == limit
    threshold.update(0.0)  # no peak for long: at the end of each such stretch the tail is weighed anew
    share = threshold.exceeded_ / 400
    assert threshold.limit_ < limit
    assert threshold.limit_ == tail_quantile(threshold.start_, threshold.shape_, threshold.scale_, 1e-3, share)


def test_pareto_by_maximum_likelihood():
    from scipy.stats import genpareto

    for shape in (-0.3, 0.0, 0.2, 0.6):
        y = genpareto.rvs(shape, scale=3, size=400, random_state=6)
        ours, theirs = fit_pareto(y), genpareto.fit(y, floc=0)
        assert genpareto.logpdf(y, ours[0], 0, ours[1]).sum() >= genpareto.logpdf(y, *theirs).sum() - 1e-4
        assert ours[0] == pytest.approx(shape, abs=0.15)
        beyond = tail_quantile(10.0, *ours, risk=1e-4, share_above=0.02)
        assert genpareto.sf(beyond - 10, ours[0], 0, ours[1]) == pytest.approx(1e-4 / 0.02, rel=1e-6)
    assert tail_quantile(10.0, 0.1, 1.0, risk=0.1, share_above=0.02) == 10.0
    same = fit_pareto(np.full(20, 2.0))
    assert np.isfinite(same).all()


def test_scores_that_are_all_alike():
    for pattern in PATTERNS:
        flags, limits = pattern.clone().update_many(np.full(700, 3.0))
        assert not flags[:50].any()
        assert limits[-1] >= 3.0
        assert np.isfinite(limits[-1])


@pytest.mark.parametrize(
    ("threshold", "fragment"),
    [
        (RollingQuantileThreshold(q=1.0), "q must be a number between 0 and 1"),
        (RollingQuantileThreshold(window=10), "window must be a whole number of at least 100"),
        (RollingQuantileThreshold(patience=1), "patience must be a whole number of at least 2"),
        (StreamingPeaksOverThreshold(warm_up=100), "warm_up must be a whole number of at least 500"),
        (StreamingPeaksOverThreshold(risk=0.05), "risk must be smaller than the share 0.02"),
    ],
)
def test_parameters_are_checked(threshold, fragment, refuses):
    with refuses(fragment):
        threshold.update(1.0)
    with refuses("needs finite scores"):
        RollingQuantileThreshold().update(float("inf"))


def verdicts(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(3, 1, n), rng.integers(0, 2, n)])
    # At night (second input) only much higher scores are real.
    real = rng.random(n) < 1 / (1 + np.exp(-3 * (x[:, 0] - 3 - 1.5 * x[:, 1])))
    return x, real.astype(int)


def test_feedback_learns_what_a_batch_regression_learns():
    from sklearn.linear_model import LogisticRegression

    x, real = verdicts()
    model = FeedbackThreshold(pull=0.0)
    assert model.score_one(x[0]) == 0.5
    for row, label in zip(x.tolist(), real.tolist(), strict=True):
        model.learn_one(row, label)
    later, truth = verdicts(1000, 1)
    ours = np.array([model.score_one(row) for row in later.tolist()])
    batch = LogisticRegression().fit(x, real).predict_proba(later)[:, 1]
    assert np.abs(ours - batch).mean() < 0.04
    assert auroc(truth, ours) > auroc(truth, later[:, 0]) + 0.02
    assert np.mean((ours > 0.5) == truth) > 0.8


def test_feedback_moves_a_threshold():
    rng = np.random.default_rng(2)
    model, cautious = FeedbackThreshold(), FeedbackThreshold(at=0.9)
    for score in rng.uniform(0, 10, 600).tolist():
        for one in (model, cautious):
            one.learn_one(score, int(score > 7))
    assert model.threshold == pytest.approx(7, abs=0.7)
    assert cautious.threshold > model.threshold
    for one in (model, cautious):
        assert one.flag_one(one.threshold + 0.01)
        assert not one.flag_one(one.threshold - 0.01)
    held = FeedbackThreshold(pull=100.0)
    for score in rng.uniform(0, 10, 300).tolist():
        held.learn_one(score, int(score < 7))  # against all verdicts it is pulled back to where it began
    np.testing.assert_allclose(held.weights_, [0, 1], atol=0.1)


def test_feedback_is_saved_and_checks_its_inputs(tmp_path, refuses):
    x, real = verdicts(200)
    model = FeedbackThreshold()
    for row, label in zip(x[:100].tolist(), real[:100].tolist(), strict=True):
        model.learn_one(row, label)
    model.save(tmp_path / "feedback")
    loaded = FeedbackThreshold.load(tmp_path / "feedback")
    for row, label in zip(x[100:].tolist(), real[100:].tolist(), strict=True):
        assert loaded.score_one(row) == model.score_one(row)
        model.learn_one(row, label)
        loaded.learn_one(row, label)
    with refuses("A verdict is 1 (a real anomaly) or 0"):
        model.learn_one([1.0, 2.0], 2)
    with refuses("has learnt 2 inputs, but got 1"):
        model.score_one(1.0)
    with refuses("one is missing"):
        model.score_one([1.0, None])
    with refuses("Only one input has a threshold"):
        _ = model.threshold
