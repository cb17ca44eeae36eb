"""Checks of tasks 10.1 to 10.3: error, PCA and the network that rebuilds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, expect_type, rng, task
from course_lib.checks.autoencoders import references as reference


@task(
    "10.1",
    "Reconstruction error",
    passed="One number for each row, comparable between images of any size: you have an anomaly score.",
)
def reconstruction_error(answer: Callable[..., Any]) -> None:
    """The mean squared difference of each row."""
    draw = rng()
    X = draw.random((7, 12))
    rebuilt = X + draw.normal(0, 0.3, X.shape)
    gap = X - rebuilt
    expect_close(
        answer(X, rebuilt),
        (gap**2).mean(axis=1),
        "The reconstruction error",
        mistakes=[
            ((gap**2).mean(), "You returned one number for all rows: keep the rows apart with axis=1."),
            (
                (gap**2).mean(axis=0),
                "You averaged over the rows: axis=0 gives one number per pixel, axis=1 one per row.",
            ),
            (
                (gap**2).sum(axis=1),
                "You summed the pixels: take their mean, or large images score higher than small ones.",
            ),
            (
                np.abs(gap).mean(axis=1),
                "You averaged absolute differences: square them, so that large misses weigh more.",
            ),
            (
                np.sqrt((gap**2).mean(axis=1)),
                "You took a square root at the end: leave it away here (the ranking stays).",
            ),
            (gap.mean(axis=1), "You did not square: differences above and below cancel each other."),
            (gap**2, "You returned one number for each pixel: average them along each row."),
        ],
    )


@task(
    "10.2",
    "PCA as a reconstruction",
    passed="You have the straight-line ancestor of the autoencoder, and with it a baseline to beat.",
)
def pca_reconstruct(answer: Callable[..., Any]) -> None:
    """Project test rows on the training rows' principal directions and come back."""
    draw = rng()
    basis = draw.normal(size=(5, 9))
    X_train = draw.normal(size=(40, 5)) @ basis + draw.normal(3, 1, size=9) + draw.normal(0, 0.1, (40, 9))
    X_test = draw.normal(size=(6, 5)) @ basis + 4
    k = int(draw.integers(2, 4))
    right = reference.pca_reconstruct(X_train, X_test, k)
    mean, other = X_train.mean(axis=0), X_test.mean(axis=0)
    V = np.linalg.svd(X_train - mean, full_matrices=False)[2]
    uncentred = np.linalg.svd(X_train, full_matrices=False)[2][:k]
    codes = (X_test - mean) @ V[:k].T
    expect_close(
        answer(X_train, X_test, k),
        right,
        "The reconstruction",
        mistakes=[
            (X_test @ uncentred.T @ uncentred, "You did not centre: PCA looks at deviations from the training mean."),
            (codes @ V[:k], "You forgot to add the mean again at the end: the result hovers around zero, X does not."),
            (codes, f"You stopped at the codes, shape (6, {k}): multiply by the {k} directions again to come back."),
            (
                (X_test - other) @ V[:k].T @ V[:k] + other,
                "You centred with the test rows' own mean: learn the mean from X_train, as everything else.",
            ),
            (
                lambda: reference.pca_reconstruct(X_test, X_test, k),
                "You learnt the directions from X_test: a detector learns what is normal from X_train only.",
            ),
            (
                lambda: reference.pca_reconstruct(X_train, X_test, 9),
                "You kept all directions: with nothing left out every row comes back unchanged; keep k.",
            ),
            (
                (X_test - mean) @ V[-k:].T @ V[-k:] + mean,
                "You kept the last k directions: svd sorts by size, the largest come first.",
            ),
        ],
        atol=1e-6,
    )


@task(
    "10.3",
    "Build the network",
    passed="An hourglass of your own: wide, narrow, wide.",
)
def build_autoencoder(answer: Callable[..., Any]) -> None:
    """A mirrored stack of linear layers with ReLU between them."""
    import torch

    draw = rng()
    n, first, second, latent = (int(draw.integers(low, low + 4)) for low in (20, 12, 7, 2))
    net = answer(n, (first, second), latent)
    expect_type(net, torch.nn.Module, "return the network itself, for example torch.nn.Sequential(...).")
    found = [(m.in_features, m.out_features) for m in net.modules() if isinstance(m, torch.nn.Linear)]
    wanted = [(n, first), (first, second), (second, latent), (latent, second), (second, first), (first, n)]
    expect(
        found != wanted[:3],
        "Your network ends at the latent code: add the decoder, the same widths backwards, up to n_features.",
    )
    expect(
        min((size for pair in found for size in pair), default=0) <= latent,
        f"Your narrowest layer is wider than the latent size {latent}: without the bottleneck it can copy its input.",
    )
    expect(
        found == wanted,
        f"For n_features={n}, hidden_sizes=({first}, {second}), latent_size={latent} the linear layers (in, out) are "
        f"{found}: the decoder mirrors the encoder, and no width may be built in.",
    )
    x = torch.as_tensor(draw.normal(0, 3, (64, n)), dtype=torch.float32)
    with torch.no_grad():
        out = net(x)
        expect_shape(out, (64, n), "the output must be as wide as the input.")
        bend = net(x[:1] + x[1:2]) - net(x[:1]) - net(x[1:2]) + net(torch.zeros(1, n))
    expect(out.min() < 0, "No output is ever below zero: your last layer is followed by a ReLU; end with Linear.")
    expect(
        bend.abs().max() > 1e-4 * out.abs().max(),
        "Your network is linear, however many layers it has: put an activation such as ReLU between them.",
    )
