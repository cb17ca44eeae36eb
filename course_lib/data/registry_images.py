"""Registry entries of the image sets.

Where the checksums come from

- SHA-256 and size of the archives: TensorFlow Datasets (`url_checksums/mnist.txt` and `fashion_mnist.txt`).
  They name the same archives as torchvision's MD5 sums.
- SHA-256 of the unpacked files: computed from files that were shown to be upstream's. Fashion-MNIST's four unpacked
  files, packed again as upstream did (gzip's usual level, the same file name and time), gave upstream's archives to
  the last byte. MNIST's agree with those that another project records beside the same archives.

A download is accepted or refused by its archive's checksum alone; the unpacked checksum serves `data verify`.
"""

from __future__ import annotations

from course_lib.data.entries import DataSet, RemoteFile


def _idx(folder: str, name: str, size: int, sha256: str, remote_size: int, remote_sha256: str) -> RemoteFile:
    """A file of the MNIST family, in the layout that torchvision reads."""
    return RemoteFile(f"{folder}/raw/{name}", size, sha256, f"{name}.gz", remote_size, remote_sha256)


MNIST = DataSet(
    name="MNIST",
    origin="Yann LeCun, Corinna Cortes and Christopher J. C. Burges",
    homepage="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    files=(
        _idx(
            "MNIST", "train-images-idx3-ubyte",
            47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _idx(
            "MNIST", "train-labels-idx1-ubyte",
            60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _idx(
            "MNIST", "t10k-images-idx3-ubyte",
            7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _idx(
            "MNIST", "t10k-labels-idx1-ubyte",
            10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)  # fmt: skip

FASHION_MNIST = DataSet(
    name="FashionMNIST",
    origin="Han Xiao, Kashif Rasul and Roland Vollgraf (Zalando Research)",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    files=(
        _idx(
            "FashionMNIST", "train-images-idx3-ubyte",
            47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        _idx(
            "FashionMNIST", "train-labels-idx1-ubyte",
            60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        _idx(
            "FashionMNIST", "t10k-images-idx3-ubyte",
            7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        _idx(
            "FashionMNIST", "t10k-labels-idx1-ubyte",
            10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)  # fmt: skip
