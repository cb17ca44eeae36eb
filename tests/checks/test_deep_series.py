"""The checks of the first set on deep time series: solutions pass, stubs stay open, wrong answers learn why."""

from itertools import pairwise

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, deep_series
from course_lib.checks.deep_series.recurrent import sigmoid, step
from course_lib.checks.deep_series.sensors import quadratic
from course_lib.checks.deep_series.windows import starts_with
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.deep import LSTMAutoencoder

SLUG = "15a_deep_time_series"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def check(name, wrong, **options):
    prove(getattr(deep_series, name), SOLVED[name], STUB[name], wrong, **options)


def cut(series, length, starts):
    return np.array([series[start : start + length] for start in starts])


def test_make_windows():
    right = SOLVED["make_windows"]
    check(
        "make_windows",
        [
            (lambda s, n, k: cut(s, n, range(0, len(s) - n, k)), "The last window is missing"),
            (lambda s, n, k: cut(s, n, range(len(s) - n + 1)), "at every row"),
            (lambda s, n, k: cut(s, n, range(0, len(s) - n + 1, n)), "side by side"),
            (lambda s, n, k: right(s, n, k).transpose(0, 2, 1), "Rows and sensors are swapped"),
            (lambda s, n, k: right(s, n, k).reshape(-1, n * s.shape[1]), "one flat row"),
            (lambda s, n, k: right(s, n, k)[:, :-1], "one row too short"),
            (lambda s, n, k: s[:n], "three axes are wanted"),
            (lambda s, n, k: right(s, n, k)[1:], "begins at row 0 is missing"),
            (lambda s, n, k: np.r_[right(s, n, k), right(s, n, k)[-1:]], "one too many"),
        ],
    )


def test_starts_within():
    check(
        "starts_within",
        [
            (lambda n, length, b: np.arange(n - length + 1), "reach across a break"),
            (lambda n, length, b: starts_with(n, length, b, late=1), "one row into the next stretch"),
            (lambda n, length, b: starts_with(n, length, b, late=-1), "You lose a window"),
            (lambda n, length, b: starts_with(n, length, b, shift=1), "Off by one"),
            (lambda n, length, b: np.setdiff1d(np.arange(n - length + 1), b), "leave out the windows that begin at a"),
            (lambda n, length, b: np.r_[0, b].astype(int), "the beginnings of the stretches"),
            (short_stretches_kept, "no window may begin in it"),
            (lambda n, length, b: starts_with(n, length, b)[2:], "begins at row 0 lies in one stretch, and is missing"),
            (lambda n, length, b: np.r_[starts_with(n, length, b), n], "yet you return it"),
            (lambda n, length, b: np.repeat(starts_with(n, length, b), 2), "stand twice"),
            (lambda n, length, b: starts_with(n, length, b)[:, None], "one axis is wanted"),
        ],
    )


def short_stretches_kept(n, length, breaks):
    """Right, but a stretch that is too short gets a window all the same."""
    edges = [0, *np.asarray(breaks).astype(int), n]
    found = [np.arange(a, max(b - length + 1, a + 1)) for a, b in pairwise(edges)]
    return np.concatenate(found)


def per_row(scores, starts, length, n, *, divide=None, keep="sum"):
    total, cover = np.zeros(n), np.zeros(n)
    for score, start in zip(scores, starts, strict=True):
        run = slice(start, start + length)
        if keep == "sum":
            total[run] += score
        else:
            total[run] = score if keep == "last" else np.maximum(total[run], score)
        cover[run] += 1
    return total / (cover if divide is None else divide(cover))


