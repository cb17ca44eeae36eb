"""Devices by name, and seeds that leave the learner's random state alone."""

import contextlib

import numpy as np
import pytest
import torch

from course_lib.core.runtime import draw_seed, library_versions, local_seed, resolve_device

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", None, 3.5, ["cpu"]])
def test_unknown_device(name, refuses):
    with refuses("device must be 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'"):
        resolve_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_absent_device(name, refuses, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with refuses(f"device '{name}' is not available on this machine"):
        resolve_device(name)


def test_more_gpus_asked_for_than_there_are(refuses, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with refuses("2 GPU(s)"):
        resolve_device("cuda:2")


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_that_is_there(cuda, mps, wanted, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert resolve_device("auto").type == wanted
    assert resolve_device().type == wanted
    assert resolve_device("cpu") == resolve_device(CPU) == CPU


def test_local_seed_repeats_inside_and_changes_nothing_outside():
    torch.manual_seed(5)
    outside = torch.rand(3)
    torch.manual_seed(5)
    drawn = []
    for _ in range(2):
        with local_seed(1, CPU):
            drawn.append(torch.rand(4))
    assert torch.equal(*drawn)
    assert torch.equal(torch.rand(3), outside)
    with local_seed(2, CPU):
        assert not torch.equal(torch.rand(4), drawn[0])


def test_local_seed_puts_the_state_back_after_an_error():
    before = torch.get_rng_state()
    with contextlib.suppress(KeyError), local_seed(1, CPU):
        torch.rand(10)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before)


def test_local_seeds_nest():
    with local_seed(1, CPU):
        torch.rand(1)
        wanted = torch.rand(1)
    with local_seed(1, CPU):
        torch.rand(1)
        with local_seed(9, CPU):
            torch.rand(7)
        assert torch.equal(torch.rand(1), wanted)


def test_draw_seed():
    assert draw_seed(7) == draw_seed(np.int64(7)) == 7
    assert draw_seed(0) == 0
    np.random.seed(0)  # noqa: NPY002, a fresh seed must not follow the global state
    first = draw_seed(None)
    np.random.seed(0)  # noqa: NPY002
    assert draw_seed(None) != first


@pytest.mark.parametrize("bad", [-1, 1.0, "1", True, 2**63, np.random.default_rng(0)])
def test_seeds_that_are_none(bad, refuses):
    with refuses("random_state must be None or a whole number"):
        draw_seed(bad)


def test_versions():
    assert library_versions()["numpy"] == np.__version__
    assert library_versions().keys() == {"python", "numpy", "scipy", "scikit-learn", "torch"}
