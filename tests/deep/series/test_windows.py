"""Series in, scores per timestamp out: against plain loops over windows, with gaps, as sequences, at the edges."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from course_lib.core.windows import plan_windows, sliding_windows
from course_lib.deep import Forecaster, LSTMAutoencoder
from course_lib.deep.series import windows as windows_module
from course_lib.deep.series.windows import Windows

BREAKS = [None, [20, 24, 41]]  # 24 - 20 rows: less than a window


def errors_by_loop(fitted, X, breaks):
    """Every window alone through the network; each timestamp gets the mean of what its windows say of it."""
    scaled = np.clip((X - fitted.shift_) / fitted.scale_, -fitted.clip, fitted.clip).astype(np.float32)
    judged, stride = fitted.window - fitted.warm_up, fitted.scoring_stride or fitted.stride
    total, count = np.zeros(X.shape), np.zeros(len(X))
    for begin, end in pairwise([0, *(breaks or []), len(X)]):
        starts = list(range(begin, end - judged + 1, stride))
        if not starts or starts[-1] != end - judged:
            starts.append(end - judged)
        for start in starts:
            rows = [max(row, begin) for row in range(start - fitted.warm_up, start + judged)]
            with torch.no_grad():
                errors = fitted.step_errors(fitted.net_.eval(), torch.tensor(scaled[rows])[None])[0].numpy()
            for place in range(judged):
                if start + place >= begin:
                    total[start + place] += errors[place]
                    count[start + place] += 1
    return total / count[:, None]


@pytest.mark.parametrize("breaks", BREAKS)
@pytest.mark.parametrize("scoring_stride", [1, 3])
def test_one_score_per_timestamp_by_loop(small, series, breaks, scoring_stride):
    fitted = small(scoring_stride=scoring_stride).fit(series, breaks=breaks)
    expected = errors_by_loop(fitted, series, breaks)
    np.testing.assert_allclose(fitted.sensor_errors(series, breaks), expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(fitted.decision_function(series, breaks), expected.mean(axis=1), rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(fitted.decision_function(series, breaks), fitted.decision_scores_)
    np.testing.assert_array_equal(fitted.predict(series, breaks), fitted.labels_)


def test_scored_in_pieces(small, series, monkeypatch):
    fitted = small().fit(series)
    monkeypatch.setattr(windows_module, "LARGEST_PIECE", 7)
    np.testing.assert_allclose(fitted.decision_function(series), fitted.decision_scores_, rtol=1e-3, atol=1e-5)


def test_no_score_depends_on_another_stretch(small, series):
    fitted = small().fit(series, breaks=[30])
    other = series.copy()
    other[30:] = 100
    first, second = (fitted.decision_function(X, breaks=[30]) for X in (series, other))
    np.testing.assert_allclose(first[:30], second[:30], rtol=1e-4, atol=1e-6)
    assert (np.abs(first[30:] - second[30:]) > 1e-3).any()
    without = fitted.decision_function(other)
    assert np.abs(without[25:30] - second[25:30]).max() > 1e-3, "without the break, windows reach across"


class Spy(LSTMAutoencoder):
    """Notes the rows of each window it is shown; the reading is the row's number."""

    def loss(self, net, batch):
        self.__dict__.setdefault("shown", []).append((net.training, batch[:, :, 0].round().int().tolist()))
        return super().loss(net, batch)

    def windows(self, training):
        return {tuple(window) for was, batch in self.shown if was == training for window in batch}


@pytest.mark.parametrize("breaks", [None, [33, 37, 70]])
@pytest.mark.parametrize("stride", [1, 4])
def test_which_windows_are_learnt_from(breaks, stride):
    rows = np.arange(120.0)[:, None]
    spy = Spy(
        4, 2, window=8, stride=stride, epochs=2, scaling=None, clip=None, validation_share=0.25, device="cpu",
        random_state=0, verbose=False,
    ).fit(rows, breaks=breaks)  # fmt: skip
    learnt, watched = spy.windows(training=True), spy.windows(training=False)
    edges = [0, *(breaks or []), 120]
    possible = []
    for begin, end in pairwise(edges):
        starts = {*range(begin, end - 7, stride), end - 8} if end - begin >= 8 else set()
        possible += [tuple(range(start, start + 8)) for start in sorted(starts)]
    held = int(len(possible) * 0.25)
    assert watched == set(possible[-held:])
    seen = {row for window in watched for row in window}
    assert learnt == {window for window in possible[:-held] if not seen & set(window)}
    assert max(max(window) for window in learnt) < min(seen)


