"""The latent search against least squares, row by row, and on the ways it could cheat."""

import pytest
import torch

from course_lib.deep import search_latent, search_loss, warm_starts
from course_lib.deep.gan.latent_search import mean_squares

torch.manual_seed(0)
A, B = torch.randn(12, 3), torch.randn(12)
X = torch.randn(40, 12)
START = torch.zeros(1, 3)


def linear(z):
    return z @ A.T + B


def features(x):
    return x[:, :4] * 2


def test_a_linear_generator_gives_the_least_squares_solution():
    found = search_latent(linear, None, X, START, steps=300, learning_rate=0.3)
    exact = torch.linalg.lstsq(A, (X - B).T).solution.T
    torch.testing.assert_close(found.z, exact, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found.rebuilt, linear(found.z))
    torch.testing.assert_close(found.last, ((X - linear(exact)) ** 2).mean(dim=1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.first, ((X - B) ** 2).mean(dim=1))


def test_features_pull_the_solution_towards_themselves():
    share = 0.7
    found = search_latent(linear, features, X, START, steps=400, learning_rate=0.3, feature_share=share)
    # Both terms are sums of squares: least squares on rows weighted by the square roots of their weights.
    weights = torch.full((12,), (1 - share) / 12) + torch.tensor([4 * share / 4] * 4 + [0.0] * 8)
    root = weights.sqrt()
    exact = torch.linalg.lstsq(A * root[:, None], ((X - B) * root).T).solution.T
    torch.testing.assert_close(found.z, exact, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(found.last, search_loss(X, found.rebuilt, features, share))
    by_hand = 0.3 * ((X - found.rebuilt) ** 2).mean(dim=1) + 0.7 * (4 * (X - found.rebuilt)[:, :4] ** 2).mean(dim=1)
    torch.testing.assert_close(found.last, by_hand)


def test_generated_rows_are_found_again_and_each_by_its_own_point():
    z = torch.randn(30, 3)
    found = search_latent(linear, None, linear(z), START, steps=300, learning_rate=0.3)
    torch.testing.assert_close(found.z, z, atol=1e-2, rtol=1e-2)
    assert found.last.max() < 1e-4


def wavy(z):
    """A generator with many valleys: which one is found depends on the start."""
    return torch.stack([torch.sin(3 * z[:, 0]), torch.cos(2 * z[:, 1]), z[:, 0] * z[:, 1] / 4], dim=1)


def test_the_best_restart_counts_for_each_row():
    starts = torch.randn(5, 2) * 2
    x = wavy(torch.randn(60, 2))
    alone = torch.stack([search_latent(wavy, None, x, start[None], steps=40).last for start in starts])
    together = search_latent(wavy, None, x, starts, steps=40)
    torch.testing.assert_close(together.last, alone.min(dim=0).values, atol=1e-6, rtol=1e-4)
    assert len(alone.argmin(dim=0).unique()) > 1, "the best start must differ between rows, or this test says nothing"
    assert together.last.mean() < 0.8 * alone[0].mean()
    torch.testing.assert_close(search_loss(x, together.rebuilt), together.last)
    torch.testing.assert_close(together.first, search_loss(x, wavy(starts[:1].expand(60, 2))))


@pytest.mark.parametrize("learning_rate", [0.1, 50.0])
def test_the_loss_never_ends_above_its_start(learning_rate):
    found = search_latent(
        wavy, None, wavy(torch.randn(60, 2)), torch.randn(1, 2), steps=30, learning_rate=learning_rate
    )
    assert (found.last <= found.first).all()
    if learning_rate < 1:
        assert (found.last < 0.9 * found.first).float().mean() > 0.9


def test_no_row_feels_its_neighbours():
    starts = torch.randn(3, 2)
    x = wavy(torch.randn(700, 2))  # more than one chunk
    found = search_latent(wavy, None, x, starts, steps=25)
    for rows in ([0], [699, 3, 250], list(range(699, -1, -1))):
        part = search_latent(wavy, None, x[rows], starts, steps=25)
        torch.testing.assert_close(part.z, found.z[rows], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(part.last, found.last[rows], atol=1e-6, rtol=1e-4)


def test_the_steps_shorten_along_half_a_cosine():
    """Far from the goal Adam's step is as long as its rate: the way that was made says how the rate fell."""
    found = search_latent(lambda z: z, None, torch.full((1, 1), 1e4), torch.zeros(1, 1), steps=20, learning_rate=0.1)
    assert found.z.item() == pytest.approx(0.1 * 21 / 2, rel=1e-3)


def test_no_steps_give_the_best_start():
    starts = torch.randn(4, 3)
    found = search_latent(linear, None, X, starts, steps=0)
    best = mean_squares(X, linear(starts)).min(dim=1)
    torch.testing.assert_close(found.last, best.values, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.z, starts[best.indices])


def test_each_row_may_have_its_own_starts():
    z = torch.randn(40, 3)
    found = search_latent(linear, None, linear(z), z[None] + 0.01, steps=1, learning_rate=1e-6)
    torch.testing.assert_close(found.z, z, atol=0.011, rtol=0)


def test_warm_starts_are_the_nearest_of_the_bank():
    bank = torch.randn(50, 3)
    starts = warm_starts(linear, None, X, bank, 3)
    order = ((X[:, None] - linear(bank)) ** 2).mean(dim=2).argsort(dim=1)[:, :3]
    torch.testing.assert_close(starts, bank[order].transpose(0, 1))
    with_features = warm_starts(linear, features, X, bank, 1, feature_share=1.0)
    nearest = ((features(X)[:, None] - features(linear(bank))) ** 2).mean(dim=2).argmin(dim=1)
    torch.testing.assert_close(with_features[0], bank[nearest])
    assert (nearest != order[:, 0]).any()


def test_warm_starts_begin_lower_than_a_random_one():
    x = wavy(torch.randn(60, 2))
    bank = torch.randn(200, 2)
    warm = search_latent(wavy, None, x, warm_starts(wavy, None, x, bank, 1), steps=10)
    cold = search_latent(wavy, None, x, bank[:1], steps=10)
    assert warm.first.mean() < 0.2 * cold.first.mean()
    assert warm.last.mean() < 0.5 * cold.last.mean()


def test_the_verdict_takes_the_features_place_and_ignores_the_row():
    def verdict(x):
        return x[:, 0]

    near = X + 0.1
    loss = search_loss(X, near, features, 0.25, verdict)
    torch.testing.assert_close(loss, 0.75 * 0.01 + 0.25 * torch.log1p(torch.exp(-near[:, 0])), atol=1e-6, rtol=1e-5)


def test_the_search_leaves_networks_and_starts_as_they_were():
    net = torch.nn.Linear(3, 12).requires_grad_(False)
    before = net.weight.clone()
    starts = torch.randn(2, 3)
    kept = starts.clone()
    with torch.no_grad():  # scoring happens without gradients around it
        found = search_latent(net, None, X, starts, steps=5)
    assert torch.equal(net.weight, before)
    assert torch.equal(starts, kept)
    assert net.weight.grad is None
    assert not found.z.requires_grad
    assert (found.last < found.first).all()
