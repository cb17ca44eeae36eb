"""The checks of the exercise set on explanations: solutions pass, stubs stay open, wrong answers learn why."""

from itertools import combinations, permutations
from math import comb, factorial

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, explanations
from course_lib.checks.explanations import references as reference
from course_lib.explain import ExactShapley, FeatureError

SLUG = "21_why_was_this_flagged"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def squares(X, rebuilt):
    return (X - rebuilt) ** 2


def divided(errors, total):
    return np.divide(errors, total, out=np.zeros_like(errors), where=total > 0)


def mixed(x, background, members):
    return np.where(members, x, background)


def shapley_with(weight):
    return lambda value, d: reference.shapley(value, d, weight)


def by_orders(value, d):
    phi = np.zeros(d)
    for order in permutations(range(d)):
        for place, j in enumerate(order):
            phi[j] += value(order[: place + 1]) - value(order[:place])
    return phi / factorial(d)


def credited_by_place(value, d):
    phi = np.zeros(d)
    for order in permutations(range(d)):
        for place in range(d):
            phi[place] += value(order[: place + 1]) - value(order[:place])
    return phi / factorial(d)


def alone(value, d):
    return np.array([value((j,)) - value(()) for j in range(d)])


def last(value, d):
    whole = tuple(range(d))
    return np.array([value(whole) - value([k for k in whole if k != j]) for j in range(d)])


def one_order(value, d):
    return np.array([value(range(j + 1)) - value(range(j)) for j in range(d)])


def own_size(value, d):
    """Coalitions with j inside counted by their own size: the binomial coefficient is one off."""
    phi = np.zeros(d)
    for j in range(d):
        for size in range(d):
            for S in combinations([k for k in range(d) if k != j], size):
                phi[j] += (value((*S, j)) - value(S)) / comb(d, size + 1) / (size + 1) ** 2
    return phi


def walk(**switch):
    return lambda score, x, start, order: reference.walk(score, x, start, order, **switch)


def gains(score, x, start, order):
    return np.cumsum(reference.walk(score, x, start, order)[order])[np.argsort(order)]


def slopes(weight=reference.nearness, **switch):
    return lambda samples, scores, x, width: reference.slopes(samples, scores, weight(samples, x, width), **switch)


def half_weighted(forgotten):
    return lambda samples, scores, x, width: reference.half_weighted(
        samples, scores, reference.nearness(samples, x, width), forgotten
    )


def ridge(samples, scores, x, width):
    return Ridge(alpha=1.0).fit(samples, scores, sample_weight=reference.nearness(samples, x, width)).coef_


def distance(samples, x):
    return np.linalg.norm(samples - x, axis=1)


def deleted(values=lambda values: values, **switch):
    return lambda score, x, typical, v: reference.deletion(score, x, typical, values(v), **switch)


def one_argsort(sign):
    """argsort where ranks are needed."""
    return lambda score, x, typical, v: score(
        np.array([np.where(np.argsort(sign * v) < count, typical, x) for count in range(len(x) + 1)])
    )


def same_row(start):
    """One array, changed in each step and never copied."""

    def answer(score, x, typical, v):
        row = x.copy()
        rows = [row.copy() if start else row]
        for j in np.argsort(-v):
            row[j] = typical[j]
            rows.append(row)
        return score(np.array(rows))

    return answer


def hits(values, causes, k):
    return [len(set(np.argsort(-row)[:k].tolist()) & cause) for row, cause in zip(values, causes, strict=True)]


def path(places, **switch):
    return lambda gradient, x, baseline, steps: reference.integrate(
        gradient, x, baseline, np.asarray(places(steps), dtype=float), **switch
    )


def middle(steps):
    return (np.arange(steps) + 0.5) / steps


def repair(**switch):
    return lambda score, x, typical, threshold: reference.repair(score, x, typical, threshold, **switch)


def repaired_row(score, x, typical, threshold):
    row = x.copy()
    columns = reference.repair(score, x, typical, threshold)
    row[columns] = typical[columns]
    return row


def never_empty(score, x, typical, threshold):
    return reference.repair(score, x, typical, threshold) or reference.repair(score, x, typical, threshold * 0.9)[:1]


def values_of(detector, background, X):
    return ExactShapley(detector, background).explain(X).values


def named(columns):
    return lambda m, B, X, names: [names[j] for j in columns(m, B, X)]


