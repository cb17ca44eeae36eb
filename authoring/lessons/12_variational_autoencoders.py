# %% [markdown]
# # Variational autoencoders
#
# **You will be able to** derive the bound that trains a variational autoencoder, train one, choose among four scores,
# say how sure a score is, and recognise two ways in which the model fails silently.
#
# **You need** lesson 10 (autoencoders), densities and expectations.
#
# **Time** 70 minutes, runs in about 45 seconds.

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
from course_lib.deep import VAE, Autoencoder, ConvAutoencoder, ConvVAE
from course_lib.deep.likelihood import complexity_corrected, compressed_bits, typicality
from course_lib.deep.vae import active_units, gaussian_kl
from course_lib.ml import KNN, PCA

# %% [markdown]
# ## The same error, and then?
#
# Train the autoencoder of lesson 10 briefly on 3,000 zeros, place a threshold, and look at the five zeros and the
# five others (of 4,000 test images) whose errors are closest to it.

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
# The error of an autoencoder cannot say *how probable* an image is or *how sure*
# it is, nor make a new zero. A model of probabilities can.
#
# ## First the code, then the image
#
# Turn the story round. Draw a code $z$ of 16 numbers from the standard normal distribution, $p(z)$. A **decoder** network
# turns it into a distribution over images, $p(x \mid z)$; draw an image. So every image has a probability,
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz ,$$
#
# and an anomaly is an image with little of it. (Logarithms here are natural, their unit is the **nat**: 1.44 bits.) The trouble is the integral.
# Take the smallest such model: one number $z$, and $x = 2z$ plus noise of deviation 0.5. The answer is known: $x$ is normal with variance
# $2^2 + 0.5^2$. Averaging $p(x \mid z)$ over draws from $p(z)$ gives it too:


# %% tags=["nbval-check-output"]
def log_normal(value, mean, variance):
    """Logarithm of the normal density."""
    return -0.5 * ((value - mean) ** 2 / variance + np.log(2 * np.pi * variance))


rng = np.random.default_rng(0)
x, w, noise = 3.0, 2.0, 0.25  # noise is a variance
exact = log_normal(x, 0.0, w**2 + noise)
z = rng.standard_normal(100_000)
weights = np.exp(log_normal(x, w * z, noise))
print(f"log p(x): exact {exact:.3f}, from 100,000 draws {np.log(weights.mean()):.3f}")
share = np.mean(np.cumsum(np.sort(weights)[::-1]) < weights.sum() / 2)
print(f"half of the sum comes from {share:.1%} of the draws")

# %% [markdown]
# With one latent number, a few per cent of the draws do half of the work. With 16 numbers and 784 pixels practically none would.
# Which codes could have made this $x$?
#
# ## A bound that can be computed
#
# Let an **encoder** guess: a normal distribution $q(z \mid x)$ with a mean and a variance for each latent number. Three steps:
#
# 1. Multiply and divide by the guess: $\log p(x) = \log \mathbb{E}_{q}\!\left[\frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]$. Draws now come
#    from $q$.
# 2. The logarithm of a mean is at least the mean of the logarithm (Jensen): $\log p(x) \ge \mathbb{E}_{q}\!\left[\log \frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]$.
# 3. Take the fraction apart:
#
# $$\log p(x) \;\ge\; \underbrace{\mathbb{E}_{q}[\log p(x \mid z)]}_{\text{how well codes rebuild } x} \;-\; \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{what the code costs}} \;=\; \mathrm{ELBO}(x).$$
#
# This is the **evidence lower bound**. $\mathrm{KL}(q\|p) = \mathbb{E}_q[\log q - \log p]$ is the **Kullback-Leibler divergence**: never
# negative, 0 only if the two are the same. What the bound lacks is one too. The fraction in step 2 is also
# $p(x)\, p(z \mid x) / q(z \mid x)$, hence $\log p(x) = \mathrm{ELBO}(x) + \mathrm{KL}\big(q(z \mid x)\,\|\,p(z \mid x)\big)$: a better guess closes the gap, a perfect
# one shuts it.
#
# **Predict, then run.** In the small model both terms have formulas. Move the mean of $q$, for three deviations: can one of the curves
# touch the exact value? Can one cross it?


