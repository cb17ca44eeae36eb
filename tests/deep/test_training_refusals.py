"""What the training loop refuses, each in one sentence."""

import numpy as np
import pytest

from course_lib.core.thresholds import BestF1, Contamination
from course_lib.deep import Autoencoder

X = np.random.default_rng(0).normal(size=(100, 5))


def make(**options):
    settings = {
        "hidden_sizes": (8,),
        "latent_size": 2,
        "epochs": 4,
        "device": "cpu",
        "random_state": 0,
        "verbose": False,
    }
    return Autoencoder(**{**settings, **options})


def test_divergence_is_one_sentence(refuses):
    for options in ({"learning_rate": 1e12}, {"learning_rate": float("inf")}):
        with refuses("Autoencoder diverged in epoch", FloatingPointError):
            make(epochs=50, **options).fit(X)


WRONG = [
    *(({"epochs": bad}, "epochs must be a whole number of at least 1") for bad in (0, -1, 1.5, "3", None)),
    *(({"batch_size": bad}, "batch_size must be a whole number of at least 1") for bad in (0, 1.5, None)),
    *(({"learning_rate": bad}, "learning_rate must be above 0") for bad in (0, -1, "a", None, np.nan)),
    *(({"weight_decay": bad}, "weight_decay must be at least 0") for bad in (-1, "a", None)),
    *(({"validation_share": bad}, "validation_share must be at least 0 and below 1") for bad in (1, -0.1, "a", None)),
    *(({"patience": bad}, "patience must be None or a whole number of at least 1") for bad in (0, 1.5, "a")),
    ({"patience": 2, "validation_share": 0}, "holds none out"),
    ({"resume": True}, "set checkpoint to its path"),
    ({"scaling": "log"}, "scaling must be None or one of"),
    ({"device": "gpu"}, "device must be"),
    ({"random_state": -1}, "random_state must be None or a whole number"),
    ({"activation": "swish"}, "activation must be one of relu"),
    ({"activation": ["relu"]}, "activation must be one of relu"),
    *(({"hidden_sizes": bad}, "layer sizes must be whole numbers of at least 1") for bad in ((0,), (2.5,), ("a",))),
    *(({"hidden_sizes": bad}, "hidden_sizes must be a tuple of widths") for bad in (8, None, "ab")),
    ({"latent_size": 0}, "layer sizes must be whole numbers of at least 1"),
]


@pytest.mark.parametrize(("options", "fragment"), WRONG)
def test_wrong_parameters(options, fragment, refuses):
    with refuses(fragment):
        make(**options).fit(X)


def test_a_bad_threshold_is_refused_before_training(monkeypatch, refuses):
    model = make(threshold=Contamination(2))
    monkeypatch.setattr(Autoencoder, "_fit", lambda self, X: pytest.fail("the training ran first"))
    with refuses("share above 0 and at most 0.5"):
        model.fit(X)
    with refuses("pass y"):
        model.set_params(threshold=BestF1()).fit(X)


def test_patience_without_held_out_rows(refuses):
    with refuses("of 8 rows holds none out"):
        make(patience=2, validation_share=0.1).fit(X[:8])
