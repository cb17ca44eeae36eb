"""Checks of tasks 12.1 to 12.3: the price of a code, a draw, and the likelihood of pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import CheckFailed, expect, expect_close, expect_finite, expect_shape, expect_type, rng, task


@task("12.1", "The price of a code", passed="No draws needed: this half of the bound costs four operations.")
def kl_of_rows(answer: Callable[..., Any]) -> None:
    """Closed-form divergence of each row's code from the standard normal."""
    import torch

    draw = rng()
    for n, k in ((7, 3), (int(draw.integers(3, 6)), int(draw.integers(6, 9)))):
        mean, log_variance = (torch.as_tensor(draw.normal(0, 1, (n, k))) for _ in range(2))
        value = answer(mean, log_variance)
        m, v = mean.numpy(), log_variance.numpy()
        terms = 0.5 * (m**2 + np.exp(v) - 1 - v)
        expect_close(
            value,
            terms.sum(axis=1),
            "The divergence of the rows",
            mistakes=[
                (terms, "You returned one cost for each latent number: add them up within each row."),
                (terms.mean(axis=1), "You averaged over the latent numbers: their costs add up."),
                (terms.sum(axis=0), "You added up over the rows: each row keeps its own cost."),
                (terms.sum(), "You returned one number for the whole batch: one cost for each row is asked for."),
                (terms.sum(axis=1).mean(), "You averaged over the rows: one cost for each row is asked for."),
                (2 * terms.sum(axis=1), "Your cost is twice too high: mind the factor in front of the sum."),
                (-terms.sum(axis=1), "Your cost is negative: a divergence never is, turn the sign."),
                (
                    (0.5 * (m**2 + np.exp(2 * v) - 1 - 2 * v)).sum(axis=1),
                    "You took the second input for the logarithm of the deviation: it is that of the variance.",
                ),
                (
                    (0.5 * (m**2 + v - 1 - np.log(np.abs(v)))).sum(axis=1),
                    "You used log_variance as if it were the variance: exponentiate it first.",
                ),
                ((0.5 * (m + np.exp(v) - 1 - v)).sum(axis=1), "Your means are not squared."),
                (
                    0.5 * (m**2 + np.exp(v) - v).sum(axis=1),
                    "The 1 is missing: a code like the prior costs nothing.",
                ),
                (
                    (0.5 * (m**2 + np.exp(v) - 1)).sum(axis=1),
                    "The logarithm of the variance is missing.",
                ),
            ],
        )
        expect_type(value, torch.Tensor, "return a tensor: training needs its gradient.")
    _far_codes(answer)


def _far_codes(answer: Callable[..., Any]) -> None:
    """Codes far from the prior cost what the formula says, and every input gets its gradient."""
    import torch

    mean, log_variance = np.array([[30.0, 0.5], [-0.4, 1.2]]), np.array([[0.3, 7.0], [-14.0, -0.6]])
    inputs = [torch.as_tensor(array).requires_grad_(True) for array in (mean, log_variance)]
    value = answer(*inputs)
    right = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    cut = "Your cost is wrong for codes far from the prior (a mean of 30, a log variance of 7 or -14): clip nothing."
    expect_close(value, right, "The divergence of far codes", otherwise=cut)
    expect(value.requires_grad, "The numbers are right, but no gradient passes: stay with tensors, without detach.")
    slopes = torch.autograd.grad(value.sum(), inputs, allow_unused=True)
    expected = (mean, 0.5 * (np.exp(log_variance) - 1))
    for name, slope, wanted in zip(("mean", "log_variance"), slopes, expected, strict=True):
        whole = slope is not None and np.allclose(slope.numpy(), wanted)
        expect(whole, f"The numbers are right, but not the gradient of {name}: a part of it was detached somewhere.")


