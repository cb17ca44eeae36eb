"""Checks of tasks 13.5 and 13.6: measuring mode collapse, and the penalty that cures it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.gans import references as reference

RECALL_MISTAKES: tuple[tuple[Callable[..., float], str], ...] = (
    (
        lambda near, nearest, minimum, box: (near.sum(axis=0) > minimum).mean(),
        "A mode with exactly `minimum` samples counts.",
    ),
    (
        lambda near, nearest, minimum, box: near.any(axis=0).mean(),
        "You count a mode as soon as one sample is near it: a stray sample is not a mode, it takes `minimum`.",
    ),
    (
        lambda near, nearest, minimum, box: near.any(axis=1).mean(),
        "You returned the share of SAMPLES near some mode, their quality: a generator with one perfect mode gets 1 "
        "there. Count modes.",
    ),
    (
        lambda near, nearest, minimum, box: (np.bincount(nearest, minlength=near.shape[1]) >= minimum).mean(),
        "You gave each sample to its nearest mode, however far that is: only samples within the radius count.",
    ),
    (
        lambda near, nearest, minimum, box: (box.sum(axis=0) >= minimum).mean(),
        "Your neighbourhoods are squares: take the Euclidean distance.",
    ),
    (
        lambda near, nearest, minimum, box: (near.sum(axis=0) >= minimum).sum(),
        "You returned the number of modes found: divide by the number of modes.",
    ),
    (
        lambda near, nearest, minimum, box: (near.sum(axis=0) < minimum).mean(),
        "You returned the share of modes that are missing: recall is the share that was found.",
    ),
)


def telling_samples(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float, int, float, list[float]]:
    """Samples around a ring of modes on which every known mistake gives another result than the right one."""
    while True:
        k, minimum = int(draw.integers(11, 15)), int(draw.integers(4, 8))
        radius = float(draw.uniform(0.2, 0.3))
        angle = 2 * np.pi * draw.permutation(k) / k
        centres = 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        counts = [0, 1, minimum - 1, minimum, *draw.integers(minimum + 1, minimum + 9, k - 9)]
        # Five modes have samples nearby that do not count: in the square only, a little off, and far off.
        offsets = radius * np.array([[0.8, 0.8], [1.6, 0], [0, -1.6], [-2.4, 0], [0, 2.4]])
        around = [
            centre + draw.normal(0, radius / 5, (count, 2)) for centre, count in zip(centres[5:], counts, strict=True)
        ]
        beside = np.repeat(centres[:5] + offsets, minimum + 2, axis=0)
        beside = beside + draw.normal(0, radius / 40, beside.shape)
        samples = draw.permutation(np.vstack([*around, beside]))
        gaps = samples[:, None] - centres
        distances = np.linalg.norm(gaps, axis=-1)
        near, nearest, box = distances <= radius, distances.argmin(axis=1), np.abs(gaps).max(axis=-1) <= radius
        right = reference.recall_of_modes(samples, centres, radius, minimum)
        wrong = [float(mistake(near, nearest, minimum, box)) for mistake, _ in RECALL_MISTAKES]
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
    passed="The line that made GANs trainable: it tells the critic how steep it may be.",
)
def gradient_penalty(answer: Callable[..., Any]) -> None:
    """Mean squared deviation from 1 of the critic's slope between real and generated rows."""
    import torch

    draw = rng()
    n, d = int(draw.integers(9, 15)), 5
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
                wrong(whole_batch=True),
                "You took one length for the whole batch: each row has its own gradient and length, dim=1.",
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
