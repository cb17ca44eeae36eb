# %% [markdown]
# # Exercises: Learning one event at a time
#
# Eleven tasks, about 95 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import online_learning as check

# %% [markdown]
# ### Task 16.1 One more value  ●○○  6 min
#
# A stream is summed up in three numbers: how many values there were, $n$, their mean, and the sum $M$ of their squared deviations from it. A value $x$ arrives. Write
# `welford_step(n, mean, squares, x)` that returns the three numbers `(n, mean, squares)` after it:
# $$n' = n + 1, \qquad \bar x' = \bar x + \frac{x - \bar x}{n'}, \qquad M' = M + (x - \bar x)(x - \bar x').$$
#
# <details><summary>Hint 1</summary>Keep the gap <code>x - mean</code> in a variable before you move the mean.</details>
# <details><summary>Hint 2</summary>The last line is <code>squares + gap * (x - new_mean)</code>.</details>


# %%
def welford_step(n, mean, squares, x):
    """(n, mean, squares) after one more value x."""
    # SOLUTION
    gap = x - mean
    moved = mean + gap / (n + 1)
    return n + 1, moved, squares + gap * (x - moved)
    # END SOLUTION


# %% tags=["check"]
check.welford_step(welford_step)

# %% [markdown]
# ### Task 16.2 Two machines, one stream  ●●○  8 min
#
# Two machines saw different parts of a stream and report `a = (n, mean, squares)` and `b` likewise. Write `merge(a, b)`, the three numbers of both parts together. With $\delta = \bar x_b - \bar x_a$ and $n = n_a + n_b$:
# $$\bar x = \bar x_a + \delta\,\frac{n_b}{n}, \qquad M = M_a + M_b + \delta^2\,\frac{n_a n_b}{n}.$$
#
# <details><summary>Hint 1</summary>Take the tuples apart first: <code>na, ma, sa = a</code>.</details>
# <details><summary>Hint 2</summary>If both means agree, the squares just add up; the third part of M is what their distance adds.</details>


# %%
def merge(a, b):
    """(n, mean, squares) of two parts of a stream together."""
    # SOLUTION
    (na, mean_a, sa), (nb, mean_b, sb) = a, b
    n, gap = na + nb, mean_b - mean_a
    return n, mean_a + gap * nb / n, sa + sb + gap**2 * na * nb / n
    # END SOLUTION


# %% tags=["check"]
check.merge(merge)

# %% [markdown]
# ### Task 16.3 Score, then learn  ●●○  10 min
#
# Write `ewma_z_scores(values, alpha, warm_up)`, shape `(n,)`. Start with the first value as the mean $m$ and 0 as the variance $v$. Then, for each value $x_t$ from the second on,
#
# 1. score it: $|x_t - m| / \sqrt v$, but 0 for $t <$ `warm_up` and where $v = 0$;
# 2. learn from it: with the gap $g = x_t - m$ to the *old* mean, $v \leftarrow (1-\alpha)(v + \alpha g^2)$ and $m \leftarrow m + \alpha g$.
#
# The first score is 0.
#
# <details><summary>Hint 1</summary>Scores first: <code>scores = np.zeros(len(values))</code>, then a loop over <code>range(1, len(values))</code>.</details>
# <details><summary>Hint 2</summary>Compute the gap once, at the top of the loop; score, variance and mean all use it.</details>


# %%
def ewma_z_scores(values, alpha, warm_up):
    """Distance of each value from the fading mean of those before it, in deviations."""
    # SOLUTION
    scores, m, v = np.zeros(len(values)), values[0], 0.0
    for t in range(1, len(values)):
        gap = values[t] - m
        if t >= warm_up and v > 0:
            scores[t] = abs(gap) / np.sqrt(v)
        v = (1 - alpha) * (v + alpha * gap**2)
        m = m + alpha * gap
    return scores
    # END SOLUTION


# %% tags=["check"]
check.ewma_z_scores(ewma_z_scores)

# %% [markdown]
# ### Task 16.4 A marker moves  ●●○  8 min
#
# P2 keeps markers at places $n_1 < n_2 < n_3$ with heights $q_1, q_2, q_3$ (three neighbours are enough here). The middle one moves by $s$, which is $+1$ or $-1$. Write `parabola(heights, places, s)`, its new height:
# $$q_2 + \frac{s}{n_3 - n_1}\left[(n_2 - n_1 + s)\,\frac{q_3 - q_2}{n_3 - n_2} + (n_3 - n_2 - s)\,\frac{q_2 - q_1}{n_2 - n_1}\right]$$
#
# <details><summary>Hint 1</summary>Name the two gaps of the places, below and above, and the two slopes of the heights.</details>
# <details><summary>Hint 2</summary>n3 - n1 is the sum of both gaps.</details>


