"""The page for the person on call: it says what is true, stands alone, and lets nothing in unescaped."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from course_lib.core.thresholds import FalsePositiveRate
from course_lib.data import simulate
from course_lib.deep import USAD, Autoencoder, LSTMAutoencoder
from course_lib.explain import Explanation, FeatureError, PermutationShapley, report
from course_lib.explain.incident_page.charts import line_chart, thinned
from course_lib.explain.incident_page.gathering import incident_rows
from course_lib.explain.incident_page.words import duration, moment, number, percent
from course_lib.ml import PCA, WindowKNN

NAMES = ["inlet", "outlet", "<script>alert(1)</script>", 'roof "west"']
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}
COMMON = {"n": 1152, "n_sensors": 4, "random_state": 2, "per_day": 144}
CLEAN = simulate.sensors(**COMMON, point=0, contextual=0, collective=0)
TIMES = CLEAN.timestamps[576:]
HISTORY = CLEAN.X[:576]
NOW = CLEAN.X[576:].copy()
NOW[200:206, 2] += 9  # the planted incident


@pytest.fixture(scope="module")
def detector():
    return PCA(1, threshold=FalsePositiveRate(0.005)).fit(HISTORY)


def page(detector, rows=202, X=NOW, **more):
    options = {"explainer": FeatureError(detector, NAMES), "background": HISTORY, "timestamps": TIMES, **more}
    return report(detector, X, rows, **options)


class Reader(HTMLParser):
    """Tags, attributes and text, with every tag closed that is open."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "rect", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.text.append(text)


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader, " ".join(" ".join(reader.text).split())


def test_the_page_tells_what_was_planted(detector):
    found = page(detector, title="North greenhouse", look_at={NAMES[2]: "Check the <shade>."})
    facts = found.facts
    assert facts.rows.tolist() == [200, 201, 202, 203, 204, 205]
    assert facts.suspects[0].name == NAMES[2]
    assert facts.suspects[0].share > 0.5
    assert facts.worst == 200 + detector.decision_function(NOW[200:206]).argmax()
    assert facts.steady == facts.trials
    assert facts.additive < 1e-6
    assert facts.changes.features() == [NAMES[2]]
    assert facts.flagged
    _, text = read(found.html)
    for words in (
        "North greenhouse",
        "Anomaly",
        "Since when?",
        f"Since {str(TIMES[200])[:16].replace('T', ' ')} , for 1 hour (6 rows)",
        "Why?",
        "How sure?",
        f"comes first; with a little noise on the readings it does so in {facts.trials} of {facts.trials}",
        "None of 576 ordinary rows scores as high: fewer than 0.52% of such rows do",
        "sum to the score exactly (feature error)",
        "What to look at",
        "Check the <shade>.",
        "What would make it normal?",
        "PCA, explained by feature error; 576 ordinary rows",
    ):
        assert words in text, words


def test_numbers_on_the_page_are_the_detectors(detector):
    found = page(detector)
    scores = detector.decision_function(NOW)
    worst = found.facts.worst
    assert number(scores[worst]) in found.text
    assert number(detector.threshold_) in found.text
    suspect = found.facts.suspects[0]
    assert np.allclose([suspect.low, suspect.high], np.quantile(HISTORY[:, 2], (0.01, 0.99)))
    assert sum(part.share for part in found.facts.suspects) + found.facts.other_share == pytest.approx(1)
    assert found.facts.as_high == 0
    assert np.array_equal(found.facts.ordinary, detector.decision_function(HISTORY))


def test_ordinary_rows_that_score_as_high_are_counted(detector):
    found = page(detector, background=NOW)  # the worst row is among them
    assert found.facts.as_high == 1
    assert "1 of 576 ordinary rows score as high: that happens in <1%" in read(found.html)[1]


def test_the_page_needs_no_network_and_runs_no_code(detector):
    found = page(detector, title="<img src=x onerror=alert(1)>", look_at={NAMES[3]: '"><script>alert(2)</script>'})
    reader, text = read(found.html)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name in ("href", "src") or name.startswith("on")]
    assert not re.search(r"https?:|url\(|@import", found.html)
    assert "<img src=x onerror=alert(1)>" in text
    assert "<script>alert(1)</script>" in text
    assert '<meta name="viewport"' in found.html


