"""The checks of the set on variational autoencoders: solutions pass, stubs stay open, wrong answers learn why."""

import math
import re
import zlib

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed
from course_lib.checks import variational_autoencoders as check
from course_lib.deep import VAE, ConvVAE

SLUG = "12_variational_autoencoders"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def of(name, wrong, **options):
    prove(getattr(check, name), SOLVED[name], STUB[name], wrong=wrong, **options)


def kl(m, v, half=0.5):
    return half * (m**2 + v.exp() - 1 - v)


def test_kl_of_rows():
    of(
        "kl_of_rows",
        [
            (lambda m, v: kl(m, v).mean(dim=1), "averaged over the latent numbers"),
            (lambda m, v: kl(m, v).sum(), "one number for the whole batch"),
            (lambda m, v: kl(m, v).sum(dim=0), "added up over the rows"),
            (lambda m, v: kl(m, v), "one cost for each latent number"),
            (lambda m, v: kl(m, v, 1.0).sum(dim=1), "twice too high"),
            (lambda m, v: -kl(m, v).sum(dim=1), "never is"),
            (lambda m, v: kl(m, 2 * v).sum(dim=1), "logarithm of the deviation"),
            (lambda m, v: 0.5 * (m**2 + v - 1 - v.abs().log()).sum(dim=1), "as if it were the variance"),
            (lambda m, v: 0.5 * (m + v.exp() - 1 - v).sum(dim=1), "not squared"),
            (lambda m, v: 0.5 * (m**2 + v.exp() - 1).sum(dim=1), "logarithm of the variance is missing"),
            (lambda m, v: kl(m, v).sum(dim=1).mean(), "averaged over the rows"),
            (lambda m, v: kl(m.clamp(max=5), v).sum(dim=1), "clip nothing"),
            (lambda m, v: kl(m, v).sum(dim=1).detach(), "no gradient passes"),
            (lambda m, v: kl(m, v).sum(dim=1).detach().numpy(), "return a tensor"),
            (lambda m, v: kl(m.detach(), v).sum(dim=1), "the gradient of mean"),
            (lambda m, v: kl(m, v.detach()).sum(dim=1), "the gradient of log_variance"),
            (lambda m, v: None, "You returned None"),
        ],
    )


def test_draw_code():
    of(
        "draw_code",
        [
            (lambda m, v, e: m + v.exp() * e, "by the variance"),
            (lambda m, v, e: m + v * e, "as it is"),
            (lambda m, v, e: m + 0.5 * v * e, "Half of a logarithm"),
            (lambda m, v, e: m + e, "ignore log_variance"),
            (lambda m, v, e: m, "the mean itself"),
            (lambda m, v, e: (0.5 * v).exp() * e, "centred at 0"),
            (lambda m, v, e: torch.normal(m, (0.5 * v).exp()), "no random numbers of your own"),
            (lambda m, v, e: (m + (0.5 * v).exp() * e).detach(), "no gradient passes"),
            (lambda m, v, e: m + (0.5 * v).exp().detach() * e, "no gradient reaches log_variance"),
            (lambda m, v, e: m.detach() + (0.5 * v).exp() * e, "no gradient reaches mean"),
            (lambda m, v, e: (m + (0.5 * v).exp() * e).detach().numpy(), "return a tensor"),
        ],
    )


def coin(x, p):
    return x * p.log() + (1 - x) * (1 - p).log()


