"""What detectors made of several named detectors share: their parameters, their fitting, their normalised scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.runtime import draw_seed
from course_lib.core.validation import check_rows
from course_lib.hybrid.normalise import ScoreNormaliser
from course_lib.hybrid.recommended import recommended_detectors

Named = list[tuple[str, Detector]]


class Composite(Detector, _BaseComposition):
    """Base class: fits clones of named detectors, each on all rows, and puts their scores on one scale.

    Parameters as ``name__parameter`` and whole detectors by their name can be read and set, as in scikit-learn's
    pipelines. The given detectors are never fitted themselves.

    Attributes
    ----------
    detectors_ : dict of str to Detector
        The fitted clones, by name.
    normalisers_ : dict of str to ScoreNormaliser
        Each learnt from its detector's training scores.
    """

    detectors: Named | None
    normalisation: str

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, and with `deep` those of the named detectors too, as ``name__parameter``."""
        return self._get_params("detectors", deep=deep)

    def set_params(self, **params: Any) -> Composite:
        """Set parameters, whole detectors by name, or a detector's own parameters as ``name__parameter``."""
        self._set_params("detectors", **params)
        return self

    def _fit_members(self, X: np.ndarray, random_state: int | None) -> np.ndarray:
        """Fit all and return the normalised training scores, shape (n, n_detectors)."""
        named = check_named(self.detectors, type(self).__name__)
        if named is None:
            named = recommended_detectors(draw_seed(random_state))
        self.detectors_ = {name: clone(detector).fit(X) for name, detector in named}
        scores = {name: detector.decision_scores_ for name, detector in self.detectors_.items()}
        self.normalisers_ = {name: ScoreNormaliser(self.normalisation).fit(own) for name, own in scores.items()}
        return self._normalised(scores)

    def _normalised(self, scores: dict[str, np.ndarray]) -> np.ndarray:
        return np.column_stack([normaliser.transform(scores[name]) for name, normaliser in self.normalisers_.items()])

    def _member_scores(self, X: np.ndarray) -> np.ndarray:
        return self._normalised({name: detector.decision_function(X) for name, detector in self.detectors_.items()})

    def member_scores(self, X: Any) -> pd.DataFrame:
        """Each detector's normalised scores of the rows of `X`: shape (n, n_detectors), columns named."""
        check_is_fitted(self)
        return pd.DataFrame(self._member_scores(check_rows(self, X, reset=False)), columns=list(self.detectors_))


def check_named(detectors: Any, owner: str) -> Named | None:
    """Return `detectors` if it is None or a list of pairs of a name and a detector, else raise one sentence."""
    if detectors is None:
        return None
    pairs = detectors if isinstance(detectors, (list, tuple)) else []
    if not pairs or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"{owner} needs a list of pairs such as ('knn', KNN()), but got {detectors!r}.")
    names = [name for name, _ in pairs]
    if len(set(map(str, names))) < len(names) or not all(isinstance(name, str) and "__" not in name for name in names):
        raise ValueError(f"{owner} needs a name of its own for each detector, without '__', but got {names}.")
    for name, detector in pairs:
        check_detector(detector, f"{owner} needs a fresh course_lib detector as {name!r}")
    return list(pairs)


def check_detector(detector: Any, wanted: str) -> None:
    """Raise TypeError, beginning with the words `wanted`, unless `detector` is an instance of Detector."""
    if not isinstance(detector, Detector):
        got = f"the class {detector.__name__}" if isinstance(detector, type) else f"a {type(detector).__name__}"
        raise TypeError(f"{wanted}, but got {got}.")
