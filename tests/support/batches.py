"""Batch jobs of a film club: lines into S3, a job, lines out of S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.world import ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

BUCKET = "batches"


def lines(*documents: Any) -> str:
    """JSON Lines; texts are taken as they are."""
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in documents)


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as error:
        call()
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


@dataclass(frozen=True)
class Batches:
    """Jobs of one kind ("inference" or "segment"): each has its own folders in the bucket."""

    club: World
    kind: str

    def create(self, version: str, name: str, **more: Any) -> str:
        """Create a job that reads `<name>/in/` and writes `<name>/out/`."""
        operation = getattr(self.club.api, f"create_batch_{self.kind}_job")
        made: str = operation(
            jobName=f"{self.club.name}-{name}",
            solutionVersionArn=version,
            jobInput={"s3DataSource": {"path": more.pop("source", f"s3://{BUCKET}/{name}/in/")}},
            jobOutput={"s3DataDestination": {"path": more.pop("destination", f"s3://{BUCKET}/{name}/out/")}},
            roleArn=more.pop("roleArn", ROLE),
            **more,
        )[f"batch{self.kind.title()}JobArn"]
        return made

    def put(self, name: str, *documents: Any) -> None:
        """Make the input of a job: one file."""
        self.club.s3.put(BUCKET, {f"{name}/in/lines.json": lines(*documents)})

    def wait(self, arn: str, status: str = "ACTIVE") -> dict[str, Any]:
        """Poll Describe until the job has this status."""
        return self.club.wait(f"batch_{self.kind}_job", arn, status)

    def outputs(self, name: str, file: str = "lines.json.out") -> list[dict[str, Any]]:
        """The lines of an output file."""
        found = self.club.s3.client.get_object(Bucket=BUCKET, Key=f"{name}/out/{file}")
        return [json.loads(line) for line in found["Body"].read().decode().splitlines()]

    def run(self, version: str, name: str, *documents: Any, **more: Any) -> list[dict[str, Any]]:
        """The output lines of a job with one file."""
        self.put(name, *documents)
        self.wait(self.create(version, name, **more))
        return self.outputs(name)
