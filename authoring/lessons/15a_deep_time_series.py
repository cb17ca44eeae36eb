# %% [markdown]
# # Deep time series: one sensor and many
#
# **You will be able to** cut a series into windows and bring their scores back to the clock, train an LSTM autoencoder and a forecaster on
# normal data only, say which sensor an alarm comes from, and tell when simple neighbours do the same job.
#
# **You need** lesson 10 (autoencoders, reconstruction error) and lesson 02 (series and moving windows).
#
# **Time** 65 minutes, runs in about 30 seconds.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from course_lib import plots
from course_lib.core.metrics import auroc, average_precision, count_events
from course_lib.core.windows import breaks_in_time, plan_windows, sliding_windows
from course_lib.data import load_nab, load_smd, simulate
from course_lib.deep import LSTMVAE, Forecaster, LSTMAutoencoder
from course_lib.ml import KNN, PCA, WindowKNN
from course_lib.statistics import ZScore

# %% [markdown]
# ## Nothing wrong with any reading
#
# Five sensors sit along a shaft that turns. Each recording holds 50 readings of each. Hundreds of good recordings are
# there to learn from. Among new ones there are two kinds of broken ones:
#
# - **noise**: every reading is drawn from the good ones, but independently;
# - **shuffled**: a good recording whose 50 moments were put in random order, all sensors together.

# %%
waves = simulate.sines(random_state=0)
good, noise = (waves.X_test[waves.y_test == label] for label in (0, 1))
rng = np.random.default_rng(0)
shuffled = np.stack([recording[rng.permutation(50)] for recording in good[:60]])

fig, axes = plt.subplots(1, 3, figsize=(7, 2.2), sharey=True, layout="constrained")
kinds = {"good": good, "noise": noise, "shuffled": shuffled}
for ax, (name, recordings) in zip(axes, kinds.items()):
    color = plots.NORMAL if name == "good" else plots.ANOMALY
    ax.plot(recordings[1] + 2.5 * np.arange(5), color=color, linewidth=1)
    ax.set(title=name, xlabel="step", yticks=[])
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("five sensors, shifted")
fig.suptitle("Only the first recording has a rhythm")
plt.show()

# %% [markdown]
# **Predict, then run.** Three detectors look at one moment at a time, that is at five numbers, and never at two moments together: z-score, PCA with two
# directions, nearest neighbours. A recording's score is the mean over its moments. Which of the two kinds can they find?


# %%
def quality(score):
    """AUROC of good recordings against each kind of broken ones; score: (n, 50, 5) to (n,)."""
    usual, result = score(good), {}
    for name in ("noise", "shuffled"):
        odd = score(kinds[name])
        result[name] = auroc(np.repeat([0, 1], [len(usual), len(odd)]), np.r_[usual, odd])
    return result


def by_moment(detector):
    """A score that is the mean over a recording's moments."""
    detector.fit(waves.X_train.reshape(-1, 5)[::7])
    return lambda X: (
        detector.decision_function(X.reshape(-1, 5)).reshape(len(X), -1).mean(1)
    )


blind = {"z-score": ZScore(), "PCA": PCA(n_components=2), "5 nearest neighbours": KNN()}
rows = {name: quality(by_moment(detector)) for name, detector in blind.items()}
moments = pd.DataFrame.from_dict(rows, orient="index")
assert (moments["shuffled"] < 0.6).all()
assert moments.loc["PCA", "noise"] > 0.99
moments.round(3)

# %% [markdown]
# Noise is found by whatever compares sensors with each other: the five of them always swing at fixed distances in phase, and noise does not. (The z-score is even misled: it takes the largest of five deviations. With phases spread out, one sensor is nearly
# always near its peak, so good moments score high and evenly; five independent draws sometimes all lie near the middle, and the mean over a recording is lower.) But all three guess on shuffled recordings. Each moment is a good one, and *when* is something they never see.
#
# ## A window
#
# To see time, give a detector several moments at once: a **window** of $L$ rows in one piece. A long series is cut into overlapping windows, one beginning at every row,
# or at every $k$-th (the **stride**). This one counts the taxi passengers of New York, every half hour; a window of 48 is a day.