WRONG = {
    "error_shares": [
        (squares, "squared errors themselves"),
        (lambda X, R: np.nan_to_num(abs(X - R) / abs(X - R).sum(axis=1, keepdims=True)), "absolute errors"),
        (lambda X, R: squares(X, R) / squares(X, R).sum(axis=0), "sums of the columns"),
        (lambda X, R: squares(X, R) / squares(X, R).sum(), "the whole table"),
        (lambda X, R: squares(X, R) / squares(X, R).sum(axis=1, keepdims=True), "0 / 0"),
        (lambda X, R: divided(squares(X, R), squares(X, R).mean(axis=1, keepdims=True)), "mean of the row"),
        (lambda X, R: X**2 / (X**2).sum(axis=1, keepdims=True), "shares of the readings"),
        (lambda X, R: squares(X, R).sum(axis=1), "one share for each value"),
        (lambda X, R: squares(X, R) / squares(X, R).sum(axis=1), "Keep the summed axis"),
        (
            lambda X, R: np.where(
                np.isnan(share := squares(X, R) / squares(X, R).sum(axis=1, keepdims=True)), 1 / X.shape[1], share
            ),
            "nothing to share",
        ),
    ],
    "coalition_value": [
        (lambda score, x, B, m: score(mixed(x, B, ~m)).mean(), "swapped"),
        (lambda score, x, B, m: score(mixed(x, B.mean(axis=0), m)[None])[0], "one mean row"),
        (lambda score, x, B, m: score(mixed(x, B, m)).sum(), "summed"),
        (lambda score, x, B, m: np.median(score(mixed(x, B, m))), "median"),
        (lambda score, x, B, m: score(mixed(x, B, m))[0], "first row of the background only"),
        (lambda score, x, B, m: score(np.where(m, x, 0.0)[None])[0], "zeros"),
        (lambda score, x, B, m: score(mixed(x, B, m)).mean() - score(B).mean(), "empty coalition"),
        (lambda score, x, B, m: score(mixed(x, B, m)), "one number"),
        (lambda score, x, B, m: np.mean([score(row[None])[0] for row in mixed(x, B, m)]), "you called the score"),
    ],
    "shapley_values": [
        (lambda value, d: -reference.shapley(value, d), "sign is turned round"),
        (shapley_with(lambda d, size: 1 / 2 ** (d - 1)), "the same weight"),
        (shapley_with(lambda d, size: 1.0), "without any weight"),
        (lambda value, d: by_orders(value, d) * factorial(d), "summed over all orders"),
        (last, "full coalition"),
        (alone, "join the empty coalition"),
        (lambda value, d: np.array([value((j,)) for j in range(d)]), "the value of each feature alone"),
        (shapley_with(lambda d, size: 1 / comb(d - 1, size)), "divide by d"),
        (shapley_with(lambda d, size: 1 / comb(d, size) / d), "the d - 1 others"),
        (one_order, "ONE order"),
        (own_size, "do not sum to"),
        (credited_by_place, "credited the place"),
        (lambda value, d: by_orders(value, d).sum(), "one value for each feature"),
    ],
    "kernel_weight": [
        (lambda d, s: (d - 1) / (s * (d - s)), "binomial coefficient is missing"),
        (lambda d, s: d / (comb(d, s) * s * (d - s)), "d - 1, not d"),
        (lambda d, s: 1 / (comb(d, s) * s * (d - s)), "numerator d - 1 is missing"),
        (lambda d, s: (d - 1) / comb(d, s), "missing in the denominator"),
        (lambda d, s: factorial(s) * factorial(d - s - 1) / factorial(d), "Shapley's own formula"),
        (lambda d, s: (d - 1) / (comb(d - 1, s) * s * (d - s)), "not of d - 1"),
        (lambda d, s: (d - 1) / comb(d, s) * s * (d - s), "Mind the brackets"),
        (lambda d, s: (d - 1) // (comb(d, s) * s * (d - s)), "divided with //"),
    ],
    "permutation_values": [
        (walk(by_place=True), "in the order of joining"),
        (walk(alone=True), "ordinary row each time"),
        (lambda score, x, start, order: -reference.walk(score, x, start, order), "sign is turned round"),
        (lambda score, x, start, order: reference.walk(score, x, start, range(len(x))), "did not use the order"),
        (lambda score, x, start, order: reference.walk(score, x, start, order[::-1]), "backwards"),
        (lambda score, x, start, order: reference.walk(score, start, x, order), "x and start are swapped"),
        (gains, "gains since the start"),
        (lambda score, x, start, order: x - start, "do not sum to score(x)"),
        (lambda score, x, start, order: score(x) - score(start), "score takes rows"),
    ],
    "local_slopes": [
        (slopes(keep_first=True), "intercept came along"),
        (lambda *a: slopes(keep_first=True)(*a)[:-1], "kept the intercept"),
        (slopes(intercept=False), "There is no intercept"),
        (slopes(lambda s, x, w: np.ones(len(s))), "count alike"),
        (slopes(power=1.0), "count twice"),
        (slopes(lambda s, x, w: np.exp(-distance(s, x) / (2 * w**2))), "SQUARED distance"),
        (slopes(lambda s, x, w: np.exp(-(distance(s, x) ** 2) / 2)), "did not use the width"),
        (slopes(lambda s, x, w: np.exp(-(distance(s, x) ** 2) / (2 * w))), "squared too"),
        (slopes(lambda s, x, w: reference.nearness(s, s.mean(axis=0), w)), "mean of the samples"),
        (slopes(lambda s, x, w: 1 - reference.nearness(s, x, w)), "weights round"),
        (slopes(lambda s, x, w: 1 / reference.nearness(s, x, w)), "lost its minus"),
        (half_weighted("ones"), "column of ones was not"),
        (half_weighted("scores"), "forgot their scores"),
        (ridge, "ridge regression"),
    ],
    "deletion_scores": [
        (deleted(lambda v: -v), "least blamed"),
        (deleted(np.abs), "absolute values"),
        (deleted(cumulative=False), "a single feature each time"),
        (lambda *a: deleted()(*a)[1:], "first point is missing"),
        (lambda *a: deleted()(*a)[:-1], "last point is missing"),
        (lambda score, x, typical, v: reference.deletion(score, x, 0 * x, v), "zeros"),
        (lambda score, x, typical, v: reference.deletion(score, typical, x, v), "swapped"),
        (deleted(lambda v: -np.arange(len(v), dtype=float)), "left to right"),
        (one_argsort(-1), "argsort of the argsort"),
        (one_argsort(1), "of the values upwards"),
        (same_row(start=0), "All your rows"),
        (same_row(start=1), "After the first row"),
        (lambda score, x, typical, v: np.array([score(row) for row in [x, typical]]), "score takes rows"),
    ],
    "precision_at": [
        (lambda v, c, k: reference.precision(-v, c, k), "smallest values"),
        (lambda v, c, k: reference.precision(np.abs(v), c, k), "absolute values"),
        (lambda v, c, k: reference.precision(v, c, k, lambda k, size: k), "divided by k"),
        (lambda v, c, k: reference.precision(v, c, k, lambda k, size: size), "number of causes"),
        (lambda v, c, k: np.mean(np.array(hits(v, c, k)) > 0), "at least one hit"),
        (lambda v, c, k: np.mean(hits(v, c, k)), "mean numbers of hits"),
        (lambda v, c, k: np.sum(hits(v, c, k)), "all rows together"),
        (lambda v, c, k: reference.precision(v, c, k + 1, lambda _, size: min(k, size)), "one feature too many"),
        (lambda v, c, k: np.array(hits(v, c, k)) / k, "mean over the rows"),
        (lambda v, c, k: np.sum(hits(v, c, k)) / sum(min(k, len(cause)) for cause in c), "pooled the rows"),
        (lambda v, c, k: reference.precision(v, c, k, max), "the larger of k"),
        (
            lambda v, c, k: np.mean([h / (k + len(cause) - h) for h, cause in zip(hits(v, c, k), c, strict=True)]),
            "Jaccard",
        ),
    ],
    "integrated_gradients": [
        (path(lambda steps: [1.0]), "gradient at x only"),
        (path(lambda steps: [0.0]), "gradient at the baseline only"),
        (path(middle, factor=np.float64(1)), "multiplied by the way walked"),
        (lambda g, x, b, n: path(middle, factor=x)(g, x, b, n), "multiplied by x"),
        (lambda g, x, b, n: -path(middle)(g, x, b, n), "turned round"),
        (path(lambda steps: np.arange(steps) / steps), "start of each step"),
        (path(lambda steps: (np.arange(steps) + 1) / steps), "end of each step"),
        (path(lambda steps: np.linspace(0, 1, steps)), "Both ends"),
        (lambda g, x, b, n: path(middle)(g, x, b, n) * n, "summed over the steps"),
        (lambda g, x, b, n: path(middle)(g, x, 0 * b, n), "walked from zero"),
        (lambda g, x, b, n: path(middle)(g, x, b, n).sum(), "one value for each feature"),
        (lambda g, x, b, n: (x - b) * g(b + middle(n)[:, None] * (x - b)).mean(), "over the features too"),
    ],
    "smallest_repair": [
        (repair(farthest=True), "farthest from typical"),
        (repair(at_once=True), "ranked the features once"),
        (repair(extra=1), "one feature too far"),
        (lambda *a: repair()(*a)[:-1], "too early"),
        (repair(worst=True), "raises the score most"),
        (lambda *a: repair()(*a)[::-1], "reverse"),
        (lambda *a: sorted(repair()(*a)), "As a set"),
        (lambda score, x, typical, t: score(x) > t, "score takes rows"),
        (repaired_row, "repaired row"),
        (lambda *a: len(repair()(*a)), "list of columns, in the order"),
        (lambda score, x, typical, t: reference.repair(score, x, typical, -1.0), "every feature"),
        (never_empty, "must be empty"),
    ],
    "name_the_culprit": [
        (lambda m, B, X, names: ExactShapley(m, B, feature_names=names).explain(X).top(1), "Each entry is a list"),
        (lambda m, B, X, names: values_of(m, B, X).argmax(axis=1).tolist(), "numbers of columns"),
        (
            lambda m, B, X, names: [row[0] for row in ExactShapley(m, X, feature_names=names).explain(B).top(1)],
            "swapped",
        ),
        (lambda m, B, X, names: [row[0] for row in ExactShapley(m, B).explain(X).top(1)], "feature_names"),
        (lambda m, B, X, names: [names[j] for j in values_of(m, B, X).argmin(axis=1)], "most for normal"),
        (named(lambda m, B, X: X.argmax(axis=1)), "largest reading"),
        (named(lambda m, B, X: abs(X - X.mean(axis=0)).argmax(axis=1)), "mean of X"),
        (named(lambda m, B, X: (abs(X - B.mean(axis=0)) / B.std(axis=0)).argmax(axis=1)), "largest deviation"),
        (named(lambda m, B, X: abs(X - B.mean(axis=0)).argmax(axis=1)), "largest distance"),
        (named(lambda m, B, X: abs(values_of(m, B, X)).argmax(axis=1)), "absolute values"),
        (named(lambda m, B, X: FeatureError(m).explain(X).values.argmax(axis=1)), "reconstruction error"),
        (named(lambda m, B, X: values_of(m, X, X).argmax(axis=1)), "with one another"),
        (named(lambda m, B, X: values_of(m, B[:3], X).argmax(axis=1)), "first rows of the background"),
        (named(lambda m, B, X: values_of(m, B[:1], X).argmax(axis=1)), "one row of the background"),
        (lambda m, B, X, names: names, "one name for each row"),
        (lambda m, B, X, names: [names[0]] * len(X), "are not those of the largest"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_function_tasks(name):
    prove(getattr(explanations, name), SOLVED[name], STUB[name], WRONG[name])


def test_concept_questions():
    prove_quiz(explanations.trusting_reasons, explanations.trust_quiz, SOLVED["trust_answers"], STUB["trust_answers"])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


def test_another_search_is_told_that_the_greedy_one_is_asked_for(monkeypatch):
    """The smallest set of all: often the same columns in another order, or other ones that repair the row as well."""

    def exhaustive(score, x, typical, threshold):
        sets = [list(columns) for size in range(len(x) + 1) for columns in combinations(range(len(x)), size)]
        rows = np.array([np.where(np.isin(np.arange(len(x)), columns), typical, x) for columns in sets])
        return sets[int(np.argmax(score(rows) <= threshold))]

    for seed in range(8):
        monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
        with pytest.raises(CheckFailed, match="greedy"):
            explanations.smallest_repair(exhaustive)


def test_other_right_ways_pass():
    explanations.shapley_values(by_orders)
    explanations.error_shares(lambda X, R: np.nan_to_num(squares(X, R) / squares(X, R).sum(axis=1, keepdims=True)))
    explanations.smallest_repair(lambda *a: np.array(repair()(*a), dtype=int))
    explanations.deletion_scores(deleted())


@pytest.mark.parametrize("seed", range(25))
def test_the_solution_passes_and_mistakes_fail_whatever_the_draw(monkeypatch, seed):
    """Inputs are random: on none may a mistake give the right result by chance."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name in WRONG:
        getattr(explanations, name)(SOLVED[name])
        for answer, _ in WRONG[name]:
            with pytest.raises(CheckFailed):
                getattr(explanations, name)(answer)


def test_a_memorised_answer_fails(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = []

    def spy(X, rebuilt):
        seen.append(SOLVED["error_shares"](X, rebuilt))
        return seen[-1]

    explanations.error_shares(spy)
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    with pytest.raises(CheckFailed):
        explanations.error_shares(lambda X, rebuilt: seen[0])