# %%
def parabola(heights, places, s):
    """Height of the middle of three markers after a step s, +1 or -1."""
    # SOLUTION
    below, above = np.diff(places)
    down, up = np.diff(heights) / np.diff(places)
    return heights[1] + s / (below + above) * ((below + s) * up + (above - s) * down)
    # END SOLUTION


# %% tags=["check"]
check.parabola(parabola)

# %% [markdown]
# ### Task 16.5 The nearest centre moves  ●●○  8 min
#
# Online k-means. Write `k_means_step(centres, wins, x)` with `centres` of shape `(k, d)`, `wins` of shape `(k,)` and an event `x` of shape `(d,)`. It returns three things:
#
# 1. the score: the distance of `x` to its nearest centre, before anything moves;
# 2. the new centres: the winner has one win more, and moves by $(x - c)/\text{wins}$, with its new number of wins;
# 3. the new wins.
#
# Leave the arrays that came in as they are.
#
# <details><summary>Hint 1</summary>Copy first: <code>centres, wins = centres.copy(), wins.copy()</code>.</details>
# <details><summary>Hint 2</summary><code>np.linalg.norm(centres - x, axis=1)</code> gives all distances, <code>argmin</code> the winner.</details>


# %%
def k_means_step(centres, wins, x):
    """(score, centres, wins) after one event x."""
    # SOLUTION
    centres, wins = centres.copy(), wins.copy()
    distances = np.linalg.norm(centres - x, axis=1)
    winner = distances.argmin()
    wins[winner] += 1
    centres[winner] += (x - centres[winner]) / wins[winner]
    return distances[winner], centres, wins
    # END SOLUTION


# %% tags=["check"]
check.k_means_step(k_means_step)

# %% [markdown]
# ### Task 16.6 What an event collects  ●●●  12 min
#
# One half-space tree. Node 1 is the whole space, node $i$ has the children $2i$ (values *below* the cut) and $2i + 1$ (values at the cut or above). `features` and `cuts` have one entry for each inner node, `counts` one for each node, the smallest boxes included;
# nodes from `len(features)` on are smallest boxes. Write `half_space_sum(row, features, cuts, counts, small)`: walk down from node 1, add *count times* $2^{level}$ for every node on the way (the root is level 0), and stop after the first node whose count is below `small`, or at a smallest box.
#
# <details><summary>Hint 1</summary>A loop with <code>node</code>, <code>level</code> and <code>total</code>; in each round add first, then decide whether to stop.</details>
# <details><summary>Hint 2</summary>The next node is <code>2 * node + int(row[features[node]] &gt;= cuts[node])</code>.</details>


# %%
def half_space_sum(row, features, cuts, counts, small):
    """Sum of counts times 2^level on the way of one event down one tree."""
    # SOLUTION
    node, level, total = 1, 0, 0
    while True:
        total += counts[node] * 2**level
        if counts[node] < small or node >= len(features):
            return total
        node = 2 * node + int(row[features[node]] >= cuts[node])
        level += 1
    # END SOLUTION


# %% tags=["check"]
check.half_space_sum(half_space_sum)

# %% [markdown]
# ### Task 16.7 Who has to move?  ●○○  6 min
#
# A point sits in a leaf of a random cut tree. On the way from the leaf up to the root, step $i$ joins a subtree with `below[i]` points, ours among them, to its neighbour with `beside[i]` points. If all `below[i]` points left, the `beside[i]` points would each move up one level: that is
# `beside[i] / below[i]` moved points for each that leaves. The *collusive displacement* is the largest of these. Write `displacement(below, beside)` for two arrays of shape `(steps,)`.
#
# <details><summary>Hint 1</summary>A point with a twin beside it moves only one other. Together they may move a hundred.</details>
# <details><summary>Hint 2</summary>Each step gives a share of its own; NumPy forms all of them at once. The answer is one of them.</details>


# %%
def displacement(below, beside):
    """Largest number of points moved for each point taken out."""
    # SOLUTION
    return (np.asarray(beside) / np.asarray(below)).max()
    # END SOLUTION


# %% tags=["check"]
check.displacement(displacement)

# %% [markdown]
# ### Task 16.8 Has the mean gone up?  ●●○  10 min
#
# Page-Hinkley for a rising mean, without its forgetting factor. For each value: update the mean of all values so far; add *value − mean − delta* to a sum that starts at 0; keep the lowest value that this sum has had (start from infinity). Return the place (from 0) of the first value at
# which the sum lies more than `limit` above its lowest value, and `-1` if that never happens. Write `page_hinkley(values, delta, limit)`.
#
# <details><summary>Hint 1</summary>The order within one round: mean, sum, lowest, comparison.</details>
# <details><summary>Hint 2</summary><code>mean += (x - mean) / (t + 1)</code>, then <code>total += x - mean - delta</code>.</details>