def test_bernoulli_log_likelihood():
    def clipped(x, a):
        return coin(x, a.sigmoid().clamp(1e-7, 1 - 1e-7)).sum(dim=1)

    of(
        "bernoulli_log_likelihood",
        [
            (lambda x, a: coin(x, a.sigmoid()).sum(dim=1), "use logsigmoid"),
            (clipped, "cut off or rounded"),
            (lambda x, a: F.binary_cross_entropy_with_logits(a, x), "see its argument `reduction`"),
            (lambda x, a: F.binary_cross_entropy_with_logits(a, x, reduction="none").sum(dim=1), "the other sign"),
            (lambda x, a: -F.binary_cross_entropy_with_logits(a, x, reduction="sum"), "for the whole batch"),
            (lambda x, a: coin(x, a.sigmoid()).mean(dim=1), "log-likelihoods add up"),
            (lambda x, a: (x * F.logsigmoid(a)).sum(dim=1), "dark pixels count too"),
            (lambda x, a: coin(1 - x, a.sigmoid()).sum(dim=1), "swapped"),
            (lambda x, a: -F.binary_cross_entropy_with_logits(a.sigmoid(), x, reduction="none").sum(dim=1), "twice"),
            (lambda x, a: coin(x, a.sigmoid()), "one number for each pixel"),
            (lambda x, a: (x * a + (1 - x) * (1 - a)).sum(dim=1), "as if they were probabilities"),
            (lambda x, a: torch.distributions.Bernoulli(logits=a).log_prob(x).sum(dim=1), "Grey pixels"),
        ],
    )  # fmt: skip


def weighted(w):
    return torch.logsumexp(w, dim=0) - math.log(len(w))


def bounds(change=lambda like, prior, post: like + prior - post, first=None, second=weighted):
    def answer(*parts):
        w = change(*parts)
        return (w.mean(dim=0) if first is None else first(w)), second(w)

    return answer


def test_two_bounds():
    of(
        "two_bounds",
        [
            (bounds(lambda like, prior, post: like + prior + post), "stands in the denominator"),
            (bounds(lambda like, prior, post: like - prior - post), "prior stands in the numerator"),
            (bounds(lambda like, prior, post: like - prior + post), "Prior and posterior are swapped"),
            (bounds(lambda like, prior, post: like), "left out prior and posterior"),
            (bounds(first=lambda w: w.sum(dim=0)), "added the draws up"),
            (bounds(first=lambda w: w.mean(dim=1)), "averaged over the images"),
            (bounds(first=lambda w: w.mean()), "one ELBO for all images"),
            (bounds(first=lambda w: -w.mean(dim=0)), "minus the ELBO"),
            (bounds(first=weighted, second=lambda w: w.mean(dim=0)), "ELBO first"),
            (bounds(second=lambda w: w.exp().mean(dim=0).log()), "use torch.logsumexp"),
            (bounds(second=lambda w: w.mean(dim=0)), "the ELBO again"),
            (bounds(second=lambda w: torch.logsumexp(w, dim=0)), "mind the 1/K"),
            (bounds(second=lambda w: torch.logsumexp(w, dim=0) / len(w)), "inside the logarithm"),
            (bounds(second=lambda w: torch.logsumexp(w, dim=0) + math.log(len(w))), "sign of log K"),
            (bounds(second=lambda w: torch.logsumexp(w, dim=1) - math.log(len(w))), "draws are the first axis"),
            (bounds(second=lambda w: (w - w.max()).exp().mean(dim=0).log() + w.max()), "a largest weight of its own"),
            (lambda *parts: bounds()(*parts)[1], "two tensors"),
        ],
    )


def loss(split=lambda out: out.chunk(2, dim=1), dull=False, root=0.5, over=None, final=None, constant=1.0):
    """The loss with one thing wrong."""

    def answer(encoder, decoder, x, noise, variance, beta):
        m, v = split(encoder(x))
        z = m if dull else m + torch.exp(root * v) * noise
        squares = (x - decoder(z)) ** 2 / (variance if over is None else over(variance))
        like = -0.5 * (squares + constant * math.log(2 * math.pi * variance))
        return (final or (lambda k, p, b: (b * k.sum(dim=1) - p.sum(dim=1)).mean()))(kl(m, v), like, beta)

    return answer


