"""Registry entry of ADBench: the classical tables that the course uses.

Sizes and checksums are those of upstream's files.
"""

from __future__ import annotations

from course_lib.data.entries import DataSet, served_as_is

_FILES = (
    ("4_breastw.npz", 3_023, "4f37ce07dbc25ddad8178fdc6d664ab46d2d0000ee28c2787c3c7ff3c03ef9f6"),
    ("6_cardio.npz", 68_471, "bc5009bde6930b4d298b594f31b34485a9a17210cff0e8fb00a8c3068b885a2d"),
    ("14_glass.npz", 10_755, "aa7a8db1d475ba01a10488af454bc15220a3d5951b010b03b7020567d8152cdc"),
    ("16_http.npz", 2_179_269, "9d98710091551587f4740cfc851a6b064fff6319a337c2dc77ee6da4bcc2e02c"),
    ("18_Ionosphere.npz", 42_913, "bca46cb0cfd1bf9ddef6cde5ad2215d54fb0189508d0d4c4eb98e788cad69001"),
    ("23_mammography.npz", 166_764, "a0308ac9712d78321073b1c2dc98dc37665c0f35c1cc33019416fe8f8d7de7ea"),
    ("28_pendigits.npz", 653_509, "c4936b89dcdad59d303020e492f763a0f54170080d787c77497609acbb9c2d79"),
    ("30_satellite.npz", 129_874, "1f048f5686f1b8c16a227fdfa3c81a62cd9a92715714a6b24c69b1c5ad96b46e"),
    ("32_shuttle.npz", 332_929, "26900b0f6be45d9ddb7a402c9b2f956ceda42d23a8ca4cf4406b8bc1352823d1"),
    ("38_thyroid.npz", 39_882, "8de161b3f235b7647bb0b39a836d983ff61d67bf234edac461da2d71e889cb87"),
    ("40_vowels.npz", 134_268, "4bfc4244d1c882773bbbc50d4a5db5e52276e53506e46b2d45e02d074cfcb1b6"),
    ("42_WBC.npz", 1_444, "650f9dcb129248f67a291be0974f533ef259fcbde50fce5c8ad2a1cb2652d03b"),
)  # fmt: skip

ADBENCH = DataSet(
    name="ADBench",
    origin="Songqiao Han, Xiyang Hu, Hailiang Huang, Minqi Jiang and Yue Zhao",
    homepage="https://github.com/Minqi824/ADBench",
    licence="BSD-2 (repo)",
    mirrors=("https://raw.githubusercontent.com/Minqi824/ADBench/main/adbench/datasets/Classical/",),
    files=tuple(served_as_is(f"ADBench/{name}", name, size, sha256) for name, size, sha256 in _FILES),
)
