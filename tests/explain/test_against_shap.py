"""The package shap, on the same background: the same values, and no smaller error for the same coalitions."""

import contextlib

import numpy as np
import pytest

from course_lib.deep import Autoencoder
from course_lib.explain import ExactShapley, KernelSHAP, PermutationShapley
from course_lib.ml import PCA, IsolationForest

shap = pytest.importorskip("shap", reason="shap is in the extra 'explain'")

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(300, 8)) @ RNG.normal(size=(8, 8))
BACKGROUND = NORMAL[:20]
ROWS = RNG.normal(size=(4, 8)) * [3, 1, 1, 1, 1, 1, 1, 3]
NET = Autoencoder((16,), 3, epochs=4, device="cpu", random_state=0, verbose=False).fit(NORMAL)
DETECTORS = {"network": NET, "PCA": PCA(3).fit(NORMAL), "forest": IsolationForest(20, random_state=0).fit(NORMAL)}
EVERY = 2**8 - 2


@contextlib.contextmanager
def global_seed(seed):
    """shap draws from NumPy's global generator: seed it, and leave it as it was."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_exact_values_are_those_of_shap(detector):
    explainer = shap.KernelExplainer(detector.decision_function, BACKGROUND)
    theirs = explainer.shap_values(ROWS, nsamples=EVERY, l1_reg=0, silent=True)
    tolerance = 2e-6 * np.abs(theirs).max()  # networks score in float32
    for ours in (ExactShapley(detector, BACKGROUND), KernelSHAP(detector, BACKGROUND)):
        explanation = ours.explain(ROWS)
        np.testing.assert_allclose(explanation.values, theirs, rtol=0, atol=tolerance)
        assert explanation.base_value == pytest.approx(explainer.expected_value, rel=1e-5)


@pytest.mark.parametrize("detector", [DETECTORS["network"], DETECTORS["forest"]], ids=["network", "forest"])
def test_fewer_coalitions_err_no_more_than_shap_with_as_many(detector):
    exact = ExactShapley(detector, BACKGROUND).explain(ROWS).values
    explainer = shap.KernelExplainer(detector.decision_function, BACKGROUND)
    with global_seed(0):
        theirs = [explainer.shap_values(ROWS, nsamples=80, l1_reg=0, silent=True) for _ in range(4)]
    ours = [KernelSHAP(detector, BACKGROUND, 80, random_state=seed).explain(ROWS).values for seed in range(4)]
    error, their_error = (np.sqrt(np.mean((np.array(values) - exact) ** 2)) for values in (ours, theirs))
    assert 0 < error < their_error < 0.05 * np.abs(exact).max()
    assert not np.array_equal(ours[0], ours[1])


def test_permutations_agree_with_shap():
    explainer = shap.KernelExplainer(DETECTORS["forest"].decision_function, BACKGROUND)
    theirs = explainer.shap_values(ROWS, nsamples=EVERY, l1_reg=0, silent=True)
    ours = PermutationShapley(DETECTORS["forest"], BACKGROUND, 40, random_state=0).explain(ROWS)
    assert (np.abs(ours.values - theirs) < 4.5 * ours.extra["standard_error"] + 1e-12).all()
