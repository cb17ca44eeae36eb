"""The tests of explanations: right ones pass, wrong ones fail."""

import numpy as np
import pytest
from scipy import stats

from course_lib.explain import (
    DeletionCurve,
    Explanation,
    FeatureError,
    KernelSHAP,
    PermutationShapley,
    additivity_gap,
    agreement,
    deletion_curve,
    hit_rate,
    over_usual_size,
    precision_at,
    stability,
)
from course_lib.ml import PCA

rng = np.random.default_rng(0)
NORMAL = rng.normal(size=(300, 6))
WEIGHTS = np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.0])
ROWS = NORMAL[:15] + 4


def score(rows):
    return rows @ WEIGHTS


def explained(values, scores=None, base=0.0):
    values = np.asarray(values, dtype=float)
    names = [f"x{number}" for number in range(values.shape[-1])]
    scores = values.reshape(len(values), -1).sum(axis=1) if scores is None else scores
    return Explanation(values, base, scores, np.zeros_like(values), names, "test")


RIGHT = explained((ROWS - NORMAL.mean(axis=0)) * WEIGHTS, score(ROWS), score(NORMAL).mean())


def test_the_additivity_gap_is_a_share_of_what_is_to_be_explained():
    assert additivity_gap(RIGHT) < 1e-12
    assert np.isclose(additivity_gap(explained([[1.0, 2.0], [3.0, 4.0]], np.array([4.0, 10.0]), 0.0)), 0.3)
    assert additivity_gap(explained([[1.0, 2.0], [3.0, 4.0]], np.array([4.0, 10.0]), 2.0)) == 1 / 8
    assert additivity_gap(explained([[0.0, 0.0]])) == 0


def test_the_right_explanation_falls_faster_than_chance_and_than_its_reverse():
    curve = deletion_curve(score, ROWS, RIGHT, NORMAL, random_state=0)
    assert curve.removed.tolist() == list(range(7))
    assert (curve.explained[1:-1] < curve.random[1:-1]).all()
    assert (curve.random[1:-1] < curve.reverse[1:-1]).all()
    assert curve.advantage > 0.1
    assert curve.area("reverse") > curve.area("random") > curve.area("explained")


def test_all_orders_begin_at_the_row_and_end_at_the_background():
    curve = deletion_curve(score, ROWS, RIGHT, NORMAL, n_backgrounds=300, random_state=0)
    for order in (curve.explained, curve.random, curve.reverse):
        assert np.isclose(order[0], score(ROWS).mean())
        assert np.isclose(order[-1], score(NORMAL).mean())
    # A linear score: after one step the largest contribution is gone, and nothing else.
    largest = RIGHT.values.max(axis=1).mean()
    assert np.isclose(curve.explained[1], score(ROWS).mean() - largest, rtol=1e-6)


def test_areas_are_in_units_of_the_whole_fall():
    curve = DeletionCurve(np.arange(3), np.array([10.0, 4, 2]), np.array([10.0, 6, 2]), np.array([10.0, 10, 2]))
    assert [curve.area(order) for order in ("explained", "random", "reverse")] == [0.375, 0.5, 0.75]
    assert curve.advantage == 0.125


def test_a_wrong_explanation_has_no_advantage():
    wrong = explained(-RIGHT.values)
    curve = deletion_curve(score, ROWS, wrong, NORMAL, random_state=0)
    assert curve.advantage < -0.1
    chance = explained(rng.random(RIGHT.values.shape))
    assert abs(deletion_curve(score, ROWS, chance, NORMAL, random_state=0, n_orders=20).advantage) < 0.1


def test_a_detector_and_windows_can_be_judged_too():
    detector = PCA(2).fit(NORMAL)
    explanation = FeatureError(detector).explain(ROWS)
    assert deletion_curve(detector, ROWS, explanation, NORMAL, 3, random_state=0).removed.tolist() == [0, 2, 4, 6]
    windows, background = ROWS.reshape(-1, 3, 6), NORMAL.reshape(-1, 3, 6)
    values = (windows - background.mean(axis=0)) * WEIGHTS
    curve = deletion_curve(lambda w: (w @ WEIGHTS).sum(axis=1), windows, explained(values), background, random_state=0)
    assert len(curve.removed) == 19
    assert curve.advantage > 0.1
    assert list(curve.to_frame().columns) == ["removed", "explained", "random", "reverse"]


def test_the_curve_is_repeatable_and_refuses_what_does_not_fit():
    first, second = (deletion_curve(score, ROWS, RIGHT, NORMAL, random_state=1) for _ in range(2))
    assert np.array_equal(first.random, second.random)
    with pytest.raises(ValueError, match="must look like the explained rows"):
        deletion_curve(score, ROWS[:4], RIGHT, NORMAL)
    with pytest.raises(ValueError, match="must look like the explained rows"):
        deletion_curve(score, ROWS, RIGHT, NORMAL[:, :4])
    with pytest.raises(ValueError, match="steps must lie between 1 and the 6"):
        deletion_curve(score, ROWS, RIGHT, NORMAL, 7)


