from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.resources.cloud import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.resources.cloud import Cloud
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[Cloud]:
    """One Personalize for all tests of this folder: names keep them apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        patch.setenv("AWS_ENDPOINT_URL_PERSONALIZE", "set by running()")
        patch.setenv("PERSONALIZE_ROLE_ARN", "arn:aws:iam::000000000000:role/personalize")
        with running(tmp_path_factory.mktemp("cloud"), s3) as cloud:
            yield cloud


@pytest.fixture(autouse=True)
def _no_faults_left(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.service.faults.clear()
