"""A training run to be killed: started by a test as ``python training_program.py CASE EPOCHS CHECKPOINT RESULT``."""

import sys
import time

import numpy as np
import torch
from torch import nn

from course_lib.deep import Autoencoder

X = np.random.default_rng(0).normal(size=(120, 6)) @ np.random.default_rng(1).normal(size=(6, 6))


class Restless(Autoencoder):
    """Random numbers in every place: dropout, noise on the batch; buffers too. Counts the steps of this process."""

    pause = 0.0
    steps = 0

    def build(self, n_features):
        return nn.Sequential(
            nn.Linear(n_features, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, n_features)
        )

    def loss(self, net, batch):
        noise = 0.1 * torch.randn_like(batch)
        return ((net(batch + noise) - batch) ** 2).mean()

    def training_step(self, net, batch, optimisers):
        time.sleep(self.pause)
        type(self).steps += 1
        return super().training_step(net, batch, optimisers)


CASES = {
    "seeded": {"random_state": 3},
    "unseeded": {"random_state": None},
    "patient": {"random_state": 4, "patience": 6, "learning_rate": 0.02, "validation_share": 0.4},
}


def make(case, **options):
    settings = {"batch_size": 16, "device": "cpu", "verbose": False, "weight_decay": 0.01, **CASES[case], **options}
    return Restless(**settings)


if __name__ == "__main__":
    case, epochs, checkpoint, result = sys.argv[1:]
    Restless.pause = 0.002
    run = make(case, epochs=int(epochs), checkpoint=checkpoint, resume=True).fit(X)
    run.save(result)
    print(Restless.steps)
