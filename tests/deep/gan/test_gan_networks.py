"""Shapes and ranges of the players, the spectral norm, and freezing."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.deep.gan.networks import Discriminator, Generator, JointDiscriminator, Sigmoid, follow, frozen
from course_lib.deep.gan.spectral import SpectralNorm

KINDS = [("dense", (12, 6), None), ("conv", (3, 5), (1, 7, 9)), ("conv", (4,), (3, 3, 7))]


@pytest.mark.parametrize(("architecture", "sizes", "shape"), KINDS)
@pytest.mark.parametrize(("output", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("linear", None, None)])
def test_generated_rows_fill_their_range_and_stay_in_it(architecture, sizes, shape, output, low, high):
    generator = Generator(63, 4, architecture, sizes, output, shape)
    for weight in generator.parameters():
        nn.init.normal_(weight, std=3)
    rows = generator(torch.randn(200, 4))
    assert rows.shape == (200, 63)
    if low is None:
        assert rows.abs().max() > 2
    else:
        assert rows.min() >= low
        assert rows.max() <= high
        assert rows.min() < low + 0.05
        assert rows.max() > high - 0.05


@pytest.mark.parametrize(("architecture", "sizes", "shape"), KINDS)
def test_the_verdict_is_one_linear_layer_on_the_features(architecture, sizes, shape):
    discriminator = Discriminator(63, architecture, sizes, shape)
    x = torch.rand(5, 63)
    features = discriminator.features(x)
    assert features.dim() == 2
    assert discriminator(x).shape == (5,)
    torch.testing.assert_close(discriminator(x), discriminator.head(features).squeeze(1))


@pytest.mark.parametrize(("architecture", "sizes", "shape"), KINDS)
@pytest.mark.parametrize("joint", [False, True])
def test_the_spectral_norm_of_every_layer_is_1(architecture, sizes, shape, joint):
    torch.manual_seed(0)
    if joint:
        net = JointDiscriminator(63, 4, architecture, sizes, shape, spectral=True)
    else:
        net = Discriminator(63, architecture, sizes, shape, spectral=True)
    for weight in net.parameters():
        weight.data.mul_(3)
    rows = torch.rand(8, 63 + 4 * joint)
    for _ in range(60):  # each forward pass in training is one step of the power iteration
        net(rows)
    layers = [layer for layer in net.modules() if isinstance(layer, SpectralNorm)]
    assert len(layers) == sum(isinstance(layer, (nn.Linear, nn.Conv2d)) for layer in net.modules()) >= 2
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)
        assert torch.linalg.matrix_norm(layer.layer.weight.flatten(1), 2).item() > 1.2


@pytest.mark.parametrize("layer", [nn.Linear(7, 5), nn.Conv2d(2, 4, 3, 2, 1)])
def test_a_spectral_layer_does_what_torchs_own_does(layer):
    """Values and gradients, the one through the largest singular value included, after the iteration has settled."""
    x = torch.randn(6, 7) if isinstance(layer, nn.Linear) else torch.randn(6, 2, 5, 5)
    ours, theirs = SpectralNorm(copy.deepcopy(layer)), spectral_norm(copy.deepcopy(layer))
    with torch.no_grad():
        for _ in range(200):
            ours(x)
            theirs(x)
    for net in (ours, theirs):
        net.eval()
        (net(x) ** 2).sum().backward()
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-4)
    expected = theirs.parametrizations.weight.original.grad
    torch.testing.assert_close(ours.layer.weight.grad, expected, atol=1e-4, rtol=1e-3)


def test_the_iteration_rests_in_evaluation():
    net = SpectralNorm(nn.Linear(7, 5)).eval()
    before = net.left.clone()
    net(torch.rand(2, 7))
    assert torch.equal(net.left, before)
    net.train()(torch.rand(2, 7))
    assert not torch.equal(net.left, before)


def test_joint_discriminator_sees_both_halves():
    net = JointDiscriminator(6, 3, "dense", (8,))
    x, z = torch.rand(1, 6), torch.rand(1, 3)
    base = net(torch.cat([x, z], 1))
    assert net(torch.cat([x + 1, z], 1)) != base
    assert net(torch.cat([x, z + 1], 1)) != base


def test_the_sigmoid_is_torchs_up_to_rounding_and_the_same_everywhere_in_a_batch():
    x = torch.linspace(-12, 12, 603).reshape(201, 3)
    torch.testing.assert_close(Sigmoid()(x), torch.sigmoid(x), atol=1e-7, rtol=1e-5)
    order = torch.randperm(201, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Sigmoid()(x[order]), Sigmoid()(x)[order])


def test_frozen_weights_collect_nothing_but_let_gradients_pass():
    net, before = nn.Linear(3, 1), nn.Linear(2, 3)
    net.bias.requires_grad_(False)
    with frozen(net):
        net(before(torch.rand(4, 2))).sum().backward()
    assert net.weight.grad is None
    assert before.weight.grad is not None
    assert net.weight.requires_grad
    assert not net.bias.requires_grad, "what was frozen before stays frozen"


@pytest.mark.parametrize(("steps", "share"), [(1, 0.9), (9, 0.5), (81, 0.1), (100, 0.1)])
def test_the_average_follows_faster_at_first_and_then_by_its_memory(steps, share):
    average, player = nn.Linear(3, 2), nn.Linear(3, 2)
    before, kept = copy.deepcopy(average), copy.deepcopy(player)
    follow(average, player, 0.9, steps)
    for new, old, goal in zip(average.parameters(), before.parameters(), player.parameters(), strict=True):
        torch.testing.assert_close(new, (1 - share) * old + share * goal)
    assert torch.equal(player.weight, kept.weight), "the player itself stays where it is"
