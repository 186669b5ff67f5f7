"""A program made for Amazon Personalize runs as it is, with nothing but the three variables for endpoints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.local_server import REGION
from tests.support.world import ITEMS, ROLE, eventually, interactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

SCRIPT = Path(__file__).with_name("notebook_script.py")


def test_an_old_notebook_runs_unchanged(start_local: Callable[[], LocalServer], s3: S3Server) -> None:
    local = start_local()
    rows = [line.split(",") for line in interactions().splitlines()]
    text = "".join(f"{user},{item},{stamp}\n" for user, item, _, _, stamp in rows)
    s3.put("notebooks", {"notebook/interactions.csv": text})

    done = subprocess.run(
        [sys.executable, str(SCRIPT), "notebooks", ROLE],
        env={
            "AWS_ENDPOINT_URL_PERSONALIZE": local.url,
            "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": local.url,
            "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": local.url,
            # What everybody has who uses AWS:
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout
    for step in ("DatasetGroup: ACTIVE", "DatasetImportJob: ACTIVE", "SolutionVersion: ACTIVE"):
        assert step in printed
    assert '"normalized_discounted_cumulative_gain_at_25"' in printed
    recommended = printed.partition("Recommendations: ")[2].splitlines()[0]
    assert recommended.count("'i") == min(25, ITEMS)
    assert printed.endswith("Cleaned up.\n")
    eventually(lambda: local.personalize.list_dataset_groups()["datasetGroups"] == [])
