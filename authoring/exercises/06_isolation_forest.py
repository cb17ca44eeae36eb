# %% [markdown]
# # Exercises: Isolation forest
#
# Ten tasks, about 65 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import isolation_forest as check

# %% [markdown]
# ### Task 6.1 The average path length  ●○○  4 min
#
# How many random cuts does an average row of $n$ need until it is alone? For $n > 2$ the course uses the approximation
# $$c(n) = 2\,\bigl(\ln(n-1) + \gamma\bigr) - \frac{2(n-1)}{n},$$
# with Euler's constant $\gamma = 0.5772\ldots$ (`np.euler_gamma`). Two rows need exactly one cut, $c(2) = 1$, and fewer than
# two need none, $c(0) = c(1) = 0$. Write `average_path_length(n)` for a whole number `n`.
#
# <details><summary>Hint 1</summary><code>np.log</code> is the natural logarithm. Deal with the small n first.</details>
# <details><summary>Hint 2</summary>Three lines: <code>if n &lt; 2: return 0.0</code>, the same for 2, then the formula.</details>


# %%
def average_path_length(n):
    """c(n) for a whole number n of rows."""
    # SOLUTION
    if n <= 2:
        return float(n == 2)
    return 2 * (np.log(n - 1) + np.euler_gamma) - 2 * (n - 1) / n
    # END SOLUTION


# %% tags=["check"]
check.average_path_length(average_path_length)

# %% [markdown]
# ### Task 6.2 One random cut  ●●○  7 min
#
# Write `random_cut(X, rng)` for an array `X` of shape `(n, d)` and a generator `rng`. It returns `(feature, cut)`:
#
# 1. the columns that vary, that is, whose largest value exceeds the smallest;
# 2. one of them, drawn with `rng.choice(...)` (the first draw);
# 3. a cut between that column's smallest and largest value, drawn with `rng.uniform(low, high)` (the second draw).
#
# Draw in exactly this way: the check compares with the same generator.
#
# <details><summary>Hint 1</summary><code>X.max(axis=0) &gt; X.min(axis=0)</code> tells for each column whether it varies; <code>np.flatnonzero</code> turns that into their numbers.</details>
# <details><summary>Hint 2</summary>With the feature <code>j</code> in hand, look at <code>X[:, j].min()</code> and <code>X[:, j].max()</code>.</details>


# %%
def random_cut(X, rng):
    """(feature, cut) of a random cut through the rows of X, shape (n, d)."""
    # SOLUTION
    j = rng.choice(np.flatnonzero(X.max(axis=0) > X.min(axis=0)))
    return j, rng.uniform(X[:, j].min(), X[:, j].max())
    # END SOLUTION


# %% tags=["check"]
check.random_cut(random_cut)

# %% [markdown]
# ### Task 6.3 The length of a path  ●●○  8 min
#
# A tree is either a whole number, the count of training rows that ended there, or a tuple `(feature, cut, left, right)` of which
# `left` and `right` are trees again. A row `x` goes left where `x[feature] <= cut`.
#
# Write `path_length(tree, x, c)`: the number of cuts on the way of `x`, plus `c(m)` for the `m` rows at its end. `c` is a function
# that is given to you: use it, not the one from task 6.1.
#
# With `tree = (0, 5.0, 1, (1, 2.0, 1, 4))` the row `[3, 9]` has length `1 + c(1)` and the row `[7, 9]` has `2 + c(4)`.
#
# <details><summary>Hint 1</summary>Walk with a loop: while the tree is a tuple, take it apart, step to one side, and count.</details>
# <details><summary>Hint 2</summary><code>while isinstance(tree, tuple):</code> then <code>feature, cut, left, right = tree</code>.</details>


# %%
def path_length(tree, x, c):
    """Cuts on the way of the row x, shape (d,), through the tree, plus c(rows at the end)."""
    # SOLUTION
    steps = 0
    while isinstance(tree, tuple):
        feature, cut, left, right = tree
        tree = left if x[feature] <= cut else right
        steps += 1
    return steps + c(tree)
    # END SOLUTION


# %% tags=["check"]
check.path_length(path_length)

