# %% [markdown]
# # Exercises: Variational autoencoders
#
# Twelve tasks, about 95 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import math
import zlib

import numpy as np
import torch

from course_lib.checks import variational_autoencoders as check
from course_lib.deep import VAE, ConvVAE

# %% [markdown]
# ### Task 12.1 The price of a code  ●○○  5 min
#
# The encoder gives each row a mean $\mu_j$ and the *logarithm of the variance* $\log \sigma_j^2$ of each latent number. What the code
# of a row costs, its divergence from the standard normal, is
# $$\mathrm{KL} = \frac12 \sum_j \left(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2\right).$$
# Write `kl_of_rows(mean, log_variance)`: two tensors of shape `(n, k)` go in, one cost for each row, shape `(n,)`, comes out.
#
# <details><summary>Hint 1</summary>The variance itself is <code>log_variance.exp()</code>.</details>
# <details><summary>Hint 2</summary>Sum over the latent numbers, the last axis, not over the rows, and do not average.</details>


# %%
def kl_of_rows(mean, log_variance):
    """Divergence from N(0, 1) of each row's code, (n, k) and (n, k) to (n,)."""
    # SOLUTION
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
    # END SOLUTION


# %% tags=["check"]
check.kl_of_rows(kl_of_rows)

# %% [markdown]
# ### Task 12.2 A draw that passes gradients  ●○○  5 min
#
# Write `draw_code(mean, log_variance, noise)`: a draw from the normal distribution with this mean and variance, made of the given
# standard normal `noise`, so that gradients reach `mean` and `log_variance`. All three have shape `(n, k)`.
#
# <details><summary>Hint 1</summary>A standard normal number becomes one with deviation $\sigma$ and mean $\mu$ as $\mu + \sigma\varepsilon$.</details>
# <details><summary>Hint 2</summary>The deviation is the root of the variance: <code>torch.exp(0.5 * log_variance)</code>.</details>


# %%
def draw_code(mean, log_variance, noise):
    """mean + deviation * noise, all of shape (n, k)."""
    # SOLUTION
    return mean + torch.exp(0.5 * log_variance) * noise
    # END SOLUTION


# %% tags=["check"]
check.draw_code(draw_code)

# %% [markdown]
# ### Task 12.3 A coin for every pixel  ●●○  8 min
#
# A Bernoulli decoder puts out a *logit* $a$ for each pixel; the pixel is lit with probability $p = 1 / (1 + e^{-a})$. The log-likelihood
# of an image is
# $$\log p(x \mid z) = \sum_j x_j \log p_j + (1 - x_j) \log (1 - p_j).$$
# Write `bernoulli_log_likelihood(x, logits)`: shapes `(n, d)` and `(n, d)` to `(n,)`. The pixels are grey, anywhere between 0 and 1 (which
# `torch.distributions.Bernoulli` refuses), not only 0 or 1. The function has to survive logits such as $\pm 1000$, where $p$ is
# rounded to 0 or 1 and the logarithm of 0 lurks.
#
# <details><summary>Hint 1</summary>$\log p = -\log(1 + e^{-a})$, and PyTorch has that without overflow: <code>torch.nn.functional.logsigmoid(logits)</code>. What is $\log (1 - p)$?</details>
# <details><summary>Hint 2</summary>$1 - p$ belongs to the logit $-a$: <code>x * logsigmoid(a) + (1 - x) * logsigmoid(-a)</code>, summed over the pixels. (Or use <code>binary_cross_entropy_with_logits</code>; mind its sign and its <code>reduction</code>.)</details>


# %%
def bernoulli_log_likelihood(x, logits):
    """log p(x) of each row, (n, d) and (n, d) to (n,)."""
    # SOLUTION
    log_p = torch.nn.functional.logsigmoid(logits)
    log_not_p = torch.nn.functional.logsigmoid(-logits)
    return (x * log_p + (1 - x) * log_not_p).sum(dim=1)
    # END SOLUTION


# %% tags=["check"]
check.bernoulli_log_likelihood(bernoulli_log_likelihood)

