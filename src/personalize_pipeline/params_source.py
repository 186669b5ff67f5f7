"""Where a run's params document comes from: an object in S3, or the input of the execution itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from personalize_pipeline.errors import ParamsInvalid, ProblemsFound
from personalize_pipeline.params.places import shown
from personalize_rules.schemas import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_POINTER_KEYS = frozenset({"bucket", "key", "versionId", "scheduled"})
_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404"})
_DENIED = frozenset({"AccessDenied", "403"})
_IMPOSSIBLE = frozenset({"InvalidBucketName", "InvalidArgument", "InvalidURI", "KeyTooLongError"})
_HOW = 'Give {"bucket": "...", "key": "..."} or a params document.'


class ParamsMissing(ProblemsFound):
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class ParamsSource:
    """The place of a params document; one that is `inline` has its data in `bucket` nevertheless."""

    bucket: str
    key: str | None = None
    version_id: str | None = None
    inline: Mapping[str, Any] | None = None

    @property
    def prefix(self) -> str:
        """The folder of the params file, where its data is: `""` or ending in a slash."""
        folder, slash, _ = (self.key or "").rpartition("/")
        return folder + slash

    @property
    def uri(self) -> str:
        """How to name it to a person."""
        return f"s3://{self.bucket}/{self.key}" if self.key else "the input of the execution"

    def load(self, client: "S3Client") -> str | bytes:
        """The document's text: of exactly the version that started the run, whatever was uploaded since.

        Raises:
            ParamsMissing: there is no such object.
            ParamsInvalid: it may not be read, or no object can have such a name.
        """
        if self.inline is not None:
            return json.dumps(self.inline)
        version = {"VersionId": self.version_id} if self.version_id else {}
        try:
            answer = client.get_object(Bucket=self.bucket, Key=str(self.key), **version)  # type: ignore[arg-type]
        except ParamValidationError as error:
            raise self._nowhere(str(error).splitlines()[-1]) from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _IMPOSSIBLE:
                raise self._nowhere(error.response["Error"].get("Message", code)) from error
            if code in _MISSING:
                raise ParamsMissing([Problem("", f"{self.uri} does not exist.", "Upload it.")]) from error
            if code in _DENIED:
                advice = "Put it into the input bucket of this stack."
                raise ParamsInvalid([Problem("", f"{self.uri} may not be read.", advice)]) from error
            raise
        return answer["Body"].read()

    def _nowhere(self, why: str) -> ParamsInvalid:
        """What to say of a place that S3 cannot have."""
        version = f", version {self.version_id}" if self.version_id else ""
        message = f"{self.uri}{version} is no place of a file in S3. ({why.rstrip('.')}.)"
        return ParamsInvalid([Problem("", message, _HOW)])

    def superseded_note(self, client: "S3Client") -> str:
        """What to tell about a params file that was uploaded again before this run read it; mostly nothing.

        Events of S3 can be late and change places: the run of an older file may come after that of a newer.
        """
        if self.inline is not None or not self.version_id:
            return ""
        try:
            latest = client.head_object(Bucket=self.bucket, Key=str(self.key)).get("VersionId")
        except ClientError:  # deleted since, which is no news; or not to be seen
            return ""
        if latest == self.version_id:
            return ""
        return (
            f"{self.uri} has been uploaded again since. This run is about version {self.version_id}; version "
            f"{latest} has a run of its own. If that one ended before this one, upload the file once more."
        )


def params_source(given: Any, input_bucket: str) -> ParamsSource:
    """Tell from the input of an execution where its params document is.

    `{"bucket", "key", "versionId"?, "scheduled"?}` points to an object (without the bucket: in the stack's
    own); any other object is the document itself.

    Raises:
        ParamsInvalid: the input is no JSON object, or names no place.
    """
    if not isinstance(given, Mapping):
        raise ParamsInvalid([Problem("", "the input of the execution is not an object.", _HOW)])
    if "key" in given and given.keys() <= _POINTER_KEYS:
        bucket, key, version = (given.get(name) or None for name in ("bucket", "key", "versionId"))
        for name, value in (("bucket", bucket or input_bucket), ("key", key), ("versionId", version or "")):
            if not isinstance(value, str):
                message = f"the {name} in the input of the execution is {shown(given[name])}, not a text."
                raise ParamsInvalid([Problem("", message, _HOW)])
        return ParamsSource(bucket or input_bucket, key, version)
    return ParamsSource(input_bucket, inline=given)
