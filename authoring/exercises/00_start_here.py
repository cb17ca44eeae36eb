# %% [markdown]
# # Exercises: Start here
#
# Three small tasks, about ten minutes. First run the two cells at the top. Then, for each task, replace the line `raise NotImplementedError(...)` by your code, run the cell, then run the check below it.
# A wrong answer costs nothing: the check tells you what is wrong, and you try again.

# %%
import numpy as np

from course_lib.checks import start_here as check

# %% [markdown]
# ### Task 0.1 From scores to labels  ●○○  3 min
#
# Write `label(scores, threshold)`: an array of scores, shape `(n,)`, and a threshold go in; an array of labels of the same shape comes out, `1` where the
# score lies *above* the threshold and `0` everywhere else. Labels are whole numbers.
#
# For `scores = np.array([0.2, 3.1, 0.9])` and `threshold = 0.9` the result is `[0, 1, 0]`: a score equal to the threshold is not above it.
#
# <details><summary>Hint 1</summary>A comparison such as <code>scores &gt; threshold</code> works on the whole array at once and gives True and False.</details>
# <details><summary>Hint 2</summary><code>.astype(int)</code> turns True and False into 1 and 0.</details>


# %%
def label(scores, threshold):
    """1 where a score lies above the threshold, else 0, shape (n,)."""
    # SOLUTION
    return (scores > threshold).astype(int)
    # END SOLUTION


# %% tags=["check"]
check.label(label)

# %% [markdown]
# ### Task 0.2 The strangest first  ●○○  4 min
#
# Write `most_anomalous(scores, k)`: return the *positions* of the `k` highest scores, the highest first, shape `(k,)`. Positions count from 0, as in NumPy; of equal scores either may come first.
#
# For `scores = np.array([0.2, 3.1, 0.9])` and `k = 2` the result is `[1, 2]`.
#
# <details><summary>Hint 1</summary><code>np.argsort(a)</code> returns the positions that would sort <code>a</code>, smallest value first.</details>
# <details><summary>Hint 2</summary>Sort <code>-scores</code> instead, and take the first k.</details>


# %%
def most_anomalous(scores, k):
    """Positions of the k highest scores, highest first, shape (k,)."""
    # SOLUTION
    return np.argsort(-scores)[:k]
    # END SOLUTION


# %% tags=["check"]
check.most_anomalous(most_anomalous)

# %% [markdown]
# ### Task 0.3 Two signs  ●●○  4 min
#
# A colleague uses scikit-learn, where a *lower* score is more anomalous and the labels are -1 (anomaly) and +1 (normal). Write
# `from_sklearn(scores, labels)`: return both in this course's way, as two arrays of shape `(n,)`: scores of which a *higher* one is more
# anomalous (just turn the sign), and labels 1 (anomaly) and 0 (normal).
#
# For `scores = np.array([-0.4, -0.7])` and `labels = np.array([1, -1])` the result is `[0.4, 0.7]` and `[0, 1]`.
#
# <details><summary>Hint 1</summary>A function can return two things: <code>return a, b</code>.</details>
# <details><summary>Hint 2</summary><code>labels == -1</code> is True exactly for the anomalies.</details>


# %%
def from_sklearn(scores, labels):
    """scikit-learn's scores and labels, each (n,), in this course's orientation."""
    # SOLUTION
    return -scores, (labels == -1).astype(int)
    # END SOLUTION


# %% tags=["check"]
check.from_sklearn(from_sklearn)

# %% [markdown]
# Solved all three? Then you know how every exercise set of the course works. In a terminal, `python -m course_lib progress` shows your
# progress as a table.