# %% [markdown]
# ### Task 12.4 Two bounds from the same draws  ●●●  12 min
#
# For each of `n` images you have `K` draws $z_k \sim q(z \mid x)$, and of each draw three numbers: $\log p(x \mid z_k)$, $\log p(z_k)$ and
# $\log q(z_k \mid x)$, as tensors of shape `(K, n)`. Write `two_bounds(log_likelihood, log_prior, log_posterior)` and return two tensors of
# shape `(n,)`:
#
# 1. the ELBO, estimated from the draws: the mean of $\log w_k$ with $w_k = p(x \mid z_k)\, p(z_k) / q(z_k \mid x)$;
# 2. the importance-weighted bound: $\log \frac1K \sum_k w_k$.
#
# Images have log-likelihoods such as $-2000$: $e^{-2000}$ is 0 for a computer, and its logarithm is minus infinity.
#
# <details><summary>Hint 1</summary>Work with <code>log_w</code>, the sum of two logarithms minus the third, and never exponentiate it by yourself.</details>
# <details><summary>Hint 2</summary><code>torch.logsumexp(log_w, dim=0)</code> is $\log \sum_k w_k$; what does the $\frac1K$ become under the logarithm?</details>


# %%
def two_bounds(log_likelihood, log_prior, log_posterior):
    """(elbo, importance-weighted bound), each (n,), from tensors of shape (K, n)."""
    # SOLUTION
    log_w = log_likelihood + log_prior - log_posterior
    return log_w.mean(dim=0), torch.logsumexp(log_w, dim=0) - math.log(len(log_w))
    # END SOLUTION


# %% tags=["check"]
check.two_bounds(two_bounds)

# %% [markdown]
# ### Task 12.5 The loss  ●●●  12 min
#
# Put it together. Write `vae_loss(encoder, decoder, x, noise, variance, beta)`:
#
# 1. `encoder(x)` gives shape `(n, 2k)`: the first half of the columns are means, the second half log variances;
# 2. draw codes with `noise`, shape `(n, k)`, as in task 12.2;
# 3. `decoder(z)`, shape `(n, d)`, is the mean of a Gaussian; its `variance` is a tensor with one number for all pixels;
# 4. return the loss, one number: the mean over the rows of $\beta\,\mathrm{KL} - \log p(x \mid z)$, with
#    $$\log p(x \mid z) = -\frac12 \sum_j \left[\frac{(x_j - \hat x_j)^2}{v} + \log (2 \pi v)\right].$$
#
# <details><summary>Hint 1</summary><code>mean, log_variance = encoder(x).chunk(2, dim=1)</code>.</details>
# <details><summary>Hint 2</summary>Both terms are summed within a row (over pixels, over latent numbers); only then comes the mean over the rows. <code>mse_loss</code> averages over pixels too.</details>


# %%
def vae_loss(encoder, decoder, x, noise, variance, beta):
    """Mean over the rows of beta * KL - log p(x|z), a scalar tensor."""
    # SOLUTION
    mean, log_variance = encoder(x).chunk(2, dim=1)
    z = mean + torch.exp(0.5 * log_variance) * noise
    squares = (x - decoder(z)) ** 2 / variance
    log_likelihood = -0.5 * (squares + torch.log(2 * math.pi * variance)).sum(dim=1)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
    return (beta * kl - log_likelihood).mean()
    # END SOLUTION


# %% tags=["check"]
check.vae_loss(vae_loss)

# %% [markdown]
# ### Task 12.6 Reconstruction probability  ●●○  8 min
#
# The score of An and Cho (2015) looks at several draws. Write `reconstruction_probability(mean, log_variance, log_likelihood, noise)`:
#
# - `mean`, `log_variance`: the encoder's answer for `n` rows, each of shape `(n, k)`;
# - `log_likelihood(z)`: a function; codes of shape `(n, k)` go in, $\log p(x \mid z)$ of the rows, shape `(n,)`, comes out;
# - `noise`: shape `(L, k)`, one row for each draw. *Every* row of the data uses the same noise, so that its score does not depend on its
#   neighbours.
#
# Return the scores, shape `(n,)`: minus the mean over the `L` draws of $\log p(x \mid z)$. Higher is more anomalous.
#
# <details><summary>Hint 1</summary>Loop over the rows of <code>noise</code>; <code>deviation * eps</code> with shapes <code>(n, k)</code> and <code>(k,)</code> broadcasts.</details>
# <details><summary>Hint 2</summary>Collect <code>log_likelihood(mean + deviation * eps)</code> in a list, then <code>-torch.stack(values).mean(dim=0)</code>.</details>


# %%
def reconstruction_probability(mean, log_variance, log_likelihood, noise):
    """Minus the mean over draws of log p(x|z), shape (n,)."""
    # SOLUTION
    deviation = torch.exp(0.5 * log_variance)
    values = [log_likelihood(mean + deviation * eps) for eps in noise]
    return -torch.stack(values).mean(dim=0)
    # END SOLUTION


# %% tags=["check"]
check.reconstruction_probability(reconstruction_probability)

