"""Train the detectors that come with the course: ``python -m authoring.pretrained`` (minutes; needs the real MNIST)."""

from __future__ import annotations

from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import FAnoGAN
from course_lib.deep.pretrained import FOLDER


def anogan_zeros() -> FAnoGAN:
    """The f-AnoGAN of lesson 13, before it is fitted: longer training than a lesson has time for."""
    return FAnoGAN(
        "conv", (1, 28, 28), scaling=None, gan_epochs=60, epochs=75, device="cpu", random_state=0, verbose=False
    )


def main() -> None:
    data = load_mnist(normal=0, offline=False)
    detector = anogan_zeros().fit(data.X_train)
    print(f"AUROC on all test images {auroc(data.y_test, detector.decision_function(data.X_test)):.4f}")
    path = FOLDER / "anogan_zeros.safetensors"
    detector.save(path)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
