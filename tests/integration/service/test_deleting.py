"""The order of deletion: what is refused, and that the documented order works."""

from __future__ import annotations

import pytest
from tests.support.world import ARN, World, eventually, refused


@pytest.fixture
def full(world: World) -> World:
    """One resource of each type, deployed."""
    world.fill()
    world.filter("INCLUDE ItemID WHERE Items.PRICE > 1", "dear")
    world.tracker()
    world.campaign(world.version(world.solution("aws-popularity-count", "popular")), "popular")
    return world


def test_everything_goes_in_the_documented_order_and_not_before(full: World) -> None:
    api, name = full.api, full.name
    campaign, solution = f"{ARN}campaign/{name}-popular", f"{ARN}solution/{name}-popular"
    version = api.list_solution_versions(solutionArn=solution)["solutionVersions"][0]["solutionVersionArn"]
    tracker = api.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"]
    schema = f"{ARN}schema/{name}-items"
    made = full.filter("EXCLUDE ItemID WHERE Items.PRICE > 2", "cheap")
    api.delete_filter(filterArn=made)

    in_use = "ResourceInUseException"
    with refused(in_use, "it has solutions") as refusal:
        api.delete_dataset_group(datasetGroupArn=full.group)
    assert "event trackers" in refusal.message
    assert "datasets" in refusal.message
    with refused(in_use, campaign):
        api.delete_solution(solutionArn=solution)
    with refused(in_use, "filters") as refusal:
        api.delete_dataset(datasetArn=full.dataset("INTERACTIONS"))
    assert "event tracker" in refusal.message
    assert "campaigns" in refusal.message
    with refused(in_use, full.dataset("ITEMS")):
        api.delete_schema(schemaArn=schema)

    api.delete_campaign(campaignArn=campaign)
    full.wait_until_gone("campaign", campaign)
    with refused("ResourceNotFoundException"):
        full.recommended(campaign, userId="u1")
    api.delete_solution(solutionArn=solution)
    full.wait_until_gone("solution", solution)
    with refused("ResourceNotFoundException"):
        api.describe_solution_version(solutionVersionArn=version)
    api.delete_event_tracker(eventTrackerArn=tracker)
    full.wait_until_gone("event_tracker", tracker)
    for found in api.list_filters()["Filters"]:
        if found["status"] == "ACTIVE":
            api.delete_filter(filterArn=found["filterArn"])
    eventually(lambda: not api.list_filters()["Filters"])
    for kind in ("INTERACTIONS", "ITEMS", "USERS"):
        api.delete_dataset(datasetArn=full.dataset(kind))
        full.wait_until_gone("dataset", full.dataset(kind))
    api.delete_dataset_group(datasetGroupArn=full.group)
    full.wait_until_gone("dataset_group", full.group)
    api.delete_schema(schemaArn=schema)
    with refused("ResourceNotFoundException"):
        api.describe_schema(schemaArn=schema)

    assert not list((full.server.data / "datasets").iterdir())
    assert not list((full.server.data / "models").iterdir())


def test_a_name_is_free_again_but_an_import_job_is_not(world: World) -> None:
    world.make_group()
    world.make_dataset("ITEMS")
    job = world.begin_import("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\ni1,Film,Crime,1\n")
    world.wait("dataset_import_job", job)
    world.api.delete_dataset(datasetArn=world.dataset("ITEMS"))
    world.wait_until_gone("dataset", world.dataset("ITEMS"))

    world.api.create_dataset(
        name="again",
        schemaArn=f"{ARN}schema/{world.name}-items",
        datasetGroupArn=world.group,
        datasetType="ITEMS",
    )
    world.wait("dataset", world.dataset("ITEMS"))

    assert world.api.list_dataset_import_jobs(datasetArn=world.dataset("ITEMS"))["datasetImportJobs"] == []
    with refused("ResourceAlreadyExistsException"):
        world.begin_import("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\ni1,Film,Crime,1\n")
    with refused("InvalidInputException", "FULL"):
        world.begin_import("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\n", job="more", mode="INCREMENTAL")
