"""The checks of the second set on deep time series: attention, and scores that can be trusted."""

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, deep_series
from course_lib.checks.deep_series.attention import interleaved, place_table, softmax
from course_lib.core.metrics import count_events, detection_delays, events
from course_lib.core.metrics import point_adjust as adjust

SLUG = "15b_attention_and_honest_scores"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def check(name, wrong, **options):
    prove(getattr(deep_series, name), SOLVED[name], STUB[name], wrong, **options)


def fits(Q, K):
    return Q @ K.T / np.sqrt(K.shape[1])


def overflowing(Q, K, V):
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(fits(Q, K))
        return weights / weights.sum(axis=1, keepdims=True) @ V


def lowered(Q, K):
    a = fits(Q, K)
    return np.exp(a - a.max(axis=1, keepdims=True))


def by_column(Q, K):
    a = fits(Q, K)
    with np.errstate(over="ignore"):
        return np.exp(a - a.max(axis=1))


def lowered_by_all(Q, K, V):
    a = fits(Q, K)
    with np.errstate(invalid="ignore"):
        weights = np.exp(a - a.max())
        return weights / weights.sum(axis=1, keepdims=True) @ V


def test_attention_wants_the_largest_fit_of_each_row():
    with pytest.raises(CheckFailed, match="each row's largest fit"):
        deep_series.attention(lowered_by_all)


def test_attention():
    check(
        "attention",
        [
            (lambda Q, K, V: softmax(Q @ K.T) @ V, "You forgot to scale"),
            (lambda Q, K, V: softmax(Q @ K.T / K.shape[1]) @ V, "its root is meant"),
            (lambda Q, K, V: softmax(fits(Q, K), axis=0) @ V, "down the columns"),
            (lambda Q, K, V: softmax(fits(Q, K).T) @ V, "Questions and labels are swapped"),
            (lambda Q, K, V: fits(Q, K) @ V, "no softmax in it"),
            (lambda Q, K, V: np.exp(fits(Q, K)) @ V, "do not add up to 1: divide"),
            (lambda Q, K, V: softmax(fits(Q, K)) @ (K if K.shape == V.shape else V), "You mix the labels"),
            (lambda Q, K, V: softmax(fits(Q, K)), "as wide as the contents"),
            (lambda Q, K, V: lowered(Q, K) @ V, "you lowered the fits"),
            (
                lambda Q, K, V: by_column(Q, K) / by_column(Q, K).sum(axis=1, keepdims=True) @ V,
                "fits were subtracted along the wrong axis",
            ),
            (lambda Q, K, V: lowered(Q, K) / lowered(Q, K).sum(axis=1) @ V, "sums divide along the wrong axis"),
            (lambda Q, K, V: by_column(Q, K) / by_column(Q, K).sum(axis=1) @ V, "Both the largest fits and the sums"),
            (lambda Q, K, V: softmax(np.clip(fits(Q, K), -50, 50)) @ V, "3000 and 3001 weigh the same"),
            (lambda Q, K, V: np.nan_to_num(overflowing(Q, K, V)), "must still weigh differently"),
            (overflowing, "exp of a large number is infinite"),
        ],
        seeds=(0, 1, 2),
    )


def test_places():
    def table(length, m, **options):
        angles = place_table(length, m, **options)
        return interleaved(np.sin(angles), np.cos(angles))

    def halves(length, m):
        angles = place_table(length, m)
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)

    def swapped(length, m):
        angles = place_table(length, m)
        return interleaved(np.cos(angles), np.sin(angles))

    def sines(length, m):
        angles = place_table(length, m)
        return interleaved(np.sin(angles), np.sin(angles))

    check(
        "places",
        [
            (halves, "First all sines"),
            (swapped, "Sine and cosine are swapped"),
            (sines, "Odd columns need the cosine"),
            (lambda n, m: table(n, m, first=1), "count from 0"),
            (lambda n, m: table(n, m, rate=lambda e: 10_000.0 ** (-e / 2)), "fall too slowly"),
            (lambda n, m: table(n, m, rate=lambda e: 10_000.0**e), "lacks its minus"),
            (lambda n, m: np.sin(place_table(n, m)), "m columns"),
        ],
    )


