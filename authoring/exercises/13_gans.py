# %% [markdown]
# # Exercises: Generative adversarial networks
#
# Fourteen tasks, about 105 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# Solve the tasks in any order; none needs another one. First run the two cells at the top.

# %%
import numpy as np
import torch
from torch import nn

from course_lib.checks import gans as check

# %% [markdown]
# ### Task 13.1 One range for both  ●○○  5 min
#
# A generator that ends in Tanh paints in the range -1 to 1. If the real images lie in 0 to 255, or in 0 to 1, the range alone
# can give it away. (In principle: in the lesson's lottery the recipe with two ranges kept its variety, and mending the range alone
# made it collapse. Mend it, then look at the samples.) Write `to_range(X, source, target)`: bring the values of `X` by a straight line from the range
# `source = (a, b)` to the range `target = (c, d)`, so that $a$ becomes $c$ and $b$ becomes $d$. The borders are those of the
# *kind* of data, not of this batch, and a range may run downwards, $a > b$. Any shape may come, bytes as well as floats; floats come out.
#
# <details><summary>Hint 1</summary>First find out which share of the way from a to b each value has gone.</details>
# <details><summary>Hint 2</summary>That share is <code>(X - a) / (b - a)</code>; then scale by the target's width and shift. For bytes call <code>X.astype(float)</code> first.</details>


# %%
def to_range(X, source, target):
    """X, any shape, from the range source = (a, b) to the range target = (c, d)."""
    # SOLUTION
    (a, b), (c, d) = source, target
    share = (X.astype(float) - a) / (b - a)
    return c + share * (d - c)
    # END SOLUTION


# %% tags=["check"]
check.to_range(to_range)

# %% [markdown]
# ### Task 13.2 The discriminator's loss  ●○○  6 min
#
# A discriminator gives each row a logit $l$; the probability that the row is real is $D = \sigma(l)$. It should be high on real
# rows and low on generated ones, so the discriminator minimises
# $$L_D = -\frac{1}{n}\sum_{i=1}^{n} \log D(x_i) \;-\; \frac{1}{m}\sum_{j=1}^{m} \log\big(1 - D(G(z_j))\big) .$$
# Write `discriminator_loss(real, fake)`: two tensors of *logits*, shapes `(n,)` and `(m,)`, go in, one loss, a tensor that still has its
# gradient, comes out. It must be right for logits of 400 and -400 too.
#
# <details><summary>Hint 1</summary>Since 1 - sigmoid(l) = sigmoid(-l), both means are of one kind: -log sigmoid of something.</details>
# <details><summary>Hint 2</summary>PyTorch has that function in a form that cannot overflow, with and without its sign: look at <code>nn.functional.logsigmoid</code> and <code>nn.functional.softplus</code>.</details>


# %%
def discriminator_loss(real, fake):
    """The loss of logits on real rows, (n,), and on generated rows, (m,)."""
    # SOLUTION
    return nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()
    # END SOLUTION


# %% tags=["check"]
check.discriminator_loss(discriminator_loss)

# %% [markdown]
# ### Task 13.3 Two losses for the generator  ●○○  6 min
#
# The generator wants the opposite. In the minimax game it *minimises* $\frac{1}{m}\sum \log(1 - D(G(z_j)))$, the **saturating** loss;
# in practice it minimises the **non-saturating** $-\frac{1}{m}\sum \log D(G(z_j))$ instead. Write `generator_loss(fake, saturating)`: logits on generated
# rows, shape `(m,)`, and `True` or `False`; one loss comes out, a tensor with its gradient. Logits of 400 and -400 may come.
#
# <details><summary>Hint 1</summary>Mind the signs: a generator that gets better lowers both losses. Is the first one positive or negative?</details>
# <details><summary>Hint 2</summary>log(1 - D) is <code>logsigmoid(-l)</code>, log D is <code>logsigmoid(l)</code>.</details>


# %%
def generator_loss(fake, saturating):
    """The saturating or the non-saturating loss of logits on generated rows, (m,)."""
    # SOLUTION
    log_sigmoid = nn.functional.logsigmoid
    return log_sigmoid(-fake).mean() if saturating else -log_sigmoid(fake).mean()
    # END SOLUTION


# %% tags=["check"]
check.generator_loss(generator_loss)

