# %% [markdown]
# # Start here
#
# **You will be able to** find your first anomaly within five minutes, read a score and a label, and find your way through the course.
#
# **You need** Python: lists, functions, a little NumPy. No statistics, no machine learning.
#
# **Time** 15 minutes, runs in a few seconds.

# %% [markdown]
# Click on the title above and press <kbd>Shift</kbd> + <kbd>Enter</kbd>: the next cell is selected. Go on like this: text is passed, code in
# a grey cell runs, and its result appears below it. If something looks wrong, choose *Run* > *Restart Kernel and Run All Cells* in the menu.
#
# ## Does everything work?

# %%
import torch

import course_lib
from course_lib.core.runtime import resolve_device

print(f"course {course_lib.__version__}, PyTorch {torch.__version__.split('+')[0]}")
print("this notebook computes on:", resolve_device("auto").type)

# %% [markdown]
# `cpu` is enough for the whole course; `cuda` or `mps` is a graphics processor, and makes some later lessons faster. If this cell failed, type
# `python -m course_lib doctor` into a terminal (*File* > *New* > *Terminal*): it looks at your installation and says what to do.
#
# ## Your first anomaly
#
# Somebody has scanned 186 handwritten digits, 8 x 8 pixels each. Nearly all are zeros; a few others slipped in. Nobody has marked which.
# (They are real: pictures by 13 writers, collected by Alpaydin and Kaynak, 1998, that come with scikit-learn.)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from course_lib import plots
from course_lib.core import as_sklearn
from course_lib.core.metrics import auroc, precision_at_k
from course_lib.ml import KNN, PCA

digits = load_digits()
rng = np.random.default_rng(4)
zeros, others = np.flatnonzero(digits.target == 0), np.flatnonzero(digits.target != 0)
rows = rng.permutation(np.r_[zeros, rng.choice(others, 8, replace=False)])
X = (
    digits.data[rows] / 16
)  # (186, 64): one row an image, one column a pixel, 0 = white, 1 = black
X.shape

# %%
axes = plots.image_grid(X[:60], columns=15, title="The first 60 of 186 scans: mostly zeros")

# %% [markdown]
# Do you see one that is no zero? How would you explain to a computer, which only has 64 numbers for
# each scan, what is odd about it?
#
# Here is one answer: *an odd scan has no close relatives.* For each scan, look for the five others that are most like it, and
# measure how far away they are: subtract the two scans pixel by pixel, square the differences, add them up, take the root. Let us do it by hand
# for a single scan, the first one.

# %% tags=["nbval-check-output"]
distances = np.sqrt(
    ((X - X[0]) ** 2).sum(axis=1)
)  # from scan 0 to every scan, itself included
nearest = np.sort(distances)[1:6]  # the smallest one, 0, is the distance to itself
print("distances to the five nearest:", nearest.round(2), " mean:", nearest.mean().round(2))

# %% [markdown]
# That number is its **anomaly score**. The course has this idea ready made: `KNN`, for *k nearest neighbours*. Every detector of the course
# is used in the same three steps: make it, `fit` it to data (it learns from them what is usual), look at the scores. The scores of the very data it was fitted
# to are in `decision_scores_`; `decision_function(X)` scores any rows `X`.

# %%
detector = KNN(n_neighbors=5, method="mean")
detector.fit(X)
scores = detector.decision_scores_

assert np.isclose(scores[0], nearest.mean())
print("scores of the first five scans:", scores[:5].round(2))

# %% [markdown]
# The first of them is the number you computed by hand.
#
# **Predict, then run.** The next cell shows the ten highest scores. How many of these scans are no zeros?

# %%
top = np.argsort(-scores)[:10]
axes = plots.image_grid(
    X[top], labels=[f"{scores[i]:.2f}" for i in top], title="The ten highest scores"
)