def test_precision_counts_causes_among_the_first_features():
    values = explained([[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [0, 0, 9, 0, 1]])
    assert precision_at(values, [0, 4, 2], 1) == 1
    assert precision_at(values, [1, 4, 2], 1) == pytest.approx(2 / 3)
    assert precision_at(values, [2, 2, 4], 3) == 1
    assert precision_at(values, [{0, 1, 4}, {4, 3}, [2]], 3) == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert precision_at(values, [{3, 4}, {0}, {1}], 2) == 0
    assert precision_at(explained([[-1, -3, -2]]), [0], 1) == 1, "least negative: a score may be a log-density"


def test_an_explanation_of_zeros_finds_nothing():
    assert precision_at(explained(np.zeros((3, 4))), [0, 0, 0], 3) == 0
    assert hit_rate(explained(np.zeros((3, 4))), [0, 0, 0]) == 0


def test_the_hit_rate_looks_at_as_many_features_as_there_are_causes():
    values = explained([[5, 4, 3, 2, 1, 0.5]])
    assert hit_rate(values, [{0, 3}]) == 0.5
    assert hit_rate(values, [{0, 2}], 1.5) == 1
    assert hit_rate(values, [{0, 3}], 1.5) == 0.5
    assert hit_rate(values, [{1}], 1.9) == 0, "rounded down"


def test_truth_is_checked():
    values = explained(np.ones((2, 3)))
    with pytest.raises(ValueError, match="2 rows and 1 entries"):
        precision_at(values, [0])
    with pytest.raises(ValueError, match="columns from 0 to 2"):
        precision_at(values, [0, 3])
    with pytest.raises(ValueError, match="columns from 0 to 2"):
        hit_rate(values, [0, set()])
    with pytest.raises(ValueError, match="k must be a whole number"):
        precision_at(values, [0, 1], 0)
    with pytest.raises(ValueError, match="share must be at least 1"):
        hit_rate(values, [0, 1], 0.5)


class Noisy:
    """An explainer that errs by chance."""

    def __init__(self, seed, size):
        self.generator, self.size = np.random.default_rng(seed), size

    def explain(self, X):
        return explained(RIGHT.values + self.size * self.generator.normal(size=RIGHT.values.shape))


def test_stability_tells_steady_from_unsteady_methods():
    steady = stability(lambda seed: Noisy(seed, 0.01), ROWS)
    unsteady = stability(lambda seed: Noisy(seed, 100.0), ROWS)
    assert steady.rank_correlation > 0.95 > 0.5 > unsteady.rank_correlation
    assert steady.same_first > 0.95 > unsteady.same_first
    assert (steady.high - steady.low).mean() < 0.05 < (unsteady.high - unsteady.low).mean()


def test_the_interval_is_students_and_covers_the_truth():
    seeds = range(8)
    found = stability(lambda seed: Noisy(seed, 1.0), ROWS, seeds)
    values = np.stack([Noisy(seed, 1.0).explain(ROWS).values for seed in seeds])
    low, high = stats.t.interval(0.95, 7, values.mean(axis=0), stats.sem(values, axis=0))
    assert np.allclose(found.low, low)
    assert np.allclose(found.high, high)
    covered = ((found.low <= RIGHT.values) & (RIGHT.values <= found.high)).mean()
    assert 0.85 < covered <= 1


def test_more_permutations_are_steadier():
    def rough(rows):
        return np.abs(rows[:, 0] * rows[:, 1]) + rows[:, 2] ** 2 * rows[:, 3] + rows.max(axis=1)

    few, many = (
        stability(lambda seed, n=n: PermutationShapley(rough, NORMAL[:20], n, random_state=seed), ROWS, (0, 1, 2))
        for n in (1, 16)
    )
    assert (many.high - many.low).mean() < 0.7 * (few.high - few.low).mean()
    with pytest.raises(ValueError, match="at least two seeds"):
        stability(lambda seed: Noisy(seed, 1), ROWS, [0])


def test_agreement_compares_methods_pair_by_pair():
    shapley = KernelSHAP(score, NORMAL, random_state=0).explain(ROWS)
    table = agreement({"closed form": RIGHT, "Shapley": shapley, "reversed": explained(-RIGHT.values)})
    assert table.loc[("closed form", "Shapley"), "rank correlation"] == pytest.approx(1)
    assert table.loc[("closed form", "Shapley"), "same first feature"] == 1
    assert table.loc[("closed form", "reversed"), "rank correlation"] == pytest.approx(-1)
    assert table.loc[("closed form", "reversed"), "same first feature"] == 0
    assert len(table) == 3
    row = rng.normal(size=(1, 6)), rng.normal(size=(1, 6))
    expected = stats.spearmanr(row[0][0], row[1][0]).statistic
    both = agreement({"a": explained(row[0]), "b": explained(row[1])})
    assert both["rank correlation"].iloc[0] == pytest.approx(expected)


def test_agreement_with_nobody_and_with_other_rows():
    assert agreement({"a": RIGHT, "b": explained(np.ones_like(ROWS))})["rank correlation"].iloc[0] == 0
    with pytest.raises(ValueError, match="at least two explanations"):
        agreement({"a": RIGHT})
    with pytest.raises(ValueError, match="same rows and features"):
        agreement({"a": RIGHT, "b": explained(RIGHT.values[:3])})


def test_over_its_usual_size_a_feature_that_always_errs_is_no_news():
    usual = explained(rng.normal(size=(500, 3)) * [10.0, 1.0, 0.0])  # of both signs: they must not cancel
    row = explained([[12.0, 5.0, 0.0]])
    assert row.top(1) == [["x0"]]
    relative = over_usual_size(row, usual)
    assert relative.top(1) == [["x1"]]
    assert np.allclose(relative.values[0], [12, 5, 0] / np.maximum(np.abs(usual.values).mean(axis=0), 1e-9))
    assert additivity_gap(relative) == 0
    windows = explained(np.ones((2, 4, 3)))
    assert over_usual_size(windows, windows).values.shape == (2, 4, 3)
    with pytest.raises(ValueError, match="same features"):
        over_usual_size(row, explained(np.ones((2, 4))))