# %% [markdown]
# ### Task 13.4 The best discriminator there can be  ●●○  8 min
#
# If real rows have the density $p$ and generated ones the density $q$, no discriminator has a lower loss than
# $$D^*(x) = \frac{p(x)}{p(x) + q(x)} .$$
# Write `optimal_discriminator(log_p, log_q)`: the *logarithms* of the two densities at some rows, arrays of shape `(n,)`, go in, the
# probabilities $D^*$ come out. Densities of images are often smaller than the smallest float: $\log p = -2000$ may come.
#
# <details><summary>Hint 1</summary>Divide numerator and denominator by p: only the quotient q / p is left.</details>
# <details><summary>Hint 2</summary>It is a sigmoid. Of what? <code>scipy.special.expit</code> is a sigmoid that does not overflow.</details>

# %%
from scipy.special import expit


def optimal_discriminator(log_p, log_q):
    """D* at n rows, from log densities of shape (n,)."""
    # SOLUTION
    return expit(log_p - log_q)
    # END SOLUTION


# %% tags=["check"]
check.optimal_discriminator(optimal_discriminator)

# %% [markdown]
# ### Task 13.5 How many modes are left?  ●●○  8 min
#
# A generator was to learn a distribution with $k$ modes, at known centres. It has **found** a mode if at least `minimum` of its samples lie
# within `radius` of the centre (Euclidean distance); a sample near two centres counts for both. Write `recall_of_modes(samples, centres, radius, minimum)`: samples `(n, 2)`, centres `(k, 2)`;
# return the share of the modes that were found.
#
# <details><summary>Hint 1</summary><code>samples[:, None] - centres</code> has shape (n, k, 2): every sample minus every centre.</details>
# <details><summary>Hint 2</summary>Take <code>np.linalg.norm</code> over the last axis, compare with the radius, count over the samples (axis 0), compare with the minimum, and take a mean.</details>


# %%
def recall_of_modes(samples, centres, radius, minimum):
    """Share of the centres, (k, 2), with at least `minimum` samples, (n, 2), within `radius`."""
    # SOLUTION
    distances = np.linalg.norm(samples[:, None] - centres, axis=-1)
    near = (distances <= radius).sum(axis=0)
    return (near >= minimum).mean()
    # END SOLUTION


# %% tags=["check"]
check.recall_of_modes(recall_of_modes)

# %% [markdown]
# ### Task 13.6 The gradient penalty  ●●●  12 min
#
# A Wasserstein critic $f$ may not be steeper than 1. Gulrajani et al. (2017) ask for it at random points *between* real and generated
# rows, with a share $\varepsilon_i$ of its own for each row:
# $$\hat x_i = \varepsilon_i\, x_i + (1 - \varepsilon_i)\, \tilde x_i, \qquad P = \frac{1}{n}\sum_{i=1}^{n}\big(\lVert \nabla f(\hat x_i) \rVert_2 - 1\big)^2 .$$
# Write `gradient_penalty(critic, real, fake, generator)`: `critic(rows)` gives shape `(n,)`; `real` and `fake` have shape `(n, d)`. Draw the shares with
# `torch.rand(len(real), 1, generator=generator)`, exactly so and once. One tensor comes out, from which the critic's weights get a gradient.
#
# <details><summary>Hint 1</summary>The mixed points need <code>requires_grad_()</code> before the critic sees them. Each row's verdict depends on that row only, so the gradient of the sum of all verdicts holds each row's own.</details>
# <details><summary>Hint 2</summary><code>torch.autograd.grad(total, points, create_graph=True)</code> returns a tuple with one tensor, shape (n, d). Without <code>create_graph</code> the penalty could not be differentiated.</details>


# %%
def gradient_penalty(critic, real, fake, generator):
    """Mean squared deviation from 1 of the critic's slope between real and fake, (n, d)."""
    # SOLUTION
    share = torch.rand(len(real), 1, generator=generator)
    points = (share * real + (1 - share) * fake).detach().requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return ((slopes.norm(dim=1) - 1) ** 2).mean()
    # END SOLUTION


# %% tags=["check"]
check.gradient_penalty(gradient_penalty)

