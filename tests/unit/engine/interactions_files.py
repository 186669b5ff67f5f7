"""Small interactions with a pattern that a reader can check, as Parquet files."""

import json
import random

import duckdb


def write(path, rows):
    """Write (user, item, timestamp[, event_type[, event_value]]) rows, in this order."""
    columns = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"][: len(rows[0])]
    lines = path.with_suffix(".json")
    lines.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows))
    types = {
        "USER_ID": "VARCHAR",
        "ITEM_ID": "VARCHAR",
        "TIMESTAMP": "BIGINT",
        "EVENT_TYPE": "VARCHAR",
        "EVENT_VALUE": "DOUBLE",
    }
    with duckdb.connect() as connection:
        source = connection.read_json(str(lines), columns={name: types[name] for name in columns})
        source.write_parquet(str(path))
    return path


def tastes(*, users=120, per_user=12, seed=1, repeats=False):
    """Two tastes, 'red' and 'blue', of 30 items each: users stay within theirs, but for one row in ten.

    With `repeats` every item comes twice in a row, but for the last one of half of the users.
    """
    draw = random.Random(seed)
    rows = []
    for user in range(users):
        mine, other = ("red", "blue") if user % 2 else ("blue", "red")
        items = [
            f"{mine if draw.random() > 0.1 else other}-{one:02d}" for one in draw.sample(range(30), per_user)
        ]
        if repeats:
            half = per_user // 2
            items = [item for item in items[:half] for _ in range(2)] + items[half : half + (user % 4 < 2)]
        rows += [(f"u{user:03d}", item, 1_600_000_000 + 100 * at + user) for at, item in enumerate(items)]
    return rows
