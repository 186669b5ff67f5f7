"""A MiniStack of its own with IAM enforced, started by `personalize_local.aws.ministack_launcher`."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from tests.support.local_server import ACCOUNT, REGION

from personalize_local.aws import ministack_launcher
from personalize_pipeline.local_stack import ministack, stack

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

START_SECONDS = 60.0


@dataclass
class MiniStack:
    """Use as a context manager; `token` is what Personalize Local needs to ask its IAM."""

    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(32))
    url: str = ""
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        python = ministack.environment(stack.home(), print)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        for name in ("tmp", "state", "s3"):
            (self.folder / name).mkdir(parents=True)
        extra = {ministack_launcher.TOKEN_VARIABLE: self.token, "PERSIST_STATE": "0", "S3_PERSIST": "0"}
        log = (self.folder / "ministack.log").open("wb")
        self._process = subprocess.Popen(
            [str(python), str(Path(ministack_launcher.__file__))],
            env=ministack.settings(port, self.folder, extra),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def client(self, service: str, **credentials: Any) -> Any:
        """A boto3 client, as the account's root if no credentials are given."""
        root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=REGION,
            **(credentials or root),
        )

    @property
    def iam(self) -> IAMClient:
        client: IAMClient = self.client("iam")
        return client

    @property
    def environment(self) -> dict[str, str]:
        """What Personalize Local is started with."""
        return {ministack_launcher.TOKEN_VARIABLE: self.token, "AWS_ENDPOINT_URL": self.url}

    def role(self, name: str, *statements: dict[str, Any], trust: dict[str, Any] | None = None) -> str:
        """Make a role with an inline policy of these statements; anybody in the account may assume it."""
        everybody = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust or everybody))
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return made["Role"]["Arn"]

    def session(self, role_arn: str, **more: Any) -> dict[str, str]:
        """Credentials of an AssumeRole session, as boto3's clients take them."""
        sts = self.client("sts")
        found = sts.assume_role(RoleArn=role_arn, RoleSessionName="test", **more)["Credentials"]
        return {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise RuntimeError("MiniStack did not start:\n" + (self.folder / "ministack.log").read_text()[-4000:])


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
