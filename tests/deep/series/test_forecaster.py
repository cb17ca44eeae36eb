"""A prediction never looks ahead, is compared with the right reading, and comes close to the best one there is."""

import numpy as np
import pytest
import torch

from course_lib.deep import Forecaster
from course_lib.deep.series.tcn import TemporalConvolutionNet, receptive_field

PLAIN = {"window": 12, "epochs": 1, "device": "cpu", "random_state": 0, "verbose": False}
ARCHITECTURES = {"lstm": {}, "tcn": {"dilations": (1, 2)}}


@pytest.fixture(params=ARCHITECTURES)
def build(request):
    return lambda **options: Forecaster(
        request.param, 8, warm_up=3, **{**ARCHITECTURES[request.param], **PLAIN, **options}
    )


def test_no_prediction_knows_its_future(build):
    torch.manual_seed(0)
    net = build().build(2).double().eval()
    x = torch.randn(12, 2, dtype=torch.float64)
    moves = torch.autograd.functional.jacobian(lambda one: net(one[None])[0], x).abs().sum(dim=(1, 3)) > 0
    assert not moves.triu(1).any(), "place p may know the places up to p"
    assert moves.diagonal().all(), "and knows its own: it predicts the next"
    assert moves.diagonal(-1).all()


def test_earlier_scores_do_not_change_with_the_future(build, series):
    fitted = build(scoring_stride=2).fit(series)
    other = series.copy()
    other[40:] = np.random.default_rng(1).normal(size=(20, 3)) * 10
    np.testing.assert_allclose(
        fitted.decision_function(other)[:40], fitted.decision_function(series)[:40], rtol=1e-5, atol=1e-6
    )


def test_residuals_by_hand(build):
    model = build()
    torch.manual_seed(0)
    net, batch = model.build(2).eval(), torch.randn(4, 12, 2)
    with torch.no_grad():
        expected = [batch[:, row] - net(batch[:, :row])[:, -1] for row in range(3, 12)]
        torch.testing.assert_close(model.residuals(net, batch), torch.stack(expected, dim=1))
        torch.testing.assert_close(model.loss(net, batch), (torch.stack(expected, dim=1) ** 2).mean())


@pytest.mark.parametrize(("kernel_size", "dilations"), [(2, (1,)), (3, (1, 2)), (2, (1, 2, 4)), (1, (1,)), (3, (5,))])
def test_a_convolution_sees_exactly_its_receptive_field(kernel_size, dilations):
    torch.manual_seed(0)
    net = TemporalConvolutionNet(1, 32, kernel_size, dilations).double()
    field = receptive_field(kernel_size, dilations)
    x = torch.randn(1, field + 5, 1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[0, -1, 0], x)
    reached = gradient[0, :, 0] != 0
    assert reached[-field].item()
    assert not reached[:-field].any()


@pytest.mark.parametrize("architecture", ["lstm", "tcn"])
def test_it_comes_close_to_the_best_prediction(architecture):
    """A noisy oscillation x[t] = 1.6 x[t-1] - 0.8 x[t-2] + noise: nothing predicts better than the noise allows."""
    noise = np.random.default_rng(0).normal(size=2500)
    x = np.zeros(2500)
    for t in range(2, 2500):
        x[t] = 1.6 * x[t - 1] - 0.8 * x[t - 2] + noise[t]
    X = x[100:, None]
    fitted = Forecaster(
        architecture, 16, dilations=(1, 2), warm_up=5, epochs=10, learning_rate=1e-2, batch_size=16, stride=5,
        clip=None, window=25, device="cpu", random_state=0, verbose=False,
    ).fit(X[:2000])  # fmt: skip
    rest = fitted.decision_function(X[2000:])[10:] * fitted.scale_[0] ** 2
    best = noise[2100:][10:] ** 2
    assert 0.95 < rest.mean() / best.mean() < 1.25
    assert np.corrcoef(rest, best)[0, 1] > 0.9, "it is surprised where the noise was large"
    assert rest.mean() < 0.25 * X.var(), "and knows far more than the mean"


def test_the_two_architectures_are_different_networks():
    lstm, tcn = (Forecaster(name, 8).build(3) for name in ("lstm", "tcn"))
    assert isinstance(tcn, TemporalConvolutionNet)
    assert not any(isinstance(part, torch.nn.LSTM) for part in tcn.modules())
    assert lstm.lstm.hidden_size == 8
    assert [block.path[0].dilation for block in tcn.blocks] == [(1,), (2,), (4,), (8,)]
