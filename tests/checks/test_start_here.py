"""The checks of the first exercise set."""

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, solved_namespace, stub_namespace
from course_lib.checks import start_here

SLUG = "00_start_here"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)

WRONG = {
    "label": [
        (lambda s, t: (s >= t).astype(int), "equal to the threshold"),
        (lambda s, t: (s <= t).astype(int), "Turned round"),
        (lambda s, t: np.where(s > t, 1, -1), "give -1 to normal"),
        (lambda s, t: np.where(s > t, -1, 1), "scikit-learn's labels"),
        (lambda s, t: s[s > t], "the scores that are flagged"),
        (lambda s, t: np.flatnonzero(s > t), "the positions of the flagged"),
        (lambda s, t: (s > t).sum(), "how many are flagged"),
        (lambda s, t: s > t, "as True and False"),
        (lambda s, t: (s > t) * 1.0, "as decimals"),
    ],
    "most_anomalous": [
        (lambda s, k: np.sort(s)[::-1][:k], "the scores themselves"),
        (lambda s, k: np.argsort(s)[:k], "the lowest scores"),
        (lambda s, k: np.argsort(s)[-k:], "wrong order"),
        (lambda s, k: np.argsort(-s), "all positions"),
        (lambda s, k: np.sort(np.argsort(-s)[:k]), "order of the data"),
        (lambda s, k: np.argsort(-s)[:k] + 1, "count from 1"),
        (lambda s, k: np.argmax(s), "the highest only"),
    ],
    "from_sklearn": [
        (lambda s, y: (s, (y == -1).astype(int)), "still have scikit-learn's sign"),
        (lambda s, y: (1 / s, (y == -1).astype(int)), "bends the distances"),
        (lambda s, y: ((y == -1).astype(int), -s), "swapped"),
        (lambda s, y: (s.max() - s, (y == -1).astype(int)), "shifted"),
        (lambda s, y: (-s, y), "still -1 and +1"),
        (lambda s, y: (-s, -y), "normal samples are -1"),
        (lambda s, y: (-s, (y == 1).astype(int)), "Turned round"),
        (lambda s, y: (np.abs(s), (y == -1).astype(int)), "absolute values"),
        (lambda s, y: (-s, y == -1), "as True and False"),
        (lambda s, y: (-s, (y == -1) * 1.0), "as decimals"),
        (lambda s, y: -s, "Return two arrays"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_tasks(name):
    prove(getattr(start_here, name), SOLVED[name], STUB[name], WRONG[name])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)
