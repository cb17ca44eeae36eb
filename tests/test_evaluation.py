"""The comparison table that lessons show."""

import numpy as np
import pandas as pd

from course_lib.core.metrics import auroc, average_precision
from course_lib.data import OneClassData
from course_lib.evaluation import compare
from course_lib.ml import KNN, PCA


def make_data():
    rng = np.random.default_rng(0)
    normal, odd = rng.normal(size=(300, 4)), rng.normal(1.5, 1, size=(60, 4))
    return OneClassData(
        X_train=normal[:200].astype("float32"),
        X_test=np.vstack([normal[200:], odd]).astype("float32"),
        y_test=np.repeat([0, 1], [100, 60]),
        feature_names=("a", "b", "c", "d"),
        source="made up",
    )


def test_each_row_holds_the_figures_of_its_detector():
    data = make_data()
    table = compare({"far": KNN(), "flat": PCA()}, data)
    assert list(table.index) == ["far", "flat"]
    scores = KNN().fit(data.X_train).decision_function(data.X_test)
    assert table.loc["far", "AUROC"] == auroc(data.y_test, scores)
    assert table.loc["far", "average precision"] == average_precision(data.y_test, scores)
    assert (table["from"] < table["AUROC"]).all()
    assert (table["AUROC"] < table["to"]).all()
    assert (table["seconds"] > 0).all()


def test_a_fitted_detector_is_not_fitted_again():
    data = make_data()
    fitted = PCA().fit(data.X_train[:50])
    mean = fitted.mean_.copy()
    compare({"fitted": fitted}, data)
    np.testing.assert_array_equal(fitted.mean_, mean)


def test_the_table_is_repeatable():
    data = make_data()
    first, second = (compare({"flat": PCA()}, data, repeats=50, random_state=1) for _ in range(2))
    pd.testing.assert_frame_equal(first.drop(columns="seconds"), second.drop(columns="seconds"))
