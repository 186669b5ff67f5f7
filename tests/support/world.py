"""A small film club, and the steps that a user of Amazon Personalize takes with its data, through boto3."""

from __future__ import annotations

import io
import json
import random
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

ARN = "arn:aws:personalize:us-east-1:000000000000:"
RECIPE = "arn:aws:personalize:::recipe/"
ROLE = "arn:aws:iam::000000000000:role/PersonalizeRole"
GENRES = ("Comedy", "Crime", "Drama")
USERS, ITEMS, EVENTS = 40, 30, 40
PATIENCE = 60.0


def schema(name: str, *fields: dict[str, Any]) -> str:
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": list(fields),
            "version": "1.0",
        }
    )


def column(name: str, kind: Any = "string", **flags: bool) -> dict[str, Any]:
    return {"name": name, "type": kind, **flags}


SCHEMAS = {
    "INTERACTIONS": schema(
        "Interactions",
        column("USER_ID"),
        column("ITEM_ID"),
        column("EVENT_TYPE"),
        column("EVENT_VALUE", ["float", "null"]),
        column("TIMESTAMP", "long"),
    ),
    "ITEMS": schema(
        "Items",
        column("ITEM_ID"),
        column("TITLE", ["string", "null"]),
        column("GENRE", categorical=True),
        column("PRICE", "float"),
    ),
    "USERS": schema("Users", column("USER_ID"), column("PLAN", categorical=True), column("AGE", "int")),
}


def interactions(*, users: int = USERS, events: int = EVENTS, seed: int = 1) -> str:
    """Every user has a favourite genre, which most of his events are about."""
    chance = random.Random(seed)
    out = io.StringIO("USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n")
    out.seek(0, io.SEEK_END)
    for user in range(users):
        for number in range(events):
            genre = user % 3 if chance.random() < 0.95 else chance.randrange(3)
            item = genre + 3 * int(chance.random() ** 2 * ITEMS / 3)
            kind = "watch" if number % 2 else "click"
            out.write(f"u{user},i{item},{kind},{chance.randint(1, 5)},{1_600_000_000 + 60 * number + user}\n")
    return out.getvalue()


def items() -> str:
    rows = [f"i{n},Film {n},{GENRES[n % 3]}{'|Short' if n % 5 == 0 else ''},{n}.5" for n in range(ITEMS)]
    return "ITEM_ID,TITLE,GENRE,PRICE\n" + "\n".join(rows) + "\n"


def users() -> str:
    rows = [f"u{n},{'free' if n % 2 else 'paid'},{20 + n}" for n in range(USERS)]
    return "USER_ID,PLAN,AGE\n" + "\n".join(rows) + "\n"


