"""example/walkthrough goes through all of Amazon Personalize with boto3, and leaves nothing behind."""

from __future__ import annotations

import signal
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
WALK = (sys.executable, "-m", "example.walkthrough", "--only")
SECONDS = 400
TOLD = {
    "custom": ["FULL imports", "INCREMENTAL import", "segment, item-affinity: film-001 -> user-", "exported"],
    "video": ["vod-because-you-watched-x user-001 film-001: ", "it is not recommended again"],
    "shop": ["ecomm-frequently-bought-together film-001: ", "it is not recommended again"],
    "actions": ["(premium): offer-", "an old one taken"],
}


def environment(local: LocalServer, s3: S3Server) -> dict[str, str]:
    return {
        "PATH": str(Path(sys.executable).parent),
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_ENDPOINT_URL_PERSONALIZE": local.url,
        "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": local.url,
        "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": local.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def assert_nothing_is_left(local: LocalServer, s3: S3Server) -> None:
    assert local.personalize.list_dataset_groups()["datasetGroups"] == []
    assert local.personalize.list_schemas()["schemas"] == []
    assert not [found for found in s3.client.list_buckets()["Buckets"] if found["Name"].startswith("walk-")]


@pytest.mark.parametrize("part", TOLD)
def test_the_walk_comes_to_its_end(start_local: Callable[..., LocalServer], s3: S3Server, part: str) -> None:
    local = start_local(environment={"AWS_ENDPOINT_URL": s3.url})
    done = subprocess.run(
        [*WALK, part],
        cwd=ROOT,
        env=environment(local, s3),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{''.join(local.log[-40:])}"
    for text in [*TOLD[part], "1 dataset group, ", "Nothing is left of it."]:
        assert text in done.stdout, done.stdout
    assert_nothing_is_left(local, s3)


def test_a_walk_that_is_broken_off_in_its_trainings_leaves_nothing(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    local = start_local(environment={"AWS_ENDPOINT_URL": s3.url})
    walk = subprocess.Popen(
        [*WALK, "custom"],
        cwd=ROOT,
        env=environment(local, s3),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert walk.stdout
        told = next((line for line in walk.stdout if "user-personalization-v2: NDCG" in line), None)
        assert told, "it ended before its first training"
        walk.send_signal(signal.SIGINT)
        printed, _ = walk.communicate(timeout=SECONDS)
    finally:
        walk.kill()
        walk.wait()

    assert walk.returncode == 1
    assert "The walk was broken off; what it had made is deleted." in printed
    assert_nothing_is_left(local, s3)
