# %% [markdown]
# # Exercises: Hybrid detectors
#
# Twelve tasks, about 85 minutes, and a question to write about. Write your code where a cell says so, run it, then run the
# check below it: it tries your answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task
# has hints that fold out. Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import hybrid_detectors as check

# %% [markdown]
# ### Task 20.1 A rank among the training scores  ●○○  5 min
#
# Write `rank_normalise(train, scores)`: for each new score the share of *training* scores that lie below it; of training scores
# equal to it, half count. Shapes `(n_train,)` and `(n,)` go in, `(n,)` comes out.
#
# With `train = [1, 2, 2, 5]` the score 2 gets `(1 + 2 / 2) / 4 = 0.5`, the score 9 gets 1. (The library's rank draws straight lines
# between training scores and never quite reaches 1; at the training scores it gives the same numbers.)
#
# <details><summary>Hint 1</summary>For one score: <code>(train &lt; score).mean()</code> is the share below, <code>(train == score).mean()</code> the share that is equal.</details>
# <details><summary>Hint 2</summary><code>train &lt; scores[:, None]</code> compares all pairs at once, shape (n, n_train); take means along axis 1.</details>


# %%
def rank_normalise(train, scores):
    """Shares of the training scores below each score, ties counted half, (n_train,) and (n,) to (n,)."""
    # SOLUTION
    below = (train < scores[:, None]).mean(axis=1)
    return below + (train == scores[:, None]).mean(axis=1) / 2
    # END SOLUTION


# %% tags=["check"]
check.rank_normalise(rank_normalise)

# %% [markdown]
# ### Task 20.2 A score as a probability  ●○○  5 min
#
# The Gaussian scaling of Kriegel and others makes a number between 0 and 1 of a score $s$, with mean $\mu$ and standard deviation
# $\sigma$ of the *training* scores:
# $$p(s) = \max\!\left(0,\ \operatorname{erf}\frac{s - \mu}{\sigma\sqrt2}\right).$$
# Everything up to the average gets 0. Write `probability(train, scores)`, shape `(n,)`. If all training scores are equal, give 0 for every score.
#
# <details><summary>Hint 1</summary><code>scipy.special.erf</code> works on arrays; it is imported below. <code>np.std</code> as it comes is the deviation meant here.</details>
# <details><summary>Hint 2</summary>First the constant case: <code>if train.std() == 0: return np.zeros(len(scores))</code>. Then <code>np.maximum(0, ...)</code>.</details>

# %%
from scipy.special import erf


def probability(train, scores):
    """Gaussian scaling of scores by the training scores, (n_train,) and (n,) to (n,)."""
    # SOLUTION
    if train.std() == 0:
        return np.zeros(len(scores))
    z = (scores - train.mean()) / train.std()
    return np.maximum(0, erf(z / np.sqrt(2)))
    # END SOLUTION


# %% tags=["check"]
check.probability(probability)

# %% [markdown]
# ### Task 20.3 What the season leaves over  ●●○  8 min
#
# `train` holds rows in the order of time, shape `(n, d)`; its row $i$ has phase $i \bmod$ `period`. The profile is the median of
# the training rows of each phase, column by column. `X`, shape `(m, d)`, is another stretch of the same series; its row 0 is row `start` on the training
# rows' clock, so it has phase `start % period`.
#
# Write `seasonal_residual(train, X, period, start)`: `X` less the profile, shape `(m, d)`. (Simpler than the lesson's function of that name: no
# slow level, no division.)
#
# <details><summary>Hint 1</summary><code>train[phase::period]</code> are the training rows of one phase.</details>
# <details><summary>Hint 2</summary>Stack the medians to an array of shape (period, d) and index it with <code>(start + np.arange(len(X))) % period</code>.</details>


# %%
def seasonal_residual(train, X, period, start):
    """X, (m, d), less the median of the training rows, (n, d), of the same phase."""
    # SOLUTION
    profile = np.array([np.median(train[p::period], axis=0) for p in range(period)])
    return X - profile[(start + np.arange(len(X))) % period]
    # END SOLUTION


# %% tags=["check"]
check.seasonal_residual(seasonal_residual)