@dataclass
class World:
    """One server and one bucket. Methods wait until what they made is ACTIVE, and answer its ARN."""

    server: LocalServer
    s3: S3Server
    name: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def api(self) -> Any:
        return self.server.personalize

    @property
    def runtime(self) -> Any:
        return self.server.runtime

    @property
    def events(self) -> Any:
        return self.server.events

    @property
    def group(self) -> str:
        return f"{ARN}dataset-group/{self.name}"

    def dataset(self, kind: str) -> str:
        return f"{ARN}dataset/{self.name}/{kind}"

    def make_group(self) -> str:
        self.api.create_dataset_group(name=self.name)
        self.wait("dataset_group", self.group)
        return self.group

    def make_dataset(self, kind: str, document: str | None = None) -> str:
        name = f"{self.name}-{kind.lower()}"
        made = self.api.create_schema(name=name, schema=document or SCHEMAS[kind])["schemaArn"]
        arn: str = self.api.create_dataset(
            name=name, schemaArn=made, datasetGroupArn=self.group, datasetType=kind
        )["datasetArn"]
        self.wait("dataset", arn)
        return arn

    def begin_import(self, kind: str, content: str, job: str = "first", mode: str = "FULL") -> str:
        key = f"{self.name}/{job}/{kind}.csv"
        self.s3.put("club", {key: content})
        made: str = self.api.create_dataset_import_job(
            jobName=f"{self.name}-{kind.lower().replace('_', '-')}-{job}",
            datasetArn=self.dataset(kind),
            dataSource={"dataLocation": f"s3://club/{key}"},
            roleArn=ROLE,
            importMode=mode,
        )["datasetImportJobArn"]
        return made

    def load(self, kind: str, content: str, job: str = "first", mode: str = "FULL") -> str:
        arn = self.begin_import(kind, content, job, mode)
        self.wait("dataset_import_job", arn)
        return arn

    def fill(self) -> None:
        """A group with all three datasets, imported."""
        self.make_group()
        for kind in SCHEMAS:
            self.make_dataset(kind)
        jobs = [
            self.begin_import(kind, make())
            for kind, make in (("INTERACTIONS", interactions), ("ITEMS", items), ("USERS", users))
        ]
        for job in jobs:
            self.wait("dataset_import_job", job)

    def solution(self, recipe: str, name: str = "", **more: Any) -> str:
        arn: str = self.api.create_solution(
            name=f"{self.name}-{name or recipe}",
            datasetGroupArn=self.group,
            recipeArn=RECIPE + recipe,
            performAutoTraining=False,
            **more,
        )["solutionArn"]
        self.wait("solution", arn)
        return arn

    def version(self, solution: str, **more: Any) -> str:
        arn: str = self.api.create_solution_version(solutionArn=solution, **more)["solutionVersionArn"]
        self.wait("solution_version", arn)
        return arn

    def campaign(self, version: str, name: str, **more: Any) -> str:
        arn: str = self.api.create_campaign(name=f"{self.name}-{name}", solutionVersionArn=version, **more)[
            "campaignArn"
        ]
        self.wait("campaign", arn)
        return arn

    def filter(self, expression: str, name: str) -> str:
        arn: str = self.api.create_filter(
            name=f"{self.name}-{name}", datasetGroupArn=self.group, filterExpression=expression
        )["filterArn"]
        self.wait("filter", arn)
        return arn

    def tracker(self) -> str:
        made = self.api.create_event_tracker(name=f"{self.name}-events", datasetGroupArn=self.group)
        self.wait("event_tracker", made["eventTrackerArn"])
        tracking: str = made["trackingId"]
        return tracking

    def put(self, tracking: str, user: str | None, *things: str, kind: str = "watch", **more: Any) -> None:
        who = {"userId": user} if user else {}
        self.events.put_events(
            trackingId=tracking,
            sessionId=more.pop("session", "s1"),
            eventList=[
                {"eventType": kind, "itemId": item, "sentAt": int(time.time()), **more} for item in things
            ],
            **who,
        )

    def recommended(self, campaign: str, **asked: Any) -> list[str]:
        answer = self.runtime.get_recommendations(campaignArn=campaign, **asked)
        return [item["itemId"] for item in answer["itemList"]]

    def clock(self, **what: Any) -> None:
        """Change the time that the server sees: `running=False` lets it stand still."""
        request = urllib.request.Request(
            f"{self.server.url}/_local/clock",
            data=json.dumps(what).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    def wait(self, kind: str, arn: str, status: str = "ACTIVE") -> dict[str, Any]:
        """Poll Describe until the status is reached; fail with the reason when another end is."""
        member = "".join(word if not n else word.title() for n, word in enumerate(kind.split("_")))
        began = time.monotonic()
        while True:
            found: dict[str, Any] = getattr(self.api, f"describe_{kind}")(**{f"{member}Arn": arn})[member]
            if found["status"] == status:
                self.seconds[arn] = time.monotonic() - began
                return found
            if found["status"] in ("ACTIVE", "CREATE FAILED", "CREATE STOPPED"):
                pytest.fail(f"{arn} is {found['status']}: {found.get('failureReason')}")
            if time.monotonic() - began > PATIENCE:
                pytest.fail(f"{arn} is still {found['status']} after {PATIENCE:.0f} s")
            time.sleep(0.02)

    def wait_for_update(self, kind: str, arn: str, status: str = "ACTIVE") -> dict[str, Any]:
        """Poll until the latest update has ended in `status`."""
        began = time.monotonic()
        member = "".join(word if not n else word.title() for n, word in enumerate(kind.split("_")))
        while time.monotonic() - began < PATIENCE:
            found: dict[str, Any] = getattr(self.api, f"describe_{kind}")(**{f"{member}Arn": arn})[member]
            update = found.get(f"latest{member[0].upper()}{member[1:]}Update", {})
            if update.get("status") == status:
                return found
            time.sleep(0.02)
        pytest.fail(f"the update of {arn} did not become {status}: {update}")

    def wait_until_gone(self, kind: str, arn: str) -> None:
        """Poll Describe until it does not find the resource."""
        member = "".join(word if not n else word.title() for n, word in enumerate(kind.split("_")))
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            try:
                getattr(self.api, f"describe_{kind}")(**{f"{member}Arn": arn})
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                return
            time.sleep(0.02)
        pytest.fail(f"{arn} is still there")


class Refusal(list[str]):
    """What `refused` caught: code and message, once the block has ended."""

    @property
    def message(self) -> str:
        return self[1]


def refused(code: str, text: str = "") -> Any:
    """A block that must end in this error, whose message must contain `text`."""
    from contextlib import contextmanager

    @contextmanager
    def check() -> Iterator[Refusal]:
        refusal = Refusal()
        with pytest.raises(ClientError) as error:
            yield refusal
        found = error.value.response["Error"]
        refusal += [found["Code"], found["Message"]]
        assert found["Code"] == code, found
        assert text in found["Message"], found

    return check()


def eventually(check: Callable[[], bool], patience: float = 60.0) -> None:
    """Wait for something that other threads or processes bring about."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < patience, "it did not happen"
        time.sleep(0.02)
