# %% [markdown]
# # Variational autoencoders
#
# **You will be able to** derive the bound that a variational autoencoder is trained with, train one, choose among four scores,
# say how sure a score is, and recognise two ways in which the model fails silently.
#
# **You need** lesson 10 (autoencoders), and to know what a density and an expectation are.
#
# **Time** 70 minutes, runs in about 40 seconds.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

from course_lib import plots
from course_lib.core.metrics import auroc
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.data import load_mnist
from course_lib.deep import VAE, Autoencoder
from course_lib.deep.likelihood import complexity_corrected, compressed_bits, typicality
from course_lib.deep.vae import active_units, gaussian_kl
from course_lib.ml import KNN, PCA

# %% [markdown]
# ## The same error, and then?
#
# The autoencoder of lesson 10 gives every image an error. Train it briefly on zeros, place a threshold, and look at the five zeros and the
# five other images whose errors are closest to it. (To keep the lesson short: 3,000 zeros to learn from, the first 4,000 images of the test set.)

# %%
data = load_mnist(normal=0)
half = len(data.X_train) // 2
X_fit, X_held_out = data.X_train[:half][:3000], data.X_train[half:][:1000]
X_test, y_test, digits = (
    part[:4000] for part in (data.X_test, data.y_test, data.labels_test)
)
common = dict(hidden_sizes=(256, 128), latent_size=16, scaling=None, random_state=0)

dense = Autoencoder(epochs=15, **common).fit(X_fit)
errors = dense.decision_function(X_test)
threshold = FalsePositiveRate(0.05).place(dense.decision_function(X_held_out))
ranked = np.abs(errors - threshold).argsort()
near = np.sort(np.r_[ranked[y_test[ranked] == 0][:5], ranked[y_test[ranked] == 1][:5]])
axes = plots.image_grid(
    X_test[near], labels=[f"{errors[i]:.4f}" for i in near],
    title="Ten images with almost the same error: which of them are strange?",
)  # fmt: skip

# %% [markdown]
# The error of an autoencoder is a distance in a unit that means nothing. It cannot say *how probable* an image is, it cannot say *how sure*
# it is, and it cannot make a new zero. A model of probabilities can do all three.
#
# ## First the code, then the image
#
# Turn the story round. Somebody draws a code $z$ of 16 numbers from the standard normal distribution, $p(z)$. A **decoder** network
# turns it into a distribution over images, $p(x \mid z)$, and an image is drawn. Then every image has a probability,
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz ,$$
#
# and an anomaly is an image with little of it. (Logarithms here are natural ones, their unit is the **nat**: 1.44 bits.) The trouble is the integral. Look at the smallest such model there is: one
# number $z$, and $x = 2z$ plus noise of deviation 0.5. Here the answer is known: $x$ is normal with variance $2^2 + 0.5^2$. Averaging
# $p(x \mid z)$ over draws from $p(z)$ gives it too, after a fashion:


# %% tags=["nbval-check-output"]
def log_normal(value, mean, variance):
    """Logarithm of the normal density."""
    return -0.5 * ((value - mean) ** 2 / variance + np.log(2 * np.pi * variance))


rng = np.random.default_rng(0)
x, w, noise = 3.0, 2.0, 0.25  # noise is a variance
exact = log_normal(x, 0.0, w**2 + noise)
z = rng.standard_normal(100_000)
weights = np.exp(log_normal(x, w * z, noise))
print(
    f"exact log p(x): {exact:.3f}, average over 100,000 draws: {np.log(weights.mean()):.3f}"
)
print(
    f"half of the sum comes from {np.mean(np.cumsum(np.sort(weights)[::-1]) < weights.sum() / 2):.1%} of the draws"
)