# %% [markdown]
# ### Task 20.4 Unusual for whom?  ●●○  8 min
#
# 80 euros are little in one shop and a lot in another. `train` holds amounts and `train_groups` the shop of each (texts), both shape
# `(n,)`; `values` and `groups` are new ones, shape `(m,)`. Write `group_residual(train, train_groups, values, groups)`:
# $$r_i = \frac{x_i - \operatorname{median}_g}{1.4826\,\operatorname{MAD}_g},$$
# with median and MAD (the median of the absolute differences from the median) of the *training* values of the group $g$ that row
# $i$ belongs to. A group that training has not seen is judged by the median and MAD of all training values.
#
# <details><summary>Hint 1</summary><code>train[train_groups == group]</code> are the training values of one group; it may be empty.</details>
# <details><summary>Hint 2</summary>Loop over <code>np.unique(groups)</code>: choose <code>own</code> (or all of <code>train</code>), compute median and MAD, fill the rows where <code>groups == group</code>.</details>


# %%
def group_residual(train, train_groups, values, groups):
    """Robust deviations of values, (m,), from the median of their group among the training values."""
    # SOLUTION
    residual = np.empty(len(values))
    for group in np.unique(groups):
        own = train[train_groups == group]
        own = own if len(own) else train
        centre = np.median(own)
        scale = 1.4826 * np.median(np.abs(own - centre))
        residual[groups == group] = (values[groups == group] - centre) / scale
    return residual
    # END SOLUTION


# %% tags=["check"]
check.group_residual(group_residual)

# %% [markdown]
# ### Task 20.5 Average of maximum  ●○○  5 min
#
# `scores` has shape `(n, m)`: normalised scores of `m` members, one column each (z-scores, say: negative below the average). `buckets`, shape `(m,)`, holds a whole number for each member; members
# with the same number share a bucket. Write `average_of_maximum(scores, buckets)`, shape `(n,)`: the largest score inside each
# bucket, then the average over the buckets, each bucket counting once.
#
# <details><summary>Hint 1</summary><code>scores[:, buckets == b]</code> are the columns of one bucket; <code>max(axis=1)</code> gives one number a row.</details>
# <details><summary>Hint 2</summary><code>np.unique(buckets)</code> lists the buckets that occur. <code>np.mean(list_of_arrays, axis=0)</code> averages arrays.</details>


# %%
def average_of_maximum(scores, buckets):
    """The mean over buckets of the largest score in each, (n, m) and (m,) to (n,)."""
    # SOLUTION
    peaks = [scores[:, buckets == b].max(axis=1) for b in np.unique(buckets)]
    return np.mean(peaks, axis=0)
    # END SOLUTION


# %% tags=["check"]
check.average_of_maximum(average_of_maximum)

# %% [markdown]
# ### Task 20.6 Weights by agreement  ●●○  8 min
#
# Without labels, whom do you believe? One answer: those whom the others confirm. `scores` has shape `(n, m)`. For each member
# compute Spearman's rank correlation of its scores with the average of *the other* members, put 0 where it is negative, and divide by the sum of all. If
# the sum is 0, all weights are equal. Write `agreement_weights(scores)`, shape `(m,)`.
#
# <details><summary>Hint 1</summary><code>spearmanr(a, b).statistic</code> is the correlation; <code>np.delete(scores, j, axis=1)</code> leaves column j out.</details>
# <details><summary>Hint 2</summary>Collect the correlations in a list, cut with <code>np.maximum(..., 0)</code>, and look at the sum before you divide.</details>

# %%
from scipy.stats import spearmanr


def agreement_weights(scores):
    """Weights that sum to one, (n, m) to (m,): agreement of each member with the average of the others."""
    # SOLUTION
    found = []
    for j in range(scores.shape[1]):
        others = np.delete(scores, j, axis=1).mean(axis=1)
        found.append(spearmanr(scores[:, j], others).statistic)
    weights = np.maximum(found, 0)
    if weights.sum() == 0:
        return np.full(len(weights), 1 / len(weights))
    return weights / weights.sum()
    # END SOLUTION


# %% tags=["check"]
check.agreement_weights(agreement_weights)

