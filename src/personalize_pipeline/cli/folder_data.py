"""The data of a folder, as it will lie in the bucket; what lies elsewhere is looked up in S3."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from personalize_pipeline import clients
from personalize_pipeline.cli.folder import Folder
from personalize_pipeline.cli.upload import etag
from personalize_pipeline.costs.counting import Amount, from_s3, measure
from personalize_pipeline.data.files import DataFile, Listing, list_files, list_tree

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
        return self._at(location, "*", self.there or _list_files)

    def tree(self, location: str) -> Listing:
        """The files at a location, those of folders inside too.

        Raises:
            DataInvalid: there is no such bucket.
            NotReadable: it may not be listed.
        """
        return self._at(location, "**/*", _list_tree)

    def look(self, location: str, header: bool) -> Amount:
        """How much is there."""
        listing = self.listing(location)
        if self._place(location) is None:
            return measure(listing, from_s3(clients.s3()), _REMOTE_BYTES, header=header)
        return measure(listing, self._read, _LOCAL_BYTES, header=header)

    def _at(self, location: str, pattern: str, in_s3: Callable[[str], Listing]) -> Listing:
        place = self._place(location)
        if place is None:
            return in_s3(location)
        files = [
            path
            for path in sorted([place] if place.is_file() else place.glob(pattern))
            if path.is_file() and not path.name.startswith(".") and path.stat().st_size
        ]
        keys = (f"{self.prefix}{path.relative_to(self.folder.data).as_posix()}" for path in files)
        made = (DataFile(key, path.stat().st_size, etag(path)) for key, path in zip(keys, files, strict=True))
        return Listing(self.bucket, tuple(made), ())

    def _read(self, _: Listing, file: DataFile) -> Iterator[bytes]:
        with (self.folder.data / file.key.removeprefix(self.prefix)).open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk

    def _place(self, location: str) -> Path | None:
        """Where it is in the folder; None if what counts is in S3."""
        own = f"s3://{self.bucket}/{self.prefix}"
        if not location.startswith(own):
            return None
        place = self.folder.data / location.removeprefix(own)
        return None if self.there and not place.exists() else place


def _list_files(location: str) -> Listing:
    return list_files(clients.s3(), location)


def _list_tree(location: str) -> Listing:
    return list_tree(clients.s3(), location)
