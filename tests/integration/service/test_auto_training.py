"""Automatic training: the first after an hour, then every N days if there are new data; restarts included."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.admin_api import ask
from tests.support.world import RECIPE, World, eventually, interactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

HOUR, DAY = 3600, 86_400
SIMS = "aws-sims"


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    """Interactions only. The tests of this module move its clock, always forward."""
    world = World(local, s3, "auto")
    world.make_group()
    world.make_dataset("INTERACTIONS")
    world.load("INTERACTIONS", interactions())
    return world


def solution(world: World, name: str, **more: Any) -> str:
    arn: str = world.api.create_solution(
        name=name, datasetGroupArn=world.group, recipeArn=RECIPE + SIMS, **more
    )["solutionArn"]
    world.wait("solution", arn)
    return arn


def versions(world: World, arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.api.list_solution_versions(solutionArn=arn)["solutionVersions"]
    return found


def advance(world: World, seconds: float) -> None:
    ask(world.server, "POST", "clock", {"advanceSeconds": seconds})


def advance_without_training(world: World, arn: str, seconds: float) -> None:
    """Let time pass; a solution that is due at the end of it shows that all that was due before was done."""
    before = len(versions(world, arn))
    witness = solution(world, f"witness-{time.time_ns()}")
    advance(world, max(seconds, HOUR))
    eventually(lambda: len(versions(world, witness)) == 1)
    world.wait("solution_version", versions(world, witness)[0]["solutionVersionArn"])
    world.api.delete_solution(solutionArn=witness)
    assert len(versions(world, arn)) == before


def test_it_trains_by_itself_when_there_are_new_data(club: World) -> None:
    tracking = club.tracker()
    arn = solution(club, "by-itself")
    assert versions(club, arn) == []
    advance(club, HOUR)
    eventually(lambda: len(versions(club, arn)) == 1)
    first = versions(club, arn)[0]
    assert (first["trainingType"], first["trainingMode"]) == ("AUTOMATIC", "FULL")
    found = club.wait("solution_version", first["solutionVersionArn"])
    assert found["trainingType"] == "AUTOMATIC"

    advance_without_training(club, arn, 7 * DAY)

    club.put(tracking, "u1", "i1")
    advance_without_training(club, arn, 6 * DAY)
    advance(club, DAY)
    eventually(lambda: len(versions(club, arn)) == 2)
    club.wait("solution_version", versions(club, arn)[1]["solutionVersionArn"])
    club.api.delete_solution(solutionArn=arn)


def test_a_manual_training_in_the_first_hour_counts(club: World) -> None:
    arn = solution(
        club, "by-hand", solutionConfig={"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}
    )
    club.version(arn)
    advance_without_training(club, arn, HOUR)
    assert [one["trainingType"] for one in versions(club, arn)] == ["MANUAL"]
    club.load("INTERACTIONS", interactions(seed=2), "second", "INCREMENTAL")
    advance(club, 2 * DAY)
    eventually(lambda: len(versions(club, arn)) == 2)
    latest = versions(club, arn)[1]
    assert latest["trainingType"] == "AUTOMATIC"
    club.wait("solution_version", latest["solutionVersionArn"])
    club.api.delete_solution(solutionArn=arn)


def test_an_update_switches_it_off_on_and_to_another_frequency(club: World) -> None:
    arn = solution(club, "switched")
    club.api.update_solution(solutionArn=arn, performAutoTraining=False)
    club.wait_for_update("solution", arn)
    advance_without_training(club, arn, HOUR)

    club.api.update_solution(solutionArn=arn, performAutoTraining=True)
    eventually(lambda: club.api.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"])
    advance(club, HOUR)
    eventually(lambda: len(versions(club, arn)) == 1)
    club.wait("solution_version", versions(club, arn)[0]["solutionVersionArn"])

    config = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
    club.api.update_solution(solutionArn=arn, solutionUpdateConfig=config)
    eventually(lambda: club.api.describe_solution(solutionArn=arn)["solution"]["solutionConfig"] == config)
    club.load("INTERACTIONS", interactions(seed=3), "third", "INCREMENTAL")
    advance(club, DAY)
    eventually(lambda: len(versions(club, arn)) == 2)
    club.wait("solution_version", versions(club, arn)[1]["solutionVersionArn"])
    club.api.delete_solution(solutionArn=arn)


def test_a_training_that_failed_is_made_up_for_at_the_next_time(club: World) -> None:
    arn = solution(club, "failing")
    ask(club.server, "POST", "faults", {"resourceType": "SolutionVersion", "reason": "no capacity"})
    advance(club, HOUR)
    eventually(lambda: len(versions(club, arn)) == 1)
    club.wait("solution_version", versions(club, arn)[0]["solutionVersionArn"], "CREATE FAILED")
    advance(club, 7 * DAY)
    eventually(lambda: len(versions(club, arn)) == 2)
    club.wait("solution_version", versions(club, arn)[1]["solutionVersionArn"])
    club.api.delete_solution(solutionArn=arn)


def test_a_group_without_data_trains_as_soon_as_it_has_some(world: World) -> None:
    world.make_group()
    world.make_dataset("INTERACTIONS")
    arn = solution(world, "early")
    advance_hours = 0
    while advance_hours < 3:
        advance(world, HOUR)
        advance_hours += 1
    assert versions(world, arn) == []
    world.load("INTERACTIONS", interactions())
    advance(world, HOUR)
    eventually(lambda: len(versions(world, arn)) == 1)
    world.wait("solution_version", versions(world, arn)[0]["solutionVersionArn"])


@pytest.mark.parametrize("kill", [True, False])
def test_a_restart_forgets_nothing(
    start_local: Callable[..., LocalServer], s3: S3Server, *, kill: bool
) -> None:
    server = start_local()
    world = World(server, s3, f"restarted{kill}".lower())
    world.make_group()
    world.make_dataset("INTERACTIONS")
    world.load("INTERACTIONS", interactions())
    arn = solution(world, "patient")
    server.stop(kill=kill)
    server.start()
    assert versions(world, arn) == []
    advance(world, HOUR)
    eventually(lambda: len(versions(world, arn)) == 1)
    world.wait("solution_version", versions(world, arn)[0]["solutionVersionArn"])