# %% [markdown]
# ### Task 13.7 A search for each image  ●●●  14 min
#
# For each image $x_i$ find a latent point $z_i$ whose image $G(z_i)$ is as near as possible. Start at the rows of `Z` and make `steps` steps
# of plain gradient descent,
# $$z_i \leftarrow z_i - \eta\, \nabla_{z_i} \sum_{j=1}^{d} \big(G(z_i)_j - x_{ij}\big)^2 .$$
# Write `latent_search(generator, X, Z, steps, learning_rate)`: images `(n, d)`, starts `(n, k)`; return the latent points, `(n, k)`. `generator` is a module (`nn.Module`). Search for
# all images at once, hand whole batches to it; yet no image's steps may depend on the others. `Z` and the generator's weights stay as they are.
#
# <details><summary>Hint 1</summary>Add up the losses of all rows. A row's latent point occurs in its own loss only, so the gradient of the sum has each row's own gradient as its row.</details>
# <details><summary>Hint 2</summary>Begin with <code>Z = Z.clone().requires_grad_()</code>. In the loop: the loss, then <code>torch.autograd.grad(loss, Z)</code>, which returns a tuple and piles nothing up.</details>
# <details><summary>Hint 3</summary>A step makes a new tensor; cut it loose from the old graph and let it follow gradients again, <code>.detach().requires_grad_()</code>. <code>torch.optim.SGD([Z], lr=learning_rate)</code> works as well.</details>


# %%
def latent_search(generator, X, Z, steps, learning_rate):
    """Latent points, (n, k), found from the starts Z, (n, k), for the images X, (n, d)."""
    # SOLUTION
    for _ in range(steps):
        Z = Z.detach().clone().requires_grad_()
        loss = ((generator(Z) - X) ** 2).sum()
        (slope,) = torch.autograd.grad(loss, Z)
        Z = Z - learning_rate * slope
    return Z.detach()
    # END SOLUTION


# %% tags=["check"]
check.latent_search(latent_search)

# %% [markdown]
# ### Task 13.8 Keep the best start  ●●○  6 min
#
# A search can get stuck, so each image is searched for from several starts. `Z` has shape `(r, n, k)`: latent points after `r` restarts for `n` images;
# `losses`, shape `(r, n)`, says how good each is (low is good). Write `keep_best(Z, losses)`: for each image the latent
# point of its best restart, shape `(n, k)`. Both are tensors.
#
# <details><summary>Hint 1</summary><code>losses.argmin(dim=0)</code> gives the number of the best restart for each image.</details>
# <details><summary>Hint 2</summary>Pair each image with its restart: two index tensors of length n, <code>Z[best, torch.arange(n)]</code>.</details>


# %%
def keep_best(Z, losses):
    """Z, (r, n, k), at the restart with the lowest loss, (r, n), of each image."""
    # SOLUTION
    best = losses.argmin(dim=0)
    return Z[best, torch.arange(Z.shape[1])]
    # END SOLUTION


# %% tags=["check"]
check.keep_best(keep_best)

# %% [markdown]
# ### Task 13.9 AnoGAN's score  ●○○  6 min
#
# The search has ended: $x$ is the image, $\hat x = G(z^*)$ the nearest one that the generator can make, $\phi$ a layer of the discriminator. With
# $d$ pixels and $k$ features
# $$A(x) = \frac{1 - \lambda}{d} \sum_{j=1}^{d} |x_j - \hat x_j| \;+\; \frac{\lambda}{k} \sum_{j=1}^{k} |\phi(x)_j - \phi(\hat x)_j| .$$
# That is the published form, in absolute differences; the course's `AnoGAN` takes mean squares in their place.
# Write `anogan_score(X, found, features_X, features_found, weight)`: arrays of shape `(n, d)`, `(n, d)`, `(n, k)`, `(n, k)` and $\lambda$; one score for
# each image, shape `(n,)`.
#
# <details><summary>Hint 1</summary>Both parts are means of absolute differences over the columns.</details>
# <details><summary>Hint 2</summary><code>np.abs(X - found).mean(axis=1)</code> is the first part, without its weight.</details>


# %%
def anogan_score(X, found, features_X, features_found, weight):
    """Residual and feature residual of each row, mixed with the weight lambda; shape (n,)."""
    # SOLUTION
    residual = np.abs(X - found).mean(axis=1)
    features = np.abs(features_X - features_found).mean(axis=1)
    return (1 - weight) * residual + weight * features
    # END SOLUTION


# %% tags=["check"]
check.anogan_score(anogan_score)

