"""What each decoder is fed, in which order it writes, and that no step of training is a Python step."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.deep import LSTMAutoencoder
from course_lib.deep.series.lstm_autoencoder import LSTMAutoencoderNet

STEPS, SENSORS = 7, 3


def net_of(decoder, reverse=False, n_layers=1):
    torch.manual_seed(0)
    return LSTMAutoencoderNet(SENSORS, 6, 4, n_layers, decoder, reverse).double().eval()


@pytest.fixture
def x():
    return torch.tensor(np.random.default_rng(0).normal(size=(5, STEPS, SENSORS)))


def cells(lstm, inputs, state):
    """The LSTM by its equations, step by step (Hochreiter and Schmidhuber, 1997)."""
    (hidden, cell), outputs = (part[0] for part in state), []
    for step in range(inputs.shape[1]):
        gates = inputs[:, step] @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + hidden @ lstm.weight_hh_l0.T + lstm.bias_hh_l0
        let_in, forget, new, out = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(let_in) * torch.tanh(new)
        hidden = torch.sigmoid(out) * torch.tanh(cell)
        outputs.append(hidden)
    return torch.stack(outputs, dim=1)


def naive(net, x):
    """Encoder and decoder by equations, in the order of writing."""
    zero = torch.zeros(1, len(x), 6, dtype=x.dtype)
    code = net.to_code(cells(net.encoder, x, (zero, zero))[:, -1])
    target = x.flip(1) if net.reverse else x
    if net.teacher_forced:
        fed = torch.stack([torch.zeros_like(x[:, 0]), *[target[:, step] for step in range(STEPS - 1)]], dim=1)
    else:
        fed = torch.stack([code] * STEPS, dim=1)
    written = net.readout(cells(net.decoder, fed, (torch.tanh(net.from_code(code))[None], zero)))
    return written.flip(1) if net.reverse else written


@pytest.mark.parametrize("decoder", ["free", "teacher"])
@pytest.mark.parametrize("reverse", [False, True])
def test_against_the_equations(decoder, reverse, x):
    net = net_of(decoder, reverse)
    torch.testing.assert_close(net(x), naive(net, x))


def sensitivity(function, x):
    """(output step, input step): whether an output moves with an input."""
    gradient = torch.autograd.functional.jacobian(lambda one: function(one[None])[0], x[0])
    return gradient.abs().sum(dim=(1, 3)) > 0


def test_a_teacher_shows_the_step_before_and_no_later_one(x):
    net = net_of("teacher")
    code = net.encode(x[:1]).detach()
    seen = sensitivity(lambda targets: net.decode(code, targets), x)
    assert torch.equal(seen, torch.ones(STEPS, STEPS, dtype=torch.bool).tril(-1))


def test_a_free_decoder_looks_at_no_target(x):
    net = net_of("free")
    code = net.encode(x[:1]).detach()
    assert not sensitivity(lambda targets: net.decode(code, targets), x).any()
    assert sensitivity(net, x).all(), "all it knows comes through the code"


def test_reversed_targets(x):
    forward, backward = net_of("teacher"), net_of("teacher", reverse=True)
    backward.load_state_dict(forward.state_dict())
    code = forward.encode(x)
    torch.testing.assert_close(backward(x), forward.decode(code, x.flip(1)).flip(1))
    # Written last, the first row has seen all rows after it; written first, the last has seen none but the code.
    frozen = code[:1].detach()
    seen = sensitivity(lambda window: backward.decode(frozen, window.flip(1)).flip(1), x)
    assert torch.equal(seen, torch.ones(STEPS, STEPS, dtype=torch.bool).triu(1))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_what_it_generates_would_be_its_answer_to_that_teacher(reverse, n_layers, x):
    net = net_of("teacher", reverse, n_layers)
    code = net.encode(x)
    written = net.generate(code, STEPS)
    in_order = written.flip(1) if reverse else written
    torch.testing.assert_close(net.decode(code, in_order), in_order)


def test_a_free_decoder_generates_nothing(x, refuses):
    net = net_of("free")
    with refuses("A free-running decoder is never fed its output", sentences=2):
        net.generate(net.encode(x), STEPS)


def test_the_bottleneck_is_as_narrow_as_it_says(x):
    net = net_of("free")
    codes = net.encode(x)
    assert codes.shape == (5, 4)
    torch.testing.assert_close(net.decode(codes, torch.zeros_like(x)), net(x))


@pytest.mark.parametrize("decoder", ["free", "teacher"])
def test_an_epoch_calls_each_lstm_once_a_batch(decoder, monkeypatch):
    calls = []
    inner = nn.LSTM.forward
    monkeypatch.setattr(nn.LSTM, "forward", lambda self, *a, **k: calls.append(self.training) or inner(self, *a, **k))
    X = np.random.default_rng(0).normal(size=(64, 20, 2))
    LSTMAutoencoder(
        4, 2, decoder=decoder, window=20, stride=20, epochs=3, batch_size=16, validation_share=0, device="cpu",
        random_state=0, verbose=False,
    ).fit(X)  # fmt: skip
    assert sum(calls) == 3 * 4 * 2, "epochs x batches x (encoder and decoder)"


def test_generated_scores_punish_what_a_teacher_forgives(sines):
    """A level that stays shifted: after one step the teacher has seen it, the code alone has not."""
    options = {
        "decoder": "teacher", "window": 50, "stride": 50, "epochs": 6, "batch_size": 16, "learning_rate": 5e-3,
        "device": "cpu", "random_state": 0, "verbose": False,
    }  # fmt: skip
    forced = LSTMAutoencoder(32, 8, **options).fit(sines.X_train[:200])
    alone = LSTMAutoencoder(32, 8, generate=True, **options).fit(sines.X_train[:200])
    for key, value in forced.net_.state_dict().items():
        assert torch.equal(value, alone.net_.state_dict()[key]), "the same training"
    good = sines.X_test[sines.y_test == 0][:20]
    with torch.no_grad():
        scaled = torch.tensor((good - alone.shift_) / alone.scale_, dtype=torch.float32)
        rest = scaled - alone.net_.generate(alone.net_.encode(scaled), 50)
    np.testing.assert_allclose(alone.sensor_errors(good), rest.numpy() ** 2, rtol=1e-2, atol=1e-3)
    assert alone.decision_function(good).mean() > 2 * forced.decision_function(good).mean()


def test_codes_of_windows(series):
    fitted = LSTMAutoencoder(
        8, 3, window=10, stride=5, epochs=1, device="cpu", random_state=0, verbose=False
    ).fit(series)  # fmt: skip
    codes = fitted.encode(series)
    assert codes.shape == (11, 3)
    scaled = torch.tensor((series - fitted.shift_) / fitted.scale_, dtype=torch.float32)
    with torch.no_grad():
        np.testing.assert_allclose(codes[4], fitted.net_.encode(scaled[None, 20:30])[0].numpy(), atol=1e-5)
    assert fitted.encode(series.reshape(6, 10, 3)).shape == (6, 3)
