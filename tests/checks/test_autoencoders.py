"""The checks of the exercise set on autoencoders: solutions pass, stubs stay open, wrong answers learn why."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, autoencoders
from course_lib.checks.autoencoders import references
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.deep import Autoencoder
from course_lib.ml import PCA

SLUG = "10_autoencoders"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def mlp(sizes, end=(), between=nn.ReLU):
    layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), between())]
    return nn.Sequential(*layers[:-1], *end)


def centred(X_train, X_test, k, *, mean=None, add=True, rows=None, first=True):
    """PCA's reconstruction with one thing wrong."""
    mean = X_train.mean(axis=0) if mean is None else mean
    rows = X_train if rows is None else rows
    V = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2]
    V = V[:k] if first else V[-k:]
    return (X_test - mean) @ V.T @ V + (mean if add else 0)


def not_centred(X_train, X_test, k):
    V = np.linalg.svd(X_train, full_matrices=False)[2][:k]
    return X_test @ V.T @ V


def detector(X, held_out, *, place=None, **changes):
    settings = dict(hidden_sizes=(16,), latent_size=2, epochs=30, random_state=0, device="cpu", verbose=False)
    model = Autoencoder(**{**settings, **changes}).fit(X)
    return model if place is None else model.set_threshold(held_out, rule=place)


def rank(scores, budget, shift=0, rounding=np.ceil):
    return np.sort(scores)[int(rounding((len(scores) + 1) * (1 - budget))) - 1 + shift]


def flags(y, scores, t):
    return references.rates(y, scores > t)


def no_step(net, optimiser, X, batch_size, generator):
    for rows in torch.randperm(len(X), generator=generator).split(batch_size):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(net(X[rows]), X[rows])
        loss.backward()
    return loss.item()


def wrong_loss(pick):
    def train_epoch(*args):
        return pick(references.train_epoch_variant(record="all")(*args))

    return train_epoch


def keeps_graph(net, optimiser, X, batch_size, generator):
    for rows in torch.randperm(len(X), generator=generator).split(batch_size):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(net(X[rows]), X[rows])
        loss.backward()
        optimiser.step()
    return loss


def after_the_epoch(net, optimiser, X, batch_size, generator):
    references.train_epoch_variant()(net, optimiser, X, batch_size, generator)
    with torch.no_grad():
        return nn.functional.mse_loss(net(X), X).item()


def nan_precision(y, scores, t):
    flagged = scores > t
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.float64((flagged & (y == 1)).sum()) / flagged.sum()
    return precision, flagged[y == 1].mean(), flagged[y == 0].mean()


def rises_in_a_row(losses, patience):
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises == patience:
            return epoch + 1, int(np.argmin(losses[: epoch + 1])) + 1
    return len(losses), int(np.argmin(losses)) + 1


def equal_counts(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, 1):
        best = epoch if loss <= losses[best - 1] else best
        if epoch - best >= patience:
            return epoch, best
    return len(losses), best


def columns_of_V(X_train, X_test, k):
    mean = X_train.mean(axis=0)
    V = np.linalg.svd(X_train - mean, full_matrices=False)[2][:, :k]
    return (X_test - mean) @ V @ V.T + mean


def not_subtracted(X_train, X_test, k):
    mean = X_train.mean(axis=0)
    V = np.linalg.svd(X_train - mean, full_matrices=False)[2][:k]
    return X_test @ V.T @ V + mean


def one_relu(n, hidden, k):
    net = mlp([n, *hidden, k, *hidden[::-1], n], between=nn.Identity)
    net[1] = nn.ReLU()
    return net


class Hourglass(nn.Module):
    """The network as a class, in the ways in which people write one."""

    def __init__(self, n, hidden, k, relu=None):
        super().__init__()
        sizes = [n, *hidden, k]
        # Defined before the encoder, though it is called after it.
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(list(pairwise(sizes))))
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.relu = relu or nn.ReLU()

    def forward(self, x):
        for layer in [*self.encoder, *self.decoder[:-1]]:
            x = self.relu(layer(x))
        return self.decoder[-1](x)


def shared_relu(n, hidden, k):
    relu = nn.ReLU(inplace=True)
    return mlp([n, *hidden, k, *hidden[::-1], n], between=lambda: relu)


