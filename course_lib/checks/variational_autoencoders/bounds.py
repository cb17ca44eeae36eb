"""Checks of tasks 12.4 to 12.6: bounds, the loss, and a score from several draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, expect_type, rng, task
from course_lib.checks.expectations import as_array

OWN_NOISE = "Two calls with the same inputs differ: use the noise that comes in, draw none of your own."


@task("12.4", "Two bounds from the same draws", passed="The second is the tighter one, at the price of more draws.")
def two_bounds(answer: Callable[..., Any]) -> None:
    """ELBO and importance-weighted bound from log densities of draws."""
    import torch

    draw = rng()
    k, n = int(draw.integers(6, 9)), int(draw.integers(10, 13))
    far_apart = -1500.0 * np.arange(1, 5)  # nats: a maximum shared by these images underflows for all but one
    for draws, images, level in ((5, 3, -3.0), (k, n, -2000.0), (k, 4, far_apart)):
        parts = [draw.normal(middle, 1.5, (draws, images)) for middle in (level, -8, 2)]
        value = answer(*map(torch.as_tensor, parts))
        expect_type(value, (tuple, list), "return two tensors, the ELBO first.")
        expect(len(value) == 2, f"You returned {len(value)} things: the ELBO and the weighted bound are asked for.")
        _compare_bounds(value, np.ndim(level) > 0, *parts)


def _compare_bounds(value: Any, apart: bool, like: np.ndarray, prior: np.ndarray, posterior: np.ndarray) -> None:
    k, n = like.shape
    w = like + prior - posterior
    elbo, weighted = w.mean(axis=0), _log_sum(w) - math.log(k)
    swapped = np.shape(value[0]) == (n,) and np.allclose(np.asarray(value[0]), weighted)
    expect(not swapped, "Your first result is the weighted bound: return the ELBO first.")
    signs = [
        (like + prior + posterior, "The density under q stands in the denominator: its logarithm is subtracted."),
        (like - prior - posterior, "The prior stands in the numerator: its logarithm is added."),
        (like - prior + posterior, "Prior and posterior are swapped: w = p(x|z) p(z) / q(z|x)."),
        (like, "You left out prior and posterior: a weight holds all three."),
    ]
    expect_close(
        value[0],
        elbo,
        "The ELBO",
        mistakes=[
            *((wrong.mean(axis=0), message) for wrong, message in signs),
            (w.mean(axis=1), "You averaged over the images: the draws are the first axis."),
            (w.sum(axis=0), "You added the draws up: the ELBO is their mean."),
            (w.mean(), "You returned one ELBO for all images: one for each is asked for."),
            (-elbo, "You returned minus the ELBO: it is the bound itself that is asked for."),
        ],
    )
    hint = "weights such as e^-2000 are 0 to a computer, and log(0) is infinite: use torch.logsumexp."
    if apart:
        hint = "these images lie 1500 nats apart, and each needs a largest weight of its own (torch.logsumexp, dim=0)."
    right_so_far = expect_shape(value[1], (n,), "one weighted bound for each image; the draws are the first axis.")
    expect_finite(right_so_far, hint)
    expect_close(
        value[1],
        weighted,
        "The weighted bound",
        mistakes=[
            (elbo, "Your second bound is the ELBO again: the mean of the weights comes first, then the logarithm."),
            (_log_sum(w), "You took the sum of the weights: their mean is asked for, mind the 1/K."),
            (_log_sum(w) / k, "You divided the logarithm by K: the 1/K stands inside the logarithm."),
            (_log_sum(w) + math.log(k), "You multiplied by K where you should divide: mind the sign of log K."),
            (w.max(axis=0), "You took the largest weight: all of them count."),
        ],
    )


def _log_sum(w: np.ndarray) -> np.ndarray:
    top = w.max(axis=0)
    return top + np.log(np.exp(w - top).sum(axis=0))


@task("12.5", "The loss", passed="That is a variational autoencoder. The rest is training.")
def vae_loss(answer: Callable[..., Any]) -> None:
    """Minus the ELBO of a Gaussian decoder, with a weight on the divergence."""
    import torch
    from torch import nn

    draw = rng()
    for n, d, k in ((6, 5, 2), (int(draw.integers(8, 12)), int(draw.integers(6, 9)), 3)):
        variance, beta = float(draw.uniform(0.05, 0.5)), float(draw.uniform(1.5, 4))
        with torch.random.fork_rng():
            torch.manual_seed(int(draw.integers(2**31)))
            encoder, decoder = nn.Linear(d, 2 * k).double(), nn.Linear(k, d).double()
        x, noise = (torch.as_tensor(draw.normal(0, 1, shape)) for shape in ((n, d), (n, k)))
        inputs = encoder, decoder, x, noise, torch.tensor(variance, dtype=torch.float64), beta
        value = answer(*inputs)
        expect_type(value, torch.Tensor, "return a tensor: training needs its gradient.")
        with torch.no_grad():
            out = encoder(x)
            right, mistakes = _losses(out, decoder, x, noise, variance, beta)
        expect_shape(value, (), "the loss is one number, the mean over the rows.")
        expect(np.isclose(as_array(value), as_array(answer(*inputs))), OWN_NOISE)
        expect_close(value, right, "The loss", mistakes=mistakes)
        expect(value.requires_grad, "The number is right, but no gradient passes: stay with tensors, without detach.")
        _compare_gradients(value, encoder, decoder, x, noise, variance, beta)


def _compare_gradients(
    value: Any, encoder: Any, decoder: Any, x: Any, noise: Any, variance: float, beta: float
) -> None:
    """The gradients of both networks, and which part of the loss was cut off where they differ."""
    import torch

    def gradient(number: Any, net: Any) -> np.ndarray:
        found = torch.autograd.grad(number, net.weight, retain_graph=True, allow_unused=True)[0]
        return np.zeros(net.weight.shape) if found is None else found.numpy()

    kl, like = _terms(encoder(x), decoder, x, noise, variance)
    priced, rebuilt = gradient((beta * kl).mean(), encoder), gradient(-like.mean(), encoder)
    start = "The number is right, but"
    expect(
        np.allclose(gradient(value, decoder), gradient(-like.mean(), decoder)),
        f"{start} the decoder's gradient is not: its output must not be detached.",
    )
    found = gradient(value, encoder)
    expect(not np.allclose(found, priced), f"{start} the likelihood does not teach the encoder: codes were detached.")
    expect(not np.allclose(found, rebuilt), f"{start} the divergence has no gradient: it must not be detached.")
    expect(np.allclose(found, priced + rebuilt), f"{start} not the whole gradient reaches the encoder: detach nothing.")


def _terms(out: Any, decoder: Any, x: Any, noise: Any, variance: float) -> tuple[Any, Any]:
    """Divergence and log-likelihood of each row."""
    import torch

    mean, log_variance = out.chunk(2, dim=1)
    squares = (x - decoder(mean + torch.exp(0.5 * log_variance) * noise)) ** 2
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
    return kl, -0.5 * (squares / variance + math.log(2 * math.pi * variance)).sum(dim=1)


def _losses(out: Any, decoder: Any, x: Any, noise: Any, variance: float, beta: float) -> tuple[float, list[Any]]:
    """The right loss, and those of the usual mistakes with what to say of them."""
    import torch

    def loss(
        mean: Any = None, log_variance: Any = None, z: Any = None, over: float = variance, constant: bool = True
    ) -> tuple[Any, Any]:
        """Divergence and log-likelihood of each row, with one thing wrong."""
        first, second = out.chunk(2, dim=1)
        mean = first if mean is None else mean
        log_variance = second if log_variance is None else log_variance
        z = mean + torch.exp(0.5 * log_variance) * noise if z is None else z
        terms = (x - decoder(z)) ** 2 / over + (math.log(2 * math.pi * variance) if constant else 0.0)
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)
        return kl.sum(dim=1), -0.5 * terms.sum(dim=1)

    kl, like = loss()
    d, k = x.shape[1], noise.shape[1]
    mean, log_variance = out.chunk(2, dim=1)
    swapped = loss(log_variance, mean)
    mixed = loss(out[:, ::2], out[:, 1::2])
    dull, wide = loss(z=mean), loss(z=mean + log_variance.exp() * noise)
    squares = (x - decoder(mean + torch.exp(0.5 * log_variance) * noise)) ** 2
    averaged = "You averaged the squares over the pixels, as mse_loss does: within a row they are added up."
    bare, rooted = loss(constant=False), loss(over=math.sqrt(variance))
    return float((beta * kl - like).mean()), [
        ((kl - like).mean(), "Your loss ignores beta."),
        ((kl - beta * like).mean(), "Your beta weighs the likelihood: it is the weight of the divergence."),
        ((beta * (kl - like)).mean(), "Your beta weighs both terms: it belongs to the divergence alone."),
        ((like - beta * kl).mean(), "You returned the bound: a loss is minimised, turn the sign."),
        ((-beta * kl - like).mean(), "You subtract the divergence: an expensive code makes the loss larger."),
        ((beta * kl + like).mean(), "You added the likelihood: what is likely must make the loss smaller."),
        ((beta * kl - 2 * like).mean(), "The half in front of the likelihood is missing."),
        ((2 * beta * kl - like).mean(), "The half in front of the divergence is missing."),
        (
            (beta * kl - like + 0.5 * squares.sum(dim=1) / variance).mean(),
            "The half is missing at the squares.",
        ),
        *(((beta * kl).mean() + part * squares.mean(), averaged) for part in (1, 0.5, 1 / variance, 0.5 / variance)),
        ((beta * kl).mean() + squares.sum(dim=1).mean(), "You used the squares alone: where is the variance?"),
        ((beta * kl - like).sum(), "You added up the rows: take the mean over them."),
        ((beta * kl - like / d).mean(), "You averaged over the pixels: within a row the likelihood is a sum."),
        ((beta * kl / k - like).mean(), "You averaged over the latent numbers: within a row the divergence is a sum."),
        ((beta * swapped[0] - swapped[1]).mean(), "Means and log variances are swapped: the means come first."),
        ((beta * mixed[0] - mixed[1]).mean(), "You took every other column: the first half are means."),
        ((beta * dull[0] - dull[1]).mean(), "You decoded the mean: draw the codes with the noise."),
        ((beta * wide[0] - wide[1]).mean(), "Your codes are drawn with the variance: it takes its root."),
        ((beta * bare[0] - bare[1]).mean(), "The term with the logarithm of the variance is missing."),
        ((beta * rooted[0] - rooted[1]).mean(), "You divided the squares by the deviation: divide by the variance."),
    ]


@task("12.6", "Reconstruction probability", passed="A score from a cloud of codes, the same in whatever batch.")
def reconstruction_probability(answer: Callable[..., Any]) -> None:
    """Minus the mean over draws of the log-likelihood, with the same noise for all rows."""
    import torch

    draw = rng()
    for n, k, draws in ((6, 2, 5), (int(draw.integers(8, 12)), 4, int(draw.integers(13, 17)))):
        mean, log_variance = (torch.as_tensor(draw.normal(0, 1, (n, k))) for _ in range(2))
        noise, target = torch.as_tensor(draw.normal(0, 1, (draws, k))), torch.as_tensor(draw.normal(0, 1, (n, k)))

        def log_likelihood(z: Any, target: Any = target) -> Any:
            if tuple(z.shape[-2:]) != tuple(target.shape):
                raise ValueError(f"codes come as {tuple(target.shape)}, one for each row: call me once for each draw")
            return -((z - target) ** 2).sum(dim=-1)

        inputs = mean, log_variance, log_likelihood, noise
        value = answer(*inputs)
        same = np.array_equal(as_array(value), as_array(answer(*inputs)))
        expect(same, OWN_NOISE)
        deviation = torch.exp(0.5 * log_variance)
        values = torch.stack([log_likelihood(mean + deviation * eps) for eps in noise])
        wide, raw, centred = (
            torch.stack([log_likelihood(at + scale * eps) for eps in noise])
            for at, scale in ((mean, log_variance.exp()), (mean, log_variance), (0, deviation))
        )
        expect_close(
            value,
            -values.mean(dim=0),
            "The scores",
            mistakes=[
                (values.mean(dim=0), "Your scores are higher for what is probable: an anomaly score turns the sign."),
                (-values.sum(dim=0), "You added the draws up: their mean does not grow with their number."),
                (-values.mean(dim=1), "You averaged over the rows: the draws are averaged, each row keeps its score."),
                (-values.mean(), "You averaged over everything: each row keeps its own score."),
                (-raw.mean(dim=0), "You multiplied the noise by log_variance as it is: it is a logarithm."),
                (-centred.mean(dim=0), "Your codes are centred at 0: the mean is forgotten."),
                (-values.median(dim=0).values, "You took the median of the draws: their mean is asked for."),
                (-values.sum(dim=0) / (draws - 1), "You divided by one less than the number of draws: take the mean."),
                (-values[0], "You used the first draw only: average over all of them."),
                (-values[-1], "You kept the last draw only: collect them all, then average."),
                (-log_likelihood(mean), "You scored the mean code: the codes are drawn with the noise."),
                (-log_likelihood(mean + deviation * noise.mean(dim=0)), "You averaged the codes before the decoder."),
                (-wide.mean(dim=0), "Your codes are drawn with the variance: it takes its root."),
                (-torch.logsumexp(values, dim=0) + math.log(draws), "You averaged probabilities: average logarithms."),
            ],
            otherwise="The scores do not fit: see how codes are made of the given noise and how draws are averaged.",
        )
