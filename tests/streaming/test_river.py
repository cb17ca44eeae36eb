"""River's pipelines, evaluation and metrics take the course's detectors as their own."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.streaming import HalfSpaceTrees, OnlineKMeans, OnlineMahalanobis, OnlineZScore, RandomCutForest

river = pytest.importorskip("river", reason="river is in the extra 'dev'")

NAMES = ["a", "b"]


def events(n=600):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 2)) * [1, 100] + [0, 1000], np.zeros(n, dtype=int)
    y[rng.choice(np.arange(200, n), 20, replace=False)] = 1
    X[y == 1] += [6, -600]
    return [(dict(zip(NAMES, row, strict=True)), int(label)) for row, label in zip(X.tolist(), y, strict=True)]


@pytest.mark.parametrize(
    "pattern",
    [OnlineZScore(), OnlineMahalanobis(), OnlineKMeans(random_state=0), RandomCutForest(4, 64, random_state=0)],
    ids=lambda one: type(one).__name__,
)
def test_in_a_pipeline_with_rivers_scaler(pattern):
    from river import base, preprocessing

    model = preprocessing.StandardScaler() | pattern.clone()
    assert isinstance(model, base.AnomalyDetector)
    scaler, alone = preprocessing.StandardScaler(), pattern.clone()
    scores, labels = [], []
    for x, y in events():
        scores.append(model.score_one(x))
        model.learn_one(x)
        assert scores[-1] == alone.score_one(scaler.transform_one(x))
        scaler.learn_one(x)
        alone.learn_one(scaler.transform_one(x))
        labels.append(y)
    assert auroc(labels, scores) > 0.95
    assert model.clone()[type(pattern).__name__].n_seen_ == 0
    assert type(pattern).__name__ in repr(model)


def test_in_rivers_evaluation():
    from river import evaluate, metrics

    found = {}
    for name, metric in {"auc": metrics.ROCAUC(), "rolling": metrics.RollingROCAUC(window_size=1000)}.items():
        model = HalfSpaceTrees(window_size=100, limits={"a": (-8, 8), "b": (200, 1800)}, random_state=0)
        result = evaluate.progressive_val_score(iter(events()), model, metric)
        assert model.n_seen_ == 600
        found[name] = result.get()
    model, y = HalfSpaceTrees(window_size=100, limits={"a": (-8, 8), "b": (200, 1800)}, random_state=0), []
    scores = model.score_learn_many([x for x, _ in events()])
    y = [label for _, label in events()]
    # Exact, over all scores; river's rolling one is exact within its window, its other one sorts scores into ten bins.
    assert found["rolling"] == pytest.approx(auroc(y, scores), abs=1e-9)
    assert abs(found["auc"] - auroc(y, scores)) > 1e-6


def test_rivers_filter_takes_a_detector():
    from river import anomaly

    guarded = anomaly.QuantileFilter(OnlineZScore(), q=0.99)
    for x, _ in events(400):
        guarded.learn_one(x)
    assert not guarded.classify(guarded.score_one({"a": 0.0, "b": 1000.0}))
    assert guarded.classify(guarded.score_one({"a": 30.0, "b": 1000.0}))