@task("12.2", "A draw that passes gradients", passed="The noise comes from outside, the gradients go through.")
def draw_code(answer: Callable[..., Any]) -> None:
    """Reparameterised draw from a normal distribution."""
    import torch

    draw = rng()
    n, k = int(draw.integers(3, 6)), int(draw.integers(6, 9))
    mean, log_variance, noise = (torch.as_tensor(draw.normal(0, 1, (n, k))) for _ in range(3))
    mean.requires_grad_(True)
    log_variance.requires_grad_(True)
    value = answer(mean, log_variance, noise)
    expect_type(value, torch.Tensor, "return a tensor, or no gradient can pass.")
    m, v, e = mean.detach().numpy(), log_variance.detach().numpy(), noise.numpy()
    expect_shape(value, (n, k), "each latent number of each row has its own draw.")
    expect_close(
        value,
        m + np.exp(v / 2) * e,
        "The draw",
        mistakes=[
            (m + np.exp(v) * e, "You multiplied the noise by the variance: a draw needs the deviation, its root."),
            (m + v * e, "You multiplied the noise by log_variance as it is: it is a logarithm."),
            (m + 0.5 * v * e, "Half of a logarithm is the logarithm of the deviation: exponentiate it."),
            (m + np.exp(2 * v) * e, "You squared where a root is needed: the deviation is the root of the variance."),
            (m + np.exp(-v / 2) * e, "You divided by the deviation: multiply."),
            (m + e, "You ignore log_variance: its deviation scales the noise."),
            (m, "You returned the mean itself: a draw needs the noise."),
            (np.exp(v / 2) * e, "Your draw is centred at 0: shift it by the mean."),
            (m * np.exp(v / 2) + e, "You scaled the mean by the deviation: the noise is what it scales."),
        ],
        otherwise="The draw is not made of the noise that came in: draw no random numbers of your own.",
    )
    expect(value.requires_grad, "The numbers are right, but no gradient passes: stay with tensors, without detach.")
    slopes = torch.autograd.grad(value.sum(), [mean, log_variance], allow_unused=True)
    for name, slope in zip(("mean", "log_variance"), slopes, strict=True):
        expect(
            slope is not None and bool((slope != 0).any()),
            f"The numbers are right, but no gradient reaches {name}: it was detached somewhere.",
        )


@task(
    "12.3",
    "A coin for every pixel",
    passed="From logits, and safe at the ends, where most pixels are.",
)
def bernoulli_log_likelihood(answer: Callable[..., Any]) -> None:
    """Log-likelihood of rows under independent Bernoulli pixels, from logits."""
    import torch

    draw = rng()
    for n, d in ((4, 6), (int(draw.integers(5, 9)), int(draw.integers(10, 14)))):
        x, a = draw.random((n, d)), draw.normal(0, 2, (n, d))
        p = 1 / (1 + np.exp(-a))
        terms = x * np.log(p) + (1 - x) * np.log(1 - p)
        expect_close(
            _with_grey(answer, torch.as_tensor(x), torch.as_tensor(a)),
            terms.sum(axis=1),
            "The log-likelihood of the rows",
            mistakes=[
                (-terms.sum(axis=1), "You returned the cost, which is positive: a log-likelihood has the other sign."),
                (terms, "You returned one number for each pixel: add them up within each row."),
                (terms.mean(axis=1), "You averaged over the pixels: log-likelihoods add up."),
                (-terms.mean(axis=1), "That is the average cost of a pixel: sum over the pixels, and turn the sign."),
                (terms.sum(), "You returned one number for the whole batch: one for each row is asked for."),
                (
                    -terms.mean(),
                    "binary_cross_entropy averages over everything: see its argument `reduction`.",
                ),
                ((x * np.log(p)).sum(axis=1), "The dark pixels count too: the term with 1 - x is missing."),
                (
                    (x * np.log(1 - p) + (1 - x) * np.log(p)).sum(axis=1),
                    "Lit and dark are swapped: x goes with the probability of being lit.",
                ),
                (
                    (x * a + (1 - x) * (1 - a)).sum(axis=1),
                    "You used the logits as if they were probabilities: they run from minus to plus infinity.",
                ),
                (
                    _again(x, p),
                    "You applied the sigmoid twice: a function `..._with_logits` wants the logits themselves.",
                ),
            ],
        )
    ends = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]], dtype=torch.float64)
    logits = torch.tensor([[-1000.0, 1000.0, 900.0], [-1000.0, 1000.0, -900.0]], dtype=torch.float64)
    hint = "at logits of 1000 the probability is rounded to 1, and the logarithm of 1 - p breaks: use logsigmoid."
    value = expect_finite(answer(ends, logits), hint)
    message = "At logits of 1000 your value is cut off or rounded: stay with logarithms (logsigmoid), clip nothing."
    expect_close(value, [0.0, -2000.0], "The log-likelihood of extreme logits", otherwise=message, atol=1e-3)


def _with_grey(answer: Callable[..., Any], x: Any, logits: Any) -> Any:
    """The answer; a distribution that refuses grey pixels gets a sentence of its own."""
    try:
        return answer(x, logits)
    except CheckFailed as failed:
        refused = "support" in failed.message and "Boolean" in failed.message
        expect(not refused, "Grey pixels lie between 0 and 1, a coin of torch.distributions takes 0 or 1 only: sum it.")
        raise


def _again(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The log-likelihood with probabilities taken for logits."""
    twice = 1 / (1 + np.exp(-p))
    return (x * np.log(twice) + (1 - x) * np.log(1 - twice)).sum(axis=1)
