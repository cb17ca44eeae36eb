# %% [markdown]
# # Exercises: Z-scores and their friends
#
# Ten tasks, about 70 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# First run the two cells at the top. Then solve the tasks in any order; none needs another one.

# %%
import numpy as np

from course_lib.checks import z_scores as check
from course_lib.statistics import ModifiedZScore, RollingMedian, ZScore

# %% [markdown]
# ### Task 2.1 z-scores  ●○○  4 min
#
# Write `z_scores(x)`: for each value of the array `x`, shape `(n,)`, the absolute distance from the mean in standard deviations,
# $$|z_i| = \frac{|x_i - \bar x|}{s}, \qquad s^2 = \frac{1}{n} \sum_{i=1}^{n} (x_i - \bar x)^2 .$$
# If all values are equal, return zeros.
#
# <details><summary>Hint 1</summary><code>x.mean()</code> and <code>x.std()</code>; NumPy's deviation divides by n unless you ask for <code>ddof=1</code>.</details>
# <details><summary>Hint 2</summary>Deviation 0: <code>return np.zeros(len(x))</code> before you divide.</details>


# %%
def z_scores(x):
    """Absolute z-scores, (n,) to (n,)."""
    # SOLUTION
    deviation = x.std()
    return np.abs(x - x.mean()) / deviation if deviation > 0 else np.zeros(len(x))
    # END SOLUTION


# %% tags=["check"]
check.z_scores(z_scores)

# %% [markdown]
# ### Task 2.2 How many values does a limit need?  ●●○  6 min
#
# Among $n$ values no $|z|$ can exceed $\sqrt{n - 1}$ (with the deviation of task 2.1). Write `values_needed(limit)`: the smallest whole number $n$ for which
# a $|z|$ *above* `limit` is possible. For a limit of 2 it is 6: five values reach 2 exactly, which does not exceed it.
#
# <details><summary>Hint 1</summary>Solve $\sqrt{n - 1} > t$ for $n$. What is the smallest whole number above a given number, if reaching it is not enough?</details>
# <details><summary>Hint 2</summary><code>np.floor(v) + 1</code> is the smallest whole number above v, also where v is whole itself; <code>np.ceil(v)</code> is not.</details>


# %%
def values_needed(limit):
    """Smallest number of values with which a |z| above `limit` can occur."""
    # SOLUTION
    return int(np.floor(limit**2 + 1)) + 1
    # END SOLUTION


# %% tags=["check"]
check.values_needed(values_needed)

# %% [markdown]
# ### Task 2.3 Modified z-score  ●●○  8 min
#
# Write `modified_z(x)`, the robust score of each value,
# $$m_i = 0.6745\,\frac{|x_i - \tilde x|}{\mathrm{MAD}}, \qquad \mathrm{MAD} = \mathrm{median}_j\, |x_j - \tilde x|,$$
# with the median $\tilde x$. Where more than half of the values are equal, the MAD is 0. Then divide by $1.2533$ times the *mean* of the distances $|x_j - \tilde x|$
# instead (and leave the 0.6745 out). If all values are equal, return zeros.
#
# <details><summary>Hint 1</summary>Compute the distances once, <code>np.abs(x - np.median(x))</code>: both the numerator and the MAD are made of them.</details>
# <details><summary>Hint 2</summary>Three cases: <code>mad &gt; 0</code>, else <code>distances.mean() &gt; 0</code>, else zeros.</details>


# %%
def modified_z(x):
    """Modified z-scores, (n,) to (n,)."""
    # SOLUTION
    distances = np.abs(x - np.median(x))
    mad = np.median(distances)
    if mad > 0:
        return 0.6745 * distances / mad
    mean = distances.mean()
    return distances / (1.2533 * mean) if mean > 0 else distances
    # END SOLUTION


# %% tags=["check"]
check.modified_z(modified_z)

