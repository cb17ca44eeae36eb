"""The simulated temperature that keeps lessons running where NAB cannot be had."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.data import DownloadError, load_nab
from course_lib.statistics import RollingMedian, ZScore


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("nothing")
def test_only_who_asks_for_a_substitute_gets_one(capsys):
    with pytest.raises(DownloadError):
        load_nab("nyc_taxi", offline=True)
    series = load_nab("nyc_taxi", offline=True, substitute=True)
    printed = capsys.readouterr().out
    assert printed.startswith("Using a simulated temperature instead of NAB's realKnownCause/nyc_taxi.")
    assert printed.count("\n") == 3
    assert series.is_substitute
    assert "Not NAB" in series.source
    with pytest.raises(ValueError, match="no NAB series called"):
        load_nab("no such thing", offline=True, substitute=True)


@pytest.mark.usefixtures("nothing")
def test_the_substitute_is_like_the_real_thing():
    series, again = (load_nab("nyc_taxi", offline=True, substitute=True) for _ in range(2))
    np.testing.assert_array_equal(series.values, again.values)
    assert series.irregular_steps == 0
    assert len(series.windows) == len(series.labels) == 4
    assert series.y.mean() == pytest.approx(0.1)
    assert not series.y[:3000].any()
    inside = [start <= moment <= end for (start, end), moment in zip(series.windows, series.labels, strict=True)]
    assert all(inside)
    # As on NAB's machine temperature: the level tells failures, the difference to the last hours does not.
    X = series.values[:, None]
    assert auroc(series.y, ZScore().fit(X).decision_scores_) > 0.85
    assert auroc(series.y, RollingMedian(24).fit(X).decision_scores_) < 0.65
