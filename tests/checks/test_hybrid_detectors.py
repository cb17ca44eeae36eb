"""The checks of the exercise set on hybrid detectors: solutions pass, stubs stay open, wrong answers learn why."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import norm, rankdata, spearmanr
from sklearn.linear_model import LogisticRegression

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, hybrid_detectors
from course_lib.checks.hybrid_detectors import references
from course_lib.core.thresholds import Contamination
from course_lib.hybrid import Residual, SeasonalBaseline
from course_lib.ml import IsolationForest
from course_lib.statistics import Mahalanobis, ZScore

SLUG = "20_hybrid_detectors"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def z(train, scores):
    return (scores - train.mean()) / train.std()


def lessons_profile(train, period):
    days = train[: len(train) // period * period].reshape(-1, period, train.shape[1])
    profile = np.median(days - np.median(days, axis=1, keepdims=True), axis=0)
    return profile - np.median(profile, axis=0)


def group(**switch):
    return lambda *data: references.group_residual(*data, **switch)


def with_spread_only(train, train_groups, values, groups):
    return np.array([value - np.median(train[train_groups == g]) for value, g in zip(values, groups, strict=True)])


def buckets_of(inner, outer):
    def rule(scores, buckets):
        return outer(np.stack([inner(scores[:, buckets == b], axis=1) for b in np.unique(buckets)], axis=1))

    return rule


def weights(**switch):
    return lambda scores: references.agreement_weights(scores, **switch)


def absolute_agreement(scores):
    found = np.abs(references.agreement(scores, clip=False))
    return found / found.sum()


def divided_by_zero(scores):
    found = references.agreement(scores)
    return found / found.sum()


def cascade_of(doubt, join, ask=None):
    """A cascade whose choice of doubtful rows and whose joining are given."""

    def cascade(cheap_train, cheap, costly, share):
        doubtful = np.flatnonzero(doubt(cheap_train, cheap, share))
        rank = (cheap_train < cheap[:, None]).mean(axis=1)
        values = np.zeros(len(cheap))
        if len(doubtful):
            values[doubtful] = ask(costly, doubtful) if ask else costly(doubtful)
        is_doubtful = np.isin(np.arange(len(cheap)), doubtful)
        return join(is_doubtful, values, rank, share, cheap)

    return cascade


def above(cheap_train, cheap, share):
    return cheap > np.quantile(cheap_train, 1 - share)


def joined(doubtful, values, rank, share, cheap):
    return np.where(doubtful, 1 - share + share * values, np.minimum(rank, 1 - share))


def ranked_by(share_below, cap=True):
    """A cascade with another rank of the ordinary rows."""

    def cascade(cheap_train, cheap, costly, share):
        rank = share_below(cheap_train, cheap[:, None])
        scores = np.minimum(rank, 1 - share) if cap else rank
        doubtful = np.flatnonzero(above(cheap_train, cheap, share))
        if len(doubtful):
            scores[doubtful] = 1 - share + share * costly(doubtful)
        return scores

    return cascade


def one_by_one(costly, rows):
    return np.array([costly(np.array([row]))[0] for row in rows])


def costly_for_all(cheap_train, cheap, costly, share):
    values = costly(np.arange(len(cheap)))
    doubtful = above(cheap_train, cheap, share)
    return joined(doubtful, values, (cheap_train < cheap[:, None]).mean(axis=1), share, cheap)


def costly_without_doubt(cheap_train, cheap, costly, share):
    doubtful = above(cheap_train, cheap, share)
    values = np.zeros(len(cheap))
    values[doubtful] = costly(np.flatnonzero(doubtful))
    return joined(doubtful, values, (cheap_train < cheap[:, None]).mean(axis=1), share, cheap)


def costly_by_scores(cheap_train, cheap, costly, share):
    return costly(cheap[above(cheap_train, cheap, share)])


def stacked(**switch):
    return lambda *data: references.stack(*data, **switch)


def three_classes(train, y, new):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return LogisticRegression().fit((train - mean) / deviation, y).decision_function((new - mean) / deviation)


def both_probabilities(train, y, new):
    one = references.stack(train, y, new, give="predict_proba")
    return np.c_[1 - one, one]


def features(change):
    """The right features, changed; `change` is given the codes of training, the new codes and the new errors too."""
    return lambda a, b, c, d: change(references.deep_features(a, b, c, d), a, c, d)


def without_guard(codes_train, errors_train, codes, errors):
    train = np.c_[codes_train, errors_train]
    return (np.c_[codes, errors] - train.mean(axis=0)) / train.std(axis=0)


def dead_unit_lost(right, codes_train, codes, errors):
    right = right.copy()
    right[:, :-1][:, codes_train.std(axis=0) == 0] = 0
    return right


def stretched(codes_train, errors_train, codes, errors):
    train = np.c_[codes_train, errors_train]
    span = np.ptp(train, axis=0)
    return (np.c_[codes, errors] - train.min(axis=0)) / np.where(span > 0, span, 1)


def flags(model=None, season=None, share=None, train="X_train", **options):
    def alarms(X_train, X_new, period, wanted):
        options_now = options or {"start": len(X_train)}
        detector = Residual(
            SeasonalBaseline(season or period), model or Mahalanobis(), threshold=Contamination(share or wanted)
        )
        return detector.fit(X_train if train == "X_train" else X_new).predict(X_new, **options_now)

    return alarms


def by_own_threshold(X_train, X_new, period, share):
    detector = Residual(SeasonalBaseline(period), Mahalanobis()).fit(X_train)
    scores = detector.decision_function(X_new, start=len(X_train))
    return (scores > np.quantile(scores, 1 - share)).astype(int)


def bare(X_train, X_new, period, share):
    return Mahalanobis(threshold=Contamination(share)).fit(X_train).predict(X_new)


WRONG = {
    "rank_normalise": [
        (lambda t, s: (rankdata(s) - 0.5) / len(s), "which rows come with it"),
        (lambda t, s: rankdata(s) / len(s), "gave the last one a full 1"),
        (lambda t, s: (rankdata(np.r_[t, s])[len(t) :] - 0.5) / (len(t) + len(s)), "training and new scores together"),
        (lambda t, s: 1 - references.rank_normalise(t, s), "Upside down"),
        (lambda t, s: len(t) * references.rank_normalise(t, s), "returned counts"),
        (lambda t, s: 100 * references.rank_normalise(t, s), "percentages"),
        (lambda t, s: (t < s[:, None]).mean(axis=1), "count nothing"),
        (lambda t, s: (t <= s[:, None]).mean(axis=1), "count in full"),
        (lambda t, s: (s - t.min()) / (t.max() - t.min()), "stretched"),
        (lambda t, s: references.rank_normalise(t, s).mean(), "each value needs its own place"),
    ],
    "probability": [
        (lambda t, s: erf(z(t, s) / np.sqrt(2)), "negative"),
        (lambda t, s: np.maximum(0, erf(z(t, s))), "root of 2"),
        (lambda t, s: np.maximum(0, erf((s - t.mean()) / t.std() * np.sqrt(2))), "under the bar"),
        (lambda t, s: norm.cdf(z(t, s)), "0.5 for an average one"),
        (lambda t, s: np.maximum(0, erf(z(s, s) / np.sqrt(2))), "of the training scores"),
        (lambda t, s: references.probability(t, s, ddof=1), "n - 1"),
        (lambda t, s: 1 / (1 + np.exp(-z(t, s))), "logistic"),
        (z, "stopped at the z-score"),
        (lambda t, s: np.maximum(0, z(t, s)), "left out erf"),
        (lambda t, s: np.abs(erf(z(t, s) / np.sqrt(2))), "absolute value"),
        (lambda t, s: np.maximum(0, erf(z(t, s) / np.sqrt(2))), "give NaN"),
    ],
    "seasonal_residual": [
        (lambda t, X, p, s: references.seasonal_residual(t, X, p, 0), "as phase 0"),
        (lambda t, X, p, s: references.seasonal_residual(t, X, p, len(t)), "go on where the training rows end"),
        (lambda t, X, p, s: references.seasonal_residual(t, X, p, s, np.mean), "You averaged"),
        (lambda t, X, p, s: references.seasonal_residual(t[: len(t) // p * p], X, p, s), "fill no whole period"),
        (lambda t, X, p, s: references.seasonal_residual(t, X, p, -s), "the clock runs forwards"),
        (lambda t, X, p, s: X - lessons_profile(t, p)[(s + np.arange(len(X))) % p], "as the lesson does"),
        (lambda t, X, p, s: -references.seasonal_residual(t, X, p, s), "turned round"),
        (lambda t, X, p, s: np.abs(references.seasonal_residual(t, X, p, s)), "keeps its sign"),
        (lambda t, X, p, s: X - references.seasonal_residual(t, X, p, s), "the profile itself"),
        (lambda t, X, p, s: X - np.median(t, axis=0), "each phase has its own"),
        (lambda t, X, p, s: references.seasonal_residual(X, X, p, 0), "The profile came from X"),
        (lambda t, X, p, s: references.seasonal_residual(t, X, p, s)[:, 0], "one residual for each value"),
        (
            lambda t, X, p, s: references.seasonal_residual(
                t, X, p, s, lambda a, axis: np.full(a.shape[1], np.median(a))
            ),
            "one median over all columns",
        ),
    ],
    "group_residual": [
        (group(factor=1.0), "The factor 1.4826 is missing"),
        (group(factor=1 / 1.4826), "multiply"),
        (group(moments=True), "two wild values"),
        (lambda t, tg, v, g: references.group_residual(t, tg == tg, v, g == g), "all groups together"),
        (group(spread_of_all=True), "the spread is that of all values"),
        (lambda t, tg, v, g: references.group_residual(v, g, v, g), "came from the new values"),
        (lambda *data: np.abs(references.group_residual(*data)), "keep the sign"),
        (with_spread_only, "only subtracted the median"),
        (group(unseen="nan"), "gives NaN"),
        (group(unseen="zero"), "as if it were ordinary"),
    ],
    "average_of_maximum": [
        (buckets_of(np.mean, lambda p: p.max(axis=1)), "maximum of the averages"),
        (lambda s, b: s.mean(axis=1), "plain average"),
        (lambda s, b: s.max(axis=1), "plain maximum"),
        (buckets_of(np.max, lambda p: p.sum(axis=1)), "added the buckets up"),
        (
            lambda s, b: np.mean([s[:, b == own].max(axis=1) for own in b], axis=0),
            "more members weighs more",
        ),
        (buckets_of(np.min, lambda p: p.mean(axis=1)), "smallest score"),
        (buckets_of(np.mean, lambda p: p.mean(axis=1)), "averaged twice"),
        (lambda s, b: buckets_of(np.max, lambda p: p.sum(axis=1))(s, b) / len(b), "number of members"),
        (lambda s, b: buckets_of(np.max, lambda p: p.sum(axis=1))(s, b) / (b.max() + 1), "stand for no bucket"),
        (lambda s, b: buckets_of(np.max, lambda p: p.mean())(s, b), "one number for each row"),
        (
            lambda s, b: np.mean([np.where(b == one, s, 0).max(axis=1) for one in np.unique(b)], axis=0),
            "count as 0 with you",
        ),
    ],
    "agreement_weights": [
        (references.agreement, "do not sum to one"),
        (weights(itself=True), "agrees with itself"),
        (weights(measure=references.pearson), "Spearman's compares ranks"),
        (weights(clip=False), "is negative"),
        (absolute_agreement, "absolute values"),
        (references.pairwise, "correlate once"),
        (lambda s: references.agreement(s, clip=False), "bare correlations"),
        (lambda s: np.full(s.shape[1], 1 / s.shape[1]), "plain average"),
        (divided_by_zero, "contradict each other"),
        (lambda s: spearmanr(s).statistic, "one weight for each member"),
    ],
    "cascade": [
        (costly_for_all, "every row to costly"),
        (cascade_of(lambda t, c, s: c > np.quantile(c, 1 - s), joined), "came from the new rows"),
        (cascade_of(lambda t, c, s: c <= np.quantile(t, 1 - s), joined), "ordinary rows to costly"),
        (cascade_of(lambda t, c, s: c > np.quantile(t, s), joined), "nearly all rows are doubtful"),
        (cascade_of(lambda t, c, s: c > np.inf, joined), "never asked costly"),
        (cascade_of(above, joined, one_by_one), "ask once"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, v, r)), "as they are"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, 1 + v, r)), "above 1:"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, 1 - s + s * v, c)), "raw cheap scores"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, 1 - s + s * v, 0)), "ordinary rows got 0"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, 1 - s + s * v, (1 - s) * r)), "squeezed the ranks"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, s + (1 - s) * v, r)), "from share to 1"),
        (cascade_of(above, lambda d, v, r, s, c: np.where(d, 1 - s + s * v, r)), "rule 2 has a ceiling"),
        (cascade_of(lambda t, c, s: c >= np.quantile(t, 1 - s), joined), "equals the threshold"),
        (ranked_by(lambda t, c: (t <= c).mean(axis=1)), "only those strictly below"),
        (cascade_of(lambda t, c, s: c > np.quantile(t, 1 - s, method="higher"), joined), "wrong side"),
        (costly_without_doubt, "No row was doubtful"),
        (costly_by_scores, "row numbers"),
    ],
    "stack": [
        (three_classes, "three classes"),
        (both_probabilities, "two probabilities"),
        (stacked(give="predict"), "returned labels"),
        (stacked(unlabelled="normal"), "counted rows without a label"),
        (stacked(scale_by="none"), "did not standardise"),
        (stacked(scale_by="new"), "the new rows by themselves"),
        (stacked(scale_by="labelled"), "labelled rows alone"),
        (stacked(scale_by="training only"), "asked with raw ones"),
        (stacked(scale_by="together"), "training and new rows together"),
        (stacked(give="predict_proba"), "returned probabilities"),
        (stacked(class_weight="balanced"), "balanced the classes"),
        (lambda *data: -references.stack(*data), "Upside down"),
    ],
    "deep_features": [
        (lambda a, b, c, d: references.deep_features(c, d, c, d), "by the new rows"),
        (features(lambda right, a, c, d: np.roll(right, 1, axis=1)), "stands first"),
        (features(lambda right, a, c, d: np.c_[right[:, :-1], d]), "came in raw"),
        (features(lambda right, a, c, d: np.c_[c, right[:, -1]]), "Only the error"),
        (features(lambda right, a, c, d: np.c_[c, d]), "without standardising"),
        (features(lambda right, a, c, d: right[:, :-1]), "The error is missing"),
        (features(dead_unit_lost), "keep the difference"),
        (without_guard, "dead units"),
        (lambda *data: np.nan_to_num(without_guard(*data)), "astronomically large"),
        (stretched, "stretched"),
        (lambda *data: references.deep_features(*data, ddof=1), "n - 1"),
    ],
    "alarms": [
        (flags(start=0), "begin at phase 0"),
        (flags(share=0.1), "the default one"),
        (lambda A, B, p, s: flags(train="X_new", start=len(A))(A, B, p, s), "You fitted on X_new: season"),
        (flags(train="X_new", start=0), "the rows to be judged"),
        (by_own_threshold, "came from the scores of X_new"),
        (bare, "left the baseline out"),
        (flags(ZScore()), "each column by itself"),
        (flags(IsolationForest(random_state=0)), "A forest judges"),
        (lambda A, B, p, s: 1 - flags()(A, B, p, s), "upside down"),
        (flags(season=12), "another length"),
        (lambda A, B, p, s: flags()(A, A, p, s), "labels of the training rows"),
        (
            lambda A, B, p, s: Residual(SeasonalBaseline(p), Mahalanobis()).fit(A).decision_function(B, start=len(A)),
            "returned scores",
        ),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
@pytest.mark.filterwarnings("ignore")
def test_function_tasks(name):
    prove(getattr(hybrid_detectors, name), SOLVED[name], STUB[name], WRONG[name])


@pytest.mark.parametrize(
    ("name", "answers", "quiz"),
    [
        ("which_part", "kinds_answers", hybrid_detectors.kinds_quiz),
        ("when_to_combine", "combining_answers", hybrid_detectors.combining_quiz),
    ],
)
def test_concept_questions(name, answers, quiz):
    prove_quiz(getattr(hybrid_detectors, name), quiz, SOLVED[answers], STUB[answers])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.filterwarnings("ignore")
def test_the_solution_passes_and_mistakes_fail_whatever_the_draw(monkeypatch, seed):
    """Inputs are random: on none may a mistake give the right result by chance."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name in set(WRONG) - {"alarms"}:
        getattr(hybrid_detectors, name)(SOLVED[name])
        for answer, _ in WRONG[name]:
            with pytest.raises(CheckFailed):
                getattr(hybrid_detectors, name)(answer)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (cascade_of(lambda t, c, s: (t < c[:, None]).mean(axis=1) > 1 - s, joined), "wrong side"),
        (cascade_of(lambda t, c, s: c > np.quantile(t, 1 - s, method="lower"), joined), "wrong side"),
        (ranked_by(lambda t, c: (t <= c).mean(axis=1), cap=False), "only those strictly below"),
        (ranked_by(lambda t, c: ((t < c).mean(axis=1) + (t <= c).mean(axis=1)) / 2), "only those strictly below"),
    ],
)
@pytest.mark.parametrize("seed", range(6))
def test_other_readings_of_the_cascades_rules_fail(monkeypatch, seed, answer, fragment):
    """Each gives the right scores on most draws of many training scores: the small cases tell them apart."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    with pytest.raises(CheckFailed, match=fragment):
        hybrid_detectors.cascade(answer)


def test_a_mask_is_as_good_as_row_numbers_for_the_costly_detector():
    def cascade(cheap_train, cheap, costly, share):
        doubtful = above(cheap_train, cheap, share)
        scores = np.minimum((cheap_train < cheap[:, None]).mean(axis=1), 1 - share)
        if doubtful.any():
            scores[doubtful] = 1 - share + share * costly(doubtful)
        return scores

    hybrid_detectors.cascade(cascade)


def test_the_tasks_rank_is_the_librarys_at_the_training_scores():
    from course_lib.hybrid import ScoreNormaliser

    train = np.round(np.random.default_rng(0).gamma(2, 3, 60))
    ours = SOLVED["rank_normalise"](train, train)
    np.testing.assert_allclose(ours, ScoreNormaliser("rank").fit(train).transform(train))


def test_the_tasks_features_and_weights_are_the_librarys():
    from course_lib.hybrid.combination import agreement

    scores = np.random.default_rng(1).normal(size=(80, 4)) + np.arange(80)[:, None] / 40
    np.testing.assert_allclose(SOLVED["agreement_weights"](scores), agreement(scores))