# %% [markdown]
# ### Task 13.10 Teach an encoder to search  ●●○  8 min
#
# f-AnoGAN (Schlegl et al., 2019) trains an encoder $E$ for a finished generator $G$: image to latent to image, compared in pixels and in
# features of the discriminator,
# $$L(E) = \operatorname{mean}\big[(x - G(E(x)))^2\big] + \kappa\, \operatorname{mean}\big[(\phi(x) - \phi(G(E(x))))^2\big] ,$$
# means of squares, over the batch and over pixels or features. Write `izi_f_loss(encoder, generator, features, X, kappa)`: three modules, images `(n, d)` and $\kappa$;
# one loss comes out, a tensor whose gradient reaches the encoder.
#
# <details><summary>Hint 1</summary>Call the encoder and the generator once, and use the rebuilt images in both terms.</details>
# <details><summary>Hint 2</summary>Weights of a network that no optimiser holds do not move: nothing must be detached. <code>nn.functional.mse_loss</code> takes the mean over everything.</details>


# %%
def izi_f_loss(encoder, generator, features, X, kappa):
    """Loss of the encoder on the images X, (n, d)."""
    # SOLUTION
    rebuilt = generator(encoder(X))
    pixels = nn.functional.mse_loss(rebuilt, X)
    seen = nn.functional.mse_loss(features(rebuilt), features(X))
    return pixels + kappa * seen
    # END SOLUTION


# %% tags=["check"]
check.izi_f_loss(izi_f_loss)

# %% [markdown]
# ### Task 13.11 GANomaly's score  ●●○  6 min
#
# GANomaly (Akcay et al., 2018) rebuilds an image and encodes the result once more, with a second encoder: $x \to z \to \hat x \to \hat z$.
# Its score, as published, compares the two *codes*, $A(x) = \lVert z - \hat z \rVert_1$, the sum of the absolute differences (the course's `GANomaly` takes the mean square). Write
# `ganomaly_score(encode, decode, encode_again, X)`: three modules and images `(n, d)`; one score for each image, shape `(n,)`, a tensor or an array.
#
# <details><summary>Hint 1</summary>Write the chain down as three lines of code, one for each arrow.</details>
# <details><summary>Hint 2</summary>The sum goes over the code, <code>sum(dim=1)</code>; nothing in a row's score may depend on the other rows.</details>


# %%
def ganomaly_score(encode, decode, encode_again, X):
    """Distance of the two codes of each row of X, (n, d); shape (n,)."""
    # SOLUTION
    code = encode(X)
    code_again = encode_again(decode(code))
    return (code - code_again).abs().sum(dim=1)
    # END SOLUTION


# %% tags=["check"]
check.ganomaly_score(ganomaly_score)

# %% [markdown]
# ### Task 13.12 A family on one GAN  ●●○  10 min
#
# From formulas to detectors. Write `gan_family(gan, X, steps, epochs)`: `gan` is a finished `GAN` of images, `X` are normal images, one a row, pixels from 0 to 1. Return
# a dict of five detectors that are ready to score:
#
# - `"start"`: an `AnoGAN` on this very GAN, from its warm start, **no** step of the search, one start for each image (`restarts=1`);
# - `"AnoGAN"`: the same with `steps` steps;
# - `"f-AnoGAN"`: an `FAnoGAN` on this very GAN, its encoder taught for `epochs` epochs;
# - `"BiGAN"` and `"GANomaly"`: these train generator, encoder and discriminator together, so they cannot take a finished GAN. Train them on `X` for `epochs` epochs,
#   without scaling, `random_state=0`. GANomaly is to score by the codes alone, as published: `residual_share=0`.
#
# All other settings stay as they are; add `verbose=False` if you like it quiet.
#
# <details><summary>Hint 1</summary><code>AnoGAN.from_gan(gan, X, ...)</code> makes a detector from a finished GAN; a parameter that you do not name is the GAN's. <code>FAnoGAN.from_gan</code> teaches the encoder on X as well.</details>
# <details><summary>Hint 2</summary>"start" is <code>AnoGAN.from_gan(gan, X, search_steps=0, restarts=1)</code>. The last two are made and then fitted, <code>BiGAN(scaling=None, ...).fit(X)</code>.</details>

# %%
from course_lib.deep import AnoGAN, BiGAN, FAnoGAN, GANomaly


def gan_family(gan, X, steps, epochs):
    """Five fitted detectors by name: three on `gan`, two with networks of their own."""
    # SOLUTION
    own = {"epochs": epochs, "scaling": None, "random_state": 0, "verbose": False}
    return {
        "start": AnoGAN.from_gan(gan, X, search_steps=0, restarts=1),
        "AnoGAN": AnoGAN.from_gan(gan, X, search_steps=steps, restarts=1),
        "f-AnoGAN": FAnoGAN.from_gan(gan, X, epochs=epochs),
        "BiGAN": BiGAN(**own).fit(X),
        "GANomaly": GANomaly(residual_share=0, **own).fit(X),
    }
    # END SOLUTION