# %%
def small_elbo(mean, sd):
    """The bound of the small model at x, for a guess q with this mean and deviation."""
    rebuilt = log_normal(x, w * mean, noise) - 0.5 * w**2 * sd**2 / noise
    return rebuilt - 0.5 * (mean**2 + sd**2 - 1 - np.log(sd**2))


best_sd = (1 + w**2 / noise) ** -0.5  # of the true p(z|x)
means = np.linspace(0.8, 2.0, 200)
curves = {f"deviation {sd:.2f}": small_elbo(means, sd) for sd in (best_sd, 0.1, 0.5)}
title = "Only the right guess touches the exact value; none crosses it"
ax = plots.lines(means, curves, xlabel="mean of q(z|x)", ylabel="ELBO, nats", title=title)
ax.axhline(exact, color=plots.ANOMALY, label="exact log p(x)")
ax.set_ylim(-6, -1.5)
ax.legend(frameon=False)
assert small_elbo(means, best_sd).max() <= exact + 1e-12

# %% [markdown]
# ## The price of a code, in closed form
#
# The second term needs no draws. For one latent number with mean $\mu$ and variance $\sigma^2$,
# $\mathrm{KL} = \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log \sigma^2\right)$; latent numbers add up. Check it: the divergence is the mean of
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
# They agree within the error of sampling, and with the library's `gaussian_kl`.
#
# ## Noise that lets gradients through
#
# The first term is a mean over draws $z \sim q$; training must know how it changes with $\mu$ and $\sigma$:

# %%
mean = torch.tensor(0.8, requires_grad=True)
for name, draw in (
    ("torch.normal(mean, 0.3)", torch.normal(mean, 0.3)),
    ("mean + 0.3 * noise", mean + 0.3 * torch.randn(())),
):
    (slope,) = torch.autograd.grad(draw, mean)
    print(f"{name:<24} changes with the mean by {slope:.0f}")

# %% [markdown]
# `torch.normal` hands out a number that has forgotten where it came from: no error, a gradient of zero, and an encoder that
# never learns from the first term. Written as $z = \mu + \sigma \varepsilon$ with $\varepsilon$ from a standard
# normal, the same draw is a smooth function of $\mu$ and $\sigma$: the **reparameterisation**. The older **score function** needs none:
# weigh $\log p(x \mid z)$ itself by $(z - \mu)/\sigma^2$. Both are right on average.
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
# The same mean, a third of the spread. In practice one draw per image and step is enough.
#
# ## The whole thing
#
# An encoder with two outputs for each latent number, a decoder, a loss with two terms. What does the decoder say about a pixel? First choice: a normal
# distribution around its output. Its likeliest variance is the mean squared error, so we follow that from batch to batch (Rybkin et al., 2021). `GELU` is a smooth relative of the ReLU.


# %%
def step(encoder, decoder, batch, variance):
    """Minus the ELBO of a batch, (n, d), and the variance, followed a little further."""
    mu, log_var = encoder(batch).chunk(2, dim=1)
    z = mu + torch.exp(log_var / 2) * torch.randn_like(mu)
    squares = (decoder(z) - batch) ** 2
    variance = variance + 0.05 * (squares.detach().mean() - variance)
    log_likelihood = -0.5 * (squares / variance + torch.log(2 * torch.pi * variance))
    kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
    return (kl.sum(dim=1) - log_likelihood.sum(dim=1)).mean(), variance


# %%
few = X_fit[:1000]
torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(784, 256), nn.GELU(), nn.Linear(256, 2 * 16))
decoder = nn.Sequential(nn.Linear(16, 256), nn.GELU(), nn.Linear(256, 784))
optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
order, variance = torch.Generator().manual_seed(0), torch.ones(())
pixels = torch.from_numpy(few)
for _ in range(2):  # epochs
    for rows in torch.randperm(len(few), generator=order).split(64):
        loss, variance = step(encoder, decoder, pixels[rows], variance)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