# %% [markdown]
# ### Task 2.4 Tukey's fences  ●○○  4 min
#
# Write `fences(x, k)`: the pair `(lower, upper)` with
# $$\text{lower} = Q_1 - k\,(Q_3 - Q_1), \qquad \text{upper} = Q_3 + k\,(Q_3 - Q_1) .$$
# $Q_1$ and $Q_3$ are the quartiles; take `np.percentile` as it is.
#
# <details><summary>Hint 1</summary><code>np.percentile(x, [25, 75])</code> gives both quartiles at once.</details>
# <details><summary>Hint 2</summary><code>q1, q3 = ...</code>, then return <code>q1 - k * (q3 - q1), q3 + k * (q3 - q1)</code>.</details>


# %%
def fences(x, k):
    """(lower, upper) fence of the values x, (n,)."""
    # SOLUTION
    q1, q3 = np.percentile(x, [25, 75])
    return q1 - k * (q3 - q1), q3 + k * (q3 - q1)
    # END SOLUTION


# %% tags=["check"]
check.fences(fences)

# %% [markdown]
# ### Task 2.5 Robust scaling  ●●○  7 min
#
# Write `robust_scale(X_train, X_test)`: learn median and IQR of each column from `X_train`, shape `(n, d)`, and return `X_test`, shape `(m, d)`,
# scaled by them: $(x - \mathrm{median}) / \mathrm{IQR}$. A column whose training IQR is 0 is divided by 1.
#
# <details><summary>Hint 1</summary><code>np.percentile(X_train, [25, 50, 75], axis=0)</code> gives three rows of d numbers.</details>
# <details><summary>Hint 2</summary><code>np.where(iqr &gt; 0, iqr, 1)</code> replaces the zeros.</details>


# %%
def robust_scale(X_train, X_test):
    """X_test, (m, d), scaled by the medians and IQRs of X_train, (n, d)."""
    # SOLUTION
    low, middle, high = np.percentile(X_train, [25, 50, 75], axis=0)
    iqr = high - low
    return (X_test - middle) / np.where(iqr > 0, iqr, 1)
    # END SOLUTION


# %% tags=["check"]
check.robust_scale(robust_scale)

# %% [markdown]
# ### Task 2.6 A moving ruler  ●●○  9 min
#
# Write `moving_scores(x, window)` for a series `x`, shape `(n,)`: the score at time $t$ is the absolute z-score of $x_t$ against the mean and
# deviation (dividing by the number of values) of the `window` values *before* it, $x_{t-w}, \dots, x_{t-1}$. The first `window` scores are 0.
# A loop over $t$ is fine; no window of the check is constant.
#
# <details><summary>Hint 1</summary>Start with <code>scores = np.zeros(len(x))</code> and loop over <code>range(window, len(x))</code>.</details>
# <details><summary>Hint 2</summary>The past is <code>x[t - window : t]</code>: Python's slices leave out the end, which is what you want here.</details>


# %%
def moving_scores(x, window):
    """Scores of each value against the window before it, (n,) to (n,)."""
    # SOLUTION
    scores = np.zeros(len(x))
    for t in range(window, len(x)):
        past = x[t - window : t]
        scores[t] = abs(x[t] - past.mean()) / past.std()
    return scores
    # END SOLUTION


# %% tags=["check"]
check.moving_scores(moving_scores)

# %% [markdown]
# ### Task 2.7 EWMA  ●○○  5 min
#
# Write `ewma(x, alpha)`: the exponentially weighted moving average after each value,
# $$m_0 = x_0, \qquad m_t = (1 - \alpha)\, m_{t-1} + \alpha\, x_t ,$$
# as an array of shape `(n,)`.
#
# <details><summary>Hint 1</summary>Keep one number, the average so far, and append it to a list after each update.</details>
# <details><summary>Hint 2</summary><code>mean = x[0]</code>; then <code>mean += alpha * (x[t] - mean)</code> is the same formula, written shorter.</details>


# %%
def ewma(x, alpha):
    """Exponentially weighted averages, (n,) to (n,)."""
    # SOLUTION
    means = [x[0]]
    for value in x[1:]:
        means.append((1 - alpha) * means[-1] + alpha * value)
    return np.array(means)
    # END SOLUTION