# %% [markdown]
# With one latent number, a few per cent of the draws do all the work. With 16 numbers and 784 pixels practically none would. We need
# to know where to look: for each $x$, which codes could have made it?
#
# ## A bound that can be computed
#
# Let an **encoder** make a guess, a normal distribution $q(z \mid x)$ with a mean and a variance for each latent number. Three
# steps:
#
# 1. Multiply and divide by the guess: $\log p(x) = \log \mathbb{E}_{q}\!\left[\frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]$. Nothing has changed, but
#    draws come from $q$ now.
# 2. The logarithm of a mean is at least the mean of the logarithm (Jensen): $\log p(x) \ge \mathbb{E}_{q}\!\left[\log \frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]$.
# 3. Take the fraction apart:
#
# $$\log p(x) \;\ge\; \underbrace{\mathbb{E}_{q}[\log p(x \mid z)]}_{\text{how well codes rebuild } x} \;-\; \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{what the code costs}} \;=\; \mathrm{ELBO}(x).$$
#
# This is the **evidence lower bound**. $\mathrm{KL}(q\|p) = \mathbb{E}_q[\log q - \log p]$ is the **Kullback-Leibler divergence**: never
# negative, and 0 only if the two are the same. What the bound lacks is one too. The fraction in step 2 is also
# $p(x)\, p(z \mid x) / q(z \mid x)$, hence $\log p(x) = \mathrm{ELBO}(x) + \mathrm{KL}\big(q(z \mid x)\,\|\,p(z \mid x)\big)$: a better guess closes the gap, a perfect
# one shuts it.
#
# **Predict, then run.** In the small model both terms have formulas. We move the mean of $q$, for three deviations. Each curve is a
# lower bound: can one of them touch the exact value? Can one cross it?


# %%
def small_elbo(mean, sd):
    """The bound of the small model at x, for a guess q with this mean and deviation."""
    rebuilt = log_normal(x, w * mean, noise) - 0.5 * w**2 * sd**2 / noise
    return rebuilt - 0.5 * (mean**2 + sd**2 - 1 - np.log(sd**2))


best_sd = (1 + w**2 / noise) ** -0.5  # of the true p(z|x)
means = np.linspace(0.8, 2.0, 200)
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for sd, style in ((best_sd, "-"), (0.1, "--"), (0.5, ":")):
    ax.plot(
        means,
        small_elbo(means, sd),
        style,
        color=plots.NEUTRAL,
        label=f"deviation {sd:.2f}",
    )
ax.axhline(exact, color=plots.ANOMALY, label="exact log p(x)")
ax.set(xlabel="mean of q(z|x)", ylabel="ELBO", ylim=(-6, -1.5))
ax.set_title("Only the right guess touches the exact value; none crosses it")
ax.legend(frameon=False)
assert small_elbo(means, best_sd).max() <= exact + 1e-12

# %% [markdown]
# ## The price of a code, in closed form
#
# The second term needs no draws. For one latent number with mean $\mu$ and variance $\sigma^2$,
# $\mathrm{KL} = \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log \sigma^2\right)$; latent numbers add up. Let us not believe it: the divergence is the mean of
# $\log q(z) - \log p(z)$ over draws from $q$.

# %% tags=["nbval-check-output"]
mu, log_var = rng.normal(0, 1, 5), rng.normal(-1, 1, 5)  # five latent numbers
kl = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var)

draws = mu + np.exp(log_var / 2) * rng.standard_normal((20_000, 5))
terms = log_normal(draws, mu, np.exp(log_var)) - log_normal(draws, 0.0, 1.0)
error = terms.std(axis=0) / np.sqrt(len(terms))
print("closed form:    ", kl.round(3))
print("sampled:        ", terms.mean(axis=0).round(3))
print("standard errors:", error.round(3))
assert (np.abs(terms.mean(axis=0) - kl) < 5 * error).all()
assert np.allclose(kl, gaussian_kl(torch.from_numpy(mu), torch.from_numpy(log_var)).numpy())

# %% [markdown]
# They agree within the error of sampling. The library's `gaussian_kl` is the same formula.
#
# ## Noise that lets gradients through
#
# The first term is a mean over draws $z \sim q$, and training must know how it changes with $\mu$ and $\sigma$. But a draw is a draw:

# %%
mean = torch.tensor(0.8, requires_grad=True)
for name, draw in (
    ("torch.normal(mean, 0.3)", torch.normal(mean, 0.3)),
    ("mean + 0.3 * noise", mean + 0.3 * torch.randn(())),
):
    (slope,) = torch.autograd.grad(draw, mean)
    print(f"{name:<24} changes with the mean by {slope:.0f}")

# %% [markdown]
# `torch.normal` hands out a number that has forgotten where it came from; it raises no error, its gradient is just zero, and the encoder
# would never learn from the first term. Written as $z = \mu + \sigma \varepsilon$ with $\varepsilon$ from a standard
# normal, the same draw is a smooth function of $\mu$ and $\sigma$: this is the **reparameterisation**. There is an older way that needs none, the
# score function: weigh $\log p(x \mid z)$ itself by $(z - \mu)/\sigma^2$. Both are right on average.
#
# **Predict, then run.** Which of the two estimates the gradient with less spread, and by how much?

# %% tags=["nbval-check-output"]
m, s = 1.2, 0.25
eps = rng.standard_normal(100_000)
z = m + s * eps
through = w * (x - w * z) / noise  # derivative of log p(x|z) by z; dz/dmean = 1
weighted = log_normal(x, w * z, noise) * eps / s
for name, values in (("reparameterised", through), ("score function", weighted)):
    print(f"{name:<16} mean {values.mean():6.2f}, spread of one draw {values.std():6.2f}")

# %% [markdown]
# The same mean, a third of the spread; and this is one latent number only. In practice one draw per image and step is
# enough.
#
# ## The whole thing
#
# An encoder with two outputs for each latent number, a decoder, and a loss with two terms. What does the decoder say about a
# pixel? First choice: a normal distribution around its output. Its variance need not be guessed: the likeliest variance is the
# mean squared error, so we follow that from batch to batch (Rybkin et al., 2021). `GELU` is a smooth relative of the ReLU.


# %%
def train(X, latent, epochs, seed):
    """A variational autoencoder with a Gaussian decoder, trained on the rows of X, (n, d)."""
    torch.manual_seed(seed)
    d, variance = X.shape[1], torch.ones(())
    encoder = nn.Sequential(nn.Linear(d, 256), nn.GELU(), nn.Linear(256, 2 * latent))
    decoder = nn.Sequential(nn.Linear(latent, 256), nn.GELU(), nn.Linear(256, d))
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=order).split(64):
            mu, log_var = encoder(X[rows]).chunk(2, dim=1)
            z = mu + torch.exp(log_var / 2) * torch.randn_like(mu)
            squares = (decoder(z) - X[rows]) ** 2
            variance = variance + 0.05 * (squares.detach().mean() - variance)
            log_likelihood = -0.5 * (
                squares / variance + torch.log(2 * torch.pi * variance)
            )
            kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
            loss = (kl.sum(dim=1) - log_likelihood.sum(dim=1)).mean()  # minus the ELBO
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return encoder, decoder, variance


# %% [markdown]
# The course's `VAE` does the same, with the comfort you know from `Autoencoder`. Same seed, same rows, same codes:

# %%
few = X_fit[:1000]
encoder, decoder, variance = train(torch.from_numpy(few), latent=16, epochs=2, seed=0)
library = VAE(
    hidden_sizes=(256,), latent_size=16, scaling=None, epochs=2, validation_share=0.0,
    device="cpu", random_state=0,
).fit(few)  # fmt: skip
with torch.no_grad():
    mu, log_var = encoder(torch.from_numpy(X_test)).chunk(2, dim=1)
found = library.encode(X_test)
assert np.allclose(mu, found[0], atol=1e-2)
assert np.allclose(log_var, found[1], atol=1e-2)
print(f"largest difference of a mean: {np.abs(mu.numpy() - found[0]).max():.0e}")

# %% [markdown]
# ## Bernoulli or Gaussian?
#
# The common recipe takes another decoder: each pixel is a coin, black with probability $p$ (**Bernoulli**), with the log-likelihood
# $x \log p + (1 - x) \log (1 - p)$. For grey pixels that is a stretch. See what a pixel costs when the decoder is *perfect*:

# %%
grey = np.linspace(0.001, 0.999, 300)
fig, ax = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
entropy = -grey * np.log(grey) - (1 - grey) * np.log(1 - grey)
ax.plot(grey, entropy, color=plots.ANOMALY, label="Bernoulli, p = x")
ax.plot(
    grey,
    0 * grey,
    "--",
    color=plots.NEUTRAL,
    label="Gaussian, mean = x (without its constant)",
)
ax.set(xlabel="grey value x of the pixel", ylabel="cost in nats")
ax.set_title("A Bernoulli decoder charges for grey, however well it rebuilds")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# A thick, blurred zero pays more than a thin, sharp one, whatever the network does: noise in the score. Keep this in mind, and train both.

# %%
common["n_samples"] = 4
models = {
    name: VAE(decoder=name, epochs=15, **common).fit(X_fit)
    for name in ("gaussian", "bernoulli")
}
vae = models["gaussian"]
print(
    f"deviation of the Gaussian decoder: {vae.net_.variance.sqrt():.3f} (pixels go from 0 to 1)"
)

# %%
fig, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for ax, (name, model) in zip(panels, models.items()):
    for key, style in (("loss", "-"), ("validation_loss", "--")):
        ax.plot(range(1, 16), model.history_[key], style, color=plots.NEUTRAL, label=key)
    ax.set(
        xlabel="epoch",
        ylabel="minus ELBO, nats an image",
        title=f"{name}: minus the ELBO falls",
    )
    ax.spines[["top", "right"]].set_visible(False)
panels[0].legend(["training", "validation"], frameon=False)
plt.show()

# %% [markdown]
# (The two scales cannot be compared: one holds densities, which may exceed 1, the other probabilities.)
#
# ## Four scores
#
# Every model gives four scores, all higher for stranger images:
#
# 1. **reconstruction**: the mean squared error of the image decoded from the mean code, as in lesson 10;
# 2. **reconstruction probability** (An and Cho, 2015): $-\mathbb{E}_q[\log p(x \mid z)]$, over draws of $z$;
# 3. **elbo**: that plus $\beta\,\mathrm{KL}$, minus the bound itself when $\beta = 1$;
# 4. **log-likelihood**: step 1 above taken literally with $K$ draws, $-\log \frac1K \sum_k \frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}$.
#    This **importance-weighted bound** (Burda et al., 2016) rises to $\log p(x)$ with $K$.
#
# The draws use the same $\varepsilon$ for every image, so a score does not depend on what else is in the batch.
#
# **Predict, then run.** Which decoder will win? And does the price of the code, in the third score, help?


# %%
def quality(scores):
    """AUROC of scores of the test images."""
    return auroc(y_test, scores)


knn = KNN(n_neighbors=5, method="mean").fit(X_fit)
pca = PCA(n_components=32).fit(X_fit)
table = {
    "PCA, 32 directions": quality(pca.decision_function(X_test)),
    "5 nearest neighbours": quality(knn.decision_function(X_test)),
    "dense autoencoder": quality(dense.decision_function(X_test)),
}
for name, model in models.items():
    for score in ("reconstruction", "reconstruction_probability", "elbo", "log_likelihood"):
        table[f"VAE, {name}, {score}"] = quality(model.score_rows(X_test, score))
assert min(values for name, values in table.items() if "gaussian" in name) > 0.93
pd.Series(table, name="AUROC").round(4).to_frame()

# %% [markdown]
# The choice of the decoder matters far more than that of the score. With the Bernoulli decoder the *worst* score is the most principled one, the
# likelihood: it pays for grey. That is not the whole reason: even its *reconstruction*, a plain squared error, stays below the baselines, so the loss has
# also made another network. With the Gaussian one all four agree within a hair, and the model is ahead of the baselines, trained
# on the same 3,000 zeros. The KL term does not help here.
#
# **Which score when?** Start with the reconstruction probability: it is in nats and it has a spread, which you will need below. Take the ELBO when you expect strange *codes*, the
# log-likelihood to compare models on held-out data, the reconstruction to show *where* an image is wrong.
#
# How tight is the bound? Weighted draws tell:

