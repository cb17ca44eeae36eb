"""What the online detectors compute, against closed forms and slow references."""

import sys

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.streaming import (
    DriftDetector,
    Guarded,
    OnlineAutoencoder,
    OnlineForecast,
    OnlineKMeans,
    OnlineMahalanobis,
    OnlineRobustZScore,
    OnlineZScore,
    RollingQuantileThreshold,
    StreamingPeaksOverThreshold,
    spaced_alarms,
)


def test_z_score_is_the_largest_number_of_deviations_of_the_past():
    X = np.random.default_rng(0).normal(size=(80, 2)) * [1, 5]
    scores = OnlineZScore(warm_up=5).score_learn_many(X)
    for row in (5, 6, 79):
        past = X[:row]
        assert scores[row] == pytest.approx(np.abs((X[row] - past.mean(axis=0)) / past.std(axis=0)).max(), rel=1e-12)
    assert (scores[:5] == 0).all()
    # A feature that first shows up later is judged once it has been seen often enough.
    late = OnlineZScore(warm_up=5)
    for row in range(10):
        late.learn_one({"a": float(row % 3)} if row < 6 else {"a": float(row % 3), "b": 1.0 + row % 2})
        if row == 0:
            assert late.feature_names_ == ["a"]
            break
    late = OnlineZScore(warm_up=5)
    late.learn_many([{"a": 0.0, "b": None}, *({"a": float(i % 2), "b": None} for i in range(8))])
    assert late.score_one({"a": 0.5, "b": 1e6}) < 1


def test_faded_z_score_follows_a_drift():
    values = np.concatenate([np.zeros(500), np.full(500, 10.0)]) + np.random.default_rng(1).normal(size=1000)
    fixed, faded = OnlineZScore().score_learn_many(values), OnlineZScore(alpha=0.02).score_learn_many(values)
    assert faded[500] > 6
    assert faded[900:].mean() < 1.2
    value = 10.0 + 4 * 1.0  # now only the faded one sees that 14 is unusual
    later = OnlineZScore(), OnlineZScore(alpha=0.02)
    for detector in later:
        detector.learn_many(values)
    assert later[0].score_one(value) < 2.5 < later[1].score_one(value)
    assert fixed[500] > 6


def test_robust_z_score_uses_median_and_mad_of_its_window():
    X = np.random.default_rng(2).standard_cauchy(size=(300, 2))
    X[40, 0] = np.nan
    scores = OnlineRobustZScore(window=50, every=1, warm_up=20).score_learn_many(X)
    for row in (20, 60, 299):
        past = X[max(0, row - 50) : row]
        median = np.nanmedian(past, axis=0)
        mad = 1.4826 * np.nanmedian(np.abs(past - median), axis=0)
        assert scores[row] == pytest.approx(np.abs((X[row] - median) / mad).max(), rel=1e-12)
    # A third of the window bad: the ruler does not bend, unlike that of the z-score.
    values = np.random.default_rng(3).normal(size=100)
    values[70:] = 50
    robust, plain = OnlineRobustZScore(window=100, warm_up=20), OnlineZScore()
    robust.learn_many(values)
    plain.learn_many(values)
    assert plain.score_one(50.0) < 2 < 20 < robust.score_one(50.0)


