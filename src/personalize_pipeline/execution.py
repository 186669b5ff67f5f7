"""The name of a run: the same upload, or time of a schedule, gives the same name: it starts only once."""

import hashlib
import re

MAX_NAME = 80  # StartExecution: name, 1 to 80 characters
_HASH_LENGTH = 12
# StartExecution accepts more than these, but not in the ARN of a log group or in a shell without quotes.
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")


def execution_name(bucket: str, key: str, version_id: str | None) -> str:
    """Name the execution for one version of a params file: `<folder and file>-<12 hex>`.

    The hash covers bucket, key and version, so two objects never share a name; the words in front are for
    people. Step Functions refuses a name for 90 days, so for a bucket without versions (the stack's has them)
    give something else that changes with every upload.
    """
    identity = "\0".join((bucket, key, version_id or ""))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_HASH_LENGTH]
    words = _OTHER.sub("-", key.removesuffix(".json")).strip("-") or "run"
    return f"{words[: MAX_NAME - _HASH_LENGTH - 1].rstrip('-')}-{digest}"


def scheduled_name(schedule: str, time: str) -> str:
    """Name the execution that a schedule starts for a time: `<schedule>-20261120T030000Z`."""
    due = _OTHER.sub("", time).replace("-", "")
    return f"{schedule[: MAX_NAME - len(due) - 1]}-{due}"


def short_hash(*parts: str, length: int = 8) -> str:
    """Hexadecimal digest that ties a name to what it stands for."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]
