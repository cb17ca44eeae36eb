# %% [markdown]
# # Z-scores and their friends
#
# **You will be able to** score values by their distance from the usual, say why a few outliers can hide themselves from the mean
# and not from the median, follow a series that drifts, and choose a scaling and a cleaning step on purpose.
#
# **You need** mean and standard deviation, and AUROC (lesson 00).
#
# **Time** 50 minutes, runs in about 10 seconds.

# %%
from itertools import product
from math import erfc, sqrt

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

from course_lib import plots
from course_lib.core.metrics import auroc, average_precision
from course_lib.core.preprocessing import fit_scaling
from course_lib.core.windows import sliding_windows
from course_lib.data import OneClassData, load_nab, simulate
from course_lib.evaluation import compare
from course_lib.ml import KNN, PCA
from course_lib.statistics import (
    EWMA,
    IQRFence,
    ModifiedZScore,
    MovingAverage,
    RollingMedian,
    ZScore,
    largest_z,
)

# %% [markdown]
# ## Six readings
#
# A thermometer in a cold store gave six readings today. One of them is wrong. You see which one; what rule could see it
# for you, on a million readings?

# %%
readings = np.array([10, 12, 12.5, 13, 14, 100])

fig, ax = plt.subplots(figsize=(6.4, 1.6), layout="constrained")
ax.plot(readings[:5], np.zeros(5), "o", color=plots.NORMAL, markersize=9, mec="black")
ax.plot(readings[5:], [0], "X", color=plots.ANOMALY, markersize=10, mec="black")
ax.set(yticks=[], xlabel="reading, °C", title="Five readings agree, one is far away")
ax.spines[["left", "top", "right"]].set_visible(False)

# %% [markdown]
# The oldest rule: measure the distance from the mean, in standard deviations. With $n$ values, mean $\bar x$ and deviation $s$,
#
# $$z_i = \frac{x_i - \bar x}{s}, \qquad s = \sqrt{\frac{1}{n}\sum_{i=1}^n (x_i - \bar x)^2} .$$
#
# Which $z$ is large? Much noise is **bell-shaped**: one hump, both sides alike, thin tails. There one value in 22 has $|z| > 2$, and one in 370 has
# $|z| > 3$. The second limit is the more popular one. First the bell, then our readings.

# %%
bell = np.random.default_rng(0).normal(size=100_000)
fig, ax = plt.subplots(figsize=(6.4, 2.4), layout="constrained")
ax.hist(bell, bins=91, range=(-4.5, 4.5), color=plots.NORMAL)
for k, style in ((1, ":"), (2, "--"), (3, "-")):
    often = f"beyond ±{k}: one in {1 / erfc(k / sqrt(2)):.0f}"
    ax.axvline(k, color=plots.NEUTRAL, linestyle=style, label=often)
    ax.axvline(-k, color=plots.NEUTRAL, linestyle=style)
ax.set(xlabel="distance from the mean, in deviations", ylabel="values of 100,000")
ax.set_title("The bell: next to nothing lies beyond three deviations")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
ax.spines[["top", "right"]].set_visible(False)

# %% tags=["nbval-check-output"]
z = (readings - readings.mean()) / readings.std()
detector = ZScore().fit(readings.reshape(-1, 1))
assert np.allclose(np.abs(z), detector.decision_scores_)

print("mean", readings.mean().round(2), " deviation", readings.std().round(2))
print("z   ", z.round(2))
print("|z| > 2:", readings[np.abs(z) > 2], "  |z| > 3:", readings[np.abs(z) > 3])

# %% [markdown]
# (A detector takes a table, one row a sample: that is what `reshape(-1, 1)` is for. With several columns the `ZScore` of a row is the largest of its $|z|$.)
#
# The limit 2 finds the 100, the limit 3 does not. Perhaps 100 is just not far enough out?
#
# **Predict, then run.** Replace the 100 by 1,000, then by a million. What will its $z$ be?

# %% tags=["nbval-check-output"]
for wild in (100, 1_000, 1_000_000):
    values = np.r_[readings[:5], wild]
    print(f"{wild:9,d}: z = {(wild - values.mean()) / values.std():.5f}")
print(f"largest |z| of six values: {largest_z(6):.5f}")

