# %% [markdown]
# # Exercises: Why was this flagged?
#
# Twelve tasks, about 95 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import explanations as check

# %% [markdown]
# ### Task 21.1 Shares of the error  ●○○  5 min
#
# Rows `X`, shape `(n, d)`, were rebuilt as `rebuilt`. Write `error_shares(X, rebuilt)`, shape `(n, d)`: for each row the squared
# error of each feature divided by the row's sum of squared errors. A row that was rebuilt without any error gets shares of 0.
#
# <details><summary>Hint 1</summary><code>errors.sum(axis=1, keepdims=True)</code> has shape (n, 1) and divides each row by its own sum.</details>
# <details><summary>Hint 2</summary>Where the sum is 0, divide by 1 instead: <code>np.where(total &gt; 0, total, 1)</code>.</details>


# %%
def error_shares(X, rebuilt):
    """Each feature's part of its row's squared error, shapes (n, d) and (n, d) to (n, d)."""
    # SOLUTION
    errors = (X - rebuilt) ** 2
    total = errors.sum(axis=1, keepdims=True)
    return errors / np.where(total > 0, total, 1)
    # END SOLUTION


# %% tags=["check"]
check.error_shares(error_shares)

# %% [markdown]
# ### Task 21.2 What a coalition is worth  ●○○  6 min
#
# A coalition is an array `members` of True and False, shape `(d,)`. Its value is the *mean score* of the rows that you get when every
# row of `background`, shape `(n, d)`, takes the members' values from the flagged row `x`, shape `(d,)`, and keeps its own elsewhere.
#
# Write `coalition_value(score, x, background, members)`: one number. `score` maps rows `(n, d)` to scores `(n,)`; call it once.
#
# <details><summary>Hint 1</summary><code>np.where(condition, a, b)</code> takes from a where the condition is true, else from b. Shapes (d,) and (n, d) go together.</details>
# <details><summary>Hint 2</summary>Members come from x, so x is the second argument of <code>np.where</code>. Score all mixed rows, then take the mean.</details>


# %%
def coalition_value(score, x, background, members):
    """Mean score of the background's rows with the members' values from x, a number."""
    # SOLUTION
    return score(np.where(members, x, background)).mean()
    # END SOLUTION


# %% tags=["check"]
check.coalition_value(coalition_value)

# %% [markdown]
# ### Task 21.3 Shapley values  ●●●  15 min
#
# `value(S)` gives the value of a coalition `S` of the features $0, \dots, d - 1$; `S` is a set, tuple or list of feature numbers,
# `value(())` is the empty one. Write `shapley_values(value, d)`, shape `(d,)`, for $d$ up to 5:
# $$\phi_j = \frac{1}{d} \sum_{S \not\ni j} \binom{d-1}{|S|}^{-1} \bigl(v(S \cup \{j\}) - v(S)\bigr).$$
#
# Or average what each feature adds over all $d!$ orders of joining: the result is the same, and the choice is yours.
#
# <details><summary>Hint 1</summary><code>itertools.combinations(others, size)</code> lists all coalitions of one size; <code>math.comb</code> is the binomial coefficient.</details>
# <details><summary>Hint 2</summary>By orders: <code>for order in itertools.permutations(range(d))</code>, walk through it, and for each place compare <code>value(order[:place + 1])</code> with <code>value(order[:place])</code>.</details>
# <details><summary>Hint 3</summary>The difference belongs to feature <code>order[place]</code>. At the end divide by the number of orders.</details>

# %%
from itertools import combinations
from math import comb


def shapley_values(value, d):
    """Shapley values of the d features of a game, (d,)."""
    # SOLUTION
    phi = np.zeros(d)
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for size in range(d):
            for S in combinations(others, size):
                phi[j] += (value((*S, j)) - value(S)) / (d * comb(d - 1, size))
    return phi
    # END SOLUTION


# %% tags=["check"]
check.shapley_values(shapley_values)

