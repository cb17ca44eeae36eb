"""A saved detector is the same detector; a broken, edited or foreign file is one sentence and runs nothing."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from torch import nn

import course_lib
from course_lib.core import Detector, load
from course_lib.core.thresholds import MAD, Contamination, Percentile, Sigma
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

X = np.random.default_rng(0).normal(size=(60, 4))
DEEP = {"epochs": 2, "device": "cpu", "verbose": False}
DETECTORS = [
    PCA(),
    PCA(n_components=np.int64(2), threshold=Percentile(np.int64(90))),
    KNN(method="median", threshold=MAD(np.float32(2))),
    Autoencoder((5, 3), 2, random_state=0, threshold=Contamination(0.2), **DEEP),
    Autoencoder([4], 2, patience=1, validation_share=0.3, scaling="robust", checkpoint=Path("unused") / "x", **DEEP),
]


def plain(value):
    """The parameter as text, whether Python or NumPy made the number."""
    value = str(value) if isinstance(value, Path) else value
    return re.sub(r"np\.\w+\((.*?)\)", r"\1", repr(value))


@pytest.fixture
def saved(tmp_path):
    KNN(n_neighbors=3).fit(X).save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
def test_everything_comes_back(detector, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    detector.fit(X).set_threshold(X[:30], rule=Sigma(1.5))
    detector.save("deep/down/model")
    for copy in (load("deep/down/model"), type(detector).load("deep/down/model"), Detector.load("deep/down/model")):
        assert type(copy) is type(detector)
        np.testing.assert_array_equal(copy.decision_function(X), detector.decision_function(X))
        assert copy.threshold_ == detector.threshold_
        for name in ("labels_", "decision_scores_"):
            np.testing.assert_array_equal(getattr(copy, name), getattr(detector, name))
            assert getattr(copy, name).dtype == getattr(detector, name).dtype
        assert {k for k in vars(copy) if k.endswith("_")} == {k for k in vars(detector) if k.endswith("_")}
        for name, value in detector.get_params().items():
            mine = copy.get_params()[name]
            assert type(mine) is type(value) or isinstance(value, (np.generic, Path))
            assert plain(mine) == plain(value)
        copy.fit(X)  # a loaded detector is a whole one


def test_a_tuple_stays_a_tuple_and_a_list_a_list(tmp_path):
    for sizes in ((5, 3), [5, 3], ()):
        Autoencoder(sizes, 2, **DEEP).fit(X).save(tmp_path / "m")
        assert load(tmp_path / "m").hidden_sizes == sizes


def test_history_and_column_names_come_back(tmp_path):
    table = pd.DataFrame(X, columns=list("abcd"))
    fitted = Autoencoder((4,), 2, **DEEP).fit(table)
    fitted.save(tmp_path / "m")
    assert load(tmp_path / "m").history_ == fitted.history_
    assert list(load(tmp_path / "m").feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="same order"):
        load(tmp_path / "m").predict(table[["b", "a", "c", "d"]])


def test_saving_over_a_file_replaces_it(saved):
    PCA().fit(X).save(saved)
    assert isinstance(load(saved), PCA)
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


class Mine(PCA):
    """A learner's own detector, outside the course."""


def test_a_learners_own_class(tmp_path, refuses):
    mine = Mine().fit(X)
    mine.save(tmp_path / "m")
    assert type(Mine.load(tmp_path / "m")) is Mine
    np.testing.assert_array_equal(Mine.load(tmp_path / "m").decision_function(X), mine.decision_function(X))
    with refuses("call load on your own class"):
        load(tmp_path / "m")
    with refuses("The file holds"):
        Grown.load(tmp_path / "m")


def test_a_class_that_moved_from_a_notebook_to_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(Mine, "__module__", "__main__")
    Mine().fit(X).save(tmp_path / "m")
    monkeypatch.setattr(Mine, "__module__", "models")
    assert type(Mine.load(tmp_path / "m")) is Mine


class Grown(Autoencoder):
    """A network with buffers and odd shapes, whose build changes between saving and loading."""

    width = 6

    def build(self, n_features):
        w = self.width
        return nn.Sequential(nn.Linear(n_features, w), nn.BatchNorm1d(w), nn.Dropout(0.3), nn.Linear(w, n_features))


def test_a_network_that_is_built_otherwise_by_now(tmp_path, refuses, monkeypatch):
    grown = Grown(**DEEP).fit(X)
    grown.save(tmp_path / "m")
    np.testing.assert_array_equal(Grown.load(tmp_path / "m").decision_function(X), grown.decision_function(X))
    monkeypatch.setattr(Grown, "width", 7)
    with refuses("The saved weights do not fit the network (0.weight was (6, 4) and is (7, 4) now)"):
        Grown.load(tmp_path / "m")


def test_parameters_that_only_a_pickle_could_hold(tmp_path, refuses):
    detector = KNN().fit(X)
    detector.device = nn.Linear(1, 1)
    with refuses("cannot be saved without pickle", TypeError):
        detector.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_no_pickle_is_written_or_imported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = "".join(path.read_text() for path in Path(course_lib.__file__).parent.rglob("*.py"))
    for call in (
        "import pickle",
        "pickle.load",
        "joblib",
        "torch.load",
        "torch.save",
        "allow_pickle=True",
        "eval(",
        "exec(",
    ):
        assert call not in source.replace("net.eval()", "").replace(".eval()", ""), call
    for detector in DETECTORS:
        detector.fit(X).save(tmp_path / "m")
        raw = (tmp_path / "m").read_bytes()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        assert all(
            set(entry) == {"dtype", "shape", "data_offsets"} for k, entry in header.items() if k != "__metadata__"
        )
