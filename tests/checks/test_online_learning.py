"""The checks of the exercise set on online learning: solutions pass, stubs stay open, wrong answers learn why."""

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, online_learning
from course_lib.checks.online_learning import references as reference

SLUG = "16_online_learning"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)

# Each task's wrong answers are its reference with one thing done as learners do it, and what the check says of it.
KINDS = {
    "welford_step": (
        reference.welford,
        {
            "count kept": "n was not counted up",
            "old count": "divided by the old n",
            "old gap twice": "squared the gap to the old mean",
            "new gap twice": "squared the gap to the new mean",
            "variance": "You returned a variance",
            "sums": "too long for 16 digits",
        },
    ),
    "merge": (
        reference.merge,
        {
            "plain mean": "averaged the two means",
            "weights swapped": "The weights are swapped",
            "no gap": "only added the sums of squares",
            "gap not squared": "enters with its square",
            "no weight": "needs its weight",
        },
    ),
    "ewma_z_scores": (
        reference.ewma_z,
        {
            "learn first": "You learn before you score",
            "no warm-up": "first warm_up values are not judged",
            "late": "one value too late",
            "signed": "take the absolute value",
            "variance": "the deviation is its square root",
            "new gap": "gap to the mean before the update",
            "no fading": "The old variance does not fade",
            "old weight": "are swapped in the mean",
            "divides by 0": "A constant start has variance 0",
            "mean from 0": "starts at the first value, not at 0",
            "learnt from 0": "you learnt it into a mean of 0",
            "idle warm-up": "it is learnt all the same",
            "usual variance": "The new square does not fade",
        },
    ),
    "parabola": (
        reference.parabola,
        {
            "slopes swapped": "The two slopes are swapped",
            "line": "the straight line to the neighbour",
            "no sign": "You always step to the right",
            "weights without step": "The weights lack the step",
            "only the step": "That is only the change",
        },
    ),
    "k_means_step": (
        reference.k_means,
        {
            "squared": "take its root",
            "farthest": "You took the farthest centre",
            "learn first": "score first, then learn",
            "all move": "All centres moved",
            "old count": "count it first",
            "fixed rate": "moved by a fixed share",
            "wins kept": "The wins did not change",
        },
    ),
    "half_space_sum": (
        reference.half_space,
        {
            "no weight": "The counts are not weighted",
            "level too high": "the whole space is level 0",
            "never stops": "You always walk to the end",
            "stops before": "add it, then stop",
            "too soon": "You stop at counts equal to small",
            "cut goes left": "equal to the cut goes to the second child",
            "sides swapped": "The sides are swapped",
            "last only": "You kept only the last box",
        },
    ),
    "displacement": (
        reference.displacement,
        {
            "first only": "You looked only at the leaf",
            "not shared": "Share the points that move",
            "inverse": "upside down",
            "with all": "divide by those that leave",
            "mean": "You averaged over the way",
            "sum": "You added up the shares",
        },
    ),
    "page_hinkley": (
        reference.page_hinkley,
        {
            "counted from one": "counted the values from 1",
            "no delta": "The tolerance delta is missing",
            "plus delta": "You added delta",
            "no lowest": "how far it stands above its lowest point",
            "absolute": "must be able to cancel",
            "old mean": "Update the mean before",
            "falling": "You watch for a mean that falls",
            "whole mean": "the mean of the whole stream",
            "whole lowest": "the lowest point of the whole stream",
            "at the limit": "exactly at the limit is not reported",
        },
    ),
    "tail_limit": (
        reference.tail_limit,
        {
            "no share": "Divide the risk by the share",
            "upside down": "The ratio is upside down",
            "no level": "add the level",
            "no one": "The 1 of the bracket is missing",
            "log sign": "The sign before the logarithm is wrong",
            "small is 0": "You took a small shape for 0",
            "no case for 0": "A shape of 0 needs its own formula",
        },
    ),
    "guarded_flags": (
        reference.guarded,
        {
            "learns all": "the fault is swallowed",
            "never gives in": "flags for ever",
            "one side": "compare the absolute distance",
            "all flagged": "half of them are enough",
            "flagged only": "flagged or not",
            "flags kept": "start their window anew too",
            "learns all, begins anew": "only unflagged values move it",
            "waits for patience": "You wait until patience values have come",
            "median": "not their median",
            "old start": "counts again",
            "window too long": "one value too long",
            "window too short": "one value too short",
            "at the limit": "exactly at the limit is not flagged",
            "more than half": "Exactly half is enough",
            "half rounded down": "You rounded half of an odd patience down",
        },
    ),
}


