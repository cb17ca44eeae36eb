# %% [markdown]
# # Exercises: Autoencoders
#
# Ten tasks, about 75 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np
import torch
from torch import nn

from course_lib.checks import autoencoders as check

# %% [markdown]
# ### Task 10.1 Reconstruction error  ●○○  4 min
#
# An image $x$ with $d$ pixels was rebuilt as $\hat x$. Its anomaly score is the mean squared difference,
# $$s(x) = \frac{1}{d} \sum_{j=1}^{d} (x_j - \hat x_j)^2 .$$
# Write `reconstruction_error(X, rebuilt)`: two arrays of shape `(n, d)` go in, one score for each row, shape `(n,)`, comes
# out. Leave the inputs as they are.
#
# <details><summary>Hint 1</summary>Subtract, square, average: NumPy does each of them on whole arrays, without a loop.</details>
# <details><summary>Hint 2</summary><code>mean</code> takes an argument <code>axis</code>; along <code>axis=1</code> it goes through the pixels of each row.</details>


# %%
def reconstruction_error(X, rebuilt):
    """Mean squared error of each row, shapes (n, d) and (n, d) to (n,)."""
    # SOLUTION
    return ((X - rebuilt) ** 2).mean(axis=1)
    # END SOLUTION


# %% tags=["check"]
check.reconstruction_error(reconstruction_error)

# %% [markdown]
# ### Task 10.2 PCA as a reconstruction  ●●○  8 min
#
# PCA rebuilds a row from $k$ directions: subtract the training mean $\mu$, project on the first $k$ principal directions (the
# rows of $V_k$, shape $(k, d)$), and come back,
# $$\hat x = \mu + V_k^\top V_k\,(x - \mu) .$$
# Write `pca_reconstruct(X_train, X_test, k)`: learn $\mu$ and $V_k$ from `X_train`, rebuild the rows of `X_test`, shape
# `(n_test, d)`. `np.linalg.svd` finds the directions.
#
# <details><summary>Hint 1</summary><code>np.linalg.svd(A, full_matrices=False)</code> gives <code>U, S, V</code>; the rows of <code>V</code> are the directions, largest first. <code>A</code> must be centred.</details>
# <details><summary>Hint 2</summary>With rows as samples the formula reads <code>(X - mean) @ V.T @ V + mean</code>, with the first k rows of V.</details>


# %%
def pca_reconstruct(X_train, X_test, k):
    """Rows of X_test, (n_test, d), rebuilt from k directions of X_train, (n_train, d)."""
    # SOLUTION
    mean = X_train.mean(axis=0)
    _, _, V = np.linalg.svd(X_train - mean, full_matrices=False)
    return (X_test - mean) @ V[:k].T @ V[:k] + mean
    # END SOLUTION


# %% tags=["check"]
check.pca_reconstruct(pca_reconstruct)

# %% [markdown]
# ### Task 10.3 Build the network  ●●○  8 min
#
# Write `build_autoencoder(n_features, hidden_sizes, latent_size)`: a `torch.nn.Module` (an `nn.Sequential` will do) whose
# linear layers (`nn.Linear` as it comes) narrow from `n_features` over `hidden_sizes` to `latent_size`, and widen again in mirrored order. Between
# layers stands a ReLU, nothing else; before the first layer and after the last nothing. (Whether a ReLU stands after the code is up to you.) Any number of
# hidden layers may come, none at all included.
#
# For `n_features=784`, `hidden_sizes=(256, 128)`, `latent_size=64` the widths are 784, 256, 128, 64, 128, 256, 784.
#
# <details><summary>Hint 1</summary>Write down the list of all widths first: <code>[n_features, *hidden_sizes, latent_size]</code> and the same backwards without repeating the code.</details>
# <details><summary>Hint 2</summary>Go through neighbours with <code>zip(sizes, sizes[1:])</code>, add an <code>nn.Linear</code> and an <code>nn.ReLU</code> for each pair, and drop the last ReLU with <code>layers[:-1]</code>.</details>


# %%
def build_autoencoder(n_features, hidden_sizes, latent_size):
    """A mirrored stack of linear layers with ReLU between them."""
    # SOLUTION
    down = [n_features, *hidden_sizes, latent_size]
    sizes = down + down[-2::-1]
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
    # END SOLUTION


# %% tags=["check"]
check.build_autoencoder(build_autoencoder)

