"""Wrong answers that learners really give to the exercise set on z-scores, each with the message it must get."""

import numpy as np
import pandas as pd
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, z_scores
from course_lib.checks.z_scores.moving import decaying_mean, windowed_scores
from course_lib.statistics import IQRFence, ModifiedZScore, MovingAverage, RollingMedian, ZScore

SLUG = "02_z_scores"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def distances(x):
    return np.abs(x - np.median(x))


def quiet_division(a, b):
    with np.errstate(invalid="ignore", divide="ignore"):
        return a / b


def fences(x, k=1.5):
    return SOLVED["fences"](x, k)


def fall_back(x, value):
    """Right where the MAD is not 0, else `value(distances)`."""
    mad = np.median(distances(x))
    return 0.6745 * distances(x) / mad if mad > 0 else value(distances(x))


def modified(x, mad_from=0.0, mean_from=0.0, added=0.0):
    """The right one, but for limits in the place of 0 and a constant beside the MAD."""
    mad, mean = np.median(distances(x)), distances(x).mean()
    if mad > mad_from:
        return 0.6745 * distances(x) / (mad + added)
    return distances(x) / (1.2533 * mean) if mean > mean_from else np.zeros(len(x))


def upper_modified(x):
    """Modified z-scores with the upper of the middle two for a median; right where the MAD is 0."""
    upper = sorted(x)[len(x) // 2]
    gaps = np.abs(x - upper)
    mad = sorted(gaps)[len(x) // 2]
    return 0.6745 * gaps / mad if mad > 0 else SOLVED["modified_z"](x)


def scaled(X_train, X_test, *, axis=0, rows=None):
    low, middle, high = np.percentile(X_train if rows is None else rows, [25, 50, 75], axis=axis)
    iqr = high - low
    return (X_test - middle) / np.where(iqr > 0, iqr, 1)


def series_scores(x, window, limit=None, kind=RollingMedian):
    return kind(window=window).fit(x.reshape(-1, 1)).decision_scores_


def first_above(scores, limit):
    return np.append(np.flatnonzero(scores > limit), -1)[0]


def after_the_window(x, window, limit):
    """The first `window` scores left out, the index right again."""
    index = first_above(series_scores(x, window)[window:], limit)
    return index + window if index >= 0 else -1


def kept(X, rows, kind=ZScore):
    return kind().fit(X[rows])


def by(X, kind=ModifiedZScore):
    return kind().fit(X).decision_scores_.argsort()


def below_quantile(X, share):
    scores = ModifiedZScore().fit(X).decision_scores_
    return scores <= np.quantile(scores, 1 - share)


def centred(x, window):
    return quiet_division(
        np.abs(x - pd.Series(x).shift(1).rolling(window).mean()), pd.Series(x).shift(1).rolling(window).std(ddof=0)
    ).to_numpy()


WRONG = {
    "z_scores": [
        (lambda x: (x - x.mean()) / x.std(), "scores are negative"),
        (lambda x: np.abs(x - x.mean()) / x.std(ddof=1), "divided by n - 1"),
        (lambda x: np.abs(x - x.mean()) / x.var(), "by the variance"),
        (lambda x: np.abs(x - x.mean()), "in the unit of x"),
        (lambda x: np.abs(x - np.median(x)) / x.std(), "from the median"),
        (lambda x: np.abs(x) / x.std(), "did not subtract the mean"),
        (lambda x: np.abs(x - x.mean()).max() / x.std(), "the largest score only"),
        (lambda x: quiet_division(np.abs(x - x.mean()), x.std()), "0/0"),
    ],
    "values_needed": [
        (lambda t: int(np.ceil(t**2 + 1)), "that does not exceed"),
        (lambda t: int(np.ceil(t**2 + 1)) + 1, "Right for whole limits"),
        (lambda t: round(t**2 + 1) + 1, "rounded to the nearest"),
        (lambda t: int(t) ** 2 + 2, "before you squared"),
        (lambda t: next(n for n in range(2, 99) if (n - 1) / np.sqrt(n) > t), "sample deviation"),
        (lambda t: int(np.ceil(t)) + 1, "left out the square"),
        (lambda t: t**2 + 1.5, "no whole number"),
        (lambda t: 11, "is too small"),
        (lambda t: int((t + 1) ** 2), "The number for the limit 3 is too large"),
        (lambda t: round(t**2 + 0.7) + 1, "The number for the limit 2.8 is too large"),
        (lambda t: max(6, int(t**2) + 2), "The number for the limit 1.5 is too large"),
    ],
    "modified_z": [
        (lambda x: distances(x) / np.median(distances(x)), "0.6745 is missing"),
        (lambda x: distances(x) / np.median(distances(x)) / 0.6745, "divided by 0.6745"),
        (lambda x: 0.6745 * np.abs(x - x.mean()) / np.median(distances(x)), "numerator from the mean"),
        (lambda x: 0.6745 * distances(x) / np.median(np.abs(x - x.mean())), "Your MAD takes distances from the mean"),
        (lambda x: 0.6745 * distances(x) / distances(x).mean(), "averaged the distances"),
        (lambda x: 0.6745 * distances(x) / x.std(), "by the standard deviation"),
        (lambda x: 0.6745 * (x - np.median(x)) / np.median(distances(x)), "negative"),
        (lambda x: quiet_division(0.6745 * distances(x), np.median(distances(x))), "the MAD is 0; use"),
        (lambda x: upper_modified(x), "the mean of the middle two"),
        (
            lambda x: fall_back(x, lambda d: quiet_division(d, 1.2533 * d.mean())),
            "of four equal values even the mean distance",
        ),
        (lambda x: fall_back(x, lambda d: np.zeros(len(d))), "gave up"),
        (lambda x: fall_back(x, lambda d: d / d.mean()), "the factor is missing"),
        (lambda x: fall_back(x, lambda d: 0.6745 * d / (1.2533 * d.mean())), "kept the 0.6745: it belongs to the MAD"),
        (lambda x: fall_back(x, lambda d: 0.6745 * d / d.mean()), "kept the 0.6745: divide by 1.2533"),
        (
            lambda x: fall_back(x, lambda d: np.abs(x - x.mean()) / (1.2533 * np.abs(x - x.mean()).mean())),
            "is 0 you measured from the mean",
        ),
        (lambda x: 0.6745 * np.abs(x - x.mean()) / np.median(np.abs(x - x.mean())), "from the mean at both places"),
        (lambda x: 0.6745 * np.abs(x - x.mean()) / np.abs(x - x.mean()).mean(), "means throughout"),
        (lambda x: modified(x, mad_from=0.3), "times 0.001 you took the MAD for 0"),
        (lambda x: modified(x, mad_from=1e-3), "times 1e-06 you took the MAD for 0"),
        (lambda x: modified(x, mean_from=0.05), "mean distance is small"),
        (lambda x: modified(x) if np.ptp(x) > 1 or not np.ptp(x) else np.zeros(len(x)), "small is not equal"),
        (lambda x: modified(x, added=1e-4), "a limit or a constant of your own"),
    ],
    "fences": [
        (lambda x, k: fences(x, k)[::-1], "swapped"),
        (lambda x, k: fences(x), "built in 1.5"),
        (
            lambda x, k: tuple(np.median(x) + s * k * np.subtract(*np.percentile(x, [75, 25])) for s in (-1, 1)),
            "from the median",
        ),
        (lambda x, k: tuple(np.percentile(x, [25, 75]) + k * x.std() * np.array([-1, 1])), "standard deviations"),
        (lambda x, k: fences(x, 0), "quartiles, the box itself"),
        (lambda x, k: (lambda a, b: (a - k * (b - a), b + k * (b - a)))(*np.percentile(x, [0.25, 0.75])), "0 to 100"),
        (lambda x, k: fences(x, k)[1], "return two numbers"),
    ],
    "robust_scale": [
        (lambda A, B: scaled(B, B), "from X_test"),
        (lambda A, B: scaled(A, B, rows=np.vstack([A, B])), "from both tables"),
        (lambda A, B: scaled(A, B, axis=None), "one median for the whole table"),
        (lambda A, B: (B - A.mean(0)) / A.std(0), "standard scaling"),
        (lambda A, B: B - np.median(A, axis=0), "did not divide"),
        (lambda A, B: (B - A.mean(0)) / np.subtract(*np.percentile(A, [75, 25], axis=0)), "subtracted the mean"),
        (lambda A, B: scaled(A, A), "scaled X_train"),
        (lambda A, B: (B - np.median(A, axis=0)) / A.std(axis=0), "by the standard deviation"),
        (lambda A, B: (B - np.median(A, axis=0)) / np.median(np.abs(A - np.median(A, axis=0)), axis=0), "by the MAD"),
        (lambda A, B: scaled(A, B + np.median(A, axis=0) - np.median(B, axis=0)), "learn both from X_train"),
        (
            lambda A, B: quiet_division(B - np.median(A, axis=0), np.subtract(*np.percentile(A, [75, 25], axis=0))),
            "IQR is 0",
        ),
    ],
    "moving_scores": [
        (lambda x, w: windowed_scores(x, w, first=1), "ends with the value itself"),
        (lambda x, w: windowed_scores(x, w, last=1), "The value itself is in its window"),
        (lambda x, w: windowed_scores(x, w + 1), "one value too long"),
        (lambda x, w: windowed_scores(x, w - 1) * (np.arange(len(x)) >= w), "one value too short"),
        (lambda x, w: SOLVED["z_scores"](x), "against the whole series"),
        (lambda x, w: np.r_[np.zeros(w), SOLVED["z_scores"](x)[w:]], "Right start"),
        (lambda x, w: windowed_scores(x, w, ddof=1), "n - 1"),
        (lambda x, w: windowed_scores(x, w, signed=True), "negative"),
        (
            lambda x, w: np.r_[np.zeros(w), [abs(x[t] - x[:t].mean()) / x[:t].std() for t in range(w, 40)]],
            "all the past",
        ),
        (centred, "too little past"),
    ],
    "ewma": [
        (lambda x, a: decaying_mean(x, 1 - a), "swapped"),
        (lambda x, a: decaying_mean(x, a, start=0), "starts from 0"),
        (lambda x, a: pd.Series(x).ewm(alpha=a).mean().to_numpy(), "adjust=True"),
        (lambda x, a: np.r_[x[0], (1 - a) * x[:-1] + a * x[1:]], "with the value before it"),
        (lambda x, a: decaying_mean(np.r_[0.0, x[1:]], a), "the 0 of an empty array"),
        (lambda x, a: decaying_mean(x, a)[-1], "the last average only"),
        (lambda x, a: np.r_[x[0], decaying_mean(x, a)[:-1]], "one step late"),
        (lambda x, a: np.cumsum(x) / np.arange(1, len(x) + 1), "never forgets"),
    ],
    "clean_and_fit": [
        (lambda X, share: ZScore().fit(X), "fitted to all rows"),
        (lambda X, share: kept(X, by(X)[round(share * len(X)) :]), "least suspicious"),
        (lambda X, share: kept(X, np.arange(77)), "as they came"),
        (lambda X, share: kept(X, by(X, ZScore)[:77]), "the plain z-score as the suspicion"),
        (lambda X, share: kept(X, by(X)[:77], IQRFence), "return the ZScore"),
        (lambda X, share: kept(X, by(X)[:11]), "You kept 11 of 88"),
        (lambda X, share: ZScore(), "not fitted"),
        (lambda X, share: kept(X, by(X)[: len(X) - int(share * len(X))]), "You rounded down"),
        (lambda X, share: kept(X, below_quantile(X, share)), "share of 0.13 is 11.44 of 88 rows, which rounds to 11."),
        (lambda X, share: kept(X, by(X)[: -round(share * len(X))]), "[:-0] is empty"),
        (lambda X, share: kept(X, by(X)[: len(X) - max(1, round(share * len(X)))]), "share of 0.004"),
    ],
    "first_alarm": [
        (lambda x, w, t: series_scores(x, w).argmax(), "the highest score"),
        (lambda x, w, t: np.r_[np.flatnonzero(series_scores(x, w) > t), -1][-2], "the last alarm"),
        (lambda x, w, t: (series_scores(x, w) > t).sum(), "counted the alarms"),
        (lambda x, w, t: x.argmax(), "at the values"),
        (lambda x, w, t: first_above(series_scores(x, w, kind=MovingAverage), t), "moving average"),
        (lambda x, w, t: first_above(series_scores(x, 50), t), "You ignored window: RollingMedian's default is 50"),
        (lambda x, w, t: (series_scores(x, w) >= t).argmax(), "> and not >="),
        (lambda x, w, t: (series_scores(x, w) > t).argmax() + 1, "counted from 1"),
        (lambda x, w, t: (series_scores(x, w) > t).any(), "True or False"),
        (lambda x, w, t: (series_scores(x, w) > t).argmax(), "argmax of nothing but False"),
        (lambda x, w, t: RollingMedian(window=w).fit(x.reshape(-1, 1)).labels_.argmax(), "You ignored limit"),
        (lambda x, w, t: np.flatnonzero(series_scores(x, w) > t)[0], "(IndexError): return -1"),
        (lambda x, w, t: next((i for i, s in enumerate(series_scores(x, w)) if s > t), None), "(it returns None)"),
        (lambda x, w, t: np.flatnonzero(series_scores(x, w) > t), "return one index"),
        (lambda x, w, t: series_scores(x, w)[first_above(series_scores(x, w), t)], "the first score above the limit: "),
        (lambda x, w, t: x[first_above(series_scores(x, w), t)], "the value that raised the alarm"),
        (lambda x, w, t: first_above(series_scores(x, w), t) + 0.5, "no index: an index is a whole number"),
        (lambda x, w, t: first_above(series_scores(x, w)[w:], t), "from the first value after a full window"),
        (lambda x, w, t: after_the_window(x, w, t), "was not yet full"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_function_tasks(name):
    prove(getattr(z_scores, name), SOLVED[name], STUB[name], WRONG[name])


def test_concept_questions():
    prove_quiz(z_scores.which_ruler, z_scores.quiz, SOLVED["answers"], STUB["answers"])


def test_the_figures_in_the_questions():
    assert pytest.approx(0.42, abs=0.005) == 1 - (1 - 0.0027) ** 200
    assert np.sqrt(40 - 1) == pytest.approx(6.2, abs=0.05)


def test_ceil_and_a_quantile_drop_the_same_rows(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "0")
    with pytest.raises(CheckFailed, match="so does ceil"):
        z_scores.clean_and_fit(lambda X, share: kept(X, by(X)[: len(X) - int(np.ceil(share * len(X)))]))


@pytest.mark.parametrize("window", [5, 10, 20, 24, 30, 50, 100])
def test_a_built_in_window_never_passes(window, monkeypatch):
    for seed in range(8):
        monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
        with pytest.raises(CheckFailed):
            z_scores.first_alarm(lambda x, w, t: first_above(series_scores(x, window), t))


@pytest.mark.parametrize("limit", [1, 0.3, 0.1, 0.01, 1e-3, 1e-4])
def test_a_limit_in_the_place_of_zero_never_passes(limit, monkeypatch):
    for seed in range(8):
        monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
        for wrong in ({"mad_from": limit}, {"mean_from": limit}):
            with pytest.raises(CheckFailed):
                z_scores.modified_z(lambda x, wrong=wrong: modified(x, **wrong))


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


def test_a_min_past_of_a_full_window_never_passes(monkeypatch):
    def first_alarm(x, window, limit):
        detector = RollingMedian(window=window, min_past=window).fit(x.reshape(-1, 1))
        return first_above(detector.decision_scores_, limit)

    for seed in range(25):
        monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
        with pytest.raises(CheckFailed, match="its min_past as it comes"):
            z_scores.first_alarm(first_alarm)


def test_a_memorised_answer_fails(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = []
    z_scores.fences(lambda x, k: seen.append(SOLVED["fences"](x, k)) or seen[-1])
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    with pytest.raises(CheckFailed):
        z_scores.fences(lambda x, k: seen[0])


@pytest.mark.parametrize("seed", range(25))
def test_the_solution_passes_and_mistakes_differ_for_any_seed(seed, monkeypatch):
    """Random input must never make a mistake look right: each task's first wrong answer fails with its own message."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name, wrong in WRONG.items():
        check = getattr(z_scores, name)
        check(SOLVED[name])
        for answer, fragment in wrong:
            with pytest.raises(CheckFailed) as caught:
                check(answer)
            assert fragment in str(caught.value), (name, fragment)