# %% [markdown]
# It hardly moves. The wild value pulls the mean towards itself and, worse, blows up the deviation it is measured with. Take $n - 1$ zeros and one
# value $M$: the mean is $M/n$, the deviation $M\sqrt{n-1}/n$, and so
#
# $$z = \frac{M - M/n}{M\sqrt{n-1}/n} = \sqrt{n - 1} ,$$
#
# whatever $M$ is. No value among $n$ can exceed that.
#
# Some programs divide by $n - 1$ in the deviation (`ddof=1`, the *sample* deviation); then the limit is $(n-1)/\sqrt{n}$ (Shiffler, 1988).
# For six values that is 2.24 or 2.04. **With six points, $|z| > 3$ can never happen.**

# %%
n = np.arange(2, 31)
fig, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
for ddof, style in ((0, "o-"), (1, "s--")):
    bound = [largest_z(k, ddof) for k in n]
    ax.plot(n, bound, style, color=plots.NEUTRAL, markersize=4, label=f"ddof={ddof}")
ax.axhline(3, color=plots.ANOMALY, linestyle=":", label="the popular limit, 3")
ax.set(xlabel="number of values n", ylabel="largest possible |z|")
ax.set_title("Below 11 values nothing can ever exceed 3")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Against a single outlier a lower limit helps. **Predict, then run.** A second thermometer breaks and reads 110. Which of the seven values have $|z| > 2$ now?

# %% tags=["nbval-check-output"]
two_broken = np.r_[readings, 110]
z = ZScore().fit(two_broken.reshape(-1, 1)).decision_scores_
print(z.round(2), "-> flagged:", two_broken[z > 2])

# %% [markdown]
# None. Two outliers cover for each other. This is called **masking**: what should be found distorts the ruler that is used to find it.
#
# ## A ruler that does not bend
#
# Replace both parts of the ruler. The mean becomes the **median**, the value in the middle. The deviation becomes the **MAD**, the
# median of the distances from the median. Sort, take the middle, twice:

# %% tags=["nbval-check-output"]
median = np.median(readings)
distances = np.abs(readings - median)
mad = np.median(distances)
modified = 0.6745 * distances / mad

print("median", median, "  distances", distances, "  MAD", mad)
print("modified z", modified.round(2))
ours = ModifiedZScore().fit(readings.reshape(-1, 1)).decision_scores_
assert np.allclose(ours, modified, rtol=1e-4)

# %% [markdown]
# $$m_i = 0.6745\,\frac{|x_i - \mathrm{median}|}{\mathrm{MAD}}$$
#
# The 100 scores 58.85, everything else below 2. The usual limit is 3.5 (Iglewicz and Hoaglin, 1993). The factor is there for
# comparison: in bell-shaped data the MAD is 0.6745 deviations, so that $m$ and $|z|$ mean the same when nothing is wrong.
#
# A third ruler comes from the box plot. The box holds the middle half of the data, from the lower quartile $Q_1$ to the upper $Q_3$; its length is
# the interquartile range, IQR. What lies more than 1.5 IQR outside the box is beyond **Tukey's fences**. `IQRFence` scores a value
# by its distance from the box in IQRs, so the fences are at 1.5.

# %% tags=["nbval-check-output"]
q1, q3 = np.percentile(readings, [25, 75])
low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
print(f"Q1 {q1}  Q3 {q3}  IQR {q3 - q1}  fences at {low} and {high}")
outside = IQRFence().fit(readings.reshape(-1, 1)).decision_scores_ > 1.5
assert np.array_equal(outside, (readings < low) | (readings > high))

limits = {ZScore(): 2, ModifiedZScore(): 3.5, IQRFence(): 1.5}
for values in (readings, two_broken):
    for detector, limit in limits.items():
        scores = detector.fit(values.reshape(-1, 1)).decision_scores_
        print(f"{len(values)} values, {detector} > {limit}: {values[scores > limit]}")

fig, ax = plt.subplots(figsize=(6.4, 1.8), layout="constrained")
ax.barh(0, q3 - q1, 0.5, q1, color="white", edgecolor=plots.NEUTRAL, linewidth=1.5)
ax.vlines(
    [median, low, high], -0.25, 0.25, color=plots.NEUTRAL, linestyles=["-", "--", "--"]
)
ax.plot(readings[:5], np.zeros(5), "o", color=plots.NORMAL, mec="black")
ax.annotate("100", (17.9, 0), (17, 0), va="center", arrowprops={"arrowstyle": "->"})
marks = ["lower fence", "$Q_1$", "median", "$Q_3$", "upper fence"]
ax.set_xticks([low, q1, median, q3, high], marks)
ax.set(yticks=[], ylim=(-0.4, 0.4), xlim=(9, 18), xlabel="reading, °C")
ax.spines[["left", "top", "right"]].set_visible(False)
ax.set_title("The box holds the middle half; the fences stand 1.5 boxes off")

