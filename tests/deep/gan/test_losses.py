"""The two players' losses against closed forms, torch's own cross-entropy, and autograd."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from course_lib.deep import discriminator_loss, generator_loss, gradient_penalty

REAL = torch.tensor([2.0, -1.0, 0.5, 30.0], dtype=torch.float64)
FAKE = torch.tensor([-3.0, 0.25, 1.0], dtype=torch.float64)


@pytest.mark.parametrize("kind", ["non-saturating", "saturating"])
def test_the_discriminator_minimises_the_cross_entropy(kind):
    expected = cross_entropy(REAL, torch.ones_like(REAL)) + cross_entropy(FAKE, torch.zeros_like(FAKE))
    torch.testing.assert_close(discriminator_loss(REAL, FAKE, kind), expected)


def test_generator_losses_by_hand():
    verdict = torch.sigmoid(FAKE)
    torch.testing.assert_close(generator_loss(FAKE, "non-saturating"), -torch.log(verdict).mean())
    torch.testing.assert_close(generator_loss(FAKE, "saturating"), torch.log(1 - verdict).mean())
    torch.testing.assert_close(generator_loss(FAKE, "wasserstein"), -FAKE.mean())
    torch.testing.assert_close(discriminator_loss(REAL, FAKE, "wasserstein"), FAKE.mean() - REAL.mean())


def test_an_undecided_discriminator_pays_two_logarithms_of_2():
    zeros = torch.zeros(5)
    assert discriminator_loss(zeros, zeros).item() == pytest.approx(2 * np.log(2))
    assert generator_loss(zeros).item() == pytest.approx(np.log(2))
    assert generator_loss(zeros, "saturating").item() == pytest.approx(-np.log(2))


def test_only_the_saturating_loss_falls_silent_where_the_discriminator_is_sure():
    slopes = {}
    for kind in ("saturating", "non-saturating", "wasserstein"):
        logit = torch.tensor([-10.0], requires_grad=True)
        generator_loss(logit, kind).backward()
        slopes[kind] = logit.grad.item()
    assert slopes["saturating"] == pytest.approx(-torch.sigmoid(torch.tensor(-10.0)).item(), rel=1e-4)
    assert slopes["non-saturating"] == pytest.approx(-1, abs=1e-4)
    assert slopes["wasserstein"] == -1


def test_huge_logits_stay_finite():
    far = torch.tensor([-1e4, 1e4])
    for kind in ("saturating", "non-saturating"):
        assert torch.isfinite(discriminator_loss(far, far, kind))
        assert torch.isfinite(generator_loss(far, kind))


@pytest.mark.parametrize(
    "loss", [lambda: discriminator_loss(REAL, FAKE, "hinge"), lambda: generator_loss(FAKE, "hinge")]
)
def test_unknown_kinds_are_refused(loss, refuses):
    with refuses("kind must be one of non-saturating, saturating, wasserstein, but is 'hinge'"):
        loss()


def test_the_penalty_of_a_linear_critic_is_known():
    weight = torch.tensor([3.0, -4.0])
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    assert gradient_penalty(lambda x: x @ weight, real, fake).item() == pytest.approx((5 - 1) ** 2, rel=1e-5)
    assert gradient_penalty(lambda x: x @ weight / 5, real, fake).item() == pytest.approx(0, abs=1e-10)
    # too flat is charged as well as too steep
    assert gradient_penalty(lambda x: x @ weight / 10, real, fake).item() == pytest.approx((0.5 - 1) ** 2, rel=1e-5)


def test_the_penalty_looks_between_real_and_fake_rows():
    """A quadratic critic's gradient is the point itself, so that the penalty tells which points were looked at."""
    real, fake = torch.full((2000, 1), 2.0), torch.full((2000, 1), 5.0)
    generator = torch.Generator().manual_seed(0)
    value = gradient_penalty(lambda x: (x**2).sum(dim=1) / 2, real, fake, generator).item()
    assert value == pytest.approx((4**3 - 1) / 9, rel=0.05)  # mean of (u - 1)^2, u uniform on [2, 5]
    again = gradient_penalty(lambda x: (x**2).sum(dim=1) / 2, real, fake, torch.Generator().manual_seed(0)).item()
    assert value == again


def test_all_values_of_a_row_go_the_same_share_of_the_way():
    real, fake = torch.zeros(50, 3), torch.tensor([1.0, 2.0, -4.0]).expand(50, 3)
    looked_at = []

    def critic(x):
        looked_at.append(x.detach())
        return (x**2).sum(dim=1)

    gradient_penalty(critic, real, fake)
    shares = looked_at[0] / fake
    torch.testing.assert_close(shares, shares[:, :1].expand(50, 3))
    assert len(shares[:, 0].unique()) > 40, "each row has its own share"


def test_the_penalty_reaches_the_critics_weights_as_finite_differences_say():
    torch.manual_seed(0)
    critic = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    real, fake = torch.randn(7, 3).double(), torch.randn(7, 3).double()

    def penalty():
        return gradient_penalty(lambda x: critic(x).squeeze(1), real, fake, torch.Generator().manual_seed(1))

    penalty().backward()
    weight, step = critic[0].weight, 1e-5
    for place in ((0, 0), (2, 1), (4, 2)):
        found = weight.grad[place].item()
        with torch.no_grad():
            weight[place] += step
        above = penalty().item()
        with torch.no_grad():
            weight[place] -= 2 * step
        below = penalty().item()
        with torch.no_grad():
            weight[place] += step
        assert found == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)
