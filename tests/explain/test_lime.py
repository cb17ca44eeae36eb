"""LIME for rows and images: what its numbers mean, seeds, and each row on its own."""

import numpy as np
import pytest

from course_lib.deep import ConvAutoencoder
from course_lib.explain import LIME, LIMEImage
from course_lib.ml import PCA

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(200, 6)) * [1, 2, 3, 4, 5, 6] + 10
ROWS = RNG.normal(size=(3, 6)) * 5 + 10


def straight(X):
    return X @ np.arange(6.0)


def test_a_straight_score_is_explained_by_its_terms():
    explanation = LIME(straight, NORMAL, random_state=0).explain(ROWS)
    np.testing.assert_allclose(explanation.values, np.arange(6) * (ROWS - NORMAL.mean(axis=0)), rtol=0.01, atol=0.01)
    np.testing.assert_allclose(
        explanation.extra["weights"], np.tile(np.arange(6) * NORMAL.std(axis=0), (3, 1)), rtol=0.01, atol=0.01
    )
    np.testing.assert_allclose(explanation.base_value, straight(NORMAL.mean(axis=0)), rtol=0.001)
    assert explanation.extra["r2"].min() > 0.999
    assert np.abs(explanation.gap()).max() < 0.1


def test_the_gap_is_the_surrogates_own_error():
    explanation = LIME(lambda X: (X[:, 0] - 10) ** 2, NORMAL, random_state=0).explain(ROWS)
    standard = (ROWS - NORMAL.mean(axis=0)) / NORMAL.std(axis=0)
    lines = explanation.base_value + (explanation.extra["weights"] * standard).sum(axis=1)
    np.testing.assert_allclose(explanation.gap(), explanation.scores - lines)
    assert explanation.extra["r2"].min() < 0.9
    assert np.abs(explanation.gap()).min() > 0.01


def test_few_features_are_the_important_ones():
    explanation = LIME(straight, NORMAL, n_features=2, random_state=0).explain(ROWS)
    assert (np.flatnonzero(explanation.values[0]) == [4, 5]).all()
    assert (np.count_nonzero(explanation.values, axis=1) == 2).all()


def test_same_seed_same_values_and_each_row_on_its_own():
    together = LIME(PCA(2).fit(NORMAL), NORMAL, n_samples=200, random_state=0)
    values = together.explain(ROWS).values
    assert np.array_equal(values, together.explain(ROWS).values)
    np.testing.assert_allclose(values, [together.explain(row[None]).values[0] for row in ROWS], rtol=1e-9)
    other = LIME(PCA(2).fit(NORMAL), NORMAL, n_samples=200, random_state=1).explain(ROWS).values
    assert not np.allclose(values, other, rtol=1e-3)


def test_an_anomaly_far_away_is_out_of_reach_of_samples_of_the_background():
    far = ROWS[:1] + 60 * NORMAL.std(axis=0)
    near = LIME(straight, NORMAL, random_state=0).explain(far)
    lost = LIME(straight, NORMAL, around="background", random_state=0).explain(far)
    assert np.abs(lost.values).sum() < 1e-3 * np.abs(near.values).sum()


def test_a_constant_column_of_the_background_is_harmless():
    background = NORMAL.copy()
    background[:, 2] = 10.0
    rows = ROWS.copy()
    rows[0, 2] = 10.0
    values = LIME(straight, background, random_state=0).explain(rows).values
    assert values[0, 2] == 0
    np.testing.assert_allclose(values[1:, 2], 2 * (rows[1:, 2] - 10), rtol=0.01)


IMAGES = RNG.random((4, 144))


def test_patches_of_a_straight_score_get_what_they_add():
    weights = RNG.normal(size=144)
    hidden = RNG.random(144)
    explanation = LIMEImage(lambda X: X @ weights, hidden=hidden, n_samples=4000, random_state=0).explain(IMAGES)
    tiles = (weights * (IMAGES - hidden)).reshape(4, 3, 4, 3, 4).sum(axis=(2, 4)).reshape(4, 9)
    np.testing.assert_allclose(explanation.values, tiles, rtol=0.03, atol=0.03)
    np.testing.assert_allclose(explanation.base_value, weights @ hidden, atol=0.1)
    assert explanation.feature_names[5] == "patch 1, 2"
    np.testing.assert_allclose(explanation.data, IMAGES.reshape(4, 3, 4, 3, 4).mean(axis=(2, 4)).reshape(4, 9))
    heat = explanation.extra["heat_map"]
    assert heat.shape == (4, 12, 12)
    assert (heat[:, 4:8, 8:12] == explanation.values[:, [5]][:, :, None]).all()


def test_what_hides_a_patch_is_its_own_mean_in_each_channel():
    explainer = LIMEImage(lambda X: X.max(axis=1), image_shape=(2, 4, 4), patch=2, n_samples=3, random_state=0)
    seen = []
    explainer._score.function = lambda X: seen.append(X.copy()) or X.sum(axis=1)
    image = np.arange(32.0)[None]
    explainer.explain(image)
    versions = np.concatenate([rows for rows in seen if len(rows) == 3])
    np.testing.assert_allclose(versions[0], image[0])
    tiles = image.reshape(2, 2, 2, 2, 2)
    flat = np.broadcast_to(tiles.mean(axis=(2, 4), keepdims=True), tiles.shape).ravel()
    assert all(((version == image[0]) | (version == flat)).all() for version in versions[1:])
    assert any((version == flat).any() for version in versions[1:])
    # A mean in place of the patch leaves a sum as it is: nothing to explain.
    np.testing.assert_allclose(explainer.explain(image).values, 0, atol=1e-9)


def test_segments_of_any_labels_and_a_network_that_knows_its_shape():
    net = ConvAutoencoder((1, 12, 12), (4,), 4, epochs=1, device="cpu", random_state=0, verbose=False).fit(IMAGES)
    segments = np.where(np.add.outer(np.arange(12), np.arange(12)) < 11, 7, -2)
    explanation = LIMEImage(net, segments=segments, n_samples=50, random_state=0).explain(IMAGES)
    assert explanation.feature_names == ("segment -2", "segment 7")
    assert explanation.values.shape == (4, 2)
    assert (explanation.extra["segments"] == (segments == 7)).all()
    np.testing.assert_allclose(explanation.scores, net.decision_function(IMAGES), rtol=1e-5)
    again = LIMEImage(net, segments=segments, n_samples=50, random_state=0).explain(IMAGES[2:3])
    np.testing.assert_allclose(again.values[0], explanation.values[2], rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"segments": np.zeros((3, 3), dtype=int)}, "(12, 12)"),
        ({"segments": np.zeros((12, 12))}, "whole numbers"),
        ({"hidden": np.zeros(5)}, "an image of 144 numbers"),
        ({"image_shape": (1, 5, 5)}, "25 values"),
    ],
)
def test_images_that_do_not_fit_are_refused(changes, fragment, refuses):
    with refuses(fragment):
        LIMEImage(straight, **changes).explain(IMAGES)