def wrong_answers(name):
    function, kinds = KINDS[name]
    return [(lambda *given, k=kind: function(*given, kind=k), says) for kind, says in kinds.items()]


@pytest.mark.parametrize("name", KINDS)
def test_function_tasks(name):
    extra = {
        "welford_step": [(lambda n, mean, squares, x: (n + 1, mean), "You returned 2 numbers")],
        "k_means_step": [
            (lambda c, w, x: reference.k_means(c, w, x)[0], "return three things"),
            (lambda c, w, x: (reference.k_means(c, w, x)[0], c, w + 1), "No centre moved"),
            (lambda c, w, x: reference.k_means(c, w, x)[1:] + reference.k_means(c, w, x)[:1], "the score, comes first"),
        ],
        "displacement": [(lambda below, beside: beside / below, "one number for the whole way")],
        "tail_limit": [(lambda level, *rest: np.full(3, level), "return one number")],
    }
    prove(getattr(online_learning, name), SOLVED[name], STUB[name], wrong_answers(name) + extra.get(name, []))


def test_concept_questions():
    check, quiz = online_learning.choosing_what_to_learn, online_learning.choosing_quiz
    prove_quiz(check, quiz, SOLVED["answers"], STUB["answers"])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


@pytest.mark.parametrize("name", KINDS)
def test_the_solution_passes_and_mistakes_fail_whatever_the_draw(monkeypatch, name):
    """Inputs are random: on none may a mistake give the right result by chance."""
    for seed in range(20):
        monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
        getattr(online_learning, name)(SOLVED[name])
        for answer, _ in wrong_answers(name):
            with pytest.raises(CheckFailed):
                getattr(online_learning, name)(answer)


def test_references_are_the_library():
    """What the exercises teach is what the course's classes compute."""
    from course_lib.streaming import HalfSpaceTrees, OnlineKMeans, PageHinkley, RunningMoments
    from course_lib.streaming.decayed import DecayedMoments
    from course_lib.streaming.tail import tail_quantile

    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, 200)
    state, moments = (0, 0.0, 0.0), RunningMoments()
    for x in values.tolist():
        state = reference.welford(*state, x)
        moments.learn_one(x)
    assert (moments.n, moments.mean) == (state[0], pytest.approx(state[1]))
    assert moments.variance * moments.n == pytest.approx(state[2])
    faded, scores = DecayedMoments(0.2), reference.ewma_z(values, 0.2, 60)
    for t, x in enumerate(values.tolist()):
        if t >= 60:
            assert scores[t] == pytest.approx(abs(x - faded.mean) / faded.deviation, rel=1e-5)
        faded.learn_one(x)
    jump = np.concatenate([values, values + 5])
    place = PageHinkley(min_instances=1, delta=0.1, threshold=30.0, alpha=1.0, mode="up").update_many(jump)[0]
    assert reference.page_hinkley(jump, 0.1, 30.0) == place
    assert reference.tail_limit(5.0, 0.2, 1.5, 1e-4, 0.02) == tail_quantile(5.0, 0.2, 1.5, 1e-4, 0.02)
    X = rng.random((120, 2))
    trees = HalfSpaceTrees(n_trees=1, height=4, window_size=60, limits=(0.0, 1.0), random_state=0)
    trees.learn_many(X[:60])
    total = reference.half_space(X[60], trees.features_[0], trees.cuts_[0], trees.reference_[0], 6.0)
    assert trees.score_one(X[60]) == pytest.approx(1 - total / (60 * 31))
    means = OnlineKMeans(n_clusters=3, batch_size=1, warm_up=30, random_state=0)
    means.learn_many(X[:30])
    expected = reference.k_means(means.centres_, means.weights_, X[30])
    assert means.score_learn_one(X[30].tolist()) == pytest.approx(expected[0])
    np.testing.assert_allclose(means.centres_, expected[1])
