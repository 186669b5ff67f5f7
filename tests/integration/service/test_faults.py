"""Faults on request, and the fair sharing of workers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.support.world import ARN, RECIPE, eventually

from personalize_local.service.errors import InjectedError, InvalidInputException
from personalize_local.service.service import Service
from personalize_local.service.settings import Settings
from personalize_local.service.workers import Job, Outcome, Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(Settings(tmp_path))
    service.start()
    service.create_dataset_group(name="g")
    eventually(
        lambda: service.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"]["status"] == "ACTIVE"
    )
    yield service
    service.stop()


GROUP = f"{ARN}dataset-group/g"


def test_the_next_creation_fails_and_the_one_after_does_not(service: Service) -> None:
    service.faults.fail_next("DatasetGroup", "out of luck")
    for name in ("bad", "good"):
        service.create_dataset_group(name=name)

    def found(name: str) -> dict[str, str]:
        answer: dict[str, str] = service.describe_dataset_group(datasetGroupArn=f"{ARN}dataset-group/{name}")[
            "datasetGroup"
        ]
        return answer

    eventually(lambda: found("bad")["status"] == "CREATE FAILED" and found("good")["status"] == "ACTIVE")
    assert found("bad")["failureReason"] == "out of luck"
    assert service.faults.waiting() == {"failures": [], "throttles": [], "delays": []}
    service.delete_dataset_group(datasetGroupArn=f"{ARN}dataset-group/bad")


def test_an_operation_is_throttled_as_often_as_asked(service: Service) -> None:
    service.faults.throttle_next("CreateSolution", 2)
    for _ in range(2):
        with pytest.raises(InjectedError, match="Rate exceeded") as error:
            service.create_solution(name="s", datasetGroupArn=GROUP, recipeArn=RECIPE + "aws-sims")
        assert (error.value.code, error.value.status) == ("ThrottlingException", 400)
    service.create_solution(name="s", datasetGroupArn=GROUP, recipeArn=RECIPE + "aws-sims")


def test_a_type_that_does_not_exist_cannot_fail(service: Service) -> None:
    with pytest.raises(InvalidInputException, match="'movie' is not a resource type"):
        service.faults.fail_next("movie", "why not")


def test_dataset_groups_take_turns_and_short_work_goes_first(tmp_path: Path) -> None:
    """One worker; the first job keeps it busy until all others wait."""
    workers = Workers(Settings(tmp_path, workers=1))
    order: list[str] = []

    def job(key: str, turn: str, *, urgent: bool = False) -> Job:
        def done(outcome: Outcome) -> None:
            assert outcome.reason
            assert "Internal error" in outcome.reason  # there is no such task
            order.append(key)

        return Job(key, turn, "no_such_task", {}, done, urgent=urgent)

    for one in (
        job("first", "a"),
        job("a1", "a"),
        job("a2", "a"),
        job("b1", "b"),
        job("u", "a", urgent=True),
    ):
        workers.submit(one)
    eventually(lambda: len(order) == 5, 30)
    workers.stop()

    assert order == ["first", "u", "a1", "b1", "a2"]


def test_short_work_that_waits_can_be_given_up(tmp_path: Path) -> None:
    workers = Workers(Settings(tmp_path, workers=1))
    go_on = threading.Event()
    outcomes: list[Outcome] = []
    workers.submit(Job("first", "a", "no_such_task", {}, outcomes.append, begins=lambda _: assert_set(go_on)))
    workers.submit(Job("u", "a", "no_such_task", {}, outcomes.append, urgent=True))

    assert workers.cancel("u")
    assert outcomes == [Outcome(cancelled=True)]

    go_on.set()
    eventually(lambda: len(outcomes) == 2)
    workers.stop()
    assert not outcomes[1].cancelled


def assert_set(event: threading.Event) -> None:
    """Wait for it, so that the only worker is busy until then."""
    assert event.wait(60)


def test_a_job_that_breaks_fails_with_a_reason(tmp_path: Path) -> None:
    workers = Workers(Settings(tmp_path, workers=1, objects="no.such:module"))
    outcomes: list[Outcome] = []
    workers.submit(Job("k", "t", "import_files", {}, outcomes.append))
    eventually(lambda: bool(outcomes), 30)
    workers.stop()
    assert outcomes[0].reason
    assert "Internal error" in outcomes[0].reason