# %% [markdown]
# ### Task 12.7 Who is still talking?  ●○○  5 min
#
# A latent unit is *active* if the encoder's mean varies over the rows: its variance over the data is *above* the threshold. Write
# `count_active(means, threshold)`: an array of shape `(n, k)` goes in, a whole number comes out.
#
# <details><summary>Hint 1</summary><code>means.var(axis=0)</code> has one number for each unit.</details>
# <details><summary>Hint 2</summary>Comparing gives True and False; <code>.sum()</code> counts the True ones, <code>int</code> makes a plain number of it.</details>


# %%
def count_active(means, threshold):
    """How many of the k latent units vary over the n rows by more than the threshold."""
    # SOLUTION
    return int((means.var(axis=0) > threshold).sum())
    # END SOLUTION


# %% tags=["check"]
check.count_active(count_active)

# %% [markdown]
# ### Task 12.8 Free bits  ●●○  8 min
#
# Against posterior collapse each latent unit may carry $\lambda$ nats for nothing: training pays, for each unit, the mean over the batch of
# its divergence, but never less than $\lambda$,
# $$\sum_j \max\!\left(\lambda,\; \frac1n \sum_i \mathrm{KL}_{ij}\right).$$
# Write `free_bits(kl, floor)`: a tensor of shape `(n, k)` and $\lambda$ go in, one number comes out. Gradients must pass.
#
# <details><summary>Hint 1</summary>First the mean over the rows, then the maximum, then the sum over the units. The order matters.</details>
# <details><summary>Hint 2</summary><code>tensor.clamp(min=floor)</code> is the maximum with a number.</details>


# %%
def free_bits(kl, floor):
    """What training pays for codes, a scalar tensor."""
    # SOLUTION
    return kl.mean(dim=0).clamp(min=floor).sum()
    # END SOLUTION


# %% tags=["check"]
check.free_bits(free_bits)

# %% [markdown]
# ### Task 12.9 Take simplicity away  ●●○  10 min
#
# A model likes simple images; so does a compressor. Write `complexity_score(negative_log_likelihood, images)`:
#
# - `negative_log_likelihood`: shape `(n,)`, in **nats** (natural logarithms);
# - `images`: an array of bytes (`uint8`), shape `(n, d)`.
#
# Return $S = -\log_2 p(x) - L(x)$, shape `(n,)`: the model's length in **bits** minus the compressor's. $L(x)$ is 8 times the length
# in bytes of `zlib.compress(image.tobytes(), 9)`, image by image.
#
# <details><summary>Hint 1</summary>One nat is $1 / \log 2$ bits, about 1.44.</details>
# <details><summary>Hint 2</summary>A list over the images: <code>[8 * len(zlib.compress(image.tobytes(), 9)) for image in images]</code>.</details>


# %%
def complexity_score(negative_log_likelihood, images):
    """Bits that the model needs beyond those of a compressor, shape (n,)."""
    # SOLUTION
    lengths = np.array([8 * len(zlib.compress(image.tobytes(), 9)) for image in images])
    return negative_log_likelihood / np.log(2) - lengths
    # END SOLUTION


# %% tags=["check"]
check.complexity_score(complexity_score)

# %% [markdown]
# ### Task 12.10 Show these to a person  ●●○  8 min
#
# Now with the course's `VAE`. Write `needs_a_person(detector, X, k, n_samples)`: `detector` is fitted and has its threshold in `threshold_`.
# `detector.score_spread(X, n_samples=n_samples)` gives two arrays, the mean and the standard deviation of each row's score over draws. Return a boolean
# array of shape `(n,)`: True where the threshold is less than $k$ deviations away from the mean (at exactly $k$ the row counts as sure).
#
# <details><summary>Hint 1</summary>The distance to the threshold in either direction is <code>np.abs(mean - detector.threshold_)</code>.</details>
# <details><summary>Hint 2</summary>Compare it with <code>k * deviation</code>. The deviation is that of one draw; do not divide it by the root of the number of draws.</details>


# %%
def needs_a_person(detector, X, k, n_samples):
    """Whether the threshold lies within k deviations of each row's score."""
    # SOLUTION
    mean, deviation = detector.score_spread(X, n_samples=n_samples)
    return np.abs(mean - detector.threshold_) < k * deviation
    # END SOLUTION


# %% tags=["check"]
check.needs_a_person(needs_a_person)

