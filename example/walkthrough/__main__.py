"""Walk through the whole life of everything in Amazon Personalize, with boto3 alone, and clean up after it.

    python -m example.walkthrough      on this computer: starts the local stack if need be, and stops it again
    python -m example.walkthrough --aws --bucket NAME --role ARN      on AWS: hours, and not for free

Where AWS_ENDPOINT_URL_PERSONALIZE is set, it goes there. Without --role it makes one that may use the bucket,
and without --bucket a bucket; both are removed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from example.walkthrough import actions, custom, data, domains
from example.walkthrough.account import Account, WalkFailed, say

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = {
    "custom": ("A custom dataset group", custom.walk),
    "video": ("A domain dataset group: VIDEO_ON_DEMAND", domains.video_on_demand),
    "shop": ("A domain dataset group: ECOMMERCE", domains.ecommerce),
    "actions": ("Next best actions", actions.walk),
}
ENDPOINT = "AWS_ENDPOINT_URL_PERSONALIZE"
AWS_SECONDS, LOCAL_SECONDS = 60.0, 0.2  # between two looks: AWS allows about one call per second


def main() -> None:
    """Exit status 1: something did not go as it should."""
    parser = argparse.ArgumentParser(
        prog="python -m example.walkthrough", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--aws", action="store_true", help="go to the real AWS, and pay for it")
    parser.add_argument("--bucket", help="a bucket that Personalize may read and write")
    parser.add_argument("--role", metavar="ARN", help="a role that Personalize can assume for it")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; can be repeated")
    options = parser.parse_args()
    if options.aws and not (options.bucket and options.role):
        parser.error("--aws needs --bucket and --role")
    with local_stack() if not options.aws and ENDPOINT not in os.environ else nullcontext():
        walk(options)


def walk(options: argparse.Namespace) -> None:
    """All parts that were asked for, and the removal of what they made."""
    started = time.monotonic()
    name = f"walk-{secrets.token_hex(3)}"
    session = boto3.session.Session()
    films = data.films()
    with place(session, name, options.bucket, options.role) as (bucket, role):
        seconds = AWS_SECONDS if options.aws else LOCAL_SECONDS
        account = Account(session, name, bucket, role, seconds)
        for part in options.only or PARTS:
            title, walk = PARTS[part]
            print(f"\n{title}")
            try:
                walk(account, films)
            finally:
                account.delete_everything()
        if left := account.left():
            raise WalkFailed(f"still there: {', '.join(left)}")
    print(f"\nNothing is left of it. {time.monotonic() - started:.0f} s.")


@contextmanager
def local_stack() -> Iterator[None]:
    """A local stack, and its variables; it is stopped again if it was not up before."""
    up = json.loads(_personalize("up"))
    try:
        os.environ.update(json.loads(_personalize("env")))
        os.environ.pop("AWS_PROFILE", None)
        yield
    finally:
        if up["started"]:
            _personalize("down")


def _personalize(verb: str) -> str:
    """What `personalize local` answers; the command of this Python, on the path or not."""
    command = Path(sys.executable).with_name("personalize")
    done = subprocess.run(
        [str(command), "local", verb, "--json"], check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise WalkFailed(f"personalize local {verb} ended with exit status {done.returncode}")
    return done.stdout


@contextmanager
def place(
    session: boto3.session.Session, name: str, bucket: str | None, role: str | None
) -> Iterator[tuple[str, str]]:
    """A bucket and the ARN of a role for it; what is not given is made, and removed at the end."""
    s3: Any = session.client("s3")
    iam: Any = session.client("iam")
    used = bucket or f"{name}-personalize"
    if not bucket:
        s3.create_bucket(Bucket=used)
        s3.put_bucket_policy(
            Bucket=used, Policy=json.dumps(_policy(used, {"Service": "personalize.amazonaws.com"}))
        )
    arn = role or make_role(iam, name, used)
    say(f"bucket {used}, role {arn}", indent=0)
    try:
        yield used, arn
    finally:
        if not role:
            iam.delete_role_policy(RoleName=name, PolicyName="bucket")
            iam.delete_role(RoleName=name)
        _empty(s3, used, name)
        if not bucket:
            s3.delete_bucket(Bucket=used)


def make_role(iam: Any, name: str, bucket: str) -> str:
    """A role that Personalize can assume, and that may use the bucket."""
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "personalize.amazonaws.com"},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    policy = _policy(bucket)
    policy["Statement"].append({"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="bucket", PolicyDocument=json.dumps(policy))
    arn: str = made["Role"]["Arn"]
    return arn


def _policy(bucket: str, principal: dict[str, str] | None = None) -> dict[str, Any]:
    """What Personalize needs of a bucket: as a role's policy or, with a principal, as the bucket's."""
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    } | ({"Principal": principal} if principal else {})
    return {"Version": "2012-10-17", "Statement": [statement]}


def _empty(s3: Any, bucket: str, prefix: str) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    for page in pages:
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=entry["Key"])


if __name__ == "__main__":
    try:
        main()
    except WalkFailed as error:
        sys.exit(f"\nThe walk ended early: {error}")
    except KeyboardInterrupt:
        sys.exit("\nThe walk was broken off; what it had made is deleted.")
