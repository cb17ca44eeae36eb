"""Shapley values: the axioms, closed forms and the definition by orders."""

from itertools import permutations

import numpy as np
import pytest
import torch

from course_lib.deep import Autoencoder
from course_lib.explain import ExactShapley, KernelSHAP, PermutationShapley
from course_lib.explain.array_score import ArrayScore
from course_lib.explain.autoencoder_score import AutoencoderScore
from course_lib.explain.net_score import NetScore
from course_lib.explain.scoring import score_function
from course_lib.ml import PCA, IsolationForest

RNG = np.random.default_rng(0)
MIX = RNG.normal(size=(8, 8))
NORMAL = RNG.normal(size=(300, 8)) @ MIX
BACKGROUND = NORMAL[:20]
ROWS = RNG.normal(size=(4, 8)) * [3, 1, 1, 1, 1, 1, 1, 3]


def detectors():
    net = Autoencoder((16,), 3, epochs=4, device="cpu", random_state=0, verbose=False)
    return {
        "float32 network": net.fit(NORMAL),
        "PCA": PCA(3).fit(NORMAL),
        "forest": IsolationForest(20, random_state=0).fit(NORMAL),
    }


DETECTORS = detectors()
ALL_COALITIONS = {
    "exact": lambda score, background: ExactShapley(score, background),
    "kernel": lambda score, background: KernelSHAP(score, background),
}
EXPLAINERS = ALL_COALITIONS | {
    "kernel, some coalitions": lambda score, background: KernelSHAP(score, background, 40, random_state=1),
    "permutations": lambda score, background: PermutationShapley(score, background, 3, random_state=1),
}
every_explainer = pytest.mark.parametrize("make", EXPLAINERS.values(), ids=EXPLAINERS)
every_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def by_all_orders(score, background, row):
    """The definition: the mean of what a feature adds, over all orders of joining."""
    d = len(row)
    values, orders = np.zeros(d), list(permutations(range(d)))
    for order in orders:
        mixed = background.copy()
        before = score(mixed).mean()
        for feature in order:
            mixed[:, feature] = row[feature]
            after = score(mixed).mean()
            values[feature] += (after - before) / len(orders)
            before = after
    return values


def crooked(X):
    """A score with interactions of every order."""
    return np.exp(0.3 * X.sum(axis=1)) + X[:, 0] * X[:, 1] * X[:, 2] + np.abs(X[:, -1] - X[:, 0])


@pytest.mark.parametrize("make", ALL_COALITIONS.values(), ids=ALL_COALITIONS)
def test_all_coalitions_give_the_mean_over_all_orders(make):
    background, rows = RNG.normal(size=(7, 4)), RNG.normal(size=(3, 4))
    values = make(crooked, background).explain(rows).values
    expected = [by_all_orders(crooked, background, row) for row in rows]
    np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-12)


@every_detector
def test_kernel_shap_with_all_coalitions_is_exact(detector):
    exact = ExactShapley(detector, BACKGROUND).explain(ROWS)
    kernel = KernelSHAP(detector, BACKGROUND).explain(ROWS)
    np.testing.assert_allclose(kernel.values, exact.values, rtol=0, atol=1e-6 * np.abs(exact.values).max())
    assert exact.extra["evaluations"] == kernel.extra["evaluations"] == (2**8 - 2) * len(ROWS) * len(BACKGROUND)


@every_explainer
@every_detector
def test_values_add_up_to_the_score(make, detector):
    explanation = make(detector, BACKGROUND).explain(ROWS)
    assert np.abs(explanation.gap()).max() <= 1e-8 * np.abs(explanation.scores).max()
    assert explanation.base_value == pytest.approx(detector.decision_function(BACKGROUND).mean(), rel=1e-6)


@every_explainer
def test_a_feature_equal_to_the_whole_background_gets_nothing(make):
    background, rows = BACKGROUND.copy(), ROWS.copy()
    background[:, [2, 5]] = 1.5
    rows[:, 5] = 1.5
    rows[0, 2] = 1.5
    explanation = make(crooked, background).explain(rows)
    assert (explanation.values[:, 5] == 0).all()
    assert explanation.values[0, 2] == 0
    assert (explanation.values[1:, 2] != 0).all()
    assert np.abs(explanation.gap()).max() < 1e-10 * np.abs(explanation.scores).max()


