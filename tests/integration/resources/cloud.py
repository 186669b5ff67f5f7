"""Personalize Local on a socket of this process, with a clock that stands still until a test moves it.

The functions' own clients reach it, over HTTP and with botocore's errors, as they reach AWS.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3

from personalize_local.api.admin import Admin
from personalize_local.api.gateway import Gateway
from personalize_local.api.server import Application, listen, make_server
from personalize_local.inbox import Inbox
from personalize_local.service.clock import ManualClock
from personalize_local.service.kinds import KINDS
from personalize_local.service.service import Service
from personalize_local.service.settings import Duration, Quotas, Settings
from personalize_pipeline import clients
from personalize_pipeline.step import step_handler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_personalize import PersonalizeClient

    from personalize_pipeline.resources.resource import Resource

ACCOUNT = "arn:aws:personalize:us-east-1:000000000000"
BUCKET = "resources"
_TURNS = 2000
_PAUSE = 0.01  # real seconds for the workers: imports and training are real work

_LAMBDA: Any = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:test",
    aws_request_id="1",
)

INTERACTIONS = [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")]
ITEMS = [("ITEM_ID", "string"), ("PRICE", "float")]


class Cloud:
    """A Personalize with nothing in it but what tests put there, and turns of the polling loop against it."""

    def __init__(self, service: Service, clock: ManualClock, s3: Any, url: str, gateway: Gateway) -> None:
        self.service = service
        self.gateway = gateway
        self.clock = clock
        self.s3 = s3
        # What the functions and the workers find in their environment.
        self.variables = {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL_S3": s3.url,
            "AWS_ENDPOINT_URL_PERSONALIZE": url,
            "AWS_ENDPOINT_URL": s3.url,  # moto has the other services too
            "SCHEDULE_GROUP": "default",
            "PERSONALIZE_ROLE_ARN": "arn:aws:iam::000000000000:role/personalize",
        }
        self.personalize: PersonalizeClient = boto3.client(
            "personalize",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self._began: dict[str, str] = {}

    def turn(
        self, resource: type[Resource], want: Mapping[str, Any], run: str = "run-1", **context: Any
    ) -> dict[str, Any]:
        """One call of the function, with what the state machine would pass."""
        arns = "arn:aws:states:us-east-1:000000000000"
        now = datetime.fromtimestamp(self.clock.now(), UTC).isoformat()
        about_run = {
            "id": run,
            "execution": f"{arns}:execution:pipeline:{run}",
            "stateMachine": f"{arns}:stateMachine:pipeline",
            "startTime": self._began.setdefault(run, now),
        }
        event = {"want": want, "context": {"run": about_run, "startedAt": now} | context}
        answer = step_handler(resource)(json.loads(json.dumps(event)), _LAMBDA)
        plain: dict[str, Any] = json.loads(json.dumps(answer))
        return plain

    def loop(self, resource: type[Resource], want: Mapping[str, Any], **context: Any) -> dict[str, Any]:
        """The polling loop, to its end; `startedAt` stays what it was at the beginning."""
        began = datetime.fromtimestamp(self.clock.now(), UTC).isoformat()
        context = {"startedAt": began} | context
        for _ in range(_TURNS):
            step = self.turn(resource, want, **context)
            if "failed" in step or step["done"]:
                return step
            context["last"] = step
            self.clock.advance(60)
            time.sleep(_PAUSE)
        raise AssertionError(f"the loop has no end: {step}")

    def later(self) -> None:
        """So much time passes that what happened before belongs to an earlier run."""
        self.clock.advance(3600)
        time.sleep(_PAUSE)

    def until_settled(self, describe: str, **arn: str) -> str:
        """Let time pass until what was begun has ended; the status at the end."""
        for _ in range(_TURNS):
            ((_, shown),) = (
                (key, value)
                for key, value in getattr(self.personalize, describe)(**arn).items()
                if key != "ResponseMetadata"
            )
            statuses: list[str] = [shown["status"]] + [
                update["status"]
                for key, update in shown.items()
                if key.startswith("latest") and "Update" in key
            ]
            if not any(status.endswith(("PENDING", "IN_PROGRESS")) for status in statuses):
                return statuses[-1]
            self.clock.advance(60)
            time.sleep(_PAUSE)
        raise AssertionError(f"{describe} {arn} never ends: {shown}")

    def shown(self, state: str, arn: str) -> dict[str, Any]:
        """What Describe shows of a resource; `state` is the folder of its function: `dataset_group`."""
        kind = {"dataset_import": "dataset_import_job"}.get(state, state)
        head, *words = kind.split("_")
        member = head + "".join(map(str.capitalize, words))
        describe = getattr(self.service, f"describe_{kind}")
        # Without what counts and limits requests: it is the test that asks.
        (shown,) = describe.__wrapped__(describe.__self__, **{f"{member}Arn": arn}).values()
        return dict(shown)

    # What others need to be there first

    def group(self, name: str, **domain: Any) -> str:
        """An active dataset group."""
        arn = self.personalize.create_dataset_group(name=name, **domain)["datasetGroupArn"]
        assert self.until_settled("describe_dataset_group", datasetGroupArn=arn) == "ACTIVE"
        return arn

    def schema(self, name: str, fields: list[tuple[str, Any]] = INTERACTIONS, **domain: Any) -> str:
        """A schema of interactions, or of other columns."""
        return self.personalize.create_schema(name=name, schema=avro(fields), **domain)["schemaArn"]

    def dataset(self, name: str, group: str, schema: str, kind: str = "INTERACTIONS") -> str:
        """An active dataset."""
        arn = self.personalize.create_dataset(
            name=name, datasetGroupArn=group, schemaArn=schema, datasetType=kind
        )["datasetArn"]
        assert self.until_settled("describe_dataset", datasetArn=arn) == "ACTIVE"
        return arn

    def upload(self, folder: str, seed: int = 0) -> str:
        """1,200 interactions of 40 users; the location to import them from."""
        self.s3.put(BUCKET, {f"{folder}/interactions.csv": interactions(seed)})
        return f"s3://{BUCKET}/{folder}/"

    def filled(self, name: str, **domain: Any) -> tuple[str, str]:
        """A dataset group with imported interactions: its ARN and that of the dataset."""
        group = self.group(name, **domain)
        dataset = self.dataset(f"{name}-interactions", group, self.schema(f"{name}-schema", **domain))
        self.imported(dataset, name)
        return group, dataset

    def imported(self, dataset: str, name: str) -> None:
        """Bring interactions into the dataset."""
        job = self.personalize.create_dataset_import_job(
            jobName=f"{name}-by-hand",
            datasetArn=dataset,
            dataSource={"dataLocation": self.upload(name)},
            roleArn="arn:aws:iam::000000000000:role/personalize",
        )["datasetImportJobArn"]
        assert self.until_settled("describe_dataset_import_job", datasetImportJobArn=job) == "ACTIVE"

    def solution(self, name: str, group: str, recipe: str = "aws-popularity-count") -> str:
        """An active solution."""
        arn = self.personalize.create_solution(
            name=name,
            datasetGroupArn=group,
            recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
            performAutoTraining=False,
        )["solutionArn"]
        assert self.until_settled("describe_solution", solutionArn=arn) == "ACTIVE"
        return arn

    def trained(self, solution: str, name: str = "by-hand") -> str:
        """An active version of the solution."""
        arn = self.personalize.create_solution_version(solutionArn=solution, name=name)["solutionVersionArn"]
        assert self.until_settled("describe_solution_version", solutionVersionArn=arn) == "ACTIVE"
        return arn


@contextmanager
def running(
    folder: Path, s3: Any, durations: Mapping[str, Duration] | None = None, **settings_: Any
) -> Iterator[Cloud]:
    """Serve on a free port of loopback until the block ends."""
    clock = ManualClock(time.time())
    settings = Settings(
        data_dir=folder,
        quotas=Quotas(
            dataset_groups=2000, solutions=200, campaigns=200, filters=200, recommenders_of_region=200
        ),
        durations={kind: Duration(pending=5, in_progress=25) for kind in KINDS} | dict(durations or {}),
        **settings_,
    )
    service = Service(settings, clock)
    gateway = Gateway(service)
    admin = Admin(service, Inbox(folder / "inbox.jsonl"), lambda _: None, gateway.seen)
    ready = threading.Event()
    server = make_server(Application(gateway, admin, "127.0.0.1"), ready.set)
    socket = listen("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[socket])), daemon=True)
    service.start()
    thread.start()
    assert ready.wait(20)
    url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    try:
        yield Cloud(service, clock, s3, url, gateway)
    finally:
        server.should_exit = True
        thread.join(20)
        service.stop()


def forget_clients() -> None:
    """The functions keep their clients: what one test connected to must not answer another."""
    for make in vars(clients).values():
        if hasattr(make, "cache_clear"):
            make.cache_clear()


def avro(fields: list[tuple[str, Any]], name: str = "Interactions") -> str:
    """An Avro schema as JSON."""
    return json.dumps(
        {
            "type": "record",
            "name": name if ("USER_ID", "string") in fields else "Items",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [{"name": column, "type": kind} for column, kind in fields],
            "version": "1.0",
        }
    )


def interactions(seed: int) -> str:
    """CSV: 40 users with 30 interactions each over 60 items; another seed, other data of the same size."""
    rows = [
        f"u{user},i{(user * 7 + turn * turn + seed) % 60},{1_600_000_000 + user * 1000 + turn},watch"
        for user in range(40)
        for turn in range(30)
    ]
    return "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n" + "\n".join(rows) + "\n"
