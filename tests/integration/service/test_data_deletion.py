"""Data deletion jobs: users are gone from datasets, from the answers of models, and from later trainings."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.support.world import PATIENCE, ROLE, World, eventually, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server


def begin(world: World, files: dict[str, str | bytes], location: str = "", **more: Any) -> str:
    """Start a job that deletes the users in these files."""
    name = f"{world.name}-forget-{time.monotonic_ns()}"
    world.s3.put("club", {f"{name}/{key}": content for key, content in files.items()})
    made: str = world.api.create_data_deletion_job(
        jobName=name,
        datasetGroupArn=world.group,
        dataSource={"dataLocation": location or f"s3://club/{name}/"},
        roleArn=ROLE,
        **more,
    )["dataDeletionJobArn"]
    return made


def end(world: World, arn: str, status: str = "COMPLETED") -> dict[str, Any]:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        job: dict[str, Any] = world.api.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]
        if job["status"] == status:
            return job
        assert job["status"] in ("PENDING", "IN_PROGRESS"), job
        time.sleep(0.05)
    pytest.fail(f"still {job['status']}")


def restart(world: World, *arguments: str) -> None:
    world.server.stop()
    world.server.arguments = arguments
    world.server.start()


def bulk_rows(world: World, kind: str, user: str) -> int:
    """Rows of a user in the files that the manifest of a dataset names."""
    with sqlite3.connect(world.server.data / "state.db") as connection:
        [(number,)] = connection.execute(
            "SELECT number FROM resources WHERE arn = ?", (world.dataset(kind),)
        ).fetchall()
    folder = world.server.data / "datasets" / str(number)
    parts = json.loads((folder / "dataset.json").read_text())["parts"]
    return sum(
        len(duckdb.read_parquet(str(folder / part["file"])).filter(f"USER_ID = '{user}'")) for part in parts
    )


def live_rows(world: World, user: str) -> int:
    with sqlite3.connect(world.server.data / "state.db") as connection:
        [(events,)] = connection.execute("SELECT count(*) FROM events WHERE user = ?", (user,)).fetchall()
        [(records,)] = connection.execute("SELECT count(*) FROM records WHERE key = ?", (user,)).fetchall()
    return int(events + records)


def test_a_deleted_user_is_unknown_everywhere(start_local: Callable[..., LocalServer], s3: S3Server) -> None:
    world = World(start_local(), s3, "forgetful")
    world.fill()
    tracking = world.tracker()
    campaign = world.campaign(world.version(world.solution("aws-user-personalization-v2")), "for-you")
    seen = world.filter('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', "seen")
    world.put(tracking, None, "i3", "i6", session="late")  # nobody yet
    world.put(tracking, "u1", "i9", session="late")  # so all of them are u1's
    world.put(tracking, "u2", "i3")
    world.events.put_users(
        datasetArn=world.dataset("USERS"),
        users=[{"userId": user, "properties": '{"plan": "free", "age": 3}'} for user in ("u1", "u2")],
    )
    stranger = world.recommended(campaign, userId="somebody new")
    others = world.recommended(campaign, userId="u2")
    assert world.recommended(campaign, userId="u1") != stranger
    assert world.recommended(campaign, userId="u1", filterArn=seen) != []

    job = end(
        world,
        begin(
            world,
            {
                "a.csv": "USER_ID\nu1\nnobody we know\n",
                "deep/er/b.csv": "USER_ID\nu1\nu4\n",
                "notes.txt": "USER_ID\nu2\n",
            },
        ),
    )

    # 40 interactions and a user of each, and of u1 three events and a record
    assert job["numDeleted"] == 2 * 41 + 3 + 1
    assert world.recommended(campaign, userId="u1") == stranger
    assert world.recommended(campaign, userId="u2") == others
    eventually(lambda: world.recommended(campaign, userId="u1", filterArn=seen) == [])
    for user in ("u1", "u4"):
        assert [bulk_rows(world, kind, user) for kind in ("INTERACTIONS", "USERS")] == [0, 0]
        assert live_rows(world, user) == 0
    assert (bulk_rows(world, "INTERACTIONS", "u2"), live_rows(world, "u2")) == (40, 2)

    world.server.stop(kill=True)
    world.server.start()

    assert world.recommended(campaign, userId="u1") == stranger
    summary = world.api.list_data_deletion_jobs(datasetGroupArn=world.group)["dataDeletionJobs"]
    assert [(one["status"], one["datasetGroupArn"]) for one in summary] == [("COMPLETED", world.group)]
    retrained = world.campaign(world.version(world.solution("aws-user-personalization-v2", "again")), "again")
    assert world.recommended(retrained, userId="u1") == world.recommended(retrained, userId="somebody new")

    # Who comes back is a new user: to the old model by his events, to a new one altogether.
    world.put(tracking, "u1", "i2", "i5", "i8", session="back")
    assert world.recommended(campaign, userId="u1") != stranger
    third = world.campaign(world.version(world.solution("aws-user-personalization-v2", "third")), "third")
    assert world.recommended(third, userId="u1") != world.recommended(third, userId="somebody new")


def exported(world: World, kind: str) -> str:
    """The text of an export of everything in a dataset."""
    name = f"{world.name}-{kind.lower()}-export"
    made = world.api.create_dataset_export_job(
        jobName=name,
        datasetArn=world.dataset(kind),
        roleArn=ROLE,
        ingestionMode="ALL",
        jobOutput={"s3DataDestination": {"path": "s3://club/forgotten/"}},
    )["datasetExportJobArn"]
    world.wait("dataset_export_job", made)
    [one] = world.s3.client.list_objects_v2(Bucket="club", Prefix=f"forgotten/{name}/")["Contents"]
    return world.s3.client.get_object(Bucket="club", Key=one["Key"])["Body"].read().decode()


def test_exports_rankings_explorers_and_filters_of_his_properties_forget_a_user(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(), s3, "forgotten")
    world.fill()
    world.put(world.tracker(), "u1", "i9")
    world.events.put_users(
        datasetArn=world.dataset("USERS"),
        users=[{"userId": "u1", "properties": '{"plan": "free", "age": 3}'}],
    )
    explorer = world.campaign(
        world.version(world.solution("aws-user-personalization", "v1")),
        "v1",
        campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}},
    )
    ranking = world.campaign(world.version(world.solution("aws-personalized-ranking-v2", "ranking")), "rank")
    cheap = world.filter("INCLUDE ItemID WHERE Items.PRICE < 9 IF CurrentUser.AGE = 3", "cheap")
    listed = [f"i{n}" for n in range(12)]

    def ranked(user: str) -> list[str]:
        found = world.runtime.get_personalized_ranking(campaignArn=ranking, userId=user, inputList=listed)
        return [one["itemId"] for one in found["personalizedRanking"]]

    def filtered(user: str) -> list[str]:
        return world.recommended(explorer, userId=user, filterArn=cheap)

    def is_stranger() -> bool:
        stranger = "somebody new"
        return (
            ranked("u1") == ranked(stranger)
            and world.recommended(explorer, userId="u1") == world.recommended(explorer, userId=stranger)
            and filtered("u1") == filtered(stranger)
        )

    eventually(lambda: filtered("u1") != filtered("somebody new"))
    assert ranked("u1") != ranked("somebody new")

    end(world, begin(world, {"users.csv": "USER_ID\nu1\n"}))

    eventually(is_stranger)
    for kind in ("INTERACTIONS", "USERS"):
        text = exported(world, kind)
        assert "u2," in text
        assert "u1," not in text
    world.server.stop(kill=True)
    world.server.start()
    assert is_stranger()


def test_a_deletion_goes_on_after_the_server_was_killed(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(), s3, "killed-deletion")
    world.fill()
    world.put(world.tracker(), "u1", "i1")
    arn = begin(world, {"users.csv": "USER_ID\n" + "".join(f"u{n}\n" for n in range(5_000))})

    world.server.stop(kill=True)
    world.server.start()

    assert end(world, arn)["numDeleted"] == 40 * 41 + 1
    assert bulk_rows(world, "INTERACTIONS", "u39") == 0


@pytest.mark.parametrize(
    ("files", "location", "reason"),
    [
        pytest.param(
            {"a.csv": "ITEM_ID\ni1\n"}, "", "missing the following columns: [USER_ID]", id="no USER_ID"
        ),
        pytest.param({"a.txt": "USER_ID\nu1\n"}, "", "no object whose key ends with .csv", id="no CSV"),
        pytest.param({}, "s3://no-such-bucket/users/", "no-such-bucket", id="no bucket"),
        pytest.param(
            {"a.csv": b"USER_ID\n" + 100_000 * (1_000 * b"u" + b"\n")},
            "",
            "more than 100,000,000",
            id="100 MB",
        ),
        pytest.param({"a.csv": "USER_ID\n" + 257 * "u" + "\n"}, "", "more than 256 characters", id="long ID"),
    ],
)
def test_what_names_no_users_fails_the_job(
    club: World, files: dict[str, str | bytes], location: str, reason: str
) -> None:
    job = end(club, begin(club, files, location), "FAILED")

    assert job["failureReason"].startswith("Failed to create a data deletion job.")
    assert reason in job["failureReason"]
    assert "numDeleted" not in job


def test_a_location_is_in_s3(club: World) -> None:
    with refused("InvalidInputException", "Invalid Data location."):
        begin(club, {}, "https://club/users/")


def test_deletions_and_other_jobs_keep_apart(start_local: Callable[..., LocalServer], s3: S3Server) -> None:
    world = World(start_local(), s3, "apart")
    world.make_group()
    world.make_dataset("USERS")
    world.make_dataset("ITEMS")
    world.load("USERS", "USER_ID,PLAN,AGE\nu1,free,3\n")
    restart(world, "--durations", "realistic")  # jobs stay in progress
    importing = world.begin_import("USERS", "USER_ID,PLAN,AGE\nu1,free,3\n", "second")

    with refused("ResourceInUseException", importing):
        begin(world, {"a.csv": "USER_ID\nu1\n"})

    restart(world)
    world.wait("dataset_import_job", importing)
    restart(world, "--durations", "realistic")
    deleting = [begin(world, {"a.csv": "USER_ID\nu1\n"}) for _ in range(5)]

    with refused("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."):
        begin(world, {"a.csv": "USER_ID\nu1\n"})
    with refused("ResourceInUseException", deleting[0]):
        world.begin_import("USERS", "USER_ID,PLAN,AGE\nu1,free,3\n", "third")
    with refused("ResourceInUseException", "users are being deleted"):
        world.api.delete_dataset(datasetArn=world.dataset("USERS"))
