"""Reads and writes objects in S3 with the rights of a role, as Amazon Personalize does.

With an IAM (`--iam-endpoint`), everything must be in order that AWS wants in order: the role's trust policy
lets personalize.amazonaws.com have it for this account and resource, the role's policies allow
`s3:ListBucket` and `s3:GetObject`, or `s3:PutObject` (S3 itself checks that), and the bucket policy allows
the same to the service. Without an IAM, the credentials of the process are used and roles are not looked at.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.aws.service_roles import RoleRefused, ServiceRoles
from personalize_local.service.objects import (
    Fetched,
    Layout,
    ObjectsDenied,
    ObjectsMissing,
    ObjectsTooLarge,
    ObjectsUnreachable,
)
from personalize_local.settings_from_environment import s3_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from personalize_local.service.settings import Settings

DENIED = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled")
_LONGEST_NAME = 255  # bytes, in all common file systems
_READ = {
    Layout.FOLDER: " that is not empty directly in this folder; sub-folders are not read",
    Layout.TREE: " that is not empty in this folder or its sub-folders",
    Layout.PREFIX: " that is not empty with this beginning of its key",
}
MISSING = ("NoSuchBucket", "NoSuchKey", "404")


@dataclass(frozen=True, slots=True)
class Location:
    """A `dataLocation`: one object, or a folder (an empty prefix is the whole bucket's first level)."""

    bucket: str
    key: str

    @property
    def is_folder(self) -> bool:
        """Whether it names what is in it, not one object."""
        return not self.key or self.key.endswith("/")

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read `s3://bucket/key`.

        Raises:
            ObjectsMissing: it is none.
        """
        scheme, _, rest = text.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not bucket:
            raise ObjectsMissing(f"{text}: not a location in S3. It looks like s3://bucket/folder/file.csv.")
        return cls(bucket, key)


class S3Objects:
    """`service.objects.Objects` on S3 (or what answers at its address). One per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._roles = ServiceRoles(settings)

    def fetch_all(
        self,
        location: str,
        role_arn: str | None,
        folder: Path,
        *,
        source_arn: str,
        layout: Layout,
        suffix: str = "",
        max_files: int | None = None,
        max_bytes: int | None = None,
    ) -> list[Fetched]:
        """Download what `location` stands for; see `service.objects.Objects.fetch_all`."""
        place = Location.parse(location)
        folder.mkdir(parents=True, exist_ok=True)
        with _explained(location, role_arn):
            client = self._connect(self._roles.credentials(role_arn, source_arn))
            sizes = dict(self._found(client, place, layout, suffix))
            _refuse_too_large(location, list(sizes.values()), max_files, max_bytes)
            self._check_reading(place.bucket, list(sizes), source_arn)
            # Keys of several folders may end alike.
            fetched = [Fetched(key, folder / f"{n:06d}" / _file_name(key, n)) for n, key in enumerate(sizes)]
            for one in fetched:
                one.path.parent.mkdir()
                client.download_file(place.bucket, one.key, str(one.path))
            return fetched

    def store(
        self,
        file: Path,
        location: str,
        role_arn: str | None,
        *,
        source_arn: str,
        kms_key_arn: str | None = None,
    ) -> None:
        """Upload a file; see `service.objects.Objects.store`."""
        place = Location.parse(location)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        with _explained(location, role_arn):
            client = self._connect(self._roles.credentials(role_arn, source_arn))
            self._check_bucket_policy(place.bucket, [("s3:PutObject", place.key)], source_arn)
            with file.open("rb") as content:  # in parts if it is large
                client.upload_fileobj(content, place.bucket, place.key, ExtraArgs=encryption)

    def check_writable(self, location: str, role_arn: str | None, *, source_arn: str) -> None:
        """Find out whether `store` may write; see `service.objects.Objects.check_writable`."""
        place = Location.parse(location)
        with _explained(location, role_arn):
            if not self._roles.enforced:
                self._connect({}).head_bucket(Bucket=place.bucket)
                return
            resource = self._object_arn(place.bucket, place.key)
            self._roles.check(role_arn, source_arn, "s3:PutObject", resource)
            self._check_bucket_policy(place.bucket, [("s3:PutObject", place.key)], source_arn)

    def _connect(self, credentials: dict[str, Any]) -> S3Client:
        import boto3
        from botocore.config import Config

        try:
            endpoint = s3_endpoint(os.environ)
        except RuntimeError as error:
            raise ObjectsMissing(str(error)) from error
        if endpoint and not credentials and not boto3.session.Session().get_credentials():
            # A local S3 wants a signature, and does not care whose.
            credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(s3={"addressing_style": "path" if endpoint else "auto"}, retries={"mode": "standard"})
        client: S3Client = boto3.client(
            "s3", endpoint_url=endpoint, region_name=self._settings.region, config=config, **credentials
        )
        return client

    def _found(
        self, client: S3Client, place: Location, layout: Layout, suffix: str = ""
    ) -> list[tuple[str, int]]:
        """The objects to read and their sizes, in the order of their keys; markers of folders left out."""
        single = layout != Layout.PREFIX and not place.is_folder
        paginator = client.get_paginator("list_objects_v2")
        if single or layout == Layout.FOLDER:
            pages = paginator.paginate(Bucket=place.bucket, Prefix=place.key, Delimiter="/")
        else:
            pages = paginator.paginate(Bucket=place.bucket, Prefix=place.key)
        found = [
            (item["Key"], item["Size"])
            for page in pages
            for item in page.get("Contents", [])
            if (item["Key"] == place.key if single else item["Size"] > 0)
            and item["Key"].lower().endswith(suffix)
        ]
        if not found:
            wanted = f" whose key ends with {suffix}" if suffix else ""
            wanted += f"{' and' if suffix else ''}{_READ[layout]}" if not single else ""
            raise ObjectsMissing(f"s3://{place.bucket}/{place.key}: there is no object{wanted}.")
        return sorted(found)

    def _check_reading(self, bucket: str, keys: list[str], source_arn: str) -> None:
        needed: list[tuple[str, str | None]] = [("s3:ListBucket", None)]
        self._check_bucket_policy(bucket, [*needed, *(("s3:GetObject", key) for key in keys)], source_arn)

    def _check_bucket_policy(
        self, bucket: str, needed: Sequence[tuple[str, str | None]], source_arn: str
    ) -> None:
        """The role is not enough: the bucket's own policy must let the service in.

        The policy is read with the credentials of this process: the role need not be allowed to read it.
        `needed` are actions with the key that each is about, or None: about the bucket.
        """
        if not self._roles.enforced:
            return
        from botocore.exceptions import ClientError

        try:
            policy = self._connect({}).get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchBucketPolicy":
                raise
            policy = "{}"
        wanted = [(action, self._object_arn(bucket, key)) for action, key in needed]
        self._roles.check_resource_policy(policy, source_arn, wanted, f"bucket policy of {bucket}")

    def _object_arn(self, bucket: str, key: str | None) -> str:
        arn = f"arn:{self._settings.partition}:s3:::{bucket}"
        return arn if key is None else f"{arn}/{key}"


@contextmanager
def _explained(location: str, role_arn: str | None) -> Iterator[None]:
    """Turn S3's errors into those of `service.objects`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except RoleRefused as refused:
        raise ObjectsDenied(str(refused)) from refused
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in DENIED:
            who = f"{role_arn or 'The caller'} may not do {error.operation_name} on {location}"
            raise ObjectsDenied(f"{who}: {error}") from error
        if code in MISSING:
            raise ObjectsMissing(f"{location}: {error}") from error
        raise ObjectsUnreachable(f"{location}: S3 refuses: {error}") from error
    except (BotoCoreError, Boto3Error) as error:  # S3 is not there, or broke off
        raise ObjectsUnreachable(f"{location} cannot be reached: {error}") from error


def _refuse_too_large(location: str, sizes: list[int], max_files: int | None, max_bytes: int | None) -> None:
    problems = []
    if max_files is not None and len(sizes) > max_files:
        problems.append(f"{len(sizes):,} objects, more than {max_files:,}")
    if max_bytes is not None and sum(sizes) > max_bytes:
        problems.append(f"{sum(sizes):,} bytes, more than {max_bytes:,}")
    if problems:
        raise ObjectsTooLarge(f"{location} holds {' and '.join(problems)}.")


def _file_name(key: str, number: int) -> str:
    """The last part of a key, which failures name; the keys of one folder differ in it."""
    name = key.rpartition("/")[2]
    return f"{number:05d}.csv" if name in (".", "..") or len(name.encode()) > _LONGEST_NAME else name


def make_objects(settings: Settings) -> S3Objects:
    """The factory that `Settings.objects` names."""
    return S3Objects(settings)
