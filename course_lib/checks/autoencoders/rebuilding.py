"""Checks of tasks 10.1 to 10.3: error, PCA and the network that rebuilds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.checks import attempt, expect, expect_close, expect_shape, expect_type, rng, task
from course_lib.checks.autoencoders import references as reference


@task(
    "10.1",
    "Reconstruction error",
    passed="One number for each row, comparable between images of any size: you have an anomaly score.",
)
def reconstruction_error(answer: Callable[..., Any]) -> None:
    """The mean squared difference of each row."""
    draw = rng()
    for n, pixels in ((7, 12), (4, int(draw.integers(20, 40)))):
        X = draw.random((n, pixels))
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
                    "You averaged over the rows: axis=0 gives a number per pixel, axis=1 one per row.",
                ),
                ((gap**2).sum(axis=1), "You summed the pixels: take their mean, or large images score higher."),
                ((gap**2).sum(axis=1) / 12, "You divide by 12 whatever the width is: let mean count the pixels."),
                (
                    np.abs(gap).mean(axis=1),
                    "You averaged absolute differences: square them, so that large misses weigh more.",
                ),
                (
                    np.sqrt((gap**2).mean(axis=1)),
                    "You took a square root at the end: leave it away (the ranking stays).",
                ),
                (
                    gap.mean(axis=1) ** 2,
                    "You squared the mean: square each difference first, or misses above and below cancel each other.",
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
                lambda: (X_test - mean) @ V[:, :k] @ V[:, :k].T + mean,
                "You took the first k columns of V: the directions are its rows, V[:k].",
            ),
            (X_test @ V[:k].T @ V[:k] + mean, "You did not centre X_test: subtract the training mean from it, too."),
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
    draw = rng()
    for hidden in ([13, 9], [12], [15, 11, 7], []):
        sizes = sorted((int(size + draw.integers(0, 2)) for size in hidden), reverse=True)
        _check_network(answer, int(draw.integers(20, 30)), tuple(sizes), int(draw.integers(2, 5)), draw)


def _check_network(answer: Callable[..., Any], n: int, hidden: tuple[int, ...], latent: int, draw: Any) -> None:
    import torch
    from torch import nn

    net = answer(n, hidden, latent)
    expect_type(net, nn.Module, "return the network itself, for example torch.nn.Sequential(...).")
    x = torch.as_tensor(draw.normal(0, 30, (64, n)), dtype=torch.float32)
    expect(
        not reference.layers_in_plain_lists(net),
        "Your network keeps layers in a plain list, which hides them from PyTorch: parameters() does not name them, so "
        "no optimiser trains them. Use nn.ModuleList or nn.Sequential.",
    )
    calls, _ = reference.linear_calls(net, x)
    expect(
        calls,
        "Your network calls no nn.Linear that it holds: make the layers once, in __init__ or in nn.Sequential, and "
        "call them in forward.",
    )
    found = [(layer.in_features, layer.out_features) for layer, _, _ in calls]
    down = [n, *hidden, latent]
    wanted = list(pairwise(down + down[-2::-1]))
    expect(
        found != wanted[: len(down) - 1],
        "Your network ends at the latent code: add the decoder, the same widths backwards, up to n_features.",
    )
    expect(
        (latent, latent) not in found,
        f"A layer leads from {latent} numbers to {latent}: your list of widths holds the code twice, on the way down "
        "and on the way back; it is to stand there once.",
    )
    expect(
        min(size for pair in found for size in pair) <= latent,
        f"Your narrowest layer is wider than the latent size {latent}: without the bottleneck it can copy its input.",
    )
    expect(
        found == wanted,
        f"For n_features={n}, hidden_sizes={hidden}, latent_size={latent} the linear layers (in, out), as they are "
        f"called, are {found}: the decoder mirrors the encoder, and neither a width nor the number of layers may be "
        "built in.",
    )
    # Several fresh networks: in a single one a layer may, by its random weights, have no output below zero.
    straight: set[int] = set()
    strange: set[int] = set()
    for candidate in [net, *(answer(n, hidden, latent) for _ in range(7))]:
        calls, out = reference.linear_calls(candidate, x)
        out = attempt(candidate, x) if out is None else out
        expect(
            torch.equal(calls[0][1], x),
            "Something stands before your first Linear and changes the rows (a ReLU there cuts off whatever is below "
            "0, for good): start with Linear.",
        )
        expect_shape(out, (64, n), "the output must be as wide as the input.")
        _check_weights([layer for layer, _, _ in calls], candidate, x)
        expect(
            torch.equal(out, calls[-1][2]),
            "Your last layer is followed by something, such as an activation, so not every image can come out: end "
            "with Linear.",
        )
        for gap, ((_, _, before), (_, after, _)) in enumerate(pairwise(calls)):
            if torch.equal(after, before.clamp(min=0)):
                continue
            (straight if torch.equal(after, before) else strange).add(gap)
    expect(
        not strange,
        "Between your layers stands something else than a ReLU: the task asks for nothing but Linear and ReLU.",
    )
    bends, gaps = len(wanted) - 1 - len(straight), set(range(len(wanted) - 1))
    expect(not hidden or bends, "Your network is linear, however many layers it has: put a ReLU between them.")
    expect(
        straight <= {len(hidden)} & gaps,
        f"You have {bends} ReLU for {len(wanted)} linear layers: one stands after each, except after the last "
        "(and, if you like, after the code).",
    )


def _check_weights(layers: Sequence[Any], net: Any, x: Any) -> None:
    """Each layer has a bias, starts from weights that differ, and can be trained."""
    import torch

    expect(
        all(layer.bias is not None for layer in layers),
        "A Linear of yours has no bias: leave bias as it comes, or the layer can only turn and stretch around 0.",
    )
    expect(
        not any((layer.weight == layer.weight[0, 0]).all() for layer in layers),
        "All weights of a layer are equal, so its units compute the same and would learn the same: leave PyTorch's "
        "random start as it is.",
    )
    weights = [weight for layer in layers for weight in (layer.weight, layer.bias)]
    out = attempt(net, x.clone())
    slopes: Sequence[Any] = [None]
    if out.requires_grad and all(weight.requires_grad for weight in weights):
        slopes = torch.autograd.grad(out.sum(), weights, allow_unused=True)
    expect(
        all(slope is not None for slope in slopes),
        "Some weights of your network can not be trained, as no gradient reaches them: requires_grad_(False), no_grad "
        "and detach do that, and none of them belongs here.",
    )