# %% tags=["check"]
check.ewma(ewma)

# %% [markdown]
# ### Task 2.8 Clean, then fit  ●●○  8 min
#
# Your training table has unwanted rows in it. Write `clean_and_fit(X, share)`:
#
# 1. score the rows of `X` with a `ModifiedZScore` fitted to `X`;
# 2. drop the `round(share * n)` rows with the highest scores: the nearest whole number, which may be 0;
# 3. return a `ZScore` fitted to the rest.
#
# <details><summary>Hint 1</summary>After <code>fit(X)</code> the scores of the training rows are in <code>decision_scores_</code>.</details>
# <details><summary>Hint 2</summary><code>scores.argsort()</code> lists the rows from the lowest score to the highest; keep the first <code>n - drop</code> of them.</details>


# %%
def clean_and_fit(X, share):
    """A ZScore fitted to X, (n, d), without the most suspicious share of its rows."""
    # SOLUTION
    scores = ModifiedZScore().fit(X).decision_scores_
    keep = scores.argsort()[: len(X) - round(share * len(X))]
    return ZScore().fit(X[keep])
    # END SOLUTION


# %% tags=["check"]
check.clean_and_fit(clean_and_fit)

# %% [markdown]
# ### Task 2.9 First alarm  ●●○  7 min
#
# Write `first_alarm(x, window, limit)`: fit a `RollingMedian` with this window to the series `x`, shape `(n,)`, and return the index of the first score *above*
# `limit` (a score equal to it is no alarm yet); if there is none, return -1.
#
# <details><summary>Hint 1</summary>A detector wants a table: <code>x.reshape(-1, 1)</code> is a table of one column.</details>
# <details><summary>Hint 2</summary><code>np.flatnonzero(scores &gt; limit)</code> lists the indices of all alarms; it may be empty.</details>


# %%
def first_alarm(x, window, limit):
    """Index of the first value whose rolling-median score exceeds the limit, or -1."""
    # SOLUTION
    scores = RollingMedian(window=window).fit(x.reshape(-1, 1)).decision_scores_
    alarms = np.flatnonzero(scores > limit)
    return alarms[0] if len(alarms) else -1
    # END SOLUTION


# %% tags=["check"]
check.first_alarm(first_alarm)

# %% [markdown]
# ### Task 2.10 Which ruler?  ●●○  8 min
#
# Four questions on which method suits which trouble. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>For q1: what share of bad values does each ruler survive? For q2: how far does the temperature move within each detector's memory?</details>
# <details><summary>Hint 2</summary>For q3: one minus the probability that all 200 stay below the limit.</details>

# %%
check.quiz.show()

# %%
# SOLUTION
# STUB: answers = {"q1": None, "q2": None, "q3": None, "q4": None}
answers = {"q1": "c", "q2": "b", "q3": "c", "q4": "a"}
# END SOLUTION

# %% tags=["check"]
check.which_ruler(answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** A colleague cleans the training data by dropping everything with $|z| > 2$, fits again, and repeats until nothing more is dropped. What is wrong with
# that, and what would you do?
#
# <details><summary>What a good answer weighs</summary>
# Bell-shaped data always have values beyond 2, and each round makes the deviation smaller, so good rows go in every round: the result calls ordinary rows
# anomalies. The first round may drop nothing at all if outliers mask each other. Better: a robust ruler, one round, a share or limit fixed beforehand, a look at what was dropped
# (is it a fault, or a rare but ordinary state?), and the effect judged on data that were kept aside and not cleaned.</details>
#
# **2.** For one machine of your choice: what would you compare a reading with, how long must the memory be, and which fault would you miss?
#
# <details><summary>What a good answer weighs</summary>
# The cycle of the machine (minutes, shifts, seasons) and what context is known (load, product, outside temperature). A memory shorter than the fault accepts it; one longer
# than the ordinary changes raises false alarms. Slow drifts are missed by moving rulers, short spikes by averages over long windows, combinations of columns by all of them. Two
# rulers of different memory, and who looks at the alarms.</details>
