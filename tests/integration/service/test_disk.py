"""Trouble with the data folder: told clearly, and over when it is over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from tests.support.local_server import LocalServer
from tests.support.world import SCHEMAS, World, eventually

from personalize_local.service.data_folder import LOCK
from personalize_local.service.store import STATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.s3_server import S3Server


def why_it_does_not_start(folder: Path, *arguments: str) -> str:
    with pytest.raises(RuntimeError) as error:
        LocalServer(folder, arguments).start()
    told = str(error.value)
    assert "Traceback" not in told
    return told


def test_a_folder_belongs_to_one_server(start_local: Callable[..., LocalServer]) -> None:
    first = start_local()
    assert "is used by another Personalize Local" in why_it_does_not_start(first.data)
    assert first.personalize.list_schemas()["schemas"] == []
    first.stop(kill=True)
    with LocalServer(first.data) as again:
        assert again.personalize.list_schemas()["schemas"] == []


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    told = why_it_does_not_start(file)
    assert f"the data folder {file} cannot be used" in told
    assert "--data" in told


def test_a_folder_in_which_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()  # as root, permissions would not stop it
    assert f"the data folder {tmp_path} cannot be used" in why_it_does_not_start(tmp_path)


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes(b"not a database" * 1000)
    assert f"the data folder {tmp_path} cannot be used: file is not a database" in why_it_does_not_start(
        tmp_path
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of another process can be set on Linux only")
def test_after_a_full_disk_everything_goes_on(world: World) -> None:
    """No file can grow, for a while; a group is on its way, and further ones are asked for."""
    import resource

    def limit(size: int) -> None:
        _, most = resource.prlimit(world.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(world.server.pid, resource.RLIMIT_FSIZE, (size, most))

    world.make_group()
    world.make_dataset("ITEMS")
    limit(1)
    refusals = []
    for number in range(3):
        with pytest.raises(ClientError) as error:
            world.api.create_schema(name=f"s{number}", schema=SCHEMAS["USERS"])
        refusals.append(error.value.response["Error"])
    assert {refusal["Code"] for refusal in refusals} == {"ServiceUnavailableException"}
    assert all("cannot use its data folder" in refusal["Message"] for refusal in refusals)
    assert world.api.describe_dataset_group(datasetGroupArn=world.group)["datasetGroup"]["status"] == "ACTIVE"
    limit(resource.RLIM_INFINITY)

    world.make_dataset("USERS")
    assert {one["name"] for one in world.api.list_schemas()["schemas"]} == {
        f"{world.name}-items",
        f"{world.name}-users",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of another process can be set on Linux only")
def test_a_walk_that_the_disk_held_up_goes_on(world: World, s3: S3Server) -> None:
    """An import is acknowledged; then the disk is full until it has ended."""
    import resource

    world.make_group()
    world.make_dataset("ITEMS")
    job = world.begin_import("ITEMS", "ITEM_ID,GENRE,PRICE\n1,a,1.0\n")
    resource.prlimit(world.server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    eventually(lambda: "tried again" in "".join(world.server.log))
    resource.prlimit(
        world.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    ended = {"ACTIVE", "CREATE FAILED"}
    eventually(
        lambda: (
            world.api.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]["status"]
            in ended
        )
    )
