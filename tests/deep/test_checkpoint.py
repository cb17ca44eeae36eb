"""A training that was killed and goes on ends at the same bits; a checkpoint that does not fit is refused."""

import os
import runpy
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.core.persistence import read_arrays
from course_lib.deep import Autoencoder

PROGRAM = Path(__file__).with_name("training_program.py")
program = runpy.run_path(str(PROGRAM))
make, X, Restless = program["make"], program["X"], program["Restless"]
EPOCHS = 40
ROOT = Path(__file__).parents[2]


def assert_same_run(first, second):
    for name, value in first.net_.state_dict().items():
        assert torch.equal(value, second.net_.state_dict()[name]), name
    assert first.history_ == second.history_
    assert first.seed_ == second.seed_
    np.testing.assert_array_equal(first.decision_scores_, second.decision_scores_)


def start(case, folder):
    command = [sys.executable, PROGRAM, case, str(EPOCHS), folder / "checkpoint", folder / "result"]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a matter of POSIX")
@pytest.mark.parametrize("case", ["unseeded", "patient"])
def test_a_killed_process_goes_on_to_the_same_bits(case, tmp_path):
    first = start(case, tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "checkpoint").exists() or read_arrays(tmp_path / "checkpoint")[1]["epoch"] < 5:
        assert first.poll() is None, "the first run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.003)
    time.sleep(0.013)  # somewhere inside an epoch
    first.kill()
    first.wait()
    assert first.returncode == -9
    assert not (tmp_path / "result").exists()
    done = read_arrays(tmp_path / "checkpoint")[1]["epoch"]
    assert 5 <= done < EPOCHS

    second = start(case, tmp_path)
    steps = int(second.communicate(timeout=60)[0])
    resumed = Restless.load(tmp_path / "result")
    whole = make(case, epochs=EPOCHS, random_state=resumed.seed_).fit(X)
    assert_same_run(resumed, whole)
    per_epoch = -(-(len(X) - int(len(X) * resumed.validation_share)) // 16)
    assert steps == (len(whole.history_["loss"]) - done) * per_epoch, "only the missing epochs were trained"
    if case == "patient":
        assert len(whole.history_["loss"]) < EPOCHS, "patience must have ended the run for this test to mean anything"


class Stopped(Exception):
    pass


@pytest.mark.parametrize("case", ["seeded", "patient"])
def test_a_stop_at_any_step_costs_at_most_an_epoch(case, tmp_path, monkeypatch):
    whole = make(case, epochs=8).fit(X)
    inner = Restless.training_step
    for last in (0, 1, 7, 8, 20, 31, 39):
        steps = iter(range(last))

        def until(self, *arguments, steps=steps):
            if next(steps, None) is None:
                raise Stopped
            return inner(self, *arguments)

        path = tmp_path / f"{last}"
        stopping = make(case, epochs=8, checkpoint=path)
        with monkeypatch.context() as patch:
            patch.setattr(Restless, "training_step", until)
            with pytest.raises(Stopped):
                stopping.fit(X)
        assert_same_run(make(case, epochs=8, checkpoint=path, resume=True).fit(X), whole)
    assert {p.name for p in tmp_path.iterdir()} == {"0", "1", "7", "8", "20", "31", "39"}


def test_more_epochs_go_on_from_a_finished_run(tmp_path):
    path = tmp_path / "checkpoint"
    make("seeded", epochs=3, checkpoint=path).fit(X)
    assert_same_run(make("seeded", epochs=7, checkpoint=path, resume=True).fit(X), make("seeded", epochs=7).fit(X))


@pytest.mark.parametrize("case", ["seeded", "patient"])
def test_a_finished_run_is_not_trained_again(case, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint"
    whole = make(case, epochs=30, checkpoint=path).fit(X)
    before = path.read_bytes()

    def never(*arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr(Restless, "training_step", never)
    assert_same_run(make(case, epochs=30, checkpoint=path, resume=True).fit(X), whole)
    assert path.read_bytes() == before


def test_without_resume_the_run_starts_anew(tmp_path):
    path = tmp_path / "checkpoint"
    make("seeded", epochs=3, checkpoint=path).fit(X)
    anew = make("seeded", epochs=2, checkpoint=path).fit(X)
    assert len(anew.history_["loss"]) == 2
    assert read_arrays(path)[1]["epoch"] == 2


def test_resume_without_a_file_starts_at_the_beginning(tmp_path):
    path = tmp_path / "new" / "checkpoint"
    assert_same_run(make("seeded", epochs=2, checkpoint=path, resume=True).fit(X), make("seeded", epochs=2).fit(X))
    assert path.is_file()


def test_a_checkpoint_changes_nothing_and_leaves_the_global_state_alone(tmp_path):
    before = torch.get_rng_state()
    checkpointed = make("seeded", epochs=4, checkpoint=tmp_path / "c").fit(X)
    assert_same_run(checkpointed, make("seeded", epochs=4).fit(X))
    make("seeded", epochs=6, checkpoint=tmp_path / "c", resume=True).fit(X)
    assert torch.equal(torch.get_rng_state(), before)


def test_sgd_with_and_without_momentum(tmp_path, monkeypatch):
    for momentum in (0.0, 0.9):
        path = tmp_path / str(momentum)
        monkeypatch.setattr(
            Restless, "optimisers", lambda self, net, m=momentum: [torch.optim.SGD(net.parameters(), 0.01, momentum=m)]
        )
        make("seeded", epochs=2, checkpoint=path).fit(X)
        assert_same_run(make("seeded", epochs=5, checkpoint=path, resume=True).fit(X), make("seeded", epochs=5).fit(X))


PLAIN = {"hidden_sizes": (8,), "latent_size": 2, "epochs": 2, "device": "cpu", "random_state": 0, "verbose": False}


@pytest.fixture
def checkpoint(tmp_path):
    Autoencoder(**PLAIN, checkpoint=tmp_path / "run.ckpt").fit(X)
    return tmp_path / "run.ckpt"


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"hidden_sizes": (9,)}, "hidden_sizes was (8,) and is (9,) now"),
        ({"hidden_sizes": [8]}, "hidden_sizes was (8,) and is [8] now"),
        ({"latent_size": 3}, "latent_size was 2 and is 3 now"),
        ({"activation": "tanh"}, "activation was 'relu' and is 'tanh' now"),
        ({"random_state": 1}, "random_state was 0 and is 1 now"),
        ({"random_state": None}, "random_state was 0 and is None now"),
        ({"learning_rate": 0.1}, "learning_rate was 0.001 and is 0.1 now"),
        ({"scaling": None}, "scaling was 'standard' and is None now"),
        ({"validation_share": 0.3}, "validation_share was 0.1 and is 0.3 now"),
    ],
)
def test_a_checkpoint_of_other_settings(options, fragment, checkpoint, refuses):
    before = checkpoint.read_bytes()
    with refuses(f"run.ckpt belongs to another training ({fragment}): choose another file or set resume=False."):
        Autoencoder(**{**PLAIN, **options}, checkpoint=checkpoint, resume=True).fit(X)
    assert checkpoint.read_bytes() == before