def test_scores_per_row():
    check(
        "scores_per_row",
        [
            (lambda s, a, k, n: per_row(s, a, k, n, divide=np.ones_like), "You add the scores up"),
            (lambda s, a, k, n: per_row(s, a, k, n, divide=lambda c: k), "divide by the length everywhere"),
            (lambda s, a, k, n: per_row(s, a, k, n, divide=np.ones_like, keep="last"), "overwrites the earlier ones"),
            (lambda s, a, k, n: per_row(s, a, k, n, divide=np.ones_like, keep="most"), "keep the largest score"),
            (lambda s, a, k, n: np.bincount(a, s, minlength=n), "first row only"),
            (lambda s, a, k, n: s, "not for each window"),
        ],
    )


def test_lstm_step():
    check(
        "lstm_step",
        [
            (lambda *a: step(*a)[::-1], "The two arrays are swapped"),
            (lambda *a: step(*a, order="ifog"), "last two parts are swapped"),
            (lambda *a: step(*a, order="figo"), "Input and forget gate are swapped"),
            (lambda *a: step(*a, squash_g=sigmoid), "goes through a sigmoid"),
            (lambda *a: step(*a, squash_g=lambda g: g), "is not squashed"),
            (lambda *a: step(*a, forget=False), "Nothing is ever forgotten"),
            (lambda *a: step(*a, bent=False), "shown as it is"),
            (lambda *a: step(*a, memory=False), "You only look at x"),
            (lambda *a: step(*a, bias=False), "leave out the bias"),
            (lambda *a: step(*a)[0], "Return two arrays"),
        ],
    )


def shifted(windows, targets, by=1, fill=0.0):
    inputs = np.full_like(windows, fill)
    if by > 0:
        inputs[:, 1:] = targets[:, :-1]
    else:
        inputs[:, :-1] = targets[:, 1:]
    return inputs


def test_decoder_inputs():
    def back(w):
        return w[:, ::-1]

    check(
        "decoder_inputs",
        [
            (lambda w: (shifted(w, back(w)), back(w)), "Targets and inputs are swapped"),
            (lambda w: (w, shifted(w, w)), "still run forwards"),
            (lambda w: (w[::-1], shifted(w, w[::-1])), "order of the windows"),
            (lambda w: (w[:, :, ::-1], shifted(w, back(w))), "reversed the sensors: turn"),
            (lambda w: (w[:, ::-1, ::-1], shifted(w, back(w))), "reversed the sensors as well"),
            (lambda w: (back(w), back(w)), "fed the very value"),
            (lambda w: (back(w), shifted(w, back(w), -1)), "Shifted the wrong way"),
            (lambda w: (back(w), shifted(w, w)), "inputs run forwards"),
            (lambda w: (back(w), np.roll(back(w), 1, axis=1)), "comes in at the front again"),
            (lambda w: (back(w), np.concatenate([back(w)[:, :1], back(w)[:, :-1]], axis=1)), "not the first target"),
            (lambda w: (back(w), back(w)[:, :-1]), "have the shape of the windows"),
        ],
    )


def test_mahalanobis_scores():
    def weights(rows):
        return np.linalg.inv(np.cov(rows.T))

    check(
        "mahalanobis_scores",
        [
            (lambda r, m: np.sqrt(quadratic(r, m.mean(0), weights(m))), "You took the root"),
            (lambda r, m: quadratic(r, m.mean(0), np.cov(m.T)), "by the covariance itself"),
            (lambda r, m: quadratic(r, 0, weights(m)), "did not subtract the mean"),
            (lambda r, m: quadratic(r, r.mean(0), weights(r)), "would hide themselves"),
            (lambda r, m: quadratic(r, m.mean(0), weights(r)), "that of the rows to be scored"),
            (lambda r, m: quadratic(r, m.mean(0), np.diag(1 / m.var(0))), "by its own variance"),
            (lambda r, m: (r**2).sum(axis=1), "plain squared length"),
            (lambda r, m: quadratic(r, m.mean(0), weights(m)) / r.shape[1], "number of sensors"),
        ],
    )


def test_mahalanobis_accepts_both_covariances():
    deep_series.mahalanobis_scores(lambda r, m: quadratic(r, m.mean(0), np.linalg.inv(np.cov(m.T, ddof=0))))


