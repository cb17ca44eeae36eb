"""The image loaders: on real MNIST where it is at hand, on a small server's data, and without a network."""

import socket
import struct
import time
import tracemalloc
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from course_lib.data import DownloadError, OneClassData, load_fashion_mnist, load_mnist
from course_lib.data.cache import cache_root, is_complete
from course_lib.data.registry import REGISTRY
from course_lib.data.substitute import enlarge


def need(name: str) -> None:
    if not is_complete(REGISTRY[name]):
        pytest.skip(f"{name} is not in {cache_root()}: fetch it with `python -m course_lib data fetch {name}`")


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("network refused by the test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def idx(array: np.ndarray) -> bytes:
    """MNIST's file format: a magic number with the rank, the shape, then the bytes."""
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def tiny(server, empty_cache, monkeypatch, make_answer, make_remote_file):
    """Both data sets in small: 40 training and 20 test images, class = index modulo 10, every pixel = class * 20."""
    files = {}
    for name in ("MNIST", "FashionMNIST"):
        contents = {}
        for part, count in (("train", 40), ("t10k", 20)):
            labels = (np.arange(count) % 10).astype(np.uint8)
            contents[f"{part}-images-idx3-ubyte"] = idx(np.repeat(labels * 20, 784).reshape(count, 28, 28))
            contents[f"{part}-labels-idx1-ubyte"] = idx(labels)
        entries = []
        for file_name, content in contents.items():
            entry, archive = make_remote_file(f"{name}/raw/{file_name}", content)
            entries.append(replace(entry, remote=f"{name}-{file_name}.gz"))
            server.serve(entries[-1].remote, make_answer(archive))
        files[name] = entries
        tiny_entry = replace(REGISTRY[name], files=tuple(entries), mirrors=(server.address,))
        monkeypatch.setitem(REGISTRY, name, tiny_entry)
    return server


def test_mnist_has_the_known_counts_and_range():
    need("MNIST")
    data = load_mnist(normal=0)
    assert data.X_train.shape == (5_923, 784)
    assert data.X_test.shape == (10_000, 784)
    assert data.X_train.dtype == data.X_test.dtype == np.float32
    assert (data.X_train.min(), data.X_train.max()) == (0.0, 1.0)
    assert (data.labels_train == 0).all()
    assert np.bincount(data.labels_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.issubdtype(data.y_test.dtype, np.integer)
    assert data.y_test.sum() == 9_020
    assert ((data.labels_test != 0) == data.y_test).all()
    assert data.source.startswith("MNIST")
    assert not data.is_substitute
    assert data.image_shape == (28, 28)
    assert len(data.feature_names) == 784
    assert data.feature_names[29] == "row_1_column_1"


def test_fashion_mnist_has_the_known_counts():
    need("FashionMNIST")
    data = load_fashion_mnist(normal=[5, 9], flatten=False)
    assert data.X_train.shape == (12_000, 28, 28)
    assert set(data.labels_train) == {5, 9}
    assert data.y_test.sum() == 8_000
    assert data.source.startswith("Fashion-MNIST")


def test_only_the_rows_that_are_kept_become_floats():
    need("MNIST")
    load_mnist()  # imports come first
    tracemalloc.start()
    data = load_mnist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert data.X_train.nbytes + data.X_test.nbytes < 50e6
    # Reading the bytes takes about 60 MB on top; all 60,000 training images as floats would take 188 MB.
    assert peak < 140e6


def test_a_digits_pixels_are_those_that_torchvision_reads():
    need("MNIST")
    from torchvision import datasets

    reference = datasets.MNIST(root=str(cache_root()), train=True, download=False)
    wanted = reference.data[reference.targets == 7][:50].numpy() / 255
    np.testing.assert_allclose(load_mnist(7, flatten=False).X_train[:50], wanted, rtol=1e-6)


def test_the_registry_agrees_with_torchvision():
    from torchvision import datasets

    for name in ("MNIST", "FashionMNIST"):
        reader = getattr(datasets, name)
        assert {file.remote for file in REGISTRY[name].files} == {archive for archive, _ in reader.resources}
        assert set(reader.mirrors) <= set(REGISTRY[name].mirrors)
        assert all(file.path == f"{name}/raw/{file.remote.removesuffix('.gz')}" for file in REGISTRY[name].files)


def test_missing_files_are_downloaded_and_read(tiny, capsys):
    data = load_mnist(3)
    assert len(tiny.requests) == 4
    assert data.X_train.shape == (4, 784)
    np.testing.assert_allclose(data.X_train, 60 / 255, rtol=1e-6)
    assert data.y_test.tolist() == [int(index % 10 != 3) for index in range(20)]
    assert "Downloading MNIST/raw/train-images-idx3-ubyte" in capsys.readouterr().out
    load_mnist(3)
    assert len(tiny.requests) == 4
    assert capsys.readouterr().out == ""


def test_the_same_call_gives_equal_data(tiny):
    for load in (load_mnist, load_fashion_mnist):
        first, second = load([1, 2]), load([2, 1])
        for name in ("X_train", "X_test", "y_test", "labels_train", "labels_test"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert first.X_train is not second.X_train


@pytest.mark.parametrize("normal", [0, 9, np.int64(4), [3], (1, 7), np.array([2, 5]), {6, 8}, range(9)])
def test_training_data_holds_only_the_normal_classes(normal, tiny):
    chosen = {int(item) for item in np.ravel(list(normal) if hasattr(normal, "__iter__") else normal)}
    data = load_mnist(normal)
    assert set(data.labels_train.tolist()) == chosen
    assert set(np.rint(data.X_train[:, 0] * 255 / 20).astype(int).tolist()) == chosen
    assert data.y_test.tolist() == [int(label not in chosen) for label in data.labels_test]


def test_normal_none_gives_all_training_images_and_any_choice_later(tiny):
    everything = load_mnist(None)
    assert everything.X_train.shape == (40, 784)
    assert everything.y_test.sum() == 0
    for normal in (0, [4, 5]):
        direct, chosen = load_mnist(normal), everything.with_normal(normal)
        for name in ("X_train", "X_test", "y_test", "labels_train", "labels_test"):
            np.testing.assert_array_equal(getattr(direct, name), getattr(chosen, name))
    with pytest.raises(ValueError, match="no sample of class 1: load the data with normal=None"):
        load_mnist(0).with_normal(1)


BAD_CHOICES = {
    "zero": "is 'zero'.",
    10: "is 10.",
    -1: "is -1.",
    True: "is True.",
    0.0: "is 0.0.",
    (1, "a"): "is (1, 'a').",
    (): "is (): choose at least one.",
    range(10): "is range(0, 10): with all classes normal no anomaly is left",
}


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
@pytest.mark.parametrize("normal", BAD_CHOICES, ids=repr)
def test_a_bad_choice_of_normal_is_one_sentence(normal, load, empty_cache, no_network, capsys):
    with pytest.raises(ValueError, match=r"^normal must be one of the classes 0, 1, 2, .* or several") as caught:
        load(normal)
    assert BAD_CHOICES[normal] in str(caught.value)
    assert capsys.readouterr().out == ""  # found before any file is touched


def test_without_network_and_cache_the_small_digits_stand_in(empty_cache, no_network, capsys):
    start = time.perf_counter()
    data = load_mnist(0)
    assert time.perf_counter() - start < 5
    assert capsys.readouterr().out.splitlines() == [
        "Using scikit-learn's small digits, enlarged to 28 x 28, instead of MNIST.",
        "Numbers in a lesson's text are those of the real data. Their download failed (no network?).",
        "To try again, or to see why: python -m course_lib data fetch MNIST",
    ]
    assert data.is_substitute
    assert data.source.startswith("Not MNIST but scikit-learn's bundled digits")
    assert data.X_train.shape == (89, 784)
    assert data.X_test.shape == (899, 784)
    assert data.X_train.dtype == np.float32
    assert data.X_test.min() == 0.0
    assert 0.95 < data.X_test.max() <= 1.0
    assert data.y_test.mean() == pytest.approx(0.9, abs=0.01)
    assert list(empty_cache.rglob("*")) == []


def test_the_substitute_is_half_for_training_stratified_and_always_the_same(empty_cache, no_network):
    first, second = load_mnist(None, flatten=False, offline=True), load_mnist(None, flatten=False, offline=True)
    np.testing.assert_array_equal(first.X_train, second.X_train)
    np.testing.assert_array_equal(first.X_test, second.X_test)
    assert first.X_train.shape[1:] == (28, 28)
    assert len(first.X_train) + len(first.X_test) == 1_797
    assert np.abs(np.bincount(first.labels_train) - np.bincount(first.labels_test)).max() <= 1
    train = {image.tobytes() for image in first.X_train}
    assert not train & {image.tobytes() for image in first.X_test}


def test_enlarging_is_bilinear_as_in_torch():
    import torch

    small = np.random.default_rng(0).random((3, 8, 8), dtype=np.float32)
    wanted = torch.nn.functional.interpolate(torch.tensor(small)[:, None], size=(28, 28), mode="bilinear")[:, 0]
    np.testing.assert_allclose(enlarge(small, 28), wanted.numpy(), atol=1e-6)


def test_offline_uses_no_network_and_false_wants_the_real_thing(tiny, no_network, capsys):
    assert load_mnist(offline=True).is_substitute
    assert "real data. No download: offline was asked for." in capsys.readouterr().out
    assert tiny.requests == []
    with pytest.raises(DownloadError, match=r"MNIST is not available, because .* network refused by the test"):
        load_mnist(offline=False)
    assert capsys.readouterr().out == ""


def test_fashion_mnist_without_network_and_cache_is_an_error(empty_cache, no_network, capsys):
    with pytest.raises(DownloadError, match=r"FashionMNIST is not available, because .* network refused by the test"):
        load_fashion_mnist()
    with pytest.raises(DownloadError, match="the network is not to be used"):
        load_fashion_mnist(offline=True)
    assert capsys.readouterr().out == ""


def test_a_wrong_checksum_lets_the_substitute_step_in_and_is_named_to_who_wants_mnist(
    tiny, make_answer, capsys, empty_cache
):
    file = REGISTRY["MNIST"].files[0]
    tiny.serve(file.remote, make_answer(bytes(file.remote_size)))
    assert load_mnist().is_substitute
    assert "Their download failed" in capsys.readouterr().out
    with pytest.raises(DownloadError, match=r"sent a different file \(wrong SHA-256 checksum\)"):
        load_mnist(offline=False)
    assert [path for path in empty_cache.rglob("*") if path.is_file()] == []


def test_files_with_a_damaged_header_are_named(tiny, empty_cache):
    load_fashion_mnist()
    images = empty_cache / "FashionMNIST/raw/train-images-idx3-ubyte"
    images.write_bytes(b"\xff" * 16 + images.read_bytes()[16:])
    with pytest.raises(DownloadError, match=r"are damaged .* replace them with `python -m course_lib data fetch Fash"):
        load_fashion_mnist()


def test_the_summary_tells_counts_shapes_share_and_source(tiny):
    assert repr(load_mnist(0)).splitlines()[1:] == [
        "  training        4 samples of 784 features (28 x 28 pixels), class 0",
        "  test           20 samples, 18 of them anomalies (90.0%)",
    ]
    text = repr(load_mnist([1, 2], flatten=False))
    assert text.startswith("MNIST: handwritten digits")
    assert "8 samples of 28 x 28 values, classes 1, 2" in text


def test_one_class_data_refuses_parts_that_do_not_fit():
    X, y, names = np.zeros((4, 2), np.float32), np.zeros(4, np.int64), ("a", "b")
    good = OneClassData(X, X, y, names, "Zeros.")
    with pytest.raises(FrozenInstanceError):
        good.source = "Ones."
    with pytest.raises(ValueError, match=r"agree in the shape of a sample, but have \(1,\) and \(2,\)\."):
        replace(good, X_train=X[:, :1])
    with pytest.raises(ValueError, match=r"y_test must have shape \(4,\), one entry a sample, not \(3,\)\."):
        replace(good, y_test=y[:3])
    with pytest.raises(ValueError, match="feature_names must name 2 features, but names 1"):
        replace(good, feature_names=("a",))
    with pytest.raises(ValueError, match="no class labels"):
        good.with_normal(0)
