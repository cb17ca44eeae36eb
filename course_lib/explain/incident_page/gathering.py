"""Find out what goes on an incident's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.explain.counterfactual import Counterfactual
from course_lib.explain.explanation import Explanation
from course_lib.explain.faithfulness import additivity_gap
from course_lib.explain.incident_page.facts import Facts, Suspect
from course_lib.explain.scoring import score_function

SHOWN = 5  # features on the page
EXPLAINED = 100  # rows of a long incident that are explained, evenly spread
LEAST_AROUND = 60  # rows before and after the incident in the charts
LEAST_SHARE = 0.005
TRIALS = 20
NOISE = 0.05  # of the ordinary deviation of each feature


def gather(
    detector: Any,
    X: Any,
    rows: Any,
    *,
    explainer: Any,
    background: Any,
    timestamps: Any,
    threshold: float | None,
    look_at: Mapping[str, str],
    max_features: int | None,
    fixed: Sequence[int | str],
    title: str,
    random_state: int | None,
) -> Facts:
    """All facts; see :func:`course_lib.explain.report` for the arguments."""
    table, ordinary_rows = (np.asarray(to_numpy(part), dtype=np.float64) for part in (X, background))
    if table.ndim != 2 or ordinary_rows.ndim != 2 or ordinary_rows.shape[1] != table.shape[1] or not len(ordinary_rows):
        raise ValueError(
            f"X and background need shape (n, n_features) with the same features, but have shapes {table.shape} and "
            f"{ordinary_rows.shape}."
        )
    threshold = getattr(detector, "threshold_", None) if threshold is None else threshold
    if threshold is None:
        raise ValueError("There is no threshold to compare with: fit the detector first, or pass threshold.")
    score = getattr(detector, "decision_function", detector)
    scores = np.asarray(score(X), dtype=np.float64)
    times = np.arange(len(table)) if timestamps is None else np.asarray(timestamps)
    if times.shape != scores.shape:
        raise ValueError(f"timestamps need shape {scores.shape}, one for each row of X, but have shape {times.shape}.")
    incident = incident_rows(rows, scores, threshold)
    worst = int(incident[scores[incident].argmax()])
    chosen = _spread_evenly(incident, worst)
    explanation = _explained(explainer, X, table, chosen)
    around = max(LEAST_AROUND, len(incident))
    shown = slice(max(incident[0] - around, 0), min(incident[-1] + around + 1, len(table)))
    suspects, other = _suspects(explanation, ordinary_rows, table[shown], look_at)
    names = explanation.feature_names
    first = explanation.top(1)[int(np.flatnonzero(chosen == worst)[0])][0]
    steady = _steady(explainer, X, ordinary_rows, worst, first, random_state)
    changes = None
    if scores[worst] > threshold and _scores_rows_alone(detector):
        search = Counterfactual(
            detector,
            ordinary_rows,
            max_features,
            fixed=fixed,
            threshold=threshold,
            feature_names=names,
            random_state=random_state,
        )
        changes = search.explain(table[worst : worst + 1])
    return Facts(
        title=title,
        detector=type(detector).__name__ if hasattr(detector, "decision_function") else "a scoring function",
        rows=incident,
        worst=worst,
        shown=shown,
        timestamps=times,
        scores=scores,
        threshold=float(threshold),
        ordinary=np.asarray(score(background), dtype=np.float64),
        suspects=suspects,
        other_share=other,
        method=explanation.method,
        additive=additivity_gap(explanation),
        first=first,
        steady=steady,
        trials=TRIALS,
        changes=changes,
        expected=_expected(detector, X, table, worst, [suspect.name for suspect in suspects], names),
    )


def incident_rows(rows: Any, scores: np.ndarray, threshold: float) -> np.ndarray:
    """The rows of the incident: those given, or the run of flagged rows around a single one."""
    n = len(scores)
    if np.ndim(rows) == 0 and isinstance(rows, (int, np.integer)) and not isinstance(rows, bool):
        if not -n <= rows < n:
            raise ValueError(f"rows must name one of the {n} rows of X, but is {rows}.")
        row = int(rows) % n
        calm = np.flatnonzero(scores <= threshold)
        if scores[row] <= threshold:
            return np.array([row])
        before, after = calm[calm < row], calm[calm > row]
        return np.arange(before[-1] + 1 if len(before) else 0, after[0] if len(after) else n)
    given = np.arange(n)[rows] if isinstance(rows, slice) else np.asarray(rows)
    if given.ndim != 1 or not len(given) or given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= n:
        raise ValueError(f"rows must be a row number, a slice, or row numbers from 0 to {n - 1}, but is {rows!r}.")
    return np.unique(given)


def reads_neighbours(explainer: Any) -> bool:
    """Whether a row is explained by the rows around it too, as a series detector's is."""
    return hasattr(getattr(explainer, "detector", None), "sensor_errors")


