"""What explainers take as a score and as rows, and the one sentence with which they refuse the rest."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import IsolationForest as SklearnForest
from sklearn.exceptions import NotFittedError

from course_lib.deep import VAE, Autoencoder, GANomaly, LSTMAutoencoder
from course_lib.explain import LIME, ExactShapley, KernelSHAP, LIMEImage, PermutationShapley
from course_lib.explain.array_score import ArrayScore
from course_lib.explain.net_score import NetScore
from course_lib.explain.scoring import score_function
from course_lib.ml import KNN, PCA, WindowKNN
from course_lib.statistics import MovingAverage

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) * [1, 10, 100, 1000] + [0, 0, 0, 1e5]
TINY = {"hidden_sizes": (8,), "latent_size": 2, "epochs": 2, "device": "cpu", "random_state": 0, "verbose": False}
EXPLAINERS = [ExactShapley, KernelSHAP, PermutationShapley, LIME]


def total(rows):
    return rows.sum(axis=1)


@pytest.mark.parametrize(
    "detector", [Autoencoder(**TINY), VAE(**TINY), GANomaly(**TINY)], ids=lambda one: type(one).__name__
)
def test_networks_get_tensors_and_give_their_own_scores(detector, monkeypatch):
    detector.fit(X)
    expected = detector.decision_function(X)
    score = score_function(detector)
    assert isinstance(score, NetScore)
    assert score.rows(X).dtype == torch.float32
    monkeypatch.setattr(type(detector), "decision_function", None)  # it must not be needed
    np.testing.assert_allclose(score(X), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    assert score(X).dtype == np.float64


def test_swapping_features_after_scaling_is_swapping_them_before():
    detector = Autoencoder(**TINY).fit(X)
    with_tensors = KernelSHAP(detector, X[:10]).explain(X[-3:])
    with_arrays = KernelSHAP(detector.decision_function, X[:10]).explain(X[-3:])
    np.testing.assert_allclose(
        with_tensors.values, with_arrays.values, rtol=0, atol=1e-5 * np.abs(with_arrays.values).max()
    )


def test_other_scores_get_float64_arrays():
    for score in (PCA(2).fit(X), KNN().fit(X), total, SklearnForest(random_state=0).fit(X)):
        found = score_function(score)
        assert type(found) is ArrayScore
        function = score if callable(score) else score.decision_function
        np.testing.assert_array_equal(found(X), function(X))
    seen = []
    KernelSHAP(lambda rows: seen.append(rows.dtype) or total(rows), X[:5].astype(np.float32)).explain(X[:2].tolist())
    assert set(seen) == {np.dtype(np.float64)}


@pytest.mark.parametrize("make", EXPLAINERS)
def test_a_table_gives_its_names(make, refuses):
    frame = pd.DataFrame(X, columns=list("abcd"))
    detector = PCA(2).fit(frame)
    explanation = make(detector, frame[:20]).explain(frame[20:22])
    assert explanation.feature_names == ("a", "b", "c", "d")
    assert make(detector, X[:20]).explain(X[20:22]).feature_names == tuple("abcd")
    assert make(total, X[:20]).explain(frame[20:22]).feature_names == tuple("abcd")
    assert make(total, X[:20]).explain(X[20:22]).feature_names == ("x0", "x1", "x2", "x3")
    assert make(detector, frame[:20], feature_names=list("efgh")).explain(X[20:22]).feature_names == tuple("efgh")
    with refuses("bring them in one order"):
        make(detector, frame[:20]).explain(frame[list("abdc")])
    np.testing.assert_array_equal(explanation.data, X[20:22])
    np.testing.assert_allclose(explanation.scores, detector.decision_function(frame[20:22]))


@pytest.mark.parametrize("make", EXPLAINERS)
def test_a_score_may_write_into_its_rows_and_inputs_may_be_read_only(make):
    def careless(rows):
        rows *= 2
        return total(rows)

    background, rows = X[:20].copy(), X[20:23].copy()
    background.flags.writeable = rows.flags.writeable = False
    options = {} if make is ExactShapley else {"random_state": 0}
    values = make(careless, background, **options).explain(rows).values
    np.testing.assert_allclose(values, make(lambda Z: 2 * total(Z), background, **options).explain(rows).values)
    assert np.array_equal(background, X[:20])
    assert np.array_equal(rows, X[20:23])


@pytest.mark.parametrize("make", EXPLAINERS)
def test_rows_that_cannot_be_explained_are_refused(make, refuses):
    explainer = make(total, X[:5])
    with refuses("X has 3 features, but 4 are expected"):
        explainer.explain(X[:, :3])
    with refuses("X contains NaN or inf (1 values, the first in row 1, column 2)"):
        explainer.explain(np.where(np.arange(8).reshape(2, 4) == 6, np.nan, 1.0))
    with refuses("X.reshape(1, -1)"):
        explainer.explain(X[0])
    with refuses("X is empty"):
        explainer.explain(X[:0])
    with refuses("encode text"):
        explainer.explain([["a", "b", "c", "d"]])


@pytest.mark.parametrize("make", EXPLAINERS)
def test_backgrounds_and_scores_that_do_not_fit_are_refused(make, refuses):
    with refuses("background is empty"):
        make(total, X[:0])
    with refuses("background contains NaN or inf"):
        make(total, np.where(X[0, 0] == X, np.inf, X))
    with refuses("background has 3 features, but 4 are expected"):
        make(PCA(2).fit(X), X[:, :3])
    with refuses("name 4 features, but there are 2"):
        make(total, X, feature_names=["a", "b"])
    with refuses("a fitted detector or a function", TypeError):
        make("score", X)
    with pytest.raises(NotFittedError):
        make(PCA(2), X)
    with refuses("one score for each row, shape ("):
        make(lambda rows: rows, X[:5]).explain(X[:5])
    with refuses("not finite", FloatingPointError):
        make(lambda rows: np.full(len(rows), np.inf), X[:5]).explain(X[:5])


@pytest.mark.parametrize(
    "detector",
    [
        MovingAverage(),
        WindowKNN(window=2, n_windows=40, n_neighbors=2, random_state=0),
        LSTMAutoencoder(4, 2, window=3, epochs=1, device="cpu", random_state=0, verbose=False),
    ],
    ids=lambda one: type(one).__name__,
)
def test_scores_that_look_at_neighbouring_rows_are_refused(detector, refuses):
    with refuses("flattened windows", TypeError):
        KernelSHAP(detector.fit(X), X)


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda: ExactShapley(total, np.zeros((3, 17))), "2**d coalitions, which 17 features"),
        (lambda: KernelSHAP(total, X, n_coalitions=7), "4 features need at least 8 coalitions"),
        (lambda: KernelSHAP(total, X, n_coalitions=8.5), "n_coalitions must be a whole number"),
        (lambda: KernelSHAP(total, X, random_state=-1), "random_state"),
        (lambda: PermutationShapley(total, X, 0), "n_permutations must be a whole number of at least 1"),
        (lambda: PermutationShapley(total, X, random_state="a"), "random_state"),
        (lambda: LIME(total, X, n_samples=1), "n_samples must be a whole number of at least 2"),
        (lambda: LIME(total, X, kernel_width=0), "kernel_width must be a positive number"),
        (lambda: LIME(total, X, n_features=0), "n_features"),
        (lambda: LIME(total, X, around="here"), "around must be 'row' or 'background'"),
        (lambda: LIMEImage(total, patch=0), "patch"),
        (lambda: LIMEImage(total, kernel_width=np.nan), "kernel_width"),
    ],
)
def test_parameters_out_of_range_are_refused(make, fragment, refuses):
    with refuses(fragment):
        make()


def test_importing_the_package_loads_neither_shap_nor_lime():
    import subprocess
    import sys

    program = (
        "import sys, course_lib.explain as explain; assert 'torch' not in sys.modules; "
        "[getattr(explain, name) for name in ('KernelSHAP', 'LIME', 'LIMEImage', 'PermutationShapley')]; "
        "assert not {'shap', 'lime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
