"""A film club as a domain dataset group of VIDEO_ON_DEMAND, or a shop as one of ECOMMERCE."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import Any

from tests.support.world import ARN, GENRES, RECIPE, World, column, schema

USERS, ITEMS, EVENTS = 40, 30, 60
_INTERACTIONS = schema(
    "Interactions",
    column("USER_ID"),
    column("ITEM_ID"),
    column("EVENT_TYPE"),
    column("TIMESTAMP", "long"),
)
DOMAINS: dict[str, dict[str, str]] = {
    "VIDEO_ON_DEMAND": {
        "INTERACTIONS": _INTERACTIONS,
        "ITEMS": schema(
            "Items",
            column("ITEM_ID"),
            column("GENRES", categorical=True),
            column("CREATION_TIMESTAMP", "long"),
            column("TITLE", ["string", "null"]),
        ),
    },
    "ECOMMERCE": {
        "INTERACTIONS": _INTERACTIONS,
        "ITEMS": schema(
            "Items",
            column("ITEM_ID"),
            column("PRICE", "float"),
            column("CATEGORY_L1", categorical=True),
            column("TITLE", ["string", "null"]),
        ),
    },
}
EVENT_TYPES = {"VIDEO_ON_DEMAND": ("Watch", "Click"), "ECOMMERCE": ("View", "Purchase")}


@dataclass
class DomainWorld(World):
    """As `World`, with recommenders."""

    domain: str = "VIDEO_ON_DEMAND"

    def interactions(self, *, events: int = EVENTS, seed: int = 1) -> str:
        """Every user has a favourite genre, which most of his events are about; half of them of each type."""
        chance = random.Random(seed)
        out = io.StringIO("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n")
        out.seek(0, io.SEEK_END)
        for user in range(USERS):
            for number in range(events):
                genre = user % 3 if chance.random() < 0.95 else chance.randrange(3)
                item = genre + 3 * int(chance.random() ** 2 * ITEMS / 3)
                kind = EVENT_TYPES[self.domain][number % 2]
                out.write(f"u{user},i{item},{kind},{1_600_000_000 + 60 * number + user}\n")
        return out.getvalue()

    def items(self) -> str:
        if self.domain == "VIDEO_ON_DEMAND":
            rows = [f"i{n},{GENRES[n % 3]},{1_500_000_000 + n},Film {n}" for n in range(ITEMS)]
            return "ITEM_ID,GENRES,CREATION_TIMESTAMP,TITLE\n" + "\n".join(rows) + "\n"
        rows = [f"i{n},{n}.5,{GENRES[n % 3]},Thing {n}" for n in range(ITEMS)]
        return "ITEM_ID,PRICE,CATEGORY_L1,TITLE\n" + "\n".join(rows) + "\n"

    def make_group(self) -> str:
        self.api.create_dataset_group(name=self.name, domain=self.domain)
        self.wait("dataset_group", self.group)
        return self.group

    def make_dataset(self, kind: str, document: str | None = None) -> str:
        name = f"{self.name}-{kind.lower()}"
        made = self.api.create_schema(
            name=name, schema=document or DOMAINS[self.domain][kind], domain=self.domain
        )["schemaArn"]
        arn: str = self.api.create_dataset(
            name=name, schemaArn=made, datasetGroupArn=self.group, datasetType=kind
        )["datasetArn"]
        self.wait("dataset", arn)
        return arn

    def fill(self) -> None:
        """A group with interactions and items."""
        self.make_group()
        for kind in DOMAINS[self.domain]:
            self.make_dataset(kind)
        jobs = [
            self.begin_import("INTERACTIONS", self.interactions()),
            self.begin_import("ITEMS", self.items()),
        ]
        for job in jobs:
            self.wait("dataset_import_job", job)

    def begin_recommender(self, use_case: str, name: str = "", **config: Any) -> str:
        more = {"recommenderConfig": config} if config else {}
        arn: str = self.api.create_recommender(
            name=f"{self.name}-{name or use_case}",
            datasetGroupArn=self.group,
            recipeArn=RECIPE + use_case,
            **more,
        )["recommenderArn"]
        return arn

    def recommender(self, use_case: str, name: str = "", **config: Any) -> str:
        arn = self.begin_recommender(use_case, name, **config)
        self.wait("recommender", arn)
        return arn

    def served(self, recommender: str, **asked: Any) -> list[str]:
        answer = self.runtime.get_recommendations(recommenderArn=recommender, **asked)
        return [item["itemId"] for item in answer["itemList"]]

    def recommender_arn(self, name: str) -> str:
        return f"{ARN}recommender/{self.name}-{name}"

    def events_of(self, user: str, kind: str) -> set[str]:
        """The items with events of a type of a user in the imported data."""
        rows = [line.split(",") for line in self.interactions().splitlines()]
        return {item for who, item, what, _ in rows if who == user and what == kind}
