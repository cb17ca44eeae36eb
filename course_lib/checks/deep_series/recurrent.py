"""Checks of tasks 15.4 and 15.5: one step of an LSTM, and what a decoder is fed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Between 0 and 1."""
    return 1 / (1 + np.exp(-a))


def step(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    *,
    order: str = "ifgo",
    squash_g: Callable[[np.ndarray], np.ndarray] = np.tanh,
    forget: bool = True,
    bent: bool = True,
    memory: bool = True,
    bias: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """One step, right with the defaults and wrong in one way with each switch."""
    parts = np.split(x @ W.T + (h @ U.T if memory else 0) + (b if bias else 0), 4, axis=1)
    gates = dict(zip(order, parts, strict=True))
    i, f, o = (sigmoid(gates[name]) for name in "ifo")
    new = (f * c if forget else c) + i * squash_g(gates["g"])
    return o * (np.tanh(new) if bent else new), new


@task(
    "15.4", "One step of an LSTM", passed="Repeat it for every row and you have the network that this lesson runs on."
)
def lstm_step(answer: Callable[..., Any]) -> None:
    """Gates, memory and what is shown of it."""
    draw = rng()
    for d, m in ((3, 4), (5, 2)):
        n = int(draw.integers(3, 6))
        x, h, c = draw.normal(size=(n, d)), draw.normal(size=(n, m)), draw.normal(size=(n, m))
        W, U, b = draw.normal(size=(4 * m, d)), draw.normal(size=(4 * m, m)), draw.normal(size=4 * m)
        inputs = (x, h, c, W, U, b)
        right = step(*inputs)
        value = answer(*inputs)
        expect(
            isinstance(value, (tuple, list)) and len(value) == 2,
            "Return two arrays, what the memory shows and the memory itself.",
        )
        for part in value:
            expect_shape(part, (n, m), "both have a row for each sample and a column for each unit.")
        both = np.stack([np.asarray(part) for part in value])
        expect_close(
            both,
            np.stack(right),
            "The two arrays",
            mistakes=[
                (np.stack(right[::-1]), "The two arrays are swapped: what is shown comes first, the memory second."),
                (
                    np.stack(step(*inputs, order="ifog")),
                    "Your last two parts are swapped: PyTorch keeps the candidate before the output gate.",
                ),
                (
                    np.stack(step(*inputs, order="figo")),
                    "Input and forget gate are swapped: the first part decides what is written.",
                ),
                (
                    np.stack(step(*inputs, squash_g=sigmoid)),
                    "The candidate goes through a sigmoid: it needs tanh, so that it can also lower the memory.",
                ),
                (np.stack(step(*inputs, squash_g=lambda a: a)), "The candidate is not squashed: it needs tanh."),
                (np.stack(step(*inputs, forget=False)), "Nothing is ever forgotten: the old memory has a gate, too."),
                (
                    np.stack(step(*inputs, bent=False)),
                    "The memory is shown as it is: it goes through tanh before its gate.",
                ),
                (
                    np.stack(step(*inputs, memory=False)),
                    "You only look at x: the gates see what was shown before, too.",
                ),
                (np.stack(step(*inputs, bias=False)), "You leave out the bias b."),
            ],
        )


@task("15.5", "What the decoder is fed", passed="Backwards, and one step behind: now teacher forcing is no mystery.")
def decoder_inputs(answer: Callable[..., Any]) -> None:
    """Reversed targets, and the teacher's inputs for them."""
    draw = rng()
    for n, length, d in ((4, 6, 3), (3, 5, 2), (5, 7, 4)):
        windows = draw.normal(size=(n, length, d))
        targets = windows[:, ::-1]
        zeros = np.zeros((n, 1, d))
        value = answer(windows)
        expect(
            isinstance(value, (tuple, list)) and len(value) == 2,
            "Return two arrays, the targets and the inputs.",
        )
        first, second = (
            expect_shape(part, windows.shape, "targets and inputs have the shape of the windows.") for part in value
        )
        expect_close(
            first,
            targets,
            "The targets",
            mistakes=[
                (
                    np.concatenate([zeros, targets[:, :-1]], axis=1),
                    "Targets and inputs are swapped: what is to be written comes first.",
                ),
                (windows, "Your targets still run forwards: the row that was read last is written first."),
                (windows[::-1], "You reversed the order of the windows: turn the rows inside each of them."),
                (windows[:, :, ::-1], "You reversed the sensors: turn the rows, the axis in the middle."),
                (windows[:, ::-1, ::-1], "You reversed the sensors as well: turn the rows only."),
            ],
        )
        expect_close(
            second,
            np.concatenate([zeros, targets[:, :-1]], axis=1),
            "The inputs",
            mistakes=[
                (targets, "The decoder is fed the very value that it is to write: shift by one step."),
                (
                    np.concatenate([targets[:, 1:], zeros], axis=1),
                    "Shifted the wrong way: the decoder sees the future of what it writes.",
                ),
                (
                    np.concatenate([zeros, windows[:, :-1]], axis=1),
                    "The inputs run forwards while the targets run backwards: shift the targets.",
                ),
                (
                    np.concatenate([targets[:, :1], targets[:, :-1]], axis=1),
                    "At the first step nothing is known yet: feed zeros, not the first target.",
                ),
                (
                    np.roll(targets, 1, axis=1),
                    "What falls out at the end comes in at the front again: feed zeros there.",
                ),
            ],
        )