# %% [markdown]
# ### Task 6.4 From lengths to scores  ●○○  4 min
#
# `lengths` has shape `(n, n_trees)`: the path length of each row in each tree. `average` is $c(\psi)$, a number. Write
# `anomaly_scores(lengths, average)`, shape `(n,)`:
# $$s = 2^{-\bar h / c(\psi)}, \qquad \bar h \text{ the mean over the trees.}$$
#
# <details><summary>Hint 1</summary>First the mean along the right axis, then the power. The other order gives another number.</details>
# <details><summary>Hint 2</summary><code>2.0 ** (-something)</code> works on arrays.</details>


# %%
def anomaly_scores(lengths, average):
    """Scores in (0, 1) of rows with these path lengths, (n, n_trees) to (n,)."""
    # SOLUTION
    return 2.0 ** (-lengths.mean(axis=1) / average)
    # END SOLUTION


# %% tags=["check"]
check.anomaly_scores(anomaly_scores)

# %% [markdown]
# ### Task 6.5 A sample for each tree  ●●○  7 min
#
# Write `draw_samples(n, n_trees, psi, rng)`: row numbers from 0 to `n - 1`, an integer array of shape `(n_trees, psi)`. Each tree
# gets its own random sample *without* repetition. Use `rng` for every draw. If there are fewer than `psi` rows, each tree takes all `n` of them: shape
# `(n_trees, n)`.
#
# <details><summary>Hint 1</summary><code>rng.choice(n, size, replace=False)</code> draws one sample.</details>
# <details><summary>Hint 2</summary>Call it once for each tree and stack the results: <code>np.stack([... for _ in range(n_trees)])</code>.</details>


# %%
def draw_samples(n, n_trees, psi, rng):
    """Row numbers for each tree, (n_trees, min(psi, n)), without repetition within a tree."""
    # SOLUTION
    return np.stack([rng.choice(n, min(psi, n), replace=False) for _ in range(n_trees)])
    # END SOLUTION


# %% tags=["check"]
check.draw_samples(draw_samples)

# %% [markdown]
# ### Task 6.6 All rows at once, without recursion  ●●●  12 min
#
# The library keeps a tree of depth $L$ as two arrays of length $2^L$: `column` and `cut`. Slot 1 is the root; a row in slot $i$ goes to
# slot $2i$ if its value in column `column[i]` is at most `cut[i]`, else to slot $2i + 1$. After $L$ steps it is in one of the slots
# $2^L, \dots, 2^{L+1} - 1$, the ends. (Slot 0 is not used, and where nothing is cut the cut is infinite.)
#
# Write `end_slots(column, cut, X)`: the end of each row of `X`, shape `(n,)`, with a loop over the $L$ steps but none over rows: the check counts
# how often you look into `X`, and with twice the rows that must not grow.
#
# <details><summary>Hint 1</summary>Keep an integer array <code>slot</code> of shape (n,), all 1 at first. <code>cut[slot]</code> then holds the cut that each row meets.</details>
# <details><summary>Hint 2</summary>The value that each row shows: <code>X[np.arange(len(X)), column[slot]]</code>.</details>
# <details><summary>Hint 3</summary>A comparison counts as 0 or 1 in a sum, and <code>len(cut)</code> is 2 to the power of L: <code>len(cut).bit_length() - 1</code> is L.</details>


# %%
def end_slots(column, cut, X):
    """Slots in which the rows of X, (n, d), end: ints from 2**L to 2**(L + 1) - 1, shape (n,)."""
    # SOLUTION
    slot = np.ones(len(X), dtype=int)
    for _ in range(len(cut).bit_length() - 1):
        slot = 2 * slot + (X[np.arange(len(X)), column[slot]] > cut[slot])
    return slot
    # END SOLUTION


# %% tags=["check"]
check.end_slots(end_slots)

