"""Volume under the surface against a slow reference, and against the authors' own program."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc, average_precision, events, vus, vus_pr, vus_roc


def volume_by_loops(y, scores, max_window):
    """The published arithmetic, threshold by threshold and row by row."""
    n, runs, areas = len(y), events(y), []
    for window in range(max_window + 1):
        half, soft = window // 2, y.astype(float)
        for first, end in runs:
            for row in range(n):
                distance = first - row if row < first else row - (end - 1)
                if not first <= row < end and distance <= half:
                    soft[row] += np.sqrt(1 - distance / window)
        soft = np.minimum(soft, 1)
        regions = [{row for row in range(n) if first - half <= row < end + half} for first, end in runs]
        merged = []
        for region in regions:
            if merged and merged[-1] & region:
                merged[-1] = merged[-1] | region
            else:
                merged.append(region)
        recalls, rates, precisions = [0.0], [0.0], []
        for cut in np.unique(scores)[::-1]:
            flagged = scores >= cut
            hits = sum(soft[row] for row in range(n) if flagged[row])
            positives = sum(1.0 if y[row] else soft[row] / 2 * flagged[row] for row in range(n))
            found = sum(any(flagged[row] for row in region) for region in merged) / len(merged)
            recalls.append(min(hits / positives, 1) * found)
            rates.append((flagged.sum() - hits) / (n - positives))
            precisions.append(hits / flagged.sum())
        pr = sum((b - a) * p for a, b, p in zip(recalls, recalls[1:], precisions, strict=False))
        recalls, rates = [*recalls, 1.0], [*rates, 1.0]
        roc = sum((rates[i + 1] - rates[i]) * (recalls[i + 1] + recalls[i]) / 2 for i in range(len(rates) - 1))
        areas.append((roc, pr))
    return np.mean(areas, axis=0)


def cases():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = np.zeros(60, dtype=int)
        for start in rng.integers(0, 58, 3):  # some at the edges, some with buffers that meet
            y[start : start + rng.integers(1, 8)] = 1
        scores = rng.normal(size=60) + y
        yield y, np.round(scores, 1) if seed % 2 else scores


@pytest.mark.parametrize("max_window", [0, 1, 9, 24])
def test_volume_by_loops(max_window):
    for y, scores in cases():
        np.testing.assert_allclose(vus(y, scores, max_window), volume_by_loops(y, scores, max_window), rtol=1e-9)


# RangeAUC_volume_opt of TSB-AD 1.5, the benchmark of the metric's authors, on the same 200 rows (it takes a sample of
# 250 thresholds, which for 200 rows are all of them).
AUTHORS = {
    "smooth": {0: (0.6621744324970131, 0.49614859375089404), 10: (0.7468173581690287, 0.5794602353231398),
               25: (0.8132213896977748, 0.666946426012221)},
    "tied": {0: (0.6648745519713262, 0.4115362811791383), 10: (0.733585773946567, 0.47529422449987274),
             25: (0.7915288854312295, 0.56154839708665)},
}  # fmt: skip


@pytest.mark.parametrize("kind", ["smooth", "tied"])
@pytest.mark.parametrize("max_window", [0, 10, 25])
def test_the_authors_program_gives_the_same(kind, max_window):
    t = np.arange(200)
    y = ((t >= 40) & (t < 52) | (t >= 60) & (t < 63) | (t >= 150) & (t < 180)).astype(int)
    scores = np.sin(t * 0.7) + 1.5 * y * np.cos(t * 0.31) ** 2
    scores = np.round(scores) if kind == "tied" else scores
    np.testing.assert_allclose(vus(y, scores, max_window), AUTHORS[kind][max_window], rtol=1e-9)


def test_without_buffers_and_with_one_row_an_event_it_is_close_to_the_plain_areas():
    rng = np.random.default_rng(0)
    y = np.zeros(4000, dtype=int)
    y[20:3980:9] = 1  # events of one row: the share of events hit is the recall, which so counts twice
    scores = rng.normal(size=4000) + 3 * y
    roc, pr = vus(y, scores, 0)
    assert roc < auroc(y, scores)
    assert pr < average_precision(y, scores)
    one = np.zeros(4000, dtype=int)
    one[1000:2000] = 1  # a single event: its share is 1 from the first hit on
    scores = rng.normal(size=4000) + 3 * one
    assert vus_roc(one, scores, 0) == pytest.approx(auroc(one, scores), abs=1e-3)
    assert vus_pr(one, scores, 0) == pytest.approx(average_precision(one, scores), abs=1e-3)


def test_a_perfect_ranking_is_worth_one():
    y = np.repeat([0, 1, 0, 1, 0], 20)
    assert vus_pr(y, y + np.linspace(0, 0.5, 100), 10) == pytest.approx(1)
    assert vus_pr(y, -y.astype(float), 10) < 0.6


def test_a_near_miss_is_forgiven_with_a_buffer_only():
    y = np.repeat([0, 1, 0], [50, 10, 50])
    early = np.roll(y, -4).astype(float)
    far = np.roll(y, -30).astype(float)
    gains = [vus_pr(y, scores, 20) - vus_pr(y, scores, 0) for scores in (early, far)]
    assert gains[0] > 0.2
    assert gains[1] < 0.1


def test_random_scores_are_near_chance():
    rng = np.random.default_rng(0)
    y = np.zeros(20_000, dtype=int)
    for start in range(500, 20_000, 4_000):
        y[start : start + 200] = 1
    roc, pr = vus(y, rng.random(20_000), 50)
    assert roc == pytest.approx(0.5, abs=0.05)
    assert pr == pytest.approx(y.mean(), abs=0.02)


def test_degenerate_scores_are_finite():
    y = np.repeat([0, 1, 0], 10)
    assert np.isfinite(vus(y, np.ones(30), 8)).all()
    assert np.isfinite(vus(np.r_[0, np.ones(29, dtype=int)], np.arange(30.0), 8)).all()
    assert np.isfinite(vus([1, 0], [1.0, 0.0], 50)).all()


@pytest.mark.parametrize(
    ("y", "window", "fragment"),
    [
        (np.zeros(30, dtype=int), 5, "every label in y is 0"),
        (np.ones(30, dtype=int), 5, "every label in y is 1"),
        (np.repeat([0, 1], 15), -1, "max_window must be"),
        (np.repeat([0, 1], 15), 2.5, "max_window must be"),
        (np.repeat([0, 1], 15), True, "max_window must be"),
    ],
)
def test_what_has_no_volume(y, window, fragment, refuses):
    with refuses(fragment):
        vus(y, np.arange(30.0), window)
