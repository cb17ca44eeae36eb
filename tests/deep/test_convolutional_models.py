"""The convolutional autoencoder and variational autoencoder on digits of 8 x 8 that come with scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from course_lib.core.metrics import auroc
from course_lib.deep import ConvAutoencoder, ConvVAE
from course_lib.deep.networks import ACTIVATIONS

images, classes = load_digits(return_X_y=True)
images = images / 16
ZEROS, Y = images[classes == 0], (classes != 0).astype(int)
PLAIN = {"channels": (8, 16), "latent_size": 6, "batch_size": 16, "learning_rate": 1e-2}
PLAIN |= {"device": "cpu", "random_state": 0, "verbose": False}


@pytest.mark.parametrize("kind", [ConvAutoencoder, ConvVAE])
def test_zeros_are_learnt(kind):
    trained = kind(epochs=30, **PLAIN).fit(ZEROS[:120])
    untrained = kind(epochs=1, **{**PLAIN, "learning_rate": 1e-12}).fit(ZEROS[:120])
    assert trained.history_["loss"][-1] < trained.history_["loss"][0]
    new = np.r_[images[classes != 0], ZEROS[120:]]
    y = np.r_[np.ones(len(images) - len(ZEROS)), np.zeros(len(ZEROS) - 120)]
    quality = auroc(y, trained.decision_function(new))
    assert quality > 0.97
    assert quality > auroc(y, untrained.decision_function(new)) + 0.02
    rebuilt = trained.reconstruct(ZEROS[120:])
    assert rebuilt.shape == ZEROS[120:].shape
    assert ((rebuilt - ZEROS[120:]) ** 2).mean() < 0.8 * ZEROS.var(axis=0).mean()


def test_the_score_is_the_mean_squared_error_of_the_image():
    fitted = ConvAutoencoder(epochs=2, **PLAIN).fit(ZEROS)
    error = ((fitted.reconstruct(images) - images) ** 2).mean(axis=1)
    np.testing.assert_allclose(fitted.decision_function(images), error, rtol=1e-3)
    with torch.no_grad():
        rebuilt = fitted.net_.decoder(torch.from_numpy(fitted.encode(ZEROS)))
    np.testing.assert_allclose(rebuilt.numpy(), fitted.reconstruct(ZEROS), atol=1e-6)


@pytest.mark.parametrize("kind", [ConvAutoencoder, ConvVAE])
def test_images_of_any_shape(kind, refuses):
    rows = np.random.default_rng(0).random((20, 3 * 4 * 5))
    fitted = kind(image_shape=(3, 4, 5), epochs=1, **PLAIN).fit(rows)
    assert fitted.reconstruct(rows).shape == rows.shape
    with refuses("image_shape (1, 28, 28) holds 784 values, but a row of X has 60"):
        kind(image_shape=(1, 28, 28), epochs=1, **PLAIN).fit(rows)


@pytest.mark.parametrize("kind", [ConvAutoencoder, ConvVAE])
def test_the_activation_is_that_of_both_halves(kind):
    net = kind(channels=(4, 8), activation="tanh").build(64)
    for half, count in ((net.encoder, 2), (net.decoder, 2)):
        bends = [layer for layer in half.modules() if type(layer) in ACTIVATIONS.values()]
        assert [type(layer) for layer in bends] == [torch.nn.Tanh] * count
