"""Anomalies with the same planted cause land in the same group."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from course_lib.explain import Explanation, FeatureError, KernelSHAP, group_anomalies, grouping
from course_lib.ml import PCA

rng = np.random.default_rng(0)
NORMAL = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 8)) + 0.1 * rng.normal(size=(500, 8))
NAMES = tuple("abcdefgh")
CAUSE = np.repeat([0, 1, 2], [12, 9, 6])
PLANTED = {0: {1: 3.0}, 1: {4: 3.0, 5: -3.0}, 2: {7: -4.0}}


@pytest.fixture(scope="module")
def detector():
    return PCA(2).fit(NORMAL)


@pytest.fixture(scope="module")
def rows():
    planted = NORMAL[: len(CAUSE)].copy()
    for row, cause in enumerate(CAUSE):
        for column, shift in PLANTED[cause].items():
            planted[row, column] += shift * rng.uniform(0.7, 3)
    return planted


def test_the_same_cause_lands_together_whatever_its_size(detector, rows):
    for explanation in (
        FeatureError(detector, NAMES).explain(rows),
        KernelSHAP(detector, NORMAL[:60], random_state=0, feature_names=NAMES).explain(rows),
    ):
        groups = group_anomalies(explanation, random_state=0)
        assert len(groups) == 3, explanation.method
        assert adjusted_rand_score(CAUSE, groups.labels) > 0.9
        given = group_anomalies(explanation, 3, random_state=0)
        assert adjusted_rand_score(CAUSE, given.labels) > 0.9


def test_groups_are_numbered_by_size_and_named_by_their_features(detector, rows):
    shuffled = rng.permutation(len(rows))
    groups = group_anomalies(FeatureError(detector, NAMES).explain(rows[shuffled]), random_state=0)
    assert np.bincount(groups.labels).tolist() == [12, 9, 6]
    assert np.array_equal(groups.labels, CAUSE[shuffled])
    assert groups.profiles[0].startswith("12 rows: b (")
    assert "e (" in groups.profiles[1]
    assert "f (" in groups.profiles[1]
    assert groups.profiles[2].startswith("6 rows: h (")
    assert np.allclose(groups.shares.sum(axis=1), 1)


def test_too_high_and_too_low_are_two_causes_when_the_background_is_given(detector):
    rows = NORMAL[:20].copy()
    rows[:, 3] += np.where(np.arange(20) < 11, 6.0, -6.0)
    explanation = FeatureError(detector, NAMES).explain(rows)
    assert len(group_anomalies(explanation, random_state=0)) == 1
    groups = group_anomalies(explanation, background=NORMAL, random_state=0)
    assert groups.labels.tolist() == [0] * 11 + [1] * 9
    assert groups.profiles[0].startswith("11 rows: d high (")
    assert groups.profiles[1].startswith("9 rows: d low (")


def of_values(values, data=None):
    values = np.asarray(values, dtype=float)
    data = np.zeros_like(values) if data is None else data
    return Explanation(values, 0.0, values.sum(axis=1), data, NAMES[: values.shape[1]], "test")


def test_as_many_groups_as_different_rows_numbered_by_size_whatever_k_means_calls_them(monkeypatch):
    cause = np.repeat([2, 0, 1], [2, 4, 3])
    assert np.array_equal(group_anomalies(of_values(np.eye(3)[cause]), random_state=0).labels, cause)
    monkeypatch.setattr(grouping, "_labels", lambda points, n_groups, seed: np.repeat([0, 1, 2], [2, 4, 3]))
    groups = group_anomalies(of_values(np.eye(3)[cause]), 3)
    assert np.array_equal(groups.labels, cause)
    np.testing.assert_allclose(groups.shares, np.eye(3))


def test_a_new_feature_parts_rows_more_than_another_mixture_of_the_same():
    mixtures = np.repeat([[0.6, 0.4, 0], [0.4, 0.6, 0], [0.5, 0.3, 0.2]], 3, axis=0)
    groups = group_anomalies(of_values(mixtures), 2, random_state=0)
    assert groups.labels.tolist() == [0] * 6 + [1] * 3


def test_of_numbers_that_are_as_good_the_smallest_is_taken(monkeypatch):
    quality = {2: 0.80, 3: 0.60, 4: 0.81}
    monkeypatch.setattr(grouping, "silhouette_score", lambda points, labels: quality[labels.max() + 1])
    assert len(group_anomalies(of_values(np.eye(4)[np.arange(12) % 4]), random_state=0)) == 2


def test_high_is_above_the_median_and_what_looks_normal_is_left_out():
    background = np.repeat([[0.0, 0.0], [100.0, 0.0]], [9, 1], axis=0)
    groups = group_anomalies(of_values([[3.0, -2.0]], np.array([[5.0, 1.0]])), background=background)
    assert groups.profiles == ["1 row: a high (60%)."]
    assert groups.shares.tolist() == [[0.6, 0.0]]


def test_windows_are_summed_over_their_timestamps():
    values = np.zeros((6, 5, 3))
    values[:3, 1, 0] = values[3:, 4, 2] = [1, 2, 3]
    windows = Explanation(values, 0.0, values.sum(axis=(1, 2)), np.zeros_like(values), ("x", "y", "z"), "test")
    groups = group_anomalies(windows, 2, random_state=0)
    assert adjusted_rand_score([0, 0, 0, 1, 1, 1], groups.labels) == 1


@pytest.mark.parametrize("n", [1, 2, 4])
def test_few_rows_equal_rows_and_rows_without_contributions_are_one_group(n):
    for values in (np.ones((n, 3)), np.zeros((n, 3))):
        explanation = Explanation(values, 0.0, values.sum(axis=1), values, ("x", "y", "z"), "test")
        groups = group_anomalies(explanation)
        assert groups.labels.tolist() == [0] * n
    assert groups.profiles == [f"{n} row{'s' if n > 1 else ''}: no feature stands out."]


def test_what_does_not_fit_is_refused_in_a_sentence(detector, rows):
    explanation = FeatureError(detector, NAMES).explain(rows)
    for number in (0, 28, 2.5, True):
        with pytest.raises(ValueError, match="n_groups must lie between 1 and 27"):
            group_anomalies(explanation, number)
    with pytest.raises(ValueError, match="background needs shape"):
        group_anomalies(explanation, background=NORMAL[:, :4])
