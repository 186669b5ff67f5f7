"""kill -9 at bad moments: what was acknowledged is there afterwards, and nothing hangs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.local_server import LocalServer
from tests.support.world import World, eventually, interactions, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[World]:
    """A world on a server that the tests of this module kill and start again."""
    with LocalServer(
        tmp_path_factory.mktemp("killed"), environment={"AWS_ENDPOINT_URL_S3": s3.url}
    ) as server:
        world = World(server, s3, "killed")
        world.fill()
        yield world


def kill_and_start(world: World) -> None:
    world.server.stop(kill=True)
    world.server.start()


@pytest.mark.parametrize("moment", [0.0, 0.1])
def test_in_the_middle_of_an_import(filled: World, moment: float) -> None:
    arn = filled.begin_import("INTERACTIONS", interactions(users=60), f"killed{moment}".replace(".", ""))
    time.sleep(moment)
    kill_and_start(filled)
    filled.wait("dataset_import_job", arn)
    assert not list((filled.server.data / "scratch").glob("*/objects"))


@pytest.mark.parametrize("moment", [0.0, 0.6])
def test_in_the_middle_of_training_and_deployment(filled: World, moment: float) -> None:
    name = f"killed{moment}".replace(".", "")
    solution = filled.solution("aws-user-personalization-v2", name)
    version = filled.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    time.sleep(moment)
    kill_and_start(filled)
    filled.wait("solution_version", version)
    arn = filled.api.create_campaign(name=name, solutionVersionArn=version)["campaignArn"]
    time.sleep(moment / 4)
    kill_and_start(filled)
    filled.wait("campaign", arn)
    assert filled.recommended(arn, userId="u1")
    models = list((filled.server.data / "models").iterdir())
    versions = filled.api.list_solution_versions()["solutionVersions"]
    assert len(models) == len(versions)


def test_in_the_middle_of_put_events(filled: World) -> None:
    tracking = filled.tracker()
    acknowledged: list[str] = []

    def put() -> None:
        number = 0
        client = filled.events
        while True:
            item = f"e{number}"
            try:
                client.put_events(
                    trackingId=tracking,
                    sessionId="s",
                    userId="prolific",
                    eventList=[{"eventType": "watch", "itemId": item, "sentAt": int(time.time())}],
                )
            except (BotoCoreError, ClientError):
                return
            acknowledged.append(item)
            number += 1

    putting = threading.Thread(target=put)
    putting.start()
    eventually(lambda: len(acknowledged) > 10)
    filled.server.stop(kill=True)
    putting.join()
    filled.server.start()

    with sqlite3.connect(filled.server.data / "state.db") as connection:
        kept = {row[0] for row in connection.execute("SELECT item FROM events WHERE user = 'prolific'")}
    assert len(acknowledged) > 10
    assert set(acknowledged) <= kept


def test_in_the_middle_of_a_deletion(filled: World) -> None:
    made = filled.filter("INCLUDE ItemID WHERE Items.PRICE > 1", "doomed")
    filled.api.delete_filter(filterArn=made)
    kill_and_start(filled)
    filled.wait_until_gone("filter", made)
    with refused("ResourceNotFoundException"):
        filled.api.delete_filter(filterArn=made)


def test_what_was_prepared_for_requests_can_be_made_again_but_a_model_cannot(filled: World) -> None:
    version = filled.version(filled.solution("aws-popularity-count", "lost"))
    campaign = filled.campaign(version, "lost")
    before = filled.recommended(campaign)

    filled.server.stop()
    shutil.rmtree(filled.server.data / "serving")
    filled.server.start()

    def answers() -> bool:
        try:
            return filled.recommended(campaign) == before
        except ClientError:
            return False

    eventually(answers)
    filled.server.stop()
    for file in (filled.server.data / "models").glob("*/model.json"):
        file.write_text("{")
    filled.server.start()
    with refused("InternalServerException", "Create another solution version"):
        filled.recommended(campaign)
    with pytest.raises(pytest.fail.Exception, match="cannot be read"):
        filled.campaign(version, "lost-too")


def test_restarts_on_purpose_are_no_failures_of_a_training(filled: World) -> None:
    """Nor do those count that came while a job waited for its turn."""
    solution = filled.solution("aws-user-personalization", "patient")
    versions = [
        filled.api.create_solution_version(solutionArn=solution)["solutionVersionArn"] for _ in range(4)
    ]
    for _ in range(5):
        time.sleep(0.1)
        filled.server.stop()
        filled.server.start()
    for version in versions:
        filled.wait("solution_version", version)


def test_a_training_under_which_the_server_dies_again_and_again_is_given_up(filled: World) -> None:
    solution = filled.solution("aws-user-personalization", "deadly")
    version = filled.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    for number in (1, 2, 3):
        eventually(lambda: begun(filled, version) == number)  # noqa: B023
        kill_and_start(filled)
    found = filled.wait("solution_version", version, "CREATE FAILED")
    assert "given up after 3 attempts" in found["failureReason"]


def begun(world: World, arn: str) -> int:
    """How often a process began with a job."""
    with sqlite3.connect(world.server.data / "state.db") as connection:
        [(private,)] = connection.execute("SELECT private FROM resources WHERE arn = ?", (arn,)).fetchall()
    return int(json.loads(private).get("begun", 0))


def test_nothing_is_left_running(filled: World) -> None:
    """Workers notice that their server is gone."""
    solution = filled.solution("aws-sims", "orphans")
    filled.api.create_solution_version(solutionArn=solution)
    eventually(lambda: bool(workers_of(filled.server.pid)))
    children = workers_of(filled.server.pid)
    filled.server.stop(kill=True)
    eventually(lambda: not any(alive(pid) for pid in children))
    filled.server.start()


def workers_of(pid: int) -> list[int]:
    import subprocess

    found = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and "worker_process" in row[2]]


def alive(pid: int) -> bool:
    import subprocess

    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")
