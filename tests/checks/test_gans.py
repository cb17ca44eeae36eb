"""The checks of the exercise set on GANs: solutions pass, stubs stay open, wrong answers learn why."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, gans
from course_lib.checks.gans import references
from course_lib.deep import AnoGAN, BiGAN, FAnoGAN, GANomaly
from course_lib.deep.gan import losses

SLUG = "13_gans"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)
F = nn.functional


def scaled(recipe):
    """An answer made of a recipe for (X as floats, a, b, c, d)."""
    return lambda X, source, target: recipe(np.asarray(X, dtype=float), *source, *target)


def own_borders(X, a, b, c, d):
    return c + (X - X.min()) / (X.max() - X.min()) * (d - c)


def bytes_go_round(X, source, target):
    return (X * (target[1] - target[0])) / (source[1] - source[0]) + target[0]


def game(on_real, on_fake):
    return lambda real, fake: on_real(real).mean() + on_fake(fake).mean()


def log(value):
    return torch.log(torch.sigmoid(value))


def through_probabilities(real, fake):
    loss = nn.BCELoss()
    return loss(real.sigmoid(), torch.ones_like(real)) + loss(fake.sigmoid(), torch.zeros_like(fake))


def two(saturating_loss, other):
    return lambda fake, saturating: saturating_loss(fake) if saturating else other(fake)


def minimax(fake):
    return F.logsigmoid(-fake).mean()


def steep(fake):
    return -F.logsigmoid(fake).mean()


def penalty(**switch):
    return lambda critic, real, fake, generator: references.gradient_penalty(critic, real, fake, generator, **switch)


def fresh_shares(critic, real, fake, generator):
    return references.gradient_penalty(critic, real, fake, torch.Generator().manual_seed(torch.seed()))


def search(**switch):
    return lambda net, X, Z, steps, rate: references.latent_search(net, X, Z, steps, rate, **switch)


def one_by_one(net, X, Z, steps, rate):
    rows = [references.latent_search(net, X[i : i + 1], Z[i : i + 1], steps, rate) for i in range(len(X))]
    return torch.cat(rows)


def in_place(net, X, Z, steps, rate):
    Z.requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(((net(Z) - X) ** 2).sum(), Z)
        with torch.no_grad():
            Z -= rate * slope
    return Z


def by_attribute(Z):
    return Z.detach().clone().requires_grad_()


def moves_weights(net, X, Z, steps, rate):
    Z = by_attribute(Z)
    optimiser = torch.optim.SGD([Z, *net.parameters()], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        ((net(Z) - X) ** 2).sum().backward()
        optimiser.step()
    return Z


def modes(count):
    def recall(samples, centres, radius, minimum):
        distances = np.linalg.norm(samples[:, None] - centres, axis=-1)
        return count(distances, radius, minimum)

    return recall


def nearest_within(distances, radius, minimum):
    own = distances.argmin(axis=1)[(distances <= radius).any(axis=1)]
    return (np.bincount(own, minlength=distances.shape[1]) >= minimum).mean()


def city_blocks(samples, centres, radius, minimum):
    return ((np.abs(samples[:, None] - centres).sum(axis=-1) <= radius).sum(axis=0) >= minimum).mean()


def nearest_only(distances, radius, minimum):
    return (np.bincount(distances.argmin(axis=1), minlength=distances.shape[1]) >= minimum).mean()


def squares(samples, centres, radius, minimum):
    return ((np.abs(samples[:, None] - centres).max(axis=-1) <= radius).sum(axis=0) >= minimum).mean()


def score(residual, features):
    return lambda X, G, fX, fG, w: (1 - w) * residual(X - G) + w * features(fX - fG)


def mean_abs(gap):
    return np.abs(gap).mean(axis=1)


def izi(pixel=lambda gap: (gap**2).mean(), feature=lambda gap: (gap**2).mean(), a=lambda k: 1.0, b=lambda k: k):
    def loss(encoder, generator, features, X, kappa):
        rebuilt = generator(encoder(X))
        return a(kappa) * pixel(rebuilt - X) + b(kappa) * feature(features(rebuilt) - features(X))

    return loss


def codes_compared(encoder, generator, features, X, kappa):
    rebuilt = generator(encoder(X))
    return F.mse_loss(rebuilt, X) + kappa * F.mse_loss(encoder(rebuilt), encoder(X))


def cut_off(encoder, generator, features, X, kappa):
    with torch.no_grad():
        rebuilt = generator(encoder(X))
    return F.mse_loss(rebuilt, X) + kappa * F.mse_loss(features(rebuilt), features(X))


def half_cut_off(encoder, generator, features, X, kappa):
    rebuilt = generator(encoder(X))
    return F.mse_loss(rebuilt, X) + kappa * F.mse_loss(features(rebuilt.detach()), features(X))


def means_squared(encoder, generator, features, X, kappa):
    rebuilt = generator(encoder(X))
    return (X - rebuilt).mean() ** 2 + kappa * (features(X) - features(rebuilt)).mean() ** 2


def codes_alone(encoder, generator, features, X, kappa):
    return F.mse_loss(encoder(generator(encoder(X))), encoder(X))


def steps_by_itself(loss):
    """An answer that propagates its loss before it returns it."""

    def answer(*arguments, **named):
        value = loss(*arguments, **named)
        value.backward()
        return value

    return answer


def by_backward(critic, real, fake, generator):
    share = torch.rand(len(real), 1, generator=generator)
    points = (share * real + (1 - share) * fake).requires_grad_()
    critic(points).sum().backward(create_graph=True)
    return ((points.grad.norm(dim=1) - 1) ** 2).mean()


def codes(measure):
    return lambda e, g, e2, X: measure(e(X) - e2(g(e(X))))


def over_the_batch(e, g, e2, X):
    found = codes(lambda gap: gap.abs().sum(dim=1))(e, g, e2, X)
    return (found - found.min()) / (found.max() - found.min())


WRONG = {
    "to_range": [
        (scaled(own_borders), "smallest and largest value in X"),
        (scaled(lambda X, a, b, c, d: (X - a) / (b - a)), "range 0 to 1"),
        (scaled(lambda X, a, b, c, d: (X - a) / (b - a) * (d - c)), "lower border of the target is missing"),
        (scaled(lambda X, a, b, c, d: (X - a) / (b - a) * 2 - 1), "whatever the target is"),
        (scaled(lambda X, a, b, c, d: a + (X - c) / (d - c) * (b - a)), "swapped"),
        (scaled(lambda X, a, b, c, d: X / b * (d - c) + c), "lower border of the source is missing"),
        (scaled(lambda X, a, b, c, d: X / (b - a) * (d - c) + c), "does not land on the target's"),
        (scaled(lambda X, a, b, c, d: X / 255 * (d - c) + c), "255 whatever the source is"),
        (scaled(lambda X, a, b, c, d: (X - a) / 255 * (d - c) + c), "by 255: the width"),
        (
            scaled(lambda X, a, b, c, d: (X - min(a, b)) / abs(b - a) * abs(d - c) + min(c, d)),
            "sorted the borders",
        ),
        (scaled(lambda X, a, b, c, d: d - (X - a) / (b - a) * (d - c)), "upside down"),
        (scaled(lambda X, a, b, c, d: (X - a) * (d - c) + c), "divide by the width"),
        (scaled(lambda X, a, b, c, d: np.clip(c + (X - a) / (b - a) * (d - c), c, d)), "cut off values"),
        (lambda X, s, t: scaled(lambda X, a, b, c, d: c + (X - a) / (b - a) * (d - c))(X, s, t).astype(int), "whole"),
        (bytes_go_round, "Your numbers went round"),
    ],
    "discriminator_loss": [
        (game(F.softplus, lambda fake: F.softplus(-fake)), "targets are swapped"),
        (lambda real, fake: (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2, "halved"),
        (lambda real, fake: -F.logsigmoid(real).mean() - F.logsigmoid(fake).mean(), "call both heaps real"),
        (lambda real, fake: F.softplus(real).mean() + F.softplus(fake).mean(), "call both heaps fake"),
        (lambda real, fake: F.softplus(-real).mean() + F.softplus(fake.detach()).mean(), "from generated rows"),
        (lambda real, fake: F.softplus(-real.detach()).mean() + F.softplus(fake).mean(), "from real rows"),
        (steps_by_itself(lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean()), "You called backward"),
        (lambda real, fake: F.softplus(-real).mean(), "generated rows are missing"),
        (lambda real, fake: F.softplus(fake).mean(), "real rows are missing"),
        (lambda real, fake: F.softplus(-real).sum() + F.softplus(fake).sum(), "summed over the rows"),
        (lambda real, fake: torch.cat([F.softplus(-real), F.softplus(fake)]).mean(), "one mean over both heaps"),
        (lambda real, fake: F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean(), "sign is wrong"),
        (game(lambda real: F.softplus(-real.sigmoid()), lambda fake: F.softplus(fake.sigmoid())), "applied twice"),
        (lambda real, fake: F.softplus(-real).mean().item() + F.softplus(fake).mean().item(), "no gradient can flow"),
        (lambda real, fake: -log(real).mean() - torch.log(1 - torch.sigmoid(fake)).mean(), "exactly 0 or 1 in 32 bits"),
        (through_probabilities, "caps the loss"),
    ],
    "generator_loss": [
        (two(steep, minimax), "The two are swapped"),
        (two(minimax, minimax), "always return the saturating"),
        (two(steep, steep), "always return the non-saturating"),
        (two(lambda fake: -minimax(fake), steep), "The saturating loss has the wrong sign"),
        (two(minimax, lambda fake: -steep(fake)), "The non-saturating loss has the wrong sign"),
        (two(lambda fake: -minimax(fake), lambda fake: -steep(fake)), "Both signs are wrong"),
        (two(lambda fake: minimax(fake) * len(fake), lambda fake: steep(fake) * len(fake)), "You summed"),
        (two(lambda fake: -minimax(fake), minimax), "more than a sign"),
        (two(minimax, lambda fake: -minimax(fake)), "the other one with its sign turned"),
        (steps_by_itself(two(minimax, steep)), "You called backward"),
        (two(lambda fake: minimax(fake).item(), lambda fake: steep(fake).item()), "no gradient can flow"),
        (two(lambda fake: torch.log(1 - fake.sigmoid()).mean(), lambda fake: -log(fake).mean()), "exactly 0 or 1"),
        (
            two(
                lambda fake: torch.log(1 - fake.sigmoid() + 1e-8).mean(),
                lambda f: -torch.log(f.sigmoid() + 1e-8).mean(),
            ),
            "caps the loss",
        ),
    ],
    "optimal_discriminator": [
        (lambda p, q: np.exp(p) / (np.exp(p) + np.exp(q)), "underflow to 0"),
        (lambda p, q: expit(q - p), "being generated"),
        (lambda p, q: np.exp(p - q), "stopped at the quotient"),
        (lambda p, q: p - q, "returned the logit"),
        (lambda p, q: p / (p + q), "logarithms into the formula"),
        (lambda p, q: p > q, "returned a decision"),
        (lambda p, q: np.exp(p), "density of the real rows"),
        (lambda p, q: expit(p), "generator's density is missing"),
        (lambda p, q: (np.exp(p) + 1e-300) / (np.exp(p) + np.exp(q) + 2e-300), "a constant in the quotient"),
    ],
    "recall_of_modes": [
        (modes(lambda d, r, m: ((d <= r).sum(axis=0) > m).mean()), "exactly `minimum` samples counts"),
        (modes(lambda d, r, m: (d <= r).any(axis=0).mean()), "as soon as one sample"),
        (modes(lambda d, r, m: (d <= r).any(axis=1).mean()), "share of SAMPLES"),
        (modes(nearest_only), "nearest mode, however far"),
        (modes(nearest_within), "counts for both"),
        (squares, "squares"),
        (city_blocks, "stand on a corner"),
        (modes(lambda d, r, m: ((d <= r).sum(axis=0) >= m).sum()), "number of modes found"),
        (modes(lambda d, r, m: ((d <= r).sum(axis=0) < m).mean()), "missing"),
        (modes(lambda d, r, m: ((d**2 <= r).sum(axis=0) >= m).mean()), "squared distances"),
    ],
    "gradient_penalty": [
        (penalty(swapped=True), "shares are swapped"),
        (penalty(one_share=True), "one share for the whole batch"),
        (penalty(pixel_shares=True), "a share for each column"),
        (penalty(at="real"), "the real rows only"),
        (penalty(at="fake"), "the generated rows only"),
        (penalty(measure=lambda slopes: slopes.norm().reshape(1)), "one length for the whole batch"),
        (penalty(measure=lambda slopes: slopes.norm(dim=0)), "go down the columns"),
        (penalty(measure=lambda slopes: slopes.abs().sum(dim=1)), "added absolute values"),
        (lambda *given: 10 * references.gradient_penalty(*given), "multiplied by 10"),
        (by_backward, "left gradients on the critic's weights"),
        (penalty(judged="mean"), "too small by the number of rows"),
        (penalty(reduce=lambda length: ((length - 1) ** 2).sum()), "summed over the rows"),
        (penalty(reduce=lambda length: (length**2).mean()), "pull the slopes to 0"),
        (penalty(reduce=lambda length: ((length**2 - 1) ** 2).mean()), "squared length"),
        (penalty(reduce=lambda length: (length.mean() - 1) ** 2), "averaged the lengths first"),
        (penalty(reduce=lambda length: (length - 1).abs().mean()), "absolute deviation"),
        (penalty(reduce=lambda length: ((length - 1).clamp(min=0) ** 2).mean()), "only slopes above 1"),
        (penalty(graph=False), "create_graph=True"),
        (fresh_shares, "another penalty the second time"),
    ],
    "latent_search": [
        (lambda net, X, Z, steps, rate: Z.clone(), "returned the starting points"),
        (lambda net, X, Z, steps, rate: net(search()(net, X, Z, steps, rate)), "returned the images"),
        (search(reduce="mean"), "the mean over the rows"),
        (search(reduce="all"), "rows and pixels"),
        (search(reduce="pixels"), "the mean over the pixels"),
        (search(pile_up=True), "pile up"),
        (search(sign=1.0), "walk uphill"),
        (search(shared=True), "All points make the same step"),
        (search(reduce="lengths"), "without the root"),
        (search(absolute=True), "absolute differences"),
        (lambda net, X, Z, steps, rate: search()(net, X, Z, steps + 1, rate), "one step too many"),
        (lambda net, X, Z, steps, rate: search()(net, X, Z, steps - 1, rate), "one step too few"),
        (lambda net, X, Z, steps, rate: search()(net, X, Z, 1, rate), "a single step"),
        (search(adam=True), "stepped with Adam"),
        (one_by_one, "one by one"),
        (in_place, "changes its input in place"),
        (moves_weights, "changed the generator's weights"),
    ],
    "keep_best": [
        (lambda Z, loss: Z[loss.sum(dim=1).argmin()], "one restart for all images"),
        (lambda Z, loss: Z[loss.argmax(dim=0), torch.arange(Z.shape[1])], "worst start"),
        (lambda Z, loss: Z.mean(dim=0), "averaged the starts"),
        (lambda Z, loss: loss.min(dim=0).values, "returned the lowest losses"),
        (lambda Z, loss: loss.argmin(dim=0), "numbers of the best starts"),
        (lambda Z, loss: Z[torch.arange(len(Z)), loss.argmin(dim=1)], "best image of each start"),
        (lambda Z, loss: Z[0].clone(), "always kept the first"),
        (lambda Z, loss: Z[-1].clone(), "always kept the last"),
        (lambda Z, loss: Z[loss.argmin(dim=0)], "for ALL images"),
    ],
    "anogan_score": [
        (lambda X, G, fX, fG, w: w * mean_abs(X - G) + (1 - w) * mean_abs(fX - fG), "The weight belongs to"),
        (lambda X, G, fX, fG, w: mean_abs(X - G) + w * mean_abs(fX - fG), "keep their full weight"),
        (lambda X, G, fX, fG, w: mean_abs(X - G), "features are missing"),
        (lambda X, G, fX, fG, w: mean_abs(fX - fG), "pixels are missing"),
        (lambda X, G, fX, fG, w: mean_abs(X - G) + mean_abs(fX - fG), "The weight is missing"),
        (score(lambda gap: np.abs(gap).sum(axis=1), lambda gap: np.abs(gap).sum(axis=1)), "You took sums"),
        (score(lambda gap: (gap**2).mean(axis=1), lambda gap: (gap**2).mean(axis=1)), "You squared"),
        (score(lambda gap: gap.mean(axis=1), lambda gap: gap.mean(axis=1)), "cancel each other"),
        (score(lambda gap: np.abs(gap.mean(axis=1)), lambda gap: np.abs(gap.mean(axis=1))), "averaged first"),
        (lambda X, G, fX, fG, w: 0.9 * mean_abs(X - G) + 0.1 * mean_abs(fX - fG), "fixed lambda"),
        (lambda X, G, fX, fG, w: mean_abs(np.hstack([X - G, fX - fG])), "without weights"),
        (lambda X, G, fX, fG, w: mean_abs(np.hstack([(1 - w) * (X - G), w * (fX - fG)])), "weighted both parts"),
        (score(lambda gap: np.abs(gap).mean(), lambda gap: np.abs(gap).mean()), "one number for all images"),
    ],
    "izi_f_loss": [
        (izi(b=lambda k: 0.0), "The features are missing"),
        (izi(b=lambda k: 1.0), "weight kappa is missing"),
        (izi(a=lambda k: k, b=lambda k: 1.0), "wrong term"),
        (codes_compared, "compared latent codes"),
        (codes_alone, "the codes alone"),
        (means_squared, "You squared the means"),
        (steps_by_itself(izi()), "You called backward"),
        (izi(a=lambda k: 1 - k), "AnoGAN's, not this loss's"),
        (izi(lambda gap: (gap**2).sum(dim=1).mean(), lambda gap: (gap**2).sum(dim=1).mean()), "pixels and features"),
        (izi(lambda gap: (gap**2).sum(), lambda gap: (gap**2).sum()), "size of the batch"),
        (izi(lambda gap: gap.abs().mean(), lambda gap: gap.abs().mean()), "absolute differences"),
        (
            lambda e, g, f, X, kappa: F.mse_loss(g(e(X)), X) + kappa * (f(X) ** 2).mean(),
            "features of the rebuilt image are missing",
        ),
        (cut_off, "the encoder cannot learn"),
        (half_cut_off, "one of the two terms does not reach"),
    ],
    "ganomaly_score": [
        (lambda e, g, e2, X: (g(e(X)) - X).abs().sum(dim=1), "You compared images"),
        (lambda e, g, e2, X: (e(X) - e(g(e(X)))).abs().sum(dim=1), "first encoder twice"),
        (lambda e, g, e2, X: (e(X) - e2(X)).abs().sum(dim=1), "the original to the second encoder"),
        (codes(lambda gap: (gap**2).sum(dim=1)), "You squared"),
        (codes(lambda gap: gap.norm(dim=1)), "Euclidean length"),
        (codes(lambda gap: gap.abs().mean(dim=1)), "the mean over the code"),
        (codes(lambda gap: gap.sum(dim=1)), "opposite sign cancel"),
        (codes(lambda gap: gap.abs().sum()), "one number for the whole batch"),
        (over_the_batch, "scaled to 0..1 over the batch"),
        (
            codes(lambda gap: gap.abs().sum(dim=1).squeeze() if len(gap) > 1 else gap.abs().sum()),
            "a batch of one image",
        ),
    ],
}


def family(start=(), search=(), encoder=(), bigan=(), ganomaly=(), drop=(), swap=False):
    """The solution's five detectors, each with changes to the parameters that it is made with."""

    def answer(gan, X, steps, epochs):
        made = {
            "start": anogan(gan, X, 0, dict(start)),
            "AnoGAN": anogan(gan, X, steps, dict(search)),
            "f-AnoGAN": FAnoGAN.from_gan(gan, X, **{"epochs": epochs, **dict(encoder)}),
            "BiGAN": BiGAN(**{**OWN, "epochs": epochs, **dict(bigan)}).fit(X),
            "GANomaly": GANomaly(**{**OWN, "epochs": epochs, "residual_share": 0, **dict(ganomaly)}).fit(X),
        }
        if swap:
            made["start"], made["AnoGAN"] = made["AnoGAN"], made["start"]
        return {name: detector for name, detector in made.items() if name not in drop}

    return answer


