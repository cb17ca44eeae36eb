"""The trained detector in the package: what it is, how large, how good, and that its pictures are zeros."""

import os
from pathlib import Path

import numpy as np
import pytest

from authoring.pretrained import anogan_zeros
from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import AnoGAN, FAnoGAN, load_pretrained
from course_lib.deep.pretrained import FOLDER


def test_it_is_what_its_script_makes():
    detector = load_pretrained("anogan_zeros")
    assert isinstance(detector, FAnoGAN)
    assert detector.get_params() == anogan_zeros().get_params()
    assert len(detector.history_["generator_loss"]) == detector.gan_epochs
    assert len(detector.history_["encoder_loss"]) == detector.epochs - detector.gan_epochs
    assert (FOLDER / "anogan_zeros.safetensors").stat().st_size < 2e6


def test_it_knows_zeros_from_the_small_digits_too(monkeypatch, tmp_path, capsys):
    """The substitute for MNIST, which it was not trained on, is drawn differently and hard for it: a low floor."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    data = load_mnist(normal=0, offline=True)
    assert data.is_substitute
    assert "instead of MNIST" in capsys.readouterr().out
    assert auroc(data.y_test, load_pretrained().decision_function(data.X_test)) > 0.7


def test_quality_on_real_mnist():
    folder = Path(os.environ.get("COURSE_DATA_DIR", "data/cache")) / "MNIST" / "raw"
    if not folder.is_dir():
        pytest.skip(f"real MNIST: {folder} is not here; COURSE_DATA_DIR says where the data are")
    data = load_mnist(normal=0, offline=True)
    detector = load_pretrained()
    X, y = data.X_test[:1000], data.y_test[:1000]
    assert auroc(y, detector.decision_function(X)) >= 0.985
    search = AnoGAN.from_gan(detector, data.X_train[:20], search_steps=30, restarts=1)
    few = np.concatenate([np.flatnonzero(y == 0)[:60], np.flatnonzero(y == 1)[:60]])
    assert auroc(y[few], search.decision_function(X[few])) >= 0.94

    samples = detector.sample(50, random_state=0)
    nearest = ((samples[:, None] - data.X_train[None, :1000]) ** 2).mean(axis=2).min(axis=1)
    between = ((data.X_train[1000:1050, None] - data.X_train[None, :1000]) ** 2).mean(axis=2).min(axis=1)
    assert np.median(nearest) < 1.3 * np.median(between), "samples lie as close to real zeros as other zeros do"
    variety = samples.std(axis=0).mean() / data.X_train.std(axis=0).mean()
    assert variety > 0.7


def test_unknown_names_are_refused(refuses):
    with refuses("There is no trained detector 'anogan_ones': the course brings anogan_zeros"):
        load_pretrained("anogan_ones")
