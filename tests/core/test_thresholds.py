"""Every rule against its closed form, by brute force, at its limits, and by what it promises."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score

from course_lib.core.thresholds import MAD, BestF1, Contamination, FalsePositiveRate, Percentile, Sigma, Youden

RULES = [Contamination(), Percentile(), Sigma(), MAD(), FalsePositiveRate(0.2)]
LABELLED = [BestF1(), Youden()]


@pytest.mark.parametrize(("share", "flagged"), [(0.1, 10), (0.25, 25), (0.5, 50)])
def test_contamination_flags_its_share(share, flagged):
    scores = np.random.default_rng(0).permutation(100.0 + np.arange(100))
    assert (scores > Contamination(share).place(scores)).sum() == flagged


def test_closed_forms():
    scores = [1.0, 2.0, 3.0, 4.0, 10.0]
    assert Percentile(50).place(scores) == 3
    assert Percentile(100).place(scores) == 10
    assert Percentile(0).place(scores) == 1
    assert Percentile(25).place(scores) == 2
    assert Percentile(90).place([0.0, 10.0]) == 9  # between two scores by linear interpolation
    assert Sigma(2).place(scores) == pytest.approx(4 + 2 * np.sqrt((9 + 4 + 1 + 0 + 36) / 5))
    assert MAD(2).place(scores) == pytest.approx(3 + 2 * 1.4826 * 1)


def test_robust_and_plain_deviation_agree_on_normal_data_and_differ_with_outliers():
    scores = np.random.default_rng(0).normal(5, 2, 100_000)
    assert MAD(3).place(scores) == pytest.approx(5 + 3 * 2, abs=0.1)
    assert Sigma(3).place(scores) == pytest.approx(5 + 3 * 2, abs=0.1)
    scores[:1000] = 1e4
    assert MAD(3).place(scores) == pytest.approx(11, abs=0.3)
    assert Sigma(3).place(scores) > 1000


@pytest.mark.parametrize(
    ("budget", "m", "rank"),
    [(0.05, 19, 19), (0.05, 39, 38), (0.1, 9, 9), (0.5, 3, 2), (0.1, 99, 90), (0.18, 149, 123), (0.41, 99, 59)],
)
def test_budget_takes_the_conformal_rank(budget, m, rank):
    # The last two: in floats (m + 1)(1 - budget) lies a hair above the whole number, and the rank must not follow it.
    scores = np.random.default_rng(m).permutation(m) + 1.0
    assert FalsePositiveRate(budget).place(scores) == rank


def test_budget_needs_enough_scores(refuses):
    with refuses("needs at least 19 normal scores, but there are 18"):
        FalsePositiveRate(0.05).place(np.arange(18.0))
    with refuses("but there are 0"):
        FalsePositiveRate(0.05).place(np.arange(30.0), np.ones(30))


def test_budget_ignores_anomalies_when_labels_say_which():
    scores = np.r_[np.arange(39.0), np.full(10, 1e6)]
    y = np.r_[np.zeros(39), np.ones(10)]
    assert FalsePositiveRate(0.05).place(scores, y) == FalsePositiveRate(0.05).place(scores[:39]) == 37
    assert FalsePositiveRate(0.05).place(scores) == 1e6


@pytest.mark.parametrize(("m", "budget"), [(19, 0.05), (25, 0.05), (30, 0.1), (200, 0.05)])
def test_budget_keeps_its_promise_on_average_and_a_percentile_does_not(m, budget):
    draws = np.random.default_rng(m).random((4000, m))  # of uniform scores, the rate above a threshold t is 1 - t
    conformal = np.array([1 - FalsePositiveRate(budget).place(draw) for draw in draws])
    plain = np.array([1 - Percentile(100 * (1 - budget)).place(draw) for draw in draws])
    error = 3 * conformal.std() / np.sqrt(len(draws))
    exact = 1 - np.ceil(round((m + 1) * (1 - budget), 9)) / (m + 1)
    assert exact <= budget + 1e-12
    assert conformal.mean() == pytest.approx(exact, abs=error)
    assert conformal.mean() <= budget + error
    if m <= 30:
        assert plain.mean() > budget + error, "for few scores the percentile must be seen to break the promise"


def best_of_all_cuts(scores, y, value):
    cuts = [-np.inf, *np.unique(scores)]
    return max(value(y, (scores > cut).astype(int)) for cut in cuts)


def youden(y, flagged):
    return flagged[y == 1].mean() - flagged[y == 0].mean()


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("rule", "value"), [(BestF1(), f1_score), (Youden(), youden)])
def test_best_threshold_by_brute_force(rule, value, seed):
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, 18)]
    scores = rng.integers(0, 8, 20) + y * rng.integers(-2, 4)  # ties on purpose, some worse than chance
    threshold = rule.place(scores, y)
    assert value(y, (scores > threshold).astype(int)) == pytest.approx(best_of_all_cuts(scores, y, value))
    assert rule.place(scores[::-1], y[::-1]) == threshold


@pytest.mark.parametrize("rule", LABELLED)
def test_labelled_rules_leave_room_between_the_classes(rule):
    assert rule.place([1.0, 2.0, 8.0, 9.0], [0, 0, 1, 1]) == 5.0


@pytest.mark.parametrize("low", [1.0, np.nextafter(1.0, 2)])  # of the second pair the middle rounds up
@pytest.mark.parametrize("rule", LABELLED)
def test_neighbouring_floats_are_still_separated(rule, low):
    high = np.nextafter(low, 2)
    assert low <= rule.place([low, high], [0, 1]) < high


def test_all_anomalous_looking_scores_can_all_be_flagged():
    scores = np.array([5.0, 1.0, 1.0])
    assert (scores > BestF1().place(scores, [0, 1, 1])).all()


def test_youden_flags_nothing_when_the_scores_are_upside_down():
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    assert not (scores > Youden().place(scores, [1, 1, 0, 0])).any()


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 1 / 3, -1e9, 1e15])
@pytest.mark.parametrize("rule", RULES)
def test_constant_scores_flag_nobody(rule, value):
    scores = np.full(101, value)
    assert not (scores > rule.place(scores)).any()


@pytest.mark.parametrize("rule", LABELLED)
def test_labels_are_asked_for(rule, refuses):
    with refuses("pass y"):
        rule.place([1.0, 2.0])
    for only in (0, 1):
        with refuses(f"needs both classes in y, but every label is {only}"):
            rule.place([1.0, 2.0], [only, only])


@pytest.mark.parametrize(
    ("rule", "fragment"),
    [(Contamination(bad), "share above 0 and at most 0.5") for bad in (0, -0.1, 0.51, 1, "a", None, np.nan, True)]
    + [(Percentile(bad), "q between 0 and 100") for bad in (-1, 100.1, "99", np.inf)]
    + [(Sigma(bad), "k above 0") for bad in (0, -3, None, np.nan)]
    + [(MAD(bad), "k above 0") for bad in (0, -3, "3")]
    + [(FalsePositiveRate(bad), "budget between 0 and 1") for bad in (0, 1, -0.1, 5, "a", False)],
)
def test_numbers_out_of_range(rule, fragment, refuses):
    with refuses(fragment):
        rule.place(np.arange(100.0))


@pytest.mark.parametrize(
    ("scores", "fragment"),
    [
        ([], "at least one value"),
        ([[1.0], [2.0]], "shape (2, 1)"),
        (3.0, "shape ()"),
        ([1, np.nan, np.inf], "2 of 3 are NaN or inf"),
        (["a", "b"], "real numbers"),
        ([[1, 2], [3]], "uneven rows"),
    ],
)
@pytest.mark.parametrize("rule", RULES)
def test_scores_that_are_none(rule, scores, fragment, refuses):
    with refuses(fragment):
        rule.place(scores)


def test_a_budget_next_to_one_takes_the_lowest_score():
    assert FalsePositiveRate(1 - 1e-12).place([3.0, 1.0, 2.0]) == 1.0


@pytest.mark.parametrize("rule", RULES + LABELLED)
def test_rules_are_cloned_and_searched_like_estimators(rule):
    assert clone(rule).get_params() == rule.get_params()
    y = np.arange(100) % 2
    assert isinstance(rule.place(np.arange(100), y), float)