# %% [markdown]
# Eight, then two odd zeros. You have found your first anomalies, and nobody told the computer what a zero looks like, or which other digits to
# expect. That is the whole subject: learn what is usual, and let the unusual stand out.
#
# ## Scores, thresholds, labels
#
# A score ranks. To *decide*, a detector needs a **threshold**: what scores above it is called an anomaly. A fitted detector has one
# already, in `threshold_`; it assumed that 10% of the data are anomalies. `labels_` holds its decisions, 1 = anomaly and 0 = normal.

# %% tags=["nbval-check-output"]
print(
    "threshold:",
    round(detector.threshold_, 2),
    " flagged:",
    detector.labels_.sum(),
    "of",
    len(X),
)

# %%
fig, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
ax.hist(scores, bins=30, color=plots.NORMAL, edgecolor="white")
ax.axvline(detector.threshold_, color=plots.NEUTRAL, label="threshold (10%)")
ax.set(
    xlabel="anomaly score",
    ylabel="number of scans",
    title="A few scores stand apart; the threshold cuts earlier",
)
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# It flags 19 scans, more than stand apart in the figure: 10% was a guess, and here it is too much. Where to put the threshold is a
# question of its own, and you will come back to it in many lessons.
#
# ## How good is it?
#
# For these scans the truth is known after all: somebody typed in the digits.

# %% tags=["nbval-check-output"]
truth = (digits.target[rows] != 0).astype(int)  # 1 = not a zero
print("the ten strangest are really:", digits.target[rows][top])

# %% [markdown]
# Two numbers sum up a ranking. **Precision at k**: of the
# $k$ highest scores, which share are anomalies ($k$ = 8, as many as there are)? **AUROC**, the *area under the ROC curve*: take an anomaly and a normal scan at
# random; how often does the anomaly score higher? 1 is perfect, 0.5 is guessing. (The curve itself you will not need.)
#
# Two detectors stand beside each other: the nearest neighbours, and PCA (principal component analysis), which measures how badly a scan is put together from the main patterns in
# all scans; `n_components=0.9` takes as many patterns as carry 90% of what differs between scans. The two turn up again as yardsticks in every lesson.

# %%
candidates = {
    "5 nearest neighbours": detector,
    "PCA": PCA(n_components=0.9).fit(X),
    "PCA, fitted to the zeros only": PCA(n_components=0.9).fit(X[truth == 0]),
    "PCA, three patterns": PCA(n_components=3).fit(X),
}
print("patterns of the first PCA:", len(candidates["PCA"].components_))
table = pd.DataFrame(
    {
        name: [
            measure(truth, d.decision_function(X)) for measure in (auroc, precision_at_k)
        ]
        for name, d in candidates.items()
    },
    index=["AUROC", "precision at 8"],
).T
table.round(3)

# %% [markdown]
# The neighbours put all eight intruders on top: none has five close relatives, not even among the other intruders. PCA misses half of them: the data it was fitted to *hold* the intruders, and 18 patterns are
# enough to spend some on them. Fitted to the zeros alone, or with three patterns, it misses none; but which scans are zeros you do not know beforehand, nor how many patterns are right.
# Which detector is better depends on the data and on its settings, so a comparison on your own data beats an opinion.
#
# ## Two signs
#
# In this course, and in PyOD, a much-used library of detectors, a **higher** score is more anomalous and the labels are 1 and 0. In scikit-learn it is the other way
# round: a **lower** score is more anomalous, and the labels are -1 for anomalies and +1 for the rest. Both are fine; mixing them is not.
# `as_sklearn` shows one and the same detector in scikit-learn's way.

# %%
other_way = as_sklearn(KNN(n_neighbors=5, method="mean")).fit(X)
few = np.r_[top[:2], np.argsort(scores)[:2]]
pd.DataFrame(
    {
        "really": np.where(truth[few] == 1, "intruder", "zero"),
        "our score": scores[few].round(2),
        "our label": detector.labels_[few],
        "scikit-learn's score": other_way.score_samples(X[few]).round(2),
        "scikit-learn's label": other_way.predict(X[few]),
    },
    index=[f"scan {i}" for i in few],
)