def test_vae_loss():
    def detached(encoder, *rest):
        with torch.no_grad():
            return SOLVED["vae_loss"](encoder, *rest)

    def cut(codes=False, picture=False, price=False, mean=False):
        """The right number, with one part detached."""

        def answer(encoder, decoder, x, noise, variance, beta):
            m, v = encoder(x).chunk(2, dim=1)
            z = (m.detach() if mean else m) + torch.exp(0.5 * v) * noise
            out = decoder(z.detach() if codes else z)
            terms = (x - (out.detach() if picture else out)) ** 2 / variance + torch.log(2 * torch.pi * variance)
            cost = kl(m, v).sum(dim=1)
            return (beta * (cost.detach() if price else cost) + 0.5 * terms.sum(dim=1)).mean()

        return answer

    def own_noise(encoder, decoder, x, noise, variance, beta):
        return SOLVED["vae_loss"](encoder, decoder, x, torch.randn_like(noise), variance, beta)

    def with_mse(encoder, decoder, x, noise, variance, beta):
        m, v = encoder(x).chunk(2, dim=1)
        return beta * kl(m, v).sum(dim=1).mean() + F.mse_loss(decoder(m + torch.exp(0.5 * v) * noise), x)

    def on_floats(encoder, decoder, x, noise, variance, beta):
        return loss()(encoder, decoder, x, noise, float(variance), beta)

    check.vae_loss(cut())  # as the lesson writes it
    check.vae_loss(on_floats)
    of(
        "vae_loss",
        [
            (loss(final=lambda k, p, b: (k.sum(dim=1) - p.sum(dim=1)).mean()), "ignores beta"),
            (loss(final=lambda k, p, b: (k.sum(dim=1) - b * p.sum(dim=1)).mean()), "weighs the likelihood"),
            (loss(final=lambda k, p, b: (b * (k.sum(dim=1) - p.sum(dim=1))).mean()), "weighs both terms"),
            (loss(final=lambda k, p, b: (p.sum(dim=1) - b * k.sum(dim=1)).mean()), "turn the sign"),
            (loss(final=lambda k, p, b: (-p.sum(dim=1) - b * k.sum(dim=1)).mean()), "subtract the divergence"),
            (loss(final=lambda k, p, b: (b * k.sum(dim=1) - p.sum(dim=1)).sum()), "added up the rows"),
            (loss(final=lambda k, p, b: (b * k.sum(dim=1) - p.mean(dim=1)).mean()), "averaged over the pixels"),
            (loss(final=lambda k, p, b: (b * k.mean(dim=1) - p.sum(dim=1)).mean()), "averaged over the latent numbers"),
            (loss(split=lambda out: out.chunk(2, dim=1)[::-1]), "the means come first"),
            (loss(split=lambda out: (out[:, ::2], out[:, 1::2])), "every other column"),
            (loss(dull=True), "decoded the mean"),
            (loss(root=1.0), "drawn with the variance"),
            (loss(constant=0.0), "logarithm of the variance is missing"),
            (loss(over=math.sqrt), "divide by the variance"),
            (loss(final=lambda k, p, b: (b * k.sum(dim=1) + p.sum(dim=1)).mean()), "added the likelihood"),
            (loss(final=lambda k, p, b: (2 * b * k.sum(dim=1) - p.sum(dim=1)).mean()), "front of the divergence"),
            (loss(final=lambda k, p, b: (b * k.sum(dim=1) - 2 * p.sum(dim=1)).mean()), "front of the likelihood"),
            (loss(over=lambda v: v / 2), "missing at the squares"),
            (with_mse, "as mse_loss does"),
            (own_noise, "draw none of your own"),
            (detached, "no gradient passes"),
            (cut(codes=True), "does not teach the encoder"),
            (cut(picture=True), "the decoder's gradient"),
            (cut(price=True), "the divergence has no gradient"),
            (cut(mean=True), "not the whole gradient"),
        ],
    )


def draws(mean, log_variance, log_likelihood, noise, root=0.5):
    return torch.stack([log_likelihood(mean + torch.exp(root * log_variance) * eps) for eps in noise])


