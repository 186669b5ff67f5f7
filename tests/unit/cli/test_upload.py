"""Uploading a folder: what changed only, the params file last."""

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from moto import mock_aws

from personalize_pipeline.cli import folder as folders
from personalize_pipeline.cli import upload
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.cli.sending import prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> "Iterator[S3Client]":
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def given(tmp_path: Path) -> folders.Folder:
    for name in ("data/Interactions/a.csv", "data/Interactions/b.csv", "data/Users/users.csv"):
        file = tmp_path / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{name}\n")
    (tmp_path / "shop" / "data" / "Interactions" / ".DS_Store").write_text("")
    (tmp_path / "shop" / "data" / "notes.txt").write_text("not data")
    (tmp_path / "shop" / "params.json").write_text("{}")
    return folders.find(tmp_path / "shop")


def keys(client: "S3Client") -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="bucket").get("Contents", [])]


def test_the_first_upload_sends_everything_and_names_the_version(
    s3: "S3Client", given: folders.Folder
) -> None:
    sent: list[int] = []

    done = upload.upload(given, "bucket", "shop/", sent.append)

    assert keys(s3) == [
        "shop/Interactions/a.csv",
        "shop/Interactions/b.csv",
        "shop/Users/users.csv",
        "shop/params.json",
    ]
    assert (done.sent, done.unchanged, done.removed, done.key) == (3, 0, 0, "shop/params.json")
    assert done.version_id == s3.head_object(Bucket="bucket", Key="shop/params.json")["VersionId"]
    assert sum(sent) == sum(path.stat().st_size for path, _ in given.files())


def test_the_second_upload_sends_what_changed_and_removes_what_is_gone(
    s3: "S3Client", given: folders.Folder
) -> None:
    first = upload.upload(given, "bucket", "", lambda _: None)
    s3.put_object(Bucket="bucket", Key="elsewhere/Interactions/c.csv", Body=b"of somebody else")
    (given.data / "Interactions" / "a.csv").write_text("changed, same place\n")
    (given.data / "Interactions" / "b.csv").rename(given.data / "Interactions" / "c.csv")

    second = upload.upload(given, "bucket", "", lambda _: None)

    assert (second.sent, second.unchanged, second.removed) == (2, 1, 1)
    assert keys(s3) == [
        "Interactions/a.csv",
        "Interactions/c.csv",
        "Users/users.csv",
        "elsewhere/Interactions/c.csv",
        "params.json",
    ]
    assert second.version_id != first.version_id, "an upload always starts a run"


def test_what_lies_deeper_is_read_for_deletions_only_and_otherwise_left_alone(
    s3: "S3Client", given: folders.Folder
) -> None:
    for name in ("Interactions/old/a.csv", "deletions/asked/november.csv", "deletions/users.csv"):
        file = given.data / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("USER_ID\n")
    for key in ("Interactions/archive/2025.csv", "deletions/asked/october.csv"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"of before")

    upload.upload(given, "bucket", "", lambda _: None)

    assert keys(s3) == [
        "Interactions/a.csv",
        "Interactions/archive/2025.csv",
        "Interactions/b.csv",
        "Users/users.csv",
        "deletions/asked/november.csv",
        "deletions/users.csv",
        "params.json",
    ]


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 4096], ids=str)
def test_the_etag_of_a_file_is_the_one_that_s3_gives_it(
    size: int, s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = 5 * 1024 * 1024  # S3 takes no smaller parts
    monkeypatch.setattr(upload, "PART_BYTES", part)
    monkeypatch.setattr(
        upload, "_TRANSFER", TransferConfig(multipart_threshold=part, multipart_chunksize=part)
    )
    file = tmp_path / "file.csv"
    file.write_bytes(b"x" * (size * part // 1024))

    s3.upload_file(str(file), "bucket", "file.csv", Config=upload._TRANSFER)

    assert s3.head_object(Bucket="bucket", Key="file.csv")["ETag"].strip('"') == upload.etag(file)


def test_the_dataset_folders_may_lie_beside_the_params_file(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("{}")
    (tmp_path / "Items").mkdir()
    (tmp_path / "Items" / "items.csv").write_text("ITEM_ID\n")

    assert [key for _, key in folders.find(tmp_path).files()] == ["Items/items.csv"]


def test_lines_for_batch_jobs_go_with_the_data(given: folders.Folder) -> None:
    lines = given.data / "batch" / "shop-for-you" / "users.json"
    lines.parent.mkdir(parents=True)
    lines.write_text('{"userId": "u1"}\n')

    assert "batch/shop-for-you/users.json" in [key for _, key in given.files()]


@pytest.mark.parametrize(
    ("given_prefix", "expected"), [(None, "shop/"), ("films", "films/"), ("/a/b/", "a/b/"), ("", "")]
)
def test_the_prefix_is_the_name_of_the_folder_or_the_one_given(
    given_prefix: str | None, expected: str, given: folders.Folder
) -> None:
    assert prefix_of(given, given_prefix) == expected


def test_a_name_that_makes_no_good_key_is_refused(given: folders.Folder) -> None:
    with pytest.raises(
        CommandError, match=r"'my films' does not make a good folder name in S3.*--prefix NAME"
    ):
        prefix_of(given, "my films")
