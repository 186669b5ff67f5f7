"""Upload a folder: its data first, what changed only, then the params file, which starts the run."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig

from personalize_pipeline.cli.folder import PARAMS, Folder, reads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Above, the ETag of an object is made of its parts; their size is fixed, so that it can be computed here too.
PART_BYTES = 16 * 1024 * 1024
_TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What `upload` did. `version_id` is None in a bucket without versions."""

    key: str
    version_id: str | None
    sent: int  # files
    unchanged: int
    removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What the bucket lacks, and what it has that the folder no longer has."""

    to_send: list[tuple[Path, str]]
    unchanged: int
    to_remove: list[str]

    @property
    def total_bytes(self) -> int:
        return sum(path.stat().st_size for path, _ in self.to_send)


def compare(folder: Folder, bucket: str, prefix: str, client: "S3Client | None" = None) -> Difference:
    """Compare the folder's data with what is in the bucket under `prefix`, by size and content."""
    client = client or boto3.client("s3")
    there: dict[str, str] = {}
    for dataset in folder.datasets:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}{dataset}/")
        there |= {
            item["Key"]: item["ETag"].strip('"')
            for page in pages
            for item in page.get("Contents", [])
            if reads(dataset, item["Key"].removeprefix(prefix))  # the rest is in nobody's way
        }
    local = {f"{prefix}{key}": path for path, key in folder.files()}
    to_send = [(path, key) for key, path in local.items() if key not in there or there[key] != etag(path)]
    return Difference(
        to_send=to_send,
        unchanged=len(local) - len(to_send),
        to_remove=sorted(key for key in there if key not in local and not key.endswith("/")),
    )


def upload(
    folder: Folder,
    bucket: str,
    prefix: str,
    progress: Callable[[int], None],
    difference: Difference | None = None,
) -> Uploaded:
    """Make the data under `prefix` that of the folder, then put the params file. `progress` gets bytes sent.

    Data files that the folder no longer has are removed from its dataset folders, or they would be imported
    again; the bucket keeps their versions.
    """
    client = boto3.client("s3")
    difference = difference or compare(folder, bucket, prefix, client)
    for path, key in difference.to_send:
        client.upload_file(str(path), bucket, key, Callback=progress, Config=_TRANSFER)
    for key in difference.to_remove:
        client.delete_object(Bucket=bucket, Key=key)
    key = f"{prefix}{PARAMS}"
    answer = client.put_object(
        Bucket=bucket, Key=key, Body=folder.params.read_bytes(), ContentType="application/json"
    )
    return Uploaded(
        key, answer.get("VersionId"), len(difference.to_send), difference.unchanged, len(difference.to_remove)
    )


def etag(path: Path) -> str:
    """The ETag that S3 gives to this file when `upload` sends it.

    An object that another program sent in other parts has another one; the file is then sent once more.
    """
    with path.open("rb") as file:
        if path.stat().st_size < PART_BYTES:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        parts = []
        while part := file.read(PART_BYTES):
            parts.append(hashlib.md5(part, usedforsecurity=False).digest())
    return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"