# %% [markdown]
# ### Task 21.4 The kernel's weights  ●○○  4 min
#
# KernelSHAP fits a line to the values of coalitions. A coalition of `size` of the `d` features has the weight
# $$w = \frac{d - 1}{\binom{d}{|S|}\,|S|\,(d - |S|)} .$$
# Write `kernel_weight(d, size)` for sizes from 1 to $d - 1$.
#
# <details><summary>Hint 1</summary><code>math.comb(d, size)</code>.</details>
# <details><summary>Hint 2</summary>All three factors stand below the line: put them in brackets.</details>


# %%
def kernel_weight(d, size):
    """Weight of a coalition of `size` of d features, a number."""
    # SOLUTION
    return (d - 1) / (comb(d, size) * size * (d - size))
    # END SOLUTION


# %% tags=["check"]
check.kernel_weight(kernel_weight)

# %% [markdown]
# ### Task 21.5 One order of joining  ●●○  8 min
#
# Start from one ordinary row `start`, shape `(d,)`. In the given `order`, an array of feature numbers, one feature after the other takes its
# value from the flagged row `x` and keeps it. Write `permutation_values(score, x, start, order)`, shape `(d,)`: in place $j$ stands by how much the
# score changed when feature $j$ joined. (`score` takes rows, shape `(n, d)`.)
#
# <details><summary>Hint 1</summary>Work on a copy: <code>row = start.copy()</code>. The score of a single row is <code>score(row[None])[0]</code>.</details>
# <details><summary>Hint 2</summary>Keep the score before the step; after <code>row[j] = x[j]</code> the difference goes to <code>added[j]</code>, wherever j stands in the order.</details>


# %%
def permutation_values(score, x, start, order):
    """What each feature adds when the features of x join in this order, (d,)."""
    # SOLUTION
    row, added = start.copy(), np.zeros(len(x))
    for j in order:
        before = score(row[None])[0]
        row[j] = x[j]
        added[j] = score(row[None])[0] - before
    return added
    # END SOLUTION


# %% tags=["check"]
check.permutation_values(permutation_values)

# %% [markdown]
# ### Task 21.6 A straight line nearby  ●●○  10 min
#
# `samples`, shape `(n, d)`, were drawn around the flagged row `x`; `scores`, shape `(n,)`, are theirs. A sample at distance $r$ from `x` has the weight
# $\exp\bigl(-r^2 / (2\,\text{width}^2)\bigr)$. Write `local_slopes(samples, scores, x, width)`: fit a line *with an intercept* by weighted least squares, without
# ridge, and return its slopes, shape `(d,)`.
#
# <details><summary>Hint 1</summary>Weighted least squares is plain least squares after multiplying each row, and its score, by the square root of its weight.</details>
# <details><summary>Hint 2</summary><code>np.c_[np.ones(n), samples]</code> puts a column of ones in front, for the intercept. It takes part in the multiplication.</details>
# <details><summary>Hint 3</summary><code>np.linalg.lstsq(A, b, rcond=None)[0]</code> holds the intercept first, then the slopes.</details>


# %%
def local_slopes(samples, scores, x, width):
    """Slopes of a weighted least-squares fit around x, (d,)."""
    # SOLUTION
    distance2 = ((samples - x) ** 2).sum(axis=1)
    root = np.sqrt(np.exp(-distance2 / (2 * width**2)))
    columns = np.c_[np.ones(len(samples)), samples]
    return np.linalg.lstsq(columns * root[:, None], scores * root, rcond=None)[0][1:]
    # END SOLUTION


# %% tags=["check"]
check.local_slopes(local_slopes)

# %% [markdown]
# ### Task 21.7 Does deleting help?  ●●○  7 min
#
# An explanation gives each feature of a flagged row `x` a contribution, `values`, shape `(d,)`. Replace the features by `typical` values, shape `(d,)`,
# one after the other, *the largest contribution first*. Write `deletion_scores(score, x, typical, values)`, shape `(d + 1,)`: the scores after
# $0, 1, \dots, d$ replacements.
#
# <details><summary>Hint 1</summary><code>np.argsort(-values)</code> lists the features, the most blamed first.</details>
# <details><summary>Hint 2</summary>Collect copies of the row, one for each step, the untouched one first, and score them together.</details>


# %%
def deletion_scores(score, x, typical, values):
    """Scores while features are replaced in the order of their contributions, (d + 1,)."""
    # SOLUTION
    rows = [x]
    for j in np.argsort(-values):
        row = rows[-1].copy()
        row[j] = typical[j]
        rows.append(row)
    return score(np.array(rows))
    # END SOLUTION


