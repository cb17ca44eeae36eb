"""Contributions over what they usually are: a feature that is always hard to rebuild is no news."""

from __future__ import annotations

import numpy as np

from course_lib.explain.explanation import Explanation

LEAST = 1e-9  # features that never contributed anything are compared with this


def over_usual_size(explanation: Explanation, usual: Explanation) -> Explanation:
    """Divide each feature's contribution by its mean absolute contribution in ordinary rows.

    The result names who is unusual for its own measure; it is for ranking features, since it no longer divides the
    score: its `scores` are the sums of the ratios.

    Parameters
    ----------
    explanation : Explanation
        Of the rows in question.
    usual : Explanation
        Of ordinary rows, at best ones that the detector has not seen, by the same explainer.

    Returns
    -------
    Explanation

    Raises
    ------
    ValueError
        If the two are of different features.
    """
    if usual.feature_names != explanation.feature_names:
        raise ValueError(
            f"Both explanations must be of the same features, but they are of {', '.join(explanation.feature_names)} "
            f"and of {', '.join(usual.feature_names)}."
        )
    size = np.abs(usual.values).reshape(-1, usual.values.shape[-1]).mean(axis=0)
    values = explanation.values / np.maximum(size, LEAST)
    return Explanation(
        values=values,
        base_value=0.0,
        scores=values.reshape(len(values), -1).sum(axis=1),
        data=explanation.data,
        feature_names=explanation.feature_names,
        method=f"{explanation.method} over its usual size",
    )
