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
LOTTERY_PART, REST = LESSON.split("# ## A lottery, and how it is mended")[1].split("# ## Learn the way back")
ROW = re.compile(r"^# \| ([^|]*\w[^|]*) \| (\d[^\n]*|\| \d[^\n]*) \|$", re.MULTILINE)
TICKETS, QUOTED = ROW.findall(LOTTERY_PART), dict(ROW.findall(REST))


@pytest.fixture(scope="module")
def lottery():
    """The benchmark's own names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
        return runpy.run_path(str(ROOT / "benchmarks" / "anogan_lottery.py"))


def scores_of(runs):
    return np.array([run["auroc"] for run in runs.values()])


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


def test_the_lottery_is_quoted_row_by_row(lottery):
    quoted, trained = dict(TICKETS), [*lottery["STEPS"], *lottery["ASIDES"]]
    assert [name for name, _ in TICKETS] == [*trained, *lottery["PLAIN"]], "every row, in the benchmark's order"
    rows = {**LOTTERY["steps"], **LOTTERY["asides"]}
    for row in trained:
        assert len(rows[row]) == 5, row
        scores = scores_of(rows[row])
        variety = [run["variety of samples"] for run in rows[row].values()]
        smallest, mean, largest = (f"{value:.3f}" for value in (scores.min(), scores.mean(), scores.max()))
        spread = f"{min(variety):.2f}–{max(variety):.2f}"
        assert quoted[row].split(" | ") == [smallest, mean, largest, spread], row
    for row, run in LOTTERY["plain"].items():
        assert quoted[row] == f"| {run['0']['auroc']:.3f} | |", row


def test_the_finished_detector_is_no_lottery_and_still_behind_what_draws_nothing(lottery):
    first, *_, last = (scores_of(LOTTERY["steps"][row]) for row in lottery["STEPS"])
    assert np.ptp(last) < np.ptp(first) / 10
    assert f"steady (worst seed {last.min():.3f})" in LOTTERY_PART
    plain = {name: run["0"]["auroc"] for name, run in LOTTERY["plain"].items()}
    assert last.max() < min(plain["PCA, 32 directions"], plain["5 nearest neighbours"])


def test_the_start_of_the_search_draws_as_much_as_the_training_does():
    searches = [scores_of(runs) for runs in LOTTERY["searches"].values()]
    assert [len(scores) for scores in searches] == [5] * 5
    starts = [scores.std() for scores in searches]
    means = np.std([scores.mean() for scores in searches])
    assert f"the AUROC deviates by {min(starts):.2f} to {max(starts):.2f} (the worst" in LOTTERY_PART.replace(
        "\n# ", " "
    )
    assert f"the five GANs' means deviate by {means:.2f}" in LOTTERY_PART
    assert np.median(starts) > means
    worst = min(searches, key=min)
    assert f"the worst GAN ran from {worst.min():.2f} to {worst.max():.2f}" in LOTTERY_PART


def test_what_the_lottery_says_of_each_repair(lottery):
    mean = {row: scores_of(runs).mean() for row, runs in {**LOTTERY["steps"], **LOTTERY["asides"]}.items()}
    least = {row: scores_of(runs).min() for row, runs in LOTTERY["steps"].items()}
    recipe, warm, faster, spectral, averaged, ranged, featured, _ = lottery["STEPS"]
    assert f"lift the worst seed from {least[recipe]:.2f} to {least[warm]:.2f}" in LOTTERY_PART
    assert f"lift the worst seed from {least[ranged]:.3f} to {least[featured]:.3f}" in LOTTERY_PART
    features_alone = "the recipe with warm start, two restarts and features"
    assert f"worse ({mean[features_alone]:.3f})" in LOTTERY_PART
    assert mean[features_alone] < mean[warm]
    for scores in (mean, least):
        assert scores[warm] > scores[faster] > scores[spectral] < scores[averaged] < scores[warm]
    variety = {
        row: np.mean([run["variety of samples"] for run in LOTTERY["steps"][row].values()]) for row in lottery["STEPS"]
    }
    assert variety[faster] > variety[spectral] > variety[averaged] < variety[ranged]
    assert lottery["RANDOM"]["search_steps"] == 100
    assert (lottery["WARM"]["search_steps"], lottery["WARM"]["restarts"]) == (60, 2)
    assert "two of 60 steps, not one of 100" in LOTTERY_PART


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
