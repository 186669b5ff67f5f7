"""Settings that reach the server's worker processes too, as environment variables: where S3 and IAM are.

Variables, not arguments, because secrets must not show in the list of processes, and because worker processes
inherit them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IAM_ENDPOINT = "PERSONALIZE_LOCAL_IAM_ENDPOINT"  # set by --iam-endpoint
IAM_TOKEN = "PERSONALIZE_LOCAL_IAM_TOKEN"  # noqa: S105 - the name of the variable
ALLOW_AWS = "PERSONALIZE_LOCAL_ALLOW_AWS"  # set by --allow-aws
S3_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # botocore's own names, in its order
CLOUDWATCH_ENDPOINTS = ("AWS_ENDPOINT_URL_CLOUDWATCH", "AWS_ENDPOINT_URL")


def problems_of_environment(environment: Mapping[str, str]) -> str | None:
    """What cannot work, in words for the person who started the server."""
    if environment.get(IAM_ENDPOINT) and not environment.get(IAM_TOKEN):
        return (
            f"--iam-endpoint needs the environment variable {IAM_TOKEN}: the secret that the MiniStack there"
            " was started with (by personalize_local/aws/ministack_launcher.py)."
        )
    return None


def s3_endpoint(environment: Mapping[str, str]) -> str | None:
    """Where S3 is: the address, or None for the real one.

    Raises:
        RuntimeError: no address, and nobody allowed the real S3.
    """
    return _endpoint(environment, "S3", S3_ENDPOINTS)


def cloudwatch_endpoint(environment: Mapping[str, str]) -> str | None:
    """Where CloudWatch is: the address, or None for the real one.

    Raises:
        RuntimeError: no address, and nobody allowed the real CloudWatch.
    """
    return _endpoint(environment, "CloudWatch", CLOUDWATCH_ENDPOINTS)


def _endpoint(environment: Mapping[str, str], service: str, names: Sequence[str]) -> str | None:
    for name in names:
        if environment.get(name):
            return environment[name]
    if environment.get(ALLOW_AWS) == "1":
        return None
    raise RuntimeError(
        f"Personalize Local does not know where {service} is, and does not use the real one by accident. Set"
        f" {names[0]} (or {' or '.join(names[1:])}) to the local {service}, or start it with --allow-aws."
    )
