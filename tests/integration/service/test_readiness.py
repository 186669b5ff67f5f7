"""What must be ACTIVE first, with a clock that stands still so that nothing becomes ACTIVE by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.world import ARN, RECIPE, ROLE, SCHEMAS, eventually

from personalize_local.service.clock import ManualClock
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceInUseException,
)
from personalize_local.service.kinds import KINDS
from personalize_local.service.service import Service
from personalize_local.service.settings import Duration, Settings

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


def test_the_error_for_unready_parents_is_a_setting(tmp_path: Path, clock: ManualClock) -> None:
    slow = {"dataset-group": Duration(pending=10)}
    service = Service(Settings(tmp_path, durations=slow, unready_parent_is_in_use=False), clock)
    service.start()
    make_group(service)
    with pytest.raises(InvalidInputException):
        make_solution(service)
    service.stop()
