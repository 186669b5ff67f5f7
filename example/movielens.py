"""Turn MovieLens (ml-latest-small) into a folder that the pipeline can run.

    python example/movielens.py ml-latest-small [build/movielens]

The data is not part of this repository: https://grouplens.org/datasets/movielens/latest/ has it, and its
README, which is copied beside the result, says what it may be used for.

It is prepared the way the Amazon Personalize samples do it, so that results can be compared: a rating above 1
is a `click`, one above 3 also a `watch` at the same time; 100,836 ratings become 158,371 interactions.
"""

import argparse
import csv
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
YEAR = re.compile(r"\s*\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$")
NO_GENRES = "(no genres listed)"


def interactions(ratings: Path) -> list[tuple[str, str, str, int]]:
    """USER_ID, ITEM_ID, EVENT_TYPE, TIMESTAMP (epoch seconds), oldest first; click before watch."""
    rows = []
    with ratings.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            who, what, when = row["userId"], row["movieId"], int(row["timestamp"])
            rating = float(row["rating"])
            if rating > 1:
                rows.append((who, what, "click", when))
            if rating > 3:
                rows.append((who, what, "watch", when))
    return sorted(rows, key=lambda row: row[3])


def items(movies: Path) -> Iterator[tuple[str, str, str, str]]:
    """ITEM_ID, TITLE, GENRE ("A|B", empty if none is listed), YEAR (empty if the title has none)."""
    with movies.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            year = YEAR.search(row["title"])
            genres = "" if row["genres"] == NO_GENRES else row["genres"]
            yield row["movieId"], row["title"].strip(), genres, year[1] if year else ""


def params() -> dict[str, Any]:
    """The params file: three solutions in one run, each with a campaign."""
    solutions = {
        "user-personalization": "aws-user-personalization",
        "similar-items": "aws-similar-items",
        "personalized-ranking": "aws-personalized-ranking",
    }
    return {
        "$schema": "../../params.schema.json",
        "datasetGroup": {"name": "movielens"},
        "datasets": {
            "Interactions": {
                "name": "movielens-interactions",
                "schema": _schema(
                    "Interactions", USER_ID="string", ITEM_ID="string", EVENT_TYPE="string", TIMESTAMP="long"
                ),
            },
            "Items": {
                "name": "movielens-items",
                "schema": _schema(
                    "Items",
                    ITEM_ID="string",
                    TITLE="string",  # neither categorical nor textual: shown to people, not trained on
                    GENRE={"type": ["null", "string"], "categorical": True},
                    YEAR=["null", "int"],
                ),
            },
        },
        "eventTracker": {"name": "movielens-events"},
        "filters": [
            {
                "name": "movielens-unseen",
                "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "watch")',
            }
        ],
        "solutions": [
            {
                "name": f"movielens-{name}",
                "recipeArn": f"arn:aws:personalize:::recipe/{recipe}",
                "campaigns": [{"name": f"movielens-{name}", "minProvisionedTPS": 1}],
            }
            for name, recipe in solutions.items()
        ],
    }


def prepare(source: Path, target: Path) -> None:
    """Write params.json and data/ under `target`, and the data's own README beside them.

    Raises:
        SystemExit: `source` is not the folder of ml-latest-small.
    """
    missing = [name for name in ("movies.csv", "ratings.csv", "README.txt") if not (source / name).is_file()]
    if missing:
        raise SystemExit(
            f"{source} has no {', '.join(missing)}: it should be the unpacked folder of ml-latest-small.\n"
            "https://grouplens.org/datasets/movielens/latest/ has it."
        )
    _write_csv(
        target / "data" / "Interactions" / "interactions.csv",
        ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"),
        interactions(source / "ratings.csv"),
    )
    _write_csv(
        target / "data" / "Items" / "items.csv",
        ("ITEM_ID", "TITLE", "GENRE", "YEAR"),
        items(source / "movies.csv"),
    )
    (target / "params.json").write_text(json.dumps(params(), indent=2) + "\n", encoding="utf-8")
    shutil.copy(source / "README.txt", target / "README.txt")


def _schema(name: str, **fields: str | list[str] | dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": field, **(kind if isinstance(kind, dict) else {"type": kind})}
            for field, kind in fields.items()
        ],
        "version": "1.0",
    }


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(",".join(map(_cell, row)) + "\n" for row in (header, *rows))


def _cell(value: object) -> str:
    """A CSV value as Personalize reads it: a quote inside is escaped with a backslash, not doubled."""
    text = str(value)
    if not any(character in text for character in ',"\\'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Turn MovieLens (ml-latest-small) into a folder to run.")
    parser.add_argument("source", type=Path, help="the unpacked folder of ml-latest-small")
    parser.add_argument("target", type=Path, nargs="?", default=HERE.parent / "build" / "movielens")
    given = parser.parse_args()
    prepare(given.source, given.target)
    sys.stdout.write(f"{given.target}\n")
