"""Scaling against its definition, and on the columns that break it."""

import numpy as np
import pytest

from course_lib.core.preprocessing import apply_scaling, fit_scaling

X = np.random.default_rng(0).normal([1, -5, 100], [0.1, 3, 20], size=(500, 3))


def scaled(X, kind, new=None):
    return apply_scaling(X if new is None else new, *fit_scaling(X, kind))


def test_each_kind_does_what_its_name_says():
    np.testing.assert_allclose(scaled(X, "standard").mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled(X, "standard").std(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(scaled(X, "minmax").min(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled(X, "minmax").max(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(np.percentile(scaled(X, "robust"), [25, 50, 75], axis=0)[1], 0, atol=1e-6)
    np.testing.assert_allclose(np.subtract(*np.percentile(scaled(X, "robust"), [75, 25], axis=0)), 1, atol=1e-6)
    np.testing.assert_array_equal(scaled(X, None), X.astype(np.float32))


def test_numbers_come_from_the_training_rows_only():
    shift, scale = fit_scaling(X, "standard")
    np.testing.assert_allclose(
        apply_scaling(X[:1] + 7 * scale, shift, scale), apply_scaling(X[:1], shift, scale) + 7, rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e12, 1e-30])
@pytest.mark.parametrize("rows", [2, 7, 100_003])
def test_a_constant_column_becomes_zero_and_a_step_in_it_stays_a_step(kind, value, rows):
    constant = np.full((rows, 2), value)
    assert np.abs(scaled(constant, kind)).max() <= 1e-6 * max(1, abs(value))
    assert scaled(constant, kind, constant[:1] + 1) == pytest.approx(1, rel=1e-3, abs=1e-6)


def test_a_small_spread_on_a_large_offset_is_kept():
    rows = 1e9 + np.random.default_rng(0).normal(size=(1000, 1))
    assert scaled(rows, "standard").std() == pytest.approx(1, abs=1e-6)


def test_a_column_that_is_mostly_constant_has_no_interquartile_range():
    rows = np.r_[np.zeros((95, 1)), np.full((5, 1), 3.0)]
    assert scaled(rows, "robust").max() == 3


def test_result_is_float32_and_the_input_stays():
    rows = X.copy()
    assert scaled(rows, "minmax").dtype == np.float32
    assert (rows == X).all()


@pytest.mark.parametrize("kind", ["zscore", "", 1, True])
def test_unknown_kind(kind, refuses):
    with refuses("scaling must be None or one of standard, minmax, robust"):
        fit_scaling(X, kind)
