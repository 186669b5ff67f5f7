"""How much data there is: bytes and lines, counted as a stream and within a limit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from personalize_pipeline.data.files import DENIED, DataFile, Listing, NotReadable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 1024 * 1024

Read = Callable[[Listing, DataFile], Iterable[bytes]]
"""The content of a file, in pieces."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much there is at a location; `exact`: all of it was counted, not only the beginning."""

    files: int
    size: int
    lines: int
    exact: bool


def measure(listing: Listing, read: Read, limit: int, *, header: bool) -> Amount:
    """Count the lines of all files, without headers; beyond `limit` bytes, infer them from those before."""
    size = sum(file.size for file in listing.files)
    seen = lines = headers = 0
    for file in listing.files:
        if seen >= limit:
            break
        last = b"\n"
        headers += header
        for chunk in read(listing, file):
            lines += chunk.count(b"\n")
            last = chunk[-1:] or last
            seen += len(chunk)
            if seen >= limit:
                break
        else:
            lines += last != b"\n"
    if seen < size and seen:
        lines, headers = round(lines * size / seen), header * len(listing.files)
    return Amount(len(listing.files), size, max(0, lines - headers), exact=seen >= size)


def from_s3(client: "S3Client") -> Read:
    """Read objects; the part of one that is not asked for is not fetched."""

    def read(listing: Listing, file: DataFile) -> Iterator[bytes]:
        try:
            body = client.get_object(Bucket=listing.bucket, Key=file.key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                raise NotReadable(listing.bucket) from error
            raise
        try:
            yield from body.iter_chunks(_CHUNK)
        finally:
            body.close()

    return read