# %% [markdown]
# The fences find the one outlier and miss the two. A quarter of the values may go wild before a quartile follows, half of them before a median does;
# two of seven are more than a quarter. The share that a statistic survives is its **breakdown point**: 0% for the mean,
# 25% for the quartiles, 50% for median and MAD. Watch it happen: of 100 bell-shaped values we spoil more and more.

# %%
rng = np.random.default_rng(0)
normal = rng.normal(20, 2, 100)
limits = {"z-score": (ZScore(), 3), "fences": (IQRFence(), 1.5)}
limits["modified z"] = (ModifiedZScore(), 3.5)
share, lowest = np.arange(1, 60), {f"{k}, limit {limits[k][1]}": [] for k in limits}
for spoilt in share:
    values = np.r_[rng.normal(60, 2, spoilt), normal[spoilt:]].reshape(-1, 1)
    for name, (detector, limit) in zip(lowest, limits.values()):
        lowest[name].append(detector.fit(values).decision_scores_[:spoilt].min() / limit)

ax = plots.lines(
    share,
    lowest,
    xlabel="outliers among 100 values",
    ylabel="lowest outlier's score / limit",
    log="y",
    title="Under the red line an outlier is missed",
)
ax.axhline(1, color=plots.ANOMALY, linewidth=0.8)
ax.set_ylim(0.1, 10)
for name, line, colour in zip(lowest, ax.lines, ("black", "0.35", "0.6")):
    line.set(color=colour, linewidth=2)
    print(f"{name}: first miss at {share[np.array(lowest[name]) < 1][0]}%")

# %% [markdown]
# The z-score first misses an outlier when 9% are outliers, the fences at 26%, the modified z at 46%. Where more than half of the values
# are equal the MAD is 0; the course's `ModifiedZScore` then takes the mean distance from the median instead.
#
# ## Scaling: the same rulers once more
#
# Methods that mix columns (distances, networks, PCA) need columns of comparable size. The three common scalings are the three rulers you
# know: **standard** $(x - \bar x)/s$, **robust** $(x - \mathrm{median})/\mathrm{IQR}$, and **min-max**
# $(x - \min)/(\max - \min)$, the most fragile of all: its ruler *is* the two most extreme values.

# %% tags=["nbval-check-output"]
X = readings.reshape(-1, 1)
scaled = pd.DataFrame({"reading": readings})
for kind in ("minmax", "standard", "robust"):
    shift, scale = fit_scaling(X, kind)
    scaled[kind] = ((X - shift) / scale)[:, 0].round(2)
scaled

# %%
good, humidity = slice(0, 5), np.array([61, 55, 66, 58, 63, 60])
fig, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for ax, kind in zip(axes, ("minmax", "standard", "robust")):
    table = np.c_[readings, humidity]
    shift, scale = fit_scaling(table, kind)
    A = (table - shift) / scale
    part = A[good].var(axis=0)[0] / A[good].var(axis=0).sum()
    middle, half = A[good].mean(axis=0), 0.7 * np.ptp(A[good], axis=0).max()
    ax.plot(*A[good].T, "o", color=plots.NORMAL, mec="black")
    ax.set(xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half], aspect="equal")
    ax.annotate(
        f"100 °C at {A[5, 0]:.1f} →", (0.97, 0.03), xycoords="axes fraction", ha="right"
    )
    ax.set(title=f"{kind}:\n{part:.0%} is temperature", xlabel="scaled temperature")
axes[0].set_ylabel("scaled humidity")
fig.suptitle("Beside humidity only robust scaling leaves the temperature a say")
plt.show()

# %% [markdown]
# Alone a column cannot suffer: scaling shifts and stretches all its values alike. It suffers *beside other columns*. After min-max scaling the five
# good readings share 4% of the range, their humidities (made up here) all of it: of the squared distances 0% are
# temperature. After robust scaling 42% are; but the outlier is far away, where a network may not want it. So: robust when outliers are in the training data, min-max only for bounded
# quantities such as pixels.
#
# Now a real table: 569 breast tumours, 30 measurements of cell nuclei each (Wisconsin, 1995). Benign is normal, malignant is the anomaly. We train on 200 benign cases **and 30
# malignant ones that slipped in**, as happens when nobody has looked.

# %%
tumours = load_breast_cancer()
y = 1 - tumours.target
rng = np.random.default_rng(1)
benign, malignant = (rng.permutation(np.flatnonzero(y == label)) for label in (0, 1))
train = np.r_[benign[:200], malignant[:30]]
test = np.r_[benign[200:], malignant[30:]]
X_train, X_test = tumours.data[train], tumours.data[test]