# %% [markdown]
# ### Task 20.7 A cascade  ●●●  12 min
#
# A cheap detector has scored the training rows (`cheap_train`) and the new rows (`cheap`). `costly` is a function: it takes an array
# of row numbers and returns scores between 0 and 1 for these rows, at a price. Write `cascade(cheap_train, cheap, costly, share)`,
# one score for each new row:
#
# 1. *doubtful* are the new rows whose cheap score exceeds (not only equals) the quantile of `cheap_train` that has `share` of the training scores
#    above it; `np.quantile` as it comes, even where it lies between two training scores;
# 2. an ordinary row scores the share of training scores strictly below its own, but at most `1 - share`;
# 3. a doubtful row scores `1 - share + share * c` with its costly score `c`: always at or above every ordinary one;
# 4. call `costly` once, for the doubtful rows only, and not at all if there is none.
#
# The check watches what you ask `costly` for.
#
# <details><summary>Hint 1</summary><code>np.quantile(cheap_train, 1 - share)</code> is the threshold, <code>np.flatnonzero(...)</code> turns a comparison into row numbers.</details>
# <details><summary>Hint 2</summary>Start with the scores of step 2 for all rows (<code>np.minimum</code> keeps them at most 1 - share), then overwrite the doubtful ones.</details>
# <details><summary>Hint 3</summary><code>if len(doubtful):</code> guards the one call.</details>


# %%
def cascade(cheap_train, cheap, costly, share):
    """Scores of the new rows, (n,): cheap ranks, and the costly verdict where the cheap one is in doubt."""
    # SOLUTION
    below = (cheap_train < cheap[:, None]).mean(axis=1)
    scores = np.minimum(below, 1 - share)
    doubtful = np.flatnonzero(cheap > np.quantile(cheap_train, 1 - share))
    if len(doubtful):
        scores[doubtful] = 1 - share + share * costly(doubtful)
    return scores
    # END SOLUTION


# %% tags=["check"]
check.cascade(cascade)

# %% [markdown]
# ### Task 20.8 Stacked on few labels  ●●○  8 min
#
# `train` has shape `(n, m)`: raw scores of `m` members. Somebody looked at a few of these rows: `y` is 1 (anomaly), 0 (normal), and -1 where
# nobody looked. Write `stack(train, y, new)`, scores of new rows, shape `(len(new),)`:
#
# 1. take each member's mean and deviation (`np.std`) over *all* training rows, labelled or not, and standardise the training
#    rows by them; apply the same numbers to the new rows;
# 2. fit `LogisticRegression()` with its defaults on the labelled rows alone;
# 3. return its `decision_function` of the new rows: high means anomaly.
#
# <details><summary>Hint 1</summary><code>labelled = y &gt;= 0</code> picks the rows somebody looked at. Means and deviations need no labels: use all rows.</details>
# <details><summary>Hint 2</summary><code>fit(Z[labelled], y[labelled])</code> and then <code>decision_function((new - mean) / deviation)</code>.</details>

# %%
from sklearn.linear_model import LogisticRegression


def stack(train, y, new):
    """Scores of new rows, (k, m) to (k,), by a logistic regression on the labelled rows of train, (n, m)."""
    # SOLUTION
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    labelled = y >= 0
    model = LogisticRegression().fit(((train - mean) / deviation)[labelled], y[labelled])
    return model.decision_function((new - mean) / deviation)
    # END SOLUTION


# %% tags=["check"]
check.stack(stack)

# %% [markdown]
# ### Task 20.9 Features for a shallow detector  ●●○  7 min
#
# An autoencoder has turned rows into codes, `(n, k)`, and knows the reconstruction error of each, `(n,)`. A shallow detector shall see
# both. Write `deep_features(codes_train, errors_train, codes, errors)`: the features of the *new* rows, shape `(m, k + 1)`, codes first, error
# last, each column less its training mean and divided by its training deviation (`np.std`). A column that is constant in training (a dead unit) is divided by 1.
#
# <details><summary>Hint 1</summary><code>np.c_[codes, errors]</code> appends the errors as a column.</details>
# <details><summary>Hint 2</summary><code>np.where(deviation &gt; 0, deviation, 1)</code>.</details>


