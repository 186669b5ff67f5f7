"""What CreateSolution accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import ARN, RECIPE, World, column, interactions, items, refused, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

V1, V2 = "aws-user-personalization", "aws-user-personalization-v2"


@pytest.mark.parametrize(
    ("parameters", "code", "text"),
    [
        ({}, "InvalidInputException", "recipeArn is required"),
        ({"recipeArn": RECIPE + "aws-hrnn"}, "InvalidInputException", "no longer available"),
        ({"recipeArn": RECIPE + "aws-magic"}, "ResourceNotFoundException", "does not exist"),
        ({"recipeArn": RECIPE + "aws-vod-top-picks"}, "InvalidInputException", "CreateRecommender"),
        ({"performAutoML": True}, "InvalidInputException", "performAutoML is not supported"),
        ({"performAutoML": True, "recipeArn": RECIPE + V2}, "InvalidInputException", "not both"),
        ({"recipeArn": RECIPE + V2, "performHPO": True}, "InvalidInputException", "performHPO"),
        (
            {"recipeArn": RECIPE + V2, "performIncrementalUpdate": True},
            "InvalidInputException",
            "performIncrementalUpdate",
        ),
        (
            {"recipeArn": RECIPE + V2, "solutionConfig": {"eventValueThreshold": "3"}},
            "InvalidInputException",
            "needs eventType",
        ),
        (
            {
                "recipeArn": RECIPE + V1,
                "solutionConfig": {"algorithmHyperParameters": {"hidden_dimensions": "64"}},
            },
            "InvalidInputException",
            "Did you mean 'hidden_dimension'?",
        ),
        (
            {
                "recipeArn": RECIPE + V1,
                "solutionConfig": {"algorithmHyperParameters": {"hidden_dimension": "1000"}},
            },
            "InvalidInputException",
            "32 to 256",
        ),
        (
            {
                "recipeArn": RECIPE + V2,
                "eventType": "watch",
                "solutionConfig": {"eventsConfig": {"eventParametersList": [{"eventType": "watch"}]}},
            },
            "InvalidInputException",
            "together with eventType",
        ),
        (
            {"recipeArn": RECIPE + V1, "solutionConfig": {"eventsConfig": {"eventParametersList": []}}},
            "InvalidInputException",
            "eventsConfig is not supported",
        ),
        (
            {
                "recipeArn": RECIPE + V1,
                "solutionConfig": {"optimizationObjective": {"itemAttribute": "GENRE"}},
            },
            "InvalidInputException",
            "numeric column",
        ),
        (
            {
                "recipeArn": RECIPE + V1,
                "solutionConfig": {
                    "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["ITEM_ID", "COLOUR"]}}
                },
            },
            "InvalidInputException",
            "'COLOUR' is not a column",
        ),
        (
            {
                "recipeArn": RECIPE + V1,
                "solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}},
            },
            "InvalidInputException",
            "from 1 to 30",
        ),
    ],
    ids=[
        "no recipe",
        "retired",
        "unknown",
        "use case",
        "AutoML",
        "AutoML and recipe",
        "HPO",
        "incremental",
        "threshold alone",
        "misspelt",
        "out of range",
        "two ways to choose events",
        "weights with v1",
        "objective",
        "columns",
        "schedule",
    ],
)
def test_a_mistake_is_refused(club: World, parameters: dict[str, Any], code: str, text: str) -> None:
    with refused(code, text):
        club.api.create_solution(name=f"{club.name}-wrong", datasetGroupArn=club.group, **parameters)


def test_all_mistakes_are_named_at_once(club: World) -> None:
    with refused("InvalidInputException") as refusal:
        club.api.create_solution(
            name=f"{club.name}-wrong",
            datasetGroupArn=club.group,
            recipeArn=RECIPE + V2,
            performHPO=True,
            solutionConfig={"eventValueThreshold": "much"},
        )
    for text in ("performHPO", "needs eventType", "'much' is not a number"):
        assert text in refusal.message


def test_automatic_training_is_the_default(club: World) -> None:
    arn = club.api.create_solution(
        name=f"{club.name}-default", datasetGroupArn=club.group, recipeArn=RECIPE + V2
    )["solutionArn"]
    found = club.wait("solution", arn)
    assert found["performAutoTraining"] is True
    assert found["solutionConfig"]["autoTrainingConfig"] == {"schedulingExpression": "rate(7 days)"}

    club.api.update_solution(solutionArn=arn, performAutoTraining=False)

    assert club.wait_for_update("solution", arn)["performAutoTraining"] is False
    with refused("InvalidInputException", "at least one"):
        club.api.update_solution(solutionArn=arn)


def test_training_modes_need_a_recipe_and_a_base(club: World) -> None:
    arn = club.solution(V1, "modes")
    other = club.solution(V2, "modes2")
    with refused("InvalidInputException", "ACTIVE solution version"):
        club.api.create_solution_version(solutionArn=arn, trainingMode="UPDATE")
    with refused("InvalidInputException", "not supported by recipe"):
        club.api.create_solution_version(solutionArn=other, trainingMode="UPDATE")
    with refused("InvalidInputException", "AUTOTRAIN"):
        club.api.create_solution_version(solutionArn=arn, trainingMode="AUTOTRAIN")
    club.version(arn)
    club.version(arn, trainingMode="UPDATE")


def test_one_event_type_can_be_trained_on(club: World) -> None:
    solution = club.solution(V1, "watches", eventType="watch")
    arn = club.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    failed = club.wait("solution_version", arn, "CREATE FAILED")
    assert (
        failed["failureReason"]
        == "Dataset has fewer than 1000 interactions after filtering by event type: watch"
    )
    with refused("InvalidInputException", "CREATE FAILED"):
        club.api.create_campaign(name="none", solutionVersionArn=arn)
    with refused("InvalidInputException"):
        club.api.get_solution_metrics(solutionVersionArn=arn)


def test_quotas_of_a_group_are_kept(world: World) -> None:
    world.make_group()
    for number in range(10):
        world.api.create_solution(
            name=f"s{number}", datasetGroupArn=world.group, recipeArn=RECIPE + V2, performAutoTraining=False
        )
    with refused("LimitExceededException", "More than 10 resources in ACTIVE state"):
        world.api.create_solution(name="s10", datasetGroupArn=world.group, recipeArn=RECIPE + V2)
    for number in range(4):
        world.api.create_dataset_group(name=f"g{number}")
    with refused("LimitExceededException", "dataset group"):
        world.api.create_dataset_group(name="g5")
    assert world.api.list_solutions()["solutions"][0]["solutionArn"] == f"{ARN}solution/s0"


def hpo(**lists: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        f"{kind}HyperParameterRanges": [] for kind in ("integer", "continuous", "categorical")
    }
    return {
        "performHPO": True,
        "solutionConfig": {"hpoConfig": {"algorithmHyperParameterRanges": empty | lists}},
    }


def config(**more: Any) -> dict[str, Any]:
    return {"solutionConfig": more}


BPTT = {"name": "bptt", "minValue": 2, "maxValue": 8}


@pytest.mark.parametrize(
    ("recipe", "parameters", "text"),
    [
        (V1, config(eventValueThreshold="nan") | {"eventType": "watch"}, "'nan' is not a number"),
        (V1, config(eventValueThreshold="1_0") | {"eventType": "watch"}, "'1_0' is not a number"),
        (V1, config(hpoConfig={"hpoResourceConfig": {}}), "needs performHPO"),
        (
            V1,
            {
                "performHPO": True,
                "solutionConfig": {
                    "hpoConfig": {
                        "hpoResourceConfig": {
                            "maxNumberOfTrainingJobs": "41",
                            "maxParallelTrainingJobs": "11",
                        }
                    }
                },
            },
            "from 1 to 40. hpoResourceConfig.maxParallelTrainingJobs: '11' must be a whole number",
        ),
        (
            V1,
            {
                "performHPO": True,
                "solutionConfig": {
                    "hpoConfig": {"algorithmHyperParameterRanges": {"integerHyperParameterRanges": [BPTT]}}
                },
            },
            "categoricalHyperParameterRanges: missing",
        ),
        (V1, hpo(integerHyperParameterRanges=[BPTT, BPTT]), "more than one range"),
        (V1, hpo(integerHyperParameterRanges=[{"name": "bptt", "minValue": 2}]), "maxValue is missing"),
        (
            V1,
            hpo(integerHyperParameterRanges=[BPTT | {"maxValue": 64}]),
            "64 must be a whole number from 2 to 32",
        ),
        (V1, hpo(integerHyperParameterRanges=[BPTT | {"minValue": 9}]), "minValue is greater"),
        (V1, hpo(continuousHyperParameterRanges=[BPTT]), "bptt is integer"),
        (V1, hpo(categoricalHyperParameterRanges=[{"name": "recency_mask"}]), "give at least one"),
        (
            V1,
            hpo(categoricalHyperParameterRanges=[{"name": "recency_mask", "values": ["perhaps"]}]),
            "perhaps must be one of True, False",
        ),
        (V1, hpo(integerHyperParameterRanges=[{"name": "btpt"}]), "Did you mean 'bptt'?"),
        (
            V1,
            config(featureTransformationParameters={"min_user_history_length_percentile": "0.995"}),
            "must be less than max_user_history_length_percentile (0.99)",
        ),
        (
            "aws-similar-items",
            config(algorithmHyperParameters={"item_id_hidden_dim": "50"}),
            "not a parameter of recipe aws-similar-items",
        ),
        (
            "aws-popularity-count",
            config(algorithmHyperParameters={"x": "1"}),
            "has none that can be set here",
        ),
        (
            "aws-trending-now",
            config(featureTransformationParameters={"trend_discovery_frequency": "4 hours"}),
            "must be one of 30 minutes, 1 hour, 2 hours, 3 hours, 1 day",
        ),
        (
            "aws-next-best-action",
            config(algorithmHyperParameters={"action_optimization_period": "29"}),
            "from 7 to 28",
        ),
        (
            V2,
            config(eventsConfig={"eventParametersList": [{"eventType": "a", "weight": 0.0}]}),
            "all weights are 0",
        ),
        (
            V2,
            config(eventsConfig={"eventParametersList": [{"eventType": "a"}, {"eventType": "A"}]}),
            "listed twice",
        ),
        (V2, config(optimizationObjective={"itemAttribute": "PRICE"}), "not supported by recipe"),
        (
            V1,
            config(trainingDataConfig={"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_TYPE"]}}),
            "'EVENT_TYPE' cannot be excluded",
        ),
        (V1, config(autoMLConfig={}), "no longer available"),
    ],
)
def test_every_rule_of_the_guide_is_kept(
    club: World, recipe: str, parameters: dict[str, Any], text: str
) -> None:
    with refused("InvalidInputException", text):
        club.api.create_solution(
            name=f"{club.name}-wrong", datasetGroupArn=club.group, recipeArn=RECIPE + recipe, **parameters
        )


def test_what_the_guide_allows_is_accepted(club: World) -> None:
    for number, (recipe, parameters) in enumerate(
        [
            (V1, hpo(integerHyperParameterRanges=[BPTT])),
            (V1, config(optimizationObjective={"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"})),
            (V2, config(algorithmHyperParameters={"apply_recency_bias": "false"})),
            (
                "aws-similar-items",
                hpo(
                    integerHyperParameterRanges=[
                        {"name": "item_id_hidden_dim", "minValue": 30, "maxValue": 200}
                    ]
                ),
            ),
        ]
    ):
        arn = club.solution(recipe, f"allowed{number}", **parameters)
        found = club.api.describe_solution(solutionArn=arn)["solution"]
        assert found["solutionConfig"] == parameters["solutionConfig"]
        club.api.delete_solution(solutionArn=arn)


def test_weights_of_events_are_changed_by_an_update(club: World) -> None:
    arn = club.solution(V2, "weights")
    with refused("InvalidInputException", "all weights are 0"):
        club.api.update_solution(
            solutionArn=arn,
            solutionUpdateConfig={
                "eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 0.0}]}
            },
        )
    wanted = {
        "eventsConfig": {
            "eventParametersList": [
                {"eventType": "watch", "weight": 0.3, "eventValueThreshold": 2.0},
                {"eventType": "click", "weight": 0.1},
            ]
        },
        "autoTrainingConfig": {"schedulingExpression": "rate(3 days)"},
    }
    club.api.update_solution(solutionArn=arn, performAutoTraining=False, solutionUpdateConfig=wanted)
    found = club.wait_for_update("solution", arn)
    assert found["latestSolutionUpdate"]["solutionUpdateConfig"] == wanted
    assert found["latestSolutionUpdate"]["performAutoTraining"] is False
    assert found["solutionConfig"] == wanted
    version = club.api.describe_solution_version(solutionVersionArn=club.version(arn))["solutionVersion"]
    assert version["solutionConfig"] == wanted
    assert version["trainingType"] == "MANUAL"
    assert version["trainingHours"] >= 0


def test_segments_by_attribute_need_an_attribute(world: World) -> None:
    world.make_group()
    world.make_dataset("INTERACTIONS")
    world.make_dataset("ITEMS", schema("Items", column("ITEM_ID"), column("CREATION_TIMESTAMP", "long")))
    arn = world.solution("aws-item-attribute-affinity", "segments")
    world.load("INTERACTIONS", interactions())
    with refused("InvalidInputException", "has no data. Import data first"):
        world.api.create_solution_version(solutionArn=arn)
    world.load("ITEMS", "ITEM_ID,CREATION_TIMESTAMP\ni1,1600000000\n")
    with refused("InvalidInputException", "neither textual nor reserved"):
        world.api.create_solution_version(solutionArn=arn)


def test_legacy_recipes_work_if_asked_for(start_local: Callable[..., LocalServer], s3: S3Server) -> None:
    world = World(start_local("--legacy-recipes"), s3, "legacy")
    world.make_group()
    world.make_dataset("INTERACTIONS")
    world.make_dataset("ITEMS")
    world.load("INTERACTIONS", interactions())
    new = "".join(f"cold{number},A new film,Drama,1.5\n" for number in range(10))
    world.load("ITEMS", items() + new)
    listed = {recipe["name"] for recipe in world.api.list_recipes()["recipes"]}
    names = {"aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"}
    assert names <= listed
    for name in sorted(names):
        # As the coldstart notebooks of the samples give them.
        cold = {"cold_start_max_duration": "5", "cold_start_relative_from": "latestItem"}
        config = {"algorithmHyperParameters": {"hidden_dimension": "64"}} | (
            {"featureTransformationParameters": cold | {"cold_start_max_interactions": "15"}}
            if name == "aws-hrnn-coldstart"
            else {}
        )
        solution = world.solution(name, solutionConfig=config)
        version = world.version(solution)
        campaign = world.campaign(version, name)
        assert len(world.recommended(campaign, userId="u1", numResults=5)) == 5
        assert (
            "mean_reciprocal_rank_at_25"
            in world.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
        )
    world.version(f"{ARN}solution/legacy-aws-hrnn-coldstart", trainingMode="UPDATE")
    with refused("InvalidInputException", "not supported by recipe aws-hrnn"):
        world.api.create_solution_version(solutionArn=f"{ARN}solution/legacy-aws-hrnn", trainingMode="UPDATE")


def test_retired_recipes_are_described_and_not_listed(club: World) -> None:
    assert "aws-hrnn" not in {recipe["name"] for recipe in club.api.list_recipes()["recipes"]}
    found = club.api.describe_recipe(recipeArn=RECIPE + "aws-hrnn")["recipe"]
    assert found["name"] == "aws-hrnn"


def test_an_update_needs_the_columns_of_the_training_before(world: World) -> None:
    world.make_group()
    world.make_dataset("INTERACTIONS")
    world.load("INTERACTIONS", interactions())
    arn = world.solution(V1, "columns")
    world.version(arn)
    world.make_dataset("USERS")
    with refused("InvalidInputException", "which changed since. Train with FULL"):
        world.api.create_solution_version(solutionArn=arn, trainingMode="UPDATE")