# %%
taxi = load_nab("nyc_taxi", substitute=True)
x = taxi.values[:, None]
windows = sliding_windows(x, 48)
print(taxi.source)
print(
    f"series {x.shape}, windows {windows.shape}: {windows.size / x.size:.0f} times as many numbers"
)
print("and still the same memory:", np.shares_memory(windows, x))
assert np.array_equal(windows[7], x[7:55])
assert np.array_equal(sliding_windows(x, 48, 10)[2], x[20:68])

# %% [markdown]
# The windows are a *view*: NumPy keeps the series once and only counts differently. A network needs real copies, but only of the batch it
# looks at. Cut everything first, and 25,000 rows of 38 sensors in windows of 100 are 0.8 GB instead of 8 MB.
#
# Window by window, the old detectors already solve the toy: take the 250 numbers of a recording as one long row. Keep these two in mind as the mark to beat.


# %%
def by_recording(detector):
    """Score recordings by a detector that sees each as one long row."""
    detector.fit(waves.X_train.reshape(-1, 250))
    return lambda X: detector.decision_function(X.reshape(-1, 250))


table = {
    "PCA": quality(by_recording(PCA(n_components=0.9))),
    "5 nearest neighbours": quality(by_recording(KNN())),
}
pd.DataFrame.from_dict(table, orient="index")

# %% [markdown]
# ## A network that reads
#
# Flattened, a window has no before and after: its 250 numbers could stand in any order. A **recurrent network** reads row by row and carries a memory along.
# The LSTM (long short-term memory) carries two vectors, the memory $c_t$ and what it shows of it, $h_t$. Three gates, numbers between 0 and 1, say what to forget, what to
# write and what to show:
#
# $$\begin{aligned} i, f, o &= \sigma(W x_t + U h_{t-1} + b) \quad\text{(each with its own weights)}\\ g &= \tanh(W_g x_t + U_g h_{t-1} + b_g)\\
# c_t &= f \odot c_{t-1} + i \odot g, \qquad h_t = o \odot \tanh(c_t) \end{aligned}$$
#
# The sum in the third line is the point: what was written stays, unless $f$ takes it away. From scratch (PyTorch keeps two biases, one for $x$ and one for $h$, where the formula has their sum, $b$):


# %%
def lstm(x, weights, h=None):
    """All h_t for windows x, (n, L, d), from h (or zeros); weights as PyTorch orders them."""
    W, U, b, b_too = weights
    c = torch.zeros(len(x), U.shape[1])
    h = c if h is None else h
    shown = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ W.T + h @ U.T + b + b_too).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        shown.append(h)
    return torch.stack(shown, dim=1)


layer = torch.nn.LSTM(5, 8, batch_first=True)
batch = torch.from_numpy(good[:4]).float()
with torch.no_grad():
    assert torch.allclose(lstm(batch, layer.all_weights[0]), layer(batch)[0], atol=1e-6)
print("our loop and nn.LSTM agree; weights:", sum(w.numel() for w in layer.parameters()))

# %% [markdown]
# The number of weights does not depend on the length of the window. `nn.LSTM` runs the whole loop in one call, far quicker than Python could.
#
# ## The LSTM autoencoder
#
# Lesson 10's hourglass, through time. An **encoder** LSTM reads the window; its last $h$ goes through a narrow layer, the code $z$. A **decoder** LSTM starts from the code,
# is fed the code again at every step, and writes the window. The score is what it could not write, the mean squared error.
#
# One detail decides whether this learns at all: the decoder writes the window **backwards**. What the encoder read last is freshest in its memory. Written
# first, it comes out right early in training, and the next value hangs on to it. (Sutskever and others found it for translation, Srivastava for video.)
#
# **Predict, then run.** The same network twice, writing backwards and forwards. How far apart will they be after 15 epochs?

# %%
common = dict(
    window=50, stride=50, batch_size=16, learning_rate=5e-3, random_state=0, verbose=False
)
backwards = LSTMAutoencoder(32, 8, epochs=15, **common).fit(waves.X_train)
forwards = LSTMAutoencoder(32, 8, epochs=15, reverse=False, **common).fit(waves.X_train)
losses = {
    f"target written {name}": model.history_["validation_loss"]
    for name, model in {"backwards": backwards, "forwards": forwards}.items()
}
for (name, values), model in zip(losses.items(), (backwards, forwards)):
    found = {kind: round(v, 2) for kind, v in quality(model.decision_function).items()}
    print(f"{name}: validation loss {values[-1]:.2f}, AUROC {found}")
