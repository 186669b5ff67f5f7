"""The data of a folder, as it will lie in the bucket; what lies elsewhere is looked up in S3."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
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
        place = self._place(location)
        if place is None:
            return (self.there or partial(list_files, clients.s3()))(location)
        return self._listing([place] if place.is_file() else place.glob("*"))

    def tree(self, location: str) -> Listing:
        """The files at a location, those of folders inside too.

        Raises:
            DataInvalid: there is no such bucket.
            NotReadable: it may not be listed.
        """
        place = self._place(location)
        if place is None:
            return list_tree(clients.s3(), location)
        return self._listing([place] if place.is_file() else place.rglob("*"))

    def look(self, location: str, header: bool) -> Amount:
        """How much is there."""
        listing = self.listing(location)
        if self._place(location) is None:
            return measure(listing, from_s3(clients.s3()), _REMOTE_BYTES, header=header)
        return measure(listing, self._read, _LOCAL_BYTES, header=header)

    def _listing(self, found: Iterable[Path]) -> Listing:
        files = [
            path
            for path in sorted(found)
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
