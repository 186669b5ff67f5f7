"""Batch jobs beside other things: quotas, what they keep from being deleted, kill -9, deleted users."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.support.batches import Batches, refusal
from tests.support.local_server import LocalServer
from tests.support.world import ROLE, World, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[Batches]:
    """A server of its own, to be killed and started again."""
    environment = {"AWS_ENDPOINT_URL_S3": s3.url}
    with LocalServer(tmp_path_factory.mktemp("batches"), environment=environment) as server:
        world = World(server, s3, "slow")
        world.fill()
        yield Batches(world, "inference")


@pytest.fixture(scope="module")
def version(slow: Batches) -> str:
    return slow.club.version(slow.club.solution("aws-popularity-count"))


def restart(server: LocalServer, *arguments: str) -> None:
    server.stop()
    server.arguments = arguments
    server.start()


def test_five_jobs_may_be_in_progress_and_they_keep_what_they_need(slow: Batches, version: str) -> None:
    club = slow.club
    used = club.filter("INCLUDE ItemID WHERE Items.PRICE < 9", "used")
    slow.put("quota", {"userId": "u1"})
    source = "s3://batches/quota/in/"
    restart(club.server, "--durations", "realistic")

    jobs = [slow.create(version, f"quota{n}", source=source, filterArn=used) for n in range(5)]
    sixth = refusal(lambda: slow.create(version, "quota5", source=source))
    kept = {
        "filter": refusal(lambda: club.api.delete_filter(filterArn=used)),
        "dataset": refusal(lambda: club.api.delete_dataset(datasetArn=club.dataset("USERS"))),
    }
    restart(club.server)
    for job in jobs:
        slow.wait(job)

    assert sixth == ("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status.")
    for what, (code, text) in kept.items():
        assert code == "ResourceInUseException", what
        assert jobs[0] in text, what
    club.api.delete_filter(filterArn=used)
    club.wait_until_gone("filter", used)


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_a_job_goes_on_after_a_kill(slow: Batches, version: str, moment: float) -> None:
    name = f"killed{moment}".replace(".", "-")
    slow.put(name, *({"userId": f"u{n}"} for n in range(2000)))

    job = slow.create(version, name)
    time.sleep(moment)
    slow.club.server.stop(kill=True)
    slow.club.server.start()
    slow.wait(job)

    assert [line["input"]["userId"] for line in slow.outputs(name)] == [f"u{n}" for n in range(2000)]


def test_deleted_users_are_unknown_to_jobs(slow: Batches) -> None:
    club = slow.club
    personal = club.version(club.solution("aws-user-personalization-v2", "personal"))
    affinity = club.version(club.solution("aws-item-affinity", "affinity"))
    lines = [{"userId": "u1"}, {"userId": "u2"}, {"userId": "stranger"}]
    before = slow.run(personal, "before", *lines)
    [segment] = Batches(club, "segment").run(affinity, "segment-before", {"itemId": "i1"}, numResults=40)
    club.s3.put("club", {"deleted/users.csv": "USER_ID\nu1\n"})
    job = club.api.create_data_deletion_job(
        jobName="slow-deletion",
        datasetGroupArn=club.group,
        dataSource={"dataLocation": "s3://club/deleted/users.csv"},
        roleArn=ROLE,
    )["dataDeletionJobArn"]

    def ended() -> bool:
        found = club.api.describe_data_deletion_job(dataDeletionJobArn=job)["dataDeletionJob"]
        assert found["status"] != "FAILED", found
        return bool(found["status"] == "COMPLETED")

    eventually(ended, 60)
    after = slow.run(personal, "after", *lines)
    [rest] = Batches(club, "segment").run(affinity, "segment-after", {"itemId": "i1"}, numResults=40)

    assert before[0]["output"] != before[2]["output"]
    assert after[0]["output"] == after[2]["output"]
    assert after[1]["output"] == before[1]["output"]
    assert "u1" in segment["output"]["usersList"]
    assert rest["output"]["usersList"] == [u for u in segment["output"]["usersList"] if u != "u1"]
