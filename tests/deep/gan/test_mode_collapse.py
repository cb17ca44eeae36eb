"""Mode collapse made, measured and cured, with the losses of the course and a loop that says who moves how often."""

import functools
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.deep import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    recall_of_modes,
    ring_of_gaussians,
)

POINTS, CENTRES = ring_of_gaussians(2000, radius=2.0, spread=0.1, random_state=0)


def network(*sizes):
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


@functools.cache
def play(kind, judge_steps, maker_steps, seed, rounds=320):
    """Samples of a generator, after so many rounds in each of which the two players move so often."""
    generator = torch.Generator().manual_seed(seed)
    ring = torch.tensor(POINTS, dtype=torch.float32)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        maker, judge = network(2, 48, 48, 2), network(2, 48, 48, 1)
    adams = [torch.optim.Adam(net.parameters(), 3e-3, betas=(0.5, 0.9)) for net in (judge, maker)]

    def made():
        return maker(torch.randn(128, 2, generator=generator))

    def verdict(x):
        return judge(x).squeeze(1)

    for _ in range(rounds):
        for turn in [0] * judge_steps + [1] * maker_steps:
            if turn == 0:
                real, fake = ring[torch.randint(len(ring), (128,), generator=generator)], made().detach()
                loss = discriminator_loss(verdict(real), verdict(fake), kind)
                if kind == "wasserstein":
                    loss = loss + 0.1 * gradient_penalty(verdict, real, fake, generator)
            else:
                loss = generator_loss(verdict(made()), kind)
            adams[turn].zero_grad()
            loss.backward()
            adams[turn].step()
    with torch.no_grad():
        return maker(torch.randn(1000, 2, generator=generator)).numpy()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_generator_that_runs_ahead_collapses_and_a_critic_that_leads_cures_it(seed):
    collapsed = recall_of_modes(play("non-saturating", 1, 5, seed), CENTRES, radius=0.3, minimum=20)
    cured = recall_of_modes(play("wasserstein", 5, 1, seed), CENTRES, radius=0.3, minimum=20)
    assert collapsed <= 0.375
    assert cured >= 0.75


def test_a_collapsed_generator_makes_one_heap():
    heap, ring = play("non-saturating", 1, 5, 0), play("wasserstein", 5, 1, 0)
    assert np.linalg.norm(heap.std(axis=0)) < 0.5 * np.linalg.norm(ring.std(axis=0))