def test_blamed():
    check(
        "blamed",
        [
            (lambda e, a, b, k: np.argsort(e[a:b].mean(0))[:k], "the calmest sensors"),
            (lambda e, a, b, k: np.argsort(e[a:b].mean(0))[-k:], "the wrong way round"),
            (lambda e, a, b, k: np.argsort(-e.mean(0))[:k], "the whole series"),
            (lambda e, a, b, k: np.argsort(-e[a : b + 1].mean(0))[:k], "one row too many"),
            (lambda e, a, b, k: np.argsort(-e[a:b].max(0))[:k], "largest single error"),
            (lambda e, a, b, k: np.argsort(-e[a + 1 : b].mean(0))[:k], "lose the first row"),
            (lambda e, a, b, k: np.argsort(-e[a : b - 1].mean(0))[:k], "lose the last row"),
            (lambda e, a, b, k: np.argsort(-e[a - 1 : b].mean(0))[:k], "one row too early"),
            (lambda e, a, b, k: np.argsort(-np.median(e[a:b], axis=0))[:k], "by the median"),
            (lambda e, a, b, k: np.argsort(-e[b - 1])[:k], "the last row only"),
            (lambda e, a, b, k: np.argsort(-e[a])[:k], "the first row only"),
            (lambda e, a, b, k: np.sort(np.argsort(-e[a:b].mean(0))[:k]), "not in order"),
            (lambda e, a, b, k: np.sort(e[a:b].mean(0))[::-1][:k], "the errors themselves"),
            (lambda e, a, b, k: np.argsort(-e[a:b].mean(0)), "no more and no fewer"),
        ],
    )


def alarms(X_train, X_test, budget, *, split=None, place="held out", above=np.greater, **changes):
    settings = dict(hidden_size=8, latent_size=4, window=20, epochs=5, learning_rate=1e-2, random_state=0)
    split = len(X_train) * 3 // 4 if split is None else split
    model = LSTMAutoencoder(**{**settings, **changes}, device="cpu", verbose=False).fit(X_train[:split])
    scores = model.decision_function(X_test)
    normal = {
        "held out": lambda: model.decision_function(X_train[len(X_train) * 3 // 4 :]),
        "learnt": lambda: model.decision_scores_,
        "test": lambda: scores,
    }
    threshold = model.threshold_ if place == "fit" else FalsePositiveRate(budget).place(normal[place]())
    return np.flatnonzero(above(scores, threshold))


def test_alarm_rows():
    check(
        "alarm_rows",
        [
            (lambda *a: alarms(*a, place="learnt"), "on the rows that were learnt"),
            (lambda *a: alarms(*a, split=400), "no longer held out"),
            (lambda *a: alarms(*a, split=400, place="learnt"), "both saw all of X_train"),
            (lambda *a: alarms(*a, place="test"), "on the test rows"),
            (lambda *a: alarms(*a, above=np.greater_equal), "exactly on the threshold"),
            (lambda *a: alarms(*a, place="fit"), "threshold from fit"),
            (lambda a, b, c: np.setdiff1d(np.arange(len(b)), alarms(a, b, c)), "stay quiet"),
            (lambda a, b, c: np.isin(np.arange(len(b)), alarms(a, b, c)), "whole numbers"),
        ],
        seeds=(0,),
    )


def test_settings_of_ones_own_are_noticed():
    for wrong in (lambda *a: alarms(*a, epochs=1), lambda a, b, c: alarms(a, b, 0.05)):
        with pytest.raises(CheckFailed, match=r"other rows than the task|does not follow the budget"):
            deep_series.alarm_rows(wrong)


def test_concept_questions():
    prove_quiz(deep_series.decoding, deep_series.decoder_quiz, SOLVED["decoding_answers"], STUB["decoding_answers"])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)
