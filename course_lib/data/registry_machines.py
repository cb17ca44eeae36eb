"""Registry entry of the Server Machine Dataset: three of its 28 machines.

Sizes and checksums of the labels are those of upstream's files. The readings were written again from float32 with the
six decimals that upstream prints, which should give the same bytes.
"""

from __future__ import annotations

from course_lib.data.entries import DataSet, served_as_is

_FILES = (
    ("train/machine-1-2.txt",
     8_103_348, "7f6f63ec34ce616c87b4c30d66fd52ad1b21149634ae3ff7bb1827a76d6ef79a"),
    ("train/machine-2-1.txt",
     8_103_006, "d6eb13ff74a537cf33686319fffdd4cdcb394862570a3acd519b4c37af97cd2e"),
    ("train/machine-3-2.txt",
     8_106_084, "7cabed178422f7772425c6cabc3c20a1f7dedc3ab2a950f90a9edfcef3b5b3e3"),
    ("test/machine-1-2.txt",
     8_103_348, "f409991af7c049d3f286a8cf89dc2fa99114bea8753f6c3aea4bd24cb03eb015"),
    ("test/machine-2-1.txt",
     8_103_348, "2d103661799271be958227907950a1c76803356442d60a4070671cc0abbefb20"),
    ("test/machine-3-2.txt",
     8_106_426, "5f83ded5fbfb9b682030bdd7dd82eb53a77f9caa3773ddcc7e38db73c25db46e"),
    ("test_label/machine-1-2.txt",
     47_388, "c2dbb3e4f89c9eb48f30fd1ddae48b80e7ae7ad7ca9abf2ffd71b6557ef2bb20"),
    ("test_label/machine-2-1.txt",
     47_388, "416dd20a447f38b8d9394382293ed44f509c1c3f99c4aa2fbff179498626dbdc"),
    ("test_label/machine-3-2.txt",
     47_406, "1bbf4223cc6083f718f1d6022e2a48d48af44b08cdfa80048aa51af34d5111c3"),
    ("interpretation_label/machine-1-2.txt",
     294, "761b4b339a14d4781f34a3cd03fb3d983b01e3bece3f638fa21bb887128d3a11"),
    ("interpretation_label/machine-2-1.txt",
     389, "fe4e3a67039d46045b9a3b18fd4dd6138f5c228447fcefb0c5f4beb1f46ede37"),
    ("interpretation_label/machine-3-2.txt",
     188, "3b76375af29ae9bd873f0746650d293cdb043235953c7b3ca19d893971a44c69"),
)  # fmt: skip

SMD = DataSet(
    name="ServerMachineDataset",
    origin="NetManAIOps, Tsinghua University",
    homepage="https://github.com/NetManAIOps/OmniAnomaly",
    licence="MIT",
    mirrors=("https://raw.githubusercontent.com/NetManAIOps/OmniAnomaly/master/ServerMachineDataset/",),
    files=tuple(served_as_is(f"ServerMachineDataset/{path}", path, size, sha256) for path, size, sha256 in _FILES),
)
