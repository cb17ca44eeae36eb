"""One small setting of each deep series detector, and data that all of their tests share."""

from functools import partial

import numpy as np
import pytest

from course_lib.data import simulate
from course_lib.deep import LSTMVAE, USAD, Forecaster, LSTMAutoencoder, TransformerAutoencoder

PLAIN = {"window": 50, "stride": 50, "batch_size": 16, "device": "cpu", "random_state": 0, "verbose": False}
FAST = {**PLAIN, "learning_rate": 5e-3}
MODELS = {
    "LSTM autoencoder": partial(LSTMAutoencoder, 32, 8, epochs=15, **FAST),
    "teacher-forced": partial(LSTMAutoencoder, 32, 8, decoder="teacher", epochs=5, **FAST),
    "LSTM-VAE": partial(LSTMVAE, 32, epochs=6, **FAST),
    "LSTM forecaster": partial(Forecaster, hidden_size=32, epochs=4, **{**FAST, "stride": 40}),
    "convolutions": partial(Forecaster, "tcn", 16, epochs=4, **{**FAST, "stride": 40}),
    "Transformer": partial(TransformerAutoencoder, 32, 2, epochs=9, **{**FAST, "learning_rate": 3e-3}),
    "USAD": partial(USAD, (128, 64), 16, epochs=12, **PLAIN),
}
# For series of some dozen rows.
SMALL = {"window": 6, "stride": 2, "epochs": 1, "validation_share": 0.2}
SMALLER = {
    "LSTM forecaster": {"warm_up": 2},
    "convolutions": {"warm_up": 2, "dilations": (1, 2)},
    "Transformer": {"mask_length": 2},
}


@pytest.fixture(scope="session", params=MODELS)
def name(request):
    return request.param


@pytest.fixture(scope="session")
def make(name):
    """``make(**options)``: one of the models, for sequences of 50 steps."""
    return MODELS[name]


@pytest.fixture(scope="session")
def small(name):
    """``small(**options)``: the same kind of model for windows of six rows, trained for one epoch."""
    return lambda **options: MODELS[name](**{**SMALL, **SMALLER.get(name, {}), **options})


@pytest.fixture(scope="session")
def sines():
    return simulate.sines(n_train=400, n_test=120, random_state=7)


@pytest.fixture(scope="session")
def on_sines(make, sines):
    """The model, fitted on whole sequences of sines. Tests must not change it."""
    return make().fit(sines.X_train)


@pytest.fixture(scope="session")
def series():
    """Shape (60, 3): two swinging sensors and a noisy one."""
    t = np.arange(60)
    noise = 0.1 * np.random.default_rng(0).normal(size=(60, 3))
    return np.c_[np.sin(t / 3), 5 + 2 * np.cos(t / 4), np.zeros(60)] + noise
