"""An account of Amazon Personalize, seen through boto3: make things, wait for them, take them away again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import boto3

PREFIX = "arn:aws:personalize:::recipe/"
ENDS = {"ACTIVE", "COMPLETED", "INACTIVE", "CREATE STOPPED", "CREATE FAILED", "FAILED"}
GOOD_ENDS = {"ACTIVE", "COMPLETED"}
HOURS = 6
# What can be deleted, in the only order that works. Everything else goes with these, or stays as a record.
DELETE_ORDER = (
    "campaign",
    "recommender",
    "solution",
    "event_tracker",
    "metric_attribution",
    "filter",
    "dataset",
    "dataset_group",
    "schema",
)


class WalkFailed(Exception):  # noqa: N818 -- what happened, in a word
    """Something did not go as it should; the text says what."""


def say(text: str, indent: int = 2) -> None:
    """A line of the story."""
    print(" " * indent + text, flush=True)


def member(kind: str) -> str:
    """`dataset_import_job` -> `datasetImportJob`."""
    first, *others = kind.split("_")
    return first + "".join(word.title() for word in others)


@dataclass
class Account:
    """`name` begins the name of everything that is made; `seconds` is how long to wait between two looks."""

    session: boto3.session.Session
    name: str
    bucket: str
    role: str
    seconds: float
    made: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.personalize: Any = self.session.client("personalize")
        self.runtime: Any = self.session.client("personalize-runtime")
        self.events: Any = self.session.client("personalize-events")
        self.s3: Any = self.session.client("s3")

    def create(self, kind: str, name: str, **parameters: Any) -> str:
        """Call Create<kind>, and answer the ARN."""
        named = {("jobName" if kind.endswith("_job") else "name"): f"{self.name}-{name}"}
        if kind == "solution_version":
            named = {}
        made = getattr(self.personalize, f"create_{kind}")(**named, **parameters)
        arn: str = made[f"{member(kind)}Arn"]
        self.made.setdefault(kind, []).append(arn)
        return arn

    def describe(self, kind: str, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self.personalize, f"describe_{kind}")(**{f"{member(kind)}Arn": arn})
        return dict(found[member(kind)])

    def wait(self, kind: str, *arns: str, until: Iterable[str] = GOOD_ENDS) -> None:
        """Return when all are done.

        Raises:
            WalkFailed: one ended otherwise, with Personalize's reason; or it took hours.
        """
        for arn in arns:
            found = self._look(kind, arn, lambda found: found["status"] in ENDS | set(until))
            if found["status"] not in until:
                raise WalkFailed(f"{arn} is {found['status']}: {found.get('failureReason')}")

    def wait_for_update(self, kind: str, arn: str) -> None:
        """Return when the latest update is in effect."""
        key = f"latest{member(kind)[0].upper()}{member(kind)[1:]}Update"
        found = self._look(kind, arn, lambda found: found.get(key, {}).get("status") in ENDS)
        if found[key]["status"] not in GOOD_ENDS:
            raise WalkFailed(f"the update of {arn} failed: {found[key].get('failureReason')}")

    def _look(self, kind: str, arn: str, done: Any) -> dict[str, Any]:
        give_up = time.monotonic() + HOURS * 3600
        while not done(found := self.describe(kind, arn)):
            if time.monotonic() > give_up:
                raise WalkFailed(f"{arn} is still {found['status']} after {HOURS} hours")
            time.sleep(self.seconds)
        return found

    def put(self, key: str, text: str) -> str:
        """Put an object into the bucket, and answer its address."""
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.name}/{key}", Body=text.encode())
        return self.at(key)

    def at(self, key: str) -> str:
        """The address of an object or, with a slash at its end, of a folder."""
        return f"s3://{self.bucket}/{self.name}/{key}"

    def objects(self, folder: str) -> dict[str, str]:
        """What lies in a folder: key -> text."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.name}/{folder}"
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode() for key in keys}

    def lines(self, folder: str) -> list[dict[str, Any]]:
        """The JSON lines of a batch job's results."""
        found = [text for key, text in self.objects(folder).items() if key.endswith(".out")]
        if not found:
            raise WalkFailed(f"no .out file in {self.at(folder)}: {list(self.objects(folder))}")
        return [json.loads(line) for text in found for line in text.splitlines()]

    def dataset_group(self, name: str, **parameters: Any) -> str:
        """A dataset group, ready to use."""
        group = self.create("dataset_group", name, **parameters)
        self.wait("dataset_group", group)
        return group

    def datasets(
        self, group: str, name: str, schemas: Mapping[str, dict[str, Any]], **parameters: Any
    ) -> dict[str, str]:
        """A dataset for each schema, by type; of a domain if the parameters name one."""
        made = {}
        for kind, document in schemas.items():
            label = f"{name}-{kind.lower().replace('_', '-')}"
            schema = self.create("schema", label, schema=json.dumps(document), **parameters)
            made[kind] = self.create(
                "dataset", label, schemaArn=schema, datasetGroupArn=group, datasetType=kind
            )
        self.wait("dataset", *made.values())
        return made

    def load(self, dataset: str, name: str, text: str, mode: str = "FULL", **more: Any) -> str:
        """Begin to import a CSV file."""
        return self.create(
            "dataset_import_job",
            name,
            datasetArn=dataset,
            dataSource={"dataLocation": self.put(f"{name}.csv", text)},
            roleArn=self.role,
            importMode=mode,
            **more,
        )

    def delete_everything(self) -> None:
        """Delete all that was made, in the right order, and see to it that it is gone."""
        deleted = []
        for kind in DELETE_ORDER:
            arns = self.made.pop(kind, [])
            for arn in arns:
                self._delete(kind, arn)
            for arn in arns:
                self._wait_until_gone(kind, arn)
            if arns:
                deleted.append(f"{len(arns)} {kind.replace('_', ' ')}{'s' if len(arns) > 1 else ''}")
        self.made.clear()
        if deleted:
            say(f"deleted: {', '.join(deleted)}")

    def _delete(self, kind: str, arn: str) -> None:
        """Delete it as soon as nothing is at work on it: a walk that broke off leaves trainings behind."""
        give_up = time.monotonic() + HOURS * 3600
        while True:
            try:
                getattr(self.personalize, f"delete_{kind}")(**{f"{member(kind)}Arn": arn})
            except ClientError as error:
                in_use = error.response["Error"]["Code"] == "ResourceInUseException"
                if not in_use or time.monotonic() > give_up:
                    raise
                time.sleep(self.seconds)
            else:
                return

    def _wait_until_gone(self, kind: str, arn: str) -> None:
        give_up = time.monotonic() + HOURS * 3600
        while time.monotonic() < give_up:
            try:
                self.describe(kind, arn)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                return
            time.sleep(self.seconds)
        raise WalkFailed(f"{arn} is still there after {HOURS} hours")

    def left(self) -> list[str]:
        """What of ours is still there, by the service's own lists."""
        return [
            entry["name"]
            for kind in DELETE_ORDER
            for page in self.personalize.get_paginator(f"list_{kind}s").paginate()
            for entry in page["Filters" if kind == "filter" else f"{member(kind)}s"]
            if entry["name"].startswith(self.name)
        ]