# %% tags=["check"]
check.deletion_scores(deletion_scores)

# %% [markdown]
# ### Task 21.8 Precision at k  ●●○  7 min
#
# You planted faults, so you know the causes: `causes` is a list of $n$ sets of columns. `values`, shape `(n, d)`, are the contributions. Write
# `precision_at(values, causes, k)`: for each row count the causes among the $k$ features with the *largest* values, divide by the smaller of $k$ and the
# number of causes (more is not possible), and average over the rows.
#
# <details><summary>Hint 1</summary><code>np.argsort(-row)[:k]</code> are the first k features of a row; <code>set(...) &amp; cause</code> are the hits.</details>
# <details><summary>Hint 2</summary>For each row <code>len(hits) / min(k, len(cause))</code>, then the mean of the list.</details>


# %%
def precision_at(values, causes, k):
    """Share of the possible hits among the k most blamed features, mean over the rows."""
    # SOLUTION
    found = []
    for row, cause in zip(values, causes):
        hits = set(np.argsort(-row)[:k].tolist()) & cause
        found.append(len(hits) / min(k, len(cause)))
    return np.mean(found)
    # END SOLUTION


# %% tags=["check"]
check.precision_at(precision_at)

# %% [markdown]
# ### Task 21.9 Integrated gradients  ●●○  8 min
#
# `gradient` maps rows, shape `(n, d)`, to the gradients of the score there, shape `(n, d)`. Walk from `baseline` to `x` in `steps` steps and look at the
# *middle* of each: the places $a_i = (i + \tfrac12) / \text{steps}$, $i = 0, \dots, \text{steps} - 1$. Write `integrated_gradients(gradient, x, baseline, steps)`:
# $$(x - b) \cdot \frac{1}{\text{steps}} \sum_i \nabla s\bigl(b + a_i (x - b)\bigr), \quad \text{shape } (d,).$$
#
# <details><summary>Hint 1</summary><code>(np.arange(steps) + 0.5) / steps</code> are the places; with <code>[:, None]</code> they have shape (steps, 1).</details>
# <details><summary>Hint 2</summary><code>baseline + places[:, None] * (x - baseline)</code> are all points of the line at once; the mean of the gradients goes over them, <code>axis=0</code>.</details>


# %%
def integrated_gradients(gradient, x, baseline, steps):
    """Contributions by the midpoint rule, (d,)."""
    # SOLUTION
    places = (np.arange(steps) + 0.5) / steps
    line = baseline + places[:, None] * (x - baseline)
    return (x - baseline) * gradient(line).mean(axis=0)
    # END SOLUTION


# %% tags=["check"]
check.integrated_gradients(integrated_gradients)

# %% [markdown]
# ### Task 21.10 The smallest repair  ●●●  12 min
#
# Which features have to become typical until the row is normal? Write `smallest_repair(score, x, typical, threshold)`: while the row's score is *above* the threshold, try for each feature
# not yet repaired what the score would be with its typical value, and repair the one that gives the lowest score. Return the list of repaired columns, in the order
# of repair. A row that is normal already gives an empty list; the typical row itself is normal, so the search ends. (It is a greedy
# search: good, not always the smallest. The check wants its columns in its order.)
#
# <details><summary>Hint 1</summary>A <code>while</code> loop around a <code>for</code> loop: what stands in the list is not tried again.</details>
# <details><summary>Hint 2</summary>Each try needs its own copy of the current row, which already holds the earlier repairs.</details>
# <details><summary>Hint 3</summary><code>best = min(candidates, key=score_after)</code>, with a small function that repairs a copy and gives its score.</details>


# %%
def smallest_repair(score, x, typical, threshold):
    """Columns to repair, in order, until score <= threshold, a list of ints."""
    # SOLUTION
    row, repaired = x.copy(), []
    while score(row[None])[0] > threshold and len(repaired) < len(x):
        left = [j for j in range(len(x)) if j not in repaired]
        tries = np.array([np.where(np.arange(len(x)) == j, typical, row) for j in left])
        best = left[np.argmin(score(tries))]
        row[best] = typical[best]
        repaired.append(best)
    return repaired
    # END SOLUTION