print(f"the last batch: {loss:.0f} nats an image, variance {variance:.3f}")

# %% [markdown]
# The course's `VAE` does the same. Same seed, same rows, same codes:

# %%
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
# $x \log p + (1 - x) \log (1 - p)$. See what a grey pixel costs when the decoder is *perfect*:

# %%
grey = np.linspace(0.001, 0.999, 300)
entropy = -grey * np.log(grey) - (1 - grey) * np.log(1 - grey)
ax = plots.lines(
    grey,
    {"Bernoulli, p = x": entropy, "Gaussian, mean = x (without its constant)": 0 * grey},
    xlabel="grey value x of the pixel",
    ylabel="cost in nats",
    title="A Bernoulli decoder charges for grey, however well it rebuilds",
)

# %% [markdown]
# A thick, blurred zero pays more than a thin, sharp one, whatever the network does: noise in the score. Train both.

# %%
common |= dict(n_samples=4, scoring="reconstruction_probability")
models = {
    name: VAE(decoder=name, epochs=15, **common).fit(X_fit)
    for name in ("gaussian", "bernoulli")
}
vae = models["gaussian"]
print(f"deviation of the Gaussian decoder: {vae.net_.variance.sqrt():.3f} (pixels: 0 to 1)")

# %% [markdown]
# ## Four scores
#
# Every model gives four, all higher for stranger images:
#
# 1. **reconstruction**: the mean squared error of the image decoded from the mean code;
# 2. **reconstruction probability** (An and Cho, 2015): $-\mathbb{E}_q[\log p(x \mid z)]$, over draws of $z$;
# 3. **elbo**: that plus $\beta\,\mathrm{KL}$, minus the bound itself when $\beta = 1$;
# 4. **log-likelihood**: step 1 above taken literally with $K$ draws, $-\log \frac1K \sum_k \frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}$.
#    This **importance-weighted bound** (Burda et al., 2016) rises to $\log p(x)$ with $K$.
#
# **Predict, then run.** Which decoder will win? And does the price of the code, in the third score, help?


# %%
def quality(scores):
    """AUROC of scores of the test images."""
    return auroc(y_test, scores)


def baselines(X, new):
    """Scores of new images by PCA and by nearest neighbours, fitted on X."""
    rivals = PCA(n_components=32), KNN(n_neighbors=5, method="mean")
    scores = [rival.fit(X).decision_function(new) for rival in rivals]
    return dict(zip(("PCA, 32 directions", "5 nearest neighbours"), scores))


scores = baselines(X_fit, X_test) | {"dense autoencoder": errors}
for name, model in models.items():
    for score in ("reconstruction", "reconstruction_probability", "elbo", "log_likelihood"):
        scores[f"VAE, {name}, {score}"] = model.score_rows(X_test, score)
table = pd.Series({name: quality(values) for name, values in scores.items()}, name="AUROC")
assert table.filter(like="gaussian").min() > 0.93
table.round(4).to_frame()

# %% [markdown]
# The decoder matters far more than the score. With the Bernoulli decoder the *worst* score is the most principled one, the
# likelihood: it pays for grey. Even its *reconstruction*, a plain squared error, stays below the baselines: the loss has
# also made another network. With the Gaussian one all four scores agree within a hair, ahead of the baselines.
#
# **Which score when?** Start with the reconstruction probability: in nats, with a spread. Take the
# log-likelihood to compare models on held-out data, the reconstruction to show *where* an image is wrong. The ELBO adds the price of the code, which pays
# when anomalies are rebuilt well, but from unusual codes; these are not of that kind.
#
# How tight is the bound? Weighted draws tell:

# %%
some = X_test[y_test == 0]
for k in (1, 4, 16, 64):
    bound = -vae.score_rows(some, "log_likelihood", n_samples=k).mean()
    print(f"K = {k:>3}: {bound:8.2f} nats")
print(f"ELBO:    {-vae.score_rows(some, 'elbo', n_samples=64).mean():8.2f} nats")

