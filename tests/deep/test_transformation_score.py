"""The network that tells how an image was turned, mirrored or moved, on digits of 8 x 8 that come with scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from course_lib.core.metrics import auroc
from course_lib.deep import TransformationScore
from course_lib.deep.transformation_score import pixel_sources

images, classes = load_digits(return_X_y=True)
images = images / 16
SEVENS = images[classes == 7]
PLAIN = {"channels": (16, 32), "feature_size": 32, "batch_size": 16, "learning_rate": 5e-3}
PLAIN |= {"device": "cpu", "random_state": 0, "verbose": False}
SOURCES = pixel_sources((1, 8, 8), flips=False, rotations=True, shift=0.25)


def test_transformations_are_those_of_numpy():
    image = np.arange(3 * 4 * 4).reshape(3, 4, 4)
    sources = pixel_sources(image.shape, flips=True, rotations=True, shift=0.25)
    assert sources.shape == (4 * 2 * 5, 48)
    made = {image.ravel()[source].tobytes() for source in sources}
    wider = np.pad(image, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    moved = [wider[:, y : y + 4, x : x + 4] for y, x in [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]]
    wanted = [np.rot90(m, k, (1, 2)) for move in moved for m in (move, move[:, :, ::-1]) for k in range(4)]
    assert made == {np.ascontiguousarray(picture).tobytes() for picture in wanted}
    np.testing.assert_array_equal(sources[0], np.arange(48))


@pytest.mark.parametrize(
    ("shape", "options", "count"),
    [
        ((1, 8, 8), {"flips": False, "rotations": False, "shift": 0.25}, 5),
        ((1, 8, 8), {"flips": True, "rotations": False, "shift": 0}, 2),
        ((1, 8, 8), {"flips": True, "rotations": True, "shift": 0}, 8),
        ((2, 4, 8), {"flips": True, "rotations": True, "shift": 0}, 4),  # no quarter turns where sides differ
        ((1, 1, 8), {"flips": True, "rotations": True, "shift": 0}, 2),  # a line turned is a line mirrored
        ((1, 1, 1), {"flips": True, "rotations": True, "shift": 0.5}, 1),
    ],
)  # fmt: skip
def test_no_transformation_counts_twice(shape, options, count):
    sources = pixel_sources(shape, **options)
    assert sources.shape == (count, np.prod(shape))
    assert len(np.unique(sources, axis=0)) == count
    assert sources.min() >= 0
    assert sources.max() < np.prod(shape)


def test_the_score_is_minus_the_mean_log_probability_of_what_was_done():
    fitted = TransformationScore(epochs=2, **PLAIN).fit(SEVENS)
    rows = images[:7].astype(np.float32)
    expected = np.zeros(7)
    for k, source in enumerate(SOURCES):
        with torch.no_grad():
            logits = fitted.net_(torch.from_numpy(rows[:, source])).numpy().astype(float)
        expected += np.log(np.exp(logits).sum(axis=1)) - logits[:, k]
    np.testing.assert_allclose(fitted.decision_function(rows), expected / len(SOURCES), rtol=1e-5)
    with torch.no_grad():
        logits = fitted.net_(torch.from_numpy(rows))
        np.testing.assert_allclose(fitted.net_.head(torch.from_numpy(fitted.encode(rows))), logits, atol=1e-6)


def test_scoring_and_validation_look_at_every_transformation_piece_by_piece(monkeypatch):
    fitted = TransformationScore(epochs=2, **PLAIN).fit(SEVENS)
    scores = fitted.decision_function(images[:50])
    validation = fitted.loss(fitted.net_.eval(), torch.from_numpy(images[:50]).float())
    assert validation.item() == pytest.approx(scores.mean(), rel=1e-5)
    monkeypatch.setattr("course_lib.deep.transformation_score.PIXELS_AT_ONCE", 64 * 7)
    np.testing.assert_allclose(fitted.decision_function(images[:50]), scores, rtol=1e-4)


def test_sevens_are_learnt():
    trained = TransformationScore(epochs=15, validation_share=0.1, **PLAIN).fit(SEVENS[:120])
    untrained = TransformationScore(epochs=1, **{**PLAIN, "learning_rate": 1e-12}).fit(SEVENS[:120])
    guess = np.log(len(SOURCES))
    assert trained.history_["validation_loss"][-1] < 0.3 * guess < trained.history_["loss"][0]
    # The network's first guesses are all alike, whatever it is shown.
    assert abs(untrained.decision_scores_.mean() - guess) < 0.1
    new = np.r_[images[classes != 7], SEVENS[120:]]
    y = np.r_[np.ones(len(images) - len(SEVENS)), np.zeros(len(SEVENS) - 120)]
    quality = auroc(y, trained.decision_function(new))
    assert quality > 0.97
    assert quality > auroc(y, untrained.decision_function(new)) + 0.1


def test_training_sees_several_views_of_each_image():
    class Spy(TransformationScore):
        def loss(self, net, batch):
            if net.training:
                net.register_forward_pre_hook(lambda _, given: self.__dict__.setdefault("seen", []).append(given[0]))
            return super().loss(net, batch)

    spy = Spy(views=3, epochs=1, **{**PLAIN, "batch_size": 200}, validation_share=0.0).fit(SEVENS[:10])
    (seen,) = spy.seen[:1]
    assert seen.shape == (30, 64)
    every_view = SEVENS[:10].astype(np.float32)[:, SOURCES]
    allowed = {view.tobytes() for view in every_view.reshape(-1, 64)}
    assert all(row.tobytes() in allowed for row in seen.numpy())
    assert len({row.tobytes() for row in seen.numpy()}) > 20


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 60), None])
def test_images_of_any_shape(shape, tmp_path):
    rows = np.random.default_rng(0).random((20, 60))
    fitted = TransformationScore(image_shape=shape, epochs=1, **PLAIN).fit(rows)
    fitted.save(tmp_path / "it")
    np.testing.assert_array_equal(
        TransformationScore.load(tmp_path / "it").decision_function(rows), fitted.decision_scores_
    )
    assert fitted.encode(rows).shape == (20, 32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shift": 0.6}, "shift must be a share of height and width from 0 to 0.5, but is 0.6"),
        ({"shift": "far"}, "but is 'far'"),
        ({"rotations": False, "shift": 0}, "flips=False, rotations=False and shift=0 leave every image of"),
        ({"views": 0}, "views must be a whole number of at least 1, but is 0"),
        ({"image_shape": (1, 9, 9)}, "image_shape (1, 9, 9) holds 81 values, but a row of X has 64"),
        ({"activation": "sin"}, "activation must be one of"),
    ],
)
def test_refusals(options, message, refuses):
    with refuses(message):
        TransformationScore(epochs=1, **{**PLAIN, **options}).fit(SEVENS)