OWN = {"scaling": None, "random_state": 0, "verbose": False, "device": "cpu"}


def anogan(gan, X, steps, changes):
    return AnoGAN.from_gan(gan, X, **{"search_steps": steps, "restarts": 1, **changes})


def with_one(name, make):
    """The solution's dict with one detector made in another way, from (gan, X, steps, epochs)."""
    return lambda *given: {**family()(*given), name: make(*given)}


def trained_on(gan, X, steps, epochs):
    gan.fit(X)
    return family()(gan, X, steps, epochs)


FAMILY = [
    (trained_on, "once more"),
    (lambda *given: list(family()(*given).values()), "Return a dict"),
    (family(drop=("BiGAN", "GANomaly")), "BiGAN and GANomaly: not in your dict"),
    (with_one("BiGAN", lambda *given: BiGAN), "a class 'BiGAN'"),
    (with_one("f-AnoGAN", lambda gan, X, steps, epochs: anogan(gan, X, steps, {})), "fitted FAnoGAN"),
    (with_one("GANomaly", lambda gan, X, steps, epochs: GANomaly(residual_share=0, **OWN)), "needs fit"),
    (with_one("AnoGAN", lambda gan, X, steps, epochs: anogan(gan, X[:20], steps, {})), "hand over all of X"),
    (
        with_one(
            "AnoGAN",
            lambda gan, X, steps, epochs: AnoGAN(
                **OWN, latent_size=3, hidden_sizes=(16, 8), search_steps=steps, restarts=1, epochs=2
            ).fit(X),
        ),
        "trains a GAN from the beginning",
    ),
    (
        with_one("f-AnoGAN", lambda gan, X, steps, epochs: FAnoGAN(**OWN, gan_epochs=1, epochs=1 + epochs).fit(X)),
        "'f-AnoGAN' has another generator",
    ),
    (family(start={"bank_size": 0}, search={"bank_size": 0}), "begins at a random point"),
    (family(start={"restarts": 2}, search={"restarts": 2}), "'start' has restarts=2"),
    (family(search={"restarts": 2}), "'AnoGAN' has restarts=2"),
    (family(swap=True), "are swapped"),
    (family(start={"search_steps": 1}), "before its first one"),
    (family(search={"search_steps": 60}), "makes 60 steps"),
    (family(search={"against": "verdict"}), "in more than their steps"),
    (family(encoder={"epochs": 1}), "'f-AnoGAN' was taught for 1 epochs"),
    (family(bigan={"epochs": 1}), "'BiGAN' was taught for 1 epochs"),
    (family(bigan={"scaling": "minmax"}), "share a scale"),
    (family(ganomaly={"random_state": None}), "has no random_state"),
    (family(bigan={"random_state": 1}), "'BiGAN' has random_state=1"),
    (family(ganomaly={"learning_rate": 2e-3}), "'GANomaly' has another learning_rate"),
    (family(start={"feature_share": 0.5}, search={"feature_share": 0.5}), "'AnoGAN' has another feature_share"),
    (with_one("f-AnoGAN", lambda gan, X, steps, epochs: FAnoGAN.from_gan(gan, X)), "taught for 2 epochs"),
    (family(ganomaly={"residual_share": 0.9}), "takes the codes alone"),
]


