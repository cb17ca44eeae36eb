"""The training loop learns, from the right rows, repeatably, and says plainly what it cannot do."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from torch import nn

from course_lib.core.metrics import auroc
from course_lib.core.thresholds import Contamination
from course_lib.deep import Autoencoder, DeepDetector

X = np.random.default_rng(0).normal(size=(100, 5)) @ np.random.default_rng(1).normal(size=(5, 5))
PLAIN = {"epochs": 4, "batch_size": 16, "device": "cpu", "random_state": 0, "verbose": False}


def make(**options):
    return Autoencoder(**{"hidden_sizes": (8,), "latent_size": 2, **PLAIN, **options})


def weights(detector):
    return {name: value.clone() for name, value in detector.net_.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


class Spy(Autoencoder):
    """Notes the rows it is shown; features are not scaled, and the first one is the row's number."""

    def loss(self, net, batch):
        self.__dict__.setdefault("shown", []).append((net.training, batch[:, 0].int().tolist()))
        return super().loss(net, batch)

    def fit(self, X, y=None):
        return super().fit(np.c_[np.arange(len(X)), X], y)

    def rows(self, training):
        return [row for was_training, rows in self.shown if was_training == training for row in rows]


def test_loss_falls_weights_move_and_scores_differ():
    fitted = make(epochs=20, learning_rate=0.02).fit(X)
    for losses in fitted.history_.values():
        assert len(losses) == 20
        assert losses[-1] < 0.7 * losses[0]
    start = make(learning_rate=1e-12, epochs=1).fit(X)
    assert all(not torch.equal(weights(fitted)[name], weights(start)[name]) for name in weights(start))
    assert fitted.decision_scores_.std() > 0.01
    assert len(np.unique(fitted.decision_scores_)) == len(X)


def test_it_beats_its_untrained_self_on_real_digits():
    pixels, digit = load_digits(return_X_y=True)
    for normal in (0, 3, 8):
        y = (digit != normal).astype(int)
        train = pixels[y == 0][:120] / 16
        settings = {"hidden_sizes": (32,), "latent_size": 8, "scaling": None}
        trained = make(epochs=60, **settings).fit(train)
        untrained = make(epochs=1, learning_rate=1e-9, **settings).fit(train)
        assert auroc(y, trained.decision_function(pixels / 16)) > 0.95
        assert auroc(y, untrained.decision_function(pixels / 16)) < 0.8


def test_held_out_rows_are_never_learnt_from_and_the_others_once_an_epoch():
    spy = Spy((4,), 2, scaling=None, validation_share=0.25, **PLAIN).fit(X)
    learnt, held_out = spy.rows(training=True), spy.rows(training=False)
    assert len(set(held_out)) == 25
    assert not set(learnt) & set(held_out)
    assert sorted(learnt) == sorted([row for row in range(100) if row not in held_out] * 4)
    assert learnt[:75] != learnt[75:150], "each epoch has its own order"
    assert learnt[:75] != sorted(learnt[:75])
    assert len(spy.history_["validation_loss"]) == 4


def test_without_a_validation_share_every_row_is_learnt_from():
    spy = Spy((4,), 2, scaling=None, validation_share=0, **PLAIN).fit(X)
    assert sorted(spy.rows(training=True)) == sorted(list(range(100)) * 4)
    assert not spy.rows(training=False)
    assert spy.history_.keys() == {"loss"}


def test_history_is_the_mean_over_rows_also_with_a_small_last_batch():
    still = make(epochs=1, learning_rate=1e-12, validation_share=0, batch_size=33).fit(X)
    assert still.history_["loss"][0] == pytest.approx(still.decision_scores_.mean(), rel=1e-5)


def test_early_stopping_goes_back_to_the_best_weights():
    few = np.random.default_rng(0).normal(size=(40, 20))  # noise: whatever is learnt is overfitted
    options = {"hidden_sizes": (64,), "latent_size": 16, "validation_share": 0.5, "learning_rate": 0.01, "epochs": 200}
    stopped = make(patience=3, **options).fit(few)
    losses = stopped.history_["validation_loss"]
    best = int(np.argmin(losses))
    assert best + 1 + 3 == len(losses) < 200
    until_best = make(**{**options, "epochs": best + 1}).fit(few)
    assert same(weights(stopped), weights(until_best))
    np.testing.assert_array_equal(stopped.decision_scores_, until_best.decision_scores_)
    assert make(**{**options, "epochs": len(losses)}).fit(few).history_ == stopped.history_


def test_patience_restores_the_best_also_when_the_epochs_end_first():
    few = np.random.default_rng(0).normal(size=(40, 20))
    options = {"hidden_sizes": (64,), "latent_size": 16, "validation_share": 0.5, "learning_rate": 0.01}
    fitted = make(patience=500, epochs=60, **options).fit(few)
    best = int(np.argmin(fitted.history_["validation_loss"]))
    assert best < 59
    assert same(weights(fitted), weights(make(epochs=best + 1, **options).fit(few)))


