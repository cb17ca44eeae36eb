"""AnoGAN must search: for each row a point of its own, which lowers that row's own loss."""

import functools

import numpy as np
import pandas as pd
import pytest
import torch

from course_lib.core.metrics import auroc
from course_lib.deep import GAN, AnoGAN, BiGAN, FAnoGAN, GANomaly, search_loss
from tests.deep.gan.small_images import LABELS, NORMAL, ODD, TEST, UNSEEN

GAN_OPTIONS = {
    "hidden_sizes": (64, 32),
    "latent_size": 4,
    "batch_size": 50,
    "learning_rate": 2e-3,
    "epochs": 40,
    "scaling": None,
    "device": "cpu",
    "random_state": 0,
    "verbose": False,
}


@functools.cache
def gan():
    return GAN(**GAN_OPTIONS).fit(NORMAL)


@functools.cache
def anogan(**changes):
    return AnoGAN.from_gan(gan(), NORMAL[:100], **changes)


def test_every_row_gets_a_generated_row_of_its_own():
    rebuilt = anogan().reconstruct(TEST)
    distances = np.linalg.norm(rebuilt[:, None] - rebuilt, axis=2)
    distances[np.diag_indices(len(rebuilt))] = np.inf
    assert (distances.min(axis=1) > 1e-4).all(), "two rows came back as one and the same picture"
    spread = np.linalg.norm(rebuilt[LABELS == 0] - rebuilt[LABELS == 0].mean(axis=0), axis=1).mean()
    real = np.linalg.norm(UNSEEN - UNSEEN.mean(axis=0), axis=1).mean()
    assert spread > 0.5 * real
    own = ((UNSEEN - rebuilt[LABELS == 0]) ** 2).mean(axis=1)
    others = ((UNSEEN - np.roll(rebuilt[LABELS == 0], 1, axis=0)) ** 2).mean(axis=1)
    assert (own < others).mean() > 0.95


@pytest.mark.parametrize("options", [{}, {"bank_size": 0}, {"bank_size": 0, "feature_share": 0.0}])
def test_the_search_lowers_each_rows_own_loss(options):
    result = anogan(**options).search(TEST)
    assert (result.last < result.first).all()
    if options:  # a warm start leaves less to do
        assert result.last[:100].median() < 0.5 * result.first[:100].median()


def test_generated_rows_are_found_again():
    generated = gan().sample(100, random_state=5)
    scores = anogan().decision_function(generated)
    assert np.quantile(scores, 0.9) < 0.05 * np.median(anogan().decision_function(ODD))
    assert np.median(scores) < 0.3 * np.median(anogan().decision_function(UNSEEN))


def test_the_score_is_the_loss_at_the_end():
    detector = anogan(feature_share=0.3)
    result = detector.search(TEST)
    net = detector.net_
    with torch.no_grad():
        by_hand = search_loss(torch.from_numpy(TEST), net.generator(result.z), net.discriminator.features, 0.3)
    np.testing.assert_allclose(detector.decision_function(TEST), by_hand.numpy(), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(detector.reconstruct(TEST), result.rebuilt.numpy(), rtol=1e-6)


def test_more_search_comes_closer():
    means = [
        anogan(search_steps=steps, restarts=restarts).search(UNSEEN).last.mean().item()
        for steps, restarts in ((0, 1), (10, 1), (60, 1), (60, 4))
    ]
    assert means[0] > means[1] > means[2] > means[3]


def test_the_verdict_and_random_starts_are_choices_that_count():
    plain = anogan().decision_function(TEST)
    for options in ({"against": "verdict"}, {"bank_size": 0}, {"feature_share": 0.0}, {"search_rate": 0.01}):
        assert not np.allclose(anogan(**options).decision_function(TEST), plain, rtol=1e-2)


def test_from_gan_is_the_detector_that_fit_makes():
    fitted = AnoGAN(**GAN_OPTIONS).fit(NORMAL)
    taken = AnoGAN.from_gan(gan(), NORMAL)
    np.testing.assert_array_equal(fitted.decision_scores_, taken.decision_scores_)
    assert fitted.threshold_ == taken.threshold_
    assert taken.get_params() == fitted.get_params()
    taken.net_.generator.layers[0].weight.data.zero_()
    assert gan().net_.generator.layers[0].weight.abs().sum() > 0, "the GAN's own network must stay as it was"


def test_a_search_without_steps_scores_the_nearest_of_the_models_own_bank():
    """Drawn from the model's seed, and nearest in what the score measures: here in the features alone."""
    detector = anogan(search_steps=0, restarts=1, feature_share=1.0, bank_size=50, random_state=5)
    net, x = detector.net_, torch.from_numpy(TEST)
    with torch.no_grad():
        made = net.generator(torch.randn(50, 4, generator=torch.Generator().manual_seed(5)))
        seen, theirs = net.discriminator.features(x), net.discriminator.features(made)
        nearest = ((seen[:, None] - theirs) ** 2).mean(dim=2).min(dim=1).values
    np.testing.assert_allclose(detector.decision_function(TEST), nearest.numpy(), rtol=1e-3, atol=1e-6)


def test_from_gan_with_another_seed_or_the_gans_own():
    own, other = (anogan(bank_size=0, search_steps=1, **seed) for seed in ({}, {"random_state": 5}))
    assert own.seed_ == gan().seed_ != other.seed_
    assert not torch.allclose(own.search(TEST).first, other.search(TEST).first, rtol=1e-2)
    before = torch.get_rng_state()
    scores = [FAnoGAN.from_gan(gan(), NORMAL[:100], epochs=1).decision_scores_ for _ in range(2)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert torch.equal(torch.get_rng_state(), before), "the learner's own random state goes on as it was"


def test_from_gan_keeps_the_names_of_the_features():
    frame = pd.DataFrame(NORMAL[:60, :3], columns=["a", "b", "c"])
    taken = AnoGAN.from_gan(GAN(**{**GAN_OPTIONS, "epochs": 1}).fit(frame), frame, search_steps=1)
    assert list(taken.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature"):
        taken.decision_function(frame[["c", "b", "a"]])


def test_from_gan_teaches_an_encoder_and_leaves_the_players():
    fast = FAnoGAN.from_gan(gan(), NORMAL, epochs=12)
    for name in ("generator", "discriminator"):
        ours, theirs = fast.net_.get_submodule(name).state_dict(), gan().net_.get_submodule(name).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    losses = fast.history_["encoder_loss"]
    assert len(losses) == 12
    assert losses[-1] < 0.7 * losses[0]
    assert len(fast.history_["generator_loss"]) == 40
    assert auroc(LABELS, fast.decision_function(TEST)) > 0.95
    slow = AnoGAN.from_gan(fast, NORMAL[:100])
    np.testing.assert_allclose(slow.decision_function(TEST), anogan().decision_function(TEST), rtol=1e-4, atol=1e-7)


def test_from_gan_refuses_what_is_no_fitted_gan(refuses):
    for kind in (BiGAN, GANomaly):
        other = kind(**{**GAN_OPTIONS, "epochs": 1}).fit(NORMAL[:60])
        with refuses(f"AnoGAN stands on the generator and discriminator of a GAN, and {kind.__name__} has others"):
            AnoGAN.from_gan(other, NORMAL)
    with refuses("X has 7 features"):
        AnoGAN.from_gan(gan(), NORMAL[:, :7])
    with refuses("restarts must be a whole number of at least 1, but is 0"):
        AnoGAN.from_gan(gan(), NORMAL, restarts=0)
    with pytest.raises(Exception, match="not fitted"):
        AnoGAN.from_gan(GAN(), NORMAL)
