"""A small Items dataset that goes with `interactions_files.tastes`."""

import duckdb

from personalize_local.engine.training_job import Table
from personalize_rules.schemas import Field, Schema

BEGIN = 1_600_000_000
DAY = 86_400
COLUMNS = {
    "ITEM_ID": ("VARCHAR", Field("ITEM_ID", "string")),
    "COLOUR": ("VARCHAR", Field("COLOUR", "string", categorical=True)),
    "SIZE": ("FLOAT", Field("SIZE", "float", nullable=True)),
    "STORY": ("VARCHAR", Field("STORY", "string", textual=True)),
    "CREATION_TIMESTAMP": ("BIGINT", Field("CREATION_TIMESTAMP", "long", nullable=True)),
}


def items(path, rows, columns=tuple(COLUMNS)):
    """Write (item id, colour, ...) rows, and return the table with a schema of these columns."""
    with duckdb.connect() as connection:
        types = ", ".join(f"{name} {COLUMNS[name][0]}" for name in columns)
        connection.execute(f"CREATE TABLE items ({types})")
        connection.executemany(f"INSERT INTO items VALUES ({', '.join('?' * len(columns))})", rows)
        connection.table("items").write_parquet(str(path))
    return Table(path, Schema("Items", tuple(COLUMNS[name][1] for name in columns)))


def coloured(path, *, new=5, born=None):
    """The sixty items of `tastes`, and new ones of each colour that nobody has met."""
    rows = [
        (f"{colour}-{one:02d}", colour, BEGIN - 900 * DAY) for colour in ("red", "blue") for one in range(30)
    ]
    rows += [(f"new-{colour}-{one}", colour, born) for colour in ("red", "blue") for one in range(new)]
    return items(path, rows, ("ITEM_ID", "COLOUR", "CREATION_TIMESTAMP"))