# %% [markdown]
# ### Task 10.4 One epoch of training  ●●●  12 min
#
# Write `train_epoch(net, optimiser, X, batch_size, generator)`. It goes once through the rows of the tensor `X`:
#
# 1. draw an order with `torch.randperm(len(X), generator=generator)` (exactly so: the check compares weights) and split it into
#    batches of `batch_size`; the last one may be smaller;
# 2. for each batch: clear the gradients, compute the mean squared error between `net(batch)` and `batch`, propagate it back,
#    let the optimiser step;
# 3. return the epoch's mean loss per row, a plain number: a batch with fewer rows counts less.
#
# <details><summary>Hint 1</summary><code>order.split(batch_size)</code> gives index tensors, <code>X[rows]</code> the batch. The loss is <code>nn.functional.mse_loss(net(batch), batch)</code>.</details>
# <details><summary>Hint 2</summary>The order of the four calls: <code>optimiser.zero_grad()</code>, the loss, <code>loss.backward()</code>, <code>optimiser.step()</code>.</details>
# <details><summary>Hint 3</summary>Add up <code>loss.item() * len(rows)</code> and divide by <code>len(X)</code> at the end.</details>


# %%
def train_epoch(net, optimiser, X, batch_size, generator):
    """Train net on X, shape (n, d), for one epoch; return the mean loss per row."""
    # SOLUTION
    total = 0.0
    for rows in torch.randperm(len(X), generator=generator).split(batch_size):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(net(X[rows]), X[rows])
        loss.backward()
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(X)
    # END SOLUTION


# %% tags=["check"]
check.train_epoch(train_epoch)

# %% [markdown]
# ### Task 10.5 Early stopping  ●●○  8 min
#
# `losses` holds the validation loss after epoch 1, 2, 3, ... Training stops at the first epoch at which `patience` epochs have
# passed since the best one so far (an equal loss is no improvement); if that never happens, at the last one. Write `early_stopping(losses, patience)`: return
# `(stopped, best)`, the epoch at which training stops and the epoch with the lowest loss until then, both counted from 1.
#
# With `losses = [0.9, 0.5, 0.6, 0.55, 0.4]` and `patience = 2` training stops at epoch 4, the best is epoch 2, and the 0.4 is
# never seen: the result is `(4, 2)`.
#
# <details><summary>Hint 1</summary>Walk through the epochs and remember the best one so far; nothing after the current epoch may be looked at.</details>
# <details><summary>Hint 2</summary><code>for epoch, loss in enumerate(losses, 1)</code> counts from 1. Update the best first, then compare <code>epoch - best</code> with <code>patience</code>.</details>


# %%
def early_stopping(losses, patience):
    """(stopped, best), both counted from 1."""
    # SOLUTION
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(losses), best
    # END SOLUTION


# %% tags=["check"]
check.early_stopping(early_stopping)

# %% [markdown]
# ### Task 10.6 A threshold with a promise  ●●○  8 min
#
# You have scores of $m$ held-out normal images and may flag at most a share $\alpha$ of *new* normal images, on average. Sort
# the scores, $s_{(1)} \le \dots \le s_{(m)}$; the threshold that keeps this promise is
# $$t = s_{(k)}, \qquad k = \lceil (m + 1)(1 - \alpha) \rceil .$$
# The $m + 1$ counts the new image among the old ones: each of the $m + 1$ places is equally likely for it. If $k > m$, there are
# too few scores for such a small budget: the threshold is infinite and nothing is flagged.
#
# Write `threshold_for_budget(normal_scores, budget)`, with `budget` as $\alpha$, for example 0.05.
#
# <details><summary>Hint 1</summary><code>np.sort</code>, <code>np.ceil</code>, <code>int</code>; the k-th smallest value has index k - 1.</details>
# <details><summary>Hint 2</summary>Compute k first, return <code>float("inf")</code> if it exceeds <code>len(normal_scores)</code>, else <code>np.sort(normal_scores)[k - 1]</code>.</details>


# %%
def threshold_for_budget(normal_scores, budget):
    """Threshold that at most a share `budget` of new normal scores exceed, on average."""
    # SOLUTION
    m = len(normal_scores)
    k = int(np.ceil((m + 1) * (1 - budget)))
    return float("inf") if k > m else np.sort(normal_scores)[k - 1]
    # END SOLUTION


# %% tags=["check"]
check.threshold_for_budget(threshold_for_budget)

# %% [markdown]
# ### Task 10.7 What a threshold costs  ●●○  8 min
#
# Samples with a score *above* the threshold are flagged. Write `rates(y, scores, threshold)` (labels: 1 = anomaly, 0 = normal) and
# return three numbers `(precision, recall, false_positive_rate)`:
#
# - precision: the share of anomalies among the flagged (count it as 0 when nothing is flagged),
# - recall: the share of the anomalies that are flagged,
# - false-positive rate: the share of the normal samples that are flagged.
#
# <details><summary>Hint 1</summary><code>flagged = scores &gt; threshold</code> is an array of True and False; its mean is a share.</details>
# <details><summary>Hint 2</summary><code>flagged[y == 1].mean()</code> is the recall. What is <code>flagged[y == 0].mean()</code>? And <code>y[flagged].mean()</code>, if anything is flagged?</details>


