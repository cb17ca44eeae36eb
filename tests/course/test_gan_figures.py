"""What the lesson on GANs says of another library, and what it quotes from the benchmarks, holds."""

import numpy as np
import pytest


def test_the_other_librarys_search_ends_at_one_picture_for_all():
    """PyOD's AnoGAN: each score is the distance of a row to one and the same generated row."""
    anogan = pytest.importorskip("pyod.models.anogan")
    import torch

    torch.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(30, 6))
    detector = anogan.AnoGAN(epochs=1, epochs_query=2, G_layers=[8], D_layers=[8, 4], latent_dim_G=3, device="cpu").fit(
        X
    )
    made = []
    detector.generator.register_forward_hook(lambda module, z, output: made.append(output[0].detach().numpy()))
    detector.decision_function(X)
    assert len(made) == len(X)
    assert np.ptp(np.array(made), axis=0).max() == 0
