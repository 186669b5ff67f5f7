"""The data of a folder, as it will lie in the bucket; what lies elsewhere is looked up in S3."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from personalize_pipeline import clients
from personalize_pipeline.cli.folder import Folder, reads
from personalize_pipeline.cli.upload import etag
from personalize_pipeline.costs.counting import Amount, from_s3, measure
from personalize_pipeline.data.files import DataFile, Listing, list_files, list_tree
from personalize_pipeline.data.first_look import FilesInS3
from personalize_pipeline.data.headers import HEAD_BYTES

_CHUNK = 1024 * 1024
# How much is read to count lines: on a disk some seconds, through the network about a minute.
_LOCAL_BYTES = 4 * 10**9
_REMOTE_BYTES = 256 * 10**6


@dataclass(frozen=True, slots=True)
class FolderData:
    """Answers for `s3://bucket/prefix...` what will be there after an upload of the folder."""

    folder: Folder
    bucket: str
    prefix: str = ""
    there: Callable[[str], Listing] | None = None
    """Lists what the bucket has already: of what the folder lacks, that stays. Without it, nothing does."""

    def listing(self, location: str) -> Listing:
        """The files at a location, without those of folders inside.

        Raises:
            DataInvalid: there is no such bucket.
            NotReadable: it may not be listed.
        """
        return self._at(location, self.there or _list_files, deep=False)

    def tree(self, location: str) -> Listing:
        """The files at a location, those of folders inside too.

        Raises:
            DataInvalid: there is no such bucket.
            NotReadable: it may not be listed.
        """
        return self._at(location, _list_tree, deep=True)

    def look(self, location: str, header: bool) -> Amount:
        """How much is there."""
        listing = self.listing(location)
        if self._name(location) is None:
            return measure(listing, from_s3(clients.s3()), _REMOTE_BYTES, header=header)
        return measure(listing, self._read, _LOCAL_BYTES, header=header)

    def head(self, bucket: str, key: str) -> bytes:
        """The first bytes of a file.

        Raises:
            NotReadable: it may not be read.
        """
        name = self._name(f"s3://{bucket}/{key}")
        if name is None:
            return FilesInS3(clients.s3()).head(bucket, key)
        with (self.folder.data / name).open("rb") as opened:
            return opened.read(HEAD_BYTES)

    def _at(self, location: str, in_s3: Callable[[str], Listing], *, deep: bool) -> Listing:
        name = self._name(location)
        if name is None:
            return in_s3(location)
        files = [
            DataFile(f"{self.prefix}{key}", path.stat().st_size, _etag(path, path.stat().st_mtime_ns))
            for path, key in self.folder.files()
            if _lies_at(key, name, deep=deep) and path.stat().st_size
        ]
        folder = any(key.startswith(f"{name}/") for _, key in self.folder.files())
        return Listing(self.bucket, tuple(files), (f"{self.prefix}{name}/",) if folder else ())

    def _read(self, _: Listing, file: DataFile) -> Iterator[bytes]:
        with (self.folder.data / file.key.removeprefix(self.prefix)).open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk

    def _name(self, location: str) -> str | None:
        """What it is called in the folder; None if what counts is in S3: `run` does not send it."""
        own = f"s3://{self.bucket}/{self.prefix}"
        if not location.startswith(own):
            return None
        name = location.removeprefix(own)
        sent = any(
            name == one or (name.startswith(f"{one}/") and reads(one, name)) for one in self.folder.datasets
        )
        return None if self.there and not sent else name


def _lies_at(key: str, name: str, *, deep: bool) -> bool:
    """As Personalize takes locations: without a slash at its end, it is one file."""
    if not name.endswith("/"):
        return key == name
    return key.startswith(name) and (deep or "/" not in key.removeprefix(name))


@lru_cache(maxsize=10_000)
def _etag(path: Path, _: int) -> str:
    """The same file is listed several times."""
    return etag(path)


def _list_files(location: str) -> Listing:
    return list_files(clients.s3(), location)


def _list_tree(location: str) -> Listing:
    return list_tree(clients.s3(), location)