# %%
some = X_test[y_test == 0]
for k in (1, 4, 16, 64):
    print(
        f"K = {k:>3}: {-vae.score_rows(some, 'log_likelihood', n_samples=k).mean():8.2f} nats"
    )
print(f"ELBO:    {-vae.score_rows(some, 'elbo', n_samples=64).mean():8.2f} nats")

# %% [markdown]
# At $K = 1$ the weighted bound is an estimate of the ELBO; it climbs with more draws and is not done at 64: the true $\log p(x)$ lies higher
# still. Read these numbers as bounds, never as the truth.
#
# ## Look inside
#
# Where do the codes lie? The first two principal directions of the mean codes of the test images:

# %%
mean_codes, log_variances = vae.encode(X_test)
plane = PCA(n_components=2).fit(vae.encode(X_fit)[0])
flat = (mean_codes - plane.mean_) @ plane.components_.T
shown = np.r_[np.flatnonzero(y_test == 1)[:350], np.flatnonzero(y_test == 0)[:350]]
ax = plots.scatter(
    flat[shown], y_test[shown], title="Anomalies get codes among those of zeros"
)
plt.setp(
    ax.lines[1], alpha=0.4, zorder=1
)  # so that the zeros under the crosses can be seen
ax.set(xlabel="first principal direction of the codes", ylabel="second direction")
ax.legend(frameon=False)
plt.show()
prices = gaussian_kl(*map(torch.from_numpy, (mean_codes, log_variances))).sum(dim=1).numpy()
print(f"AUROC of the KL alone: {quality(prices):.3f}")
print(
    f"AUROC of the mean code's squared length: {quality((mean_codes**2).sum(axis=1)):.3f}"
)

# %% [markdown]
# Many anomalies sit in the middle of the zeros: the encoder has to put them somewhere. The price of the code alone ranks them no better than chance (their codes are even slightly
# cheaper), its length hardly better. The reconstruction betrays them. Now walk through the same plane and decode. Then draw codes from $p(z)$: an autoencoder has no such distribution to draw
# from.

# %%
steps = np.linspace(-2, 2, 6)
grid = np.array([(a, b) for b in steps[::-1] for a in steps])
pictures = vae.decode(plane.mean_ + grid @ (plane.components_ * plane.deviations_[:, None]))
mosaic = pictures.reshape(6, 6, 28, 28).swapaxes(1, 2).reshape(6 * 28, 6 * 28)
fig, ax = plt.subplots(figsize=(4.4, 4.6), layout="constrained")
ax.imshow(
    mosaic, cmap="gray_r", vmin=0, vmax=1, extent=[-2.4, 2.4] * 2, interpolation="nearest"
)
ax.set(xlabel="first direction (deviations)", ylabel="second direction (deviations)")
ax.set_title("A walk through the codes: slimmer to the right, tipped over below")
plt.show()

# %%
axes = plots.image_grid(
    vae.sample(20, random_state=0), title="Twenty codes from the standard normal, decoded"
)

# %% [markdown]
# Most of them are zeros, some are smeared: a random code may lie where the decoder had little to learn from. Nothing but
# the KL term asks the codes of zeros to lie where the standard normal does; an autoencoder's may lie anywhere.
#
# ## How sure is a score?
#
# The encoder does not give a code but a cloud of codes. Each draw from it gives a score; their spread says how sure the score
# is. It pays where it touches a decision: place a threshold for a 5% false-positive budget, and look at the images near it.

# %%
vae.set_threshold(X_held_out, rule=FalsePositiveRate(0.05))
centre, spread = vae.score_spread(X_test, n_samples=16)
order = np.argsort(centre)
close = order[np.abs(centre[order] - vae.threshold_).argmin() + np.arange(-20, 20)]
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for label, color, marker in ((0, plots.NORMAL, "o"), (1, plots.ANOMALY, "x")):
    place = np.flatnonzero(y_test[close] == label)
    ax.errorbar(
        place, centre[close[place]], 2 * spread[close[place]], fmt=marker, color=color,
        label=("normal", "anomaly")[label], lw=1.2, ms=5,
    )  # fmt: skip
