"""The coalitions that KernelSHAP plays: different, in pairs, with the kernel's mass for each size."""

from math import comb

import numpy as np
import pytest

from course_lib.explain.coalitions import choose_coalitions


def kernel_mass(d, size):
    return (d - 1) / (size * (d - size))


@pytest.mark.parametrize(
    ("d", "wanted"), [(2, 2), (3, 6), (8, 254), (9, 200), (13, 900), (30, 2108), (30, 20_000), (40, 80)]
)
def test_coalitions_are_different_paired_and_weighed_by_size(d, wanted):
    masks, weights = choose_coalitions(d, wanted, np.random.default_rng(0))
    assert len(masks) == len(np.unique(masks, axis=0)) == wanted
    found = {row.tobytes() for row in masks}
    assert all((~row).tobytes() in found for row in masks)
    sizes = masks.sum(axis=1)
    assert (sizes == 1).sum() == d
    for size in np.unique(sizes):
        assert weights[sizes == size].sum() == pytest.approx(kernel_mass(d, size))


def test_all_coalitions_are_played_where_that_is_affordable():
    masks, weights = choose_coalitions(7, 126, np.random.default_rng(0))
    assert len(np.unique(masks, axis=0)) == 126
    expected = [kernel_mass(7, size) / comb(7, size) for size in masks.sum(axis=1)]
    np.testing.assert_allclose(weights, expected)


def test_what_is_left_over_goes_to_the_largest_remainders():
    masks, _ = choose_coalitions(9, 200, np.random.default_rng(0))
    # After the sizes 1 and 2 in full 55 pairs are left, to be divided 10 : 9, which is 28.95 and 26.05.
    assert np.bincount(masks.sum(axis=1)).tolist() == [0, 9, 36, 29, 26, 26, 29, 36, 9]


def test_drawn_coalitions_favour_no_feature():
    share = np.mean(
        [choose_coalitions(18, 200, np.random.default_rng(seed))[0][36:118] for seed in range(60)], axis=(0, 1)
    )
    assert np.abs(share - share.mean()).max() < 0.04
