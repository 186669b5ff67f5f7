"""The data of a folder, as it will lie in the bucket; what lies elsewhere is looked up in S3."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personalize_pipeline import clients
from personalize_pipeline.cli.folder import Folder
from personalize_pipeline.cli.upload import etag
from personalize_pipeline.costs.counting import Amount, from_s3, measure
from personalize_pipeline.data.files import DataFile, Listing, list_files

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

    def listing(self, location: str) -> Listing:
        """The files at a location.

        Raises:
            DataInvalid: there is no such bucket.
            NotReadable: it may not be listed.
        """
        inside = self._inside(location)
        if inside is None:
            return list_files(clients.s3(), location)
        place = self.folder.data / inside
        found = [place] if place.is_file() else sorted(place.glob("*")) if place.is_dir() else []
        files = [path for path in found if path.is_file() and not path.name.startswith(".")]
        return Listing(
            self.bucket,
            tuple(
                DataFile(
                    f"{self.prefix}{path.relative_to(self.folder.data).as_posix()}",
                    path.stat().st_size,
                    etag(path),
                )
                for path in files
                if path.stat().st_size
            ),
            (),
        )

    def look(self, location: str, header: bool) -> Amount:
        """How much is there."""
        listing = self.listing(location)
        if self._inside(location) is None:
            return measure(listing, from_s3(clients.s3()), _REMOTE_BYTES, header=header)
        return measure(listing, self._read, _LOCAL_BYTES, header=header)

    def _read(self, _: Listing, file: DataFile) -> Iterator[bytes]:
        with self._path(file).open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk

    def _path(self, file: DataFile) -> Path:
        return self.folder.data / file.key.removeprefix(self.prefix)

    def _inside(self, location: str) -> str | None:
        """The path in the folder; None for another place."""
        own = f"s3://{self.bucket}/{self.prefix}"
        return location.removeprefix(own) if location.startswith(own) else None
