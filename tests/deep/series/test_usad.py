"""USAD's two losses and two players: values by hand, who moves when, and what the schedule does."""

import numpy as np
import pytest
import torch

from course_lib.deep import USAD
from course_lib.deep.series.usad import USADNet, usad_losses

PLAIN = {"window": 5, "device": "cpu", "random_state": 0, "verbose": False}


def test_losses_by_hand():
    w, w1, w2, w21 = (torch.full((2, 3, 1), value) for value in (1.0, 0.5, 0.0, -1.0))
    # |w - w1|^2 = 0.25, |w - w2|^2 = 1, |w - w21|^2 = 4
    for epoch, expected in [(1, (0.25, 1.0)), (2, (2.125, -1.5)), (4, (3.0625, -2.75))]:
        assert tuple(loss.item() for loss in usad_losses(w, w1, w2, w21, epoch)) == pytest.approx(expected)
    late = usad_losses(w, w1, w2, w21, 100, contest=0.25)
    assert tuple(loss.item() for loss in late) == pytest.approx((0.75 * 0.25 + 1, 0.75 - 1))
    early = usad_losses(w, w1, w2, w21, 1, contest=0.25)
    assert tuple(loss.item() for loss in early) == pytest.approx((0.25, 1.0)), "no contest in the first epoch"


def trained_step(epoch):
    """A step of training: which parts moved in which half."""
    model = USAD((8,), 3, contest=1.0, **PLAIN)
    model.device_ = "cpu"
    torch.manual_seed(0)
    net, batch = USADNet(5, 2, (8,), 3), torch.rand(16, 5, 2)
    model.begin_epoch(net, epoch)
    moved, losses = [], []
    inner = model._step

    def watch(net, loss, optimiser):
        before = {key: value.clone() for key, value in net.state_dict().items()}
        losses.append(loss.item())
        inner(net, loss, optimiser)
        moved.append(
            {key.split(".")[0] for key, value in net.state_dict().items() if not torch.equal(value, before[key])}
        )

    model._step = watch
    found = model.training_step(net, batch, model.optimisers(net))
    assert [found["loss1"].item(), found["loss2"].item()] == pytest.approx(losses)
    return moved, losses


def test_the_players_take_turns():
    moved, losses = trained_step(epoch=2)
    assert moved == [{"encoder", "decoder1"}, {"encoder", "decoder2"}]
    assert losses[0] > 0 > losses[1] - 0.5 * losses[0]


def test_the_second_gradient_stops_at_the_first_ones_work():
    """By hand: at epoch 2 the second player's loss with w1 as a constant."""
    model = USAD((8,), 3, contest=1.0, **PLAIN)
    model.device_ = "cpu"
    torch.manual_seed(0)
    net, batch = USADNet(5, 2, (8,), 3), torch.rand(16, 5, 2)
    model.begin_epoch(net, 2)
    gradients = []
    model._step = lambda net, loss, optimiser: gradients.append(
        torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)
    )
    model.training_step(net, batch, [None, None])
    constant = net.rebuild1(batch).detach()
    loss = 0.5 * ((net.rebuild2(batch) - batch) ** 2).mean() - 0.5 * ((net.rebuild2(constant) - batch) ** 2).mean()
    expected = torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)
    for found, wanted in zip(gradients[1], expected, strict=True):
        assert (found is None) == (wanted is None)
        if found is not None:
            torch.testing.assert_close(found, wanted)


def test_the_loop_tells_the_epoch(sines, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "course_lib.deep.series.usad.usad_losses",
        lambda w, w1, w2, w21, epoch, contest: seen.append(epoch) or usad_losses(w, w1, w2, w21, epoch, contest),
    )
    fitted = USAD((8,), 3, epochs=3, batch_size=400, **{**PLAIN, "stride": 5}).fit(sines.X_train[:30])
    assert seen == [1, 1, 2, 2, 3, 3]
    assert set(fitted.history_) == {"loss1", "loss2", "validation_loss"}


def test_scores_by_hand(series):
    fitted = USAD((8,), 3, alpha=0.25, beta=2.0, epochs=2, **{**PLAIN, "stride": 5}).fit(series)
    w = torch.tensor((series - fitted.shift_) / fitted.scale_, dtype=torch.float32).view(12, 5, 3)
    with torch.no_grad():
        w1 = fitted.net_.decoder1(fitted.net_.encoder(w))
        w21 = fitted.net_.decoder2(fitted.net_.encoder(w1))
    expected = 0.25 * (w - w1) ** 2 + 2 * (w - w21) ** 2
    np.testing.assert_allclose(fitted.sensor_errors(series), expected.reshape(60, 3).numpy(), rtol=1e-3, atol=1e-5)
    assert 0 <= w1.min() <= w1.max() <= 1
    assert 0 <= w.min() <= w.max() <= 1


def test_an_unlimited_contest_undoes_the_reconstruction(sines):
    """Why `contest` exists: with the paper's weights and small batches, both players forget to rebuild."""
    options = {"epochs": 6, "batch_size": 16, "window": 50, "stride": 50, "device": "cpu", "random_state": 0}
    kept = USAD((64,), 16, verbose=False, **options).fit(sines.X_train[:200])
    lost = USAD((64,), 16, contest=1.0, verbose=False, **options).fit(sines.X_train[:200])
    assert kept.history_["validation_loss"][-1] < 0.5 * kept.history_["validation_loss"][0]
    assert lost.history_["validation_loss"][-1] > 2 * kept.history_["validation_loss"][-1]
