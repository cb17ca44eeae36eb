"""Checks of tasks 13.7 and 13.8: AnoGAN's latent search, and which of several starts to keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.gans import references as reference


@task(
    "13.7",
    "A search for each image",
    passed="One batch, as many searches as images, none of which knows of the others: that is AnoGAN.",
)
def latent_search(answer: Callable[..., Any]) -> None:
    """Plain gradient descent of every row's latent point on its own squared error."""
    draw = rng()
    n, k, d = int(draw.integers(5, 9)), 3, 10
    generator = reference.small_net(draw, k, d)
    X, Z = reference.tensor(draw, n, d), reference.tensor(draw, n, k)
    steps, rate = int(draw.integers(4, 8)), float(draw.uniform(0.03, 0.05))
    weights = [weight.detach().numpy().copy() for weight in generator.parameters()]
    calls: list[int] = []
    counter = generator.register_forward_hook(lambda module, rows, images: calls.append(1))

    def wrong(n_steps: int = steps, **switch: Any) -> Callable[[], Any]:
        return lambda: reference.latent_search(generator, X, Z, n_steps, rate, **switch)

    value = answer(generator, X, Z, steps, rate)
    counter.remove()
    after = [weight.detach().numpy() for weight in generator.parameters()]
    expect(
        all(map(np.array_equal, weights, after)),
        "Your search changed the generator's weights: only the latent points move, the generator is finished.",
    )
    expect_close(
        value,
        wrong()(),
        "The latent points",
        mistakes=[
            (Z, "You returned the starting points: after each gradient comes a step."),
            (lambda: generator(wrong()()), "You returned the images: the task asks for the latent points."),
            (
                wrong(reduce="mean"),
                "You took the mean over the rows: then each image's steps shrink with the size of the batch. Add the "
                "rows' losses, and each keeps its own gradient.",
            ),
            (
                wrong(reduce="all"),
                "You took the mean over rows and pixels: the loss is a sum, your steps are too short.",
            ),
            (
                wrong(reduce="pixels"),
                "You took the mean over the pixels: the loss of a row is the sum over its pixels.",
            ),
            (
                wrong(pile_up=True),
                "Your gradients pile up from step to step: clear them before each backward(), or use autograd.grad.",
            ),
            (wrong(sign=1.0), "You walk uphill: subtract the gradient."),
            (
                wrong(shared=True),
                "All points make the same step: each image needs the gradient of its own loss.",
            ),
            (
                wrong(reduce="lengths"),
                "You minimise the distance: the task asks for its square, without the root.",
            ),
            (wrong(absolute=True), "You minimise absolute differences: the task asks for squared ones."),
            (wrong(steps + 1), "You make one step too many."),
            (wrong(steps - 1), "You make one step too few."),
            (wrong(1), "You make a single step: repeat it, with the gradient at the new points."),
            (wrong(adam=True), "You stepped with Adam: the task asks for plain gradient descent."),
        ],
        rtol=1e-3,
        atol=1e-5,
    )
    expect(
        len(calls) <= steps + 2,
        "The points are right, but you go through the images one by one: hand the whole batch to the generator, once "
        "for each step.",
    )


@task(
    "13.8",
    "Keep the best start",
    passed="A search that got stuck costs nothing as long as one of its twins did not.",
)
def keep_best(answer: Callable[..., Any]) -> None:
    """For each image the latent point of the restart with the lowest loss."""
    import torch

    draw = rng()
    r, n, k = int(draw.integers(3, 6)), int(draw.integers(7, 11)), 2
    losses = draw.uniform(1, 2, (r, n))
    losses[draw.permutation(np.arange(n) % r), np.arange(n)] = draw.uniform(0.2, 0.9, n)
    losses = np.roll(
        losses, 1 - losses.sum(axis=1).argmin(), axis=0
    )  # the best start overall is neither first nor last
    best, overall = losses.argmin(axis=0), 1
    Z = draw.normal(size=(r, n, k))
    value = answer(torch.as_tensor(Z), torch.as_tensor(losses))
    wrong_way = Z[np.arange(r), losses.argmin(axis=1)]
    expect_close(
        value,
        Z[best, np.arange(n)],
        "The latent points",
        mistakes=[
            (
                Z[overall],
                "You kept one restart for all images: the luckiest start differs from image to image.",
            ),
            (Z[losses.argmax(axis=0), np.arange(n)], "You kept the worst start of each image: a low loss is good."),
            (
                Z.mean(axis=0),
                "You averaged the starts: halfway between two good points lies a bad one, as often as not.",
            ),
            (losses.min(axis=0), "You returned the lowest losses: return the latent points that they belong to."),
            (best, "You returned the numbers of the best starts: return the latent points."),
            (wrong_way, "You looked for the best image of each start: look for the best start of each image, dim=0."),
            (Z[0], "You always kept the first start."),
            (Z[-1], "You always kept the last start."),
            (Z[best], "Your result holds each image's start for ALL images: pair each start with its own image."),
        ],
    )
    expect_shape(value, (n, k), "one latent point for each image.")