areas = np.array(["area" in name for name in tumours.feature_names])
rulers = {f"areas / {unit:,}": (0, np.where(areas, unit, 1)) for unit in (1, 100, 10_000)}
rulers |= {kind: fit_scaling(X_train, kind) for kind in ("minmax", "standard", "robust")}
quality, heaviest = {}, {}
for kind, (shift, scale) in rulers.items():
    A, B = (X_train - shift) / scale, (X_test - shift) / scale
    for name, detector in (("PCA", PCA()), ("5 neighbours", KNN(method="mean"))):
        quality[kind, name] = auroc(y[test], detector.fit(A).decision_function(B))
    part = (A.var(axis=0) / A.var(axis=0).sum()).round(4)
    heaviest[kind] = f"{tumours.feature_names[part.argmax()]}, {part.max():.0%}"
table = pd.Series(quality).unstack().loc[list(rulers)]
assert table["5 neighbours"].iloc[:3].min() > 0.93 > table["5 neighbours"].iloc[3:].max()
table.assign(heaviest=heaviest).round(3)

# %% [markdown]
# The order surprises: for the neighbours no scaling (first row) is best. The last column says why: it names the measurement with the largest part of the summed
# **variance** (the deviation squared), and so of the distances. Unscaled that is an area, and a large area is a good sign of malignancy. Was that luck? In part: with areas in
# other units (rows two and three) PCA falls from 0.77 to about 0.62, below every scaling. The neighbours fall to about 0.95, still above every scaling: now a
# perimeter leads, a good sign too. Scaling makes a result independent of units, but it also gives weight to columns that say little. Robust scaling comes first of the three, as 30 outliers suggest, but by 0.01 to 0.02: too
# little to rest on one split of the data.
#
# ## Cleaning the training data
#
# If the ruler suffers from outliers, throw them out before fitting: score the training rows, drop the worst, fit the detector to the rest. How many? Without labels that is a guess; ours is 35, 15%. `compare` fits each method and
# gives its AUROC with a 95% interval: how far it moves when the test rows are drawn anew, with replacement (here 100 times). **Predict, then run.** Which method's AUROC gains most
# from cleaning, and which hardly at all: z, modified z, fences, PCA, neighbours?

# %%
suspicion = ModifiedZScore().fit(X_train).decision_scores_
kept = {
    "all 230 rows": np.ones(230, bool),
    "without the 35 most suspicious": suspicion < np.sort(suspicion)[195],
    "200 benign rows (the truth)": y[train] == 0,
}
columns, flagged = {}, {}
for name, rows in kept.items():
    shift, scale = fit_scaling(X_train[rows], "standard")
    A, B = (X_train[rows] - shift) / scale, (X_test - shift) / scale
    data = OneClassData(A, B, y[test], tuple(tumours.feature_names), "breast tumours")
    methods = [ZScore(), ModifiedZScore(), IQRFence(), PCA(), KNN(method="mean")]
    names = ["z-score", "modified z", "IQR fence", "PCA", "5 nearest neighbours"]
    table = compare(dict(zip(names, methods)), data, repeats=100)
    columns[name] = table["AUROC"]
    alarm = methods[0].decision_function(B) > 3
    flagged[name] = [alarm[y[test] == label].mean() for label in (1, 0)]
columns["95% interval of the last, ±"] = (table["to"] - table["from"]) / 2
pd.DataFrame(columns).round(3)

# %%
for name, (found, false) in flagged.items():
    print(f"{name}: |z| > 3 flags {found:.0%} of the malignant, {false:.0%} of the benign")
dropped = y[train][~kept["without the 35 most suspicious"]]
print(f"dropped: {dropped.sum()} malignant and {(dropped == 0).sum()} benign rows")
before, after = flagged["all 230 rows"], flagged["without the 35 most suspicious"]
assert after[0] > before[0] + 0.3 and after[1] > before[1] + 0.08

# %% [markdown]
# In AUROC PCA gains most, from 0.76 to 0.87, then the z-score (0.87 to 0.93) and the neighbours (0.89 to 0.93); modified z and fences hardly move, by less than
# 0.01, and even the truth adds about 0.02: the intruders had bent them little. The limit shows what AUROC hides: $|z| > 3$ flags 49% → 88% of the malignant, but 4% → 15% of the benign.
# The true benign rows give the same 88% for 8%: dropping unusual benign rows made the deviations too small.
#
# Cleaning is not free. Of the 35 rows dropped 15 were benign, only unusual; drop too many, and the model calls every unusual case an anomaly. And clean the *training* data only: the test data are what you
# are judged on.
#
# ## When normal moves
#
# Everything so far compares a value with *all* the others. Here is a machine's temperature, a reading every five minutes for eleven weeks, with four
# episodes that are labelled as anomalous, a shutdown and a breakdown among them (Numenta Anomaly Benchmark). Other deep dips carry no label.

