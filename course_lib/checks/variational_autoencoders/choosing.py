"""Check of task 12.11: two models compared by the likelihood of images that neither has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


@task("12.11", "Convolutions, or not?", passed="You compared two models without a single label.")
def dense_or_convolutional(answer: Callable[..., Any]) -> None:
    """Mean importance-weighted bound of new images under a dense and a convolutional model."""
    draw = rng()
    for height, width, beta in ((4, 7, 4.0), (6, 5, 0.2)):
        X_fit, X_new = (_spots(draw, n, height, width) for n in (60, int(draw.integers(30, 50))))
        options = {
            "latent_size": int(draw.integers(2, 5)), "beta": beta, "epochs": int(draw.integers(3, 5)),
            "learning_rate": 3e-2, "scaling": None, "random_state": int(draw.integers(999)), "device": "cpu",
            "verbose": False,
        }  # fmt: skip
        n_samples = int(draw.integers(20, 30))
        value = answer(X_fit, X_new, (1, height, width), n_samples, dict(options))
        _compare(value, X_fit, X_new, (1, height, width), n_samples, options)


def _spots(draw: np.random.Generator, n: int, height: int, width: int) -> np.ndarray:
    """Images with one blurred spot each, somewhere, as rows (n, height * width)."""
    rows, columns = np.arange(height)[:, None], np.arange(width)
    y, x = draw.uniform(1, height - 2, (n, 1, 1)), draw.uniform(1, width - 2, (n, 1, 1))
    spots = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 2)
    return (spots + 0.1 * draw.normal(size=spots.shape)).reshape(n, -1)


def _compare(
    value: Any, X_fit: np.ndarray, X_new: np.ndarray, shape: tuple[int, int, int], draws: int, options: dict[str, Any]
) -> None:
    from course_lib.deep import VAE, ConvVAE

    def models(rows: np.ndarray, image_shape: Any = shape, without: str = "", **instead: Any) -> list[Any]:
        """Both models, trained on `rows`, with one thing changed."""
        given = {name: setting for name, setting in (options | instead).items() if name != without}
        dense = VAE(hidden_sizes=(16,), **given)
        return [m.fit(rows) for m in (dense, ConvVAE(image_shape, channels=(4, 8), **given))]

    def bounds(pair: list[Any], scoring: str = "log_likelihood", X: np.ndarray = X_new, n: Any = draws) -> np.ndarray:
        return np.array([-model.score_rows(X, scoring, n_samples=n).mean() for model in pair], dtype=float)

    pair = models(X_fit)
    right = bounds(pair)
    each = [-model.score_rows(X_new, "log_likelihood", n_samples=draws) for model in pair]
    expect(
        np.shape(value) not in {np.shape(each), np.shape(each)[::-1]},
        "You returned one number for each image: take the mean over the new images.",
    )
    value = expect_shape(value, (2,), "two numbers are asked for, that of the dense model first.")
    medians = np.array([np.median(one) for one in each], dtype=float)
    logs = np.array([np.logaddexp.reduce(one) - np.log(len(one)) for one in each], dtype=float)
    n_pixels = X_new.shape[1]
    per_pixel = "The likelihood of a whole image is asked for: do not divide by the number of its pixels."
    both = "You trained on the new images too: they are kept for the comparison, train on X_fit alone."
    unscaled = "the options ask for scaling=None, the same for both."
    own_price = "That is the ELBO, which weighs the divergence by the beta of each model: ask for the likelihood."
    expect_close(
        value,
        right,
        "The mean log-likelihoods",
        mistakes=[
            (-right, "Your numbers are scores, high for strange images: a likelihood has the other sign."),
            (right[::-1], "The order is turned: the dense model comes first."),
            (lambda: bounds(pair, X=X_fit), "You scored the images that the models have learnt: the new ones decide."),
            (lambda: bounds(pair, "elbo"), own_price),
            (lambda: bounds(pair, "elbo", n=None), own_price + " (And pass n_samples on.)"),
            (lambda: bounds(pair, n=None), "You used each model's own number of draws: pass n_samples on."),
            (
                lambda: bounds(pair, "reconstruction_probability"),
                "That is the reconstruction probability: the code costs too.",
            ),
            (
                lambda: bounds(pair, "reconstruction"),
                "That is a squared error: it knows nothing of what the code costs.",
            ),
            (right * len(X_new), "You added the images up: take their mean."),
            (right[[0, 0]], "Both numbers are those of the dense model."),
            (right[[1, 1]], "Both numbers are those of the convolutional model."),
            (lambda: bounds(models(X_fit, None)), "Your convolutions do not know the images: pass image_shape on."),
            (lambda: bounds(models(X_new)), "You trained on the new images: they are kept for the comparison."),
            (lambda: bounds(models(X_fit, beta=1.0)), "Your models do not follow the beta of the options."),
            (medians, "That is the median over the new images: the mean is asked for."),
            (logs, "You averaged the probabilities of the images: take the mean of their logarithms."),
            (right / np.log(2), "Your numbers are in bits: leave them in nats, as score_rows gives them."),
            (right / n_pixels, per_pixel),
            (right / n_pixels / np.log(2), per_pixel + " And stay with nats."),
            (lambda: bounds(models(np.concatenate([X_fit, X_new]))), both),
            (lambda: bounds(models(np.concatenate([X_new, X_fit]))), both),
            (
                lambda: bounds(models(X_fit, random_state=0)),
                "Your models do not follow the random_state of the options.",
            ),
            (
                lambda: bounds(models(X_fit, without="scaling")),
                "Your models do not follow the scaling of the options: the dense one standardises pixels by itself.",
            ),
            (lambda: bounds(models(X_fit, scaling="standard")), "Your models standardise the pixels: " + unscaled),
            (lambda: bounds(models(X_fit, scaling="minmax")), "Your models rescale the pixels: " + unscaled),
        ],
        otherwise=_what_remains(np.isclose(value, right, rtol=1e-5)),
        rtol=1e-5,
    )


def _what_remains(fits: np.ndarray) -> str:
    """What to say of numbers that no known mistake explains, by which of the two is right."""
    if fits.any():
        good, bad = ("dense", "convolutional") if fits[0] else ("convolutional", "dense")
        layers = "channels=(4, 8)" if fits[0] else "hidden_sizes=(16,)"
        return (
            f"The number of the {good} model is right, that of the {bad} one is not: compare how the two are built "
            f"({layers}, all options), trained and scored."
        )
    return (
        "Neither number fits, and the check cannot tell why. Go through the three steps: which layers, options and "
        "images train the models, which images and how many draws are scored, and what is made of the scores."
    )
