"""The checks of the exercise set on isolation forests: solutions pass, stubs stay open, wrong answers learn why."""

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, isolation_forest
from course_lib.checks.isolation_forest import references
from course_lib.core.thresholds import Contamination
from course_lib.ml import IsolationForest

SLUG = "06_isolation_forest"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)
GAMMA = np.euler_gamma


def c_with(formula, below=0.0, two=1.0):
    def average_path_length(n):
        return below if n < 2 else two if n == 2 else formula(n)

    return average_path_length


def right_c(n):
    return 2 * (np.log(n - 1) + GAMMA) - 2 * (n - 1) / n


def cut_of(choose, place):
    """A random cut with its two draws replaced."""

    def random_cut(X, rng):
        j = choose(X, rng)
        return j, place(X, j, rng)

    return random_cut


def any_column(X, rng):
    return rng.choice(X.shape[1])


def varying(X, rng):
    return rng.choice(np.flatnonzero(np.ptp(X, axis=0) > 0))


def in_range(X, j, rng):
    return rng.uniform(X[:, j].min(), X[:, j].max())


def path(**switch):
    return lambda tree, x, c: references.path_length(tree, x, c, **switch)


def without_the_way(tree, x, c):
    """Recursion that forgets to count the cut that it makes."""
    if not isinstance(tree, tuple):
        return c(tree)
    feature, cut, left, right = tree
    return without_the_way(left if x[feature] <= cut else right, x, c)


def ends(**switch):
    return lambda column, cut, X: references.end_slots(column, cut, X, **switch)


def forest(X_train, share, **changes):
    settings = dict(n_estimators=50, max_samples=64, random_state=0, device="cpu", threshold=Contamination(share))
    return IsolationForest(**{**settings, **changes}).fit(X_train)


def blocks(n, trees, psi, rng):
    starts = rng.integers(n, size=(trees, 1))
    return (starts + np.arange(min(psi, n))) % n


def row_by_row(column, cut, X):
    found = []
    for x in X:
        slot = 1
        while slot < len(cut):
            slot = 2 * slot + (x[column[slot]] > cut[slot])
        found.append(slot)
    return np.array(found)


def by_index(column, cut, X):
    return np.array([references.end_slots(column, cut, X[i : i + 1])[0] for i in range(len(X))])


def from_slot_0(column, cut, X):
    slot = np.zeros(len(X), dtype=int)
    for _ in range(len(cut).bit_length() - 1):
        slot = 2 * slot + (X[np.arange(len(X)), column[slot]] > cut[slot])
    return slot