# %%
series = load_nab("machine_temperature_system_failure", substitute=True)
values, X = series.values, series.values.reshape(-1, 1)
print(series)
ax = plots.series(
    series.timestamps,
    values,
    windows=series.windows,
    ylabel="temperature, degrees",
    title="Normal drifts, and an anomaly can last for days",
)

# %% [markdown]
# (One time stamp lies before its predecessor. The benchmark does not judge the first 750 readings; we shall leave out 2,000.)
#
# What is normal on Monday need not be on Friday. So compare with the *recent past*: the mean and deviation of the last $w$ readings before this
# one. That is the **moving average** detector. The reading itself stays out, otherwise it would bend its own ruler again.

# %%
w = 24  # two hours
past = pd.Series(values).shift(1).rolling(w)
by_hand = ((values - past.mean()).abs() / past.std(ddof=0))[w:]

moving = MovingAverage(window=w).fit(X)
assert np.allclose(by_hand, moving.decision_scores_[w:], rtol=1e-3)

# %% [markdown]
# The **exponentially weighted moving average** (EWMA) needs no window. It keeps two numbers, a mean $m$ and a variance $v$, and moves both a little with each new reading $x_t$, by the share $\alpha$:
#
# $$m_t = (1 - \alpha)\, m_{t-1} + \alpha\, x_t, \qquad v_t = (1 - \alpha)\left(v_{t-1} + \alpha\,(x_t - m_{t-1})^2\right), \qquad z_t = \frac{|x_t - m_{t-1}|}{\sqrt{v_{t-1}}} .$$
#
# Old readings fade away instead of dropping out.


# %%
def ewma_scores(x, alpha):
    """Score each value against the exponentially weighted mean and variance before it, (n,) to (n,)."""
    mean, variance, scores = x[0], 0.0, np.zeros(len(x))
    for t in range(1, len(x)):
        gap = x[t] - mean
        scores[t] = abs(gap) / np.sqrt(variance) if variance > 0 else 0
        mean += alpha * gap
        variance = (1 - alpha) * (variance + alpha * gap**2)
    return scores


fading = EWMA(alpha=0.1).fit(X)
# The first hundred differ: the library makes up for the variance's start from zero.
assert np.allclose(ewma_scores(values, 0.1)[100:], fading.decision_scores_[100:], rtol=1e-3)

# %% [markdown]
# And the **rolling median** is the modified z-score of a window: median in place of mean, and in place of the deviation the median of the last
# $w$ distances, times $1.4826 = 1/0.6745$. Each distance is taken from the median of its own time, up to and including that
# reading: so one pass over the series is enough. The reading that is judged stays out as before.

# %%
running = pd.Series(values).rolling(w).median()
gaps = (values - running).abs().shift(1).rolling(w).median()
by_hand = ((values - running.shift(1)).abs() / (1.4826 * gaps))[2 * w :]

robust = RollingMedian(window=w).fit(X)
assert np.allclose(by_hand, robust.decision_scores_[2 * w :], rtol=1e-3)

clean = np.random.default_rng(0).normal(size=(2000, w))  # two thousand past windows
mads = np.median(np.abs(clean - np.median(clean, axis=1, keepdims=True)), axis=1)
for name, ruler in (("deviation", clean.std(axis=1)), ("MAD", mads)):
    print(f"{name} of {w} bell-shaped values: varies by {ruler.std() / ruler.mean():.0%}")

# %% [markdown]
# A ruler that does not bend has its price: on clean data it is shakier. Speed does not decide: each of the three scores a million readings in well under a
# second (windows of 100, `benchmarks/rolling.py`).
#
# Do they work? To know, we plant 60 spikes of 8 degrees, up or down, in the hours when nothing was wrong. They are small: the
# readings themselves wander over 50 degrees. Around the one in the calmest hours we draw what each detector expects, three deviations to both sides of its centre:
# what leaves the band would be flagged. The titles count how many of all 60 do.

# %%
rng = np.random.default_rng(0)
quiet = np.flatnonzero((series.y == 0) & (np.arange(len(values)) > 2000))
at = rng.choice(quiet, 60, replace=False)
spiked = values.copy()
spiked[at] += rng.choice([-8, 8], 60)