def test_reconstruction_probability():
    def own_noise(mean, log_variance, log_likelihood, noise):
        return -torch.stack([log_likelihood(mean + torch.randn_like(mean)) for _ in noise]).mean(dim=0)

    def all_at_once(mean, log_variance, log_likelihood, noise):
        codes = mean + torch.exp(0.5 * log_variance) * noise[:, None]
        return -log_likelihood(codes.reshape(-1, mean.shape[1])).reshape(len(noise), -1).mean(dim=0)

    of(
        "reconstruction_probability",
        [
            (lambda *a: draws(*a).mean(dim=0), "turns the sign"),
            (lambda *a: -draws(*a).sum(dim=0), "added the draws up"),
            (lambda *a: -draws(*a).mean(dim=1), "averaged over the rows"),
            (lambda *a: -draws(*a).mean(), "averaged over everything"),
            (lambda *a: -draws(*a)[0], "first draw only"),
            (lambda *a: -draws(*a)[-1], "last draw only"),
            (lambda m, v, like, e: -like(m), "scored the mean code"),
            (lambda m, v, like, e: -like(m + torch.exp(0.5 * v) * e.mean(dim=0)), "before the decoder"),
            (lambda *a: -draws(*a, root=1.0).mean(dim=0), "drawn with the variance"),
            (lambda *a: -weighted(draws(*a)), "averaged probabilities"),
            (own_noise, "draw none of your own"),
            (lambda m, v, like, e: -torch.stack([like(m + v * row) for row in e]).mean(dim=0), "it is a logarithm"),
            (lambda m, v, like, e: draws(0 * m, v, like, e).mean(dim=0).neg(), "mean is forgotten"),
            (lambda *a: -draws(*a).median(dim=0).values, "the median"),
            (lambda *a: -draws(*a).sum(dim=0) / (len(a[3]) - 1), "one less than"),
            (lambda *a: -draws(*a).quantile(0.9, dim=0), "The scores do not fit"),
            (all_at_once, "once for each draw"),
        ],
    )


def test_count_active():
    of(
        "count_active",
        [
            (lambda m, t: int((m.var(axis=0) >= t).sum()), "equals the threshold"),
            (lambda m, t: int((m.var(axis=0) <= t).sum()), "counted the silent units"),
            (lambda m, t: int((m.std(axis=0) > t).sum()), "compared the deviation"),
            (lambda m, t: int((m.var(axis=1) > t).sum()), "looked along the rows"),
            (lambda m, t: int((np.abs(m.mean(axis=0)) > t).sum()), "where a unit sits"),
            (lambda m, t: int(((m**2).mean(axis=0) > t).sum()), "forgot to subtract the mean"),
            (lambda m, t: (m.var(axis=0) > t).mean(), "returned a share"),
            (lambda m, t: m.var(axis=0) > t, "one answer for each unit"),
            (lambda m, t: int((m.var(axis=0) > 0.01).sum()), "does not follow the threshold"),
            (lambda m, t: m.shape[1], "counted all units"),
            (lambda m, t: float((m.var(axis=0) > t).sum()), "a whole number"),
        ],
    )


def test_free_bits():
    of(
        "free_bits",
        [
            (lambda k, f: k.mean(dim=0).sum(), "ignore the floor"),
            (lambda k, f: k.mean(dim=0).clamp(max=f).sum(), "the smaller of the two"),
            (lambda k, f: k.clamp(min=f).mean(dim=0).sum(), "to each row: first the mean"),
            (lambda k, f: k.clamp(min=f).sum(), "and added up the rows"),
            (lambda k, f: k.mean(dim=0).sum().clamp(min=f), "to the sum"),
            (lambda k, f: k.mean(dim=0).sum().clamp(min=f * k.shape[1]), "all floors together"),
            (lambda k, f: (k.mean(dim=0) - f).clamp(min=0).sum(), "subtracted the floor"),
            (lambda k, f: k.mean(dim=0).clamp(min=f).mean(), "averaged over the units: their costs"),
            (lambda k, f: k.mean(dim=0).clamp(min=f), "one number for each unit"),
            (lambda k, f: k.mean(dim=1).clamp(min=f).sum(), "the mean runs over the rows"),
            (lambda k, f: k.sum(dim=0).clamp(min=f).sum(), "take their mean"),
            (lambda k, f: k.mean(dim=0).clamp(min=f).sum().detach(), "no gradient passes"),
            (lambda k, f: k.mean(dim=0).sum() + (f - k.mean(dim=0)).clamp(min=0).sum().detach(), "the gradient is not"),
        ],
    )


