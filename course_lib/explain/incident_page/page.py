"""One call: from a detector and a flagged row to a page for the person on call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from course_lib.core.atomic import atomic_write
from course_lib.explain.incident_page import sections
from course_lib.explain.incident_page.facts import Facts
from course_lib.explain.incident_page.gathering import gather
from course_lib.explain.incident_page.style import STYLE


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """A page about one incident; a notebook shows it as a cell's output.

    Parameters
    ----------
    facts : Facts
        What the page tells, as numbers.
    """

    facts: Facts

    @property
    def text(self) -> str:
        """The incident in a few sentences, for a message."""
        return sections.summary(self.facts)

    @property
    def body(self) -> str:
        """The page without its frame."""
        parts = (
            sections.what,
            sections.since_when,
            sections.why,
            sections.how_sure,
            sections.what_to_look_at,
            sections.what_would_be_normal,
        )
        facts = self.facts
        foot = f"{facts.detector}, explained by {facts.method}; {len(facts.ordinary):,} ordinary rows to compare with."
        return (
            f'<article class="incident">{"".join(part(facts) for part in parts)}'
            f'<p class="quiet">{escape(foot)}</p></article>'
        )

    @property
    def html(self) -> str:
        """The whole page: one file, no network, no script."""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.facts.title)}</title>\n"
            f"<style>\nbody {{ margin: 0; background: #fff; }}{STYLE}</style>\n"
            f"</head>\n<body>\n{self.body}\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to `path`, aside and renamed, so that nobody meets half of it."""
        path = Path(path)
        with atomic_write(path) as temporary:
            temporary.write_text(self.html, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.body}"

    def __repr__(self) -> str:
        return self.text


def report(
    detector: Any,
    X: Any,
    rows: Any,
    *,
    explainer: Any,
    background: Any,
    timestamps: Any = None,
    threshold: float | None = None,
    look_at: Mapping[str, str] | None = None,
    max_features: int | None = None,
    fixed: Sequence[int | str] = (),
    title: str = "Unusual readings",
    random_state: int | None = 0,
) -> Report:
    """Make a page: what happened, since when, why, how sure that is, what to look at, and what would be normal.

    Parameters
    ----------
    detector : Detector or callable
        Fitted; or any score of rows, with `threshold`.
    X : array-like, shape (n, n_features)
        Rows around the incident, in the order of time.
    rows : int, slice or sequence of int
        A flagged row: the incident is the run of flagged rows around it. Or all rows of the incident.
    explainer : object with ``explain(X)``
        It also names the features. One made for a series detector is given all of `X`, others the incident's rows.
    background : array-like, shape (n_rows, n_features)
        Ordinary rows, at best ones that the detector has not seen.
    timestamps : array-like, shape (n,), optional
        Of the rows of `X`; None: their numbers.
    threshold : float, optional
        None: the detector's own.
    look_at : mapping of feature name to str, optional
        What to check when a feature is blamed.
    max_features, fixed
        Of the change that would make it normal, see :class:`course_lib.explain.Counterfactual`.
    title : str
    random_state : int or None
        Of the noise that tests the explanation.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If shapes do not fit, or there is no threshold.
    """
    facts = gather(
        detector,
        X,
        rows,
        explainer=explainer,
        background=background,
        timestamps=timestamps,
        threshold=threshold,
        look_at=look_at or {},
        max_features=max_features,
        fixed=fixed,
        title=title,
        random_state=random_state,
    )
    return Report(facts)
