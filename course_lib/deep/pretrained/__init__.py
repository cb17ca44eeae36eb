"""Trained detectors that come with the course, for lessons that go on where the training would end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_lib.core import Detector

FOLDER = Path(__file__).resolve().parent


def load_pretrained(name: str = "anogan_zeros") -> Detector:
    """Load a detector that was trained for the course.

    Parameters
    ----------
    name : {"anogan_zeros"}
        An :class:`course_lib.deep.FAnoGAN` of MNIST's zeros, with convolutional generator, discriminator and encoder;
        ``AnoGAN.from_gan(load_pretrained(), X)`` searches in its latent space. ``authoring/pretrained.py`` makes it.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    from course_lib.core import load

    there = sorted(path.stem for path in FOLDER.glob("*.safetensors"))
    if name not in there:
        raise ValueError(f"There is no trained detector {name!r}: the course brings {', '.join(there)}.")
    return load(FOLDER / f"{name}.safetensors")
