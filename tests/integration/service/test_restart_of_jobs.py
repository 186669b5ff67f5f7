"""kill -9 under exports, batch jobs and deletions, again and again: each comes to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.batches import Batches
from tests.support.local_server import LocalServer
from tests.support.world import ROLE, World, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.s3_server import S3Server

KILLS = 2  # a job under which the server dies three times is given up


def test_jobs_of_all_kinds_are_taken_up_after_every_kill(tmp_path: Path, s3: S3Server) -> None:
    with LocalServer(tmp_path, environment={"AWS_ENDPOINT_URL_S3": s3.url}) as server:
        world = World(server, s3, "killed-jobs")
        world.fill()
        version = world.version(world.solution("aws-user-personalization", "answering"))
        batches = Batches(world, "inference")
        batches.put("killed", {"userId": "u1"}, {"userId": "u2"})
        s3.put("club", {"forget/users.csv": "USER_ID\nu3\n"})

        batch = batches.create(version, "killed")
        export = world.api.create_dataset_export_job(
            jobName="killed",
            datasetArn=world.dataset("ITEMS"),
            roleArn=ROLE,
            jobOutput={"s3DataDestination": {"path": "s3://club/killed-exports/"}},
            ingestionMode="ALL",
        )["datasetExportJobArn"]
        kill_and_start(server)
        batches.wait(batch)
        world.wait("dataset_export_job", export)
        assert [one["input"]["userId"] for one in batches.outputs("killed")] == ["u1", "u2"]

        deletion = world.api.create_data_deletion_job(
            jobName="killed",
            datasetGroupArn=world.group,
            dataSource={"dataLocation": "s3://club/forget/"},
            roleArn=ROLE,
        )["dataDeletionJobArn"]
        kill_and_start(server)
        eventually(lambda: deleted(world, deletion))


def kill_and_start(server: LocalServer) -> None:
    for _ in range(KILLS):
        server.stop(kill=True)
        server.start()


def deleted(world: World, arn: str) -> bool:
    """Whether the job is done; it must not have failed."""
    found = world.api.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]
    assert found["status"] != "FAILED", found
    return bool(found["status"] == "COMPLETED")
