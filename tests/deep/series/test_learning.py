"""Every model learns: on sines against noise, and compared with its untrained self."""

import numpy as np
import torch

from course_lib.core.metrics import auroc


def test_sines_that_it_never_saw_against_noise(on_sines, sines):
    scores = on_sines.decision_function(sines.X_test)
    assert scores.shape == sines.y_test.shape
    assert auroc(sines.y_test, scores) >= 0.99


def test_the_loss_falls_and_every_weight_moves(on_sines, make, sines):
    watched = on_sines.history_["validation_loss"]
    assert watched[-1] < 0.6 * watched[0]
    start = make(epochs=1, learning_rate=1e-12).fit(sines.X_train)
    for (key, value), (_, before) in zip(
        on_sines.net_.state_dict().items(), start.net_.state_dict().items(), strict=True
    ):
        assert not torch.equal(value, before), key


def test_it_beats_its_untrained_self_on_a_shuffled_sensor(on_sines, make, sines):
    """Each reading stays as it was, only the order is lost: an untrained network has no idea of the order."""
    good = sines.X_test[sines.y_test == 0][:60]
    bad = good.copy()
    rng = np.random.default_rng(0)
    for sequence in bad:
        sequence[:, 2] = rng.permutation(sequence[:, 2])
    X, y = np.concatenate([good, bad]), np.repeat([0, 1], 60)
    untrained = make(epochs=1, learning_rate=1e-12).fit(sines.X_train)
    trained = auroc(y, on_sines.decision_function(X))
    assert trained > 0.9
    assert trained > auroc(y, untrained.decision_function(X)) + 0.1


def test_the_shuffled_sensor_is_blamed(on_sines, sines):
    good = sines.X_test[sines.y_test == 0][:20]
    bad = good.copy()
    rng = np.random.default_rng(1)
    for sequence in bad:
        sequence[:, 3] = rng.permutation(sequence[:, 3])
    added = (on_sines.sensor_errors(bad) - on_sines.sensor_errors(good)).mean(axis=(0, 1))
    assert added.argmax() == 3


def test_scores_differ_and_stay_the_same(on_sines, sines):
    scores = on_sines.decision_function(sines.X_test)
    assert len(np.unique(scores)) == len(scores)
    np.testing.assert_array_equal(on_sines.decision_function(sines.X_test), scores)
    np.testing.assert_allclose(on_sines.decision_function(sines.X_test[5:7]), scores[5:7], rtol=1e-4, atol=1e-5)


def test_predictions_of_sequences(on_sines, sines):
    assert on_sines.decision_scores_.shape == (400,)
    np.testing.assert_array_equal(on_sines.predict(sines.X_train), on_sines.labels_)
    assert on_sines.predict(sines.X_test)[sines.y_test == 1].all()


def test_saved_and_loaded(on_sines, sines, tmp_path):
    on_sines.save(tmp_path / "model")
    loaded = type(on_sines).load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.decision_function(sines.X_test), on_sines.decision_function(sines.X_test))
    np.testing.assert_array_equal(loaded.predict(sines.X_test), on_sines.predict(sines.X_test))
    assert loaded.history_ == on_sines.history_


def test_same_seed_same_weights_and_another_seed_others(small, series):
    first, second, other = small().fit(series), small().fit(series), small(random_state=1).fit(series)
    for key, value in first.net_.state_dict().items():
        assert torch.equal(value, second.net_.state_dict()[key])
    assert first.history_ == second.history_
    np.testing.assert_array_equal(first.decision_scores_, second.decision_scores_)
    assert not np.array_equal(first.decision_scores_, other.decision_scores_)


def test_resumed_to_the_same_bits(small, series, tmp_path):
    path = str(tmp_path / "run")
    whole = small(epochs=4).fit(series)
    small(epochs=2, checkpoint=path).fit(series)
    resumed = small(epochs=4, checkpoint=path, resume=True).fit(series)
    for key, value in whole.net_.state_dict().items():
        assert torch.equal(value, resumed.net_.state_dict()[key])
    assert whole.history_ == resumed.history_
    np.testing.assert_array_equal(whole.decision_scores_, resumed.decision_scores_)
