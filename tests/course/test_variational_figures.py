"""What the lesson on variational autoencoders quotes is in the committed benchmark, which reaches its aims."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())
QUOTED = (
    "PCA, 32 directions",
    "5 nearest neighbours",
    "dense autoencoder",
    "convolutional autoencoder",
    "VAE",
    "convolutional VAE",
)


def test_the_lesson_quotes_the_benchmark():
    lesson = (ROOT / "authoring/lessons/12_variational_autoencoders.py").read_text()
    quoted = dict(re.findall(r"^# \| (\w[^|]+) \| ([\d. |]+) \|$", lesson, re.MULTILINE))
    assert set(quoted) == set(QUOTED)
    columns = {}
    for name in QUOTED:
        means = [float(np.mean(RESULTS[name][str(digit)])) for digit in range(10)]
        worst = min(RESULTS[name]["0"])
        columns[name] = [means[0], worst, means[8], float(np.mean(means))]
        shown = [f"{means[0]:.4f}", f"{worst:.4f}", f"{means[8]:.3f}", f"{np.mean(means):.4f}"]
        assert quoted[name].split(" | ") == shown, name
    best = np.argmax([columns[name] for name in QUOTED], axis=0)
    assert (best == QUOTED.index("VAE")).all()
    assert "The VAE leads in every column of this table" in lesson
    for name in QUOTED:
        assert np.argmin([np.mean(RESULTS[name][str(digit)]) for digit in range(10)]) == 8
    assert "Eights stay the hardest digit for all six" in lesson


def test_the_lesson_tells_how_the_benchmark_trains():
    lesson = (ROOT / "authoring/lessons/12_variational_autoencoders.py").read_text()
    source = (ROOT / "benchmarks/one_class_digits.py").read_text()
    assert "32 latent numbers, 40 epochs" in lesson
    assert "(256, 128), 32, epochs=40" in source
    assert re.search(r"convolutional models: one seed, 12\s+#?\s*epochs", lesson)
    for model, name in (("ConvAutoencoder", "convolutional autoencoder"), ("ConvVAE", "convolutional VAE")):
        assert re.search(rf"{model}\([^)]*?(\(.*?\))?[^)]*epochs=12,", source), model
        assert all(len(seeds) == 1 for seeds in RESULTS[name].values()), name


def test_the_vae_reaches_its_figures():
    assert all(len(RESULTS["VAE"][str(digit)]) == 3 for digit in range(10))
    assert min(RESULTS["VAE"]["0"]) >= 0.99
    assert np.mean([np.mean(seeds) for seeds in RESULTS["VAE"].values()]) >= 0.97


@pytest.mark.parametrize("name", ["convolutional autoencoder", "convolutional VAE"])
def test_convolutional_models_on_zeros(name):
    assert min(RESULTS[name]["0"]) >= 0.99