# %%
calm = pd.Series(values).rolling(70, center=True).std()[at].to_numpy()
middle = at[np.nanargmin(calm)]
near = slice(middle - 36, middle + 36)
hours = (np.arange(len(values)) - middle)[near] / 12
past, running = pd.Series(spiked).shift(1), pd.Series(spiked).rolling(w).median()
gaps = (spiked - running).abs().shift(1).rolling(w).median()
bands = {
    "moving average": (past.rolling(w).mean(), past.rolling(w).std(ddof=0)),
    "EWMA": (past.ewm(alpha=0.1, adjust=False).mean(), past.ewm(alpha=0.1).std(bias=True)),
    "rolling median": (running.shift(1), 1.4826 * gaps),
}
fig, axes = plt.subplots(1, 3, figsize=(8, 2.8), sharey=True, layout="constrained")
for ax, (name, (centre, scale)) in zip(axes, bands.items()):
    low, high = (centre - 3 * scale)[near], (centre + 3 * scale)[near]
    ax.fill_between(hours, low, high, color=plots.NEUTRAL, alpha=0.25, linewidth=0)
    found = (np.abs(spiked - centre) > 3 * scale)[at].sum()
    title = f"{name}: {found} of 60"
    plots.series(hours, spiked[near], ylabel="", xlabel="hours", title=title, ax=ax)
    ax.plot(0, spiked[middle], "x", color=plots.ANOMALY)
axes[0].set_ylabel("temperature, degrees")
fig.suptitle(
    "The calmest spike widens the averages' bands, not the median's (3 deviations)"
)
plt.show()

# %% [markdown]
# **Predict, then run.** The first 2,000 readings, before the first episode, are for learning; the moving rulers look only at the
# readings just before. PCA (with three patterns, roughly level, slope and bend) and the neighbours, which know nothing of time, get the last hour as a row of
# 12 numbers. First task: find the 60 spikes among the quiet readings. Second task: find the readings inside the four labelled episodes. Which method wins which?
#
# Besides AUROC we print **average precision**, which looks at the top of the list: go down from the highest score, note at each anomaly what share of the rows so far
# are anomalies, and average these shares. 1 is perfect; guessing gives the share of anomalies.

# %%
detectors = {
    "z-score": ZScore(),
    "modified z": ModifiedZScore(),
    "IQR fence": IQRFence(),
    "moving average": MovingAverage(window=w),
    "rolling median": RollingMedian(window=w),
    "EWMA": EWMA(alpha=0.1),
    "PCA, last hour": PCA(n_components=3),
    "5 nearest neighbours, last hour": KNN(method="mean"),
}


def quality_on(x, y, rows):
    """AUROC and average precision of every detector on these rows of the series."""
    hours = sliding_windows(np.r_[np.full(11, x[0]), x], 12)
    result = {"guessing": [0.5, y[rows].mean()]}
    for name, detector in detectors.items():
        data = hours if "hour" in name else x.reshape(-1, 1)
        scores = detector.fit(data[:2000]).decision_function(data)[rows]
        result[name] = [auroc(y[rows], scores), average_precision(y[rows], scores)]
    return result


# %%
truth = np.isin(np.arange(len(values)), at).astype(int)
late = np.arange(len(values)) >= 2000
tasks = {
    "60 spikes": quality_on(spiked, truth, quiet),
    "four episodes": quality_on(values, series.y, late),
}
measures = ["AUROC", "average precision"]
results = pd.concat(
    {k: pd.DataFrame(q, index=measures).T for k, q in tasks.items()}, axis=1
)
assert results.loc["EWMA", ("60 spikes", "AUROC")] > 0.9
assert results.loc["z-score", ("four episodes", "AUROC")] > 0.7

print("Average precision on the spikes with the parts exchanged:")
for middle, ruler in product(("moving average", "rolling median"), repeat=2):
    scores = (np.abs(spiked - bands[middle][0]) / bands[ruler][1])[quiet]
    precision = average_precision(truth[quiet], scores)
    print(f"  centre of the {middle}, scale of the {ruler}: {precision:.3f}")
longer = RollingMedian(window=2 * w).fit(spiked.reshape(-1, 1)).decision_scores_[quiet]
print(
    f"  rolling median of twice the window: {average_precision(truth[quiet], longer):.3f}"
)
results.round(3)