# %%
def page_hinkley(values, delta, limit):
    """Place of the first value at which the mean is seen to have gone up, else -1."""
    # SOLUTION
    mean, total, lowest = 0.0, 0.0, np.inf
    for t, x in enumerate(values):
        mean += (x - mean) / (t + 1)
        total += x - mean - delta
        lowest = min(lowest, total)
        if total - lowest > limit:
            return t
    return -1
    # END SOLUTION


# %% tags=["check"]
check.page_hinkley(page_hinkley)

# %% [markdown]
# ### Task 16.9 A limit for a risk  ●●○  8 min
#
# The share $p$ of all scores lies above a level $u$, and by how much they exceed it follows a generalised Pareto distribution with shape $\gamma$ and scale $\sigma$. Write `tail_limit(level, shape, scale, risk, share)`: the value that a score exceeds with probability $r$,
# $$z = u + \frac{\sigma}{\gamma}\left[\left(\frac{r}{p}\right)^{-\gamma} - 1\right], \qquad\text{and for } \gamma = 0\colon\quad z = u - \sigma \ln\frac{r}{p}.$$
#
# <details><summary>Hint 1</summary>Compute the ratio of risk and share once; it is below 1.</details>
# <details><summary>Hint 2</summary>Treat <code>shape == 0</code> apart, before you divide by it; <code>np.log</code> is the natural logarithm.</details>


# %%
def tail_limit(level, shape, scale, risk, share):
    """The value that a score exceeds with probability risk."""
    # SOLUTION
    ratio = risk / share
    if shape == 0:
        return level - scale * np.log(ratio)
    return level + scale / shape * (ratio ** (-shape) - 1)
    # END SOLUTION


# %% tags=["check"]
check.tail_limit(tail_limit)

# %% [markdown]
# ### Task 16.10 A guard with a way out  ●●●  15 min
#
# An average follows a stream: it starts at the first value. Write `guarded_flags(values, alpha, limit, patience)`, an array of bool, shape `(n,)`; the first value is never flagged. For each later value:
#
# 1. it is flagged if it lies more than `limit` from the average, on either side;
# 2. if it is *not* flagged, the average moves by `alpha * (value - average)`;
# 3. look at the flags of the last `patience` values, this one included, but none from before the last new beginning: if at least `patience / 2` of them are set, the stream has changed. The average becomes the mean of these same values, flagged or not, and with the next value the flags count anew.
#
# <details><summary>Hint 1</summary>Keep <code>since</code>, the place from which flags count; it starts at 0 and becomes <code>t + 1</code> at a new beginning.</details>
# <details><summary>Hint 2</summary>The window is <code>slice(max(since, t - patience + 1), t + 1)</code>, for the flags and for the values.</details>


# %%
def guarded_flags(values, alpha, limit, patience):
    """Flags of an average that does not learn what it flags, and begins anew when most is flagged."""
    # SOLUTION
    average, since = values[0], 0
    flags = np.zeros(len(values), dtype=bool)
    for t in range(1, len(values)):
        flags[t] = abs(values[t] - average) > limit
        if not flags[t]:
            average += alpha * (values[t] - average)
        window = slice(max(since, t - patience + 1), t + 1)
        if flags[window].sum() >= patience / 2:
            average, since = values[window].mean(), t + 1
    return flags
    # END SOLUTION


# %% tags=["check"]
check.guarded_flags(guarded_flags)

# %% [markdown]
# ### Task 16.11 What to learn from  ●○○  5 min
#
# Four questions on drift detectors, forgetting, floods and guards.
#
# <details><summary>Hint 1</summary>For q1: what does each of them compare, means or whole distributions?</details>
# <details><summary>Hint 2</summary>For q3: how much of the memory does one flood fill?</details>

# %%
check.choosing_quiz.show()

# %%
# SOLUTION
# STUB: answers = {"q1": None, "q2": None, "q3": None, "q4": None}
answers = {"q1": "c", "q2": "b", "q3": "b", "q4": "c"}
# END SOLUTION

# %% tags=["check"]
check.choosing_what_to_learn(answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** Your detector of card fraud learns from every payment. Fraudsters find out. What can they do, and what would you change?
#
# <details><summary>What a good answer weighs</summary>
# Many small payments that slowly move what is normal; payments just below the threshold; a flood before the real one. Against it: learn only from payments that were not disputed after some weeks, limit
# how far the model may move in a day, keep a frozen twin and compare both, and watch the share of flags.</details>
#
# **2.** A stream brings 20,000 events a second. Which of this lesson's methods do you run on each event, and what do you do less often?
#
# <details><summary>What a good answer weighs</summary>
# Costs: moments and half-space trees need microseconds, in blocks less than one; a random cut forest a millisecond; a network is trained in batches. Score each event with frozen parts, renew them now and then; sample for the costly
# ones; put a cheap filter before them. A delay of one block may be worth a factor of ten in speed.</details>
