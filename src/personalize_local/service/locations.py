"""Places in S3 as requests name them; refusals are in the service's words as far as those are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from personalize_local.service.errors import InvalidInputException

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME: Final = "s3://"


def is_location(text: str) -> bool:
    """Whether it names a bucket, with or without a key in it."""
    return text.startswith(SCHEME) and bool(text.removeprefix(SCHEME).split("/")[0])


def refuse_wrong_data_location(location: str) -> None:
    """Refuse a `dataLocation` that is no place in S3.

    Raises:
        InvalidInputException: so it is.
    """
    if not is_location(location):
        raise InvalidInputException("Invalid Data location.")


def output_problems(path: str) -> Iterator[str]:
    """What is wrong with a folder that results are to be written to."""
    if not is_location(path):
        yield f"Invalid S3 output path. '{path}' must look like s3://bucket/folder/"
    elif not path.endswith("/"):
        yield f"Invalid S3 output path. '{path}' must end with / because it is a folder"
