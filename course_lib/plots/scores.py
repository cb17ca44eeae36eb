"""Where scores lie: their distributions, and over the plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL, make_axes


def score_histogram(
    scores: Any,
    y: Any,
    *,
    thresholds: Mapping[str, float] | None = None,
    title: str,
    xlabel: str = "anomaly score",
    ax: Axes | None = None,
) -> Axes:
    """Distributions of the scores of normal samples (filled) and anomalies (hatched), each with area one.

    Parameters
    ----------
    scores : array-like, shape (n,)
    y : array-like of 0 and 1, shape (n,)
    thresholds : mapping of name to float, optional
        Drawn as vertical lines of different styles.
    """
    scores, y = np.asarray(scores), np.asarray(y)
    ax = make_axes(ax, title, xlabel, "density")
    # The far tail of the anomalies would squeeze everything else into the left border.
    edges = np.linspace(0, np.quantile(scores, 0.995), 60).tolist()
    ax.hist(scores[y == 0], edges, density=True, color=NORMAL, label="normal")
    ax.hist(
        scores[y == 1],
        edges,
        density=True,
        histtype="step",
        hatch="////",
        color=ANOMALY,
        linewidth=1.5,
        label="anomaly",
    )
    styles = ("-", "--", ":", "-.")
    for (name, value), style in zip((thresholds or {}).items(), styles, strict=False):
        ax.axvline(value, color=NEUTRAL, linestyle=style, linewidth=1.6, label=f"{name}: {value:.4f}")
    ax.legend(frameon=False)
    return ax


def scatter(X: Any, y: Any, *, title: str, ax: Axes | None = None) -> Axes:
    """Rows with two features: normal ones as light dots, anomalies as dark crosses.

    Parameters
    ----------
    X : array-like, shape (n, 2)
    y : array-like of 0 and 1, shape (n,)
    """
    X, y = np.asarray(X), np.asarray(y)
    ax = make_axes(ax, title, "$x_1$", "$x_2$")
    ax.plot(*X[y == 0].T, ".", color=NORMAL, markersize=5, label="normal")
    if (y == 1).any():
        ax.plot(*X[y == 1].T, "x", color=ANOMALY, markersize=6, markeredgewidth=1.8, label="anomaly")
    return ax


def score_map(
    score: Any, X: Any, *, title: str, levels: Any = 12, margin: float = 0.35, ax: Axes | None = None
) -> Axes:
    """Scores over the plane around two-dimensional data, darker where a row would be more anomalous.

    Parameters
    ----------
    score : callable
        Scores of rows, (n, 2) to (n,), such as a detector's ``decision_function``.
    X : array-like, shape (n, 2)
        Drawn on top as light dots.
    levels : int or sequence of float
        Shades, or their borders; give the same borders to maps that are to be compared.
    margin : float
        Room around the data, as a share of their range.
    """
    X = np.asarray(X)
    ax = make_axes(ax, title, "$x_1$", "$x_2$")
    low, high = X.min(axis=0), X.max(axis=0)
    room = margin * (high - low)
    first, second = (np.linspace(a, b, 120) for a, b in zip(low - room, high + room, strict=True))
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    shades = ax.contourf(
        first, second, score(grid.reshape(-1, 2)).reshape(120, 120), levels, cmap="Greys", extend="both"
    )
    ax.plot(*X.T, ".", color=NORMAL, markersize=2.5)
    ax.figure.colorbar(shades, ax=ax, label="anomaly score", format="%.2f")
    return ax