# %% tags=["check"]
check.smallest_repair(smallest_repair)

# %% [markdown]
# ### Task 21.11 Name the culprit  ●○○  5 min
#
# Now with the library. Write `name_the_culprit(detector, background, X, names)`: explain the rows of `X` with `ExactShapley(detector, background, feature_names=names)` and return a list with one
# name for each row, that of the feature with the *largest* contribution.
#
# <details><summary>Hint 1</summary><code>explainer.explain(X)</code> gives an explanation with <code>values</code>, shape (n, d), and a method <code>top(k)</code>.</details>
# <details><summary>Hint 2</summary><code>top(1)</code> is a list with a list of one name for each row; you want the names themselves.</details>

# %%
from course_lib.explain import ExactShapley


def name_the_culprit(detector, background, X, names):
    """The most blamed feature of each row of X, a list of n names."""
    # SOLUTION
    explanation = ExactShapley(detector, background, feature_names=names).explain(X)
    return [first for (first,) in explanation.top(1)]
    # END SOLUTION


# %% tags=["check"]
check.name_the_culprit(name_the_culprit)

# %% [markdown]
# ### Task 21.12 How far to trust a reason  ●●○  6 min
#
# Four questions. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>For q2: a contribution answers the question "compared with what?".</details>
# <details><summary>Hint 2</summary>For q3: how does the spread of a mean depend on how many values are averaged?</details>

# %%
check.trust_quiz.show()

# %%
# SOLUTION
# STUB: trust_answers = {"q1": None, "q2": None, "q3": None, "q4": None}
trust_answers = {"q1": "b", "q2": "a", "q3": "c", "q4": "d"}
# END SOLUTION

# %% tags=["check"]
check.trusting_reasons(trust_answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write half a page on each, then unfold what a good answer weighs. The solution notebook has a model answer to the first.
#
# **1. Finance.** A bank's detector freezes a transfer, and the customer's rent is due tomorrow. Three people ask why: the customer, the bank's investigator and the
# supervisor. Do they get the same explanation? What may each rely on?
#
# <details><summary>What a good answer weighs</summary>
# Three readers, three questions: the customer wants to know what to do, the investigator where to look, the supervisor whether the rule is lawful. A counterfactual that can be acted on
# for the first, contributions with their background and spread for the second, tests over many cases (planted causes, groups of people, stability) for the third. What
# must not be told, because it teaches thieves. That an explanation of a score is no proof of fraud. Correlated features that stand in for forbidden ones. A person who can overrule.</details>
#
# **2. Health.** A ward's monitor flags a patient, and the page says "heart rate 71%, oxygen 20%". The nurse looks at the heart rate, finds a loose electrode, and closes
# the alarm. What could have gone wrong, and how would you design the page?
#
# <details><summary>What a good answer weighs</summary>
# The largest share attracts all attention: the error smears, and a fault of the sensor can hide one of the patient. Show more than the first cause, and what remains of the score
# when the electrode is put right. Compare with this patient's own past, not with an average one. How sure: margin, spread over seeds, how often such scores are false alarms. Trust too high and too low:
# test the page with nurses on planted cases, with and without explanations. Log what was shown and what was decided.</details>

# %% [markdown] tags=["solution-only"]
# ### A model answer to the first question
#
# They ask different questions, so they get different explanations of the same score. The customer needs a way out: "sent abroad for the first time, at night, to an account opened yesterday; call us and
# it is released within the hour". That is a counterfactual over things they can change or confirm; age or address never appear in it, and if the search keeps returning to such features, the detector has a
# problem that no wording mends. The investigator gets contributions in euros and hours, compared with this customer's own last months rather than with all customers, with the spread over seeds and
# the two next candidates, because correlated features share the blame by convention. The supervisor gets no single case but the tests: on planted frauds the named cause was right in so many of a hundred, deletion beats
# random order by so much, explanations repeat over seeds, and groups of customers are frozen at such and such rates. None of the three may read the page as proof of fraud: it says why the score is high,
# not what the customer did. So somebody who can overrule it signs, the page is kept with the decision, and cases where the reason turned out wrong go back into the test set.
