"""Pictures of 8 x 8 pixels that train in seconds: one spot is normal, two small ones with the same ink are not."""

import numpy as np

SHAPE = (1, 8, 8)
ROWS, COLUMNS = np.mgrid[:8, :8]


def spots(n, seed, size=2.5):
    """One spot in each picture, its centre anywhere in the middle."""
    y, x = np.random.default_rng(seed).uniform(2, 5, size=(2, n, 1, 1))
    return np.exp(-((ROWS - y) ** 2 + (COLUMNS - x) ** 2) / size).reshape(n, -1).astype(np.float32)


def pairs(n, seed):
    """Two spots of half the area on opposite sides, at least four pixels apart."""
    rng = np.random.default_rng(seed)
    angle, y, x = rng.uniform(0, np.pi, (n, 1, 1)), *rng.uniform(3, 4, size=(2, n, 1, 1))
    down, right = 2.2 * np.sin(angle), 2.2 * np.cos(angle)
    images = sum(
        np.exp(-((ROWS - y - side * down) ** 2 + (COLUMNS - x - side * right) ** 2) / 1.25) for side in (-1, 1)
    )
    return images.reshape(n, -1).clip(0, 1).astype(np.float32)


NORMAL, UNSEEN, ODD = spots(400, 0), spots(100, 1), pairs(100, 2)
TEST = np.vstack([UNSEEN, ODD])
LABELS = np.repeat([0, 1], 100)