def no_bend_at_the_code(n, hidden, k):
    net = mlp([n, *hidden, k, *hidden[::-1], n])
    net[2 * len(hidden) + 1] = nn.Identity()
    return net


class OneLayerForgotten(Hourglass):
    def forward(self, x):
        for number, layer in enumerate([*self.encoder, *self.decoder[:-1]]):
            x = layer(x) if number == 0 else self.relu(layer(x))
        return self.decoder[-1](x)


def forgets_one_relu(n, hidden, k):
    return OneLayerForgotten(n, hidden, k, torch.relu)


def relu_first(n, hidden, k, first=nn.ReLU):
    """`layers += [nn.ReLU(), nn.Linear(a, b)]` for each pair of widths."""
    net = mlp([n, *hidden, k, *hidden[::-1], n])
    return nn.Sequential(first(), *net)


class Halved(Hourglass):
    def forward(self, x):
        return super().forward(x / 2)


class DetachedCode(Hourglass):
    def forward(self, x):
        for layer in self.encoder:
            x = self.relu(layer(x))
        x = x.detach()
        for layer in self.decoder[:-1]:
            x = self.relu(layer(x))
        return self.decoder[-1](x)


class NoGradient(Hourglass):
    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)


class PlainList(nn.Module):
    """All layers in a plain list."""

    def __init__(self, n, hidden, k):
        super().__init__()
        self.layers = list(mlp([n, *hidden, k, *hidden[::-1], n]))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class PlainDecoder(Hourglass):
    """Half of the layers in a plain list, in a dictionary."""

    def __init__(self, n, hidden, k):
        super().__init__(n, hidden, k)
        layers = list(self.decoder)
        del self.decoder
        self.parts = {"decoder": layers}

    def forward(self, x):
        for layer in [*self.encoder, *self.parts["decoder"][:-1]]:
            x = self.relu(layer(x))
        return self.parts["decoder"][-1](x)


class ListedTwice(Hourglass):
    """A plain list beside the registered layers, of the same objects: nothing is hidden."""

    def __init__(self, n, hidden, k):
        super().__init__(n, hidden, k)
        self.widths, self.order = (n, *hidden, k), [*self.encoder, *self.decoder]


class MadeInForward(nn.Module):
    def __init__(self, n, hidden, k):
        super().__init__()
        self.sizes = [n, *hidden, k, *hidden[::-1], n]

    def forward(self, x):
        return mlp(self.sizes)(x)


def changed(net, **attributes):
    """The network with attributes of its second linear layer replaced."""
    for name, value in attributes.items():
        setattr([layer for layer in net if isinstance(layer, nn.Linear)][1], name, value)
    return net


def filled(net, value):
    """The network with all weights, biases included, set to one value."""
    for weights in net.parameters():
        nn.init.constant_(weights, value)
    return net


def lazy(n, hidden, k):
    net = nn.Sequential()
    for width in (*hidden, k, *hidden[::-1]):
        net.append(nn.LazyLinear(width)).append(nn.ReLU(inplace=True))
    net.append(nn.LazyLinear(n))
    net(torch.zeros(1, n))
    return net


def zero_biases(n, hidden, k):
    net = mlp([n, *hidden, k, *hidden[::-1], n])
    for layer in net[::2]:
        nn.init.zeros_(layer.bias)
        nn.init.kaiming_normal_(layer.weight)
    return net


def broken_chain(n, hidden, k):
    """The right layers, called in an order in which their widths do not fit."""
    net = mlp([n, *hidden, k, *hidden[::-1], n])
    net.forward = lambda x: net[0](net[2](x))
    return net


def two_layers(n, first, second, k):
    return mlp([n, first, second, k, second, first, n])


def own_order(net, optimiser, X, batch_size, generator):
    torch.rand(1, generator=generator)
    return references.train_epoch_variant()(net, optimiser, X, batch_size, generator)


variant = references.train_epoch_variant
stop = references.early_stopping