ax.axhline(vae.threshold_, color=plots.NEUTRAL, ls="--", label="threshold")
ax.set(xlabel="forty test images around the threshold", ylabel="score (minus ELBO, nats)")
unsure = np.abs(centre - vae.threshold_) < 2 * spread
ax.set_title(
    f"{unsure[close].sum()} of these 40: threshold within two deviations of a draw"
)
ax.legend(frameon=False, loc="lower right")
wrong = (centre > vae.threshold_) != (y_test == 1)
print(
    f"{unsure.mean():.1%} of all test images are unsure ({y_test.mean():.0%} are anomalies)"
)
print(
    f"wrong decisions: {wrong.sum()}, of them unsure: {(wrong & unsure).sum()} of {unsure.sum()}"
)

# %% [markdown]
# Near the threshold hardly any decision is sure; over all images few are in doubt, most being anomalies far above it. About a third of the mistakes
# are among these few: show them to a person. The other mistakes were made with confidence. The bars are of *single* draws: the doubt about the
# code does not shrink when you average more of them. And mind what the spread covers: the cloud of codes, for *this* network. Another seed would give
# another network, and its disagreement is not in these bars.
#
# ## What the weight beta buys
#
# Put a weight on the second term, $\mathbb{E}_q[\log p(x \mid z)] - \beta\,\mathrm{KL}$ (Higgins et al., 2017). A latent number is *active* if its mean
# varies over the images (variance above 0.01); one that does not says nothing.


# %%
def short_run(**options):
    """Error, divergence and active units of a model with eight latent numbers, briefly trained."""
    options = (
        dict(hidden_sizes=(256, 128), latent_size=8, scaling=None, random_state=0) | options
    )
    model = VAE(epochs=12, learning_rate=2e-3, **options).fit(X_fit[:1000])
    mean, log_var = map(torch.from_numpy, model.encode(some))
    return {
        "squared error": model.score_rows(some, "reconstruction").mean(),
        "KL, nats": gaussian_kl(mean, log_var).sum(dim=1).mean().item(),
        "active units": active_units(mean).sum(),
        "AUROC": auroc(y_test, model.score_rows(X_test, "reconstruction")),
    }


sweep = pd.DataFrame({beta: short_run(beta=beta) for beta in (0, 0.1, 1, 5, 20)}).T
sweep.rename_axis("beta").round(4)

# %% [markdown]
# The KL term is a price per nat of information. A low price buys small errors and expensive
# codes, far from $p(z)$; a high price the opposite. Read the last column too: the AUROC falls as $\beta$ rises,
# and *no price at all* is best. Why not $\beta = 0$, then? For a squared error on these digits, do. But nothing keeps its codes near $p(z)$, so samples and
# $\log p(x)$ are lost. Only with $\beta = 1$ is the whole a bound of $\log p(x)$.
#
# ## What goes wrong
#
# **The collapse.** A slip that everybody makes once: `mse_loss`, which *averages* over 784 pixels, plus a KL term that is *summed*. With a variance $v$ that stays
# fixed, that is $\beta = 392 / v$ (784 pixels, and a half from the Gaussian): 392 for $v = 1$. We take this mild case.
# **Predict, then run.** What will such a network rebuild?

# %%
slip = dict(beta=392.0)
collapse = {
    "beta = 392": short_run(**slip),
    "beta = 392, annealed": short_run(annealing=8, **slip),
    "beta = 392, free bits": short_run(free_bits=2.0, **slip),
    "beta = 5": sweep.loc[5],
    "beta = 5, annealed": short_run(beta=5.0, annealing=8),
}
collapse = pd.DataFrame(collapse).T
assert collapse.loc["beta = 392", "active units"] == 0
collapse.round(4)