# %% [markdown]
# ### Task 6.7 A slanted cut  ●○○  5 min
#
# In the extended forest a cut has a direction $v$ (`normal`) and a point $p$ (`point`), and a row $x$ goes left if
# $$(x - p) \cdot v \le 0 .$$
# Write `goes_left(X, normal, point)`: an array of True and False, shape `(m,)`, for the rows of `X`, shape `(m, d)`.
#
# <details><summary>Hint 1</summary>Subtract the point from all rows at once, then take the product with the direction.</details>
# <details><summary>Hint 2</summary><code>@</code> multiplies a matrix of shape (m, d) with a vector of shape (d,) and gives shape (m,).</details>


# %%
def goes_left(X, normal, point):
    """True for the rows of X, (m, d), on the left of the hyperplane, shape (m,)."""
    # SOLUTION
    return (X - point) @ normal <= 0
    # END SOLUTION


# %% tags=["check"]
check.goes_left(goes_left)

# %% [markdown]
# ### Task 6.8 Put it together  ●●○  8 min
#
# Now with the course's own detector. Write `flag(X_train, X_test, share)`:
#
# 1. an `IsolationForest` of 50 trees with 64 rows each, `random_state=0`, `device="cpu"`;
# 2. its threshold so that the share `share` of the *training* rows is flagged: `threshold=Contamination(share)`;
# 3. fit it on `X_train`, and return the labels of `X_test`: 1 = anomaly, 0 = normal.
#
# <details><summary>Hint 1</summary>The parameters are <code>n_estimators</code>, <code>max_samples</code>, <code>random_state</code>, <code>device</code> and <code>threshold</code>.</details>
# <details><summary>Hint 2</summary><code>decision_function</code> gives scores, <code>predict</code> gives labels; both take new rows.</details>

# %%
from course_lib.core.thresholds import Contamination
from course_lib.ml import IsolationForest


def flag(X_train, X_test, share):
    """Labels of the rows of X_test, 1 = anomaly, by a forest that flags `share` of X_train."""
    # SOLUTION
    forest = IsolationForest(
        n_estimators=50,
        max_samples=64,
        random_state=0,
        device="cpu",
        threshold=Contamination(share),
    )
    return forest.fit(X_train).predict(X_test)
    # END SOLUTION


# %% tags=["check"]
check.flag(flag)

# %% [markdown]
# ### Task 6.9 What a score says  ●○○  5 min
#
# Three questions. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>Put the mean path length into the formula: what is 2 to the power of -1, of 0, of -2?</details>

# %%
check.score_quiz.show()

# %%
# SOLUTION
# STUB: score_answers = {"q1": None, "q2": None, "q3": None}
score_answers = {"q1": "b", "q2": "d", "q3": "a"}
# END SOLUTION

# %% tags=["check"]
check.reading_scores(score_answers)

# %% [markdown]
# ### Task 6.10 Which forest, and how large?  ●●○  5 min
#
# Three questions of judgement on samples, slanted cuts and columns.
#
# <details><summary>Hint 1</summary>For q1 imagine the sample of one tree: how many rows of the burst are in it?</details>
# <details><summary>Hint 2</summary>For q3: what does the sum of a column in euros and a column in seconds mean?</details>

# %%
check.choice_quiz.show()

# %%
# SOLUTION
# STUB: choice_answers = {"q1": None, "q2": None, "q3": None}
choice_answers = {"q1": "c", "q2": "b", "q3": "d"}
# END SOLUTION

# %% tags=["check"]
check.choosing_a_forest(choice_answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** A colleague grows trees on all 200,000 rows "because more data are always better". What do you look at together?
#
# <details><summary>What a good answer weighs</summary>
# Masking and swamping: a dense group of anomalies hides itself once a tree sees all of it. Compare a sweep over the sample size on planted
# anomalies, single ones and groups. Depth and time grow with the sample. Much better uses of many rows: more trees, each with its own small
# sample, and held-out rows for the threshold.</details>
#
# **2.** Your forest ranks a row first. The person who gets the alarm asks why. What can you answer from the trees, and what not?
#
# <details><summary>What a good answer weighs</summary>
# Count which columns cut the row off early, over all trees, and compare with an ordinary row. Change one value to the median and score
# again. Slanted cuts have no single column to name. A short path says that the row is separate, not that it is harmful, and columns that
# go together share the credit in ways that depend on chance: repeat with other seeds.</details>
