"""What a Solution sends, without Personalize (with it: tests/integration/resources)."""

from types import SimpleNamespace
from typing import Any

import pytest

from personalize_pipeline.context import Context
from personalize_pipeline.resources.solution import Solution


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_the_recipe_is_that_of_the_partition_whatever_the_params_file_says(partition: str, region: str):
    states = f"arn:{partition}:states:{region}:123456789012"
    run = {
        "id": "run-1",
        "execution": f"{states}:execution:pipeline:run-1",
        "stateMachine": f"{states}:stateMachine:pipeline",
        "startTime": "2026-11-20T11:00:00Z",
    }
    group = f"arn:{partition}:personalize:{region}:123456789012:dataset-group/movies"
    sent: list[dict[str, Any]] = []
    client: Any = SimpleNamespace(create_solution=lambda **arguments: sent.append(arguments))
    want = {"name": "movies", "recipeArn": "arn:aws:personalize:::recipe/aws-sims"}
    solution = Solution(want, Context.model_validate({"run": run, "datasetGroupArn": group}), client)

    solution.create()

    recipe = f"arn:{partition}:personalize:::recipe/aws-sims"
    assert sent == [{"name": "movies", "recipeArn": recipe, "datasetGroupArn": group}]
    assert solution.wanted()["recipeArn"] == recipe
