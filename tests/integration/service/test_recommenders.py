"""Recommenders: the use cases of both domains, from training to deletion."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.domain_world import ITEMS, DomainWorld
from tests.support.hammer import Hammer
from tests.support.world import RECIPE, World, eventually, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def films(local: LocalServer, s3: S3Server) -> DomainWorld:
    world = DomainWorld(local, s3, "films", domain="VIDEO_ON_DEMAND")
    world.fill()
    return world


@pytest.fixture(scope="module")
def shop(local: LocalServer, s3: S3Server) -> DomainWorld:
    world = DomainWorld(local, s3, "shop", domain="ECOMMERCE")
    world.fill()
    return world


@pytest.fixture
def top_picks(films: DomainWorld) -> Iterator[str]:
    arn = films.recommender("aws-vod-top-picks", "top")
    yield arn
    films.api.delete_recommender(recommenderArn=arn)
    films.wait_until_gone("recommender", arn)


USE_CASES: list[tuple[str, str, dict[str, str], str | None]] = [
    ("films", "aws-vod-top-picks", {"userId": "u3"}, "Watch"),
    ("films", "aws-vod-because-you-watched-x", {"userId": "u3", "itemId": "i3"}, "Watch"),
    ("films", "aws-vod-more-like-x", {"userId": "u3", "itemId": "i3"}, "Watch"),
    ("films", "aws-vod-most-popular", {"userId": "u3"}, None),
    ("films", "aws-vod-trending-now", {}, None),
    ("shop", "aws-ecomm-recommended-for-you", {"userId": "u3"}, "Purchase"),
    ("shop", "aws-ecomm-customers-who-viewed-x-also-viewed", {"userId": "u3", "itemId": "i3"}, "Purchase"),
    ("shop", "aws-ecomm-frequently-bought-together", {"itemId": "i3"}, None),
    ("shop", "aws-ecomm-popular-items-by-views", {"userId": "u3"}, None),
    ("shop", "aws-ecomm-popular-items-by-purchases", {"userId": "u3"}, None),
]


@pytest.mark.parametrize(("where", "use_case", "asked", "left_out"), USE_CASES, ids=[u[1] for u in USE_CASES])
def test_a_use_case_recommends(
    where: str, use_case: str, asked: dict[str, str], left_out: str | None, request: pytest.FixtureRequest
) -> None:
    world: DomainWorld = request.getfixturevalue(where)
    arn = world.recommender(use_case)

    answer = world.runtime.get_recommendations(recommenderArn=arn, numResults=ITEMS, **asked)

    found = [item["itemId"] for item in answer["itemList"]]
    had = world.events_of("u3", left_out) if left_out else set()
    assert found
    assert not had & set(found)
    assert asked.get("itemId") not in found
    assert all("score" not in item for item in answer["itemList"])
    described = world.api.describe_recommender(recommenderArn=arn)["recommender"]
    assert described["modelMetrics"]["coverage"] > 0
    assert described["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 1
    if asked:
        with refused("InvalidInputException", "required by use case"):
            world.served(arn)
    world.api.delete_recommender(recommenderArn=arn)
    world.wait_until_gone("recommender", arn)


def test_a_watch_event_takes_a_film_out_of_the_next_answer(films: DomainWorld, top_picks: str) -> None:
    tracking = films.tracker()
    before = films.served(top_picks, userId="visitor")

    films.put(tracking, "visitor", before[0], kind="watch")
    films.put(tracking, "visitor", before[1], kind="Click")

    after = films.served(top_picks, userId="visitor")
    assert before[0] not in after
    assert before[1] in after


def test_the_filter_of_a_request_acts_on_what_the_use_case_leaves(films: DomainWorld, top_picks: str) -> None:
    comedies = films.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")', "comedies")

    found = films.served(top_picks, userId="u3", filterArn=comedies)

    expected = {f"i{n}" for n in range(0, ITEMS, 3)} - films.events_of("u3", "Watch")
    assert set(found) == expected
    promoted = films.runtime.get_recommendations(
        recommenderArn=top_picks,
        userId="u3",
        numResults=10,
        promotions=[{"name": "sale", "percentPromotedItems": 50, "filterArn": comedies}],
    )["itemList"]
    marked = [item["itemId"] for item in promoted if item.get("promotionName") == "sale"]
    assert marked
    assert set(marked) <= expected


def test_metadata_has_to_be_asked_for_when_the_recommender_is_made(
    films: DomainWorld, top_picks: str
) -> None:
    asked: dict[str, Any] = {"userId": "u3", "metadataColumns": {"ITEMS": ["TITLE"]}}
    with refused("InvalidInputException", "enableMetadataWithRecommendations"):
        films.served(top_picks, **asked)

    films.api.update_recommender(
        recommenderArn=top_picks, recommenderConfig={"enableMetadataWithRecommendations": True}
    )
    found = films.wait_for_update("recommender", top_picks)

    assert found["recommenderConfig"]["enableMetadataWithRecommendations"] is True
    assert found["latestRecommenderUpdate"]["status"] == "ACTIVE"
    for item in films.runtime.get_recommendations(recommenderArn=top_picks, **asked)["itemList"]:
        assert item["metadata"] == {"TITLE": f"Film {item['itemId'][1:]}"}


def test_not_one_request_fails_while_a_recommender_is_trained_with_other_columns(
    films: DomainWorld, top_picks: str
) -> None:
    configs: tuple[dict[str, Any], ...] = (
        {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["TITLE"]}}},
        {"itemExplorationConfig": {"explorationWeight": "0.5"}},
        {"trainingDataConfig": {}},
    )
    with Hammer(lambda: films.served(top_picks, userId="u3")) as hammer:
        for config in configs:
            films.api.update_recommender(recommenderArn=top_picks, recommenderConfig=config)
            found = films.wait_for_update("recommender", top_picks)
            assert found["recommenderConfig"] | config == found["recommenderConfig"]
            hammer.answers_more()

    assert hammer.failures == []
    assert found["status"] == "ACTIVE"


def test_a_failed_update_leaves_the_old_model_and_config(films: DomainWorld, top_picks: str) -> None:
    films.server.admin("faults", resourceType="recommender", reason="no capacity")

    films.api.update_recommender(
        recommenderArn=top_picks,
        recommenderConfig={"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["TITLE"]}}},
    )

    found = films.wait_for_update("recommender", top_picks, "CREATE FAILED")
    assert found["latestRecommenderUpdate"]["failureReason"] == "no capacity"
    assert "trainingDataConfig" not in found["recommenderConfig"]
    assert films.served(top_picks, userId="u3")


def test_a_stopped_recommender_answers_nothing_until_it_is_started(
    films: DomainWorld, top_picks: str
) -> None:
    before = films.served(top_picks, userId="u3")
    with refused("InvalidInputException", "not INACTIVE"):
        films.api.start_recommender(recommenderArn=top_picks)

    films.api.stop_recommender(recommenderArn=top_picks)
    films.wait("recommender", top_picks, "INACTIVE")
    with refused("InvalidInputException", "INACTIVE"):
        films.served(top_picks, userId="u3")
    with refused("InvalidInputException", "not ACTIVE"):
        films.api.stop_recommender(recommenderArn=top_picks)

    films.api.start_recommender(recommenderArn=top_picks)
    films.wait("recommender", top_picks)
    assert films.served(top_picks, userId="u3") == before


@pytest.mark.parametrize(
    ("use_case", "config", "texts"),
    [
        (
            "aws-vod-most-popular",
            {"itemExplorationConfig": {"explorationWeight": "0.1"}},
            ["itemExplorationConfig is not supported"],
        ),
        (
            "aws-vod-top-picks",
            {
                "itemExplorationConfig": {"explorationWeight": "2", "weight": "1"},
                "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["NO_SUCH"]}},
            },
            ["explorationWeight: '2'", "weight: unknown", "'NO_SUCH' is not a column"],
        ),
        ("aws-ecomm-recommended-for-you", {}, ["domain ECOMMERCE"]),
        ("aws-user-personalization", {}, ["not a use case"]),
    ],
    ids=["exploration of popular items", "three mistakes", "another domain", "a recipe"],
)
def test_what_cannot_be_is_refused_with_all_reasons(
    films: DomainWorld, use_case: str, config: dict[str, Any], texts: list[str]
) -> None:
    with refused("InvalidInputException") as refusal:
        films.begin_recommender(use_case, "refused", **config)
    for text in texts:
        assert text in refusal.message


def test_a_custom_group_has_no_recommenders(club: World) -> None:
    with refused("InvalidInputException", "no domain"):
        club.api.create_recommender(
            name="x", datasetGroupArn=club.group, recipeArn=RECIPE + "aws-vod-top-picks"
        )


def test_too_few_events_of_the_type_of_the_use_case_end_as_failed(local: LocalServer, s3: S3Server) -> None:
    world = DomainWorld(local, s3, "few", domain="VIDEO_ON_DEMAND")
    world.make_group()
    with refused("InvalidInputException", "INTERACTIONS"):
        world.begin_recommender("aws-vod-most-popular")
    world.make_dataset("INTERACTIONS")
    with refused("InvalidInputException", "no data"):
        world.begin_recommender("aws-vod-most-popular")
    world.load("INTERACTIONS", world.interactions(events=40))  # 800 of each type

    arn = world.begin_recommender("aws-vod-most-popular")

    found = world.wait("recommender", arn, "CREATE FAILED")
    assert found["failureReason"] == (
        "Dataset has fewer than 1000 interactions after filtering by event type: Watch"
    )
    with refused("InvalidInputException", "Items".upper()):
        world.begin_recommender("aws-vod-more-like-x")
    listed = world.api.list_recommenders(datasetGroupArn=world.group)["recommenders"]
    assert [summary["status"] for summary in listed] == ["CREATE FAILED"]


def test_what_a_recommender_needs_cannot_be_deleted(films: DomainWorld, top_picks: str) -> None:
    with refused("ResourceInUseException", "recommenders"):
        films.api.delete_dataset(datasetArn=films.dataset("INTERACTIONS"))
    with refused("ResourceInUseException", "recommenders"):
        films.api.delete_dataset_group(datasetGroupArn=films.group)
    with refused("ResourceAlreadyExistsException"):
        films.begin_recommender("aws-vod-top-picks", "top")


def test_it_has_tags_and_is_listed(films: DomainWorld, top_picks: str) -> None:
    films.api.tag_resource(resourceArn=top_picks, tags=[{"tagKey": "team", "tagValue": "reco"}])

    assert films.api.list_tags_for_resource(resourceArn=top_picks)["tags"] == [
        {"tagKey": "team", "tagValue": "reco"}
    ]
    summaries = films.api.list_recommenders(datasetGroupArn=films.group)["recommenders"]
    assert [summary["recommenderArn"] for summary in summaries] == [top_picks]
    assert summaries[0]["recipeArn"] == RECIPE + "aws-vod-top-picks"


def test_new_data_reaches_the_filters_of_a_recommender(films: DomainWorld, top_picks: str) -> None:
    new = films.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Western")', "westerns")
    assert films.served(top_picks, userId="nobody", filterArn=new) == []

    films.load(
        "ITEMS", "ITEM_ID,GENRES,CREATION_TIMESTAMP,TITLE\ni4,Western,1,Film 4\n", "more", "INCREMENTAL"
    )

    eventually(lambda: films.served(top_picks, userId="nobody", filterArn=new) == ["i4"])


@pytest.mark.parametrize(
    ("where", "use_case"),
    [("films", "aws-vod-top-picks"), ("shop", "aws-ecomm-recommended-for-you")],
    ids=["top picks", "recommended for you"],
)
def test_a_new_item_is_recommended_without_another_training(
    where: str, use_case: str, request: pytest.FixtureRequest
) -> None:
    world: DomainWorld = request.getfixturevalue(where)
    arn = world.recommender(use_case, "news", itemExplorationConfig={"explorationWeight": "1"})
    column = {"films": "GENRES", "shop": "CATEGORY_L1"}[where]
    crime = world.filter(f'INCLUDE ItemID WHERE Items.{column} IN ("Crime")', "news")
    before = world.api.describe_recommender(recommenderArn=arn)["recommender"]
    assert "brand-new" not in world.served(arn, userId="u1", numResults=100)

    properties = {"films": {"genres": "Crime", "creationTimestamp": int(time.time())}}
    world.events.put_items(
        datasetArn=world.dataset("ITEMS"),
        items=[
            {
                "itemId": "brand-new",
                "properties": json.dumps(properties.get(where, {"categoryL1": "Crime", "price": 3.5})),
            }
        ],
    )

    eventually(lambda: "brand-new" in world.served(arn, userId="u1", numResults=100, filterArn=crime), 30)
    after = world.api.describe_recommender(recommenderArn=arn)["recommender"]
    assert after["modelMetrics"] == before["modelMetrics"]
    assert after["lastUpdatedDateTime"] == before["lastUpdatedDateTime"]
    world.api.delete_recommender(recommenderArn=arn)
    world.wait_until_gone("recommender", arn)


@pytest.fixture
def cinema(start_local: Callable[..., LocalServer], s3: S3Server) -> DomainWorld:
    """On a server of its own, for tests that end it or move its clock."""
    world = DomainWorld(start_local(), s3, "cinema", domain="VIDEO_ON_DEMAND")
    world.fill()
    return world


def test_a_recommender_is_trained_anew_every_week(cinema: DomainWorld) -> None:
    popular = cinema.recommender("aws-vod-most-popular")
    before = cinema.served(popular, userId="u3", numResults=1)
    [other] = cinema.served(popular, userId="u3", numResults=2)[1:]
    rows = [f"new{n},{other},Watch,{1_700_000_000 + n}" for n in range(200)]
    more = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n" + "\n".join(rows) + "\n"
    cinema.load("INTERACTIONS", cinema.interactions() + more.partition("\n")[2], "second")
    assert cinema.served(popular, userId="u3", numResults=1) == before

    with Hammer(lambda: cinema.served(popular, userId="u3", numResults=1)) as hammer:
        cinema.server.admin("clock", advanceSeconds=7 * 86_400 + 1)
        eventually(lambda: cinema.served(popular, userId="u3", numResults=1) == [other], 30)
        hammer.answers_more()

    assert hammer.failures == []
    described = cinema.api.describe_recommender(recommenderArn=popular)["recommender"]
    assert described["status"] == "ACTIVE"
    assert "latestRecommenderUpdate" not in described


@pytest.mark.parametrize("moment", [0.0, 0.3, 1.0], ids=["at once", "soon", "later"])
def test_a_recommender_survives_the_end_of_the_server(cinema: DomainWorld, moment: float) -> None:
    arn = cinema.begin_recommender("aws-vod-top-picks")
    time.sleep(moment)
    cinema.server.stop(kill=True)
    cinema.server.start()

    cinema.wait("recommender", arn)
    answer = cinema.served(arn, userId="u3")
    cinema.api.update_recommender(
        recommenderArn=arn,
        recommenderConfig={"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["TITLE"]}}},
    )
    time.sleep(moment)
    cinema.server.stop(kill=True)
    cinema.server.start()

    found = cinema.wait_for_update("recommender", arn)
    assert found["recommenderConfig"]["trainingDataConfig"]
    assert answer
    assert cinema.served(arn, userId="u3")
    cinema.api.delete_recommender(recommenderArn=arn)
    cinema.wait_until_gone("recommender", arn)
    models = cinema.server.data / "models"
    eventually(lambda: not list(models.iterdir()))
