"""Whatever is wrong with the data, one sentence says so; whatever is right, in any container, is taken."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.exceptions import NotFittedError

from course_lib.core import as_sklearn
from course_lib.core.detector import Detector
from course_lib.core.thresholds import Percentile
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

X = np.random.default_rng(0).normal(size=(40, 3))


def detectors():
    return [PCA(), KNN(), Autoencoder((4,), 2, epochs=1, device="cpu", random_state=0)]


@pytest.fixture(params=range(3), ids=["PCA", "KNN", "Autoencoder"], scope="module")
def detector(request):
    return detectors()[request.param].fit(X)


BAD_ROWS = {
    "NaN": ([[1, 2, np.nan]], "X contains NaN (first in row 0, column 2; 1 of 3 values", ValueError),
    "None": ([[1, None, 2]], "X contains NaN", ValueError),
    "missing": (pd.DataFrame({0: pd.array([1, None], "Int64"), 1: 1.0, 2: 1.0}), "X contains NaN", ValueError),
    "inf": ([[1, -np.inf, 2]], "X contains inf (first in row 0, column 1", ValueError),
    "cube": (np.ones((2, 3, 1)), "X has shape (2, 3, 1): flatten each row first", ValueError),
    "width": (np.ones((2, 4)), "X has 4 features", ValueError),
    "zero rows": (np.ones((0, 3)), "0 sample(s)", ValueError),
    "zero features": (np.ones((2, 0)), "0 feature(s)", ValueError),
    "text": ([["a", "b", "c"]], "needs numbers, but X holds text", ValueError),
    "text column": (pd.DataFrame({0: ["x"], 1: [1], 2: [2]}), "needs numbers, but X holds text", ValueError),
    "bytes": (np.array([[b"a", b"b", b"c"]]), "needs numbers, but X holds text", ValueError),
    "objects": (np.array([[1, 2, {}]], dtype=object), "needs numbers, but X holds other objects", TypeError),
    "mapping": ({"a": 1}, "needs numbers, but X holds other objects", TypeError),
    "uneven": ([[1, 2, 3], [1, 2]], "differ in length", ValueError),
    "complex": (np.ones((2, 3), complex), "Complex data not supported", ValueError),
    "complex tensor": (torch.ones(2, 3, dtype=torch.complex64), "Complex data not supported", ValueError),
}


@pytest.mark.parametrize(("bad", "fragment", "kind"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows(detector, bad, fragment, kind, refuses):
    for method in (detector.decision_function, detector.predict):
        with refuses(fragment, kind):
            method(bad)


@pytest.mark.parametrize("bad", [[1.0, 2.0, 3.0], 3.0, None], ids=["list", "number", "None"])
def test_wrong_rank_says_how_to_reshape(detector, bad, refuses):
    with refuses("X.reshape(1, -1) for one row", sentences=2):
        detector.predict(bad)


def test_sparse(detector, refuses):
    with refuses("Sparse data", TypeError, sentences=2):
        detector.predict(sparse.csr_matrix(np.ones((2, 3))))
    with refuses("to_dense()", TypeError):
        detector.predict(torch.ones(2, 3).to_sparse())


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("fresh", detectors(), ids=lambda d: type(d).__name__)
def test_too_few_rows_to_learn_from(fresh, rows, refuses):
    with refuses(f"{rows} sample(s) (shape=({rows}, 3)) while a minimum of 2 is required"):
        fresh.fit(X[:rows])


def test_other_columns(refuses):
    table = pd.DataFrame(X, columns=list("abc"))
    fitted = PCA().fit(table)
    assert list(fitted.feature_names_in_) == list("abc")
    with refuses("fit time: z Feature names seen at fit time, yet now missing: a"):
        fitted.predict(table.rename(columns={"a": "z"}))
    with refuses("now missing: c"):
        fitted.predict(table[["a", "b"]])
    with refuses("in the same order"):
        fitted.predict(table[["b", "a", "c"]])


@pytest.mark.parametrize("fresh", detectors(), ids=lambda d: type(d).__name__)
def test_unfitted(fresh, refuses, tmp_path):
    calls = [fresh.predict, fresh.decision_function, fresh.set_threshold, as_sklearn(fresh).predict]
    calls += [getattr(fresh, name) for name in ("reconstruct", "encode", "neighbor_distances") if hasattr(fresh, name)]
    for call in calls:
        with refuses("is not fitted yet", NotFittedError, sentences=2):
            call(X)
    with refuses("is not fitted yet", NotFittedError, sentences=2):
        fresh.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "fresh",
    [KNN(n_neighbors=0), PCA(n_components=7), Autoencoder(epochs=0), as_sklearn(KNN(n_neighbors=0)), PCA(threshold=3)],
)
def test_a_failed_fit_does_not_count_as_fitted(fresh, refuses):
    with pytest.raises((ValueError, TypeError)):
        fresh.fit(X)
    with refuses("is not fitted yet", NotFittedError, sentences=2):
        fresh.predict(X)


@pytest.mark.parametrize(
    "same",
    [
        X.tolist(),
        pd.DataFrame(X).to_numpy(dtype=object),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=1)[:, ::2],
        X[::-1][::-1],
        torch.tensor(X),
        torch.tensor(X, requires_grad=True),
        torch.tensor(X).T.contiguous().T,
    ],
    ids=["lists", "objects", "fortran", "strided", "reversed", "tensor", "with gradient", "transposed"],
)
def test_every_container_gives_the_same_scores(detector, same):
    np.testing.assert_allclose(detector.decision_function(same), detector.decision_function(X), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.int8, np.uint8, bool, ">f8", np.longdouble])
def test_every_kind_of_number(detector, kind):
    rows = (X > 0).astype(kind)
    np.testing.assert_allclose(
        detector.decision_function(rows), detector.decision_function((X > 0).astype(float)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.int64, torch.bool])
def test_every_kind_of_tensor(detector, kind):
    rows = torch.tensor(X > 0).to(kind)
    np.testing.assert_allclose(
        detector.decision_function(rows), detector.decision_function((X > 0).astype(float)), rtol=1e-4, atol=1e-6
    )


def test_input_is_left_as_it_is(detector):
    rows = X.copy()
    rows.flags.writeable = False
    type(detector)(**detector.get_params()).fit(rows)
    detector.predict(rows)
    assert (rows == X).all()


def test_large_numbers_that_sum_to_infinity_are_not_called_infinite(refuses):
    with np.errstate(all="ignore"), refuses("scale the features", FloatingPointError):
        KNN(n_neighbors=1).fit(np.eye(4) * 1e308)


class Flat(Detector):
    """Scores in float32 that lie next to each other, to see which precision the labels are made in."""

    def __init__(self, threshold=None):
        self.threshold = threshold

    def _fit(self, X):
        return None

    def _score(self, X):
        return X[:, 0].astype(np.float32)


def test_labels_follow_the_threshold_and_not_its_float32_neighbour():
    low = np.float32(1)
    rows = np.array([[low], [np.nextafter(low, np.float32(2))]], dtype=np.float64)
    flat = Flat().fit(rows)
    for threshold, wanted in [(1.0, [0, 1]), (rows.mean(), [0, 1]), (np.nextafter(1.0, 0), [1, 1])]:
        flat.threshold_ = float(threshold)
        assert flat.predict(rows).tolist() == wanted


def test_a_threshold_placed_anew_stands_on_the_given_rows_and_the_training_labels_follow():
    rows = np.arange(10.0)[:, None]
    flat = Flat().fit(rows)
    assert flat.labels_.sum() == 1
    flat.set_threshold(rows[:5], rule=Percentile(50))
    assert flat.threshold_ == 2
    assert flat.labels_.tolist() == flat.predict(rows).tolist() == [0] * 3 + [1] * 7
    np.testing.assert_array_equal(flat.decision_scores_, rows[:, 0])