WRONG = {
    "reconstruction_error": [
        (lambda X, R: ((X - R) ** 2).mean(), "keep the rows apart"),
        (lambda X, R: ((X - R) ** 2).mean(axis=0), "a number per pixel"),
        (lambda X, R: ((X - R) ** 2).sum(axis=1), "summed the pixels"),
        (lambda X, R: np.abs(X - R).mean(axis=1), "absolute differences"),
        (lambda X, R: np.sqrt(((X - R) ** 2).mean(axis=1)), "square root"),
        (lambda X, R: (X - R).mean(axis=1), "did not square"),
        (lambda X, R: (X - R).mean(axis=1) ** 2, "squared the mean"),
        (lambda X, R: (X - R) ** 2, "one number for each pixel"),
        (lambda X, R: ((X - R) ** 2).sum(axis=1) / 12, "divide by 12"),
        (lambda X, R: None, "end with return"),
    ],
    "pca_reconstruct": [
        (not_centred, "did not centre"),
        (lambda A, B, k: centred(A, B, k, add=False), "forgot to add the mean"),
        (lambda A, B, k: centred(A, B, k, mean=B.mean(axis=0)), "test rows' own mean"),
        (lambda A, B, k: centred(A, B, k, mean=B.mean(axis=0), rows=B), "directions from X_test"),
        (columns_of_V, "columns of V"),
        (lambda A, B, k: not_subtracted(A, B, k), "did not centre X_test"),
        (lambda A, B, k: centred(A, B, 9), "kept all directions"),
        (lambda A, B, k: centred(A, B, k, first=False), "last k directions"),
        (
            lambda A, B, k: (B - A.mean(axis=0)) @ np.linalg.svd(A - A.mean(axis=0), full_matrices=False)[2][:k].T,
            "stopped at the codes",
        ),
    ],
    "build_autoencoder": [
        (lambda n, h, k: mlp([n, *h, k]), "ends at the latent code"),
        (lambda n, h, k: mlp([n, *h, *h[::-1], n]), "wider than the latent size"),
        (lambda n, h, k: mlp([n, *h, k, n]), "the decoder mirrors the encoder"),
        (lambda n, h, k: mlp([n, *h, k, *h[::-1], n], end=[nn.ReLU()]), "followed by something"),
        (lambda n, h, k: mlp([n, *h, k, *h[::-1], n], between=nn.Identity), "linear, however many layers"),
        (lambda n, h, k: [nn.Linear(n, k), nn.Linear(k, n)], "return the network itself"),
        (lambda n, h, k: mlp([n, *h, k, *h[::-1], n], between=nn.Tanh), "nothing but Linear and ReLU"),
        (one_relu, "You have 1 ReLU"),
        (forgets_one_relu, "You have "),
        (broken_chain, "RuntimeError"),
        (lambda n, h, k: two_layers(n, *h, k), "TypeError"),
        (lambda n, h, k: mlp([n, *h, k, k, *h[::-1], n]), "holds the code twice"),
        (relu_first, "before your first Linear"),
        (PlainList, "nn.ModuleList or nn.Sequential"),
        (MadeInForward, "in __init__ or in nn.Sequential"),
        (lambda n, h, k: changed(SOLVED["build_autoencoder"](n, h, k), bias=None), "has no bias"),
        (lambda n, h, k: filled(SOLVED["build_autoencoder"](n, h, k), 0.0), "All weights of a layer are equal"),
        (lambda n, h, k: SOLVED["build_autoencoder"](n, h, k).requires_grad_(False), "can not be trained"),
    ],
    "train_epoch": [
        (no_step, "did not move"),
        (variant(zero_grad=False), "Gradients pile up"),
        (variant(shuffle=False), "in order"),
        (variant(drop_last=True), "smaller batch is missing"),
        (variant(one_batch=True), "one step with all rows"),
        (wrong_loss(np.sum), "the sum of the batches"),
        (wrong_loss(lambda losses: losses[-1]), "the last batch's loss"),
        (wrong_loss(np.mean), "averaged over batches"),
        (keeps_graph, "drags its graph"),
        (variant(reduce="sum"), "minimise the sum"),
        (variant(reduce="rows"), "sum over the pixels"),
        (variant(fixed_batch=16), "a size of their own"),
        (variant(record="after"), "after the steps"),
        (after_the_epoch, "once the epoch was over"),
        (lambda *args: SOLVED["train_epoch"](*args) * len(args[2]), "added up the losses of the rows"),
        (own_order, "called once and no other random numbers"),
    ],
    "early_stopping": [
        (lambda losses, p: stop(losses, p)[::-1], "swapped"),
        (lambda losses, p: tuple(e - 1 for e in stop(losses, p)), "from 0"),
        (lambda losses, p: (stop(losses, p)[0], int(np.argmin(losses)) + 1), "after the stop"),
        (lambda losses, p: stop(losses, p + 1), "one epoch late"),
        (rises_in_a_row, "zigzag"),
        (equal_counts, "equal loss as better"),
        (lambda losses, p: (stop(losses, p)[0], min(losses)), "a loss: return the epoch"),
        (lambda losses, p: stop(losses, p)[1], "return two numbers"),
        (lambda losses, p: (None, stop(losses, p)[1]), "One of your two numbers is None"),
    ],
    "threshold_for_budget": [
        (lambda s, b: np.quantile(s, b), "lower tail"),
        (lambda s, b: np.quantile(s, 1 - b), "plain quantile"),
        (lambda s, b: rank(s, 1 - b), "from the low end"),
        (lambda s, b: rank(s, b / 100) if (len(s) + 1) * b > 100 else float("inf"), "not a percentage"),
        (lambda s, b: rank(s, 0.05) if len(s) > 10 else SOLVED["threshold_for_budget"](s, b), "does not follow"),
        (lambda s, b: SOLVED["threshold_for_budget"](s, b) if len(s) != 9 else float("inf"), "rank is 9 of 9"),
        (lambda s, b: rank(s, b, +1), "One place too far"),
        (lambda s, b: rank(s, b, rounding=np.floor), "One place too low"),
        (lambda s, b: s[int(np.ceil((len(s) + 1) * (1 - b))) - 1], "sort first"),
        (lambda s, b: s.mean() + 3 * s.std(), "knows nothing of the budget"),
        (lambda s, b: np.percentile(s, 1 - b), "counts from 0 to 100"),
        (lambda s, b: s.max(), "flags nothing at all"),
        (lambda s, b: SOLVED["threshold_for_budget"](s, b) if len(s) != 10 else s.max(), "the rank is 11 of 10"),
    ],
    "rates": [
        (lambda y, s, t: (flags(y, s, t)[1], flags(y, s, t)[0], flags(y, s, t)[2]), "swapped"),
        (lambda y, s, t: (*flags(y, s, t)[:2], 1 - flags(y, s, t)[0]), "1 - precision"),
        (lambda y, s, t: references.rates(y, s >= t), "equal to the threshold"),
        (lambda y, s, t: references.rates(y, s < t), "low scores"),
        (lambda y, s, t: (((s > t) == y).mean(), *flags(y, s, t)[1:]), "accuracy"),
        (lambda y, s, t: (*flags(y, s, t)[:2], 1 - flags(y, s, t)[2]), "left in peace"),
        (nan_precision, "NaN or infinite: when nothing is flagged"),
        (lambda y, s, t: flags(y, s, t) if (s > t).any() else (1, 0, 0), "Your precision is 1"),
        (lambda y, s, t: (*flags(y, s, t)[:2], ((s > t) & (y == 0)).mean()), "by all samples"),
        (lambda y, s, t: flags(y, s, t)[:2], "return three numbers"),
    ],
    "fit_detector": [
        (lambda X, H, b: detector(X, H), "the one from fit"),
        (lambda X, H, b: detector(X, X, place=FalsePositiveRate(b)), "on the training rows"),
        (lambda X, H, b: detector(X, H).set_threshold(H), "wrong rule"),
        (lambda X, H, b: detector(np.vstack([X, H]), H, place=FalsePositiveRate(b)), "the held-out rows too"),
        (lambda X, H, b: detector(X[:100], H, place=FalsePositiveRate(b)), "fit saw 100 rows"),
        (lambda X, H, b: detector(X, H, place=FalsePositiveRate(0.05)), "built in 5%"),
        (lambda X, H, b: detector(X, H, place=FalsePositiveRate(b), epochs=1), "epochs is 1"),
        (lambda X, H, b: detector(X, H, place=FalsePositiveRate(b), scaling=None), "scaling is None"),
        (lambda X, H, b: detector(X, H).set_threshold(H, FalsePositiveRate(b)), "in the place of y"),
        (lambda X, H, b: detector(X, H, place=b), "0.1 is none"),
        (lambda X, H, b: Autoencoder(), "not fitted"),
        (lambda X, H, b: PCA().fit(X), "return the fitted Autoencoder itself"),
    ],
}
FUNCTIONS = sorted(WRONG)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_tasks(name):
    prove(getattr(autoencoders, name), SOLVED[name], STUB[name], WRONG[name])