def test_mahalanobis_is_the_closed_form_after_each_renewal():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)) + [1, 2, 3]
    scores = OnlineMahalanobis(every=1, warm_up=10).score_learn_many(X)
    for row in (15, 100, 199):
        past = X[:row]
        gap = X[row] - past.mean(axis=0)
        expected = gap @ np.linalg.solve(np.cov(past.T, ddof=0), gap) / 3
        assert scores[row] == pytest.approx(expected, rel=1e-7)
    detector = OnlineMahalanobis(warm_up=10)
    detector.learn_many(X)
    # With a missing feature: the distance in the features that are there.
    covariance, mean = np.cov(X.T, ddof=0)[:2, :2], X.mean(axis=0)[:2]
    part = detector.past_
    gap = np.array([4.0, -1.0]) - part.mean[:2]
    expected = gap @ np.linalg.solve(part.covariance[:2, :2], gap) / 2
    assert detector.score_one([4.0, -1.0, None]) == pytest.approx(expected, rel=1e-6)
    assert part.mean[:2] == pytest.approx(mean, abs=0.3)
    assert part.covariance[:2, :2] == pytest.approx(covariance, rel=0.3)
    for _ in range(40):
        detector.learn_one([4.0, -1.0, None])
    assert (detector.past_.n, detector.n_seen_) == (200, 240)  # judged, but not learnt
    # A combination that breaks a rule all past events kept, each value ordinary.
    tied = np.column_stack([X[:, 0], 2 * X[:, 0]])
    detector = OnlineMahalanobis()
    usual = detector.score_learn_many(tied)[50:]
    x = X[:, 0].mean()
    assert detector.score_one([x, 2 * x + X[:, 0].std()]) > 100 * usual.max()


def test_k_means_with_pieces_of_one_is_macqueens():
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(0, 1, (150, 2)), rng.normal(8, 1, (150, 2))])[rng.permutation(300)]
    detector = OnlineKMeans(n_clusters=2, batch_size=1, warm_up=20, random_state=0)
    detector.learn_many(X[:20])
    centres, weights = detector.centres_.copy(), detector.weights_.copy()
    scores = detector.score_learn_many(X[20:])
    for row, score in zip(X[20:], scores, strict=True):
        distance = np.sqrt(((centres - row) ** 2).sum(axis=1))
        winner = int(distance.argmin())
        assert score == pytest.approx(distance.min(), rel=1e-12)
        weights[winner] += 1
        centres[winner] += (row - centres[winner]) / weights[winner]
    np.testing.assert_allclose(detector.centres_, centres, rtol=1e-10)
    assert detector.weights_.sum() == 300
    means = np.array([X[X[:, 0] < 4].mean(axis=0), X[X[:, 0] > 4].mean(axis=0)])
    np.testing.assert_allclose(np.sort(detector.centres_, axis=0), np.sort(means, axis=0), atol=0.4)


def test_k_means_chooses_centres_apart_and_makes_up_for_missing_features():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(place, 0.1, (20, 2)) for place in (0, 100, 200)])[rng.permutation(60)]
    for seed in range(20):
        detector = OnlineKMeans(n_clusters=3, warm_up=60, random_state=seed)
        detector.learn_many(X)
        np.testing.assert_allclose(np.sort(detector.centres_[:, 0]), [0, 100, 200], atol=1)
    nearest = detector.centres_[np.argmin(detector.centres_[:, 0])]
    assert detector.score_one([nearest[0] - 3, None]) == pytest.approx(3 * np.sqrt(2))


def test_k_means_with_a_memory_moves_on():
    rng = np.random.default_rng(6)
    X = np.concatenate([rng.normal(0, 1, (600, 2)), rng.normal(20, 1, (600, 2))])
    kept, moving = (OnlineKMeans(n_clusters=1, memory=memory, random_state=0) for memory in (None, 50))
    kept.learn_many(X)
    moving.learn_many(X)
    assert np.linalg.norm(moving.centres_[0] - 20) < 1
    np.testing.assert_allclose(kept.centres_[0], X[:1194].mean(axis=0), rtol=1e-9)


def test_forecast_sees_a_level_that_shifts_and_a_series_that_turns_erratic():
    rng = np.random.default_rng(7)
    calm = rng.normal(size=3000)
    usual = OnlineForecast(warm_up=200).score_learn_many(calm)
    shifted, erratic = calm.copy(), calm.copy()
    shifted[2000:2100] += 3
    erratic[2000:2100] *= 4
    spike = calm.copy()
    spike[2000] += 3
    top = {}
    for name, values in (("shift", shifted), ("erratic", erratic), ("spike", spike)):
        top[name] = OnlineForecast(warm_up=200).score_learn_many(values)[2000:2100].max()
    assert min(top["shift"], top["erratic"]) > 1.5 * usual[500:].max()
    assert top["spike"] < 1.2 * usual[500:].max()  # one odd value is forgiven


