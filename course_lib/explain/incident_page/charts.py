"""Small charts in SVG, drawn without a plotting library: they stretch to any width and print sharply."""

from __future__ import annotations

from html import escape

import numpy as np

from course_lib.explain.incident_page.words import number
from course_lib.plots.style import ANOMALY, NEUTRAL

WIDTH, HEIGHT = 1000, 100  # of the drawing's own coordinates; the page stretches them
MOST_POINTS = 600
BAND, EDGE = "#E4E9ED", "#9AA5AD"


def line_chart(
    values: np.ndarray,
    marked: tuple[int, int],
    label: str,
    *,
    threshold: float | None = None,
    band: tuple[float, float] | None = None,
) -> str:
    """A curve over rows, the ends of its scale written beside it, and the incident marked.

    Parameters
    ----------
    values : ndarray, shape (n,)
    marked : (int, int)
        First row of the incident and the row after its last; drawn thick and dark.
    label : str
        What the chart shows, for readers that cannot see it.
    threshold : float, optional
        A dashed line.
    band : (float, float), optional
        The ordinary range, a grey band.
    """
    heights = [*values, *([] if threshold is None else [threshold]), *([] if band is None else band)]
    least, greatest = float(min(heights)), float(max(heights))
    room = 0.06 * (greatest - least) or 1.0
    low, high = least - room, greatest + room

    def x(row: float) -> float:
        return WIDTH * row / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return HEIGHT * (high - value) / (high - low)

    parts = []
    if band is not None:
        parts.append(
            f'<rect x="0" width="{WIDTH}" y="{y(band[1]):.2f}" height="{y(band[0]) - y(band[1]):.2f}" fill="{BAND}"/>'
        )
    begin, end = x(max(marked[0] - 0.5, 0)), x(min(marked[1] - 0.5, len(values) - 1))
    for place in (begin, end):
        parts.append(_line([(place, 0), (place, HEIGHT)], EDGE, 1, "2 3"))
    if threshold is not None:
        parts.append(_line([(0, y(threshold)), (WIDTH, y(threshold))], NEUTRAL, 1.2, "7 5"))
    parts.append(_line([(x(row), y(value)) for row, value in thinned(values)], NEUTRAL, 1.1))
    first, last = max(marked[0] - 1, 0), min(marked[1] + 1, len(values))
    thick = [(x(first + row), y(value)) for row, value in thinned(values[first:last])]
    parts.append(_line(thick, ANOMALY, 2.6))
    ends = "".join(
        f'<span style="top:{y(end):.1f}%">{number(end, 2 if abs(end) < 1 else 3)}</span>' for end in (greatest, least)
    )
    return (
        f'<div class="chart">{ends}'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg></div>"
    )


def thinned(values: np.ndarray) -> list[tuple[int, float]]:
    """Row and value of at most 600 points: of each stretch its smallest and its largest value, so no peak is lost."""
    n = len(values)
    if n <= MOST_POINTS:
        return list(enumerate(values.tolist()))
    kept: set[int] = {0, n - 1}
    for rows in np.array_split(np.arange(n), MOST_POINTS // 2 - 1):
        kept |= {int(rows[values[rows].argmin()]), int(rows[values[rows].argmax()])}
    return [(row, float(values[row])) for row in sorted(kept)]


def _line(points: list[tuple[float, float]], color: str, width: float, dashes: str = "") -> str:
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    # Strokes keep their width when the drawing is stretched.
    return (
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dashed} '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
    )
