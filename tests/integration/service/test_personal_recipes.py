"""What solutions of the personal recipes take into account: objectives, weights, context, new items."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest
from tests.support.world import GENRES, ITEMS, World, column, schema, users

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

INTERACTIONS = schema(
    "Interactions",
    column("USER_ID"),
    column("ITEM_ID"),
    column("EVENT_TYPE"),
    column("DEVICE", categorical=True),
    column("TIMESTAMP", "long"),
)
DAY = 86_400
BEGIN = 1_600_000_000


def interactions() -> str:
    """Whoever uses a phone watches one of the first fifteen films, on a screen one of the others."""
    chance = random.Random(5)
    out = io.StringIO()
    out.write("USER_ID,ITEM_ID,EVENT_TYPE,DEVICE,TIMESTAMP\n")
    for user in range(40):
        for number in range(40):
            phone = chance.random() < 0.5
            item = chance.randrange(15) + (0 if phone else 15)
            kind = "watch" if number % 2 else "click"
            device = "Phone" if phone else "Screen"
            out.write(f"u{user},i{item},{kind},{device},{BEGIN + 60 * number + user}\n")
    return out.getvalue()


def items() -> str:
    rows = [f"i{n},Film {n},{GENRES[n % 3]},{n}.5" for n in range(ITEMS)]
    rows += [f"new{n},New {n},{GENRES[n % 3]},1.5" for n in range(6)]
    return "ITEM_ID,TITLE,GENRE,PRICE\n" + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "personal")
    world.make_group()
    for kind, document, content in (
        ("INTERACTIONS", INTERACTIONS, interactions()),
        ("ITEMS", None, items()),
        ("USERS", None, users()),
    ):
        world.make_dataset(kind, document)
        world.load(kind, content)
    return world


@pytest.fixture(scope="module")
def version(club: World) -> str:
    return club.version(club.solution("aws-user-personalization"))


def mean_number(answers: list[list[str]]) -> float:
    numbers = [int(item.lstrip("inew")) for answer in answers for item in answer]
    return sum(numbers) / len(numbers)


def test_an_objective_is_measured_and_moves_the_lists(club: World, version: str) -> None:
    config = {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"}}
    dear = club.version(club.solution("aws-user-personalization", "dear", solutionConfig=config))

    metrics = club.api.get_solution_metrics(solutionVersionArn=dear)["metrics"]
    plain = club.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert 0 < metrics["average_rewards_at_k"] <= 1
    assert "average_rewards_at_k" not in plain

    off = {"itemExplorationConfig": {"explorationWeight": "0"}}
    campaigns = [
        club.campaign(one, name, campaignConfig=off) for one, name in ((version, "plain"), (dear, "dear"))
    ]
    cheap, expensive = (
        mean_number([club.recommended(campaign, userId=f"u{user}", numResults=5) for user in range(20)])
        for campaign in campaigns
    )
    assert expensive > cheap + 3


def test_event_weights_have_metrics_of_their_own(club: World) -> None:
    weights = [{"eventType": "watch", "weight": 0.3}, {"eventType": "click", "weight": 0.1}]
    solution = club.solution(
        "aws-user-personalization-v2",
        "weighted",
        solutionConfig={"eventsConfig": {"eventParametersList": weights}},
    )
    metrics = club.api.get_solution_metrics(solutionVersionArn=club.version(solution))["metrics"]

    for cut in (5, 10, 25):
        assert f"normalized_discounted_cumulative_gain_with_event_weights_at_{cut}" in metrics


def test_the_weight_of_a_campaign_says_how_often_new_items_are_tried(club: World, version: str) -> None:
    tried = {}
    for weight in ("0", "0.3", "1"):
        config = {"itemExplorationConfig": {"explorationWeight": weight, "explorationItemAgeCutOff": "30"}}
        campaign = club.campaign(version, f"weight{weight.replace('.', '')}", campaignConfig=config)
        answers = [club.recommended(campaign, userId=f"u{user}", numResults=20) for user in range(40)]
        tried[weight] = sum(item.startswith("new") for answer in answers for item in answer)
        club.api.delete_campaign(campaignArn=campaign)
        club.wait_until_gone("campaign", campaign)

    assert tried["0"] == 0 < tried["0.3"] < tried["1"]


def test_the_context_of_a_request_counts(club: World, version: str) -> None:
    campaign = club.campaign(version, "context")
    low, high = (
        mean_number(
            [
                club.recommended(campaign, userId=f"u{user}", numResults=5, context={"DEVICE": device})
                for user in range(20)
            ]
        )
        for device in ("Phone", "Screen")
    )

    assert low < 15 < high


def test_a_ranking_gives_scores_to_new_items_and_none_to_unknown_ones(club: World) -> None:
    campaign = club.campaign(club.version(club.solution("aws-personalized-ranking")), "ranking")
    ranking = club.runtime.get_personalized_ranking(
        campaignArn=campaign, userId="u1", inputList=["nowhere", "new1", "i1"]
    )["personalizedRanking"]

    assert [item["itemId"] for item in ranking][-1] == "nowhere"
    scored = [item for item in ranking if item.get("score")]
    assert {item["itemId"] for item in scored} == {"new1", "i1"}
    assert sum(item["score"] for item in scored) == pytest.approx(1, abs=1e-6)