def test_saving_writes_the_whole_page_or_nothing(detector, tmp_path, monkeypatch):
    found = page(detector)
    path = found.save(tmp_path / "pages" / "incident.html")
    assert path.read_text(encoding="utf-8") == found.html
    monkeypatch.setattr("course_lib.explain.incident_page.page.Report.html", property(lambda self: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        found.save(path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in path.parent.iterdir()] == ["incident.html"]


def test_a_notebook_shows_the_page_without_its_frame(detector):
    found = page(detector)
    shown = found._repr_html_()
    assert found.body in shown
    assert "<html" not in shown
    styles = re.search(r"<style>(.*?)</style>", shown, re.DOTALL).group(1)
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]+\{", "", styles))
    assert all(part.strip().startswith(".incident") for rule in selectors for part in rule.split(","))
    assert repr(found) == found.text


def test_a_row_that_was_not_flagged_is_called_so(detector):
    calm = int(detector.decision_function(NOW).argmin())
    found = page(detector, calm)
    assert "nothing was flagged" in found.text
    assert "Not flagged" in found.html
    assert found.facts.changes is None
    assert "What would make it normal?" not in found.html
    assert found.facts.steady < found.facts.trials, "noise decides who comes first in an ordinary row"


def test_a_shaky_explanation_is_called_shaky(detector):
    class Chance:
        def __init__(self):
            self.generator = np.random.default_rng(0)

        def explain(self, X):
            values = self.generator.random(np.shape(X))
            return Explanation(values, 0.0, values.sum(axis=1) * 2, np.asarray(X), NAMES, "chance")

    found = page(detector, explainer=Chance())
    assert found.facts.steady < 18
    assert "do not lean on the order of the suspects" in found.html
    assert "sum to the score up to 50% (chance)" in found.html


def test_what_cannot_be_mended_is_said(detector):
    found = page(detector, fixed=NAMES)
    assert "No allowed change of the readings brings the score to the threshold." in found.html


@pytest.mark.parametrize("model", [LSTMAutoencoder, USAD])
def test_a_series_detector_is_explained_in_its_context(model):
    options = {"hidden_size": 12, "latent_size": 4} if model is LSTMAutoencoder else {"hidden_sizes": (32,)}
    series = model(window=12, stride=2, epochs=8, **options, **PLAIN).fit(HISTORY)
    series.set_threshold(HISTORY, rule=FalsePositiveRate(0.01))
    found = page(series, slice(200, 206), explainer=FeatureError(series, NAMES))
    assert found.facts.suspects[0].name == NAMES[2]
    whole = FeatureError(series).explain(NOW)
    shares = whole.values[200:206].sum(axis=0) / whole.values[200:206].sum()
    assert found.facts.suspects[0].share == pytest.approx(shares[2])
    assert found.facts.changes is None
    assert ("the detector expected" in found.html) == (model is LSTMAutoencoder)
    read(found.html)


def test_any_detector_of_neighbours_gets_a_page_too():
    class Deviations:
        def explain(self, X):
            values = ((np.asarray(X) - HISTORY.mean(axis=0)) / HISTORY.std(axis=0)) ** 2
            return Explanation(values, 0.0, values.sum(axis=1), np.asarray(X), NAMES, "squared deviations")

    neighbours = WindowKNN(window=12, device="cpu", random_state=0).fit(HISTORY)
    found = page(neighbours, slice(200, 206), explainer=Deviations())
    assert found.facts.suspects[0].name == NAMES[2]
    assert found.facts.changes is None
    read(found.html)


def test_frames_functions_and_chance_explainers_do_too(detector):
    frame, history = (pd.DataFrame(part, columns=NAMES) for part in (NOW, HISTORY))
    network = Autoencoder((16,), 2, epochs=80, **PLAIN).fit(history)
    network.set_threshold(history, rule=FalsePositiveRate(0.005))
    found = report(network, frame, 202, explainer=FeatureError(network), background=history)
    assert found.facts.suspects[0].name == NAMES[2]
    assert "From row 200 to row 205" in found.text
    score = detector.decision_function
    shapley = PermutationShapley(score, HISTORY[:40], 4, random_state=0, feature_names=NAMES)
    found = report(score, NOW, [201, 200], explainer=shapley, background=HISTORY, threshold=detector.threshold_)
    assert found.facts.rows.tolist() == [200, 201]
    assert found.facts.detector == "a scoring function"
    read(found.html)


def test_the_incident_is_the_run_of_flagged_rows():
    scores = np.array([0.0, 2, 2, 0, 3, 0, 9])
    assert incident_rows(1, scores, 1).tolist() == [1, 2]
    assert incident_rows(-1, scores, 1).tolist() == [6]
    assert incident_rows(3, scores, 1).tolist() == [3]
    assert incident_rows(0, scores, -1).tolist() == list(range(7))
    assert incident_rows(slice(2, 5), scores, 1).tolist() == [2, 3, 4]
    for rows in (7, [], [1.5], [-1], [[1]], "a", True):
        with pytest.raises(ValueError, match="rows must"):
            incident_rows(rows, scores, 1)


def test_what_does_not_fit_is_refused_in_a_sentence(detector):
    with pytest.raises(ValueError, match="look_at names 'door'"):
        page(detector, look_at={"door": "shut it"})
    with pytest.raises(ValueError, match="timestamps need shape"):
        page(detector, timestamps=TIMES[:5])
    with pytest.raises(ValueError, match="X and background need shape"):
        page(detector, background=HISTORY[:, :2])
    with pytest.raises(ValueError, match="There is no threshold"):
        report(
            detector.decision_function, NOW, 1, explainer=FeatureError(detector), background=HISTORY, timestamps=TIMES
        )


def test_charts_keep_peaks_and_are_words_for_those_who_cannot_see_them():
    values = np.zeros(5000)
    values[1234] = 7
    points = thinned(values)
    assert len(points) <= 600
    assert (1234, 7.0) in points
    chart = line_chart(np.array([1.0, 5.0, 2.0]), (1, 2), 'a "label"', threshold=3.0, band=(0.0, 2.5))
    assert 'aria-label="a &quot;label&quot;"' in chart
    read(chart)
    read(line_chart(np.array([4.0]), (0, 1), "one constant point"))


def test_words_are_plain():
    assert [number(value) for value in (0, 12.34567, -3, 123456.7, 0.00001234)] == [
        "0",
        "12.35",
        "\N{MINUS SIGN}3",
        "123,457",
        "1.234e\N{MINUS SIGN}05",
    ]
    assert [percent(share) for share in (0, 0.004, 0.126, 1)] == ["0%", "<1%", "13%", "100%"]
    times = np.datetime64("2024-01-01T10:00:00") + np.arange(5) * np.timedelta64(90, "s")
    assert moment(times, 1) == "2024-01-01 10:01:30"
    assert moment(times[::2], 1) == "2024-01-01 10:03"
    assert moment(np.arange(5), 3) == "row 3"
    assert duration(times, 0, 1) == "3 minutes (2 rows)"
    assert duration(times, 2, 2) == "1.5 minutes (1 row)"
    assert duration(np.arange(5), 1, 3) == "3 rows"
