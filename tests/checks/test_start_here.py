"""The checks of the first exercise set."""

import re

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, start_here

SLUG = "00_start_here"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def at_least_the_last(scores, k):
    """Every sample that reaches the k-th highest score, in the right order: too many where scores are equal."""
    reached = np.flatnonzero(scores >= np.sort(scores)[-k])
    return reached[np.argsort(-scores[reached])]


def by_argmax(scores, k):
    left, found = scores.copy(), []
    for _ in range(k):
        found.append(int(left.argmax()))
        left[found[-1]] = -np.inf
    return found


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
        (lambda s, k: np.argsort(-np.abs(s))[:k], "size without sign"),
        (lambda s, k: np.argsort(np.argsort(-s))[:k], "Those are ranks"),
        (lambda s, k: np.argsort(s)[:k][::-1], "the lowest, turned round"),
        (lambda s, k: np.argsort(-s)[1 : k + 1], "The highest is missing"),
        (lambda s, k: np.argsort(-s)[:k] * 1.0, "scores[1.0] is an error"),
        (lambda s, k: [list(s).index(v) for v in sorted(s, reverse=True)[:k]], "one position twice"),
        (lambda s, k: np.unique(s, return_index=True)[1][::-1][:k], "every sample counts"),
        (lambda s, k: at_least_the_last(s, k), "k = 3 positions also"),
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


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "answer",
    [
        lambda s, k: np.argsort(s)[::-1][:k],
        lambda s, k: np.argsort(-s, kind="stable")[:k],
        lambda s, k: sorted(range(len(s)), key=lambda i: -s[i])[:k],
        lambda s, k: sorted(range(len(s)), key=lambda i: s[i])[-k:][::-1],
        lambda s, k: tuple(np.lexsort((np.arange(len(s)), -s))[:k]),
        by_argmax,
    ],
)
def test_equal_scores_may_come_in_either_order(answer, seed, monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    start_here.most_anomalous(answer)


@pytest.mark.parametrize("seed", range(25))
def test_random_scores_never_make_a_mistake_look_right(seed, monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name, wrong in WRONG.items():
        check = getattr(start_here, name)
        check(SOLVED[name])
        for answer, fragment in wrong:
            with pytest.raises(CheckFailed, match=re.escape(fragment)):
                check(answer)


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)