# %% [markdown]
# The same numbers with another sign, and the same decisions under other names.
#
# ## What goes wrong
#
# **Predict, then run.** You take scores from scikit-learn and compute their AUROC as if they were ours. The ranking above was perfect. What
# comes out?

# %% tags=["nbval-check-output"]
print("AUROC with the wrong sign:", round(auroc(truth, other_way.score_samples(X)), 3))

# %% [markdown]
# The best detector looks like the worst one. An AUROC far *below* 0.5 says that the score ranks, the wrong way
# round. First check the sign; if it is right, as in some later lessons, ask what the score measures.
#
# ## How the course works
#
# **Lessons** live in `notebooks/`. Each one asks you to predict before you run; take the ten seconds, that is where the learning is. (Lessons come with their results. To hide them, choose *Edit* > *Clear Outputs of All
# Cells*.) Each builds an
# idea from scratch, then imports it from `course_lib`, so that you know what is inside.
#
# **Exercises** live in `work/`, one set for each lesson: your own copies, which no update touches. A task looks like this:
#
# - a card with its number, its name, its difficulty (●○○ to ●●●) and minutes, and what to do;
# - hints that fold out, from a nudge to nearly the answer;
# - a cell for your code: replace the line `raise NotImplementedError(...)`;
# - a check, in the cell below: run it. It tries your code on fresh random input, and if something is wrong it says what, and which
#   mistake usually does that.
#
# **Progress.** In a terminal, `python -m course_lib progress` shows for each task whether it is solved. **Solutions**, with the same tasks solved, are in
# `solutions/`. They are for afterwards.
#
# Lessons build on each other, but you can jump: each says at its top what you need. Some numbers have no lesson so far. This is what there is:
#
# <!-- map of the course -->
#
# **Now you:** open [your own copy](../work/00_start_here.ipynb) of the first set. (No such file? In a terminal, `python bootstrap.py copies` makes the copies.) Three small tasks, ten minutes.
#
# ## Recap
#
# A detector learns what is usual and gives each sample a score; here, higher is more anomalous. A threshold turns scores into labels. Whoever mixes
# libraries checks the sign first.
#
# ## Check yourself
#
# <details><summary>1. A detector gives a scan the score 2.4. Is it an anomaly?</summary>
# You cannot say yet: a score means something beside other scores of the same detector, or beside its threshold.</details>
#
# <details><summary>2. You swap the detector for another, and all scores are a hundred times larger. Is it more certain?</summary>
# No. Each detector has its own scale; only the order within one detector's scores can be compared, and its threshold belongs to it.</details>
#
# <details><summary>3. scikit-learn's <code>predict</code> returns -1 for a row. What does this course call it?</summary>
# An anomaly, label 1.</details>
#
# ## Read on
#
# - V. Chandola, A. Banerjee and V. Kumar, 2009, *Anomaly detection: a survey*, ACM Computing Surveys 41.
#   [doi:10.1145/1541880.1541882](https://doi.org/10.1145/1541880.1541882)
# - Y. Zhao, Z. Nasrullah and Z. Li, 2019, *PyOD: a Python toolbox for scalable outlier detection*, JMLR 20.
#   [jmlr.org/papers/v20/19-011](https://jmlr.org/papers/v20/19-011.html)
# - scikit-learn's user guide, [*Novelty and outlier detection*](https://scikit-learn.org/stable/modules/outlier_detection.html).
#
# ## Think further
#
# - The nearest neighbours of a scan are found among all scans, the odd ones included. What happens if somebody slips in fifty copies of the same
#   7? *(A good answer weighs: what the five nearest neighbours of such a 7 are, whether fifty equal scans are still an anomaly, and what that
#   means for fraud that comes in series.)*
