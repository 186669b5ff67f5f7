"""The data of a folder as it will lie in the bucket: what is read, and what stays of what is there."""

from pathlib import Path

from personalize_pipeline.cli.folder import Folder
from personalize_pipeline.cli.folder_data import FolderData
from personalize_pipeline.data.files import DataFile, Listing

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
