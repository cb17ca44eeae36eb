"""Counterfactuals: low enough, few features, ordinary values, and honest when there is none."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_spd_matrix

from course_lib.core.thresholds import Percentile
from course_lib.deep import Autoencoder, LSTMAutoencoder
from course_lib.explain import Changes, Counterfactual
from course_lib.explain.counterfactual_search import Search
from course_lib.explain.normal_rows import NormalRows
from course_lib.ml import KNN, PCA, IsolationForest

rng = np.random.default_rng(0)
NORMAL = (
    rng.normal(size=(400, 2)) @ rng.normal(size=(2, 6)) * [1, 1, 20, 1, 1, 1] + 50 + 0.1 * rng.normal(size=(400, 6))
)
SPREAD = NORMAL.std(axis=0)
NAMES = list("abcdef")
RULE = {"threshold": Percentile(99)}
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}


def broken(columns, size=4.0):
    """Normal rows of which one feature each is moved."""
    rows = NORMAL[: len(columns)].copy()
    rows[np.arange(len(columns)), columns] += size * SPREAD[columns]
    return rows


@pytest.mark.parametrize(
    "detector",
    [
        PCA(2, **RULE),
        KNN(**RULE),
        Autoencoder((16,), 2, epochs=60, **PLAIN, **RULE),
        IsolationForest(random_state=0, **RULE),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_what_is_found_is_normal_ordinary_and_short(detector):
    detector.fit(NORMAL)
    rows = broken(np.arange(6), 6.0)
    changes = Counterfactual(detector, NORMAL, random_state=0).explain(rows)
    assert changes.found.all()
    assert (detector.decision_function(changes.changed) <= detector.threshold_).all()
    assert (detector.predict(changes.changed) == 0).all()
    assert np.allclose(changes.scores, detector.decision_function(changes.changed), rtol=1e-4)
    moved = changes.changed != rows
    inside = (changes.changed >= NORMAL.min(axis=0)) & (changes.changed <= NORMAL.max(axis=0))
    assert (inside | ~moved).all(), "changed values are ordinary ones"
    assert moved.sum(axis=1).max() <= 3
    assert np.allclose(changes.distance, np.linalg.norm((changes.changed - rows) / SPREAD, axis=1), rtol=0.1)


def test_one_broken_feature_is_mended_by_changing_that_feature_only():
    detector = PCA(2, **RULE).fit(NORMAL / SPREAD)
    columns = np.arange(6)
    rows = broken(columns) / SPREAD
    changes = Counterfactual(detector, NORMAL / SPREAD, feature_names=NAMES).explain(rows)
    assert [changes.features(row) for row in range(6)] == [[name] for name in NAMES]
    # It goes back towards the value that it had, and stops where the threshold is.
    back = (changes.changed - rows)[columns, columns]
    assert ((back < 0) & (back > -4.5)).all()
    assert (changes.scores > 0.8 * detector.threshold_).all()


def test_two_broken_features_are_both_named():
    detector = PCA(2, **RULE).fit(NORMAL / SPREAD)
    row = NORMAL[:1] / SPREAD
    row[0, [1, 4]] += [5, -5]
    changes = Counterfactual(detector, NORMAL / SPREAD, feature_names=NAMES).explain(row)
    assert changes.found[0]
    assert sorted(changes.features()) == ["b", "e"]


def test_a_normal_row_stays_as_it_is():
    detector = PCA(2, **RULE).fit(NORMAL)
    row = NORMAL[detector.decision_scores_.argmin()][None]
    changes = Counterfactual(detector, NORMAL).explain(row)
    assert np.array_equal(changes.changed, row)
    assert changes.found.tolist() == [True]
    assert changes.distance.tolist() == [0]
    assert changes.sentence() == "Normal as it is."


def test_it_says_when_nothing_is_found():
    detector = PCA(2, **RULE).fit(NORMAL / SPREAD)
    row = NORMAL[:1] / SPREAD
    row[0, [0, 1, 4]] += [6, -6, 6]
    one = Counterfactual(detector, NORMAL / SPREAD, max_features=1, feature_names=NAMES).explain(row)
    assert not one.found[0]
    assert detector.predict(one.changed)[0] == 1
    assert len(one.features()) <= 1
    assert one.sentence().startswith("No allowed change makes it normal")
    assert Counterfactual(detector, NORMAL / SPREAD).explain(row).found[0]


def test_fixed_features_stay():
    detector = PCA(2, **RULE).fit(NORMAL / SPREAD)
    row = broken([3], 3.0) / SPREAD
    free = Counterfactual(detector, NORMAL / SPREAD, feature_names=NAMES).explain(row)
    assert free.features() == ["d"]
    for fixed in (["d"], [3]):
        held = Counterfactual(detector, NORMAL / SPREAD, fixed=fixed, feature_names=NAMES).explain(row)
        assert "d" not in held.features()
        assert len(held.features()) > 1 or not held.found[0]
    none = Counterfactual(detector, NORMAL / SPREAD, fixed=NAMES, feature_names=NAMES).explain(row)
    assert not none.found[0]
    assert none.sentence() == "No allowed change brings the score down."


def test_outside_the_background_only_when_told():
    background = np.linspace(-1, 1, 50)[:, None] * [1.0, 1.0]

    def score(rows):
        return np.abs(rows).max(axis=1)

    row = np.array([[9.0, 0.0]])
    inside = Counterfactual(score, background, threshold=3.0).explain(row)
    assert np.isclose(inside.changed[0, 0], 1), "the border of what was seen"
    outside = Counterfactual(score, background, threshold=3.0, within_range=False).explain(row)
    assert np.isclose(outside.changed[0, 0], 3, atol=0.02), "the least change that meets the threshold"


def test_a_row_at_the_threshold_is_normal_and_a_score_a_hair_above_it_is_not_reached():
    background = np.linspace(-1, 1, 50)[:, None] * [1.0, 1.0]

    def explain(row, threshold):
        return Counterfactual(
            lambda rows: np.abs(rows).max(axis=1), background, threshold=threshold, within_range=False
        ).explain(np.array([row]))

    assert explain([3.0, 0.0], 3.0).changed.tolist() == [[3.0, 0.0]]
    reached = explain([9.0, 0.0], 3.0).scores[0]
    closer = explain([9.0, 0.0], reached * (1 - 5e-6))  # a network's score could differ by so much in another batch
    assert closer.found[0]
    assert closer.scores[0] < reached


def test_changes_are_ordered_by_their_size_in_deviations():
    zeros = np.zeros((1, 2))
    changes = Changes(zeros, np.array([[10.0, 2.0]]), zeros[:, 0], zeros[:, 0], 1.0, zeros[:, 0] == 0, zeros[:, 0],
                      np.array([10.0, 1.0]), ("wide", "narrow"))  # fmt: skip
    assert changes.features() == ["narrow", "wide"]
    assert changes.to_frame()["change"].tolist() == [2.0, 1.0]


def test_ordinary_rows_are_the_normal_ones_near_in_deviations_and_within_their_range():
    rows = np.array([[-100.0, -1], [100, -1], [-100, 1], [100, 1], [0, 1], [50, 0], [9000, 9]])
    normal = NormalRows(rows, lambda X: np.abs(X[:, 1]), 1.0, 0)
    assert normal.high.tolist() == [100, 1]
    assert len(normal.rows) == 6
    assert normal.nearest(np.zeros(2), 1).tolist() == [[50, 0]]  # 50 is less of the first column than 1 of the second
    line = NormalRows(np.linspace(-1, 1, 50)[:, None] * [1.0, 1.0], lambda X: np.zeros(len(X)), 1.0, 0)
    assert line.expected(np.array([50.0, 0.0]), np.array([1])) == 1


def test_changes_that_are_not_needed_go_back_to_the_rows_own_values():
    normal = NormalRows(rng.uniform(-1, 1, size=(50, 2)), lambda X: np.zeros(len(X)), 1.0, 0)
    search = Search(np.array([9.0, 9.0]), lambda X: np.abs(X[:, 0]), 0.5, normal, np.arange(2), 2, True)
    tidied = search._tidied(np.zeros(2))
    assert tidied[1] == 9
    assert 0.4 < tidied[0] <= 0.5


def test_the_expected_value_is_the_gaussian_conditional_mean():
    covariance = make_spd_matrix(4, random_state=0)
    rows = np.random.default_rng(0).multivariate_normal(np.arange(4), covariance, 40_000)
    normal = NormalRows(rows, lambda X: np.zeros(len(X)), 1.0, 0)
    row = np.array([0.4, 1.5, 1.8, 3.1])
    for columns in ([2], [0, 3]):
        rest = np.setdiff1d(np.arange(4), columns)
        weights = covariance[np.ix_(columns, rest)] @ np.linalg.inv(covariance[np.ix_(rest, rest)])
        expected = np.array(columns) + weights @ (row[rest] - rest)
        assert np.allclose(normal.expected(row, np.array(columns)), expected, atol=0.15)


def test_a_table_and_a_sentence_tell_the_change():
    detector = PCA(2, **RULE).fit(NORMAL)
    frame = pd.DataFrame(broken([1], 6.0), columns=NAMES)
    changes = Counterfactual(detector, NORMAL).explain(frame)
    table = changes.to_frame()
    assert list(table.columns) == ["feature", "from", "to", "change"]
    assert table["feature"].tolist() == ["b"]
    assert np.isclose(table["change"][0], (table["to"][0] - table["from"][0]) / SPREAD[1], rtol=0.05)
    assert changes.sentence() == f"Normal if b were {table['to'][0]:.4g} instead of {table['from'][0]:.4g}."


def test_it_is_repeatable_and_changes_no_input():
    detector = PCA(2, **RULE).fit(NORMAL)
    large, rows = np.repeat(NORMAL, 6, axis=0), broken([2, 3])
    kept = rows.copy()
    first, second = (Counterfactual(detector, large, random_state=3).explain(rows) for _ in range(2))
    assert np.array_equal(first.changed, second.changed)
    assert np.array_equal(rows, kept)


def test_what_does_not_fit_is_refused_in_a_sentence():
    detector = PCA(2).fit(NORMAL)
    row = broken([0])
    for arguments, message in (
        ({"fixed": ["speed"]}, "fixed names 'speed'"),
        ({"fixed": [9]}, "fixed holds column 9"),
        ({"max_features": 0}, "max_features must be a whole number"),
        ({"threshold": -1.0}, "0 of 400 background rows score -1 or less"),
        ({"threshold": np.inf}, "threshold must be a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            Counterfactual(detector, NORMAL, **arguments).explain(row)
    with pytest.raises(ValueError, match="There is no threshold"):
        Counterfactual(lambda rows: rows.sum(axis=1), NORMAL).explain(row)
    with pytest.raises(ValueError, match="X has 5 features"):
        Counterfactual(detector, NORMAL).explain(row[:, :5])
    series = LSTMAutoencoder(hidden_size=4, latent_size=2, window=10, epochs=1, **PLAIN).fit(NORMAL)
    with pytest.raises(TypeError, match="rows around it"):
        Counterfactual(series, NORMAL).explain(row)


def test_features_that_only_help_together_are_found_too():
    # The largest deviation decides: mending one of the two alone changes nothing.
    def score(rows):
        return np.abs(rows).max(axis=1)

    row = np.array([[9.0, 0.1, -9.0, 0.2]])
    changes = Counterfactual(score, rng.uniform(-1, 1, size=(100, 4)), threshold=2.0).explain(row)
    assert changes.found[0]
    assert sorted(changes.features()) == ["x0", "x2"]
    assert not Counterfactual(score, rng.uniform(-1, 1, size=(100, 4)), 1, threshold=2.0).explain(row).found[0]