# %% [markdown]
# ### Task 12.11 Convolutions, or not?  ●●○  10 min
#
# Two candidates, no labels: a `VAE` and a `ConvVAE`. Which one explains images best that neither has seen? Write
# `dense_or_convolutional(X_fit, X_new, image_shape, n_samples, options)`:
#
# 1. train `VAE(hidden_sizes=(16,), ...)` and `ConvVAE(image_shape=..., channels=(4, 8), ...)` on `X_fit`, whose rows are images of
#    shape `image_shape`; `options` is a dictionary of further arguments that both get: `latent_size`, `beta`, `random_state` and others. One of
#    them is `scaling=None`, the same for both. Without it the numbers cannot be compared: a `VAE` standardises the pixels, a `ConvVAE` leaves
#    them as they are, and densities of pixels measured in other units are other densities;
# 2. bound the log-likelihood of the images in `X_new` with `model.score_rows(X_new, "log_likelihood", n_samples=n_samples)`;
# 3. return two numbers, dense model first: the *mean log-likelihood* of a new image, in nats. The larger one wins.
#
# <details><summary>Hint 1</summary><code>score_rows</code> gives scores, higher for stranger rows: minus the bound. And <code>**options</code> spreads a dictionary over the arguments.</details>
# <details><summary>Hint 2</summary>For each of the two: <code>model.fit(X_fit)</code>, then minus the mean of its scores of <code>X_new</code>.</details>


# %%
def dense_or_convolutional(X_fit, X_new, image_shape, n_samples, options):
    """Mean bound of log p(x) of the new images, in nats: dense model, convolutional model."""
    # SOLUTION
    dense = VAE(hidden_sizes=(16,), **options)
    convolutional = ConvVAE(image_shape=image_shape, channels=(4, 8), **options)
    bounds = []
    for model in (dense, convolutional):
        scores = model.fit(X_fit).score_rows(X_new, "log_likelihood", n_samples=n_samples)
        bounds.append(-scores.mean())
    return tuple(bounds)
    # END SOLUTION


# %% tags=["check"]
check.dense_or_convolutional(dense_or_convolutional)

# %% [markdown]
# Solved? Try it on the zeros of `sklearn.datasets.load_digits`, images of 8 by 8 pixels: train on 120, compare on the others, with 40 epochs and a few
# seeds. Put `scaling=None` into the options, so that both models see the same pixels. Then leave it out: the dense numbers drop and the order of the
# two turns round. That says nothing about the models: their nats now belong to pixels in different units.

# %% tags=["solution-only", "slow"]
from sklearn.datasets import load_digits

pixels, labels = load_digits(return_X_y=True)
zeros = pixels[labels == 0] / 16
for note, unit in (("scaling=None", {"scaling": None}), ("left out, not comparable", {})):
    print(note)
    for seed in range(3):
        settings = dict(latent_size=4, epochs=40, random_state=seed, verbose=False) | unit
        bounds = dense_or_convolutional(zeros[:120], zeros[120:], (1, 8, 8), 16, settings)
        print("  seed {}: dense {:.1f}, convolutional {:.1f} nats".format(seed, *bounds))

# %% [markdown]
# ### Task 12.12 The role of the KL term  ●○○  6 min
#
# Four questions. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>Ask of each answer: what would the network do if the KL term were gone, and what if it were all there is?</details>

# %%
check.kl_quiz.show()

# %%
# SOLUTION
# STUB: kl_answers = {"q1": None, "q2": None, "q3": None, "q4": None}
kl_answers = {"q1": "b", "q2": "d", "q3": "a", "q4": "c"}
# END SOLUTION

# %% tags=["check"]
check.role_of_kl(kl_answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** What does the KL term do to the codes, to the samples and to the anomaly score, and what would each be without it?
#
# <details><summary>What a good answer weighs</summary>
# Codes: it draws every q(z|x) towards the standard normal, so clouds of different images overlap and fill one region; without it the encoder
# shrinks each cloud to a point, far apart, and the model is an autoencoder with noise that it learns to switch off. Samples: codes drawn from p(z)
# land where the decoder was trained only because the clouds fill p(z). Score: it makes the sum a bound of log p(x); as an added
# term it punishes unusual codes, which helps when anomalies get such codes and does little when they do not. Its weight is a price: too high and
# the units fall silent one by one.</details>
#
# **2.** A VAE trained on photographs of a bridge gives pictures of fog the highest likelihood of all. Your manager wants to use the likelihood
# as the alarm anyway. What do you propose, and how do you test it without a labelled anomaly?
#
# <details><summary>What a good answer weighs</summary>
# Fog is simple: few pixels can surprise, and a likelihood adds up surprises. Alarm on both sides (typicality), or take a compressor's length away, or
# score the reconstruction with a decoder that does not charge for grey. Test with planted changes of both kinds, simpler and more complex than
# normal images, since a correction that helps with fog can hide a crowd of people. Watch how the false alarms on held-out normal photographs change with
# light and season. And say which kinds of anomaly remain untested.</details>