@every_explainer
def test_a_row_that_is_the_background_has_nothing_to_explain(make):
    explanation = make(crooked, ROWS[:1]).explain(ROWS[:1])
    assert (explanation.values == 0).all()
    assert explanation.gap() == 0


@every_explainer
def test_one_feature_takes_all(make):
    explanation = make(lambda X: X[:, 0] ** 2, np.array([[1.0], [3.0]])).explain([[4.0], [0.0]])
    np.testing.assert_allclose(explanation.values[:, 0], [11, -5])


@pytest.mark.parametrize("make", ALL_COALITIONS.values(), ids=ALL_COALITIONS)
def test_features_that_do_the_same_get_the_same(make):
    background, rows = BACKGROUND[:, :5].copy(), ROWS[:, :5].copy()
    background[:, 3], rows[:, 3] = background[:, 1], rows[:, 1]
    values = make(lambda X: np.exp(0.2 * (X[:, 1] + X[:, 3])) * (1 + X[:, 0] ** 2), background).explain(rows).values
    np.testing.assert_allclose(values[:, 1], values[:, 3], rtol=1e-9)
    assert np.abs(values[:, 1]).min() > 1e-3


@pytest.mark.parametrize("make", ALL_COALITIONS.values(), ids=ALL_COALITIONS)
def test_a_feature_that_the_score_ignores_gets_nothing(make):
    values = make(lambda X: np.abs(X[:, :5]).prod(axis=1), BACKGROUND).explain(ROWS).values
    assert np.abs(values[:, 5:]).max() < 1e-10 * np.abs(values).max()


@every_explainer
def test_values_are_linear_in_the_score(make):
    first, second = DETECTORS["PCA"].decision_function, crooked
    parts = [make(score, BACKGROUND).explain(ROWS).values for score in (first, second)]
    both = make(lambda X: 2 * first(X) - 3 * second(X), BACKGROUND).explain(ROWS).values
    np.testing.assert_allclose(both, 2 * parts[0] - 3 * parts[1], rtol=1e-9, atol=1e-9 * np.abs(both).max())


@every_explainer
def test_an_additive_score_is_explained_by_its_terms(make):
    weights = np.arange(1, 9)
    values = make(lambda X: (weights * X**2).sum(axis=1), BACKGROUND).explain(ROWS).values
    np.testing.assert_allclose(values, weights * (ROWS**2 - (BACKGROUND**2).mean(axis=0)), rtol=1e-9, atol=1e-9)


@every_explainer
def test_a_product_is_shared_in_equal_parts(make):
    values = make(lambda X: X[:, 0] * X[:, 1], np.zeros((1, 6))).explain([[2.0, 3.0, 1, 1, 1, 1]]).values
    np.testing.assert_allclose(values, [[3, 3, 0, 0, 0, 0]], atol=1e-12)


@pytest.mark.parametrize("make", ALL_COALITIONS.values(), ids=ALL_COALITIONS)
def test_a_product_of_all_is_shared_in_equal_parts(make):
    values = make(lambda X: X.prod(axis=1), np.zeros((1, 7))).explain([np.arange(1.0, 8)]).values
    np.testing.assert_allclose(values, 5040 / 7, rtol=1e-9)


def test_one_order_and_its_opposite_are_exact_for_pairs():
    mix = RNG.normal(size=(8, 8))

    def pairs(X):
        return ((X @ mix) ** 2).sum(axis=1)

    exact = ExactShapley(pairs, BACKGROUND).explain(ROWS).values
    for seed in range(3):
        values = PermutationShapley(pairs, BACKGROUND, 1, random_state=seed).explain(ROWS).values
        np.testing.assert_allclose(values, exact, rtol=1e-9, atol=1e-9)
    values = PermutationShapley(crooked, BACKGROUND, 1, random_state=0).explain(ROWS).values
    assert np.abs(values - ExactShapley(crooked, BACKGROUND).explain(ROWS).values).max() > 1e-3


def test_permutations_are_unbiased_and_know_their_error():
    exact = ExactShapley(crooked, BACKGROUND).explain(ROWS).values
    drawn = [PermutationShapley(crooked, BACKGROUND, 5, random_state=seed).explain(ROWS) for seed in range(200)]
    values = np.array([explanation.values for explanation in drawn])
    spread = values.std(axis=0, ddof=1)
    assert (np.abs(values.mean(axis=0) - exact) < 4.5 * spread / np.sqrt(200) + 1e-12).all()
    told = np.sqrt(np.mean([explanation.extra["standard_error"] ** 2 for explanation in drawn], axis=0))
    moved = spread > 1e-3
    assert moved.sum() >= 20
    np.testing.assert_allclose(told[moved], spread[moved], rtol=0.35)


