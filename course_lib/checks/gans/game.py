"""Checks of tasks 13.2 to 13.4: the losses of the two players, and the best discriminator there can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, rng, task
from course_lib.checks.gans import references as reference

UNSTABLE = (
    "at a logit of 400 the probability is exactly 0 or 1 in 32 bits, and its logarithm infinite: do not go through the "
    "sigmoid, take a function that works on logits."
)
CAPPED = (
    "A discriminator that is wrong at a logit of 400 must pay 400, yours pays less: a constant inside the logarithm, a "
    "clamp or PyTorch's loss for probabilities caps the loss, and its gradient is gone. Work on the logits."
)


def logits(draw: np.random.Generator, n: int, shift: float) -> Any:
    """Verdicts of a discriminator, a tensor of shape (n,) that follows gradients."""
    import torch

    return torch.tensor(draw.normal(shift, 2, n), dtype=torch.float32, requires_grad=True)


def needs_gradient(value: Any) -> None:
    """Fail unless a loss can still be propagated back."""
    expect(
        getattr(value, "requires_grad", False),
        "The number is right, but no gradient can flow back from it: return the tensor itself, without item(), "
        "detach() or no_grad().",
    )


def not_propagated(*inputs: Any) -> None:
    """Fail if an answer has called backward() by itself."""
    expect(
        all(value.grad is None for value in inputs),
        "You called backward() inside the function: that is the training loop's part, return the loss.",
    )


@task(
    "13.2",
    "The discriminator's loss",
    passed="A loss that stays finite however sure the discriminator is.",
)
def discriminator_loss(answer: Callable[..., Any]) -> None:
    """-mean log D(real) - mean log(1 - D(fake)) from logits."""
    import torch

    draw = rng()
    real, fake = logits(draw, int(draw.integers(8, 14)), 1.0), logits(draw, int(draw.integers(20, 30)), 0.4)
    on_real, on_fake = reference.minus_log(real), reference.minus_log(-fake)
    value = answer(real, fake)
    expect_close(
        expect_shape(value, (), "one loss for both heaps, the sum of two means."),
        on_real.mean() + on_fake.mean(),
        "The loss",
        mistakes=[
            (
                reference.minus_log(-real).mean() + reference.minus_log(fake).mean(),
                "Your discriminator learns to call real rows fake and fake rows real: the two targets are swapped.",
            ),
            ((on_real.mean() + on_fake.mean()) / 2, "You halved the loss: the formula adds the two means."),
            (on_real.mean(), "The generated rows are missing: the second mean goes over them."),
            (on_fake.mean(), "The real rows are missing: the first mean goes over them."),
            (on_real.sum() + on_fake.sum(), "You summed over the rows: each heap gives a mean."),
            (
                np.concatenate([on_real, on_fake]).mean(),
                "You took one mean over both heaps, so the larger one counts more: take a mean of each, then add.",
            ),
            (
                on_real.mean() + reference.minus_log(fake).mean(),
                "You call both heaps real: on generated rows the discriminator should say fake.",
            ),
            (
                reference.minus_log(-real).mean() + on_fake.mean(),
                "You call both heaps fake: on real rows the discriminator should say real.",
            ),
            (-(on_real.mean() + on_fake.mean()), "The sign is wrong: a loss falls as the discriminator gets better."),
            (
                reference.minus_log(expit(reference.plain(real))).mean()
                + reference.minus_log(-expit(reference.plain(fake))).mean(),
                "The sigmoid was applied twice: a loss that takes logits holds one already.",
            ),
        ],
    )
    not_propagated(real, fake)
    needs_gradient(value)
    slopes = torch.autograd.grad(value, [real, fake], allow_unused=True)
    for slope, heap in zip(slopes, ("real", "generated"), strict=True):
        expect(
            slope is not None,
            f"The number is right, but the discriminator learns nothing from {heap} rows: a detach() or no_grad() cuts "
            "their logits off. In training it is the generated POINTS that are detached, before the discriminator.",
        )
    sure = torch.tensor([400.0, -400.0])
    extreme = expect_finite(answer(-sure[:1], sure[:1]), UNSTABLE)
    expect(np.isclose(extreme, 800, rtol=1e-3), CAPPED)


@task(
    "13.3",
    "Two losses for the generator",
    passed="The same aim, and a slope where it is needed: when the discriminator is winning.",
)
def generator_loss(answer: Callable[..., Any]) -> None:
    """Saturating mean log(1 - D) and non-saturating -mean log D from logits."""
    import torch

    draw = rng()
    fake = logits(draw, int(draw.integers(9, 16)), -0.7)
    values = [answer(fake, saturating=saturating) for saturating in (True, False)]
    found = np.array([expect_shape(value, (), "one number, the mean over the rows.") for value in values])
    pay_fake, pay_real = reference.minus_log(-fake), reference.minus_log(fake)
    saturating, steep = -pay_fake.mean(), pay_real.mean()
    expect_close(
        found,
        [saturating, steep],
        "The losses (saturating, non-saturating)",
        mistakes=[
            ([steep, saturating], "The two are swapped: saturating=True asks for the loss of the minimax game."),
            ([saturating, saturating], "You always return the saturating loss: look at the argument."),
            ([steep, steep], "You always return the non-saturating loss: look at the argument."),
            (
                [-saturating, steep],
                "The saturating loss has the wrong sign: lowering yours makes the discriminator surer that rows are "
                "fake.",
            ),
            (
                [saturating, -steep],
                "The non-saturating loss has the wrong sign: lowering yours makes the rows look less real.",
            ),
            ([-saturating, -steep], "Both signs are wrong: by lowering them the generator would help its opponent."),
            ([-pay_fake.sum(), pay_real.sum()], "You summed over the rows: the losses are means."),
            (
                [pay_fake.mean(), -pay_fake.mean()],
                "The two losses differ by more than a sign: one holds log(1 - D), the other log D.",
            ),
            (
                [saturating, pay_fake.mean()],
                "Your non-saturating loss is the other one with its sign turned, and so grows as the generator gets "
                "better: it holds log D, not log(1 - D).",
            ),
        ],
    )
    not_propagated(fake)
    for value in values:
        needs_gradient(value)
    lost, won = torch.tensor([-400.0]), torch.tensor([400.0])
    extreme = expect_finite(
        np.array([float(answer(won, saturating=True)), float(answer(lost, saturating=False))]), UNSTABLE
    )
    expect(np.allclose(extreme, [-400, 400], rtol=1e-3), CAPPED)


@task(
    "13.4",
    "The best discriminator there can be",
    passed="Whoever knows both densities needs no training: this is what the discriminator tries to become.",
)
def optimal_discriminator(answer: Callable[..., Any]) -> None:
    """p / (p + q) from logarithms of densities."""
    draw = rng()
    n = int(draw.integers(15, 25))
    log_q = draw.normal(-3, 1, n)
    log_p = log_q + draw.choice([-1, 1], n) * draw.uniform(0.5, 3, n)
    right = expit(log_p - log_q)
    expect_close(
        expect_shape(answer(log_p, log_q), (n,), "one probability for each row."),
        right,
        "The probabilities",
        mistakes=[
            (1 - right, "You give the probability of being generated: D says how likely a row is REAL."),
            (np.exp(log_p - log_q), "You stopped at the quotient of the two densities, which can exceed 1."),
            (log_p - log_q, "You returned the logit: one step is missing that makes it a probability."),
            (log_p / (log_p + log_q), "You put the logarithms into the formula for densities."),
            ((log_p > log_q).astype(float), "You returned a decision: D is a probability, with all values between."),
            (np.exp(log_p), "You returned the density of the real rows: compare it with the generator's."),
            (expit(log_p), "The generator's density is missing: D depends on both."),
            (np.full(n, 0.5), "One half everywhere is right only if both densities are equal."),
        ],
    )
    far = draw.uniform(900, 2000, n)
    value = expect_finite(
        answer(log_p - far, log_q - far),
        "densities of images underflow to 0, and 0 / 0 is no number: subtract the logarithms before any exp.",
    )
    expect_close(
        value,
        right,
        "The probabilities far from all data",
        otherwise="Where both densities are tiny your D is wrong: a constant in the quotient, or densities rounded to "
        "0, decide there. Only the difference of the logarithms counts.",
    )
