"""Which way was this picture turned? A network that learnt the answer on normal pictures is unsure about others."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.parameters import check_whole
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.deep.images import check_image_shape, conv_encoder
from course_lib.deep.networks import ACTIVATIONS
from course_lib.deep.training import DeepDetector

PIXELS_AT_ONCE = 400_000  # while scoring: keeps the memory for the layers' outputs small


class TransformationScore(DeepDetector):
    """A small convolutional network tells which of many transformations was applied to an image.

    It is trained on normal images alone, turned, moved and, on request, mirrored, in all combinations. The score of an
    image is minus the mean log-probability, over all transformations, that the network gives to the one that was
    applied: about 0 where each is recognised, the logarithm of their number where the network can only guess.

    Rows stay flat, shape (n, channels * height * width).

    Parameters
    ----------
    image_shape : (int, int, int) or None
        Channels, height, width; None takes a square grey image if the number of features is a square, else one line.
    flips : bool
        Whether images are mirrored left to right, too. Twice the work, and where normal images are nearly their own
        mirror image nothing can be learnt from it.
    rotations : bool
        Whether images are turned, by 90, 180 and 270 degrees where they are square, else by 180.
    shift : float in [0, 0.5]
        How far images are moved up, down, left and right, as a share of height and width; 0: not at all.
    channels : tuple of int
        After each convolution, which halves height and width.
    feature_size : int
        Width of the layer before the answer; `encode` gives it.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "identity"}
    views : int
        Transformations of each image in a training batch, drawn at random.
    epochs, batch_size, learning_rate, weight_decay, validation_share, patience, scaling, checkpoint, resume, device,
    random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    References
    ----------
    Golan and El-Yaniv, 2018, Deep Anomaly Detection Using Geometric Transformations.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int] | None = None,
        flips: bool = False,
        rotations: bool = True,
        shift: float = 0.25,
        channels: tuple[int, ...] = (16, 32, 64),
        feature_size: int = 64,
        activation: str = "relu",
        views: int = 4,
        epochs: int = 3,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.0,
        validation_share: float = 0.1,
        patience: int | None = None,
        scaling: str | None = None,
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.image_shape = image_shape
        self.flips = flips
        self.rotations = rotations
        self.shift = shift
        self.channels = channels
        self.feature_size = feature_size
        self.activation = activation
        self.views = views
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_share = validation_share
        self.patience = patience
        self.scaling = scaling
        self.checkpoint = checkpoint
        self.resume = resume
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.threshold = threshold

    def build(self, n_features: int) -> nn.Module:
        """Convolutions to `feature_size` numbers, and from those one number for each transformation."""
        check_whole("views", self.views, 1)
        shape = check_image_shape(self.image_shape, n_features)
        sources = pixel_sources(shape, self.flips, self.rotations, self.shift)
        if len(sources) < 2:
            raise ValueError(
                f"flips={self.flips}, rotations={self.rotations} and shift={self.shift} leave every image of "
                f"n_features={n_features} as it is, so there is nothing to tell apart: allow one of them."
            )
        encoder = conv_encoder(shape, self.channels, self.feature_size, self.activation)
        head = nn.Sequential(ACTIVATIONS[self.activation](), nn.Linear(self.feature_size, len(sources)))
        net = nn.Sequential(OrderedDict(encoder=encoder, head=head))
        # They follow from the parameters: nothing to save.
        net.register_buffer("sources", torch.from_numpy(sources), persistent=False)
        return net

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy: over random transformations while training, over all of them otherwise."""
        if not net.training:
            return self.anomaly_scores(net, batch).mean()
        sources = net.get_buffer("sources")
        applied = torch.randint(len(sources), (len(batch), int(self.views)), device=batch.device)
        images = batch[:, None].expand(-1, applied.shape[1], -1).gather(2, sources[applied])
        return nn.functional.cross_entropy(net(images.flatten(0, 1)), applied.flatten())

    def anomaly_scores(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Minus the mean log-probability of the transformation that was applied."""
        sources = net.get_buffer("sources")
        parts = []
        for images in batch.split(max(1, PIXELS_AT_ONCE // batch.shape[1])):
            right = [net(images[:, source]).log_softmax(1)[:, k] for k, source in enumerate(sources)]
            parts.append(-torch.stack(right).mean(dim=0))
        return torch.cat(parts)

    @torch.no_grad()
    def encode(self, X: Any) -> np.ndarray:
        """What the network sees in the rows of `X` as they stand, shape (n, feature_size)."""
        check_is_fitted(self)
        codes = self.net_.eval().get_submodule("encoder")(self._to_tensor(check_rows(self, X, reset=False)))
        return codes.cpu().numpy()


def pixel_sources(image_shape: tuple[int, int, int], flips: bool, rotations: bool, shift: float) -> np.ndarray:
    """Where each pixel of a transformed image comes from, for every transformation that makes a difference.

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height, width.
    flips, rotations, shift
        As in :class:`TransformationScore`. Pixels that a shift brings in from outside mirror the image at its edge:
        a dark seam would give the shift away, whatever the picture shows.

    Returns
    -------
    ndarray of int, shape (n_transformations, channels * height * width)
        ``row[sources[k]]`` is the flat image `row` after transformation `k`; the first one leaves it as it is. Those
        that do the same to every image of this shape count once.
    """
    if not isinstance(shift, (int, float, np.number)) or not 0 <= shift <= 0.5:
        raise ValueError(f"shift must be a share of height and width from 0 to 0.5, but is {shift!r}.")
    channels, height, width = image_shape
    pixels = np.arange(height * width).reshape(height, width)
    down, right = round(shift * height), round(shift * width)
    framed = np.pad(pixels, ((down, down), (right, right)), mode="reflect")
    turns = (0, 1, 2, 3) if rotations and height == width else (0, 2) if rotations else (0,)
    moves = [(0, 0), (-down, 0), (down, 0), (0, -right), (0, right)]
    found: dict[bytes, np.ndarray] = {}
    for turn, mirrored, (y, x) in product(turns, (False, True) if flips else (False,), moves):
        moved = framed[down + y : down + y + height, right + x : right + x + width]
        image = np.rot90(moved[:, ::-1] if mirrored else moved, turn).ravel()
        found.setdefault(image.tobytes(), image)
    first_channel = np.stack(list(found.values()))
    return np.concatenate([first_channel + channel * height * width for channel in range(channels)], axis=1)
