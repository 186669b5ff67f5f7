"""What `example/glue/prepare.py` makes of Segment events, in plain Python: a second opinion, and a job too.

As a script it is a Python shell job for MiniStack's Glue, which hands it its arguments as variables.
"""

import csv
import io
import json
import math
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Row = tuple[Any, ...]
HEADERS = {
    "Interactions": ("USER_ID", "ITEM_ID", "EVENT_TYPE", "EVENT_VALUE", "TIMESTAMP"),
    "Items": ("ITEM_ID", "CATEGORY", "PRICE"),
    "Users": ("USER_ID", "ACTIVE_DAYS"),
}


def segment(lines: Iterable[str]) -> dict[str, list[Row]]:
    """The rows of each dataset."""
    interactions: list[Row] = []
    items: dict[str, list[tuple[Any, ...]]] = {}
    days: dict[str, set[int]] = {}
    for line in lines:
        event = json.loads(line)
        properties = event.get("properties") or {}
        who, kind, when = event.get("userId"), event.get("event"), _seconds(event.get("timestamp"))
        what = _first(properties, "product_id", "productId")
        if event.get("type") != "track" or not who or not what or not kind or when is None:
            continue
        category, price = properties.get("category"), properties.get("price")
        interactions.append((who, what, kind, _first(properties, "value", "price"), when))
        items.setdefault(what, []).append((when, category, price))
        days.setdefault(who, set()).add(when // 86400)
    return {
        "Interactions": interactions,
        "Items": [(item, *max(seen, key=_order)[1:]) for item, seen in items.items()],
        "Users": [(user, len(active)) for user, active in days.items()],
    }


def _first(properties: dict[str, Any], *names: str) -> Any:
    return next((properties[name] for name in names if properties.get(name) is not None), None)


def _seconds(text: str | None) -> int | None:
    try:
        when = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return math.floor((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


def _order(seen: tuple[Any, ...]) -> tuple[Any, ...]:
    """Nothing comes before everything."""
    return tuple((value is not None, value if value is not None else 0) for value in seen)


def main() -> None:
    """Be the job."""
    import boto3

    bucket, prefix = os.environ["bucket"], os.environ["prefix"]  # noqa: SIM112  # as the job is called
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}raw/").get("Contents", [])
    if not found:
        raise RuntimeError(f"there is nothing in s3://{bucket}/{prefix}raw/")
    lines = [
        line
        for item in found
        for line in s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode().splitlines()
    ]
    for word, rows in segment(lines).items():
        text = io.StringIO()
        csv.writer(text).writerows([HEADERS[word], *rows])
        s3.put_object(Bucket=bucket, Key=f"{prefix}{word}/rows.csv", Body=text.getvalue().encode())


if __name__ == "__main__":
    main()