# %% [markdown]
# The order turns round. On the spikes the moving rulers are close to perfect in AUROC, and the fixed ones guess. On the episodes the fixed
# rulers win, and the moving ones guess. No AUROC can be perfect there: the labelled windows are generous and hold many ordinary readings.
#
# Average precision tells more about the spikes. PCA ranks all of them
# high (0.97) and is useless in practice (0.06), because each spike stays in its row of twelve for an hour. The
# rolling median gets 0.38, the moving average 0.81. Exchange their parts, and you see why: the centre matters little, the scale a lot; the MAD of 24 readings is a
# shakier ruler than their deviation. A longer window does not help here (0.11), because normal moves.
#
# So which one is best? The question is wrong. **A detector compares with something, and finds what differs from that.** A
# spike differs from its neighbours, an episode of two days from the other weeks.
#
# ## Context without time
#
# Time is one context among many. Here are 5,000 simulated card payments by 50 customers, with planted anomalies: *point* (an enormous amount), *contextual* (an amount that is ordinary somewhere, but
# not here: 60 euros at the bakery), *collective* (many ordinary payments within minutes).
#
# A z-score works inside any group: subtract the group's mean, divide by the group's deviation. Amounts are no bell: a few are many times the usual. Their logarithm, which
# turns ten times as much into a step of fixed size, comes nearer to one.
#
# **Predict, then run.** Which groups will find the contextual ones: all payments, those of one customer, those at one place, or two of these together?

# %% tags=["nbval-check-output"]
cards = simulate.transactions(random_state=0)
logs = cards.data.assign(log=np.log(cards.data["amount"]))
contexts = {
    "nothing": [],
    "customer": ["customer"],
    "place": ["place"],
    "place and hour": ["place", "hour"],
    "customer and place": ["customer", "place"],
}
rows, z = {}, {}
for name, keys in contexts.items():
    group = logs.groupby(keys or (lambda row: 0))["log"]
    size, gap = group.transform("size"), (logs["log"] - group.transform("mean")).abs()
    z[name] = (gap / group.transform("std", ddof=0)).fillna(0)
    alarms = cards.kind[z[name] > 3]
    rows[name] = {
        f"{kind} of {(cards.kind == kind).sum()}": (alarms == kind).sum()
        for kind in simulate.KINDS
    }
    rows[name]["false alarms"] = (alarms == "").sum()
    rows[name]["smallest group"] = size.min()
    rows[name]["in groups below 11"] = f"{(size < 11).mean():.0%}"
pd.DataFrame.from_dict(rows, orient="index").rename_axis("compared with the same")

# %% [markdown]
# Among all payments, or the same customer's, 60 euros is ordinary: everybody buys bread *and* computers. The place finds 7 of 10; place and hour find 9, but lose an enormous amount. So do customer and place. Here are the three that the place
# misses, and the amount that customer and place lose.

# %% tags=["nbval-check-output"]
lost = []
for name, kind in (("place", "contextual"), ("customer and place", "point")):
    group = logs.groupby(contexts[name])["amount"]
    table = logs.assign(usual=group.transform("median"), group_size=group.transform("size"))
    missed = (cards.kind == kind) & (z[name] <= 3).to_numpy()
    lost.append(table[missed].assign(z=z[name][missed]))
this_hour = logs.groupby(["place", "hour"])["amount"].transform("median")
lost[0] = lost[0].assign(usual_this_hour=this_hour)
pd.concat(lost).drop(columns=["log", "hour"]).round(
    {"usual_this_hour": 1, "usual": 1, "z": 2}
)

# %% [markdown]
# The three are lunches for the price of a dinner: the context they break is the hour. The enormous amount
# stands in a group of five, and the bound from the first section is back: $\sqrt{5 - 1} = 2$ is all it can reach, whatever was paid.
# 13% of the payments are in groups of ten or fewer, where nothing ever exceeds 3. A narrow context needs enough data.
#
# No context finds the bursts: each payment alone is ordinary, only their number is not. That takes a feature of a window: how many payments in the last ten minutes.
#
# ## What goes wrong
#
# Back to the machine. Look closely at the last episode and at what the rolling median makes of it.

# %%
rolling = RollingMedian(window=w).fit(X).decision_scores_
fixed = ZScore().fit(X[:2000]).decision_function(X)
first, last = (np.searchsorted(series.timestamps, moment) for moment in series.windows[-1])
around, inside = slice(first - 150, last + 150), slice(first, last)
times = series.timestamps[around]
found = [(scores[inside] > 3).mean() for scores in (rolling, fixed)]
assert found[1] > 0.5 > 0.2 > found[0]
print(
    f"the first 2,000 readings: mean {X[:2000].mean():.0f}, deviation {X[:2000].std():.1f}"
)
print(f"30 columns: one above 3 in {1 - (1 - 1 / 370) ** 30:.0%} of the ordinary rows")

