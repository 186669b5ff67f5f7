"""A Personalize Local in a process of its own, for tests that talk to it as any program would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.validate import ParamValidator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_events import PersonalizeEventsClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
# Patience, not a promise: the machine may be busy with other things.
START_SECONDS = 90.0
STOP_SECONDS = 60.0
READY = re.compile(r"Personalize Local is ready on (http://\S+)")


def assert_declared(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """A handler of botocore's `after-call`: the answer has the shape that the operation declares."""
    if parsed["ResponseMetadata"]["HTTPStatusCode"] >= 300:
        return
    found = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    if model.output_shape is None:
        assert found == {}, f"{model.name} answers {found} where nothing is declared"
        return
    report = ParamValidator().validate(found, model.output_shape)
    assert not report.has_errors(), f"{model.name}: {report.generate_report()}"


@dataclass
class LocalServer:
    """Started with `start()`, or used as a context manager. `environment` is added to a clean one."""

    data: Path
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    access_key: str = "test"
    secret_key: str = "test"
    url: str = ""
    log: list[str] = field(default_factory=list)
    seconds_to_start: float = 0.0
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it serves; fails with its log if it does not."""
        started = time.monotonic()
        command = [sys.executable, "-m", "personalize_local", "--port", "0", "--data", str(self.data)]
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "PERSONALIZE_LOCAL_"))}
        credentials = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        self._process = subprocess.Popen(
            [*command, *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean, **credentials, "PYTHONUNBUFFERED": "1", **self.environment},
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or not self.url:
            self.stop()
            raise RuntimeError("Personalize Local did not start:\n" + "".join(self.log))
        self.seconds_to_start = time.monotonic() - started

    def stop(self, *, kill: bool = False) -> int:
        """End it (with `kill`: as a power cut would) and give back its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            status = self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process, self.url = None, ""
        return status

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client for `personalize`, `personalize-runtime` or `personalize-events`.

        It checks every answer against the output that botocore declares, whatever the test is about.
        """
        keys = {"aws_access_key_id": self.access_key, "aws_secret_access_key": self.secret_key, **credentials}
        known = (self.url, service, *keys.values())
        if known not in self._clients:
            client = boto3.session.Session().client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.url,
                region_name=REGION,
                config=Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=60),
                **keys,
            )
            client.meta.events.register("after-call", assert_declared)
            self._clients[known] = client
        return self._clients[known]

    def admin(self, path: str, **document: Any) -> Any:
        """Ask the admin API under `/_local/`: GET, or POST if there is something to send."""
        body = json.dumps(document).encode() if document else None
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/_local/{path}", body, headers)
        ) as got:
            return json.load(got)

    def impatient(self, service: str, attempts: int = 1, mode: str = "standard") -> Any:
        """A client that tries this many times; only once, unless it is told otherwise."""
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"mode": mode, "total_max_attempts": attempts}),  # type: ignore[arg-type]
        )

    @property
    def personalize(self) -> PersonalizeClient:
        client: PersonalizeClient = self.client("personalize")
        return client

    @property
    def runtime(self) -> PersonalizeRuntimeClient:
        client: PersonalizeRuntimeClient = self.client("personalize-runtime")
        return client

    @property
    def events(self) -> PersonalizeEventsClient:
        client: PersonalizeEventsClient = self.client("personalize-events")
        return client

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.log.append(line)
                if found := READY.search(line):
                    self.url = found[1]
                    ready.set()
        ready.set()  # it ended: let `start` say so
