"""The regression inside LIME: a closed form, scikit-learn, and the package lime on its own samples."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from course_lib.explain import LIME, LIMEImage, weighted_ridge
from course_lib.ml import PCA

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(200, 8)) @ RNG.normal(size=(8, 8))
DETECTOR = PCA(3).fit(NORMAL)
ROW = 2 * RNG.normal(size=8)


def samples(n=400, d=5):
    points = RNG.normal(size=(n, d))
    distances = np.linalg.norm(points - points[0], axis=1)
    return points, np.sin(points).sum(axis=1) + points[:, 0] ** 2, distances


@pytest.mark.parametrize("alpha", [1.0, 0.01, 50.0])
def test_is_ridge_regression_with_gaussian_weights(alpha):
    points, scores, distances = samples()
    ours = weighted_ridge(points, scores, distances, 1.5, alpha=alpha)
    near = np.exp(-(distances**2) / (2 * 1.5**2))
    theirs = Ridge(alpha).fit(points, scores, sample_weight=near)
    np.testing.assert_allclose(ours.weights, theirs.coef_, rtol=1e-9)
    assert ours.intercept == pytest.approx(theirs.intercept_)
    assert ours.r2 == pytest.approx(theirs.score(points, scores, sample_weight=near))
    assert 0.1 < ours.r2 < 0.99


def test_a_straight_line_is_found_again():
    points, _, distances = samples(n=4000)
    fit = weighted_ridge(points, points @ np.arange(5) + 7, distances, 3.0)
    np.testing.assert_allclose(fit.weights, np.arange(5), atol=0.01)
    assert fit.intercept == pytest.approx(7, abs=0.02)
    assert fit.r2 > 0.9999


def test_samples_that_do_not_vary_have_no_explanation():
    points, _, distances = samples()
    fit = weighted_ridge(points, np.full(len(points), 3.0), distances, 1.5)
    np.testing.assert_allclose(fit.weights, 0, atol=1e-12)
    assert (fit.intercept, fit.r2) == (pytest.approx(3), 0)


def test_equal_columns_share_a_weight_and_a_constant_one_is_never_picked():
    points, _, distances = samples()
    points[:, 3], points[:, 4] = points[:, 0], 1.0
    scores = points @ [1.0, 0.1, 0.5, 0, 0]
    fit = weighted_ridge(points, scores, distances, 1.5)
    assert fit.weights[0] == pytest.approx(fit.weights[3])
    assert fit.weights[4] == pytest.approx(0)
    assert np.flatnonzero(weighted_ridge(points, scores, distances, 1.5, n_features=2).weights).tolist() == [0, 2]


def test_more_than_six_features_are_picked_by_weight_times_value():
    points = RNG.normal(size=(500, 8))
    points[0] = [0, 1, 1, 1, 1, 1, 1, 1]  # the steepest feature adds nothing to this row's score
    fit = weighted_ridge(points, points @ [3, 1, 1, 1, 1, 1, 1, 1], np.linalg.norm(points - points[0], axis=1), 3.0, 7)
    assert np.flatnonzero(fit.weights).tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("around", [False, True], ids=["background", "row"])
@pytest.mark.parametrize("n_features", [1, 4, 6, 7, 8])
def test_weights_equal_those_of_lime_on_its_own_samples(around, n_features):
    lime_tabular = pytest.importorskip("lime.lime_tabular", reason="lime is in the extra 'explain'")
    theirs = lime_tabular.LimeTabularExplainer(
        NORMAL, mode="regression", discretize_continuous=False, sample_around_instance=around, random_state=0
    )
    drawn = []

    def score(X):
        drawn.append(X)
        return DETECTOR.decision_function(X)

    told = theirs.explain_instance(ROW, score, num_features=n_features, num_samples=500)
    expected = np.zeros(8)
    for column, weight in told.local_exp[1]:
        expected[column] = weight
    standard = (drawn[0] - NORMAL.mean(axis=0)) / NORMAL.std(axis=0)
    distances = np.linalg.norm(standard - standard[0], axis=1)
    ours = weighted_ridge(standard, DETECTOR.decision_function(drawn[0]), distances, 0.75 * np.sqrt(8), n_features)
    assert np.count_nonzero(expected) == n_features
    np.testing.assert_allclose(ours.weights, expected, rtol=0, atol=1e-6)
    assert ours.intercept == pytest.approx(told.intercept[1], abs=1e-6)
    assert ours.r2 == pytest.approx(told.score, abs=1e-6)


class LimesDraw:
    """A generator that hands out what lime drew."""

    def __init__(self, drawn):
        self.drawn = drawn

    def standard_normal(self, shape):
        assert self.drawn.shape == shape
        return self.drawn.copy()

    def integers(self, low, high, shape):
        assert (low, high) == (0, 2)
        assert self.drawn.shape == shape
        return self.drawn.copy()


@pytest.mark.parametrize("around", ["background", "row"])
def test_the_whole_explainer_equals_lime_when_it_draws_the_same(around, monkeypatch):
    lime_tabular = pytest.importorskip("lime.lime_tabular", reason="lime is in the extra 'explain'")
    theirs = lime_tabular.LimeTabularExplainer(
        NORMAL,
        mode="regression",
        discretize_continuous=False,
        sample_around_instance=around == "row",
        random_state=3,
    )
    told = theirs.explain_instance(ROW, DETECTOR.decision_function, num_features=8, num_samples=300)
    noise = np.random.RandomState(3).normal(0, 1, 300 * 8).reshape(300, 8)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: LimesDraw(noise))
    ours = LIME(DETECTOR, NORMAL, n_samples=300, around=around, random_state=0).explain(ROW[None])
    np.testing.assert_allclose(ours.extra["weights"][0], [w for _, w in sorted(told.local_exp[1])], atol=1e-6)
    assert ours.extra["r2"][0] == pytest.approx(told.score, abs=1e-6)


def test_the_image_explainer_equals_lime_when_it_draws_the_same(monkeypatch):
    lime_image = pytest.importorskip("lime.lime_image", reason="lime is in the extra 'explain'")
    image = RNG.random((12, 12))
    detector = PCA(5).fit(RNG.random((60, 144)))
    segments = np.arange(12)[:, None] // 4 * 3 + np.arange(12) // 4
    theirs = lime_image.LimeImageExplainer(random_state=5)
    told = theirs.explain_instance(
        image,
        lambda images: detector.decision_function(images[..., 0].reshape(len(images), -1))[:, None],
        labels=(0,),
        top_labels=None,
        num_samples=200,
        segmentation_fn=lambda _: segments,
        random_seed=0,
    )
    switches = np.random.RandomState(5).randint(0, 2, 200 * 9).reshape(200, 9)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: LimesDraw(switches))
    ours = LIMEImage(detector, n_samples=200, random_state=0).explain(image.reshape(1, -1))
    np.testing.assert_allclose(ours.values[0], [weight for _, weight in sorted(told.local_exp[0])], atol=1e-6)
    assert ours.base_value[0] == pytest.approx(told.intercept[0], abs=1e-6)
    assert ours.extra["r2"][0] == pytest.approx(told.score, abs=1e-6)
