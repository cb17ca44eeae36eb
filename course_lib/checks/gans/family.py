"""Check of task 13.12: a family of detectors, of which some stand on one GAN and some play a game of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from course_lib.checks import expect, rng, task

NAMES = ("start", "AnoGAN", "f-AnoGAN", "BiGAN", "GANomaly")


@task(
    "13.12",
    "A family on one GAN",
    passed="Three of them share the pictures of one GAN, two play games of their own. The next cell lets them compete.",
)
def gan_family(answer: Callable[..., Any]) -> None:
    """Five detectors: one GAN's warm start, search and encoder, and two that train beside an encoder."""
    from course_lib.deep import GAN

    draw = rng()
    codes = draw.normal(size=(int(draw.integers(40, 60)), 2))
    X = 1 / (1 + np.exp(-(codes @ draw.normal(size=(2, 8)) + 0.3 * draw.normal(size=(len(codes), 8)))))
    seed, steps, epochs = int(draw.integers(2**31)), int(draw.integers(4, 9)), int(draw.integers(3, 6))
    quick: dict[str, Any] = {
        "hidden_sizes": (16, 8),
        "latent_size": 3,
        "scaling": None,
        "device": "cpu",
        "verbose": False,
    }
    gan = GAN(**quick, epochs=2, random_state=seed).fit(X)
    net, before = gan.net_, weights(gan)
    family = answer(gan, X, steps, epochs)
    untouched = all(np.array_equal(then, now) for then, now in zip(before, weights(gan), strict=True))
    expect(
        gan.net_ is net and untouched,
        "You trained the GAN that came in once more: it is finished, and others need it as it is.",
    )
    expect(isinstance(family, Mapping), "Return a dict: the five names, and to each its detector.")
    left = [name for name in NAMES if name not in family]
    expect(not left, f"{' and '.join(left)}: not in your dict. The names are {', '.join(NAMES)}.")
    for name in NAMES:
        the_kind(name, family[name], len(X))
    for name in NAMES[:3]:
        on_the_gan(name, family[name], gan)
    searches(family, steps)
    for name in NAMES[2:]:
        found = family[name].epochs
        expect(found == epochs, f"{name!r} was taught for {found} epochs: their number comes in as an argument.")
    for name in NAMES[3:]:
        own_game(name, family[name])
    expect(
        family["GANomaly"].residual_share == 0,
        "Your GANomaly also scores the error of the image, the library's default: the published score, which is asked "
        "for, takes the codes alone.",
    )


def weights(detector: Any, part: str = "") -> list[np.ndarray]:
    """The numbers of a fitted detector's network, or of one part of it."""
    return [value.detach().cpu().numpy().copy() for value in detector.net_.get_submodule(part).parameters()]


def the_kind(name: str, detector: Any, n: int) -> None:
    """Whether a detector is of the class that its name asks for, and has seen all rows."""
    from course_lib.deep import AnoGAN, BiGAN, FAnoGAN, GANomaly

    wanted = dict(zip(NAMES, (AnoGAN, AnoGAN, FAnoGAN, BiGAN, GANomaly), strict=True))[name]
    expect(
        not isinstance(detector, type) and isinstance(detector, wanted),
        f"{name!r} holds {'a class' if isinstance(detector, type) else 'an object'} "
        f"{getattr(detector, '__name__', type(detector).__name__)!r}: it should be a fitted {wanted.__name__}.",
    )
    expect(
        hasattr(detector, "net_"),
        f"{name!r} is made, but has not learnt anything: a detector that plays a game of its own needs fit.",
    )
    expect(
        len(detector.decision_scores_) == n,
        f"{name!r} has seen {len(detector.decision_scores_)} rows of {n}: hand over all of X.",
    )


def on_the_gan(name: str, detector: Any, gan: Any) -> None:
    """Whether a detector's generator is the one of the finished GAN."""
    mine, its = weights(detector, "generator"), weights(gan, "generator")
    same = len(mine) == len(its) and all(np.array_equal(one, other) for one, other in zip(mine, its, strict=True))
    expect(
        same,
        f"{name!r} has another generator than the GAN that came in: fit trains a GAN from the beginning, from_gan "
        "takes the finished one.",
    )


def searches(family: Mapping[str, Any], steps: int) -> None:
    """Whether start and search are the same but for the steps."""
    start, search = family["start"], family["AnoGAN"]
    for name, detector in (("start", start), ("AnoGAN", search)):
        expect(
            detector.bank_size > 0,
            f"{name!r} begins at a random point, bank_size=0: leave the warm start on.",
        )
        expect(
            detector.restarts == 1,
            f"{name!r} has restarts={detector.restarts}: with more than one start for an image, what the steps gain "
            "and what the choice among the starts gains cannot be told apart.",
        )
    expect(
        not (start.search_steps == steps and search.search_steps == 0),
        "'start' and 'AnoGAN' are swapped: the one without steps is the start.",
    )
    expect(
        start.search_steps == 0,
        f"'start' makes {start.search_steps} steps: it is there to show what the search has before its first one.",
    )
    expect(
        search.search_steps == steps,
        f"'AnoGAN' makes {search.search_steps} steps: their number comes in as an argument.",
    )
    settings = ("against", "feature_share", "bank_size", "search_rate")
    expect(
        all(getattr(start, name) == getattr(search, name) for name in settings),
        "'start' and 'AnoGAN' differ in more than their steps: then no one can say what the steps did.",
    )
    as_it_was("AnoGAN", search, settings)


def own_game(name: str, detector: Any) -> None:
    """Whether a detector that trains from the beginning did so on the rows as they are, and can be trained again."""
    expect(
        detector.scaling is None,
        f"{name!r} has scaling={detector.scaling!r}: each column would be stretched by itself, but these are pixels, "
        "which share a scale from 0 to 1.",
    )
    found = detector.random_state
    expect(found is not None, f"{name!r} has no random_state: the next run of the same line would be another detector.")
    expect(found == 0, f"{name!r} has random_state={found}: the task asks for 0, so that all get the same numbers.")
    free = {"epochs", "scaling", "random_state", "residual_share", "verbose", "device", "threshold"}
    as_it_was(name, detector, sorted(set(detector.get_params()) - free))


def as_it_was(name: str, detector: Any, settings: Iterable[str]) -> None:
    """Whether settings are still those of the class."""
    usual, now = type(detector)().get_params(), detector.get_params()
    changed = [setting for setting in settings if now[setting] != usual[setting]]
    expect(not changed, f"{name!r} has another {' and '.join(changed)}: all other settings stay as they are.")
