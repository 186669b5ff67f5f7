from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.resources.cloud import forget_clients, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.resources.cloud import Cloud
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[Cloud]:
    """One Personalize for all tests of this folder: names keep them apart."""
    with running(tmp_path_factory.mktemp("cloud"), s3) as cloud:
        yield cloud


@pytest.fixture(scope="module", autouse=True)
def _s3_of_the_cloud(cloud: Cloud) -> Iterator[None]:
    """Workers begin with what they are first needed for, which may be a fixture that lasts for a module."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_S3", cloud.variables["AWS_ENDPOINT_URL_S3"])
        yield


@pytest.fixture(autouse=True)
def _in_the_cloud(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test sees the cloud in its environment, and leaves neither that nor faults behind."""
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield
    cloud.service.faults.clear()
    forget_clients()
