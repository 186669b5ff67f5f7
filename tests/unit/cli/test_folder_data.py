"""The data of a folder as it will lie in the bucket: what is read, and what stays of what is there."""

from pathlib import Path

import pytest
from moto import mock_aws

from personalize_pipeline import clients
from personalize_pipeline.cli.folder import Folder
from personalize_pipeline.cli.folder_data import FolderData
from personalize_pipeline.cli.planning import unseen
from personalize_pipeline.data.files import DataFile, Listing, NotReadable
from personalize_pipeline.data.first_look import first_look

PLACE = "s3://bucket/shop/"
THERE = Listing("bucket", (DataFile("shop/Users/users.csv", 7, "abc"),), ())


def folder(place: Path, *names: str) -> Folder:
    for name in names:
        file = place / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("USER_ID\nu1\n")
    return Folder(place)


def keys(listing: Listing) -> list[str]:
    return [file.key for file in listing.files]


def test_imports_see_the_first_level_and_deletions_all(tmp_path: Path):
    given = folder(
        tmp_path, "Users/users.csv", "Users/old/u.csv", "Users/.hidden", "deletions/asked/november.csv"
    )
    data = FolderData(given, "bucket", "shop/")

    assert keys(data.listing(f"{PLACE}Users/")) == ["shop/Users/users.csv"]
    assert keys(data.listing(f"{PLACE}Users/users.csv")) == ["shop/Users/users.csv"]
    assert keys(data.tree(f"{PLACE}deletions/")) == ["shop/deletions/asked/november.csv"]


def test_what_the_folder_lacks_stays_as_it_is_in_the_bucket(tmp_path: Path):
    given = folder(tmp_path, "Interactions/a.csv")

    with_bucket = FolderData(given, "bucket", "shop/", there=lambda _: THERE)
    alone = FolderData(given, "bucket", "shop/")

    assert with_bucket.listing(f"{PLACE}Users/") == THERE
    assert keys(with_bucket.listing(f"{PLACE}Interactions/")) == ["shop/Interactions/a.csv"]
    assert keys(alone.listing(f"{PLACE}Users/")) == []
    assert alone.look(f"{PLACE}Interactions/", header=True).lines == 1


def test_what_a_run_does_not_send_is_looked_up_in_the_bucket(tmp_path: Path):
    given = folder(tmp_path, "Interactions/a.csv", "Interactions/old/b.csv", "other/c.csv", "d.csv")
    (tmp_path / "data" / "deletions" / "asked").mkdir(parents=True)

    data = FolderData(given, "bucket", "shop/", there=lambda _: THERE)

    for place in ("", "Interactions/old/", "other/", "other/c.csv"):
        assert data.listing(f"{PLACE}{place}") == THERE, place
    assert keys(data.listing(f"{PLACE}deletions/asked/")) == []


def test_a_folder_that_is_written_like_a_file_has_no_files(tmp_path: Path):
    data = FolderData(folder(tmp_path, "batch/films/a.json"), "bucket", "shop/", there=lambda _: THERE)

    assert data.listing(f"{PLACE}batch/films") == Listing("bucket", (), ("shop/batch/films/",))


def test_what_the_caller_may_not_see_is_a_note_of_the_plan(tmp_path: Path):
    def denied(location: str) -> Listing:
        raise NotReadable(location)

    data = FolderData(folder(tmp_path, "Interactions/a.csv"), "bucket", "shop/", there=denied)
    document = {"datasets": {"Users": {"dataLocation": "s3://closed/users/"}}}

    seen = first_look(data, document, "bucket", "shop/", unseen)

    assert seen.problems == ()
    (note,) = seen.notes
    assert note.startswith(
        "datasets.Users: you may not look into s3://closed/users/, so this was not checked"
    )


def test_the_beginning_of_a_file_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        clients.s3.cache_clear()
        clients.s3().create_bucket(Bucket="bucket")
        clients.s3().put_object(Bucket="bucket", Key="shop/other/a.csv", Body=b"elsewhere")
        data = FolderData(folder(tmp_path, "Users/a.csv"), "bucket", "shop/", there=lambda _: THERE)

        heads = [data.head("bucket", key) for key in ("shop/Users/a.csv", "shop/other/a.csv")]
        clients.s3.cache_clear()

    assert heads == [b"USER_ID\nu1\n", b"elsewhere"]