WRONG = {
    "average_path_length": [
        (c_with(lambda n: 2 * np.log(n - 1) - 2 * (n - 1) / n), "Euler's constant is missing"),
        (c_with(lambda n: 2 * (np.log10(n - 1) + GAMMA) - 2 * (n - 1) / n), "base 10"),
        (c_with(lambda n: 2 * (np.log2(n - 1) + GAMMA) - 2 * (n - 1) / n), "base 2"),
        (c_with(lambda n: 2 * (np.log(n) + GAMMA) - 2 * (n - 1) / n), "the logarithm of n"),
        (c_with(lambda n: 2 * np.log(n - 1) + GAMMA - 2 * (n - 1) / n), "mind the brackets"),
        (c_with(lambda n: 2 * (np.log(n - 1) + GAMMA)), "second part of the formula is missing"),
        (c_with(lambda n: 2 * (np.log(n - 1) + GAMMA) + 2 * (n - 1) / n), "You added the second part"),
        (c_with(right_c, two=right_c(2)), "two rows need exactly one cut"),
        (c_with(right_c, below=1.0), "alone needs no cut"),
        (
            c_with(lambda n: 2 * sum(1 / i for i in range(1, n)) - 2 * (n - 1) / n),
            "use the approximation with ln and Euler's constant",
        ),
    ],
    "random_cut": [
        (cut_of(any_column, in_range), "constant column"),
        (cut_of(varying, lambda X, j, rng: rng.uniform(X.min() - 1, X.max() + 1)), "outside the chosen column"),
        (cut_of(lambda X, rng: 1, in_range), "You always cut column 1"),
        (cut_of(varying, lambda X, j, rng: rng.choice(X[:, j])), "values of rows"),
        (cut_of(varying, lambda X, j, rng: (X[:, j].min() + X[:, j].max()) / 2), "middle of the range"),
        (references.cut_first, "before the feature"),
        (lambda X, rng: references.random_cut(X, rng)[::-1], "The feature comes first"),
        (lambda X, rng: references.random_cut(X, rng)[1], "return two numbers"),
    ],
    "path_length": [
        (path(extra=False), "count the cuts only"),
        (path(swapped=True), "wrong side"),
        (path(strict=True), "equal to the cut goes left"),
        (path(start=1), "one too many"),
        (path(start=-1), "one too few"),
        (path(raw=True), "number of rows at the end itself"),
        (without_the_way, "without the way"),
        (lambda tree, x, c: references.path_length(tree, x, references.average_path_length), "use the c you are given"),
    ],
    "anomaly_scores": [
        (lambda h, c: 2 ** (h.mean(axis=1) / c), "The sign is missing"),
        (lambda h, c: -(2.0 ** (-h.mean(axis=1) / c)), "the minus belongs in the exponent"),
        (lambda h, c: (2 ** (-h / c)).mean(axis=1), "power of each length first"),
        (lambda h, c: 2 ** (-h.mean(axis=0) / c), "averaged over the rows"),
        (lambda h, c: np.exp(-h.mean(axis=1) / c), "e as the base"),
        (lambda h, c: 2 ** (-h.mean(axis=1)), "did not divide"),
        (lambda h, c: 2 ** (-h.sum(axis=1) / c), "summed over the trees"),
        (lambda h, c: 2.0 ** -h.mean(axis=1) / c, "brackets are needed"),
        (lambda h, c: -h.mean(axis=1) / c, "stopped at the exponent"),
        (lambda h, c: 2 ** (-h.mean() / c), "one number for all rows"),
    ],
    "draw_samples": [
        (lambda n, t, p, rng: rng.integers(n, size=(t, min(p, n))), "same row twice"),
        (lambda n, t, p, rng: np.tile(rng.permutation(n)[:p], (t, 1)), "same sample"),
        (
            lambda n, t, p, rng: np.stack([rng.permutation(min(n, p + 5))[:p] for _ in range(t)]),
            "ever occur",
        ),
        (lambda n, t, p, rng: np.stack([rng.choice(n + 1, p, replace=False) for _ in range(t)]), "Row numbers run"),
        (lambda n, t, p, rng: np.stack([rng.choice(n, p, replace=n < p) for _ in range(t)]), "takes all 10"),
        (lambda n, t, p, rng: rng.choice(n, min(p, n), replace=False), "one row of psi row numbers"),
        (
            lambda n, t, p, rng: np.stack([rng.choice(n, min(p, n), replace=False) for _ in range(t)]) / 1.0,
            "Row numbers are integers",
        ),
        (lambda n, t, p, rng: np.stack([rng.choice(n, min(p, n), replace=n < p) for _ in range(t)]), "every row once"),
        (lambda n, t, p, rng: SOLVED["draw_samples"](n, t, p, np.random.default_rng(0)), "Two different generators"),
        (lambda n, t, p, rng: SOLVED["draw_samples"](n, t, p, np.random.default_rng()), "other samples the second"),
        (
            lambda n, t, p, rng: np.stack([rng.choice(n, p, replace=False) for _ in range(t)]),
            "n_trees = 5 and psi = 30",
        ),
        (lambda n, t, p, rng: rng.choice(n, (t, p), replace=False), "n_trees = 40 and psi = 30"),
        (blocks, "run of neighbouring rows"),
    ],
    "end_slots": [
        (lambda column, cut, X: references.end_slots(column, cut, X) - len(cut), "counted the ends from 0"),
        (ends(swapped=True), "swapped"),
        (ends(ties_right=True), "equal to its cut"),
        (lambda column, cut, X: ends(steps=len(cut).bit_length() - 2)(column, cut, X), "one step early"),
        (ends(only_root=True), "the root's cut in every step"),
        (ends(root=0), "children 2 i + 1 and 2 i + 2"),
        (from_slot_0, "All rows stay in slot 0"),
        (row_by_row, "one by one"),
        (lambda column, cut, X: references.end_slots(column, cut, X)[:1], "one end for each row"),
    ],
    "goes_left": [
        (lambda X, n, p: (X - p) @ n > 0, "swapped"),
        (lambda X, n, p: (X - p) @ n >= 0, "at least 0"),
        (lambda X, n, p: (X - p) @ n < 0, "exactly on the plane"),
        (lambda X, n, p: X @ n <= 0, "left out the point"),
        (lambda X, n, p: (X + p) @ n <= 0, "added the point"),
        (lambda X, n, p: (X - n) @ p <= 0, "confused"),
        (lambda X, n, p: (X - p) * n <= 0, "each column by itself"),
        (lambda X, n, p: (X - p) @ n, "the distances themselves"),
    ],
    "flag": [
        (lambda A, B, s: forest(A, s).decision_function(B), "returned scores"),
        (lambda A, B, s: 1 - 2 * forest(A, s).predict(B), "-1 and 1"),
        (lambda A, B, s: forest(A, s).labels_, "labels of the training rows"),
        (lambda A, B, s: forest(B, s).labels_, "fitted on X_test"),
        (lambda A, B, s: forest(A, 0.1).predict(B), "the default one"),
        (lambda A, B, s: 1 - forest(A, s).predict(B), "upside down"),
        (lambda A, B, s: forest(A, s, n_estimators=100).predict(B), "Your forest has 100 trees"),
        (lambda A, B, s: forest(A, s, max_samples=256).predict(B), "Your trees take 256 rows"),
        (lambda A, B, s: forest(A, s, n_estimators=100, max_samples=256).predict(B), "100 trees of 256 rows"),
        (lambda A, B, s: forest(A, s, n_estimators=64, max_samples=50).predict(B), "swapped"),
        (lambda A, B, s: forest(np.r_[A, B], s).predict(B), "both tables"),
        (lambda A, B, s: forest(A, s, random_state=42).predict(B), "random_state=42"),
        (lambda A, B, s: forest(A, s, random_state=None).predict(B), "Two calls give different labels"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_function_tasks(name):
    prove(getattr(isolation_forest, name), SOLVED[name], STUB[name], WRONG[name])


@pytest.mark.parametrize(
    ("name", "answers", "quiz"),
    [
        ("reading_scores", "score_answers", isolation_forest.score_quiz),
        ("choosing_a_forest", "choice_answers", isolation_forest.choice_quiz),
    ],
)
def test_concept_questions(name, answers, quiz):
    prove_quiz(getattr(isolation_forest, name), quiz, SOLVED[answers], STUB[answers])


def test_other_ways_to_write_a_mistake_get_the_same_words():
    with pytest.raises(CheckFailed, match="the minus belongs in the exponent"):
        isolation_forest.anomaly_scores(lambda h, c: -(2.0 ** (h.mean(axis=1) / c)))
    with pytest.raises(CheckFailed, match="one by one"):
        isolation_forest.end_slots(by_index)


def test_a_loop_over_the_slots_is_no_loop_over_rows():
    def by_slot(column, cut, X):
        slot = np.ones(len(X), dtype=int)
        for i in range(1, len(cut)):
            here = slot == i
            slot[here] = 2 * i + (X[here, column[i]] > cut[i])
        return slot

    isolation_forest.end_slots(by_slot)


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


@pytest.mark.parametrize("seed", range(40))
def test_the_solution_passes_and_mistakes_fail_whatever_the_draw(monkeypatch, seed):
    """Inputs are random: on none may a mistake give the right result by chance."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name in set(WRONG) - {"flag"}:
        getattr(isolation_forest, name)(SOLVED[name])
        for answer, _ in WRONG[name]:
            with pytest.raises(CheckFailed):
                getattr(isolation_forest, name)(answer)


def test_a_memorised_answer_fails(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = []

    def spy(lengths, average):
        seen.append(SOLVED["anomaly_scores"](lengths, average))
        return seen[-1]

    isolation_forest.anomaly_scores(spy)
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    with pytest.raises(CheckFailed):
        isolation_forest.anomaly_scores(lambda lengths, average: seen[0])
