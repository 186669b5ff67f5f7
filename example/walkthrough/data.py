"""What the walk-through feeds: the example's invented films, as each kind of dataset group wants them."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from example import generate

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, str]
TAKEN, NOT_TAKEN = "Taken", "Not Taken"
ACTIONS = 12


@dataclass(frozen=True)
class Films:
    """Rows as the generator writes them; events in the order of time."""

    events: list[Row]
    films: list[Row]
    people: list[Row]

    def titles(self, items: Iterable[str], count: int = 3) -> str:
        """What the first of these films are called."""
        known = {film["ITEM_ID"]: film["TITLE"] for film in self.films}
        return "; ".join(known.get(item, item) for item in islice(items, count))


def films() -> Films:
    """Made anew, always the same."""
    with tempfile.TemporaryDirectory() as folder:
        generate.write(Path(folder))
        events, items, users = (
            list(csv.DictReader((Path(folder) / name).open(encoding="utf-8", newline="")))
            for name in ("Interactions/interactions.csv", "Items/items.csv", "Users/users.csv")
        )
    return Films(events, items, users)


def text(rows: list[Row]) -> str:
    """A CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def events_named(found: Films, click: str, watch: str) -> list[Row]:
    """The events with other names for their types."""
    names = {"click": click, "watch": watch}
    return [{**event, "EVENT_TYPE": names[event["EVENT_TYPE"]]} for event in found.events]


def described(found: Films) -> list[Row]:
    """The films with a text about each, for recipes that read."""
    return [
        {
            **film,
            "DESCRIPTION": f"{film['TITLE']}. {film['GENRES'].replace('|', ' and ')} of {film['YEAR']}.",
        }
        for film in found.films
    ]


def streamed(found: Films) -> list[Row]:
    """The films as the domain VIDEO_ON_DEMAND wants them."""
    wanted = ("ITEM_ID", "GENRES", "CREATION_TIMESTAMP")
    return [{name: film[name] for name in wanted} for film in found.films]


def sold(found: Films) -> list[Row]:
    """The films as discs, as the domain ECOMMERCE wants them."""
    return [
        {
            "ITEM_ID": film["ITEM_ID"],
            "PRICE": f"{5 + int(film['YEAR']) % 25}.99",
            "CATEGORY_L1": film["GENRES"].split("|")[0],
        }
        for film in found.films
    ]


def actions() -> list[Row]:
    """What one can offer to somebody."""
    return [
        {
            "ACTION_ID": f"offer-{number:02}",
            "TOPIC": generate.GENRES[number % 4],
            "VALUE": str(1 + number % 10),
        }
        for number in range(ACTIONS)
    ]


def answers_to_actions(found: Films, now: int) -> list[Row]:
    """Who took what of the last weeks' offers: premium members like the first ones, others the last ones."""
    chance = random.Random(generate.SEED)  # noqa: S311 - the same data for everybody is the point
    rows = []
    for person in found.people:
        for number in chance.sample(range(ACTIONS), 5):
            likes = (number < ACTIONS // 2) == (person["MEMBERSHIP"] == "premium")
            rows.append(
                {
                    "USER_ID": person["USER_ID"],
                    "ACTION_ID": f"offer-{number:02}",
                    "EVENT_TYPE": TAKEN if chance.random() < (0.7 if likes else 0.1) else NOT_TAKEN,
                    "TIMESTAMP": str(now - chance.randrange(35 * generate.DAY)),
                }
            )
    return sorted(rows, key=lambda row: row["TIMESTAMP"])


def schema(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    """An Avro schema as Personalize wants it."""
    namespace = "com.amazonaws.personalize.schema"
    return {"type": "record", "name": name, "namespace": namespace, "fields": list(fields), "version": "1.0"}


def column(name: str, kind: Any = "string", **flags: bool) -> dict[str, Any]:
    return {"name": name, "type": kind, **flags}


INTERACTIONS = schema(
    "Interactions",
    column("USER_ID"),
    column("ITEM_ID"),
    column("EVENT_TYPE"),
    column("TIMESTAMP", "long"),
)
USERS = schema(
    "Users", column("USER_ID"), column("AGE_GROUP", categorical=True), column("MEMBERSHIP", categorical=True)
)
ITEMS = schema(
    "Items",
    column("ITEM_ID"),
    column("TITLE", itemName=True),
    column("GENRES", categorical=True),
    column("YEAR", "int"),
    column("CREATION_TIMESTAMP", "long"),
    column("DESCRIPTION", textual=True),
)
ITEMS_WITH_PRICE = {**ITEMS, "fields": [*ITEMS["fields"], column("PRICE", ["float", "null"])]}
STREAMED = schema(
    "Items", column("ITEM_ID"), column("GENRES", categorical=True), column("CREATION_TIMESTAMP", "long")
)
SOLD = schema("Items", column("ITEM_ID"), column("PRICE", "float"), column("CATEGORY_L1", categorical=True))
ACTION_SCHEMA = schema(
    "Actions", column("ACTION_ID"), column("TOPIC", categorical=True), column("VALUE", ["null", "long"])
)
ACTION_INTERACTIONS = schema(
    "ActionInteractions",
    column("USER_ID"),
    column("ACTION_ID"),
    column("EVENT_TYPE"),
    column("TIMESTAMP", "long"),
)