def test_scoring_masks():
    right = SOLVED["scoring_masks"]

    def by_pieces(window, passes, block):
        return np.arange(window) // (window // passes) == np.arange(passes)[:, None]

    def without_rest(window, passes, block):
        masks = right(window, passes, block)
        masks[:, -1] = False
        return masks

    def twice(window, passes, block):
        masks = right(window, passes, block)
        masks[:, 0] = True
        return masks

    check(
        "scoring_masks",
        [
            (lambda *a: ~right(*a), "The other way round"),
            (lambda w, p, b: right(w, p, 1), "You hide single rows"),
            (by_pieces, "one long piece"),
            (lambda *a: right(*a)[::-1], "reverse order"),
            (lambda *a: right(*a).astype(int), "True and False"),
            (lambda *a: right(*a)[0], "one mask for each pass"),
            (without_rest, "never hidden"),
            (lambda w, p, b: np.arange(w) // b == np.arange(p)[:, None], "Only the first blocks"),
            (twice, "each must be hidden once"),
            (lambda *a: np.roll(right(*a), 1, axis=0), "not in its pass"),
        ],
    )


def usad(w, w1, w2, w21, epoch, *, signs=(1, -1), late=None, passed=None, scale=1, weights=True):
    first, second = ((w - w1) ** 2).mean(), ((w - w2) ** 2).mean()
    passed = ((w - w21) ** 2).mean() if passed is None else passed
    c = 1 - 1 / epoch if late is None else late
    a, b = (1 - c, c) if weights else (1, 1)
    return scale * (a * first + signs[0] * b * passed), scale * (a * second + signs[1] * b * passed)


def test_usad_losses():
    check(
        "usad_losses",
        [
            (lambda *a: usad(*a, signs=(1, 1)), "work together"),
            (lambda *a: usad(*a, signs=(-1, 1)), "The signs are swapped"),
            (lambda *a: usad(*a, late=1 / a[4]), "The weights are swapped"),
            (lambda *a: usad(*a, late=1 - 1 / (a[4] + 1)), "counted from 1"),
            (lambda *a: usad(*a, passed=((a[1] - a[3]) ** 2).mean()), "with w itself"),
            (lambda *a: usad(*a, weights=False), "The weights are missing"),
            (lambda *a: usad(*a, scale=a[0].size), "take their mean"),
            (lambda *a: usad(a[0], a[2], a[1], *a[3:]), "two reconstructions are swapped"),
            (lambda *a: usad(*a)[::-1], "in the wrong order"),
            (lambda w, w1, w2, w21, e: usad(w, w1, w1, w21, e), "answers for w2"),
            (lambda *a: sum(usad(*a)), "Return two losses"),
        ],
    )


def test_usad_losses_may_come_as_an_array():
    deep_series.usad_losses(lambda *a: np.array(usad(*a)))


def looking(y, f, before=0, behind=0):
    """Which events have a flag, looking at more rows than they have, or fewer."""
    return np.array([f[first - before : end + behind].any() for first, end in events(y)])


def filled(y, f, **rows):
    adjusted = f.copy()
    for (first, end), hit in zip(events(y), looking(y, f, **rows), strict=True):
        if hit:
            adjusted[first:end] = 1
    return adjusted


def by_runs(y, f):
    adjusted = f.copy()
    for first, end in events(f):
        adjusted[first:end] = y[first:end].any()
    return adjusted


def filled_after(y, flags):
    adjusted = flags.copy()
    for first, end in events(y):
        hit = np.flatnonzero(flags[first:end])
        if len(hit):
            adjusted[first + hit[0] : end] = 1
    return adjusted


def in_place(y, flags):
    for first, end in events(y):
        if flags[first:end].any():
            flags[first:end] = 1
    return flags


def test_point_adjust():
    check(
        "point_adjust",
        [
            (np.maximum, "You fill every event"),
            (filled_after, "from the first hit on"),
            (lambda y, f: adjust(y, f) * y, "False alarms got lost"),
            (lambda y, f: filled(y, f, behind=1), "one row too far"),
            (lambda y, f: filled(y, f, before=1), "one row too early"),
            (lambda y, f: filled(y, f, behind=-1), "leave out the last row"),
            (by_runs, "You go through the runs of flags"),
            (lambda y, f: f.copy(), "Nothing was adjusted"),
            (lambda y, f: np.convolve(f, [1, 1, 1], "same").clip(0, 1), "You widen the alarms"),
            (in_place, "changes its input in place"),
            (lambda y, f: adjust(y, f).sum(), "one adjusted flag for each row"),
        ],
    )


def scores(y, flags):
    counts = count_events(y, flags)
    return counts.recall, counts.precision


def nan_precision(y, flags):
    with np.errstate(invalid="ignore"):
        return scores(y, flags)[0], np.float64((y & flags).sum()) / flags.sum()


def test_event_scores():
    check(
        "event_scores",
        [
            (lambda y, f: scores(y, f)[::-1], "Recall and precision are swapped"),
            (lambda y, f: ((y & f).sum() / y.sum(), scores(y, f)[1]), "Your recall counts rows"),
            (lambda y, f: (scores(y, f)[0], alarm_precision(y, f)), "Your precision counts alarms"),
            (lambda y, f: (scores(y, f)[0], scores(y, adjust(y, f))[1]), "Your precision is adjusted"),
            (lambda y, f: (scores(y, f)[0], (y & f).sum() / y.sum()), "divides by the anomalies"),
            (lambda y, f: (count_events(y, f).found, (y & f).sum()), "Those are counts"),
            (lambda y, f: (looking(y, f, behind=1).mean(), scores(y, f)[1]), "one row too far"),
            (lambda y, f: (looking(y, f, before=1).mean(), scores(y, f)[1]), "one row too early"),
            (lambda y, f: (looking(y, f, behind=-1).mean(), scores(y, f)[1]), "leave out the last row"),
            (lambda y, f: (np.mean([f[a:b].all() for a, b in events(y)]), scores(y, f)[1]), "wants every row"),
            (
                lambda y, f: (np.mean([y[a:b].any() for a, b in events(f)] or 0), scores(y, f)[1]),
                "recall goes through the runs",
            ),
            (nan_precision, "precision is 0/0"),
            (lambda y, f: scores(y, f)[0], "return two numbers"),
        ],
    )


def alarm_precision(y, flags):
    counts = count_events(y, flags)
    return 1 - counts.false_alarms / max(counts.alarms, 1)


def test_delays():
    right = detection_delays

    def beyond(y, flags):
        found = [np.flatnonzero(flags[first:])[:1] for first, _ in events(y)]
        return np.array([rows[0] if len(rows) else np.nan for rows in found], dtype=float)

    def first_hits(y, flags, choose=np.min, behind=0, missed=np.nan):
        hits = [np.flatnonzero(flags[first : end + behind]) for first, end in events(y)]
        return [float(choose(rows)) if len(rows) else missed for rows in hits]

    def lengths(y):
        return np.diff(events(y), axis=1)[:, 0]

    check(
        "delays",
        [
            (lambda y, f: right(y, f) + 1, "Off by one"),
            (lambda y, f: right(y, f) + events(y)[:, 0], "Those are row numbers"),
            (lambda y, f: np.nan_to_num(right(y, f)), "as if it had been found at once"),
            (lambda y, f: np.nan_to_num(right(y, f), nan=-1), "marked by -1"),
            (lambda y, f: np.where(np.isnan(right(y, f)), lengths(y), right(y, f)), "counts as found at its end"),
            (lambda y, f: np.array(first_hits(y, f, np.max)), "the last hit"),
            (lambda y, f: np.array(first_hits(y, f, np.mean)), "mean of all hits"),
            (lambda y, f: np.array(first_hits(y, f, behind=1)), "one row too far"),
            (lambda y, f: np.array(first_hits(y, f, behind=-1)), "the last one too"),
            (lambda y, f: np.array(first_hits(y, f, missed=np.inf)), "infinite delay"),
            (lambda y, f: first_hits(y, f, missed=None), "None in your answer"),
            (lambda y, f: np.array(first_hits(y, f, missed=99.0)), "A missed event has a number"),
            (beyond, "beyond the end of the event"),
            (lambda y, f: right(y, f)[~np.isnan(right(y, f))], "missed ones included"),
        ],
    )


def test_chance_of_a_hit():
    check(
        "chance_of_a_hit",
        [
            (lambda e, q: ((1 - q) ** e).mean(), "the share that is missed"),
            (lambda e, q: (q * e).mean(), "which can exceed 1"),
            (lambda e, q: np.minimum(q * e, 1).mean(), "Capping"),
            (lambda e, q: 1 - (1 - q) ** e.mean(), "averaged the lengths first"),
            (lambda e, q: 1 - (1 - q) ** e.sum(), "a hit anywhere"),
            (lambda e, q: np.average(1 - (1 - q) ** e, weights=e), "weigh events by their length"),
            (lambda e, q: q, "the chance for a single row"),
            (lambda e, q: (q ** e.astype(float)).mean(), "every row is flagged"),
            (lambda e, q: 1 - (1 - q) ** e, "the mean over the events"),
        ],
    )


def test_concept_questions():
    prove_quiz(deep_series.window_length, deep_series.length_quiz, SOLVED["length_answers"], STUB["length_answers"])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)
