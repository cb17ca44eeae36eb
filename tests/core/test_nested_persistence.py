"""Detectors made of others are saved whole, in one file; what the course does not know is refused, not run."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from course_lib.core import load
from course_lib.core.persistence import read_arrays, write_arrays
from course_lib.core.thresholds import Percentile
from course_lib.deep import VAE, Autoencoder
from course_lib.hybrid import (
    Cascade,
    Combination,
    DeepFeatures,
    GroupBaseline,
    Residual,
    SeasonalBaseline,
    StackedCombination,
    Standardise,
)
from course_lib.ml import KNN, PCA
from course_lib.statistics import Mahalanobis, ZScore

X = np.random.default_rng(0).normal(size=(80, 4))
FEW = np.where(np.arange(80) < 20, np.arange(80) % 2, -1)
QUICK = {"device": "cpu", "verbose": False, "random_state": 0}
DEEP = DeepFeatures(Autoencoder((8,), 2, epochs=2, **QUICK), KNN(), with_error=True)
DETECTORS = [
    Residual(Standardise(), PCA()),
    Residual(GroupBaseline((0,), min_rows=1), Mahalanobis(robust=True, random_state=0)),
    Residual(SeasonalBaseline(7), ZScore()),
    DEEP,
    Combination([("deep", DEEP), ("z", ZScore(threshold=Percentile(90)))], "rank", "weighted"),
    Combination([("b", PCA()), ("a.c/d e", KNN()), ("a", KNN(2))], rule="average_of_maximum", random_state=0),
    Combination(random_state=0),
    Combination([("inner", Combination([("zz", KNN()), ("aa", PCA())], "robust_z", "weighted")), ("z", ZScore())]),
    StackedCombination([("vae", VAE((8,), 2, epochs=1, **QUICK)), ("knn", KNN())]),
    Cascade(ZScore(), DEEP, share=0.3),
]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
def test_everything_comes_back(detector, tmp_path):
    table = pd.DataFrame(X, columns=list("abcd"))
    detector.fit(table, FEW)
    detector.save(tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    copy = load(tmp_path / "m")
    assert type(copy) is type(detector)
    assert repr(copy) == repr(detector)
    # LAPACK's arrays come back in another memory order, which moves the last digit of a matrix product.
    np.testing.assert_allclose(copy.decision_function(table), detector.decision_function(table), rtol=1e-11)
    np.testing.assert_array_equal(copy.decision_scores_, detector.decision_scores_)
    assert copy.threshold_ == detector.threshold_
    assert {k for k in vars(copy) if k.endswith("_")} == {k for k in vars(detector) if k.endswith("_")}
    with pytest.raises(ValueError, match="same order"):
        copy.predict(table[["b", "a", "c", "d"]])
    copy.fit(X, FEW)  # a loaded detector is a whole one


def test_parts_keep_their_names_and_their_fitted_thresholds(tmp_path):
    fitted = DETECTORS[4].fit(X)
    fitted.save(tmp_path / "m")
    arrays, _ = read_arrays(tmp_path / "m")
    assert "detectors_.deep.encoder_.net_.encoder.0.weight" in arrays
    copy = load(tmp_path / "m")
    assert copy.detectors_["z"].threshold_ == fitted.detectors_["z"].threshold_
    np.testing.assert_array_equal(copy.detectors_["deep"].labels_, fitted.detectors_["deep"].labels_)
    # The parameters are templates, as they were given.
    assert not hasattr(dict(copy.detectors)["deep"], "encoder_")


class Own(ZScore):
    """A learner's own detector."""


def test_a_part_from_outside_the_course_is_refused_before_anything_is_written(tmp_path, refuses):
    with refuses("detectors_.own is a Own, which is not part of the course", TypeError):
        Combination([("own", Own()), ("z", ZScore())]).fit(X).save(tmp_path / "m")
    fitted = Residual(Standardise(), ZScore()).fit(X)
    fitted.baseline_ = StandardScaler().fit(X)
    with refuses("baseline_ is a StandardScaler, which is not part of the course", TypeError):
        fitted.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_names_that_would_put_two_arrays_in_one_place_are_refused(tmp_path, refuses):
    inner = Combination([("b", PCA()), ("c", ZScore())])
    fitted = Combination([("a", inner), ("a.detectors_.b", PCA(1))]).fit(X)
    with refuses("rename one of the detectors"):
        fitted.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("os:system", "not part of the course"),
        ("sklearn.preprocessing:StandardScaler", "not part of the course"),
        ("course_lib.core.encoding:build", "not a detector"),
        ("course_lib.statistics.mahalanobis:MinCovDet", "not a detector"),
        ("course_lib.statistics.missing:Nothing", "does not have"),
    ],
)
def test_a_file_that_names_another_class_runs_nothing(kind, message, tmp_path, refuses):
    Residual(Standardise(), ZScore()).fit(X).save(tmp_path / "m")
    arrays, info = read_arrays(tmp_path / "m")
    text = json.dumps(info).replace("course_lib.statistics.z_score:ZScore", kind)
    write_arrays(tmp_path / "m", arrays, json.loads(text))
    with refuses(message):
        load(tmp_path / "m")