def test_a_family_on_one_gan():
    prove(gans.gan_family, SOLVED["gan_family"], STUB["gan_family"], FAMILY, seeds=(0,))  # each a family to train


@pytest.mark.parametrize("name", sorted(WRONG))
def test_function_tasks(name):
    with np.errstate(all="ignore"):
        prove(getattr(gans, name), SOLVED[name], STUB[name], WRONG[name])


@pytest.mark.parametrize(
    ("name", "answers", "quiz"),
    [
        ("reading_the_game", "game_answers", gans.game_quiz),
        ("anogan_differences", "difference_answers", gans.difference_quiz),
    ],
)
def test_concept_questions(name, answers, quiz):
    prove_quiz(getattr(gans, name), quiz, SOLVED[answers], STUB[answers])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


@pytest.mark.parametrize("seed", range(10))
def test_the_solution_passes_and_mistakes_fail_whatever_the_draw(monkeypatch, seed):
    """Inputs are random: on none may a mistake give the right result by chance."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name, wrong in WRONG.items():
        getattr(gans, name)(SOLVED[name])
        for answer, _ in wrong:
            with np.errstate(all="ignore"), pytest.raises(CheckFailed):
                getattr(gans, name)(answer)


def test_other_ways_to_write_the_right_answer_pass():
    def with_logits(real, fake):
        loss = F.binary_cross_entropy_with_logits
        return loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake))

    def with_sgd(net, X, Z, steps, rate):
        Z = by_attribute(Z)
        optimiser = torch.optim.SGD([Z], lr=rate)
        for _ in range(steps):
            optimiser.zero_grad()
            ((net(Z) - X) ** 2).sum().backward()
            optimiser.step()
        return Z

    def with_outputs(critic, real, fake, generator):
        share = torch.rand(len(real), 1, generator=generator)
        points = (fake + share * (real - fake)).requires_grad_()
        verdicts = critic(points)
        slopes = torch.autograd.grad(verdicts, points, torch.ones_like(verdicts), create_graph=True)[0]
        return (slopes.square().sum(dim=1).sqrt() - 1).square().mean()

    def with_the_module(net, X, Z, steps, rate):
        net.eval()
        for weights in net.parameters():
            weights.requires_grad_(False)
        return with_sgd(net, X, Z, steps, rate)

    gans.discriminator_loss(with_logits)
    gans.latent_search(with_sgd)
    gans.latent_search(with_the_module)
    gans.gradient_penalty(with_outputs)
    gans.keep_best(lambda Z, loss: torch.stack([Z[i, j] for j, i in enumerate(loss.argmin(dim=0))]))
    with np.errstate(over="ignore"):
        gans.optimal_discriminator(lambda p, q: 1 / (1 + np.exp(q - p)))


def test_the_solutions_are_the_librarys_formulas():
    draw = np.random.default_rng(0)
    real, fake = references.tensor(draw, 9), references.tensor(draw, 13)
    solved, library = SOLVED["discriminator_loss"](real, fake), losses.discriminator_loss(real, fake, "non-saturating")
    assert torch.allclose(solved, library)
    for saturating, kind in ((True, "saturating"), (False, "non-saturating")):
        solved = SOLVED["generator_loss"](fake, saturating)
        assert torch.allclose(solved, losses.generator_loss(fake, kind)), kind
    critic = references.small_net(draw, 4, 1, flat=True)
    rows = references.tensor(draw, 8, 4), references.tensor(draw, 8, 4)
    solved, library = (
        penalty(critic, *rows, torch.Generator().manual_seed(5))
        for penalty in (SOLVED["gradient_penalty"], losses.gradient_penalty)
    )
    assert torch.allclose(solved, library)


def test_a_memorised_answer_fails(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = []

    def spy(*arguments):
        seen.append(SOLVED["anogan_score"](*arguments))
        return seen[-1]

    gans.anogan_score(spy)
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    with pytest.raises(CheckFailed):
        gans.anogan_score(lambda *arguments: seen[0])