# %%
def rates(y, scores, threshold):
    """(precision, recall, false_positive_rate) of `scores > threshold`, labels y in {0, 1}."""
    # SOLUTION
    flagged = scores > threshold
    precision = y[flagged].mean() if flagged.any() else 0.0
    return precision, flagged[y == 1].mean(), flagged[y == 0].mean()
    # END SOLUTION


# %% tags=["check"]
check.rates(rates)

# %% [markdown]
# ### Task 10.8 Put it together  ●●○  10 min
#
# Now with the course's own detector. Write `fit_detector(X_train, X_held_out, budget)`:
#
# 1. make an `Autoencoder` with one hidden layer of 16, a code of 2, 30 epochs, `random_state=0`, `device="cpu"`, `verbose=False`;
# 2. fit it on `X_train`, which is normal;
# 3. place its threshold on `X_held_out`, which is normal too, with the rule `FalsePositiveRate(budget)`;
# 4. return the detector.
#
# The check runs it on tables with ten columns, so the default scaling (each column to mean 0 and deviation 1) is right here.
#
# <details><summary>Hint 1</summary>Parameters are keywords: <code>Autoencoder(hidden_sizes=(16,), latent_size=2, ...)</code>; mind the comma in <code>(16,)</code>.</details>
# <details><summary>Hint 2</summary><code>fit</code> and <code>set_threshold(X, rule=...)</code> both return the detector.</details>

# %%
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.deep import Autoencoder


def fit_detector(X_train, X_held_out, budget):
    """A fitted Autoencoder whose threshold keeps the budget on X_held_out."""
    # SOLUTION
    detector = Autoencoder(
        hidden_sizes=(16,),
        latent_size=2,
        epochs=30,
        random_state=0,
        device="cpu",
        verbose=False,
    )
    detector.fit(X_train)
    return detector.set_threshold(X_held_out, rule=FalsePositiveRate(budget))
    # END SOLUTION


# %% tags=["check"]
check.fit_detector(fit_detector)

# %% [markdown]
# ### Task 10.9 How large a latent code?  ●○○  5 min
#
# A question of judgement: the latent size as a share of the input. Run the next cell to see three questions, then replace each
# `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>Think of the two ends: directions for everything, and a code of two numbers. Lesson 10 sweeps through the sizes between them.</details>

# %%
check.latent_quiz.show()

# %%
# SOLUTION
# STUB: latent_answers = {"q1": None, "q2": None, "q3": None}
latent_answers = {"q1": "c", "q2": "a", "q3": "d"}
# END SOLUTION

# %% tags=["check"]
check.latent_size(latent_answers)

# %% [markdown]
# ### Task 10.10 A budget of 5%  ●●○  6 min
#
# You place a threshold so that at most 5% of normal images are flagged. Three questions on what that promise is worth.
#
# <details><summary>Hint 1</summary>For q2: chance moves a share p among n images; one standard deviation of it is sqrt(p (1 - p) / n).</details>
# <details><summary>Hint 2</summary>For q3: count the alarms first, the false ones and the real ones.</details>

# %%
check.budget_quiz.show()

# %%
# SOLUTION
# STUB: budget_answers = {"q1": None, "q2": None, "q3": None}
budget_answers = {"q1": "b", "q2": "d", "q3": "c"}
# END SOLUTION

# %% tags=["check"]
check.false_positive_budget(budget_answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** A colleague sets the latent size to half of the input, "to be safe". How do you find out, without any labelled anomaly,
# whether that is too large?
#
# <details><summary>What a good answer weighs</summary>
# The training loss cannot tell: it only falls. Look at what the network does with things that are certainly not normal: noise,
# shuffled or mirrored rows, rows from another source, and compare their errors with those of held-out normal rows. Sweep the size
# and look for the point from which held-out errors hardly fall any more; compare with the number of principal directions that
# hold most of the variance. A small code costs false alarms, a large one may cost misses: which of the two is dearer here?</details>
#
# **2.** Your threshold keeps a false-positive rate of 5% on held-out data of last month. Name three ways in which the promise can
# break this month, and what you would watch.
#
# <details><summary>What a good answer weighs</summary>
# Normal data change (new machine, new season): watch the median and the upper quantiles of the scores, not only the alarms. The
# held-out data were not as normal as thought, or too few: the interval around 5%. Samples are not independent (bursts of similar
# images), so false alarms come in clusters. Anomalies become more frequent: then alarms rise although the rate among normal
# samples is kept. Someone re-trains on data that hold the flagged samples.</details>
