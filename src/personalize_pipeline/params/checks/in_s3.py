"""Places in S3."""

import re
from collections.abc import Iterator

from personalize_pipeline.params.places import shown
from personalize_rules.schemas import Problem

# What boto3 lets pass; it refuses to ask for any other, for example for <your-bucket>.
_BUCKET = re.compile(r"[a-zA-Z0-9._-]{1,255}")


def in_s3(place: str) -> bool:
    """Whether it names a bucket."""
    bucket = place.removeprefix("s3://").partition("/")[0]
    return place.startswith("s3://") and bool(_BUCKET.fullmatch(bucket))


def check_folder(destination: str, place: str) -> Iterator[Problem]:
    """Check a folder that is to be written into."""
    if not in_s3(destination):
        yield Problem(place, f"{shown(destination)} is no place in S3.", "Write s3://bucket/folder/")
    elif not destination.endswith("/"):
        yield Problem(place, f"{shown(destination)} must be a folder.", f"Write {destination}/")
