"""What keeps adversarial training steady: a critic that is ahead, and a bound on its slope."""

import pytest
import torch

from course_lib.deep import GAN, BiGAN, GANomaly, gradient_penalty, recall_of_modes, ring_of_gaussians
from tests.deep.gan.small_images import NORMAL, SHAPE

RING, CENTRES = ring_of_gaussians(1000, radius=2.0, spread=0.1, random_state=0)
TINY = {"latent_size": 2, "scaling": None, "device": "cpu", "verbose": False, "random_state": 0}


def on_ring(seed, **changes):
    settings = {"hidden_sizes": (48, 48), "output": "linear", "epochs": 40, "batch_size": 128, "learning_rate": 3e-3}
    wasserstein = {"steadying": "wasserstein-gp", "penalty_weight": 1.0, "averaging": 0.0}
    return GAN(**{**TINY, **settings, **wasserstein, "random_state": seed, **changes}).fit(RING)


def recall(gan):
    return recall_of_modes(gan.sample(1000, random_state=0), CENTRES, radius=0.3, minimum=20)


def test_a_wasserstein_critic_that_is_ahead_finds_every_heap():
    assert recall(on_ring(0)) == 1
    assert recall(on_ring(1)) == 1
    assert recall(on_ring(0, discriminator_steps=1)) <= 0.25


def test_the_penalty_holds_the_critics_slope_near_1():
    real = torch.tensor(RING[:500], dtype=torch.float32)
    away = {}
    for weight in (0.0, 10.0):
        gan = on_ring(0, epochs=5, penalty_weight=weight)
        fake = torch.tensor(gan.sample(500, random_state=0), dtype=torch.float32)
        away[weight] = gradient_penalty(gan.net_.discriminator, real, fake, torch.Generator().manual_seed(0)).item()
    assert away[10.0] < 0.1
    assert away[0.0] > 10 * away[10.0]


@pytest.mark.parametrize(
    ("changes", "moves"),
    [({}, 1), ({"steadying": "wasserstein-gp"}, 5), ({"discriminator_steps": 3}, 3), ({"steadying": "none"}, 1)],
)
@pytest.mark.parametrize("kind", [GAN, BiGAN, GANomaly])
def test_the_discriminator_moves_so_often_on_new_rows_each_time(kind, changes, moves, monkeypatch):
    met = []

    def note(self, critic, real, fake, optimiser):
        met.append(fake.clone())
        assert not fake.requires_grad
        return real.new_zeros(())

    monkeypatch.setattr(kind, "_move_once", note)
    kind(**TINY, image_shape=SHAPE, hidden_sizes=(8,), epochs=1, batch_size=len(NORMAL), **changes).fit(NORMAL)
    assert len(met) == moves
    same = [torch.equal(met[0], other) for other in met[1:]]
    assert all(same) if kind is GANomaly else not any(same)  # GANomaly's generated rows are those of the batch


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"discriminator_steps": 0}, "discriminator_steps must be a whole number of at least 1, but is 0"),
        ({"discriminator_steps": 1.5}, "discriminator_steps must be a whole number of at least 1, but is 1.5"),
        ({"penalty_weight": -1}, "penalty_weight must be a number of at least 0, but is -1"),
    ],
)
def test_bad_parameters_are_refused(changes, message, refuses):
    with refuses(message):
        GAN(**TINY, **changes).fit(NORMAL)