# %% [markdown]
# At $K = 1$ the weighted bound estimates the ELBO. It is some nats off: all images share one $\varepsilon$ (so no score depends on the rest of its batch),
# hence averaging over images does not help, and the
# part $\tfrac12 \sum \varepsilon^2$ of $-\log q$ alone has a deviation of $\sqrt{16/2} \approx 2.8$ nats. The bound climbs with more draws and is not done
# at 64: the true $\log p(x)$ lies higher still.
#
# ## Images have neighbours
#
# A dense layer does not know which pixels are neighbours. A **convolution** slides the same small filters over the whole image. `ConvVAE` has them in
# encoder and decoder, the theory stays; `ConvAutoencoder` has them without probabilities. Both train slowly, so four epochs must do.
#
# **Predict, then run.** Which of the two ranks the test images better, by the same squared error?

# %%
layers = dict(channels=(8, 16), latent_size=16, activation="relu")
training = dict(epochs=4, learning_rate=3e-3, random_state=0)
conv = ConvAutoencoder(**layers, **training).fit(X_fit)
conv_vae = ConvVAE(**layers, **training).fit(X_fit)
conv_errors = conv_vae.score_rows(X_test, "reconstruction")
print(f"convolutional autoencoder: AUROC {quality(conv.decision_function(X_test)):.4f}")
print(f"convolutional VAE, reconstruction: AUROC {quality(conv_errors):.4f}")
sizes = [sum(part.numel() for part in model.net_.parameters()) for model in (vae, conv_vae)]
print(f"weights: dense VAE {sizes[0]:,}, convolutional VAE {sizes[1]:,}")
five = near[:5]
axes = plots.reconstructions(
    X_test[five], conv_vae.reconstruct(X_test[five]),
    labels=[f"{conv_errors[i]:.4f}" for i in five], anomalous=y_test[five] == 1,
    title="Five of the ten images, rebuilt by the convolutional VAE",
)  # fmt: skip

# %% [markdown]
# The VAE is a hair ahead of its plain twin; with one seed that says little. With a tenth of the dense VAE's weights and four epochs both stay behind the
# dense autoencoder, the Gaussian dense VAE and the baselines; for longer training see the last table.
#
# ## Look inside
#
# The mean codes of the test images, along the two principal directions of the training codes:

# %%
mean_codes, log_variances = vae.encode(X_test)
plane = PCA(n_components=2).fit(vae.encode(X_fit)[0])
flat = (mean_codes - plane.mean_) @ plane.components_.T
shown = np.r_[np.flatnonzero(y_test == 1)[:350], np.flatnonzero(y_test == 0)[:350]]
ax = plots.scatter(flat[shown], y_test[shown], title="Anomalies get codes among the zeros'")
plt.setp(ax.lines[1], alpha=0.4, zorder=1)  # zeros stay visible under the crosses
ax.set(xlabel="first principal direction of the codes", ylabel="second direction")
ax.legend(frameon=False)
prices = gaussian_kl(*map(torch.from_numpy, (mean_codes, log_variances))).sum(dim=1).numpy()
print(f"AUROC of the KL alone: {quality(prices):.3f}")
lengths = (mean_codes**2).sum(axis=1)
print(f"AUROC of the mean code's squared length: {quality(lengths):.3f}")

# %% [markdown]
# Many anomalies sit amid the zeros: the encoder has to put them somewhere. The price of the code alone ranks them no better than chance
# (their codes are even slightly cheaper), its length hardly better. The reconstruction betrays them. Now walk through the same plane and decode;
# then draw codes from $p(z)$.

