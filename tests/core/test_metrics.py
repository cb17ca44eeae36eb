"""Metrics against counting by hand."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc, average_precision, bootstrap_interval, confusion, evaluate, precision_at_k


def cases():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.r_[0, 1, rng.integers(0, 2, 28)]
        yield y, rng.integers(0, 6, 30) / 3.0  # many ties


def test_auroc_counts_pairs_and_half_of_the_ties():
    for y, scores in cases():
        gap = scores[y == 1][:, None] - scores[y == 0][None, :]
        assert auroc(y, scores) == pytest.approx(((gap > 0) + 0.5 * (gap == 0)).mean())


def test_average_precision_sums_precision_over_steps_of_recall():
    for y, scores in cases():
        area, recall = 0.0, 0.0
        for cut in np.unique(scores)[::-1]:
            hit = scores >= cut
            step = y[hit].sum() / y.sum()
            area += (step - recall) * y[hit].mean()
            recall = step
        assert average_precision(y, scores) == pytest.approx(area)


def test_precision_at_k_is_the_mean_over_all_orders_of_the_ties():
    rng = np.random.default_rng(0)
    y, scores = np.array([1, 0, 1, 0, 1, 0, 0]), np.array([3, 2, 2, 2, 2, 1, 0])
    for k in range(1, 8):
        picks = []
        for _ in range(4000):
            order = rng.permutation(7)
            picks.append(y[order][np.argsort(-scores[order], kind="stable")[:k]].mean())
        assert precision_at_k(y, scores, k) == pytest.approx(np.mean(picks), abs=0.02)
    assert precision_at_k(y, scores) == pytest.approx((1 + 2 * 0.5) / 3)


def test_precision_at_k_does_not_see_the_order_of_rows():
    for y, scores in cases():
        order = np.random.default_rng(1).permutation(len(y))
        assert precision_at_k(y, scores, 7) == precision_at_k(y[order], scores[order], 7)


@pytest.mark.parametrize("k", [0, 3, -1, 1.5])
def test_precision_at_k_needs_a_k(k, refuses):
    with refuses("between 1 and the 2 samples"):
        precision_at_k([0, 1], [1, 2], k)


def test_confusion_by_hand():
    counts = confusion([1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0, 0])
    assert (counts.true_positives, counts.false_negatives) == (2, 1)
    assert (counts.false_positives, counts.true_negatives) == (1, 4)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(2 / 3)
    assert counts.f1 == pytest.approx(2 / 3)
    assert counts.false_positive_rate == pytest.approx(1 / 5)


def test_confusion_of_nothing_flagged_and_nothing_to_find():
    silent = confusion([1, 0], [0, 0])
    assert (silent.precision, silent.recall, silent.f1, silent.false_positive_rate) == (0, 0, 0, 0)
    assert confusion([0, 0], [0, 1]).recall == 0
    assert confusion([1, 1], [1, 1]).false_positive_rate == 0


def test_predictions_in_another_convention_are_named(refuses):
    with refuses("predictions needs labels 0 (normal) and 1 (anomaly), but holds [-1, 1]"):
        confusion([0, 1], [1, -1])
    with refuses("predictions needs shape (2,)"):
        confusion([0, 1], [1])


def test_evaluate_is_the_sum_of_its_parts():
    y, scores = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.4, 0.8, 0.7, 0.9])
    plain = evaluate(y, scores)
    assert plain == {
        "auroc": auroc(y, scores),
        "average_precision": average_precision(y, scores),
        "precision_at_k": precision_at_k(y, scores, 2),
    }
    full = evaluate(y, scores, threshold=0.7)  # the score 0.7 itself is not above it
    assert {k: full[k] for k in plain} == plain
    assert full["recall"] == full["precision"] == full["f1"] == 0.5
    assert full["false_positive_rate"] == pytest.approx(1 / 3)
    assert (full["true_positives"], full["true_negatives"]) == (1, 2)


@pytest.mark.parametrize("metric", [auroc, average_precision, evaluate])
def test_one_class_only(metric, refuses):
    with refuses("every label in y is 1"):
        metric([1, 1, 1], [1, 2, 3])


@pytest.mark.parametrize(
    ("y", "fragment"),
    [([0, 1], "shape (3,)"), ([0, 1, 2], "[0, 1, 2]"), (["a", "b", "a"], "['a', 'b']"), ([0, 1, np.nan], "nan")],
)
@pytest.mark.parametrize("metric", [auroc, average_precision, precision_at_k, evaluate])
def test_labels_that_are_none(metric, y, fragment, refuses):
    with refuses(fragment):
        metric(y, [1.0, 2.0, 3.0])


def test_bootstrap_is_repeatable_and_local():
    y, scores = next(cases())
    np.random.seed(3)  # noqa: NPY002, the global state is what is watched
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = bootstrap_interval(auroc, y, scores, repeats=50, random_state=1)
    assert first == bootstrap_interval(auroc, y, scores, repeats=50, random_state=1)
    assert first != bootstrap_interval(auroc, y, scores, repeats=50, random_state=2)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_bootstrap_works_with_a_single_anomaly():
    low, high = bootstrap_interval(auroc, [0, 0, 0, 1], [1, 2, 3, 4], repeats=50, random_state=0)
    assert low == high == 1.0


def pairs(y, scores):
    """AUROC of scores without ties, fast enough for many resamples."""
    ranks = np.argsort(np.argsort(scores))[y == 1] + 1
    a, n = len(ranks), len(y)
    return (ranks.sum() - a * (a + 1) / 2) / (a * (n - a))


def test_bootstrap_covers_the_true_value_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 40])
    truth = 0.7602  # Phi(1 / sqrt(2)), for normal scores one deviation apart
    covered = 0
    for _ in range(200):
        scores = rng.normal(size=100) + y
        low, high = bootstrap_interval(pairs, y, scores, level=0.8, repeats=120, random_state=0)
        covered += low <= truth <= high
    assert 0.70 <= covered / 200 <= 0.88


def test_wider_level_wider_interval():
    y, scores = next(cases())
    narrow = bootstrap_interval(auroc, y, scores, level=0.5, repeats=200, random_state=0)
    wide = bootstrap_interval(auroc, y, scores, level=0.99, repeats=200, random_state=0)
    assert wide[0] < narrow[0] < auroc(y, scores) < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("options", "fragment"), [({"level": 0}, "level"), ({"level": 1}, "level"), ({"repeats": 0}, "repeats")]
)
def test_bootstrap_options(options, fragment, refuses):
    with refuses(fragment):
        bootstrap_interval(auroc, [0, 1], [1, 2], **options)