fig, (top, low) = plt.subplots(2, 1, figsize=(6.4, 4.4), sharex=True, layout="constrained")
title, marked = "What lasts becomes the new normal", series.windows[-1:]
labels = {"ylabel": "temperature, degrees", "xlabel": "", "title": title}
plots.series(times, values[around], windows=marked, ax=top, **labels)
names = [f"{n}: {f:.0%}" for n, f in zip(("rolling median", "z-score"), found)]
low.plot(times, rolling[around], color="0.65", linewidth=0.8, label=names[0])
low.plot(times, fixed[around], color=plots.NEUTRAL, linewidth=2, label=names[1])
low.axhline(3, color=plots.ANOMALY, linestyle=":", label="limit 3")
low.set(ylabel="score", ylim=(0, 12), xlabel="time")
low.legend(frameon=False, ncols=3, loc=2, title="above 3 within the label", fontsize=9)
plt.show()

# %% [markdown]
# The rolling median speaks up when the temperature falls (almost eight hours before the label opens) and when it comes back. In between it
# sinks so slowly that the last two hours are always nearly as cold: the fault *is* its past, and only 2% of the label score above 3. A ruler that follows the data follows the fault too.
#
# The fixed ruler sees 90% of the label. (Its short dip to 0 is where the falling temperature, about 92 before, crosses the mean of the
# first 2,000 readings, 80.) But it ages: when the machine runs warmer next summer, everything will be an alarm. You trade one blindness for the other with the
# window, and often need two detectors, a fast and a slow one.
#
# Three more traps:
#
# - A $|z|$ of 3 means one in 370 only for bell-shaped data; for amounts or waiting times it means nothing until you take logarithms.
# - Many columns, many chances: all of $d$ independent columns stay below 3 with probability $(1 - 1/370)^d$. With 30 of them 8% of the ordinary rows do not.
# - A stuck sensor has deviation 0: every change is infinitely many deviations. The course's detectors keep a smallest deviation, so that scores stay finite.
#
# ## Recap
#
# The z-score measures distance in deviations, and outliers bend that ruler: they mask themselves, and among $n$ values none can exceed $\sqrt{n-1}$. Median, MAD and quartiles do not bend until a quarter or half of the
# data is bad, and cleaning the training data helps those methods that do. Moving rulers find what differs from the last hours, fixed ones what differs from everything; neither finds both.
#
# ## Check yourself
#
# <details><summary>1. You check eight weekly totals with |z| > 3 and never get an alarm. Good news?</summary>
# No news: with eight values |z| cannot exceed 2.65 (sample deviation: 2.47). Use the modified z-score.</details>
#
# <details><summary>2. Of your training rows 30% are anomalies. Which of z, fences and modified z may still work, and why?</summary>
# The modified z: median and MAD survive up to half. The quartiles survive only a quarter, mean and deviation nothing.</details>
#
# <details><summary>3. A sensor drifts by one degree a day until it fails. Rolling median over two hours, or z-score trained on the first, healthy week?</summary>
# The z-score: within two hours the drift is smaller than the noise, so a moving ruler follows it without a word.</details>
#
# ## Read on
#
# - R. Shiffler, 1988, *Maximum Z scores and outliers*, The American Statistician 42. [doi:10.1080/00031305.1988.10475530](https://doi.org/10.1080/00031305.1988.10475530)
# - B. Iglewicz and D. Hoaglin, 1993, *How to detect and handle outliers*, ASQC; in short in the
#   [NIST handbook](https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm).
# - S. Roberts, 1959, *Control chart tests based on geometric moving averages*, Technometrics 1: the EWMA. [doi:10.1080/00401706.1959.10489860](https://doi.org/10.1080/00401706.1959.10489860)
# - A. Lavin and S. Ahmad, 2015, *Evaluating real-time anomaly detection algorithms: the Numenta anomaly benchmark*. [arXiv:1510.03336](https://arxiv.org/abs/1510.03336)
#
# ## Think further
#
# - Every method here looks at one number at a time. Describe an anomaly in two columns that none of them can find however it is tuned, and what you
#   would look at instead. *(A good answer weighs: values ordinary in each column and impossible together, a height of 1.50 m with a weight of 150 kg; distances that know the
#   correlation, as PCA's do; and what such a method costs in data and in explanation.)*
# - A shop's takings have a day's and a week's rhythm and grow by the year. What should Friday evening be compared with? *(A good answer weighs: the last hours, the
#   last Fridays at this hour, or what is left after trend and season are taken out; how many values each comparison has, holidays, and how fast it must follow growth without following a fault.)*