# %%
def deep_features(codes_train, errors_train, codes, errors):
    """Standardised codes and error of new rows, (m, k) and (m,) to (m, k + 1)."""
    # SOLUTION
    train, new = np.c_[codes_train, errors_train], np.c_[codes, errors]
    deviation = train.std(axis=0)
    return (new - train.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    # END SOLUTION


# %% tags=["check"]
check.deep_features(deep_features)

# %% [markdown]
# ### Task 20.10 Put it together  ●●○  8 min
#
# Now with the course's own parts. Write `alarms(X_train, X_new, period, share)`:
#
# 1. a `Residual` of a `SeasonalBaseline` with this period and a plain `Mahalanobis()`;
# 2. its threshold so that the share `share` of the training rows is flagged: `threshold=Contamination(share)`;
# 3. fit it on `X_train`, and return the labels of `X_new`, which begins right where `X_train` ends: `predict` takes an
#    argument `start`, the number of rows since the first training row.
#
# <details><summary>Hint 1</summary><code>Residual(baseline, detector, threshold=...)</code> is one detector: fit it, ask it, like any other.</details>
# <details><summary>Hint 2</summary>How many rows lie between the first row of <code>X_train</code> and the first of <code>X_new</code>?</details>

# %%
from course_lib.core.thresholds import Contamination
from course_lib.hybrid import Residual, SeasonalBaseline
from course_lib.statistics import Mahalanobis


def alarms(X_train, X_new, period, share):
    """Labels of the rows of X_new, 1 = anomaly, after the season of X_train is taken off."""
    # SOLUTION
    detector = Residual(
        SeasonalBaseline(period), Mahalanobis(), threshold=Contamination(share)
    )
    return detector.fit(X_train).predict(X_new, start=len(X_train))
    # END SOLUTION


# %% tags=["check"]
check.alarms(alarms)

# %% [markdown]
# ### Task 20.11 Which part for which kind?  ●○○  5 min
#
# Three questions. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>Ask of each part: what does it compare a reading with? All readings, those of the same hour, its neighbours in time?</details>

# %%
check.kinds_quiz.show()

# %%
# SOLUTION
# STUB: kinds_answers = {"q1": None, "q2": None, "q3": None}
kinds_answers = {"q1": "b", "q2": "d", "q3": "a"}
# END SOLUTION

# %% tags=["check"]
check.which_part(kinds_answers)

# %% [markdown]
# ### Task 20.12 When to combine, and when not  ●●○  6 min
#
# Three questions of judgement.
#
# <details><summary>Hint 1</summary>For q1 and q2: what do the weak members have in common? For q3: follow one row through both stages.</details>

# %%
check.combining_quiz.show()

# %%
# SOLUTION
# STUB: combining_answers = {"q1": None, "q2": None, "q3": None}
combining_answers = {"q1": "c", "q2": "a", "q3": "d"}
# END SOLUTION

# %% tags=["check"]
check.when_to_combine(combining_answers)

# %% [markdown]
# ## In your own words: benefit and cost of combining
#
# A question without a check. Write eight sentences, then unfold what a good answer weighs; the solution holds a whole answer.
#
# Your team runs one detector on 400 pumps. A supplier offers "an ensemble of twelve models, always better than any single one". What do you
# ask, what do you measure, and when would you say no?
#
# <details><summary>What a good answer weighs</summary>
# Benefit: which kinds of anomaly does each part see that the others miss; less dependence on one unlucky choice. Proof: beside the best
# single part and beside the average of two, on your own data, with intervals, and with a choice that could have been made without test labels. Cost: time and
# memory for each reading, twelve models to retrain, watch and explain, thresholds that shift when one part fails, false alarms that add up
# under a maximum. When no: the parts err together, one part already sees all that matters, nobody can say why an alarm was raised.</details>

# %% [markdown] tags=["solution-only"]
# **A model answer.** "Always better" cannot be true: an average is worse than its best part as soon as that part is alone
# in being right. So I ask which kinds of fault each of the twelve sees that the others miss, and I ask for a table by kind, not for one
# number. I measure the ensemble on our own pumps beside three things: our present detector, the best single one of
# the twelve, and a plain average of two that differ. The settings must have been chosen before the
# test faults were looked at, and I want an interval for the difference, because with 30 known faults a step from 0.93 to 0.95 can be chance.
# The benefit I hope for is mostly insurance: nobody knows which single detector suits next year's fault, and a sensible
# average is seldom the worst choice. Against it stand twelve models to retrain, watch and explain, twelve ways for a missing sensor to break the
# score, and twelve times the computing for each reading, unless a cheap part goes first. I say no if the twelve are cousins
# that miss the same faults, if one part and a good baseline already find what costs us money, or if nobody can tell the fitter
# at three in the morning why the alarm went off. I would say yes to two or three parts that look at different
# things, joined by a rule that I can explain.
