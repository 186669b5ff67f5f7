"""What CreateSolution accepts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.world import ARN, RECIPE, World, refused

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