def test_a_checkpoint_of_other_data_or_another_model(checkpoint, refuses):
    options = {**PLAIN, "checkpoint": checkpoint, "resume": True}
    for other in (X[:-1], X + 1e-3 * X**2, X[::-1], X[:, :5]):
        with refuses("belongs to another training (training data was"):
            Autoencoder(**options).fit(other)
    with refuses("belongs to another training (detector was 'Autoencoder' and is 'Restless' now)"):
        Restless(**options).fit(X)


def test_a_network_that_is_built_otherwise_by_now(tmp_path, refuses, monkeypatch):
    make("seeded", epochs=2, checkpoint=tmp_path / "c").fit(X)
    monkeypatch.setattr(Restless, "build", lambda self, n: torch.nn.Linear(n, n))
    with refuses("The saved weights do not fit the network (weight was None and is (6, 6) now)"):
        make("seeded", epochs=3, checkpoint=tmp_path / "c", resume=True).fit(X)


@pytest.mark.parametrize("share", [0, 0.3, 0.5, 0.99])
def test_half_a_checkpoint(checkpoint, share, refuses):
    checkpoint.write_bytes(checkpoint.read_bytes()[: int(checkpoint.stat().st_size * share)])
    with refuses("run.ckpt is cut off or no safetensors file: delete the checkpoint or set resume=False."):
        Autoencoder(**PLAIN, checkpoint=checkpoint, resume=True).fit(X)


def test_an_edited_checkpoint(checkpoint, refuses):
    raw = bytearray(checkpoint.read_bytes())
    raw[-1] ^= 1
    checkpoint.write_bytes(raw)
    with refuses("was changed after it was saved"):
        Autoencoder(**PLAIN, checkpoint=checkpoint, resume=True).fit(X)


def test_numbers_that_numpy_made(tmp_path):
    options = {**PLAIN, "learning_rate": np.float32(0.01), "weight_decay": np.float64(0.1), "batch_size": np.int64(16)}
    Autoencoder(**options, checkpoint=tmp_path / "c").fit(X)
    longer = {**options, "epochs": np.int64(4), "checkpoint": tmp_path / "c", "resume": True}
    assert len(Autoencoder(**longer).fit(X).history_["loss"]) == 4


def test_fewer_epochs_than_the_checkpoint_has(checkpoint, refuses):
    with refuses("epochs behind it and epochs is 1"):
        Autoencoder(**{**PLAIN, "epochs": 1}, checkpoint=checkpoint, resume=True).fit(X)
