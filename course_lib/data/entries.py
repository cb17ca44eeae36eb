"""What an entry of the registry holds: a data set with its files, their sizes and checksums, and its mirrors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Parameters
    ----------
    path : str
        Where the file goes, below the cache folder, with forward slashes.
    size, sha256 : int, str
        Bytes and SHA-256 of the file as it lies in the cache.
    remote : str
        Its name below a mirror's address. A name that ends in ``.gz`` is unpacked after the download.
    remote_size, remote_sha256 : int, str
        Bytes and SHA-256 of what a mirror sends.
    """

    path: str
    size: int
    sha256: str
    remote: str
    remote_size: int
    remote_sha256: str


@dataclass(frozen=True)
class DataSet:
    """A public data set: its name, its files, and where they can be had.

    Parameters
    ----------
    name : str
        Name in commands and messages.
    origin : str
        Who made it, as a short phrase.
    homepage : str
        The page to read about it.
    licence : str
        Short name of the licence.
    mirrors : tuple of str
        Addresses that end in a slash, tried in this order.
    files : tuple of RemoteFile
        All the files that a loader needs.
    """

    name: str
    origin: str
    homepage: str
    licence: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]

    @property
    def download_size(self) -> int:
        """Bytes that a complete download transfers."""
        return sum(file.remote_size for file in self.files)

    @property
    def size(self) -> int:
        """Bytes that the data set takes in the cache."""
        return sum(file.size for file in self.files)


def served_as_is(path: str, remote: str, size: int, sha256: str) -> RemoteFile:
    """A file that mirrors send exactly as it lies in the cache, so that one size and one checksum serve both."""
    return RemoteFile(path, size, sha256, remote, size, sha256)
