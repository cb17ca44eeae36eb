# %% [markdown]
# # Exercises: Deep time series
#
# Nine tasks, about 70 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import deep_series as check
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.deep import LSTMAutoencoder

# %% [markdown]
# ### Task 15.1 Windows  ●○○  5 min
#
# Write `make_windows(series, length, stride)`: a series of shape `(n, d)` goes in, all windows of `length` rows come out, shape
# `(n_windows, length, d)`. The first window begins at row 0, each next one `stride` rows later, and the last one is the last that fits.
#
# <details><summary>Hint 1</summary>The last row from which a window fits is <code>n - length</code>, and a <code>range</code> stops before its end.</details>
# <details><summary>Hint 2</summary>Collect <code>series[start : start + length]</code> for every start in a list, and make an array of it.</details>


# %%
def make_windows(series, length, stride):
    """Windows of a series, (n, d) to (n_windows, length, d)."""
    # SOLUTION
    starts = range(0, len(series) - length + 1, stride)
    return np.array([series[start : start + length] for start in starts])
    # END SOLUTION


# %% tags=["check"]
check.make_windows(make_windows)

# %% [markdown]
# ### Task 15.2 Mind the gap  ●●○  8 min
#
# A series of `n` rows has gaps: `breaks` holds the rows that begin a new stretch (the first row after each gap), ascending. Write
# `starts_within(n, length, breaks)`: an integer array with the first row of every window (stride 1) that lies in one stretch. A stretch that
# is too short has none; there may be no breaks at all.
#
# With `n = 10`, `length = 3` and `breaks = [4]` the answer is `[0, 1, 4, 5, 6, 7]`.
#
# <details><summary>Hint 1</summary>Stretches run from 0 to the first break, from there to the next, and from the last one to n.</details>
# <details><summary>Hint 2</summary>Or the other way round: a window from s to s + length - 1 crosses a break b if s &lt; b &lt; s + length. Keep the starts for which no break does that.</details>


# %%
def starts_within(n, length, breaks):
    """First rows of all windows of `length` rows that cross no break."""
    # SOLUTION
    starts = np.arange(n - length + 1)
    b = np.asarray(breaks, dtype=int)[None, :]
    crosses = (starts[:, None] < b) & (b < starts[:, None] + length)
    return starts[~crosses.any(axis=1)]
    # END SOLUTION


# %% tags=["check"]
check.starts_within(starts_within)

# %% [markdown]
# ### Task 15.3 Back to the rows  ●●○  8 min
#
# Windows begin at the rows `starts` and have `length` rows each; `scores` holds one score for each window. Write
# `scores_per_row(scores, starts, length, n)`: for each of the `n` rows the mean score of the windows that cover it, shape `(n,)`. Every row lies in one window at least.
#
# <details><summary>Hint 1</summary>Keep two arrays of n numbers: the sum of the scores, and how many windows cover the row.</details>
# <details><summary>Hint 2</summary>For each window add its score to <code>total[start : start + length]</code>, and 1 to the counts; divide once, at the end.</details>


# %%
def scores_per_row(scores, starts, length, n):
    """Mean score of the windows that cover each of n rows."""
    # SOLUTION
    total, cover = np.zeros(n), np.zeros(n)
    for score, start in zip(scores, starts):
        total[start : start + length] += score
        cover[start : start + length] += 1
    return total / cover
    # END SOLUTION


# %% tags=["check"]
check.scores_per_row(scores_per_row)

# %% [markdown]
# ### Task 15.4 One step of an LSTM  ●●○  10 min
#
# For a batch of `n` rows `x`, shape `(n, d)`, the memory so far `c` and what was shown of it `h`, both `(n, m)`, and the weights `W` `(4m, d)`, `U` `(4m, m)` and
# `b` `(4m,)`: compute $a = x W^\top + h U^\top + b$ and split its columns into four parts of $m$, in the order $i, f, g, o$. Then
#
# $$c' = \sigma(f) \odot c + \sigma(i) \odot \tanh(g), \qquad h' = \sigma(o) \odot \tanh(c'), \qquad \sigma(a) = \frac{1}{1 + e^{-a}} .$$
#
# Write `lstm_step(x, h, c, W, U, b)`; it returns `(h', c')`.
#
# <details><summary>Hint 1</summary><code>np.split(a, 4, axis=1)</code> gives the four parts.</details>
# <details><summary>Hint 2</summary>The sigmoid is for the three gates only; the candidate g and the memory go through tanh.</details>


# %%
def lstm_step(x, h, c, W, U, b):
    """One step of an LSTM: the new (h, c)."""
    # SOLUTION
    i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c
    # END SOLUTION


# %% tags=["check"]
check.lstm_step(lstm_step)

# %% [markdown]
# ### Task 15.5 What the decoder is fed  ●●○  6 min
#
# A teacher-forced decoder writes each window backwards. Write `decoder_inputs(windows)`, shape `(n, length, d)`, that returns two arrays of the same shape:
#
# - the **targets**: each window with its rows in reverse order;
# - the **inputs**: at each step the target of the step before, and zeros at the first step.
#
# <details><summary>Hint 1</summary>The rows are the axis in the middle: <code>windows[:, ::-1]</code>.</details>
# <details><summary>Hint 2</summary>Make zeros in the shape of the targets and write all targets but the last into places 1, 2, 3 ...</details>


# %%
def decoder_inputs(windows):
    """(targets, inputs) of a teacher-forced decoder that writes backwards."""
    # SOLUTION
    targets = windows[:, ::-1]
    inputs = np.zeros_like(windows)
    inputs[:, 1:] = targets[:, :-1]
    return targets, inputs
    # END SOLUTION


