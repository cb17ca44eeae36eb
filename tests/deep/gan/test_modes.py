"""The ring and the recall of its modes, by hand; then mode collapse made, measured and cured."""

import numpy as np
import pytest

from course_lib.deep import recall_of_modes, ring_of_gaussians

SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])


def test_the_ring_is_where_it_should_be():
    points, centres = ring_of_gaussians(4000, modes=5, radius=2.0, spread=0.1, random_state=0)
    assert points.shape == (4000, 2)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2.0)
    np.testing.assert_allclose(centres[0], [2, 0], atol=1e-12)
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    assert np.bincount(nearest).min() > 700
    assert (points - centres[nearest]).std(axis=0) == pytest.approx([0.1, 0.1], rel=0.05)
    np.testing.assert_array_equal(points, ring_of_gaussians(4000, 5, 2.0, 0.1, random_state=0)[0])
    assert not np.array_equal(points, ring_of_gaussians(4000, 5, 2.0, 0.1, random_state=1)[0])


@pytest.mark.parametrize(
    ("samples", "minimum", "expected"),
    [
        (SQUARE, 1, 1.0),
        (SQUARE[:1], 1, 0.25),
        (np.repeat(SQUARE[1:2], 50, axis=0), 1, 0.25),
        (SQUARE + 0.7, 1, 1.0),
        (SQUARE + 0.72, 1, 0.0),  # 0.72 in both directions is further away than 1
        (np.vstack([SQUARE, SQUARE[:2]]), 2, 0.5),
        (np.empty((0, 2)), 1, 0.0),
        ([[2.0, 2.0]], 1, 0.0),
    ],
)
def test_recall_by_hand(samples, minimum, expected):
    assert recall_of_modes(samples, SQUARE, radius=1.0, minimum=minimum) == expected


def test_a_sample_between_two_modes_counts_for_both():
    between = (SQUARE[:1] + SQUARE[1:2]) / 2
    reach = np.linalg.norm(between - SQUARE[0]) + 0.01
    assert recall_of_modes(between, SQUARE, radius=reach) == 0.5


def test_bad_input_is_refused(refuses):
    with refuses("samples and centres need shapes (n, d) and (modes, d), but have (3, 1) and (4, 2)"):
        recall_of_modes(np.zeros((3, 1)), SQUARE, 1.0)
    with refuses("radius must be above 0, but is 0"):
        recall_of_modes(SQUARE, SQUARE, 0)
    with refuses("modes must be a whole number of at least 1, but is 0"):
        ring_of_gaussians(10, modes=0)
    with refuses("n must be a whole number of at least 1, but is 2.5"):
        ring_of_gaussians(2.5)
