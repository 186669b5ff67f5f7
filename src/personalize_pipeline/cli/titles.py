"""The names that people know items by: a column of the Items file."""

import csv
from pathlib import Path

from personalize_pipeline.cli.output import CommandError

COLUMNS = ("TITLE", "NAME", "ITEM_NAME", "PRODUCT_NAME")


def read(folder: Path | None = None) -> dict[str, str]:
    """Item ID to title, from `folder`/Items/*.csv or `folder`/data/Items/*.csv; {} if no file has titles.

    Without a folder: from the working directory, or from `example` in it.

    Raises:
        CommandError: a folder was named, and has no Items file with titles.
    """
    candidates = [folder] if folder else [Path(), Path("example")]
    for candidate in candidates:
        files = [*candidate.glob("Items/*.csv"), *candidate.glob("data/Items/*.csv")]
        if found := {item: title for file in files for item, title in _titles(file)}:
            return found
    if folder:
        raise CommandError(f"{folder} has no Items/*.csv with one of the columns {', '.join(COLUMNS)}.")
    return {}


def _titles(file: Path) -> list[tuple[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, doublequote=False, escapechar="\\")
        column = next((one for one in rows.fieldnames or () if one.upper() in COLUMNS), None)
        if column is None or "ITEM_ID" not in (rows.fieldnames or ()):
            return []
        return [(row["ITEM_ID"], row[column]) for row in rows]