# %%
steps = np.linspace(-2, 2, 6)
grid = np.array([(a, b) for b in steps[::-1] for a in steps])
pictures = vae.decode(plane.mean_ + grid @ (plane.components_ * plane.deviations_[:, None]))
mosaic = pictures.reshape(6, 6, 28, 28).swapaxes(1, 2).reshape(6 * 28, 6 * 28)
fig, ax = plt.subplots(figsize=(4.4, 4.6), layout="constrained")
shades = dict(cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
ax.imshow(mosaic, extent=[-2.4, 2.4] * 2, **shades)
ax.set(xlabel="first direction (deviations)", ylabel="second direction (deviations)")
ax.set_title("A walk through the codes: slimmer to the right, tipped over below")
plt.show()

# %%
axes = plots.image_grid(
    vae.sample(20, random_state=0), title="Twenty codes from the standard normal, decoded"
)

# %% [markdown]
# Most are zeros, some are smeared: a random code may lie where the decoder had little to learn from. Only
# the KL term asks the codes of zeros to lie where the standard normal does.
#
# ## How sure is a score?
#
# The encoder gives a cloud of codes. Each draw from it gives a score; their spread says how sure the score
# is. Place a threshold for a 5% false-positive budget, and look at the images around it.

# %%
vae.set_threshold(X_held_out, rule=FalsePositiveRate(0.05))
centre, spread = vae.score_spread(X_test, n_samples=16)
unsure = np.abs(centre - vae.threshold_) < 2 * spread
wrong = (centre > vae.threshold_) != (y_test == 1)
share = y_test.mean()
print(f"unsure: {unsure.sum()}, {unsure.mean():.1%} of all ({share:.0%} are anomalies)")
print(f"wrong decisions: {wrong.sum()}, of them unsure: {(wrong & unsure).sum()}")

# %%
order = np.argsort(centre)
close = order[np.abs(centre[order] - vae.threshold_).argmin() + np.arange(-20, 20)]
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for label, color, marker in ((0, plots.NORMAL, "o"), (1, plots.ANOMALY, "x")):
    place = np.flatnonzero(y_test[close] == label)
    at, bars = centre[close[place]], 2 * spread[close[place]]
    name = ("normal", "anomaly")[label]
    ax.errorbar(place, at, bars, fmt=marker, color=color, label=name, lw=1.2, ms=5)
ax.axhline(vae.threshold_, color=plots.NEUTRAL, ls="--", label="threshold")
ax.set(xlabel="forty test images around the threshold", ylabel="score, nats")
ax.legend(frameon=False, loc="upper left")
doubtful = unsure[close].sum()
ax.set_title(f"{doubtful} of these 40: threshold within two deviations of a draw")
plt.show()

# %% [markdown]
# Near the threshold hardly any decision is sure; over all images few are in doubt. About a third of the mistakes
# are among these few: show them to a person. The others were made with confidence. The bars are of *single* draws: averaging more
# does not shrink the doubt about the code, and the disagreement of networks from other seeds is not in them.
#
# ## What the weight beta buys
#
# Put a weight on the second term, $\mathbb{E}_q[\log p(x \mid z)] - \beta\,\mathrm{KL}$ (Higgins et al., 2017). A latent number is *active* if its mean
# varies over the images (variance above 0.01).


# %%
def short_run(seed=0, **options):
    """Error, KL, active units and AUROC of a small model, trained briefly on 1,000 zeros."""
    settings = dict(epochs=10, learning_rate=2e-3, scaling=None, random_state=seed)
    model = VAE((256, 128), 8, **settings, **options)
    mean, log_var = map(torch.from_numpy, model.fit(few).encode(some))
    return {
        "squared error": model.score_rows(some, "reconstruction").mean(),
        "KL, nats": gaussian_kl(mean, log_var).sum(dim=1).mean().item(),
        "active units": active_units(mean).sum(),
        "AUROC": quality(model.score_rows(X_test, "reconstruction")),
    }


runs = {f"beta = {beta}": short_run(beta=beta) for beta in (0, 1, 5, 20)}
for beta in (0, 1, 5):
    again = [short_run(seed, beta=beta)["AUROC"] for seed in (1, 2)]
    print("beta = {}, AUROC with two other seeds: {:.4f}, {:.4f}".format(beta, *again))
runs |= {name: {"AUROC": quality(s)} for name, s in baselines(few, X_test).items()}
sweep = pd.DataFrame(runs).T
sweep.round(4)

# %% [markdown]
# (NaN: no $q(z \mid x)$. The brief runs stay behind both baselines.) The KL term is a price per nat of information. A low price buys small errors and
# expensive codes; a high price the opposite. A price of 5 or 20 costs AUROC in these brief runs. Between 0 and 1 the seed decides (first lines). Train longer
# (`epochs=40` in `short_run`) and see what remains of that. Why not $\beta = 0$, then?
# Nothing keeps its codes near $p(z)$: samples and $\log p(x)$ are lost. Below $\beta = 1$ the whole may exceed
# $\log p(x)$; above, it is still a bound, but a looser one: $\beta = 1$ is the tightest of the safe ones.
#
# ## What goes wrong
#
# **The collapse.** A slip that everybody makes once: `mse_loss`, which *averages* over 784 pixels, plus a KL term that is *summed*. With a variance $v$ that
# stays fixed, that is $\beta = 392 / v$ (784 pixels, and a half from the Gaussian): 392 for $v = 1$.
#
# **Predict, then run.** What will such a network rebuild?

# %%
collapse = {
    "beta = 392": short_run(beta=392),
    "beta = 392, annealed": short_run(beta=392, annealing=6),
    "beta = 392, free bits": short_run(beta=392, free_bits=2.0),
    "beta = 5, annealed": short_run(beta=5, annealing=6),
}
collapse = pd.concat([pd.DataFrame(collapse).T, sweep.loc["beta = 5":].drop("beta = 20")])
assert collapse.loc["beta = 392", "active units"] == 0
collapse.round(4)

# %% [markdown]
# No unit is active: the encoder answers $q(z \mid x) = p(z)$ for every image, and the decoder draws one picture for all. **Posterior collapse.** The
# AUROC hardly tells: what is far from the mean zero is often no zero. The active units tell. Two cures: **free bits** let every unit carry
# some nats for nothing (here 2), and bring most of them back. **Annealing** raises $\beta$ from 0 over the first epochs, so that codes
# become useful before they are charged. It cannot save a price that is wrong in the end; at $\beta = 5$ the numbers improve, but no unit was silent there
# anyway. The real cure is the right weight.
#
# **The likelihood prefers the anomaly.** In lesson 10 ones passed for eights. Does a likelihood know better?

# %%
eights = load_mnist(normal=8)
half = len(eights.X_train) // 2
X_eights, X_usual = eights.X_train[:half][:2000], eights.X_train[half:][:1000]
eight_model = VAE(decoder="bernoulli", epochs=12, **common).fit(X_eights)
pair = np.isin(eights.labels_test, (1, 8))
X_pair, one = eights.X_test[pair], eights.labels_test[pair] == 1
nll = eight_model.score_rows(X_pair, "log_likelihood")
for name, group in (("eights", ~one), ("ones", one)):
    print(f"minus log-likelihood of {name}: {nll[group].mean():.0f} nats")
print(f"AUROC of ones against eights: {auroc(one, nll):.3f}")

# %% [markdown]
# Far below one half: to a model that has seen only eights, nearly every 1 is *more* probable than an 8. A
# one has little ink, few pixels can surprise, and simple images are cheap under almost any model (Nalisnick et al., 2019). Two corrections:
#
# - **Typicality**: not "is it likely?" but "is it as likely as eights usually are?", $|\log p(x) - \text{mean over eights}|$.
# - **Input complexity** (Serrà et al., 2020): take away what simplicity explains, $S(x) = -\log_2 p(x) - L(x)$. The first term is the nats divided
#   by $\log 2$; $L$ is the image's length in bits, packed by deflate, the compressor in PNG and zip.

# %%
usual = eight_model.score_rows(X_usual, "log_likelihood")
bits = compressed_bits(X_pair)
fixes = baselines(X_eights, X_pair) | {
    "minus log-likelihood": nll,
    "typicality": typicality(nll, usual),
    "compressed length alone": bits,
    "input complexity": complexity_corrected(nll, bits),
}
fixed = {name: auroc(one, values) for name, values in fixes.items()}
assert fixed["input complexity"] > fixed["minus log-likelihood"]
pd.Series(fixed, name="AUROC").round(3).to_frame()

# %% [markdown]
# The baselines fail too. The correction lifts the AUROC from far below a half to nearly 1. But the compressed length alone, turned round,
# reaches $1 - 0.025$, more than the correction: these anomalies are simply simpler.
# Typicality assumes less and gets less: an unusually easy eight is as suspicious as a one.
#
# **Predict, then run.** What does the same correction do when ones are normal and everything else is an anomaly?

# %%
X_ones = load_mnist(normal=1).X_train[:2000]
one_model = VAE(decoder="bernoulli", epochs=8, **common).fit(X_ones)
nll = one_model.score_rows(X_test, "log_likelihood")
corrected = complexity_corrected(nll, compressed_bits(X_test))
for name, values in (("minus log-likelihood", nll), ("corrected", corrected)):
    print(f"ones normal, {name}: AUROC {auroc(digits != 1, values):.3f}")

gaussian = VAE(epochs=8, **common).fit(X_eights)
nll = gaussian.score_rows(X_pair, "log_likelihood")
print(f"eights normal, Gaussian decoder, uncorrected: AUROC of ones {auroc(one, nll):.3f}")

# %% [markdown]
# The correction has ruined a detector that was nearly perfect: the length of the file outweighs what the model knows. A
# correction is an assumption about the anomalies, here that they are simple; without labels you cannot check it. The Gaussian decoder
# (last line) errs less badly on the ones, but still below one half: no cure.
#
# ## All digits, all test images
#
# `benchmarks/one_class_digits.py` trains on all images of the normal digit, for each of ten digits, with three seeds (convolutional models: one seed, 12
# epochs). Its VAE is larger than ours (32 latent numbers, 40 epochs); VAEs score by the reconstruction probability, with a Gaussian decoder. AUROC:
#
# | | 0 normal, mean of seeds | 0 normal, worst seed | 8 normal | mean of ten digits |
# |---|---|---|---|---|
# | PCA, 32 directions | 0.9925 | 0.9925 | 0.849 | 0.9553 |
# | 5 nearest neighbours | 0.9945 | 0.9945 | 0.887 | 0.9542 |
# | dense autoencoder | 0.9957 | 0.9956 | 0.875 | 0.9637 |
# | convolutional autoencoder | 0.9935 | 0.9935 | 0.875 | 0.9555 |
# | VAE | 0.9977 | 0.9969 | 0.912 | 0.9746 |
# | convolutional VAE | 0.9947 | 0.9947 | 0.874 | 0.9583 |
#
# The VAE leads in every column of this table. It differs from the dense autoencoder in activation and training too, so do not credit the
# probabilities alone. Eights stay the hardest digit for all six.
#
# ## Recap
#
# A variational autoencoder maximises a lower bound of $\log p(x)$: rebuild well, keep codes cheap. Gradients pass when the noise is
# drawn outside; the KL term has a closed form. The decoder's distribution decides the quality of every score. Count active
# units, and do not take a high likelihood for normality.
#
# ## Check yourself
#
# <details><summary>1. The encoder's variances are all 1 and its means all 0. What does the KL term say, and what does the decoder draw?</summary>
# 0: the code says nothing about x. The decoder draws the mean of the training data, always: a posterior collapse.</details>
#
# <details><summary>2. Can the ELBO of an image exceed its log-likelihood? Can an importance-weighted bound with K = 100?</summary>
# No, neither: both are lower bounds in expectation. A single estimate from random draws may lie above by chance.</details>
#
# <details><summary>3. Your VAE gives a flat grey image a higher likelihood than its own training images. Is there a bug?</summary>
# Not necessarily: simple images are cheap under many models. Compare with the usual likelihood of normal images or
# with the compressed length, and know what each assumes.</details>
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
# - A doctor asks: "how sure is your model that this scan is abnormal?" Which numbers of this lesson would you give her, and what does each leave
#   out? *(A good answer weighs: the spread over codes is the doubt of one network; a false-positive rate on held-out data is a promise about many
#   patients, not about this one.)*
# - Decoder, score and $\beta$ were compared by their AUROC on digits 1 to 9. Tomorrow comes an anomaly that nobody has seen. Which of these choices do you
#   still trust? *(A good answer weighs: a choice by AUROC is fitted to the anomalies at hand, one by held-out likelihood is not; tune on some kinds,
#   test on others; every correction is an assumption.)*
