"""Hidden timestamps are not seen, every one is hidden once, and places count only where they are added."""

import numpy as np
import pytest
import torch

from course_lib.deep import TransformerAutoencoder
from course_lib.deep.series.transformer import TransformerNet, scoring_masks, sinusoidal_positions, training_mask

CPU = torch.device("cpu")


def net_of(positions=True):
    torch.manual_seed(0)
    net = TransformerNet(2, 12, 16, 2, 2, 0.0, positions).eval()
    with torch.no_grad():
        net.hidden.normal_()
    return net


def test_positions_by_the_formula():
    table = sinusoidal_positions(30, 7).numpy()
    assert table.shape == (30, 7)
    for place in (0, 1, 17, 29):
        for column in range(7):
            angle = place / 10_000 ** (2 * (column // 2) / 7)
            expected = np.sin(angle) if column % 2 == 0 else np.cos(angle)
            assert table[place, column] == pytest.approx(expected, abs=1e-4)


@torch.no_grad()
def test_hidden_timestamps_are_not_seen():
    net, x = net_of(), torch.randn(3, 12, 2)
    mask = torch.zeros(3, 12, dtype=torch.bool)
    mask[:, 4:7] = True
    other = x.clone()
    other[:, 4:7] = 100
    torch.testing.assert_close(net(x, mask), net(other, mask))
    mask[:, 4] = False
    assert not torch.allclose(net(x, mask), net(other, mask)), "one that is not hidden is"


@torch.no_grad()
def test_places_matter_only_where_they_are_added():
    x, none = torch.randn(3, 12, 2), torch.zeros(3, 12, dtype=torch.bool)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    placed, bag = net_of(), net_of(positions=False)
    torch.testing.assert_close(bag(x[:, order], none), bag(x, none)[:, order], atol=1e-5, rtol=1e-4)
    assert (placed(x[:, order], none) - placed(x, none)[:, order]).abs().max() > 0.05


@pytest.mark.parametrize(
    ("window", "share", "length"), [(12, 0.25, 3), (50, 0.25, 5), (50, 0.1, 7), (9, 0.5, 4), (5, 0.9, 2), (6, 0.3, 50)]
)
def test_masks_together_hide_each_timestamp_once(window, share, length):
    masks = scoring_masks(window, share, length, CPU)
    assert (masks.sum(dim=0) == 1).all()
    assert masks.any(dim=1).all(), "no pass for nothing"
    blocks = -(-window // length)
    assert len(masks) == min(int(np.ceil(1 / share)), blocks)
    starts = masks.int().diff(dim=1, prepend=torch.zeros(len(masks), 1, dtype=torch.int)) == 1
    assert all(start % length == 0 for start in starts.nonzero()[:, 1].tolist())


def test_training_masks_hide_random_blocks_of_the_share():
    torch.manual_seed(0)
    mask = training_mask(400, 50, 0.3, 5, CPU)
    assert mask.shape == (400, 50)
    assert (mask.sum(dim=1) == 15).all()
    blocks = mask.view(400, 10, 5)
    assert torch.equal(blocks.all(dim=2), blocks.any(dim=2)), "whole blocks"
    often = blocks[:, :, 0].float().mean(dim=0)
    assert (often - 0.3).abs().max() < 0.1, "each block about as often"
    assert len(torch.unique(mask, dim=0)) > 50, "other blocks in each window"
    assert training_mask(3, 50, 0.01, 5, CPU).sum(dim=1).eq(5).all(), "at least one"


@torch.no_grad()
def test_each_timestamp_is_judged_while_it_is_hidden():
    model = TransformerAutoencoder(16, 2, window=12, mask_length=3)
    net, x = net_of(), torch.randn(2, 12, 2)
    rest = model.residuals(net, x)
    other = x.clone()
    other[:, 7] += 5
    moved = model.residuals(net, other)
    torch.testing.assert_close(moved[:, 7] - rest[:, 7], torch.full((2, 2), 5.0))
    torch.testing.assert_close(moved[:, 6], rest[:, 6])
    assert not torch.allclose(moved[:, 0], rest[:, 0]), "the others see it"


def test_training_counts_hidden_timestamps_only():
    model = TransformerAutoencoder(16, 2, window=12, mask_length=3)
    net, x = net_of().train(), torch.randn(5, 12, 2)
    torch.manual_seed(3)
    loss = model.loss(net, x)
    torch.manual_seed(3)
    mask = training_mask(5, 12, 0.25, 3, CPU)
    torch.testing.assert_close(loss, ((net(x, mask) - x)[mask] ** 2).mean())
    watched = model.loss(net.eval(), x)
    torch.testing.assert_close(watched, (model.residuals(net, x) ** 2).mean())
    assert torch.equal(watched, model.loss(net, x)), "validation draws nothing"


def test_without_masks_it_would_copy(sines):
    """The reason for hiding: the same network, trained on all it sees, rebuilds noise it has never seen."""

    class Copying(TransformerAutoencoder):
        def loss(self, net, batch):
            return (self.residuals(net, batch) ** 2).mean()

        def residuals(self, net, batch):
            return batch - net(batch, torch.zeros(batch.shape[:2], dtype=torch.bool))

    options = {
        "window": 50, "stride": 50, "epochs": 8, "batch_size": 16, "learning_rate": 3e-3, "device": "cpu",
        "random_state": 0, "verbose": False,
    }  # fmt: skip
    copying = Copying(32, 2, **options).fit(sines.X_train[:200])
    noise = sines.X_test[sines.y_test == 1]
    hiding = TransformerAutoencoder(32, 2, **options).fit(sines.X_train[:200])
    assert copying.sensor_errors(noise).mean() < 0.6
    assert hiding.sensor_errors(noise).mean() > 1, "in units of the noise's own variance: no better than guessing"