# %% [markdown]
# (Our decoder learns $v$; collapsed, it is the squared error, 0.064, for which the slip would be $392 / 0.064$, about 6,000.)
#
# No unit is active: the encoder answers $q(z \mid x) = p(z)$ for every image, and the decoder draws one picture for all. **Posterior collapse.** The
# AUROC would hardly have told: what is far from the mean zero is often no zero. The active units tell. Two cures: **free bits** let every unit carry some nats for nothing (here 2), and bring most of
# them back. Of 16 free nats only about 6 are used: the floor takes the pressure away, it does not create a use. **Annealing** raises $\beta$ from 0 over the first epochs, so that codes
# become useful before they are charged. It cannot save a price that is wrong in the end. At $\beta = 5$ the numbers improve, but no unit was silent there
# anyway, and 8 of 12 epochs ran at a lower price. The real cure is the right weight.
#
# **The likelihood prefers the anomaly.** In lesson 10 ones passed for eights. A likelihood should know better. Does it?

# %%
eights = load_mnist(normal=8)
half = len(eights.X_train) // 2
eight_model = VAE(decoder="bernoulli", epochs=12, **common).fit(
    eights.X_train[:half][:2000]
)
pair = np.isin(eights.labels_test, (1, 8))
X_pair, one = eights.X_test[pair], eights.labels_test[pair] == 1
nll = eight_model.score_rows(X_pair, "log_likelihood")
print(
    f"minus log-likelihood: eights {nll[~one].mean():.0f} nats, ones {nll[one].mean():.0f} nats"
)
print(f"AUROC of ones against eights: {auroc(one, nll):.3f}")

# %% [markdown]
# Far below one half: to a model that has only ever seen eights, nearly every one is *more* probable than nearly every eight. Nothing is broken. A
# one has little ink, few pixels can surprise, and simple images are cheap under almost any model (Nalisnick et al., 2019). Two corrections:
#
# - **Typicality**: not "is it likely?" but "is it as likely as eights usually are?", $|\log p(x) - \text{mean over eights}|$.
# - **Input complexity** (Serrà et al., 2020): take away what simplicity alone explains, $S(x) = -\log_2 p(x) - L(x)$. The first term is the nats divided
#   by $\log 2$; $L$ is the image's length in bits, packed by deflate, the compressor in PNG and zip.

# %%
usual = eight_model.score_rows(eights.X_train[half:][:1000], "log_likelihood")
fixes = {
    "minus log-likelihood": nll,
    "typicality": typicality(nll, usual),
    "compressed length alone": compressed_bits(X_pair),
    "input complexity": complexity_corrected(nll, compressed_bits(X_pair)),
}
fixed = pd.Series(
    {name: auroc(one, values) for name, values in fixes.items()}, name="AUROC"
)
assert fixed["input complexity"] > fixed["minus log-likelihood"]
fixed.round(3).to_frame()

# %% [markdown]
# From far below a half to nearly all. But look at the third row upside down: *short files are anomalies* has an AUROC of one minus that figure, which is
# more than the correction reaches. A compressor that never saw an eight beats model and correction together: these anomalies are simply simpler.
# Typicality assumes less and gets less: an unusually easy eight is as suspicious as a one.
#
# **Predict, then run.** What does the same correction do when ones are normal and everything else is an anomaly?

# %%
ones = load_mnist(normal=1)
one_model = VAE(decoder="bernoulli", epochs=12, **common).fit(ones.X_train[:2000])
nll, bits = one_model.score_rows(X_test, "log_likelihood"), compressed_bits(X_test)
for name, values in (
    ("minus log-likelihood", nll),
    ("corrected", complexity_corrected(nll, bits)),
):
    print(f"ones normal, {name}: AUROC {auroc(digits != 1, values):.3f}")

gaussian = VAE(epochs=12, **common).fit(eights.X_train[:half][:2000])
nll = gaussian.score_rows(X_pair, "log_likelihood")
print(f"eights normal, Gaussian decoder, uncorrected: AUROC of ones {auroc(one, nll):.3f}")

