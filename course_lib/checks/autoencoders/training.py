"""Checks of tasks 10.4 and 10.5: an epoch of training, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.autoencoders import references as reference


@task(
    "10.4",
    "One epoch of training",
    passed="That is the whole loop. Everything else in the library's version is comfort.",
)
def train_epoch(answer: Callable[..., Any]) -> None:
    """Shuffle, cut into batches, step; return the epoch's mean loss."""
    import torch

    draw = rng()
    seed = int(draw.integers(2**31))
    batch_size = int(draw.choice([14, 15, 17, 18, 19]))  # not 16, which people build in
    n = 3 * batch_size + 2  # the last batch has two rows
    X = torch.as_tensor(draw.normal(size=(n, 6)), dtype=torch.float32)

    def weights_after(step: Callable[..., Any]) -> tuple[np.ndarray, Any]:
        net, optimiser = reference.small_net(seed)
        result = step(net, optimiser, X, batch_size, torch.Generator().manual_seed(seed))
        return reference.flat_weights(net), result

    variant = reference.train_epoch_variant
    start = reference.flat_weights(reference.small_net(seed)[0])
    weights, loss = weights_after(answer)
    right_weights, right_loss = weights_after(variant())
    expect_close(
        weights,
        right_weights,
        "The weights after the epoch",
        mistakes=[
            (
                start,
                "The weights did not move: after loss.backward() comes optimiser.step(), before the next zero_grad().",
            ),
            (lambda: weights_after(variant(zero_grad=False))[0], reference.NO_ZERO_GRAD),
            (lambda: weights_after(variant(shuffle=False))[0], reference.NO_SHUFFLE),
            (lambda: weights_after(variant(drop_last=True))[0], reference.DROPPED_LAST),
            (lambda: weights_after(variant(one_batch=True))[0], reference.ONE_BATCH),
            (lambda: weights_after(variant(reduce="sum"))[0], reference.SUMMED),
            (lambda: weights_after(variant(reduce="rows"))[0], reference.PIXELS_SUMMED),
            (lambda: weights_after(variant(fixed_batch=16))[0], reference.FIXED_BATCH),
        ],
        otherwise="The weights are not those of the recipe: follow its three steps to the letter, with "
        "torch.randperm(len(X), generator=generator) called once and no other random numbers.",
    )
    expect(
        not (isinstance(loss, torch.Tensor) and loss.requires_grad),
        "You returned a tensor that still drags its graph along: return a plain number, loss.item() gives it.",
    )
    losses = weights_after(variant(record="all"))[1]
    after = weights_after(variant(record="after"))[1]
    trained, optimiser = reference.small_net(seed)
    variant()(trained, optimiser, X, batch_size, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        at_the_end = torch.nn.functional.mse_loss(trained(X), X).item()
    expect_close(
        loss,
        right_loss,
        "The mean loss",
        mistakes=[
            (after, "You measured the losses after the steps: add up those that you propagated back."),
            (
                at_the_end,
                "You measured the loss once the epoch was over: average those that you propagated back on the way.",
            ),
            (right_loss * n, "You added up the losses of the rows: divide by their number for the mean."),
            (losses.sum(), "You returned the sum of the batches' losses: a mean can be compared between batch sizes."),
            (
                losses[-1],
                "You returned the last batch's loss: it stands for its own rows only, average over the epoch.",
            ),
            (losses.mean(), "You averaged over batches, but the last one has only 2 rows: weight by rows."),
        ],
    )


@task(
    "10.5",
    "Early stopping",
    passed="You stop when it no longer pays, and keep the weights from when it did.",
)
def early_stopping(answer: Callable[..., Any]) -> None:
    """The epoch at which training stops and the best epoch until then, both counted from 1."""
    draw = rng()
    cases = [(*reference.telling_losses(draw, patience), patience) for patience in (2, 3, 2)]
    values = [_pair(answer(list(losses), patience)) for losses, _, patience in cases]
    for mistake, message in reference.EARLY_STOPPING_MISTAKES:
        if values == [mistake(losses, patience) for losses, _, patience in cases]:
            expect(False, f"{message} Seen on losses {cases[0][0]} with patience {cases[0][2]}.")
    for value, (losses, right, patience) in zip(values, cases, strict=True):
        expect(
            value == right,
            f"For losses {losses} and patience {patience} your {value} is not right: walk through the epochs and count "
            "those since the last best.",
        )
    falling = sorted(draw.random(6), reverse=True)
    expect(
        _pair(answer(list(falling), 2)) == (6, 6),
        "When the loss falls to the end nothing stops early: the last epoch, 6 of 6, is both stop and best.",
    )


def _pair(value: Any) -> tuple[int, int]:
    """Two whole numbers from whatever the learner returned."""
    if isinstance(value, (list, tuple)) and any(part is None for part in value):
        expect(False, "One of your two numbers is None: where nothing stops early, training stops at the last epoch.")
    pair = expect_shape(value, (2,), "return two numbers, (stopped, best).")
    for number in pair:
        expect(
            number == int(number), f"One of your two numbers is {number}, a loss: return the epoch that it belongs to."
        )
    return int(pair[0]), int(pair[1])
