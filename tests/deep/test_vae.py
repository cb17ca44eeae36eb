"""Variational autoencoders: against probabilistic PCA and a loop by hand, their scores, their collapse, real digits."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA as ReferencePCA
from torch import nn

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import VAE, ConvVAE
from course_lib.deep.vae import active_units, gaussian_kl, reparameterise
from course_lib.deep.vae.scores import SCORES, row_scores

rng = np.random.default_rng(0)
MIX = rng.normal(size=(3, 8))
X = rng.normal(size=(400, 3)) @ MIX + 0.3 * rng.normal(size=(400, 8))
STRANGE = rng.permuted(X[:200], axis=0)  # each feature as usual, their combination not
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}
SMALL = {"hidden_sizes": (16,), "latent_size": 3, "learning_rate": 5e-3, **PLAIN}
BERNOULLI = {"decoder": "bernoulli", "scaling": "minmax"}


@pytest.fixture(scope="module")
def fitted():
    return VAE(epochs=40, **SMALL).fit(X)


def test_the_linear_model_finds_probabilistic_pca():
    """The bound of a linear decoder is largest where the evidence of probabilistic PCA is, which has a closed form."""
    linear = VAE(
        (), 4, "identity", epochs=80, batch_size=25, learning_rate=5e-3, scaling=None, validation_share=0.0,
        n_samples=200, **PLAIN,
    ).fit(X)  # fmt: skip
    pca = ReferencePCA(3).fit(X)  # the same evidence with a fourth direction that stays unused ...
    evidence = ReferencePCA(4).fit(X).score(X)  # ... or that fits a little noise
    bound = -linear.score_rows(X, "elbo").mean()
    assert pca.score(X) - 0.15 < bound < evidence + 0.02
    assert linear.net_.variance.item() == pytest.approx(pca.noise_variance_, rel=0.15)
    assert active_units(linear.encode(X)[0]).sum() in (3, 4)
    assert -linear.score_rows(X, "log_likelihood").mean() <= evidence + 0.02


@pytest.mark.parametrize("decoder", ["gaussian", "bernoulli"])
def test_the_library_does_what_the_plain_loop_does(decoder):
    seed, epochs, batch_size = 5, 4, 32
    data = torch.from_numpy((X - X.min(axis=0)) / np.ptp(X, axis=0)).float()
    order = torch.Generator().manual_seed(seed)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 2 * 3))
        decoder_net = nn.Sequential(nn.Linear(3, 16), nn.GELU(), nn.Linear(16, 8))
        weights = [*encoder.parameters(), *decoder_net.parameters()]
        adam, variance = torch.optim.Adam(weights, lr=2e-3), 1.0
        for _ in range(epochs):
            total = 0.0
            for rows in torch.randperm(len(data), generator=order).split(batch_size):
                x = data[rows]
                mean, log_variance = encoder(x)[:, :3], encoder(x)[:, 3:]
                z = mean + torch.exp(log_variance / 2) * torch.randn(len(x), 3)
                out = decoder_net(z)
                if decoder == "bernoulli":
                    p = torch.sigmoid(out)
                    log_likelihood = (x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)
                else:
                    variance += 0.05 * (((x - out) ** 2).mean().item() - variance)
                    log_likelihood = torch.distributions.Normal(out, variance**0.5).log_prob(x).sum(dim=1)
                kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(dim=1)
                loss = (1.5 * kl - log_likelihood).mean()
                adam.zero_grad()
                loss.backward()
                adam.step()
                total += loss.item() * len(x)
            losses.append(total / len(data))
    ours = VAE(
        (16,), 3, beta=1.5, decoder=decoder, scaling="minmax", epochs=epochs, batch_size=batch_size, learning_rate=2e-3,
        validation_share=0.0, **{**PLAIN, "random_state": seed},
    ).fit(X)  # fmt: skip
    np.testing.assert_allclose(ours.history_["loss"], losses, rtol=1e-4)
    for theirs, mine in zip(weights, ours.net_.parameters(), strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), atol=2e-5)


@pytest.mark.parametrize("options", [{}, {**BERNOULLI, "scaling": None}, {"activation": "tanh", "beta": 0.5}])
def test_training_lowers_the_loss_moves_weights_and_beats_the_untrained_model(options):
    settings = {**SMALL, **options}
    # Chances from 0 to 1 for the Bernoulli decoder: most of them near the ends, as pixels are.
    normal, strange = (1 / (1 + np.exp(-4 * rows)) if "decoder" in options else rows for rows in (X, STRANGE))
    trained = VAE(epochs=40, **settings).fit(normal)
    untrained = VAE(epochs=1, **{**settings, "learning_rate": 1e-12}).fit(normal)
    assert trained.history_["loss"][-1] < trained.history_["loss"][0] - 0.05
    moved = [
        (a - b).abs().max().item() for a, b in zip(trained.net_.parameters(), untrained.net_.parameters(), strict=True)
    ]
    assert min(moved) > 1e-3
    y, rows = np.r_[np.zeros(len(X)), np.ones(len(STRANGE))], np.r_[normal, strange]
    assert auroc(y, trained.decision_function(rows)) > max(0.8, auroc(y, untrained.decision_function(rows)) + 0.1)


@pytest.mark.parametrize("decoder", ["gaussian", "bernoulli"])
def test_the_four_scores_by_hand(decoder):
    model = VAE(epochs=5, n_samples=6, beta=2.0, decoder=decoder, scaling="minmax", **SMALL).fit(X)
    net, rows = model.net_.eval(), torch.from_numpy((X[:9] - model.shift_) / model.scale_).float()
    noise = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean, log_variance = net.encode(rows)
        z = reparameterise(mean, log_variance, noise[:, None, :])
        like = net.log_likelihood(rows, z)
        kl = gaussian_kl(mean, log_variance).sum(dim=1)
        posterior, prior = (
            torch.distributions.Normal(mean, torch.exp(log_variance / 2)),
            torch.distributions.Normal(0, 1),
        )
        weights = like + prior.log_prob(z).sum(dim=2) - posterior.log_prob(z).sum(dim=2)
        expected = {
            "reconstruction": ((net.expected(mean) - rows) ** 2).mean(dim=1),
            "reconstruction_probability": -like.mean(dim=0),
            "elbo": 2 * kl - like.mean(dim=0),
            "log_likelihood": -torch.log(weights.exp().mean(dim=0)),
        }
    assert set(expected) == set(SCORES)
    for name, values in expected.items():
        np.testing.assert_allclose(model.score_rows(X[:9], name), values.numpy(), rtol=1e-4, atol=1e-6)
        assert np.ptp(values.numpy()) > 0
        model.scoring = name
        np.testing.assert_array_equal(model.decision_function(X[:9]), model.score_rows(X[:9]))


@pytest.mark.parametrize("scoring", SCORES)
def test_the_score_of_a_row_does_not_depend_on_its_batch(fitted, scoring):
    together = fitted.score_rows(X, scoring)
    shuffled = rng.permutation(len(X))
    np.testing.assert_allclose(fitted.score_rows(X[shuffled], scoring), together[shuffled], rtol=1e-5, atol=1e-5)
    alone = [fitted.score_rows(X[i : i + 1], scoring)[0] for i in range(5)]
    np.testing.assert_allclose(alone, together[:5], rtol=1e-5, atol=1e-5)


def test_more_draws_tighten_the_weighted_bound_and_leave_the_elbo(fitted):
    one, many = (fitted.score_rows(X, "log_likelihood", k).mean() for k in (1, 256))
    assert many < one - 0.05
    assert (fitted.score_rows(X, "log_likelihood", 64) <= fitted.score_spread(X, "log_likelihood", 64)[0] + 1e-4).all()
    few, more = (fitted.score_rows(X, "elbo", k).mean() for k in (500, 2000))
    assert few == pytest.approx(more, abs=0.2)


@pytest.mark.parametrize("scoring", SCORES)
def test_spread_of_a_score(fitted, scoring, refuses):
    mean, deviation = fitted.score_spread(X, scoring, 200)
    assert mean.shape == deviation.shape == (len(X),)
    assert (deviation > 0).all()
    if scoring in ("elbo", "reconstruction_probability"):
        np.testing.assert_allclose(mean, fitted.score_rows(X, scoring, 200), rtol=1e-4, atol=1e-4)
    with refuses("at least two draws"):
        fitted.score_spread(X, scoring, 1)


@pytest.mark.parametrize("scoring", SCORES)
def test_mean_and_deviation_are_those_of_single_draws(scoring):
    model = VAE(epochs=5, beta=3.0, **{**SMALL, "random_state": 4}).fit(X)
    rows = torch.from_numpy((X[:9] - model.shift_) / model.scale_).float()
    noise = torch.randn(20, 3, generator=torch.Generator().manual_seed(4))  # the model's seed
    net = model.net_.eval()
    with torch.no_grad():
        if scoring == "reconstruction":  # its score takes the mean code, its spread the draws
            z = reparameterise(*net.encode(rows), noise[:, None, :])
            singles = [((net.expected(draw) - rows) ** 2).mean(dim=1) for draw in z]
        else:
            singles = [row_scores(net, rows, draw[None], scoring, 3.0) for draw in noise]
    singles = torch.stack(singles).numpy()
    mean, deviation = model.score_spread(X[:9], scoring, 20)
    np.testing.assert_allclose(mean, singles.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(deviation, singles.std(axis=0, ddof=1), rtol=1e-3)


def test_what_eases_training_touches_neither_validation_nor_scores():
    """Weights that stand still: only the loss of training may tell the plain model from the eased one."""
    settings = {**SMALL, "learning_rate": 1e-12, "validation_share": 0.5, "beta": 2.0, "epochs": 2}
    plain, eased = VAE(**settings).fit(X), VAE(annealing=10, free_bits=1.0, **settings).fit(X)
    np.testing.assert_allclose(eased.history_["validation_loss"], plain.history_["validation_loss"], rtol=1e-5)
    assert not np.allclose(eased.history_["loss"], plain.history_["loss"], rtol=1e-3)
    np.testing.assert_allclose(eased.decision_function(X), plain.decision_function(X), rtol=1e-5)


def test_codes_reconstructions_and_samples(refuses):
    rows = X * [1, 10, 100, 1, 1, 1, 1, 1e-3] + 1000
    model = VAE(epochs=40, **SMALL).fit(rows)
    mean, log_variance = model.encode(rows)
    assert mean.shape == log_variance.shape == (400, 3)
    assert ((rows - model.reconstruct(rows)) ** 2).mean(axis=0) @ (1 / rows.var(axis=0)) < 0.4 * 8
    np.testing.assert_allclose(model.decode(mean), model.reconstruct(rows))
    drawn = model.sample(2000, random_state=1)
    np.testing.assert_array_equal(drawn, model.sample(2000, random_state=1))
    assert not np.allclose(drawn, model.sample(2000, random_state=2))
    spread = rows.std(axis=0)
    assert (np.abs(drawn.mean(axis=0) - rows.mean(axis=0)) < 0.3 * spread).all()
    assert (drawn.std(axis=0) > 0.4 * spread).all(), "samples differ as the rows do"
    with refuses("z needs shape (n, 3)"):
        model.decode(mean[:, :2])
    for method in (model.encode, model.reconstruct, model.score_rows, model.score_spread):
        with refuses("X has 7 features"):
            method(rows[:, :7])


def test_a_bernoulli_decoder_stays_between_0_and_1_and_charges_what_lies_beyond():
    model = VAE(epochs=20, **{**SMALL, **BERNOULLI, "scaling": None}).fit((X - X.min()) / np.ptp(X))
    inside = (X[:1] - X.min()) / np.ptp(X)
    rebuilt = model.reconstruct(inside)
    assert ((rebuilt > 0) & (rebuilt < 1)).all()
    beyond = [inside + np.eye(8)[:1] * shift for shift in (2.0, 5.0, 20.0)]
    scores = [model.score_rows(rows, "reconstruction_probability")[0] for rows in (inside, *beyond)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0] + 300


@pytest.mark.parametrize("kind", [VAE, ConvVAE])
@pytest.mark.parametrize("options", [{}, BERNOULLI])
def test_saved_and_loaded_models_score_equally(kind, options, tmp_path):
    size = {"hidden_sizes": (8,)} if kind is VAE else {"channels": (3,), "image_shape": (1, 2, 4)}
    model = kind(latent_size=2, epochs=2, annealing=1, **size, **options, **PLAIN).fit(X)
    model.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    for name in SCORES:
        np.testing.assert_array_equal(again.score_rows(X, name), model.score_rows(X, name))
    np.testing.assert_array_equal(again.sample(3, random_state=0), model.sample(3, random_state=0))


def test_an_annealed_run_resumes_bit_for_bit(tmp_path):
    file = str(tmp_path / "run.safetensors")
    settings = {**SMALL, "annealing": 4, "patience": 50}
    straight = VAE(epochs=5, **settings).fit(X)
    VAE(epochs=2, checkpoint=file, **settings).fit(X)
    resumed = VAE(epochs=5, checkpoint=file, resume=True, **settings).fit(X)
    assert resumed.history_ == straight.history_
    np.testing.assert_array_equal(resumed.decision_scores_, straight.decision_scores_)
    assert VAE(epochs=5, **{**settings, "annealing": 0}).fit(X).history_["loss"][0] != straight.history_["loss"][0]


def test_collapse_is_produced_measured_and_cured():
    crushed = VAE(epochs=40, beta=100.0, **SMALL).fit(X)
    mean, log_variance = crushed.encode(X)
    assert active_units(mean).sum() == 0
    assert gaussian_kl(torch.from_numpy(mean), torch.from_numpy(log_variance)).sum(dim=1).mean() < 0.05
    cured = VAE(epochs=40, beta=100.0, free_bits=1.0, **SMALL).fit(X)
    assert active_units(cured.encode(X)[0]).sum() == 3
    error = [m.score_rows(X, "reconstruction").mean() for m in (crushed, cured)]
    assert error[1] < 0.7 * error[0]


def test_active_units():
    means = np.c_[rng.normal(size=500), 0.05 * rng.normal(size=500), 0.2 * rng.normal(size=500)]
    assert active_units(means).tolist() == [True, False, True]
    assert active_units(torch.from_numpy(means), threshold=0.1).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="n of at least 2"):
        active_units(means[:1])


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"beta": -1}, "beta must be at least 0, but is -1"),
        ({"latent_size": 0}, "latent_size must be a whole number of at least 1"),
        ({"decoder": "poisson"}, "decoder must be one of gaussian, bernoulli"),
        ({"scoring": "likelihood"}, "scoring must be one of reconstruction"),
        ({"n_samples": 0}, "n_samples must be a whole number"),
        ({"annealing": 2.5}, "annealing must be a whole number of epochs"),
        ({"free_bits": -0.1}, "free_bits must be at least 0"),
        ({"hidden_sizes": 16}, "hidden_sizes must be a tuple"),
        ({"decoder": "bernoulli"}, "which scaling='standard' does not give"),
        ({"decoder": "bernoulli", "scaling": None}, "but X runs from"),
    ],
)
def test_options_out_of_range_are_refused_before_training(options, fragment, refuses):
    with refuses(fragment):
        VAE(**{**SMALL, "epochs": 1, **options}).fit(X)


def test_scores_asked_for_later_are_checked_too(fitted, refuses):
    with refuses("scoring must be one of"):
        fitted.score_rows(X, "kl")
    with refuses("n_samples must be a whole number"):
        fitted.score_rows(X, n_samples=0)


def test_quality_floor_on_real_mnist():
    folder = Path(os.environ.get("COURSE_DATA_DIR", "data/cache")) / "MNIST" / "raw"
    if not folder.is_dir():
        pytest.skip(f"real MNIST: {folder} is not here; COURSE_DATA_DIR says where the data are")
    data = load_mnist(normal=0, offline=True)
    assert not data.is_substitute
    model = VAE((256, 128), 16, epochs=6, batch_size=32, scaling=None, n_samples=4, **PLAIN).fit(data.X_train[:2000])
    rows, y = data.X_test[:2000], data.y_test[:2000]
    for name in SCORES:
        assert auroc(y, model.score_rows(rows, name)) >= 0.98
