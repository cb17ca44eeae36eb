"""What the lesson on GANs says of another library, and what it quotes from the benchmarks, holds."""

import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSON = (ROOT / "authoring/lessons/13_gans.py").read_text()
LOTTERY = json.loads((ROOT / "benchmarks/results/anogan_lottery.json").read_text())
QUOTED = dict(re.findall(r"^# \| ([^|]*\w[^|]*) \| (\d[^\n]*) \|$", LESSON, re.MULTILINE))


def test_the_other_librarys_search_ends_at_one_picture_for_all():
    """PyOD's AnoGAN: each score is the distance of a row to one and the same generated row."""
    anogan = pytest.importorskip("pyod.models.anogan")
    import torch

    torch.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(30, 6))
    settings = dict(epochs=1, epochs_query=2, G_layers=[8], D_layers=[8, 4], latent_dim_G=3, device="cpu")
    detector = anogan.AnoGAN(**settings).fit(X)
    made = []
    detector.generator.register_forward_hook(lambda module, z, output: made.append(output[0].detach().numpy()))
    detector.decision_function(X)
    assert len(made) == len(X)
    assert np.ptp(np.array(made), axis=0).max() == 0


def test_the_lottery_is_quoted_row_by_row():
    rows = {**LOTTERY["steps"], **LOTTERY["asides"]}
    quoted = [row for row in rows if row in QUOTED]
    assert quoted == list(rows), "every row, the steps in their order"
    for row in quoted:
        runs = rows[row].values()
        assert len(runs) == 5, row
        scores = np.array([run["auroc"] for run in runs])
        variety = [run["variety of samples"] for run in runs]
        smallest, mean, largest = (f"{value:.3f}" for value in (scores.min(), scores.mean(), scores.max()))
        spread = f"{min(variety):.2f} to {max(variety):.2f}"
        assert QUOTED[row].split(" | ") == [smallest, mean, largest, spread], row


def test_the_finished_detector_is_no_lottery():
    first, *_, last = ([run["auroc"] for run in runs.values()] for runs in LOTTERY["steps"].values())
    assert min(last) >= 0.97
    assert max(last) - min(last) < (max(first) - min(first)) / 10


def test_the_search_is_a_draw_of_its_own():
    starts = [run["auroc"] for run in LOTTERY["searches"]["GAN 0"].values()]
    assert f"gave {min(starts):.2f} to {max(starts):.2f}" in LESSON


def test_the_range_alone_lets_the_generator_collapse():
    alone = LOTTERY["asides"]["the recipe with the generator's range mended, and nothing else"].values()
    assert max(run["variety of samples"] for run in alone) < 0.1
    recipe, mended = (
        np.mean([run["auroc"] for run in runs]) for runs in (LOTTERY["steps"]["the common recipe"].values(), alone)
    )
    assert mended < recipe


def test_the_table_of_detectors_is_the_benchmarks_and_reaches_its_figures(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    summary = runpy.run_path(str(ROOT / "benchmarks" / "one_class_digits.py"))["summary"]
    results = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())
    table = summary(results)[["0, mean of seeds", "0, worst seed", "mean of ten"]].replace("", "–")
    quoted = [name for name in table.index if name in QUOTED]
    assert {"PCA, 32 directions", "5 nearest neighbours", "VAE", "f-AnoGAN"} <= set(quoted)
    for name in quoted:
        assert QUOTED[name].split(" | ") == table.loc[name].tolist(), name
    floors = {"AnoGAN": 0.975, "f-AnoGAN": 0.98, "BiGAN": 0.97, "GANomaly": 0.97}
    for name in set(floors) & set(quoted):
        assert np.mean(results[name]["0"]) >= floors[name], name


def test_the_folded_answer_counts_the_written_zeros():
    assert "order = np.random.default_rng(0).permutation(20)" in LESSON
    told = re.search(r"Counted along the rows: ([^.]*)\.", LESSON)
    written = np.flatnonzero(np.random.default_rng(0).permutation(20) < 10) + 1
    assert told
    assert [int(place) for place in re.findall(r"\d+", told[1])] == written.tolist()


def test_the_verdicts_of_longer_trained_gans_are_quoted():
    results = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())
    verdicts = results["GAN, discriminator's verdict"]["0"]
    assert f"between {min(verdicts):.2f} and {max(verdicts):.2f}" in LESSON


def test_over_ten_digits_two_of_the_gans_beat_pca_and_none_the_vae():
    results = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())
    mean = {name: np.mean([np.mean(values) for values in digits.values()]) for name, digits in results.items()}
    assert all(len(results[name]) == 10 for name in ("AnoGAN", "f-AnoGAN", "BiGAN", "GANomaly"))
    assert max(mean, key=mean.get) == "VAE"
    gans = {"AnoGAN", "f-AnoGAN", "BiGAN", "GANomaly"}
    assert {name for name in gans if mean[name] > mean["PCA, 32 directions"]} == {"GANomaly", "BiGAN"}
