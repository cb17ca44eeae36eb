"""What every adversarial detector must do, on pictures that train in seconds."""

import functools

import numpy as np
import pytest
import torch

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.deep import GAN, AnoGAN, BiGAN, FAnoGAN, GANomaly
from course_lib.deep.gan.spectral import SpectralNorm
from tests.deep.gan.small_images import LABELS, NORMAL, SHAPE, TEST

SMALL = {
    "image_shape": SHAPE,
    "hidden_sizes": (64, 32),
    "channels": (8, 16),
    "latent_size": 4,
    "batch_size": 50,
    "learning_rate": 2e-3,
    "scaling": None,
    "device": "cpu",
    "random_state": 0,
    "verbose": False,
}
OWN = {
    GAN: {},
    AnoGAN: {"bank_size": 200, "search_steps": 30},
    FAnoGAN: {},
    BiGAN: {},
    GANomaly: {},
}
EVERY = list(OWN)


def make(kind, epochs=25, **changes):
    own = {"gan_epochs": epochs // 2} if kind is FAnoGAN else {}
    return kind(**{**SMALL, "epochs": epochs, **OWN[kind], **own, **changes})


@functools.cache
def trained(kind):
    if kind in (AnoGAN, FAnoGAN):  # both stand on the same GAN, which is trained once
        return kind.from_gan(trained(GAN), NORMAL, **OWN[kind], **({"epochs": 12} if kind is FAnoGAN else {}))
    return make(kind, 40 if kind is GAN else 25).fit(NORMAL)


@functools.cache
def convolutional(kind):
    return make(kind, 2, architecture="conv").fit(NORMAL[:200])


@pytest.mark.parametrize("kind", [AnoGAN, FAnoGAN, BiGAN, GANomaly])
def test_tells_one_spot_from_two_better_than_untrained(kind):
    scores = trained(kind).decision_function(TEST)
    assert len(np.unique(scores)) == len(scores)
    untrained = make(kind, 2, learning_rate=1e-9).fit(NORMAL)
    assert auroc(LABELS, scores) > 0.95
    assert auroc(LABELS, scores) > auroc(LABELS, untrained.decision_function(TEST)) + 0.2


@pytest.mark.parametrize("kind", [BiGAN, GANomaly])
def test_convolutional_networks_learn_the_same(kind):
    fitted = make(kind, 12, architecture="conv").fit(NORMAL)
    error = ((TEST - fitted.reconstruct(TEST)) ** 2).mean(axis=1)
    assert auroc(LABELS, error) > 0.9


def test_the_discriminators_verdict_is_the_score():
    fitted = trained(GAN)
    with torch.no_grad():
        verdict = fitted.net_.discriminator(torch.from_numpy(TEST)).numpy()
    np.testing.assert_allclose(fitted.decision_function(TEST), -verdict, rtol=1e-5, atol=1e-6)
    assert len(np.unique(verdict)) == len(verdict)


def test_the_scores_of_bigan_and_ganomaly_by_hand():
    x = torch.from_numpy(TEST)
    bigan, ganomaly = trained(BiGAN), trained(GANomaly)  # not below: training needs gradients
    with torch.no_grad():
        net = bigan.net_
        code = net.encoder(x)
        rebuilt = net.generator(code)
        seen = [net.discriminator.features(torch.cat([rows, code], dim=1)) for rows in (x, rebuilt)]
        expected = 0.9 * ((x - rebuilt) ** 2).mean(dim=1) + 0.1 * ((seen[0] - seen[1]) ** 2).mean(dim=1)
        np.testing.assert_allclose(bigan.decision_function(TEST), expected.numpy(), rtol=1e-4, atol=1e-7)

        net = ganomaly.net_
        rebuilt = net.generator(net.encoder(x))
        codes = ((net.encoder(x) - net.second_encoder(rebuilt)) ** 2).mean(dim=1)
        expected = 0.9 * ((x - rebuilt) ** 2).mean(dim=1) + 0.1 * codes
        np.testing.assert_allclose(ganomaly.decision_function(TEST), expected.numpy(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", [AnoGAN, FAnoGAN, BiGAN, GANomaly])
def test_reconstructions_are_in_the_units_of_the_rows(kind):
    fitted = make(kind, 2, scaling="minmax").fit(NORMAL[:100] * 50 + 7)
    rows = TEST[:5] * 50 + 7
    with torch.no_grad():
        if kind is AnoGAN:
            scaled = fitted.search(rows).rebuilt.numpy()
        else:
            scaled = fitted.net_.generator(torch.from_numpy(fitted.encode(rows))).numpy()
    np.testing.assert_allclose(fitted.reconstruct(rows), scaled * fitted.scale_ + fitted.shift_, rtol=1e-5)
    assert fitted.reconstruct(rows).max() > 20


@pytest.mark.parametrize("kind", EVERY)
def test_the_spectral_norm_is_on_every_layer_of_the_discriminator_and_on_no_other(kind):
    for steadying in ("spectral", "none", "wasserstein-gp"):
        net = make(kind, steadying=steadying).build(64)
        steadied = {name for name, layer in net.named_modules() if isinstance(layer, SpectralNorm)}
        layers = {name for name, layer in net.discriminator.named_modules() if isinstance(layer, torch.nn.Linear)}
        wanted = (
            {f"discriminator.{name}".removesuffix(".layer") for name in layers} if steadying == "spectral" else set()
        )
        assert steadied == wanted
        assert len(layers) >= 3


def test_samples_are_the_averaged_generators():
    fitted = make(GAN, 2, averaging=0.99).fit(NORMAL[:200])
    z = torch.randn(5, 4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected, players = fitted.net_.generator(z).numpy(), fitted.net_.player(z).numpy()
    np.testing.assert_allclose(fitted.sample(5, random_state=3), expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(expected, players, rtol=1e-3)


def test_the_score_of_f_anogan_by_hand():
    fitted = make(FAnoGAN, 2, feature_weight=0.3).fit(NORMAL[:200])
    x, net = torch.from_numpy(TEST), fitted.net_
    with torch.no_grad():
        rebuilt = net.generator(net.encoder(x))
        seen = ((net.discriminator.features(x) - net.discriminator.features(rebuilt)) ** 2).mean(dim=1)
        expected = ((x - rebuilt) ** 2).mean(dim=1) + 0.3 * seen
    np.testing.assert_allclose(fitted.decision_function(TEST), expected.numpy(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("steadying", ["none", "spectral", "wasserstein-gp"])
@pytest.mark.parametrize("kind", EVERY)
def test_every_player_moves_and_is_reported(kind, steadying):
    epochs = 2
    fitted = make(kind, epochs, steadying=steadying).fit(NORMAL)
    start = make(kind, epochs, steadying=steadying, learning_rate=1e-12).fit(NORMAL)
    for name, player in fitted.net_.named_children():
        for key, weight in player.named_parameters():
            if key in ("head.bias", "head.0.bias") and steadying == "wasserstein-gp":
                continue  # a constant added to every verdict changes nothing in a Wasserstein critic's loss
            other = start.net_.get_submodule(name).get_parameter(key)
            assert not torch.allclose(weight, other, atol=1e-4), f"{name}.{key} did not move"
    assert {len(losses) for losses in fitted.history_.values()} == {epochs // 2 if kind is FAnoGAN else epochs}
    expected = {"discriminator_loss", "generator_loss"}
    expected |= {FAnoGAN: {"encoder_loss"}, BiGAN: {"cycle_loss"}}.get(kind, set())
    if kind is GANomaly:
        expected = {"discriminator_loss", "adversarial_loss", "reconstruction_loss", "encoding_loss"}
    assert set(fitted.history_) == expected


@pytest.mark.parametrize(("kind", "name"), [(FAnoGAN, "encoder"), (BiGAN, "cycle"), (GANomaly, "reconstruction")])
def test_what_is_plainly_minimised_falls(kind, name):
    losses = trained(kind).history_[f"{name}_loss"]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("kind", EVERY)
def test_same_seed_same_scores_and_another_seed_others(kind):
    scores = [make(kind, 2, random_state=seed).fit(NORMAL).decision_scores_ for seed in (3, 3, 4)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0], scores[2], rtol=1e-3)


@pytest.mark.parametrize("kind", EVERY)
def test_save_and_load_keep_the_scores(kind, tmp_path):
    fitted = trained(kind)
    fitted.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.decision_function(TEST), fitted.decision_function(TEST))
    assert again.history_ == fitted.history_


@pytest.mark.parametrize("fitted", [trained, convolutional])
@pytest.mark.parametrize("kind", EVERY)
def test_a_score_does_not_depend_on_the_rows_beside_it(kind, fitted):
    detector = fitted(kind)
    scores = detector.decision_function(TEST)
    np.testing.assert_allclose(detector.decision_function(TEST[::-1])[::-1], scores, rtol=1e-4, atol=1e-6)
    alone = np.concatenate([detector.decision_function(row[None]) for row in TEST[97:103]])
    np.testing.assert_allclose(alone, scores[97:103], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [GAN, AnoGAN, FAnoGAN, BiGAN])
def test_samples_are_in_the_units_of_the_rows(kind):
    rows = NORMAL * 50 + 7
    fitted = make(kind, 4, scaling="minmax", output="sigmoid").fit(rows)
    sample = fitted.sample(300, random_state=0)
    assert sample.shape == (300, 64)
    assert (sample >= rows.min(axis=0) - 1e-3).all()
    assert (sample <= rows.max(axis=0) + 1e-3).all()
    assert sample.max() > 20
    np.testing.assert_array_equal(sample, fitted.sample(300, random_state=0))
    assert not np.array_equal(sample, fitted.sample(300, random_state=1))
    assert not np.array_equal(fitted.sample(3), fitted.sample(3))


@pytest.mark.parametrize("kind", [FAnoGAN, BiGAN, GANomaly])
def test_codes_and_reconstructions(kind):
    fitted = trained(kind)
    codes, rebuilt = fitted.encode(TEST), fitted.reconstruct(TEST)
    assert codes.shape == (200, 4)
    with torch.no_grad():
        np.testing.assert_allclose(fitted.net_.generator(torch.from_numpy(codes)).numpy(), rebuilt, atol=1e-6)
    error = ((TEST - rebuilt) ** 2).mean(axis=1)
    assert error[LABELS == 0].mean() < 0.5 * error[LABELS == 1].mean()
    assert error[LABELS == 0].mean() < 0.8 * TEST[LABELS == 0].var(axis=0).mean()


@pytest.mark.parametrize("kind", [GAN, FAnoGAN])
def test_a_resumed_run_ends_where_an_unbroken_one_does(kind, tmp_path):
    """For f-AnoGAN the break falls into the encoder's epochs, with three optimisers on file."""
    options = {"gan_epochs": 2} if kind is FAnoGAN else {}
    whole = make(kind, 5, **options).fit(NORMAL)
    file = str(tmp_path / "run.safetensors")
    make(kind, 3, checkpoint=file, **options).fit(NORMAL)
    resumed = make(kind, 5, checkpoint=file, resume=True, **options).fit(NORMAL)
    for ours, theirs in zip(whole.net_.state_dict().values(), resumed.net_.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert whole.history_ == resumed.history_


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (GAN, {"architecture": "deep"}, "architecture must be one of dense, conv, but is 'deep'"),
        (GAN, {"output": "relu"}, "output must be one of sigmoid, tanh, linear, but is 'relu'"),
        (GANomaly, {"steadying": None}, "steadying must be one of none, spectral, wasserstein-gp, but is None"),
        (BiGAN, {"objective": "wasserstein"}, "objective must be one of non-saturating, saturating, but is"),
        (GAN, {"latent_size": 0}, "latent_size must be a whole number of at least 1, but is 0"),
        (GAN, {"hidden_sizes": 64}, "hidden_sizes must be a tuple of whole numbers of at least 1, but is 64"),
        (GAN, {"architecture": "conv", "image_shape": (1, 7, 9)}, "holds 63 values, but a row of X has 64"),
        (AnoGAN, {"restarts": 0}, "restarts must be a whole number of at least 1, but is 0"),
        (AnoGAN, {"restarts": 5, "bank_size": 3}, "bank_size=3 generated rows cannot give 5 starting points"),
        (AnoGAN, {"feature_share": 1.5}, "feature_share must be a number from 0 to 1, but is 1.5"),
        (AnoGAN, {"against": "both"}, "against must be one of features, verdict, but is 'both'"),
        (AnoGAN, {"search_steps": -1}, "search_steps must be a whole number of at least 0, but is -1"),
        (FAnoGAN, {"gan_epochs": 4, "epochs": 4}, "gan_epochs=4 leaves none of the epochs=4 to the encoder"),
        (FAnoGAN, {"feature_weight": -1}, "feature_weight must be a number of at least 0, but is -1"),
        (BiGAN, {"cycle_weight": None}, "cycle_weight must be a number of at least 0, but is None"),
        (GANomaly, {"encoding_weight": "1"}, "encoding_weight must be a number of at least 0, but is '1'"),
    ],
)
def test_bad_parameters_are_refused_before_training(kind, changes, message, refuses):
    with refuses(message):
        make(kind, **changes).fit(NORMAL)


@pytest.mark.parametrize("kind", EVERY)
def test_rows_outside_the_generators_range_are_refused(kind, refuses):
    with refuses("makes values from 0 to 1, but the training rows run from"):
        make(kind).fit(NORMAL * 255)
    with refuses("makes values from -1 to 1, but the training rows run from"):
        make(kind, output="tanh", scaling="standard").fit(NORMAL)
    make(kind, 2 if kind is FAnoGAN else 1, output="linear", scaling="standard").fit(NORMAL[:60])


@pytest.mark.parametrize("kind", [AnoGAN, FAnoGAN])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": "tanh"}, "output='tanh' contradicts the GAN, which was trained with output='sigmoid'"),
        ({"steadying": "none"}, "steadying='none' contradicts the GAN, which was trained with steadying='spectral'"),
        ({"latent_size": 5}, "latent_size=5 contradicts the GAN, which was trained with latent_size=4"),
        ({"hidden_sizes": [4]}, "contradicts the GAN, which was trained with hidden_sizes="),
        ({"scaling": "standard"}, "scaling='standard' contradicts the GAN, which was trained with scaling=None"),
        ({"resume": True}, "from_gan keeps no checkpoint to go on from: leave resume out"),
        ({"device": "gpu"}, "device must be 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps', but is 'gpu'"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, but is 0"),
        ({"learning_rate": "a"}, "learning_rate must be above 0, but is 'a'"),
    ],
)
def test_from_gan_refuses_what_the_trained_gan_cannot_be(kind, changes, message, refuses):
    with refuses(message):
        kind.from_gan(trained(GAN), NORMAL, **changes)


def test_from_gan_takes_what_the_gan_is_and_the_device_asked_for():
    said_again = {"hidden_sizes": list(SMALL["hidden_sizes"]), "output": "sigmoid", "device": "cpu"}
    detector = AnoGAN.from_gan(trained(GAN), NORMAL, **OWN[AnoGAN], **said_again)
    np.testing.assert_array_equal(detector.decision_function(TEST), trained(AnoGAN).decision_function(TEST))
    assert detector.device_ == "cpu"


def test_sampling_nothing_is_refused(refuses):
    with refuses("n must be a whole number of at least 1, but is -1"):
        trained(GAN).sample(-1)
