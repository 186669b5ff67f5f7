"""example/walkthrough goes through all of Amazon Personalize with boto3, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.local_server import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

ROOT = Path(__file__).resolve().parents[2]
TOLD = {
    "custom": ["FULL imports", "INCREMENTAL import", "segment, item-affinity", "exported"],
    "video": ["vod-because-you-watched-x user-001 film-001: film-", "it is not recommended again"],
    "shop": ["ecomm-frequently-bought-together film-001: film-", "it is not recommended again"],
    "actions": ["(premium): offer-", "an old one taken"],
}


@pytest.mark.parametrize("part", TOLD)
def test_the_walk_comes_to_its_end(start_local: Callable[..., LocalServer], s3: S3Server, part: str) -> None:
    local = start_local(environment={"AWS_ENDPOINT_URL": s3.url})
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_ENDPOINT_URL_PERSONALIZE": local.url,
        "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": local.url,
        "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": local.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-m", "example.walkthrough", "--only", part],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{''.join(local.log[-40:])}"
    for text in [*TOLD[part], "1 x dataset group deleted", "Nothing is left of it."]:
        assert text in done.stdout, done.stdout
    assert local.personalize.list_dataset_groups()["datasetGroups"] == []
    assert not [found for found in s3.client.list_buckets()["Buckets"] if found["Name"].startswith("walk-")]