def test_the_autoencoder_learns_on_and_keeps_up_with_a_change():
    rng = np.random.default_rng(8)
    hidden = rng.normal(size=(1600, 2))
    first, second = rng.normal(size=(2, 8)), rng.normal(size=(2, 8))
    X = np.concatenate([hidden[:800] @ first, hidden[800:] @ second]) + 0.05 * rng.normal(size=(1600, 8))
    detector = OnlineAutoencoder(hidden_sizes=(16,), latent_size=2, warm_up=100, random_state=0)
    untrained = OnlineAutoencoder(hidden_sizes=(16,), latent_size=2, warm_up=100, learning_rate=1e-12, random_state=0)
    scores = detector.score_learn_many(X)
    assert detector.losses_[15] < 0.7 * detector.losses_[0]
    assert np.median(scores[600:800]) < 0.5 * np.median(untrained.score_learn_many(X)[600:800])
    assert np.median(scores[800:850]) > 2 * np.median(scores[700:800])  # a rule it does not know yet
    assert np.median(scores[1500:]) < 0.5 * np.median(scores[800:850])
    broken = rng.permuted(X[:800], axis=1)[:100]
    detector = OnlineAutoencoder(hidden_sizes=(16,), latent_size=2, warm_up=100, random_state=0)
    detector.learn_many(X[:800])
    judged = detector.score_many(np.concatenate([X[700:800], broken]))
    assert auroc(np.repeat([0, 1], 100), judged) > 0.9


def test_the_autoencoder_scores_as_torch_would():
    import torch

    rng = np.random.default_rng(9)
    X = rng.normal(size=(200, 4))
    detector = OnlineAutoencoder(hidden_sizes=(6,), latent_size=2, warm_up=100, random_state=0)
    detector.learn_many(X)
    rows = np.clip((X - detector.mean_) / detector.scale_, -10, 10)
    out = torch.tensor(rows)
    for layer in range(0, len(detector.weights_), 2):
        weight, bias = (torch.tensor(part) for part in detector.weights_[layer : layer + 2])
        out = out @ weight.T + bias
        out = torch.relu(out) if layer in (0, 4) else out
    expected = ((out - torch.tensor(rows)) ** 2).mean(dim=1)
    np.testing.assert_allclose(detector.score_many(X), expected, rtol=1e-9)
    # Where the network sees no more difference the score still grows.
    assert detector.score_one([1e6, 0, 0, 0]) > 50 * detector.score_one([1e4, 0, 0, 0])
    assert "torch" in sys.modules


def test_the_autoencoders_steps_are_adams_and_its_buffer_holds_the_latest_events():
    import torch

    rng = np.random.default_rng(10)
    X, batch = rng.normal(size=(130, 3)), rng.normal(size=(32, 3))
    detector = OnlineAutoencoder((4,), 1, buffer_size=40, learning_rate=0.05, warm_up=100, random_state=0)
    detector.learn_one(X[0])
    weights = [torch.tensor(weight, requires_grad=True) for weight in detector.weights_]
    first, second = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    for step in range(1, 6):
        out = torch.tensor(batch)
        for layer in range(0, len(weights), 2):
            out = out @ weights[layer].T + weights[layer + 1]
            out = torch.relu(out) if layer in (0, 4) else out
        loss = ((out - torch.tensor(batch)) ** 2).mean()
        for weight, m, v, slope in zip(weights, first, second, torch.autograd.grad(loss, weights), strict=True):
            m.mul_(0.9).add_(0.1 * slope)
            v.mul_(0.999).add_(0.001 * slope**2)
            weight.data -= 0.05 * (m / (1 - 0.9**step)) / (torch.sqrt(v / (1 - 0.999**step)) + 1e-8)
        assert detector._step(batch) == pytest.approx(loss.item(), rel=1e-9)
    for ours, theirs in zip(detector.weights_, weights, strict=True):
        np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-6, atol=1e-9)
    detector = OnlineAutoencoder((4,), 1, batch_size=10, buffer_size=40, warm_up=100, random_state=0)
    detector.learn_many(X)
    np.testing.assert_array_equal(detector.buffer_, X[-40:])


