"""Cheap first, costly for the doubtful: who sees which rows, how scores join, what is saved."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.data import DownloadError, load_adbench
from course_lib.hybrid import Cascade, ScoreNormaliser
from course_lib.ml import KNN, PCA, IsolationForest
from course_lib.statistics import ZScore

DRAW = np.random.default_rng(0)
X, NEW = DRAW.normal(size=(400, 3)), DRAW.normal(scale=1.5, size=(300, 3))


class Counting(KNN):
    """Remembers how many rows it has scored."""

    def decision_function(self, X):
        self.seen = getattr(self, "seen", 0) + len(X)
        return super().decision_function(X)


def test_scores_join_as_the_definition_says():
    cascade = Cascade(ZScore(), KNN(3), share=0.2).fit(X)
    cheap, costly = ZScore().fit(X), KNN(3).fit(X)
    first = ScoreNormaliser("rank").fit(cheap.decision_scores_)
    doubtful = first.transform(cheap.decision_scores_) > 0.8
    assert doubtful.sum() == 80
    second = ScoreNormaliser("rank").fit(costly.decision_scores_[doubtful])
    for row, score in zip(NEW, cascade.decision_function(NEW), strict=True):
        rank = first.transform(cheap.decision_function(row[None]))[0]
        joined = 0.8 + 0.2 * second.transform(costly.decision_function(row[None]))[0] if rank > 0.8 else rank
        assert score == pytest.approx(joined, abs=1e-9)
    np.testing.assert_allclose(cascade.decision_scores_, cascade.decision_function(X), atol=1e-12)


def test_a_rank_on_the_border_is_not_doubtful():
    rows = np.array([[0.0], [1.1], [-2.3], [3.6], [-5.0]])
    cascade = Cascade(ZScore(), KNN(1), share=0.5).fit(rows)  # of five ranks the middle one is exactly a half
    assert (cascade.decision_scores_ == 0.5).sum() == 1
    assert (cascade.decision_scores_ > 0.5).sum() == 2
    np.testing.assert_allclose(cascade.decision_function(rows), cascade.decision_scores_)


def test_only_doubtful_rows_reach_the_costly_detector():
    cascade = Cascade(ZScore(), Counting(3), share=0.1).fit(X)
    cascade.costly_.seen = 0
    scores = cascade.decision_function(NEW)
    doubtful = int((scores > 0.9).sum())
    assert cascade.costly_.seen == doubtful
    assert 0 < doubtful < len(NEW)
    table = cascade.stages(NEW)
    assert list(table.columns) == ["stage", "rows", "seconds", "microseconds a row"]
    assert table["rows"].tolist() == [300, doubtful, 300]
    assert table["stage"].tolist() == ["cheap", "costly", "cascade"]
    np.testing.assert_allclose(table["seconds"][2], table["seconds"][:2].sum())
    np.testing.assert_allclose(table["microseconds a row"] * table["rows"], 1e6 * table["seconds"])


def test_when_no_row_is_doubtful_the_costly_detector_is_not_asked():
    cascade = Cascade(ZScore(), Counting(3), share=0.1).fit(X)
    cascade.costly_.seen = 0
    calm = np.zeros((5, 3)) + X.mean(axis=0)
    assert (cascade.decision_function(calm) < 0.9).all()
    assert cascade.stages(calm)["rows"].tolist() == [5, 0, 5]
    assert cascade.costly_.seen == 0


def test_cheap_scores_that_are_all_the_same():
    flat = Cascade(ZScore(), KNN(3), share=0.3).fit(np.ones((20, 2)))
    np.testing.assert_allclose(flat.decision_scores_, 0.5)
    assert flat.decision_function([[9.0, 9.0]])[0] > 0.7


def test_what_is_refused(refuses):
    for share in (0, 1, True, "half"):
        with refuses("share must lie between 0 and 1, both excluded"):
            Cascade(ZScore(), KNN(), share=share).fit(X)
    with refuses("as costly, but got the class KNN", TypeError):
        Cascade(ZScore(), KNN).fit(X)
    with refuses("as cheap, but got a NoneType", TypeError):
        Cascade(None, KNN()).fit(X)


def test_a_tenth_of_the_costly_work_keeps_most_of_its_quality_on_a_real_table():
    try:
        data = load_adbench("thyroid", 1)
    except DownloadError:
        pytest.skip("real data: ADBench is not here; COURSE_DATA_DIR says where the data are")
    cascade = Cascade(PCA(0.9, "mahalanobis"), IsolationForest(random_state=1), share=0.1).fit(data.X_train)
    quality = auroc(data.y_test, cascade.decision_function(data.X_test))
    cheap = auroc(data.y_test, cascade.cheap_.decision_function(data.X_test))
    assert quality > cheap + 0.005
    assert cascade.stages(data.X_test)["rows"][1] < 0.2 * len(data.X_test)