# %% tags=["check"]
check.decoder_inputs(decoder_inputs)

# %% [markdown]
# ### Task 15.6 Mahalanobis on residuals  ●●●  10 min
#
# A forecaster leaves residuals: `normal`, shape `(m, d)`, on held-out normal rows, and `residuals`, shape `(n, d)`, on the rows to be scored. With mean $\mu$ and covariance $\Sigma$ of the **normal**
# ones, score each row by
#
# $$s = (r - \mu)^\top \Sigma^{-1} (r - \mu) .$$
#
# Write `mahalanobis_scores(residuals, normal)`, shape `(n,)`.
#
# <details><summary>Hint 1</summary><code>np.cov(normal.T)</code> is the covariance, shape (d, d); <code>np.linalg.inv</code> its inverse.</details>
# <details><summary>Hint 2</summary>With rows as samples: multiply <code>gap @ inverse</code> by <code>gap</code>, element by element, and add up along the columns.</details>


# %%
def mahalanobis_scores(residuals, normal):
    """Squared Mahalanobis distance of residuals, (n, d), from normal ones, (m, d)."""
    # SOLUTION
    gap = residuals - normal.mean(axis=0)
    inverse = np.linalg.inv(np.cov(normal.T))
    return (gap @ inverse * gap).sum(axis=1)
    # END SOLUTION


# %% tags=["check"]
check.mahalanobis_scores(mahalanobis_scores)

# %% [markdown]
# ### Task 15.7 Which sensors?  ●○○  5 min
#
# `errors`, shape `(n, d)`, holds the error of every sensor at every row. An incident covers the rows from `first` up to, but not including, `end`. Write `blamed(errors, first, end, k)`: the numbers
# of the `k` sensors with the largest **mean** error in these rows, the worst first.
#
# <details><summary>Hint 1</summary>A slice leaves out its end, just as wanted; the mean over the rows is the one along axis 0.</details>
# <details><summary>Hint 2</summary><code>np.argsort</code> sorts upwards: sort the negative means, and keep the first k.</details>


# %%
def blamed(errors, first, end, k):
    """Numbers of the k sensors with the largest mean error in rows first to end - 1."""
    # SOLUTION
    means = errors[first:end].mean(axis=0)
    return np.argsort(-means)[:k]
    # END SOLUTION


# %% tags=["check"]
check.blamed(blamed)

# %% [markdown]
# ### Task 15.8 Put it together  ●●●  12 min
#
# Now with the course's own detector. Write `alarm_rows(X_train, X_test, budget)`; both are series of shape `(n, d)`, and `X_train` is normal:
#
# 1. split `X_train` in time: the first three quarters, `len(X_train) * 3 // 4` rows, to learn from, the rest held out;
# 2. fit an `LSTMAutoencoder` with `hidden_size=8`, `latent_size=4`, `window=20`, `epochs=5`, `learning_rate=1e-2`, `random_state=0`, `device="cpu"`, `verbose=False` on the first part;
# 3. find the threshold that `FalsePositiveRate(budget)` places on the scores of the held-out part (`rule.place(scores)` returns it);
# 4. return the numbers of the rows of `X_test` whose scores lie **above** it.
#
# <details><summary>Hint 1</summary><code>decision_function</code> gives one score a row, for the held-out part as for the test part.</details>
# <details><summary>Hint 2</summary><code>np.flatnonzero(scores &gt; threshold)</code> turns a comparison into row numbers.</details>


# %%
def alarm_rows(X_train, X_test, budget):
    """Rows of X_test that alarm, at a threshold from held-out normal rows."""
    # SOLUTION
    split = len(X_train) * 3 // 4
    size = dict(hidden_size=8, latent_size=4, window=20)
    training = dict(
        epochs=5, learning_rate=1e-2, random_state=0, device="cpu", verbose=False
    )
    detector = LSTMAutoencoder(**size, **training).fit(X_train[:split])
    held_out = detector.decision_function(X_train[split:])
    threshold = FalsePositiveRate(budget).place(held_out)
    return np.flatnonzero(detector.decision_function(X_test) > threshold)
    # END SOLUTION


# %% tags=["check"]
check.alarm_rows(alarm_rows)

# %% [markdown]
# ### Task 15.9 Order, teachers and splits  ●○○  5 min
#
# Three questions of judgement. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>For q2: think of what the decoder sees at each step. For q3: count the rows that two neighbouring windows share.</details>

# %%
check.decoder_quiz.show()

# %%
# SOLUTION
# STUB: decoding_answers = {"q1": None, "q2": None, "q3": None}
decoding_answers = {"q1": "b", "q2": "c", "q3": "d"}
# END SOLUTION

# %% tags=["check"]
check.decoding(decoding_answers)

# %% [markdown]
# ## In your own words
#
# Without a check. Write five sentences, then unfold what a good answer weighs.
#
# **1.** You have one year of hourly readings of 20 sensors of a pump, with two known failures. How do you split, what do you train on, and how do you judge?
#
# <details><summary>What a good answer weighs</summary>
# Split in time, never at random, since windows overlap. Train on stretches without failures, and leave out days before a failure, which may be its beginning. Two failures
# judge nothing by themselves: count false alarms a month as well, plant failures of your own, and put neighbours of windows and a forecast by last week's value beside the network.
# Readings change with the season: hold out parts of several seasons, or take the season out first.</details>