def burst(at=600, length=40, n=1500, seed=10):
    values = np.random.default_rng(seed).normal(size=n)
    values[at : at + length] += 8
    return values


def test_a_guarded_detector_does_not_swallow_the_anomaly_and_recovers_from_a_change():
    pattern = OnlineZScore(alpha=0.02)
    threshold = RollingQuantileThreshold(q=0.99, window=300, warm_up=100, margin=1.5, patience=120)
    plain, guarded = pattern.clone().score_learn_many(burst()), Guarded(pattern, threshold)
    scores = guarded.score_learn_many(burst())
    assert guarded.flags_[600:640].all()
    assert guarded.n_restarts_ == 0
    assert scores[639] > 5 > 2.5 > plain[639]  # after forty events the plain one takes them for normal
    changed = np.concatenate([np.random.default_rng(11).normal(size=800), np.random.default_rng(12).normal(8, 1, 1200)])
    guarded = Guarded(pattern, threshold)
    guarded.score_learn_many(changed)
    assert guarded.n_restarts_ == 1
    assert 840 < guarded.restarted_at_[0] <= 870
    assert guarded.flags_[800:840].mean() > 0.9
    assert guarded.flags_[1000:].mean() < 0.02
    assert guarded.score_one(0.0) > 4  # the old normal is the anomaly now
    assert guarded.threshold_now < 6


class Watch(DriftDetector):
    """Remembers what it sees, and reports a change at its `at`-th value."""

    def __init__(self, at=10**9):
        self.at = at

    def _start(self):
        self.seen_ = []

    def _update(self, x):
        self.seen_.append(x)
        return len(self.seen_) == self.at


def test_a_guarded_detector_begins_anew_from_its_latest_events_when_the_scores_drift():
    values = np.random.default_rng(13).normal(size=90)
    guarded, plain = Guarded(OnlineZScore(), drift=Watch(60), patience=30), OnlineZScore()
    guarded.score_learn_many(values[:69])
    scores = plain.score_learn_many(values)[10:]  # the first ten cannot be judged
    np.testing.assert_allclose(guarded.drift_.seen_, np.log1p(scores[:59]))
    guarded.learn_one(values[69])
    assert (guarded.n_restarts_, guarded.restarted_at_, guarded.drift_.started_) == (1, [70], False)
    assert guarded.detector_.n_seen_ == 30
    assert guarded.detector_.moments_[0].mean == pytest.approx(values[40:70].mean())
    # A beginning that the threshold asks for gives the watch a new beginning, too.
    changed = np.concatenate([values, np.full(30, 50.0)])
    threshold = RollingQuantileThreshold(q=0.9, window=50, warm_up=20, margin=1.5, patience=20)
    guarded = Guarded(OnlineZScore(), threshold, drift=Watch())
    guarded.score_learn_many(changed)
    assert guarded.n_restarts_ == 1
    assert len(guarded.drift_.seen_) <= 120 - guarded.restarted_at_[0]


def test_spaced_alarms():
    flags = [0, 1, 1, 0, 1, 0, 0, 1, 1]
    assert spaced_alarms(flags, 0).tolist() == [bool(flag) for flag in flags]
    assert np.flatnonzero(spaced_alarms(flags, 2)).tolist() == [1, 4, 7]
    assert np.flatnonzero(spaced_alarms(np.array(flags), 3)).tolist() == [1, 7]
    assert not spaced_alarms([], 3).any()


def test_guarded_asks_for_the_right_parts(refuses):
    with refuses("Guarded needs a detector of a stream, but got a RollingQuantileThreshold.", TypeError):
        Guarded(RollingQuantileThreshold()).learn_one(1.0)
    with refuses("Guarded needs a threshold of a stream, but got a float.", TypeError):
        Guarded(OnlineZScore(), 3.0).learn_one(1.0)
    assert Guarded(OnlineZScore(), StreamingPeaksOverThreshold()).clone().score_one(2.0) == 0.0
