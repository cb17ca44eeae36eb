# %% [markdown]
# # Exercises: Attention and honest scores
#
# Nine tasks, about 70 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np

from course_lib.checks import deep_series as check
from course_lib.core.metrics import events

# %% [markdown]
# ### Task 15.10 Attention  ●●○  8 min
#
# One window: `Q` and `K`, shape `(L, m)`, hold a question and a label for each row, `V`, shape `(L, p)`, the contents. Write `attention(Q, K, V)`:
#
# $$\mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{m}}\right) V, \qquad \mathrm{softmax}(a)_j = \frac{e^{a_j}}{\sum_k e^{a_k}} \ \text{ in each row,}$$
#
# shape `(L, p)`. It must survive fits in the thousands: subtract each row's largest one before taking `exp`, which leaves the weights as they are.
#
# <details><summary>Hint 1</summary><code>fits.max(axis=1, keepdims=True)</code> keeps the shape that subtraction needs; the sum likewise.</details>
# <details><summary>Hint 2</summary>Row t of <code>Q @ K.T</code> holds the fits of question t with all labels: its weights must add up to 1.</details>


# %%
def attention(Q, K, V):
    """Scaled dot-product attention, (L, m), (L, m), (L, p) to (L, p)."""
    # SOLUTION
    fits = Q @ K.T / np.sqrt(K.shape[1])
    weights = np.exp(fits - fits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ V
    # END SOLUTION


# %% tags=["check"]
check.attention(attention)

# %% [markdown]
# ### Task 15.11 Places  ●●○  8 min
#
# Write `places(length, m)`, with even `m`: the table of shape `(length, m)` that is added to the rows of a window. Place $t$ counts from 0; for $k = 0, 1, \dots, m/2 - 1$
#
# $$P_{t,\,2k} = \sin\!\left(t \cdot 10000^{-2k/m}\right), \qquad P_{t,\,2k+1} = \cos\!\left(t \cdot 10000^{-2k/m}\right).$$
#
# <details><summary>Hint 1</summary><code>np.arange(0, m, 2)</code> holds the numbers 2k; one outer product gives all angles, shape (length, m/2).</details>
# <details><summary>Hint 2</summary>Make zeros of the full shape and fill <code>table[:, 0::2]</code> and <code>table[:, 1::2]</code>.</details>


# %%
def places(length, m):
    """Sines (even columns) and cosines (odd columns) of the places 0 to length - 1."""
    # SOLUTION
    angles = np.arange(length)[:, None] * 10_000.0 ** (-np.arange(0, m, 2) / m)
    table = np.zeros((length, m))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table
    # END SOLUTION


# %% tags=["check"]
check.places(places)

# %% [markdown]
# ### Task 15.12 Hide each row once  ●●○  8 min
#
# A masked autoencoder scores a window in several passes, each with other rows hidden. Cut the window into blocks of `block` rows (the last may be shorter), numbered from 0. In pass $p$ the blocks
# $p,\ p + \text{passes},\ p + 2\,\text{passes}, \dots$ are hidden. Write `scoring_masks(window, passes, block)`: an array of True (hidden) and False, shape `(passes, window)`.
#
# With `window = 7`, `passes = 2`, `block = 2` the first mask hides rows 0, 1, 4, 5, the second one rows 2, 3, 6.
#
# <details><summary>Hint 1</summary>The number of a row's block is the row number divided by <code>block</code>, without rest.</details>
# <details><summary>Hint 2</summary>A block belongs to the pass that is the rest of its number divided by <code>passes</code>; compare with all passes at once by adding an axis.</details>


# %%
def scoring_masks(window, passes, block):
    """Masks, (passes, window), that together hide every row exactly once."""
    # SOLUTION
    number = np.arange(window) // block
    return number % passes == np.arange(passes)[:, None]
    # END SOLUTION


# %% tags=["check"]
check.scoring_masks(scoring_masks)

# %% [markdown]
# ### Task 15.13 Two players  ●●○  6 min
#
# USAD's losses in an epoch, counted from 1: with the windows `w`, both reconstructions `w1` and `w2`, the second player's reconstruction `w21` of `w1`, mean squared errors $\lVert\cdot\rVert^2$ and $c = 1 - 1/\text{epoch}$,
#
# $$\ell_1 = (1 - c)\,\lVert w - w_1\rVert^2 + c\,\lVert w - w_{21}\rVert^2, \qquad \ell_2 = (1 - c)\,\lVert w - w_2\rVert^2 - c\,\lVert w - w_{21}\rVert^2 .$$
#
# Write `usad_losses(w, w1, w2, w21, epoch)` that returns `(loss1, loss2)`.
#
# <details><summary>Hint 1</summary>Three mean squared errors suffice; the last one stands in both losses.</details>
# <details><summary>Hint 2</summary>In the first epoch c is 0, and both losses are plain reconstruction errors: a good test.</details>


# %%
def usad_losses(w, w1, w2, w21, epoch):
    """What the two players minimise in an epoch, counted from 1."""
    # SOLUTION
    first, second, passed_on = (((w - other) ** 2).mean() for other in (w1, w2, w21))
    c = 1 - 1 / epoch
    return (1 - c) * first + c * passed_on, (1 - c) * second - c * passed_on
    # END SOLUTION


# %% tags=["check"]
check.usad_losses(usad_losses)

# %% [markdown]
# ### Task 15.14 Point adjustment  ●○○  6 min
#
# Write the trap yourself, to recognise it. `y` and `flags` are arrays of 0 and 1, shape `(n,)`. `events(y)` gives the beginning and the end (excluded) of every run of ones in `y`, shape `(n_events, 2)`. Write
# `point_adjust(y, flags)`: if an event has a flag in one of its rows, all its rows are flagged; everything else stays. Leave the inputs as they are.
#
# <details><summary>Hint 1</summary>Work on <code>flags.copy()</code>, and go through <code>for first, end in events(y)</code>.</details>
# <details><summary>Hint 2</summary><code>flags[first:end].any()</code> says whether an event was hit.</details>


# %%
def point_adjust(y, flags):
    """Flags with every event filled that was hit at least once."""
    # SOLUTION
    adjusted = flags.copy()
    for first, end in events(y):
        if flags[first:end].any():
            adjusted[first:end] = 1
    return adjusted
    # END SOLUTION


# %% tags=["check"]
check.point_adjust(point_adjust)

# %% [markdown]
# ### Task 15.15 Count events  ●●○  8 min
#
# Write `event_scores(y, flags)`, arrays of 0 and 1, that returns two numbers:
#
# - the **recall by events**: the share of the events in `y` with a flag in at least one row;
# - the **precision by rows**: the share of the flagged rows that lie inside an event (count it as 0 when nothing is flagged).
#
# <details><summary>Hint 1</summary>For each event a True or False; the mean of these is the recall.</details>
# <details><summary>Hint 2</summary><code>y[flags == 1]</code> holds the labels of the flagged rows; its mean is the precision, if there are any.</details>


# %%
def event_scores(y, flags):
    """(share of events found, share of flagged rows inside events)."""
    # SOLUTION
    recall = np.mean([flags[first:end].any() for first, end in events(y)])
    precision = y[flags == 1].mean() if flags.any() else 0.0
    return recall, precision
    # END SOLUTION


# %% tags=["check"]
check.event_scores(event_scores)

# %% [markdown]
# ### Task 15.16 How late?  ●●○  8 min
#
# Write `delays(y, flags)`: for each event of `y`, in order, the number of rows from its first row to the first flagged row **inside it**, as floats; 0 if its first row is flagged, `np.nan` if none of its rows is.
#
# <details><summary>Hint 1</summary><code>np.flatnonzero(flags[first:end])</code> holds the places of the flags, counted from the event's beginning.</details>
# <details><summary>Hint 2</summary>It may be empty: then the delay is <code>np.nan</code>.</details>


# %%
def delays(y, flags):
    """Rows until each event's first hit, (n_events,) floats, NaN where it is missed."""
    # SOLUTION
    hits = [np.flatnonzero(flags[first:end]) for first, end in events(y)]
    return np.array([float(hit[0]) if len(hit) else np.nan for hit in hits])
    # END SOLUTION


# %% tags=["check"]
check.delays(delays)

# %% [markdown]
# ### Task 15.17 What chance earns  ●●○  6 min
#
# Somebody flags each row at random, with probability `q`, independently. `lengths` holds the numbers of rows of the events. Write `chance_of_a_hit(lengths, q)`: the expected share of the events that have at least one flag, one number.
#
# <details><summary>Hint 1</summary>Turn it round: how likely is it that none of e rows is flagged?</details>
# <details><summary>Hint 2</summary>Each event has a probability of its own; the expected share is the mean of them.</details>


# %%
def chance_of_a_hit(lengths, q):
    """Expected share of events that random flags hit."""
    # SOLUTION
    return (1 - (1 - q) ** np.asarray(lengths)).mean()
    # END SOLUTION


# %% tags=["check"]
check.chance_of_a_hit(chance_of_a_hit)

# %% [markdown]
# ### Task 15.18 How long a window?  ●●○  8 min
#
# The length of a sequence from three sides: period, delay, cost. Run the next cell to see four questions, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>For q2, think of the noise of a mean of L values, and of what the threshold must be to keep the rate of false alarms.</details>
# <details><summary>Hint 2</summary>For q4: nobody says that there must be one detector.</details>

# %%
check.length_quiz.show()

# %%
# SOLUTION
# STUB: length_answers = {"q1": None, "q2": None, "q3": None, "q4": None}
length_answers = {"q1": "c", "q2": "a", "q3": "b", "q4": "c"}
# END SOLUTION

# %% tags=["check"]
check.window_length(length_answers)

# %% [markdown]
# ## In your own words
#
# Without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** Choose the window length for a machine you know, from three perspectives: what rhythm its faults disturb, how soon an alarm is needed, and what it may cost. Where do the three contradict each other?
#
# <details><summary>What a good answer weighs</summary>
# Period: one to two cycles of what the fault disturbs, more only with more data and a larger code. Delay: a window's score follows an event only after a share of the window has filled, and with long windows the alarm goes on for most of a window's length after it; noise sets the lower end. Cost: every
# row is read L times at stride 1, attention pays for pairs, neighbours for dimensions. Where rhythm and delay contradict each other, two detectors of different length are better than a compromise.</details>
#
# **2.** A supplier reports a point-adjusted F1 of 0.95 on five server machines. What do you ask for, and what would convince you?
#
# <details><summary>What a good answer weighs</summary>
# The same figure for random scores on the same machines; F1 without adjustment at a threshold that was fixed before; incidents found, false alarms a day, delay. A baseline of neighbours or PCA. How the threshold was chosen: the best one on the test labels is hindsight. Whether the
# machines were scaled with the test part. Convincing is an advantage over plain methods in events and delay at the same number of false alarms, on machines that had no part in any choice.</details>