def packed(images, level=9):
    return np.array([len(zlib.compress(image.tobytes(), level)) for image in images])


def test_complexity_score():
    of(
        "complexity_score",
        [
            (lambda nll, images: nll - 8 * packed(images), "still in nats"),
            (lambda nll, images: nll / np.log(2) - packed(images), "in bytes"),
            (lambda nll, images: nll * np.log(2) - 8 * packed(images), "instead of multiplying"),
            (lambda nll, images: nll / np.log(2) + 8 * packed(images), "added the compressor"),
            (lambda nll, images: 8 * packed(images) - nll / np.log(2), "sign is turned"),
            (lambda nll, images: nll / np.log(2), "ignore the images"),
            (lambda nll, images: -8.0 * packed(images), "ignore the likelihood"),
            (lambda nll, images: nll / np.log(2) - 8.0 * images.shape[1], "raw image"),
            (lambda nll, images: nll / np.log(2) - 8 * len(zlib.compress(images.tobytes(), 9)), "all images at once"),
            (lambda nll, images: nll / np.log(2) - 8 * packed(images / 255), "compressed floats"),
            (lambda nll, images: np.log2(nll) - 8 * packed(images), "the logarithm once more"),
            (lambda nll, images: -nll / np.log(2) - 8 * packed(images), "already minus its logarithm"),
            (lambda nll, images: np.log10(np.e) * nll - 8 * packed(images), "base 10"),
        ],
    )


def doubt(rule):
    def answer(detector, X, k, n_samples):
        mean, deviation = detector.score_spread(X, n_samples=n_samples)
        return rule(mean - detector.threshold_, deviation, k, n_samples)

    return answer


def test_needs_a_person():
    def own_draws(detector, X, k, n_samples):
        mean, deviation = detector.score_spread(X)
        return np.abs(mean - detector.threshold_) < k * deviation

    def no_threshold(detector, X, k, n_samples):
        mean, deviation = detector.score_spread(X, n_samples=n_samples)
        return np.abs(mean) < k * deviation

    of(
        "needs_a_person",
        [
            (doubt(lambda gap, d, k, n: np.abs(gap) > k * d), "the rows that are sure"),
            (doubt(lambda gap, d, k, n: np.abs(gap) <= k * d), "exactly k deviations"),
            (doubt(lambda gap, d, k, n: gap < k * d), "far below the threshold"),
            (doubt(lambda gap, d, k, n: gap > -k * d), "far above the threshold"),
            (doubt(lambda gap, d, k, n: np.abs(gap) < d), "ignores k"),
            (doubt(lambda gap, d, k, n: np.abs(gap) < k * d.mean()), "one deviation for all"),
            (doubt(lambda gap, d, k, n: np.abs(gap) < k * d / np.sqrt(n)), "root of the draws"),
            (doubt(lambda gap, d, k, n: gap > 0), "That is predict"),
            (doubt(lambda gap, d, k, n: (np.abs(gap) < k * d).astype(int)), "True and False"),
            (doubt(lambda gap, d, k, n: np.flatnonzero(np.abs(gap) < k * d)), "one True or False for each row"),
            (own_draws, "own number of draws"),
            (no_threshold, "forgot the threshold"),
        ],
    )