@pytest.mark.parametrize(
    ("name", "answers", "quiz"),
    [
        ("latent_size", "latent_answers", autoencoders.latent_quiz),
        ("false_positive_budget", "budget_answers", autoencoders.budget_quiz),
    ],
)
def test_concept_questions(name, answers, quiz):
    prove_quiz(getattr(autoencoders, name), quiz, SOLVED[answers], STUB[answers])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "build",
    [
        Hourglass,
        lambda n, h, k: Hourglass(n, h, k, torch.relu),
        shared_relu,
        no_bend_at_the_code,
        SOLVED["build_autoencoder"],
        ListedTwice,
        lazy,
        zero_biases,
        lambda n, h, k: nn.Sequential(nn.Identity(), nn.Flatten(), SOLVED["build_autoencoder"](n, h, k), nn.Identity()),
    ],
    ids=[
        "one module reused",
        "torch.relu",
        "one object, in place",
        "none after the code",
        "solution",
        "a list beside the layers",
        "lazy layers",
        "biases start at 0",
        "nested",
    ],
)
def test_every_way_to_write_the_network_is_right(monkeypatch, build, seed):
    """What is called counts, not what is defined: a module that stands for several layers is listed once."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    autoencoders.build_autoencoder(build)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (nn.Sigmoid, "followed by something"),
        (nn.Tanh, "followed by something"),
        (nn.Dropout, "followed by something"),
    ],
)
def test_nothing_may_follow_the_last_layer(end, message):
    with pytest.raises(CheckFailed, match=message):
        autoencoders.build_autoencoder(lambda n, h, k: mlp([n, *h, k, *h[::-1], n], end=[end()]))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (relu_first, "before your first Linear"),
        (lambda n, h, k: relu_first(n, h, k, lambda: nn.ReLU(inplace=True)), "before your first Linear"),
        (lambda n, h, k: relu_first(n, h, k, lambda: nn.LayerNorm(n)), "before your first Linear"),
        (lambda n, h, k: relu_first(n, h, k, nn.Dropout), "before your first Linear"),
        (Halved, "before your first Linear"),
        (PlainDecoder, "nn.ModuleList or nn.Sequential"),
        (DetachedCode, "no gradient reaches them"),
        (NoGradient, "no gradient reaches them"),
        (lambda n, h, k: filled(SOLVED["build_autoencoder"](n, h, k), 0.1), "All weights of a layer are equal"),
        (lambda n, h, k: mlp([n, *h, k, k, *h[::-1], n], between=nn.Identity), "holds the code twice"),
    ],
    ids=["relu", "relu in place", "norm", "dropout", "halved", "half hidden", "detach", "no_grad", "filled", "doubled"],
)
def test_rows_come_in_as_they_are_and_all_weights_learn(build, message, seed, monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    with pytest.raises(CheckFailed, match=message):
        autoencoders.build_autoencoder(build)


def test_dropout_behind_each_relu_is_noticed():
    with pytest.raises(CheckFailed, match="something else than a ReLU"):
        autoencoders.build_autoencoder(
            lambda n, h, k: mlp([n, *h, k, *h[::-1], n], between=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.5)))
        )


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


def test_a_memorised_answer_fails(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = {}

    def spy(scores, budget):
        seen[len(scores)] = value = SOLVED["threshold_for_budget"](scores, budget)
        return value

    autoencoders.threshold_for_budget(spy)
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    with pytest.raises(CheckFailed):
        autoencoders.threshold_for_budget(lambda scores, budget: next(iter(seen.values())))


def test_a_network_that_learns_nothing_is_noticed():
    """The last gate of task 10.8: right rows and rule, but anomalies score no higher."""
    with pytest.raises(CheckFailed, match="no higher than normal"):
        autoencoders.fit_detector(_blind)


class Blind(Autoencoder):
    """Scores normal rows high and others low."""

    def anomaly_scores(self, net, batch):
        return -super().anomaly_scores(net, batch)


def _blind(X, held_out, budget):
    model = Blind(hidden_sizes=(16,), latent_size=2, epochs=30, random_state=0, device="cpu", verbose=False).fit(X)
    return model.set_threshold(held_out, rule=FalsePositiveRate(budget))
