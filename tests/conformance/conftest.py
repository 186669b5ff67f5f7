"""One server with something of everything in it, for all requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.requests import Arns
from tests.conformance.wire import Wire
from tests.support.local_server import LocalServer
from tests.support.s3_server import start_s3
from tests.support.world import RECIPE, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A film club: datasets, filters, a tracker, campaigns of each kind of request."""
    s3, server = start_s3()
    folder = tmp_path_factory.mktemp("conformance")
    with LocalServer(folder, environment={"AWS_ENDPOINT_URL_S3": s3.url}) as local:
        world = World(local, s3, "club")
        world.fill()
        world.tracker()
        world.filter("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", "genre")
        world.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', "unseen")
        for recipe in ("aws-user-personalization-v2", "aws-personalized-ranking", "aws-similar-items"):
            version = world.version(world.solution(recipe))
            world.campaign(version, recipe.removeprefix("aws-"))
        world.api.create_solution(
            name="spare",
            datasetGroupArn=world.group,
            recipeArn=RECIPE + "aws-sims",
            performAutoTraining=False,
        )
        yield world
    server.stop()


@pytest.fixture(scope="session")
def arns(world: World) -> Arns:
    """Of everything that is there."""
    return Arns(tuple(sorted(_arns(world.api))))


def _arns(api: Any) -> set[str]:
    found = {f"{RECIPE}aws-user-personalization", f"{RECIPE}aws-ecomm-popular-items-by-views"}
    found |= {f"{RECIPE}aws-next-best-action", "arn:aws:personalize:::algorithm/aws-sims"}
    found |= {"arn:aws:personalize:::feature-transformation/sims"}
    for listing in (
        api.list_schemas,
        api.list_dataset_groups,
        api.list_datasets,
        api.list_dataset_import_jobs,
        api.list_event_trackers,
        api.list_filters,
        api.list_solutions,
        api.list_solution_versions,
        api.list_campaigns,
    ):
        for entries in listing().values():
            if isinstance(entries, list):
                found |= {value for entry in entries for key, value in entry.items() if key.endswith("Arn")}
    return found


@pytest.fixture
def wire(world: World) -> Iterator[Wire]:
    wire = Wire(world.server.url)
    yield wire
    wire.close()
