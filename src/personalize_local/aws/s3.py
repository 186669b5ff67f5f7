"""Reads data from S3 with the rights of a role, as Amazon Personalize does.

With an IAM (`--iam-endpoint`), everything must be in order that AWS wants in order: the role's trust policy
lets personalize.amazonaws.com have it for this account and resource, the role's policies allow
`s3:ListBucket` and `s3:GetObject` (S3 itself checks that), and the bucket policy allows the same to the
service. Without an IAM, the credentials of the process are used and roles are not looked at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.aws.iam import IamRefused, iam_from_environment
from personalize_local.aws.permissions import SERVICE
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing
from personalize_local.settings_from_environment import s3_endpoint

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from personalize_local.service.settings import Settings

DENIED = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled")
_LONGEST_NAME = 255  # bytes, in all common file systems
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
        self._iam = iam_from_environment()

    def fetch(self, location: str, role_arn: str | None, folder: Path, *, source_arn: str) -> list[Path]:
        """Download what lies at `location` into `folder`; see `service.objects.Objects.fetch`."""
        from botocore.exceptions import BotoCoreError, ClientError

        place = Location.parse(location)
        context = {"aws:SourceAccount": self._settings.account_id, "aws:SourceArn": source_arn}
        client = self._client(role_arn, context)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            keys = self._keys(client, place)
            self._check_bucket_policy(place, keys, context)
            return [
                self._download(client, place.bucket, key, folder / _file_name(key, n))
                for n, key in enumerate(keys)
            ]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in DENIED:
                who = f"{role_arn or 'The caller'} may not do {error.operation_name} on {location}"
                raise ObjectsDenied(f"{who}: {error}") from error
            if code in MISSING:
                raise ObjectsMissing(f"{location}: {error}") from error
            raise
        except BotoCoreError as error:  # S3 is not there, or broke off
            raise ObjectsMissing(f"{location} cannot be read: {error}") from error

    def _client(self, role_arn: str | None, context: dict[str, str]) -> S3Client:
        """An S3 client with the credentials of the role, or of this process where no IAM is asked."""
        if self._iam is None:
            return self._connect({})
        if role_arn is None:
            raise ObjectsDenied("No role was given, so nothing may be read.")
        try:
            session = self._iam.ask(
                {
                    "ask": "assume",
                    "roleArn": role_arn,
                    "service": SERVICE,
                    "region": self._settings.region,
                    "context": context,
                }
            )
        except (IamRefused, ConnectionError) as refused:
            raise ObjectsDenied(str(refused)) from refused
        return self._connect(
            {
                "aws_access_key_id": session["accessKeyId"],
                "aws_secret_access_key": session["secretAccessKey"],
                "aws_session_token": session["sessionToken"],
            }
        )

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

    def _keys(self, client: S3Client, place: Location) -> list[str]:
        """The objects to read, in the order of their keys; markers of folders (no bytes) left out."""
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=place.bucket, Prefix=place.key, Delimiter="/"
        )
        found = [item for page in pages for item in page.get("Contents", [])]
        if place.is_folder:
            keys = [item["Key"] for item in found if item["Size"] > 0]
        else:
            keys = [item["Key"] for item in found if item["Key"] == place.key]
        if not keys:
            raise ObjectsMissing(f"s3://{place.bucket}/{place.key}: there is no object.")
        return sorted(keys)

    def _check_bucket_policy(self, place: Location, keys: list[str], context: dict[str, str]) -> None:
        """The role is not enough: the bucket's own policy must let the service in.

        The policy is read with the credentials of this process: the role need not be allowed to read it.
        """
        if self._iam is None:
            return
        from botocore.exceptions import ClientError

        try:
            policy = self._connect({}).get_bucket_policy(Bucket=place.bucket)["Policy"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchBucketPolicy":
                raise
            policy = "{}"
        bucket = f"arn:{self._settings.partition}:s3:::{place.bucket}"
        wanted = [("s3:ListBucket", bucket), *(("s3:GetObject", f"{bucket}/{key}") for key in keys)]
        answer = self._iam.ask(
            {
                "ask": "resource-policy",
                "policy": policy,
                "service": SERVICE,
                "region": self._settings.region,
                "checks": [{"action": a, "resource": r, "context": context} for a, r in wanted],
            }
        )
        for (action, resource), decision in zip(wanted, answer["decisions"], strict=True):
            if decision != "Allow":
                raise ObjectsDenied(
                    f"The bucket policy of {place.bucket} does not allow {action} on {resource} to {SERVICE}."
                )

    def _download(self, client: S3Client, bucket: str, key: str, target: Path) -> Path:
        client.download_file(bucket, key, str(target))
        return target


def _file_name(key: str, number: int) -> str:
    """The last part of a key, which failures name; the keys of one folder differ in it."""
    name = key.rpartition("/")[2]
    return f"{number:05d}.csv" if name in (".", "..") or len(name.encode()) > _LONGEST_NAME else name


def make_objects(settings: Settings) -> S3Objects:
    """The factory that `Settings.objects` names."""
    return S3Objects(settings)