assert min(quality(backwards.decision_function).values()) >= 0.99

# %%
ax = plots.lines(
    range(1, 16),
    losses,
    xlabel="epoch",
    ylabel="validation loss (mean squared error)",
    title="Written backwards, the window is learnt within a few epochs",
    log="y",
)

# %% [markdown]
# A loss of 1 means that the mean of all readings would do as well: in these 15 epochs the forward network hardly leaves it. The
# other one finds both kinds of broken recordings. Everything inside is what you have seen: our loop, with the trained weights, gives the library's reconstruction.

# %%
net = backwards.net_.cpu()
with torch.no_grad():
    code = net.to_code(lstm(batch, net.encoder.all_weights[0])[:, -1])
    start = torch.tanh(net.from_code(code))  # what the decoder remembers at first
    fed = code[:, None].expand(-1, 50, -1)  # the code again at every step
    written = net.readout(lstm(fed, net.decoder.all_weights[0], start))
    ours = written.flip(1)  # it was written backwards
    assert torch.allclose(ours, net(batch), atol=1e-4)
    print(f"largest difference: {(ours - net(batch)).abs().max():.0e}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True, layout="constrained")
for ax, (name, recording) in zip(axes, {"good": good[1], "shuffled": shuffled[1]}.items()):
    color = plots.NORMAL if name == "good" else plots.ANOMALY
    ax.plot(recording[:, 0], color=color, linewidth=2, label="sensor 0")
    ax.plot(
        backwards.expected(recording[None])[0, :, 0],
        color=plots.NEUTRAL,
        ls="--",
        label="rebuilt",
    )
    ax.set(title=name, xlabel="step", ylim=(-1.4, 2))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
axes[0].set_ylabel("reading")
fig.suptitle("The code can say which wave, and nothing else")
plt.show()

# %% [markdown]
# ## Teacher forcing
#
# There is an easier way to train a decoder: feed it, at each step, the *true* value before, as if a teacher corrected every word at once. Training takes a third of the
# epochs, and the loss gets smaller. What has the network learnt?
#
# Three tests on held-out recordings: rebuild with one's own code; with the code of *another* recording; and without the
# teacher, from its own output.

# %%
teacher = LSTMAutoencoder(32, 8, decoder="teacher", epochs=5, device="cpu", **common).fit(
    waves.X_train
)
calm = torch.from_numpy((good - teacher.shift_[:5]) / teacher.scale_[:5]).float()
rows = {}
with torch.no_grad():
    for name, model in {"free-running": backwards, "teacher-forced": teacher}.items():
        net = model.net_.cpu()
        code, target = net.encode(calm), calm.flip(1)  # written backwards
        rows[name] = {
            "own code": ((net.decode(code, target) - target) ** 2).mean().item(),
            "another's code": ((net.decode(code.roll(1, 0), target) - target) ** 2)
            .mean()
            .item(),
        }
    alone = teacher.net_.generate(teacher.net_.encode(calm), 50)
    rows["teacher-forced"]["from its own output"] = ((alone - calm) ** 2).mean().item()
errors = pd.DataFrame.from_dict(rows, orient="index").round(3)
assert (
    errors.loc["teacher-forced", "another's code"]
    < 0.3
    < errors.loc["free-running", "another's code"]
)
errors

# %% [markdown]
# The teacher-forced decoder hardly needs the code: with someone else's it is still good, and without the teacher it fails. It has learnt to guess the next value from the last
# one. That may be just what you want, but then it is a **forecaster**, and can be had without an encoder. A free-running decoder has nothing but the code.
#
# ## Forecasting: being surprised
#
# A forecaster reads rows up to $t-1$ and predicts row $t$; the residual $r_t = x_t - \hat x_t$ is the score, squared. Two ways to read: an LSTM, or **temporal convolutions**: each
# layer combines $k$ rows that lie $d$ steps apart and never looks ahead. With $d = 1, 2, 4, 8$ the layers see
# $1 + (k - 1)\sum d$ rows, and all rows are computed at once. The course's `Forecaster` takes the first as `"lstm"`, the second as `"tcn"` (temporal convolutional network).


# %%
def receptive_field(kernel_size, dilations):
    """Rows that one output of stacked causal convolutions can see."""
    return 1 + (kernel_size - 1) * sum(dilations)


print(
    "rows seen with kernels of 3, dilations 1, 2, 4, 8:", receptive_field(3, (1, 2, 4, 8))
)
short = {**common, "stride": 40, "epochs": 4}
models = {
    "LSTM autoencoder": backwards,
    "LSTM autoencoder, teacher": teacher,
    "LSTM-VAE": LSTMVAE(32, epochs=6, **common),
    "forecaster, LSTM": Forecaster(hidden_size=32, **short),
    "forecaster, convolutions": Forecaster("tcn", hidden_size=16, **short),
}
for name, model in models.items():
    model = model if hasattr(model, "net_") else model.fit(waves.X_train)
    table[name] = quality(model.decision_function)
toy = pd.DataFrame.from_dict(table, orient="index")
assert (toy >= 0.99).all(axis=None)
toy.round(3)

# %% [markdown]
# All of them solve it, the two plain ones as well. (The LSTM-VAE is lesson 12's idea with an LSTM on both sides: a code and an expected spread at every step; its score is minus the log-likelihood.)
# A toy shows that code works. It does not show which model is better.
#
# ## One sensor, and back to the clock
#
# On the taxi series we learn from everything before the first labelled window. A window's score says *somewhere in these two days*; somebody on call asks *when*. So each row takes the **mean over
# all windows that cover it**.

# %%
n_train = int(np.flatnonzero(taxi.y)[0])
train, test, y = x[:n_train], x[n_train:], taxi.y[n_train:]
once = dict(batch_size=16, learning_rate=5e-3, random_state=0, verbose=False)
rebuild = LSTMAutoencoder(
    32, 8, window=48, stride=6, scoring_stride=4, epochs=25, **once
).fit(train)

plan = plan_windows(len(test), 48, 4)
per_row = (test[plan.rows()] - rebuild.expected(test)[plan.rows()]) ** 2  # any number a row
score = per_row.mean(axis=(1, 2))  # one number a window

total, cover = np.zeros(len(test)), np.zeros(len(test))
for start, value in zip(plan.starts, score):
    total[start : start + 48] += value
    cover[start : start + 48] += 1
assert np.allclose(total / cover, plan.spread(score))
print(
    f"{len(test):,} rows, {len(plan):,} windows; a row lies in {cover.min():.0f} to {cover.max():.0f} of them"
)

# %% [markdown]
# `plan.spread` is that loop. It keeps two numbers a row, so windows can be scored in chunks and thrown away at once; the detectors do it inside `decision_function`, which gives one score a row. (`scoring_stride=4` scores every fourth window only; `warm_up=48` below lets the forecaster read a day before its residuals count.)
#
# **Predict, then run.** A blizzard empties the streets for a day. The autoencoder knows days, and this is none of them. The forecaster may look at the half hour before. Will it be surprised for a moment, or all day?

# %%
forecast = Forecaster(
    hidden_size=32, window=144, warm_up=48, stride=24, epochs=40, **once
).fit(train)
scores = {
    "LSTM autoencoder": rebuild.decision_function(test),
    "forecaster": forecast.decision_function(test),
}
first, last = np.searchsorted(taxi.timestamps, taxi.windows[-1]) - n_train
around = slice(max(first - 48, 0), last + 48)
times = taxi.timestamps[n_train:][around]

# %%
fig, axes = plt.subplots(3, 1, figsize=(7.6, 5.2), sharex=True, layout="constrained")
plots.series(
    times,
    test[around, 0],
    windows=taxi.windows[-1:],
    ylabel="value",
    xlabel="",
    title="Both stay alarmed; the forecaster's error is much smaller",
    ax=axes[0],
)
for ax, (name, values) in zip(axes[1:], scores.items()):
    ax.plot(times, values[around], color=plots.NEUTRAL, linewidth=1)
    ax.set(ylabel=f"{name}:\nscore")
    ax.spines[["top", "right"]].set_visible(False)
axes[-1].set_xlabel("time")
plt.show()

# %% [markdown]
# All day: empty streets are outside everything the network has learnt, so it goes on predicting that the morning will come. But knowing the half hour before helps: its error is about a tenth of the autoencoder's (mind the axes), and it
# spikes at single odd half hours as well. An autoencoder's score is smeared over its window. So a forecaster is surprised briefly by a change to something it knows, and for as long as it lasts by something it has never seen.
#
# Beside them the plain ones, at the same number of alarms: each flags its highest 0.5% of rows.

# %%
neighbours = WindowKNN(48, scoring_stride=4, random_state=0).fit(train)
scores["5 nearest neighbours, windows"] = neighbours.decision_function(test)
pca = PCA(n_components=0.9).fit(sliding_windows(train[:, 0], 48, 6))
scores["PCA, windows"] = plan.spread(pca.decision_function(test[plan.rows()][:, :, 0]))
scores["distance from the mean"] = np.abs(test[:, 0] - train.mean())
scores["random"] = np.random.default_rng(0).random(len(test))
rows = {}
for name, values in scores.items():
    counts = count_events(y, (values > np.quantile(values, 0.995)).astype(int))
    rows[name] = {
        "AUROC": round(auroc(y, values), 3),
        "windows found": f"{counts.found} of {counts.events}",
        "false alarms": counts.false_alarms,
    }
pd.DataFrame.from_dict(rows, orient="index")

# %% [markdown]
# Look at the rows *random* and *distance from the mean* before you praise anything. NAB's windows here last about four days each, so random flags hit most of them: four of five in this throw (3.2 on average over 100 throws), at the price of many false alarms, runs of flags that touch no window (14 here, 17.6 on average). The PCA of windows, at 0.344, is worse than guessing by half hours: most of a labelled window is ordinary traffic, which it rebuilds better than other stretches of the test part. The AUROC
# counts half hours: it rewards whoever is suspicious for days, and windows of neighbours are best at that. What a fair score would be is the second half of lesson 15.
#
# ## When readings are missing
#
# A window must not reach across a gap: the two halves have never been neighbours. `breaks_in_time` finds the rows after a gap, the detectors of windows in this lesson take them as `breaks` (z-score and PCA see single rows and need none).

# %%
office = load_nab("ambient_temperature_system_failure", substitute=True)
breaks = breaks_in_time(office.timestamps)
inside = plan_windows(len(office.values), 24, breaks=breaks)
print(
    f"{len(breaks)} gaps; windows of 24 that would have crossed one: {len(office.values) - 23 - len(inside)}"
)
days = LSTMAutoencoder(16, 4, window=24, stride=8, epochs=3, random_state=0, verbose=False)
days.fit(office.values[:2000, None], breaks=breaks[breaks < 2000])
try:
    days.decision_function(np.r_[office.values[:50], np.nan][:, None])
except ValueError as refusal:
    print("a missing reading:", refusal)

# %% [markdown]
# ## Many sensors
#
# A server sends 38 numbers a minute. People marked incidents, and for each the sensors that they blamed. We take five and a half days to learn from, and a stretch of four days with five incidents.

# %%
machine = load_smd("machine-1-2", substitute=True)
stretch = slice(15_000, 21_000) if len(machine.X_test) > 21_000 else slice(0, 6_000)
X_train, X_test, y = (
    machine.X_train[-8_000:],
    machine.X_test[stretch],
    machine.y_test[stretch],
)
causes = [c for c in machine.causes if stretch.start <= c.first and c.end <= stretch.stop]
print(
    machine.source, f"Incidents in the stretch: {len(causes)}, {y.mean():.1%} of the rows"
)

minutes = dict(
    window=50, stride=10, epochs=15, learning_rate=3e-3, random_state=0, verbose=False
)
rebuild = LSTMAutoencoder(32, 8, **minutes).fit(X_train)
forecast = Forecaster(hidden_size=32, **minutes).fit(X_train)

# %% [markdown]
# A score is a mean over sensors, so it can be taken apart again: `sensor_errors` gives each sensor's share, row by row. Do the largest shares name the sensors that people blamed? For an incident with
# $k$ blamed sensors we look at the $k$ largest shares; drawing $k$ of 38 by chance would hit $k^2/38$ of them.

# %%
shares = rebuild.sensor_errors(X_test)
assert np.allclose(shares.mean(axis=1), rebuild.decision_function(X_test), rtol=1e-4)
z = np.abs(X_test - X_train.mean(axis=0)) / np.maximum(X_train.std(axis=0), 1e-3)


def hits(values, cause):
    """How many of the k sensors with the largest mean were blamed, k as many as were."""
    rows = slice(cause.first - stretch.start, cause.end - stretch.start)
    largest = np.argsort(-values[rows].mean(axis=0))[: len(cause.sensors)]
    return len(set(largest) & set(cause.sensors))


rows = [
    [c.end - c.first, len(c.sensors), hits(shares, c), hits(z, c), len(c.sensors) ** 2 / 38]
    for c in causes
]
columns = ["minutes", "blamed", "hit by LSTM autoencoder", "hit by |z|", "by chance"]
blame = pd.DataFrame(rows, columns=columns).round(1)
assert blame["hit by LSTM autoencoder"].sum() > 1.3 * blame["by chance"].sum()
blame

# %%
cause = max((c for c in causes if c.end - c.first < 120), key=lambda c: len(c.sensors))
lasts = cause.end - cause.first
near = slice(cause.first - stretch.start - 60, cause.end - stretch.start + 60)
fig, ax = plt.subplots(figsize=(7.6, 3.8), layout="constrained")
picture = ax.imshow(
    np.log10(shares[near].T + 1e-3),
    aspect="auto",
    cmap="Greys",
    extent=(-60, lasts + 60, 37.5, -0.5),
)
ax.plot(np.full(len(cause.sensors), -56), cause.sensors, ">", color=plots.ANOMALY)
for edge in (0, lasts):
    ax.axvline(edge, color=plots.ANOMALY, linestyle="--")
ax.set(xlabel="minutes since the incident began", ylabel="sensor")
ax.set_title("Where the error comes from (triangles: sensors that people blamed)")
fig.colorbar(picture, label="log10 of the share")
plt.show()

# %% [markdown]
# Far better than chance, and not better than the plain deviation of each sensor. A share tells *where* the model is wrong, not *why*: a healthy sensor that hangs on a sick one lights up as well.
#
# Residuals of different sensors are often correlated, and a quiet sensor's small residual can be worse news than a noisy one's large one. `distance="mahalanobis"` weighs them by their covariance on held-out normal
# rows, $r^\top \Sigma^{-1} r$. Here is everything beside the plain baselines.

# %%
forecast_m = Forecaster(hidden_size=32, distance="mahalanobis", **minutes).fit(X_train)
centre, spread = X_train.mean(axis=0), X_train.std(axis=0)
spread[spread == 0] = 1
Z_train, Z_test = (X_train - centre) / spread, (X_test - centre) / spread
by_rows = dict(n_windows=1000, scoring_stride=5, random_state=0)
neighbours = WindowKNN(20, **by_rows).fit(X_train)
scores = {
    "random": np.random.default_rng(0).random(len(y)),
    "z-score": ZScore().fit(X_train).decision_function(X_test),
    "PCA": PCA(n_components=0.9).fit(Z_train).decision_function(Z_test),
    "5 nearest neighbours, windows of 20": neighbours.decision_function(X_test),
    "LSTM autoencoder": rebuild.decision_function(X_test),
    "forecaster": forecast.decision_function(X_test),
    "forecaster, Mahalanobis": forecast_m.decision_function(X_test),
}
rows = {name: [auroc(y, s), average_precision(y, s)] for name, s in scores.items()}
columns = ["AUROC", "average precision"]
results = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
assert results.loc["LSTM autoencoder", "AUROC"] > 0.7
results.round(3)

# %% [markdown]
# On this stretch of the real machine the networks are above PCA and the z-score by AUROC, and far below the neighbours of windows, which learn nothing at all. (Their windows have 20 rows, the networks' 50, so it is not methods alone that differ; in 15b's large table both have 50.) Mahalanobis does not help. Four days with five incidents prove little either way; the table over three whole machines is in
# [15b](15b_attention_and_honest_scores.ipynb). The habit to take along: **a deep model without plain rows beside it is an anecdote.**
#
# ## What goes wrong
#
# A pump's temperature rises by a little every day, as it did in training. Nothing is wrong with it.

# %%
t = np.arange(6000)
pump = (np.sin(2 * np.pi * t / 24) + 0.0008 * t + rng.normal(scale=0.1, size=6000))[:, None]
rows = {}
for lag in (0, 1, 24):
    model = LSTMAutoencoder(16, 4, window=24, stride=6, epochs=10, difference=lag, **once)
    errors = model.fit(pump[:3000]).decision_function(pump)
    rows[f"difference={lag}"] = {
        "in training": errors[:3000].mean(),
        "later, all normal": errors[3000:].mean(),
    }
drift = pd.DataFrame.from_dict(rows, orient="index")
assert drift.iloc[0, 1] > 3 * drift.iloc[0, 0]
drift.round(2)

# %% [markdown]
# A reconstruction knows the levels it has seen, so a trend makes everything later an anomaly. `difference=1` shows the network only the change from row to row, `difference=24` the change from day to day; the trend is gone, and with
# it any chance to see a level that is wrong from the start.
#
# More traps. A sensor that was constant in training has no spread to divide by: here it takes the median spread of the others and errors are cut at ten spreads, so that it can alarm without drowning the rest. Scale with training rows
# only. And hold out the *last* part for validation: windows that overlap would stand on both sides of a random split.
#
# ## Recap
#
# Order is invisible to a detector of single rows; windows make it visible, and the mean over covering windows brings scores back to the clock. An LSTM autoencoder must squeeze a window through a code and write it backwards; a forecaster is surprised by
# changes, briefly if what follows is familiar; teacher forcing turns the one into the other. Scores of many sensors can be taken apart, and neighbours of windows are the mark to beat.
#
# ## Check yourself
#
# <details><summary>1. Why does the decoder write the window backwards?</summary>
# The encoder read the last rows last: they are freshest in its memory, so the first steps are easy and training gets going from there.</details>
#
# <details><summary>2. A teacher-forced autoencoder has half the error of a free-running one. Is it the better detector?</summary>
# Not for that reason: it is told the true value at every step and may ignore the code. Compare detectors by what they find, beside a plain forecaster.</details>
#
# <details><summary>3. A stuck sensor repeats its last value, an ordinary one, for a day. What does a one-step forecaster say?</summary>
# Little, as long as the level is a known one: the last value is then a good prediction of the next. (A level never seen, as on the day of the blizzard, keeps it surprised.) An autoencoder that knows days sees a flat one.</details>
#
# ## Read on
#
# - S. Hochreiter and J. Schmidhuber, 1997, *Long short-term memory*, Neural Computation 9. [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)
# - P. Malhotra and others, 2016, *LSTM-based encoder-decoder for multi-sensor anomaly detection*. [arXiv:1607.00148](https://arxiv.org/abs/1607.00148)
# - N. Srivastava, E. Mansimov and R. Salakhutdinov, 2015, *Unsupervised learning of video representations using LSTMs*. [arXiv:1502.04681](https://arxiv.org/abs/1502.04681)
# - S. Bai, J. Kolter and V. Koltun, 2018, *An empirical evaluation of generic convolutional and recurrent networks for sequence modeling*. [arXiv:1803.01271](https://arxiv.org/abs/1803.01271)
# - D. Park, Y. Hoshi and C. Kemp, 2018, *A multimodal anomaly detector for robot-assisted feeding using an LSTM-based variational autoencoder*. [arXiv:1711.00614](https://arxiv.org/abs/1711.00614)
# - Y. Su and others, 2019, *Robust anomaly detection for multivariate time series through stochastic recurrent neural network*, KDD: the server machines. [doi:10.1145/3292500.3330672](https://doi.org/10.1145/3292500.3330672)
#
# ## Think further
#
# - A plant has 300 sensors in 12 groups. One LSTM autoencoder over all, one for each group, or one for each sensor? *(A good answer weighs: what relations between groups are worth; 300 scores to combine and 300 thresholds; how a single noisy group dilutes a mean over 300; what happens when a sensor is replaced.)*
# - Your forecaster alarms at the beginning and at the end of every incident that moves to another familiar level, and the person on call wants one alarm that lasts. What do you change, and what does it cost? *(A good answer weighs: smoothing and its delay; predicting further ahead; a reconstruction beside the forecast; hysteresis in the alarm instead of in the score.)*
