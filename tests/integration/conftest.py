"""`local`: a Personalize Local per test module, reading from `s3`; `start_local`: one for a single test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.local_server import LocalServer
from tests.support.s3_server import S3Server, start_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """moto's S3, without IAM: whatever role is given may read."""
    s3, server = start_s3()
    yield s3
    server.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[LocalServer]:
    """One server for all tests of a module; names of resources keep them apart."""
    with LocalServer(tmp_path_factory.mktemp("local"), environment={"AWS_ENDPOINT_URL_S3": s3.url}) as server:
        yield server


@pytest.fixture
def start_local(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server
) -> Iterator[Callable[..., LocalServer]]:
    """Starts servers with a data folder and arguments of their own; all are stopped after the test."""
    started: list[LocalServer] = []

    def start(*arguments: str, environment: dict[str, str] | None = None) -> LocalServer:
        folder = tmp_path_factory.mktemp("local")
        server = LocalServer(folder, arguments, {"AWS_ENDPOINT_URL_S3": s3.url, **(environment or {})})
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
