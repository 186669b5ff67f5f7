"""The files that an import would read: one S3 object, or the first level of a folder."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from personalize_pipeline.errors import DataInvalid
from personalize_rules.schemas import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DENIED = frozenset({"AccessDenied", "403"})
_NO_BUCKET = frozenset({"NoSuchBucket", "404", "InvalidBucketName"})  # nor can there be one of that name


class NotReadable(Exception):  # noqa: N818  # no fault of the run: only Personalize has to be able to read the data
    """The functions may not look into this bucket."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One object with data in it; `size` in bytes."""

    key: str
    size: int
    etag: str

    @property
    def is_csv(self) -> bool:
        """Whether its name says so."""
        return self.key.lower().endswith(".csv")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a data location holds. `deeper`: folders that begin like it; not looked into."""

    bucket: str
    files: tuple[DataFile, ...]
    deeper: tuple[str, ...]


def list_files(client: "S3Client", location: str) -> Listing:
    """List the files of a data location (`s3://bucket/folder/` or `s3://bucket/folder/file.csv`).

    Personalize takes a location without a slash at its end for one object. Empty objects (the console's
    folder markers) do not count.

    Raises:
        DataInvalid: no such bucket.
        NotReadable: this role may not list the bucket.
    """
    return _listed(client, location, {"Delimiter": "/"})


def list_tree(client: "S3Client", location: str) -> Listing:
    """List the files of a location, those in folders inside too: where users to delete are named.

    Raises:
        DataInvalid: no such bucket.
        NotReadable: this role may not list the bucket.
    """
    return _listed(client, location, {})


def _listed(client: "S3Client", location: str, how: dict[str, str]) -> Listing:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        listing = _list(client, bucket, key, how)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _NO_BUCKET:
            raise DataInvalid([Problem(location, f"there is no bucket {bucket}.")]) from error
        if code in DENIED:
            raise NotReadable(location) from error
        raise
    if not key or key.endswith("/"):
        return listing
    return replace(listing, files=tuple(file for file in listing.files if file.key == key))


def _list(client: "S3Client", bucket: str, prefix: str, how: dict[str, str]) -> Listing:
    files: list[DataFile] = []
    deeper: list[str] = []
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **how)  # type: ignore[arg-type]
    for page in pages:
        files += [
            DataFile(item["Key"], item["Size"], item["ETag"].strip('"'))
            for item in page.get("Contents", [])
            if item["Size"]
        ]
        deeper += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    return Listing(bucket, tuple(sorted(files, key=lambda file: file.key)), tuple(deeper))
