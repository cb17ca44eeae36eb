"""Checks of tasks 13.5 and 13.6: measuring mode collapse, and the penalty that cures it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.gans import references as reference

RECALL_MISTAKES: tuple[tuple[Callable[..., float], str], ...] = (
    (
        lambda near, nearest, minimum, box, diamond: (near.sum(axis=0) > minimum).mean(),
        "A mode with exactly `minimum` samples counts.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: near.any(axis=0).mean(),
        "You count a mode as soon as one sample is near it: a stray sample is not a mode, it takes `minimum`.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: near.any(axis=1).mean(),
        "You returned the share of SAMPLES near some mode, their quality: a generator with one perfect mode gets 1 "
        "there. Count modes.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (np.bincount(nearest, minlength=near.shape[1]) >= minimum).mean(),
        "You gave each sample to its nearest mode, however far that is: only samples within the radius count.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (
            np.bincount(nearest[near.any(axis=1)], minlength=near.shape[1]) >= minimum
        ).mean(),
        "You gave each sample to its nearest mode only: one that lies within the radius of two modes counts for both.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (box.sum(axis=0) >= minimum).mean(),
        "Your neighbourhoods are squares: take the Euclidean distance.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (diamond.sum(axis=0) >= minimum).mean(),
        "Your neighbourhoods stand on a corner: you added the coordinates' differences (the city-block distance). Take "
        "the Euclidean distance.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (near.sum(axis=0) >= minimum).sum(),
        "You returned the number of modes found: divide by the number of modes.",
    ),
    (
        lambda near, nearest, minimum, box, diamond: (near.sum(axis=0) < minimum).mean(),
        "You returned the share of modes that are missing: recall is the share that was found.",
    ),
)


def telling_samples(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float, int, float, list[float]]:
    """Samples around modes on which every known mistake gives another result than the right one."""
    while True:
        k, minimum = int(draw.integers(18, 22)), int(draw.integers(4, 8))
        radius = float(draw.uniform(0.2, 0.3))
        angle = 2 * np.pi * draw.permutation(k) / k
        ring = 4 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        # Two modes have a neighbour so close that the samples between the two belong to both.
        centres = np.vstack([ring, ring[:2] * (1 + 1.2 * radius / 4)])
        # The next six have samples nearby that do not count: in the square only, a little off, and far off;
        # the next four have theirs on a diagonal: within the radius, but not by the city-block distance.
        beside = np.array([[0.8, 0.8], [1.6, 0], [0, -1.6], [-2.4, 0], [0, 2.4], [1.8, 1.8]])
        diagonal = 0.64 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
        crowds = np.vstack([ring[:2] * (1 + 0.45 * radius / 4), ring[2:12] + radius * np.vstack([beside, diagonal])])
        crowds = np.repeat(crowds, minimum + 2, axis=0)
        counts = [0, 1, minimum - 1, minimum, *draw.integers(minimum + 1, minimum + 9, k - 16)]
        around = [
            centre + draw.normal(0, radius / 5, (count, 2)) for centre, count in zip(ring[12:], counts, strict=True)
        ]
        crowds = crowds + draw.normal(0, radius / 40, crowds.shape)
        samples, centres = draw.permutation(np.vstack([*around, crowds])), draw.permutation(centres)
        gaps = samples[:, None] - centres
        distances = np.linalg.norm(gaps, axis=-1)
        near, nearest = distances <= radius, distances.argmin(axis=1)
        box, diamond = np.abs(gaps).max(axis=-1) <= radius, np.abs(gaps).sum(axis=-1) <= radius
        right = reference.recall_of_modes(samples, centres, radius, minimum)
        wrong = [float(mistake(near, nearest, minimum, box, diamond)) for mistake, _ in RECALL_MISTAKES]
        squared = float(((distances**2 <= radius).sum(axis=0) >= minimum).mean())
        if len({right, squared, *wrong}) == len(wrong) + 2:
            return samples, centres, radius, minimum, right, [*wrong, squared]


@task(
    "13.5",
    "How many modes are left?",
    passed="A number for what the eye sees in two dimensions, and cannot see in 784.",
)
def recall_of_modes(answer: Callable[..., Any]) -> None:
    """Share of the modes with enough samples nearby."""
    draw = rng()
    for _ in range(2):
        samples, centres, radius, minimum, right, wrong = telling_samples(draw)
        messages = [message for _, message in RECALL_MISTAKES]
        messages.append("You compare squared distances with the radius: take the root, or square both.")
        expect_close(
            answer(samples, centres, radius, minimum),
            right,
            "The recall",
            mistakes=list(zip(wrong, messages, strict=True)),
            otherwise="The recall is wrong: measure every sample against every centre, count for each centre "
            "the samples within the radius, and see for which centres that is enough.",
        )


@task(
    "13.6",
    "The gradient penalty",
    passed="Now a critic can be told how steep it may be, and learns to keep to it.",
)
def gradient_penalty(answer: Callable[..., Any]) -> None:
    """Mean squared deviation from 1 of the critic's slope between real and generated rows."""
    import torch

    draw = rng()
    n, d = int(draw.integers(11, 17)), 5
    critic = reference.small_net(draw, d, 1, flat=True)
    real, fake = reference.tensor(draw, n, d), reference.tensor(draw, n, d) - 1
    seed = int(draw.integers(2**31))
    middle = reference.gradient_penalty(
        critic, real, fake, torch.Generator().manual_seed(seed), reduce=lambda lengths: lengths.median()
    )
    with torch.no_grad():  # so that the slope is below 1 at some of the points, and above 1 at others
        for weights in critic[2].parameters():
            weights.div_(middle)

    def penalty(recipe: Callable[..., Any], **switch: Any) -> Any:
        return recipe(critic, real, fake, torch.Generator().manual_seed(seed), **switch)

    def wrong(**switch: Any) -> Callable[[], Any]:
        return lambda: penalty(reference.gradient_penalty, **switch)

    value, again = penalty(answer), penalty(answer)
    piled = any(weight.grad is not None for weight in critic.parameters())
    first, second = (expect_shape(found, (), "one number, the mean over the rows.") for found in (value, again))
    expect(
        np.isclose(first, second, rtol=1e-5),
        "The same generator gives another penalty the second time: draw with generator=generator and nothing else.",
    )
    expect_close(
        value,
        penalty(reference.gradient_penalty),
        "The penalty",
        mistakes=[
            (wrong(swapped=True), "The shares are swapped: the task gives them to the real rows."),
            (wrong(one_share=True), "You drew one share for the whole batch: each row gets its own."),
            (
                wrong(pixel_shares=True),
                "You drew a share for each column: a row needs one share, or it leaves the line.",
            ),
            (wrong(at="real"), "You looked at the real rows only: the penalty counts on the way between the two."),
            (wrong(at="fake"), "You looked at the generated rows only: the penalty counts on the way between the two."),
            (
                wrong(measure=lambda slopes: slopes.norm().reshape(1)),
                "You took one length for the whole batch: each row has its own gradient and length, dim=1.",
            ),
            (
                wrong(measure=lambda slopes: slopes.norm(dim=0)),
                "Your lengths go down the columns: each row has its own gradient, whose length goes over its columns.",
            ),
            (
                wrong(measure=lambda slopes: slopes.abs().sum(dim=1)),
                "You added absolute values: the formula has the Euclidean length of the gradient.",
            ),
            (
                lambda: 10 * penalty(reference.gradient_penalty),
                "You multiplied by 10, the paper's weight: here the penalty alone is asked for.",
            ),
            (
                wrong(judged="mean"),
                "Your gradients are too small by the number of rows: take the gradient of the SUM of the verdicts, "
                "then each row gets its own.",
            ),
            (wrong(reduce=lambda length: ((length - 1) ** 2).sum()), "You summed over the rows: take the mean."),
            (
                wrong(reduce=lambda length: (length**2).mean()),
                "You pull the slopes to 0: the formula pulls their lengths to 1.",
            ),
            (
                wrong(reduce=lambda length: ((length**2 - 1) ** 2).mean()),
                "You compared the squared length with 1: take the length itself.",
            ),
            (
                wrong(reduce=lambda length: (length.mean() - 1) ** 2),
                "You averaged the lengths first: slopes of 0 and 2 would pass. Average the squares.",
            ),
            (
                wrong(reduce=lambda length: (length - 1).abs().mean()),
                "You took the absolute deviation: the formula squares it.",
            ),
            (
                wrong(reduce=lambda length: ((length - 1).clamp(min=0) ** 2).mean()),
                "You punish only slopes above 1: the formula punishes flat places too.",
            ),
        ],
    )
    flows = getattr(value, "requires_grad", False)
    if flows:
        slopes = torch.autograd.grad(value, list(critic.parameters())[:1], allow_unused=True)
        flows = slopes[0] is not None and bool(slopes[0].abs().sum() > 0)
    expect(
        flows,
        "The number is right, but the critic cannot learn from it: a gradient that is to be differentiated once more "
        "needs create_graph=True.",
    )
    expect(
        not piled,
        "The number is right, but your backward() also left gradients on the critic's weights, and they would go into "
        "its next step: autograd.grad gives the slope at the points and touches nothing else.",
    )
