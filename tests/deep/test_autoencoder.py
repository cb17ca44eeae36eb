"""The autoencoder against PCA, against a training loop written out by hand, and on real digits."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA as ReferencePCA
from torch import nn

from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import Autoencoder
from course_lib.deep.networks import ACTIVATIONS

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 8)) + 0.05 * rng.normal(size=(400, 8))
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}


def test_the_linear_autoencoder_finds_the_subspace_of_pca():
    linear = Autoencoder(
        (), 3, "identity", epochs=300, batch_size=100, learning_rate=3e-3, validation_share=0, scaling=None, **PLAIN
    )
    linear.fit(X - X.mean(axis=0))
    pca = ReferencePCA(3).fit(X)
    angles = subspace_angles(linear.net_.decoder[0].weight.detach().numpy(), pca.components_.T)
    assert np.degrees(angles.max()) < 0.5
    error = ((X - pca.inverse_transform(pca.transform(X))) ** 2).mean(axis=1)
    assert linear.decision_scores_.mean() - error.mean() < 1e-3 * X.var(axis=0).mean()
    assert linear.decision_scores_.mean() >= error.mean() * (1 - 1e-5), "no linear map can do better than PCA"


def test_network_mirrors_its_encoder():
    net = Autoencoder((6, 4), 2, "tanh").build(9)
    widths = [(layer.in_features, layer.out_features) for layer in net.modules() if isinstance(layer, nn.Linear)]
    assert widths == [(9, 6), (6, 4), (4, 2), (2, 4), (4, 6), (6, 9)]
    assert sum(isinstance(layer, nn.Tanh) for layer in net.modules()) == 4
    assert isinstance(net.encoder[-1], nn.Linear)
    assert isinstance(net.decoder[-1], nn.Linear)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns(activation):
    fitted = Autoencoder((16,), 3, activation, epochs=30, learning_rate=5e-3, **PLAIN).fit(X)
    assert fitted.history_["loss"][-1] < 0.6 * fitted.history_["loss"][0]


@pytest.mark.parametrize("scaling", [None, "standard", "minmax", "robust"])
def test_codes_and_reconstructions(scaling):
    rows = X * [1, 10, 100, 1, 1, 1, 1, 1e-3] + 1000
    fitted = Autoencoder((16,), 3, epochs=15, scaling=scaling, **PLAIN).fit(rows)
    assert fitted.encode(rows[:7]).shape == (7, 3)
    rebuilt = fitted.reconstruct(rows)
    assert rebuilt.shape == rows.shape
    error = (((rows - rebuilt) / fitted.scale_) ** 2).mean(axis=1)
    np.testing.assert_allclose(error, fitted.decision_function(rows), rtol=2e-3 if scaling is None else 1e-3, atol=1e-6)
    if scaling == "standard":  # in the units of the data: closer than the mean of each column
        assert (((rows - rebuilt) ** 2).mean(axis=0) < rows.var(axis=0)).all()
    with torch.no_grad():
        codes = torch.from_numpy(fitted.encode(rows))
        np.testing.assert_allclose(
            fitted.net_.decoder(codes).numpy() * fitted.scale_ + fitted.shift_, rebuilt, rtol=1e-6
        )


def test_encode_and_reconstruct_check_their_input(refuses):
    fitted = Autoencoder((4,), 2, epochs=1, **PLAIN).fit(X)
    for method in (fitted.encode, fitted.reconstruct):
        with refuses("X has 7 features"):
            method(X[:, :7])


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_the_library_does_what_the_plain_loop_does(weight_decay):
    """The loop that a learner writes by hand: seeded, scaled, split, shuffled, Adam on the mean squared error."""
    seed, epochs, batch_size, held = 11, 5, 32, 80
    data = torch.tensor((X - X.mean(axis=0)) / X.std(axis=0), dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
        decoder = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 8))
    net = nn.Sequential(encoder, decoder)
    adam = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=weight_decay)
    order = torch.randperm(len(data), generator=generator)
    train, validation = data[order[held:]], data[order[:held]]
    losses, validation_losses = [], []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(train), generator=generator).split(batch_size):
            loss = ((net(train[rows]) - train[rows]) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
        losses.append(total / len(train))
        validation_losses.append(((net(validation) - validation) ** 2).mean().item())

    options = {**PLAIN, "random_state": seed}
    fitted = Autoencoder(
        (16,), 3, epochs=epochs, batch_size=batch_size, learning_rate=2e-3, weight_decay=weight_decay,
        validation_share=0.2, **options,
    ).fit(X)  # fmt: skip
    mine = list(fitted.net_.state_dict().values())
    for theirs, ours in zip(net.state_dict().values(), mine, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-5)
    np.testing.assert_allclose(fitted.history_["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(fitted.history_["validation_loss"], validation_losses, rtol=1e-5)
    with torch.no_grad():
        scores = ((net(data) - data) ** 2).mean(dim=1).numpy()
    np.testing.assert_allclose(fitted.decision_function(X), scores, rtol=1e-4, atol=1e-5)


def test_quality_floor_on_real_mnist():
    folder = Path(os.environ.get("COURSE_DATA_DIR", "data/cache")) / "MNIST" / "raw"
    if not folder.is_dir():
        pytest.skip(f"real MNIST: {folder} is not here; COURSE_DATA_DIR says where the data are")
    data = load_mnist(normal=0, offline=True)
    fitted = Autoencoder((256, 128), 64, epochs=4, batch_size=32, scaling=None, **PLAIN).fit(data.X_train)
    assert not data.is_substitute
    assert auroc(data.y_test[:2000], fitted.decision_function(data.X_test[:2000])) >= 0.98