# %% tags=["check"]
check.gan_family(gan_family)

# %% [markdown]
# Once your family has passed, let the five compete on images: 300 zeros to learn from, 80 zeros and 120 other digits to score, the course's pretrained GAN (which has seen
# more zeros, for longer, than the last two see here), and nearest neighbours beside them. **Predict, then run.** Which is the slowest, and does the
# search rank better than its start?

# %% tags=["slow"]
import time

import pandas as pd

from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import load_pretrained
from course_lib.ml import KNN

data = load_mnist(normal=0)
zeros, others = np.flatnonzero(data.y_test == 0)[:80], np.flatnonzero(data.y_test)[:120]
few, X = np.r_[zeros, others], data.X_train[:300]
family = gan_family(load_pretrained("anogan_zeros"), X, steps=20, epochs=20)
family["5 nearest neighbours"] = KNN(n_neighbors=5, method="mean").fit(X)
rows = {}
for name, detector in family.items():
    began = time.perf_counter()
    values = detector.decision_function(data.X_test[few])
    milliseconds = 1000 * (time.perf_counter() - began) / len(few)
    rows[name] = [auroc(data.y_test[few], values), milliseconds]
pd.DataFrame.from_dict(rows, orient="index", columns=["AUROC", "ms per image"]).round(3)

# %% [markdown]
# <details><summary>What to see</summary>
# The search costs by far the most, and its start ranks about as well: the generated images that it chooses from do the work. The encoder needs one pass and is as good.
# GANomaly has seen five batches in each epoch, which is little: try <code>epochs=60</code>. And nearest neighbours, with nothing to train,
# are hardly behind the best.</details>

# %% [markdown]
# ### Task 13.13 Reading the game  ●○○  5 min
#
# Four questions on a game in progress. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>For q1: put D = 1/2 into the discriminator's loss. For q2: differentiate both losses by the logit.</details>

# %%
check.game_quiz.show()

# %%
# SOLUTION
# STUB: game_answers = {"q1": None, "q2": None, "q3": None, "q4": None}
game_answers = {"q1": "b", "q2": "d", "q3": "a", "q4": "c"}
# END SOLUTION

# %% tags=["check"]
check.reading_the_game(game_answers)

# %% [markdown]
# ### Task 13.14 AnoGAN and the autoencoder  ●●○  6 min
#
# Both rebuild an image and score what is missing. Four questions on what they do not have in common.
#
# <details><summary>Hint 1</summary>Follow one test image through each of the two, from the pixels to the score: which networks does it meet, how often, and what were they trained for?</details>

# %%
check.difference_quiz.show()

# %%
# SOLUTION
# STUB: difference_answers = {"q1": None, "q2": None, "q3": None, "q4": None}
difference_answers = {"q1": "b", "q2": "d", "q3": "b", "q4": "a"}
# END SOLUTION

# %% tags=["check"]
check.anogan_differences(difference_answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write five sentences on each, then unfold what a good answer weighs.
#
# **1.** Name three differences between AnoGAN and an autoencoder, and for each the situation in which it would decide your choice.
#
# <details><summary>What a good answer weighs</summary>
# The code: searched for each image against encoded in one pass, which decides where thousands of images a second arrive. The aim: a
# generator is trained to make images that pass as normal, an autoencoder to copy, so an autoencoder with a wide code may copy
# anomalies, while a generator hardly can; that decides where memorisation is the trouble. The risk: a GAN may drop kinds of normal
# images without telling (false alarms), and varies from seed to seed; an autoencoder trains steadily. Good answers say how they
# would measure each: time per image, recall of modes or errors of held-out normal rows, spread over seeds.</details>
#
# **2.** A colleague reports AUROC 0.96 with AnoGAN, from one run, with the epoch chosen by the test set. What do you ask for before you
# believe it, and what would you run yourself?
#
# <details><summary>What a good answer weighs</summary>
# The spread over seeds, the worst one included; how epoch, weights and threshold were chosen, without test labels; whether the
# plain baselines (PCA, nearest neighbours) were given the same rows. Whether a search really takes place: do two different
# images get different reconstructions, and does the loss fall during the search? An image made by the generator itself should be
# found again, with a score near zero.</details>
