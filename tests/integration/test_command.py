"""The command's options and environment, and S3 without IAM."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from personalize_local.aws.s3 import S3Objects
from personalize_local.service.objects import Layout, ObjectsMissing
from personalize_local.service.settings import Settings
from personalize_local.settings_from_environment import IAM_ENDPOINT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

SOURCE = "arn:aws:personalize:us-east-1:000000000000:dataset-import-job/j"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "PERSONALIZE_LOCAL_"))}
    command = [sys.executable, "-m", "personalize_local", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=clean, timeout=30)


def test_help_has_an_example() -> None:
    done = run("--help")

    assert done.returncode == 0
    assert "personalize-local --port 0 --data" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--account-id", "1"], "'1' is not an account: 12 digits"),
        (["--region", "moon"], "'moon' is not a region such as us-east-1"),
        (
            ["--iam-endpoint", "http://127.0.0.1:1"],
            "--iam-endpoint needs the environment variable PERSONALIZE_LOCAL_",
        ),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], text: str) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_explained(local: LocalServer, tmp_path: Path) -> None:
    done = run("--port", local.url.rpartition(":")[2], "--data", str(tmp_path))

    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "in use" in done.stderr


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch, s3: S3Server, tmp_path: Path) -> S3Objects:
    for name in [*os.environ]:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv(IAM_ENDPOINT, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
    return S3Objects(Settings(data_dir=tmp_path))


def test_without_iam_any_role_reads(objects: S3Objects, s3: S3Server, tmp_path: Path) -> None:
    s3.put("open", {"Items/b.csv": "2", "Items/a.csv": "1", "Items/deeper/c.csv": "3", "Items/": ""})

    role = "arn:aws:iam::000000000000:role/any"
    files = objects.fetch_all("s3://open/Items/", role, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER)

    assert [file.path.read_text() for file in files] == ["1", "2"]


def test_the_whole_bucket_is_a_folder_too(objects: S3Objects, s3: S3Server, tmp_path: Path) -> None:
    s3.put("whole", {"a.csv": "1", "x/b.csv": "2"})

    files = objects.fetch_all("s3://whole", None, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER)

    assert [file.path.read_text() for file in files] == ["1"]


def test_nothing_goes_to_the_real_aws_by_accident(
    objects: S3Objects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")

    with pytest.raises(ObjectsMissing, match="does not use the real one by accident"):
        objects.fetch_all("s3://bucket/a.csv", None, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER)


def test_an_s3_that_is_not_there_is_said(
    objects: S3Objects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(ObjectsMissing, match=r"cannot be reached: Could not connect"):
        objects.fetch_all("s3://bucket/a.csv", None, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER)