# %% [markdown]
# The correction has ruined a detector that was nearly perfect: with a Bernoulli decoder the length of the file outweighs what the model knows. A
# correction is an assumption about the anomalies, here that they are simple. Without labels you cannot check it. The Gaussian decoder
# (last line) errs less badly on the ones, but it is still below one half: it is no cure.
#
# ## All digits, all test images
#
# `benchmarks/one_class_digits.py` trains on all images of the normal digit, with each of ten digits and three seeds (AUROC). Its VAE is larger than ours: 32 latent numbers,
# 40 epochs in batches of 128, a doubled learning rate; the score is the reconstruction probability with a Gaussian decoder:
#
# | | 0 normal, mean of seeds | 0 normal, worst seed | 8 normal | mean of ten digits |
# |---|---|---|---|---|
# | PCA, 32 directions | 0.9925 | 0.9925 | 0.849 | 0.9553 |
# | 5 nearest neighbours | 0.9945 | 0.9945 | 0.887 | 0.9542 |
# | dense autoencoder | 0.9957 | 0.9956 | 0.875 | 0.9637 |
# | VAE | 0.9977 | 0.9969 | 0.912 | 0.9746 |
# | convolutional VAE | 0.9947 | 0.9947 | 0.874 | 0.9583 |
#
# The VAE leads in every column of this table. It differs from the dense autoencoder in its activation and its training too, so do not credit the probabilities alone. The
# eights stay the hardest digit for all five. (Convolutional: one seed, 12 epochs.)
#
# ## Recap
#
# A variational autoencoder maximises a lower bound of $\log p(x)$: rebuild well, and keep each code cheap. Draws pass gradients when the noise is
# drawn outside; the KL term has a closed form. The decoder's distribution decides the quality of every score; count the active
# units, and do not take a high likelihood for normality.
#
# ## Check yourself
#
# <details><summary>1. The encoder's variances are all 1 and its means all 0. What does the KL term say, and what does the decoder draw?</summary>
# The KL is 0 for every image: the code says nothing about x. The decoder draws the same picture for every image, the mean of the training
# data. That is a posterior collapse.</details>
#
# <details><summary>2. Can the ELBO of an image exceed its log-likelihood? Can an importance-weighted bound with K = 100?</summary>
# No, neither: both are lower bounds in expectation. A single estimate from random draws may lie above by chance.</details>
#
# <details><summary>3. Your VAE gives a flat grey image a higher likelihood than its own training images. Is there a bug?</summary>
# Not necessarily. Simple images are cheap under many models. Compare with the usual likelihood of normal images (typicality), or with
# the length of the compressed image, and know what each assumes.</details>
#
# ## Read on
#
# - D. Kingma and M. Welling, 2014, *Auto-encoding variational Bayes*. [arXiv:1312.6114](https://arxiv.org/abs/1312.6114)
# - J. An and S. Cho, 2015, *Variational autoencoder based anomaly detection using reconstruction probability*, SNU Data Mining Center.
# - Y. Burda, R. Grosse and R. Salakhutdinov, 2016, *Importance weighted autoencoders*. [arXiv:1509.00519](https://arxiv.org/abs/1509.00519)
# - I. Higgins et al., 2017, *beta-VAE*, ICLR. [openreview.net](https://openreview.net/forum?id=Sy2fzU9gl)
# - E. Nalisnick et al., 2019, *Do deep generative models know what they don't know?* [arXiv:1810.09136](https://arxiv.org/abs/1810.09136)
# - J. Serrà et al., 2020, *Input complexity and out-of-distribution detection with likelihood-based generative models*.
#   [arXiv:1909.11480](https://arxiv.org/abs/1909.11480)
# - O. Rybkin, K. Daniilidis and S. Levine, 2021, *Simple and effective VAE training with calibrated decoders*. [arXiv:2006.13202](https://arxiv.org/abs/2006.13202)
#
# ## Think further
#
# - A doctor asks: "how sure is your model that this scan is abnormal?" Which of the numbers in this lesson would you give her, and what does each leave
#   out? *(A good answer weighs: the spread over codes is the doubt of one network; other seeds, other training data and anomalies of a new kind are not
#   in it; a false-positive rate on held-out data is a promise about many patients, not about this one.)*
