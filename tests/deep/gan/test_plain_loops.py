"""Each adversarial detector does what a loop written out by hand does, with torch's own layers, losses and Adam."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from course_lib.deep import GAN, BiGAN, FAnoGAN, GANomaly
from tests.deep.gan.small_images import spots

X = torch.from_numpy(spots(100, 0))
SEED, EPOCHS, LATENT, CODE = 7, 3, 3, 128  # CODE: the width in which a discriminator of pairs joins row and code
OPTIONS = {"hidden_sizes": (12, 6), "latent_size": LATENT, "batch_size": 32, "learning_rate": 2e-3, "epochs": EPOCHS}
OPTIONS |= {"scaling": None, "device": "cpu", "random_state": SEED, "verbose": False}
LEAKY = nn.LeakyReLU(0.2)


def dense(*sizes, bend=LEAKY, end=()):
    pairs = itertools.pairwise(sizes)
    return nn.Sequential(*[layer for n_in, n_out in pairs for layer in (nn.Linear(n_in, n_out), bend)][:-1], *end)


def maker():
    return dense(LATENT, 6, 12, 64, bend=nn.ReLU(), end=[nn.Sigmoid()])


def encoder():
    return dense(64, 12, 6, LATENT)


def adam(*networks):
    weights = [weight for network in networks for weight in network.parameters()]
    return torch.optim.Adam(weights, 2e-3, betas=(0.5, 0.999))


def move(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def verdicts(judge, rows):
    return judge(rows).squeeze(1)


def move_judge(optimiser, judge, real, fake, steadying, fakes):
    for _ in range(4 if steadying == "wasserstein-gp" else 0):
        move_judge_once(optimiser, judge, real, fakes(), steadying)
    return move_judge_once(optimiser, judge, real, fake, steadying)


def move_judge_once(optimiser, judge, real, fake, steadying):
    real, fake = real.detach(), fake.detach()
    on_real, on_fake = verdicts(judge, real), verdicts(judge, fake)
    if steadying == "none":
        loss = cross_entropy(on_real, torch.ones(len(real))) + cross_entropy(on_fake, torch.zeros(len(fake)))
    else:
        share = torch.rand(len(real), 1)
        between = (share * real + (1 - share) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
        loss = on_fake.mean() - on_real.mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
    return move(optimiser, loss)


def fooled(verdict, steadying, objective="non-saturating"):
    """What a side minimises whose rows should be taken for real."""
    if steadying == "wasserstein-gp":
        return -verdict.mean()
    if objective == "saturating":
        return -cross_entropy(verdict, torch.zeros(len(verdict)))
    return cross_entropy(verdict, torch.ones(len(verdict)))


@torch.no_grad()
def average(slow, fast, memory, steps):
    share = max(1 - memory, 9 / (9 + steps))
    for ours, theirs in zip(slow.parameters(), fast.parameters(), strict=True):
        ours.copy_((1 - share) * ours + share * theirs)


def played(turn, epochs=EPOCHS):
    """Means over the rows, epoch by epoch, of the losses that `turn` gives for a batch."""
    order, history = torch.Generator().manual_seed(SEED), {}
    for epoch in range(epochs):
        totals = {}
        for rows in torch.randperm(len(X), generator=order).split(32):
            for name, loss in turn(X[rows], epoch).items():
                totals[name] = totals.get(name, 0) + loss * len(rows) / len(X)
        for name, total in totals.items():
            history.setdefault(name, []).append(total)
    return history


def assert_same(fitted, history, **networks):
    assert fitted.history_.keys() == {f"{name}_loss" for name in history}
    for name, losses in history.items():
        np.testing.assert_allclose(fitted.history_[f"{name}_loss"], losses, rtol=1e-4, atol=1e-6, err_msg=name)
    for name, theirs in networks.items():
        pairs = zip(fitted.net_.get_submodule(name).parameters(), theirs.parameters(), strict=True)
        for ours, weight in pairs:
            torch.testing.assert_close(ours, weight, atol=2e-5, rtol=1e-3)


def gan_turn(judge, player, slow, averaging, steadying, objective="non-saturating"):
    adams, steps = (adam(judge), adam(player)), itertools.count(1)

    def turn(real, epoch):
        def fakes():
            return player(torch.randn(len(real), LATENT))

        fake = fakes()
        on_judge = move_judge(adams[0], judge, real, fake, steadying, fakes)
        on_maker = move(adams[1], fooled(verdicts(judge, fake), steadying, objective))
        if averaging:
            average(slow, player, averaging, next(steps))
        return {"discriminator": on_judge, "generator": on_maker}

    return turn


@pytest.mark.parametrize(
    ("steadying", "objective", "averaging"),
    [
        ("none", "non-saturating", 0.998),
        ("none", "saturating", 0.0),
        ("wasserstein-gp", "non-saturating", 0.0),
        ("wasserstein-gp", "saturating", 0.3),  # from step 4 on an average that always forgets as much
    ],
)
def test_the_gan(steadying, objective, averaging):
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        player, judge = maker(), dense(64, 12, 6, 1)
        slow = copy.deepcopy(player) if averaging else player
        history = played(gan_turn(judge, player, slow, averaging, steadying, objective))
    fitted = GAN(steadying=steadying, objective=objective, averaging=averaging, **OPTIONS).fit(X.numpy())
    assert_same(fitted, history, discriminator=judge, generator=slow, **({"player": player} if averaging else {}))


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_f_anogan(weight):
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        player, judge, coder = maker(), dense(64, 12, 6, 1), encoder()
        slow = copy.deepcopy(player)
        gan, adam_of_coder = gan_turn(judge, player, slow, 0.9, "none"), adam(coder)

        def turn(real, epoch):
            if epoch < 2:
                return gan(real, epoch)
            rebuilt, features = slow(coder(real)), judge[:-1]
            loss = ((real - rebuilt) ** 2).mean() + weight * ((features(real) - features(rebuilt)) ** 2).mean()
            return {"encoder": move(adam_of_coder, loss)}

        history = played(turn, epochs=5)
    options = {**OPTIONS, "epochs": 5, "gan_epochs": 2, "feature_weight": weight}
    fitted = FAnoGAN(steadying="none", averaging=0.9, **options).fit(X.numpy())
    assert_same(fitted, history, discriminator=judge, generator=slow, player=player, encoder=coder)


class Pairs(nn.Module):
    """A discriminator of rows and codes side by side."""

    def __init__(self):
        super().__init__()
        self.rows = dense(64, 12, 6, CODE, end=[LEAKY])
        self.codes = dense(LATENT, CODE, end=[LEAKY])
        self.both = dense(2 * CODE, CODE, end=[LEAKY])
        self.head = nn.Linear(CODE, 1)

    def forward(self, pairs):
        return self.head(self.both(torch.cat([self.rows(pairs[:, :64]), self.codes(pairs[:, 64:])], dim=1)))


@pytest.mark.parametrize(("steadying", "cycle_weight"), [("none", 0.3), ("none", 0.0), ("wasserstein-gp", 0.1)])
def test_bigan(steadying, cycle_weight):
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        player, coder, judge = maker(), encoder(), Pairs()
        slow, slow_coder = copy.deepcopy(player), copy.deepcopy(coder)
        adams, steps = (adam(judge), adam(player, coder)), itertools.count(1)

        def turn(x, epoch):
            def fakes():
                z = torch.randn(len(x), LATENT)
                return torch.cat([player(z), z], dim=1)

            fake, code = fakes(), coder(x)
            real = torch.cat([x, code], dim=1)
            on_judge = move_judge(adams[0], judge, real, fake, steadying, fakes)
            # The encoder's side wants its real pairs taken for generated ones.
            loss = fooled(verdicts(judge, fake), steadying) + fooled(-verdicts(judge, real), steadying)
            cycle = ((x - player(code)) ** 2).sum(dim=1).mean()
            move(adams[1], loss + cycle_weight * cycle)
            step = next(steps)
            average(slow, player, 0.9, step)
            average(slow_coder, coder, 0.9, step)
            cycle = cycle.item() if cycle_weight else 0.0
            return {"discriminator": on_judge, "generator": loss.item(), "cycle": cycle}

        history = played(turn)
    options = {**OPTIONS, "steadying": steadying, "cycle_weight": cycle_weight, "averaging": 0.9}
    fitted = BiGAN(**options).fit(X.numpy())
    assert_same(fitted, history, discriminator=judge, generator=slow, encoder=slow_coder)
    assert_same(fitted, history, **{"player.generator": player, "player.encoder": coder})


@pytest.mark.parametrize("steadying", ["none", "wasserstein-gp"])
def test_ganomaly(steadying):
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        coder, player, second, judge = encoder(), maker(), encoder(), dense(64, 12, 6, 1)
        adams = adam(judge), adam(coder, player, second)

        def turn(x, epoch):
            code = coder(x)
            rebuilt, features = player(code), judge[:-1]
            on_judge = move_judge(adams[0], judge, x, rebuilt, steadying, lambda: rebuilt)
            adversarial = ((features(x) - features(rebuilt)) ** 2).mean()
            error, codes = ((x - rebuilt) ** 2).mean(), ((code - second(rebuilt)) ** 2).mean()
            move(adams[1], 0.5 * adversarial + 3 * error + 2 * codes)
            names = ("discriminator", "adversarial", "reconstruction", "encoding")
            return dict(zip(names, (on_judge, adversarial.item(), error.item(), codes.item()), strict=True))

        history = played(turn)
    weights = {"adversarial_weight": 0.5, "reconstruction_weight": 3.0, "encoding_weight": 2.0}
    fitted = GANomaly(steadying=steadying, **weights, **OPTIONS).fit(X.numpy())
    networks = {"encoder": coder, "generator": player, "second_encoder": second, "discriminator": judge}
    assert_same(fitted, history, **networks)