def compared(
    rows="new", scoring="log_likelihood", shape=True, own=False, sign=-1, reduce=np.mean, change=None, without="",
    layers=((16,), (4, 8)), pixels=False, **more,
):  # fmt: skip
    """Both models compared with one thing wrong."""

    def answer(X_fit, X_new, image_shape, n_samples, options):
        options = {name: setting for name, setting in (options | more).items() if name != without}
        hidden_sizes, channels = layers
        models = (
            VAE(hidden_sizes=hidden_sizes, **options),
            ConvVAE(image_shape=image_shape if shape else None, channels=channels, **options),
        )
        together = {"both new": (X_new,), "all": (X_fit, X_new), "all turned": (X_new, X_fit)}.get(rows, (X_fit,))
        fitted = [model.fit(np.concatenate(together)) for model in models]
        X, draws = X_fit if rows == "learnt" else X_new, None if own else n_samples
        values = [reduce(sign * model.score_rows(X, scoring, n_samples=draws)) for model in fitted]
        values = [value / X_new.shape[1] for value in values] if pixels else values
        return tuple(change(values) if change else values)

    return answer


def log_mean(values):
    return np.logaddexp.reduce(values) - np.log(len(values))


def in_bits(pair):
    return [value / np.log(2) for value in pair]


def test_dense_or_convolutional():
    of(
        "dense_or_convolutional",
        [
            (compared(sign=1), "the other sign"),
            (compared(change=lambda pair: pair[::-1]), "order is turned"),
            (compared("learnt"), "the models have learnt"),
            (compared(scoring="elbo"), "ask for the likelihood"),
            (compared(scoring=None, own=True), "pass n_samples on.)"),
            (compared(own=True), "own number of draws"),
            (compared(scoring="reconstruction_probability"), "the code costs too"),
            (compared(scoring="reconstruction"), "a squared error"),
            (compared(reduce=np.sum), "added the images up"),
            (compared(reduce=np.asarray), "one number for each image"),
            (compared(change=lambda pair: [max(pair)]), "two numbers are asked for"),
            (compared(change=lambda pair: [pair[0]] * 2), "those of the dense model"),
            (compared(change=lambda pair: [pair[1]] * 2), "those of the convolutional model"),
            (compared(shape=False), "pass image_shape on"),
            (compared("both new"), "trained on the new images"),
            (compared(beta=1.0), "do not follow the beta"),
            (compared(random_state=0), "do not follow the random_state"),
            (compared(without="scaling"), "do not follow the scaling"),
            (compared(scaling="standard"), "standardise the pixels: the options ask"),
            (compared(scaling="minmax"), "rescale the pixels: the options ask"),
            (compared(reduce=np.median), "That is the median"),
            (compared(reduce=log_mean), "averaged the probabilities"),
            (compared(change=in_bits), "numbers are in bits"),
            (compared(pixels=True), "the number of its pixels"),
            (compared(pixels=True, change=in_bits), "And stay with nats"),
            (compared("all"), "trained on the new images too"),
            (compared(layers=((8,), (4, 8))), "that of the dense one is not"),
            (compared(layers=((16,), (4, 4))), "that of the convolutional one is not"),
            (compared(reduce=lambda values: np.quantile(values, 0.9)), "Neither number fits"),
        ],
        seeds=(0,),  # each answer trains two networks
    )


@pytest.mark.parametrize(
    "answer",
    [
        compared(reduce=np.median),
        compared(change=in_bits),
        compared(pixels=True),
        compared("all"),
        compared("all turned"),
        compared(reduce=lambda values: np.quantile(values, 0.9)),
    ],
)
def test_a_comparison_with_the_right_options_and_layers_is_not_told_that_they_are_wrong(answer):
    with pytest.raises(CheckFailed) as failure:
        check.dense_or_convolutional(answer)
    assert not re.search(r"all options|layers that|do not follow", failure.value.message)


def test_role_of_kl():
    prove_quiz(check.role_of_kl, check.kl_quiz, SOLVED["kl_answers"], STUB["kl_answers"])


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)