def _scores_rows_alone(detector: Any) -> bool:
    """Whether one row can be changed and judged without the rows around it."""
    try:
        score_function(detector)
    except TypeError:
        return False
    return True


def _spread_evenly(incident: np.ndarray, worst: int) -> np.ndarray:
    """The rows of an incident that are explained; the worst one is among them."""
    spread = np.linspace(0, len(incident) - 1, min(EXPLAINED, len(incident))).astype(int)
    return np.union1d(incident[spread], worst)


def _explained(explainer: Any, X: Any, table: np.ndarray, chosen: np.ndarray) -> Explanation:
    if not reads_neighbours(explainer):
        return explainer.explain(_like(X, table[chosen]))
    whole = explainer.explain(X)
    base = whole.base_value if np.ndim(whole.base_value) == 0 else np.asarray(whole.base_value)[chosen]
    return Explanation(
        whole.values[chosen], base, whole.scores[chosen], whole.data[chosen], whole.feature_names, whole.method
    )


def _suspects(
    explanation: Explanation, ordinary: np.ndarray, shown: np.ndarray, look_at: Mapping[str, str]
) -> tuple[list[Suspect], float]:
    unknown = sorted(set(look_at) - set(explanation.feature_names))
    if unknown:
        raise ValueError(f"look_at names {unknown[0]!r}, but the features are {', '.join(explanation.feature_names)}.")
    raised = explanation.values.clip(min=0).sum(axis=0)
    shares = raised / raised.sum() if raised.sum() > 0 else raised
    order = [column for column in np.argsort(-shares, kind="stable")[:SHOWN] if shares[column] >= LEAST_SHARE]
    low, high = np.quantile(ordinary, (0.01, 0.99), axis=0)
    suspects = [
        Suspect(
            name=explanation.feature_names[column],
            share=float(shares[column]),
            value=float(explanation.data[explanation.values[:, column].argmax(), column]),
            low=float(low[column]),
            high=float(high[column]),
            series=shown[:, column],
            advice=look_at.get(explanation.feature_names[column], ""),
        )
        for column in order
    ]
    return suspects, float(max(shares.sum() - shares[order].sum(), 0.0))


def _steady(explainer: Any, X: Any, ordinary: np.ndarray, worst: int, first: str, random_state: int | None) -> int:
    """In how many of `TRIALS` explanations of the worst row with a little noise `first` comes first."""
    generator, table = np.random.default_rng(random_state), np.asarray(to_numpy(X), dtype=np.float64)
    noise = NOISE * ordinary.std(axis=0)
    if not reads_neighbours(explainer):
        rows = table[worst] + noise * generator.standard_normal((TRIALS, table.shape[1]))
        return sum(names == [first] for names in explainer.explain(_like(X, rows)).top(1))
    reach = 2 * int(explainer.detector.window)
    begin = max(worst - reach, 0)
    part = table[begin : worst + reach + 1]
    found = 0
    for _ in range(TRIALS):
        noisy = part + noise * generator.standard_normal(part.shape)
        found += explainer.explain(_like(X, noisy)).top(1)[worst - begin] == [first]
    return found


def _like(X: Any, rows: np.ndarray) -> Any:
    """Rows under the column names of `X`, where it has some."""
    return type(X)(rows, columns=X.columns) if hasattr(X, "columns") else rows


def _expected(
    detector: Any, X: Any, table: np.ndarray, worst: int, suspects: list[str], names: tuple[str, ...]
) -> list[tuple[str, float, float]]:
    """What a series detector expected of the suspects at the worst moment."""
    if not hasattr(detector, "expected"):
        return []
    row = detector.expected(X)[worst]
    columns = [names.index(name) for name in suspects]
    return [(names[column], float(table[worst, column]), float(row[column])) for column in columns]
