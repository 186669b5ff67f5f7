"""What must be ACTIVE first, with a clock that stands still so that nothing becomes ACTIVE by itself."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.world import ARN, RECIPE, ROLE, SCHEMAS, eventually

from personalize_local.service.clock import ManualClock, SystemClock
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceInUseException,
)
from personalize_local.service.kinds import KINDS
from personalize_local.service.service import Service
from personalize_local.service.settings import Duration, Settings
from personalize_local.service.store import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GROUP = f"{ARN}dataset-group/g"
DATASET = f"{ARN}dataset/g/INTERACTIONS"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def service(tmp_path: Path, clock: ManualClock) -> Iterator[Service]:
    """Everything is PENDING for ten seconds and IN_PROGRESS for another ten."""
    slow = dict.fromkeys(KINDS, Duration(pending=10, in_progress=10))
    service = Service(Settings(tmp_path, durations=slow), clock)
    service.start()
    yield service
    service.stop()


def make_group(service: Service) -> None:
    service.create_dataset_group(name="g")


def make_dataset(service: Service) -> None:
    service.create_schema(name="s", schema=SCHEMAS["INTERACTIONS"])
    service.create_dataset(
        name="d", schemaArn=f"{ARN}schema/s", datasetGroupArn=GROUP, datasetType="INTERACTIONS"
    )


def make_solution(service: Service) -> None:
    service.create_solution(name="s", datasetGroupArn=GROUP, recipeArn=RECIPE + "aws-sims")


def active(service: Service, clock: ManualClock, arn: str) -> None:
    """Let time pass until the resource is ACTIVE."""
    for _ in range(2):
        before = status(service, arn)
        clock.advance(10)
        eventually(lambda: status(service, arn) != before)  # noqa: B023
    assert status(service, arn) == "ACTIVE"


def status(service: Service, arn: str) -> str:
    record = service.context.store.get(arn)
    assert record
    return record.status


@pytest.mark.parametrize(
    "create",
    [
        make_dataset,
        make_solution,
        lambda s: s.create_event_tracker(name="t", datasetGroupArn=GROUP),
        lambda s: s.create_filter(
            name="f", datasetGroupArn=GROUP, filterExpression="INCLUDE ItemID WHERE Items.PRICE > 1"
        ),
    ],
    ids=["dataset", "solution", "event tracker", "filter"],
)
def test_a_group_must_be_active(service: Service, create: Callable[[Service], None]) -> None:
    make_group(service)
    with pytest.raises(ResourceInUseException, match="CREATE PENDING"):
        create(service)


def test_a_resource_walks_through_its_statuses(service: Service, clock: ManualClock) -> None:
    make_group(service)
    assert status(service, GROUP) == "CREATE PENDING"
    clock.advance(9.9)
    assert status(service, GROUP) == "CREATE PENDING"
    clock.advance(0.2)
    eventually(lambda: status(service, GROUP) == "CREATE IN_PROGRESS")
    clock.advance(10)
    eventually(lambda: status(service, GROUP) == "ACTIVE")


def test_the_walk_goes_on_after_a_restart(tmp_path: Path, service: Service, clock: ManualClock) -> None:
    make_group(service)
    clock.advance(10)
    eventually(lambda: status(service, GROUP) == "CREATE IN_PROGRESS")
    service.stop()
    second = Service(Settings(tmp_path), clock)
    second.start()
    eventually(lambda: status(second, GROUP) == "ACTIVE")
    second.stop()


def test_a_dataset_must_be_active_for_an_import(service: Service, clock: ManualClock) -> None:
    make_group(service)
    active(service, clock, GROUP)
    make_dataset(service)
    with pytest.raises(ResourceInUseException, match=DATASET):
        service.create_dataset_import_job(
            jobName="j", datasetArn=DATASET, dataSource={"dataLocation": "s3://b/k"}, roleArn=ROLE
        )


def test_five_imports_run_at_a_time(service: Service, clock: ManualClock) -> None:
    make_group(service)
    active(service, clock, GROUP)
    make_dataset(service)
    active(service, clock, DATASET)

    def create(number: int) -> None:
        service.create_dataset_import_job(
            jobName=f"j{number}",
            datasetArn=DATASET,
            dataSource={"dataLocation": "s3://b/k"},
            roleArn=ROLE,
        )

    for number in range(5):
        create(number)
    text = "More than 5 resources with PENDING or IN_PROGRESS status."
    with pytest.raises(LimitExceededException, match=text):
        create(5)


def test_events_need_an_active_tracker_and_a_dataset(service: Service, clock: ManualClock) -> None:
    make_group(service)
    active(service, clock, GROUP)
    made = service.create_event_tracker(name="t", datasetGroupArn=GROUP)
    event = {"eventType": "click", "itemId": "i", "sentAt": 1}

    def put() -> None:
        service.put_events(trackingId=made["trackingId"], sessionId="s", userId="u", eventList=[event])

    with pytest.raises(InvalidInputException, match="CREATE PENDING"):
        put()
    active(service, clock, made["eventTrackerArn"])
    with pytest.raises(InvalidInputException, match="no ACTIVE Interactions dataset"):
        put()
    make_dataset(service)
    active(service, clock, DATASET)
    put()


def test_a_version_needs_an_active_solution_and_data(service: Service, clock: ManualClock) -> None:
    make_group(service)
    active(service, clock, GROUP)
    make_solution(service)
    solution = f"{ARN}solution/s"
    with pytest.raises(ResourceInUseException, match="CREATE PENDING"):
        service.create_solution_version(solutionArn=solution)
    active(service, clock, solution)
    with pytest.raises(InvalidInputException, match="needs a dataset of type INTERACTIONS"):
        service.create_solution_version(solutionArn=solution)
    make_dataset(service)
    active(service, clock, DATASET)
    with pytest.raises(InvalidInputException, match="has no data"):
        service.create_solution_version(solutionArn=solution)


def test_a_group_in_creation_cannot_be_deleted(service: Service) -> None:
    make_group(service)
    with pytest.raises(ResourceInUseException, match="CREATE PENDING"):
        service.delete_dataset_group(datasetGroupArn=GROUP)


def test_a_version_goes_with_its_solution(service: Service, clock: ManualClock) -> None:
    """Between DeleteSolution and the end of it, nobody can deploy what will be gone in a moment."""
    make_group(service)
    active(service, clock, GROUP)
    make_solution(service)
    solution = service.context.store.get(f"{ARN}solution/s")
    assert solution
    version = Record(
        arn=f"{solution.arn}/12345678",
        kind="solution-version",
        name="",
        group=GROUP,
        parent=solution.arn,
        status="ACTIVE",
        created=0,
        updated=0,
        body={"recipeArn": RECIPE + "aws-sims"},
    )
    service.context.store.insert(version)
    solution.status = "DELETE PENDING"
    service.context.store.save(solution)
    with pytest.raises(ResourceInUseException, match="its solution is being deleted"):
        service.create_campaign(name="c", solutionVersionArn=version.arn)


def test_a_dataset_that_gets_a_schema_keeps_it(service: Service, clock: ManualClock) -> None:
    make_group(service)
    active(service, clock, GROUP)
    old = service.create_schema(name="old", schema=SCHEMAS["USERS"])["schemaArn"]
    fields = json.loads(SCHEMAS["USERS"])
    fields["fields"].append({"name": "TOWN", "type": ["string", "null"], "categorical": True})
    new = service.create_schema(name="new", schema=json.dumps(fields))["schemaArn"]
    dataset = service.create_dataset(name="d", schemaArn=old, datasetGroupArn=GROUP, datasetType="USERS")[
        "datasetArn"
    ]
    active(service, clock, dataset)

    service.update_dataset(datasetArn=dataset, schemaArn=new)

    for delete in (
        lambda: service.delete_schema(schemaArn=new),
        lambda: service.delete_dataset(datasetArn=dataset),
    ):
        with pytest.raises(ResourceInUseException):
            delete()
    for after in ("CREATE IN_PROGRESS", "ACTIVE"):
        clock.advance(10)
        eventually(
            lambda: (
                service.describe_dataset(datasetArn=dataset)["dataset"]["latestDatasetUpdate"]["status"]
                == after  # noqa: B023
            )
        )
    eventually(lambda: service.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"] == new)
    assert service.delete_schema(schemaArn=old) == {}


def test_the_walk_goes_on_when_the_clock_was_set_back(tmp_path: Path) -> None:
    """Between two runs of the server, by a year."""
    slow = {"dataset-group": Duration(pending=10, in_progress=10)}
    before = Service(Settings(tmp_path, durations=slow), ManualClock(1_700_000_000.0))
    before.start()
    make_group(before)
    before.stop()
    clock = ManualClock(1_668_000_000.0)
    service = Service(Settings(tmp_path, durations=slow), clock)
    service.start()
    try:
        active(service, clock, GROUP)
    finally:
        service.stop()


def test_time_goes_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    due = clock.now() + 1
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert clock.now() >= due - 1
    wait = clock.timeout(due)
    assert wait is not None
    assert wait <= 1
    monkeypatch.setattr(time, "time", lambda: real() - 3600 + 1.01)
    assert clock.timeout(due) == 0


def test_the_error_for_unready_parents_is_a_setting(tmp_path: Path, clock: ManualClock) -> None:
    slow = {"dataset-group": Duration(pending=10)}
    service = Service(Settings(tmp_path, durations=slow, unready_parent_is_in_use=False), clock)
    service.start()
    make_group(service)
    with pytest.raises(InvalidInputException):
        make_solution(service)
    service.stop()