def test_same_seed_same_result_and_another_seed_another():
    first, second, other = make().fit(X), make().fit(X), make(random_state=1).fit(X)
    assert same(weights(first), weights(second))
    assert first.history_ == second.history_
    np.testing.assert_array_equal(first.decision_scores_, second.decision_scores_)
    assert not same(weights(first), weights(other))
    first.fit(X)
    assert same(weights(first), weights(second)), "fit starts from the beginning"


def test_no_seed_is_a_new_one_each_time():
    first, second = make(random_state=None).fit(X), make(random_state=None).fit(X)
    assert first.seed_ != second.seed_
    assert same(weights(first), weights(make(random_state=first.seed_).fit(X)))


class Noisy(Autoencoder):
    """Draws random numbers wherever it can."""

    def loss(self, net, batch):
        return super().loss(net, batch + 0.1 * torch.randn_like(batch))

    def anomaly_scores(self, net, batch):
        return super().anomaly_scores(net, batch) + torch.rand(len(batch), device=batch.device)


def test_global_random_states_are_left_alone():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    noisy = Noisy((4,), 2, **PLAIN).fit(X)
    scores = noisy.decision_function(X)
    np.testing.assert_array_equal(noisy.decision_function(X), scores)
    np.testing.assert_array_equal(noisy.decision_scores_, scores)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
    torch.manual_seed(99)
    assert same(weights(Noisy((4,), 2, **PLAIN).fit(X)), weights(noisy)), "nor do they matter"


def test_a_failing_fit_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    with pytest.raises(FloatingPointError):
        make(learning_rate=1e12, epochs=50).fit(X)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "options", [{"batch_size": 1}, {"batch_size": 9}, {"batch_size": 1000}, {"batch_size": np.int64(16)}]
)
def test_any_batch_size(options):
    fitted = make(validation_share=0, **options).fit(X)
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0]
    np.testing.assert_allclose(fitted.decision_function(X[:1]), fitted.decision_scores_[:1], rtol=1e-5)


def test_scoring_in_pieces_is_the_same(monkeypatch):
    fitted = make().fit(X)
    monkeypatch.setattr("course_lib.deep.training.SCORING_ROWS", 7)
    np.testing.assert_allclose(fitted.decision_function(X), fitted.decision_scores_, rtol=1e-5)


def test_validation_in_pieces_is_the_mean_over_rows(monkeypatch):
    whole = make(validation_share=0.25).fit(X)
    monkeypatch.setattr("course_lib.deep.training.SCORING_ROWS", 12)  # 25 rows: the last piece is a single one
    pieces = make(validation_share=0.25).fit(X)
    np.testing.assert_allclose(pieces.history_["validation_loss"], whole.history_["validation_loss"], rtol=1e-5)


def test_two_rows_are_enough():
    assert np.isfinite(make(validation_share=0.5).fit(X[:2]).decision_scores_).all()


def test_clone_and_nested_parameters():
    fitted = make(threshold=Contamination(0.3)).fit(X)
    copy = clone(fitted)
    assert not hasattr(copy, "net_")
    assert copy.get_params()["threshold__share"] == 0.3
    copy.set_params(threshold__share=0.05, latent_size=3)
    assert fitted.threshold.share == 0.3
    assert copy.fit(X).labels_.sum() == 5


class Dropped(DeepDetector):
    """A model that only works when training and scoring put the network in the right mode."""

    def __init__(self, epochs=2, validation_share=0.2, device="cpu", random_state=0, threshold=None):
        self.epochs, self.validation_share, self.device = epochs, validation_share, device
        self.random_state, self.threshold = random_state, threshold

    batch_size, learning_rate, weight_decay, patience, scaling = 16, 1e-3, 0.0, None, "standard"
    checkpoint, resume, verbose = None, False, False

    def build(self, n_features):
        return nn.Sequential(nn.Linear(n_features, 8), nn.Dropout(0.5), nn.Linear(8, n_features))

    def loss(self, net, batch):
        return self.anomaly_scores(net, batch).mean()

    def anomaly_scores(self, net, batch):
        return ((net(batch) - batch) ** 2).mean(dim=1)


def test_three_methods_make_a_detector():
    fitted = Dropped(epochs=30).fit(X)
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0]
    with torch.no_grad():
        batch = fitted._to_tensor(X)
        expected = fitted.anomaly_scores(fitted.net_.eval(), batch).numpy()
    np.testing.assert_array_equal(fitted.decision_scores_, expected)


def test_training_works_inside_no_grad():
    plain = Dropped(epochs=2).fit(X)
    with torch.no_grad():
        inside = Dropped(epochs=2).fit(X)
    np.testing.assert_array_equal(inside.decision_scores_, plain.decision_scores_)