def test_whole_sequences_are_stretches(small):
    sequences = np.random.default_rng(0).normal(size=(15, 8, 3))
    flat, breaks = sequences.reshape(-1, 3), np.arange(8, 120, 8)
    as_samples, as_series = small().fit(sequences), small().fit(flat, breaks=breaks)
    for key, value in as_samples.net_.state_dict().items():
        assert torch.equal(value, as_series.net_.state_dict()[key])
    errors = as_series.sensor_errors(flat, breaks)
    np.testing.assert_array_equal(as_samples.sensor_errors(sequences), errors.reshape(15, 8, 3))
    scores = as_samples.decision_function(torch.from_numpy(sequences))
    np.testing.assert_allclose(scores, errors.reshape(15, -1).mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(as_samples.decision_scores_, scores)
    assert as_samples.labels_.shape == (15,)
    np.testing.assert_allclose(
        as_samples.decision_function(sequences[::-1]), scores[::-1], rtol=1e-4, atol=1e-6
    )  # sequences, unlike timestamps, may come in any order


def test_sequences_have_no_breaks(refuses, series):
    model = LSTMAutoencoder(4, 2, window=4, epochs=1, device="cpu", verbose=False)
    with refuses("have no breaks: leave it out"):
        model.fit(series.reshape(3, 20, 3), breaks=[20])


def test_a_threshold_from_a_series_with_gaps(series):
    model = LSTMAutoencoder(4, 2, window=4, epochs=1, device="cpu", random_state=0, verbose=False).fit(series)
    model.set_threshold(series[:30], breaks=[10])
    scores = model.decision_function(series[:30], breaks=[10])
    assert (scores > model.threshold_).sum() == 3
    model.set_threshold(series[:30])
    assert (model.decision_function(series[:30]) > model.threshold_).sum() == 3


def test_a_checkpoint_of_other_breaks_is_refused(series, refuses, tmp_path):
    options = {"window": 4, "device": "cpu", "random_state": 0, "verbose": False, "checkpoint": str(tmp_path / "c")}
    LSTMAutoencoder(4, 2, epochs=1, **options).fit(series, breaks=[30])
    with refuses("belongs to another training (breaks was"):
        LSTMAutoencoder(4, 2, epochs=2, resume=True, **options).fit(series, breaks=[31])


@pytest.mark.parametrize("warm_up", [0, 2])
def test_windows_are_cut_when_asked_for(series, warm_up):
    data = torch.from_numpy(series)
    windows = Windows(data, plan_windows(60, 5, 3), warm_up=warm_up)
    assert windows.series.data_ptr() == data.data_ptr()
    assert (len(windows), windows.length) == (20, 5 + warm_up)
    padded = np.concatenate([np.repeat(series[:1], warm_up, axis=0), series])
    expected = sliding_windows(padded, 5 + warm_up)[[*range(0, 56, 3), 55]]
    np.testing.assert_array_equal(torch.cat(list(windows.split(4))).numpy(), expected)
    np.testing.assert_array_equal(windows[torch.tensor([7, 2])].numpy(), expected[[7, 2]])


def test_a_forecaster_reads_before_it_judges(series):
    fitted = Forecaster(hidden_size=4, warm_up=4, window=10, epochs=1, device="cpu", random_state=0, verbose=False)
    fitted.fit(series)
    changed = series.copy()
    changed[20] += 3
    moved = np.flatnonzero(np.abs(fitted.decision_function(changed) - fitted.decision_scores_) > 1e-7)
    assert moved.min() == 20, "no timestamp before the change"
    assert moved.max() == 20 + 9, "and none that no window shares with it"