@every_explainer
def test_same_seed_same_values_and_each_row_on_its_own(make):
    detector = DETECTORS["PCA"]
    together = make(detector, BACKGROUND).explain(ROWS).values
    assert np.array_equal(together, make(detector, BACKGROUND).explain(ROWS).values)
    alone = [make(detector, BACKGROUND).explain(row[None]).values[0] for row in ROWS]
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)


def test_rows_with_other_players_do_not_change_a_row():
    background = BACKGROUND.copy()
    background[:, 3] = 0
    rows = ROWS.copy()
    rows[1, 3] = 0
    together = KernelSHAP(crooked, background, 40, random_state=0).explain(rows).values
    alone = [KernelSHAP(crooked, background, 40, random_state=0).explain(row[None]).values[0] for row in rows]
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("detector", [*DETECTORS.values(), crooked], ids=[*DETECTORS, "function"])
def test_the_pieces_do_not_show(detector, monkeypatch):
    at_once = KernelSHAP(detector, BACKGROUND, 60, random_state=0).explain(ROWS).values
    for piece in (1, 30, 50, 250):  # less than the background, than two pairs; pairs; all rows for some coalitions
        for kind in (ArrayScore, NetScore):
            monkeypatch.setattr(kind, "rows_at_once", piece)
        explainer = KernelSHAP(detector, BACKGROUND, 60, random_state=0)
        rows = ROWS[:1] if piece == 1 else ROWS
        np.testing.assert_allclose(
            explainer.explain(rows).values, at_once[: len(rows)], rtol=0, atol=1e-5 * np.abs(at_once).max()
        )


def test_the_quick_score_of_an_autoencoder_is_its_score():
    net = DETECTORS["float32 network"]
    quick, plain = AutoencoderScore(net), NetScore(net)
    rows, background = plain.rows(ROWS), plain.rows(BACKGROUND)
    taken = torch.from_numpy(RNG.random((9, 8)) < 0.5)
    taken[0], taken[1] = False, True
    expected = plain.worth(taken, rows, background)
    np.testing.assert_allclose(quick.worth(taken, rows, background), expected, rtol=1e-5)
    np.testing.assert_allclose(expected[0], net.decision_function(BACKGROUND).mean(), rtol=1e-5)
    np.testing.assert_allclose(expected[1], net.decision_function(ROWS), rtol=1e-5)
    assert isinstance(score_function(net), AutoencoderScore)
    linear = Autoencoder((), 2, "identity", epochs=2, device="cpu", random_state=0, verbose=False).fit(NORMAL)
    np.testing.assert_allclose(
        AutoencoderScore(linear).worth(taken, rows, background),
        NetScore(linear).worth(taken, rows, background),
        rtol=1e-4,
    )


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_groups_on_several_cores_come_back_in_order_and_leave_torch_its_threads(two_threads):
    net = DETECTORS["float32 network"]
    quick, plain = AutoencoderScore(net), NetScore(net)
    rows, background = plain.rows(ROWS), plain.rows(BACKGROUND)
    groups = torch.from_numpy(RNG.random((40, 8)) < 0.5).split(3)
    found = list(quick.worths(groups, rows, background))
    for got, expected in zip(found, plain.worths(groups, rows, background), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5)
    assert torch.get_num_threads() == 2
    with pytest.raises(FloatingPointError, match="not finite"):
        list(quick.worths(groups, rows * torch.inf, background))
    assert torch.get_num_threads() == 2


def test_many_features_converge_to_the_closed_form():
    weights = RNG.normal(size=30)
    background, rows = RNG.normal(size=(5, 30)), RNG.normal(size=(3, 30))

    def score(X):
        return X @ weights + X[:, 0] * X[:, 1] * X[:, 2]

    values = KernelSHAP(score, background, 600, random_state=0).explain(rows).values
    linear = weights * (rows - background.mean(axis=0))
    np.testing.assert_allclose(values[:, 3:], linear[:, 3:], atol=0.1)
    more = KernelSHAP(score, background, 6000, random_state=0).explain(rows).values
    assert np.abs(more - linear)[:, 3:].max() < 0.6 * np.abs(values - linear)[:, 3:].max()
