import pytest

from personalize_pipeline.context import Examples
from personalize_pipeline.reporting.runtime_commands import runtime_command

ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/c"
KNOWN = Examples(user_id="u 1", item_ids=("a", "b"))


@pytest.mark.parametrize(
    ("recipe", "operation", "arguments"),
    [
        ("aws-user-personalization-v2", "get-recommendations", "--user-id 'u 1'"),
        ("aws-similar-items", "get-recommendations", "--item-id a"),
        ("aws-sims", "get-recommendations", "--item-id a"),
        ("aws-personalized-ranking", "get-personalized-ranking", "--user-id 'u 1' --input-list a b"),
        ("aws-popularity-count", "get-recommendations", ""),
        ("aws-next-best-action", "get-action-recommendations", "--user-id 'u 1'"),
        (None, "get-recommendations", "--user-id 'u 1'"),
    ],
)
def test_a_command_gives_what_the_recipe_needs(recipe, operation, arguments):
    arn = recipe and f"arn:aws:personalize:::recipe/{recipe}"
    words = ["aws personalize-runtime", operation, f"--campaign-arn {ARN}", arguments, "--region us-east-1"]

    assert runtime_command(ARN, arn, KNOWN) == " ".join(filter(None, words))


def test_a_recommender_is_asked_as_one():
    arn = "arn:aws:personalize:us-east-1:123456789012:recommender/r"
    recipe = "arn:aws:personalize:::recipe/aws-vod-because-you-watched-x"

    assert runtime_command(arn, recipe, KNOWN) == (
        f"aws personalize-runtime get-recommendations --recommender-arn {arn} --user-id 'u 1' --item-id a "
        "--region us-east-1"
    )


def test_without_known_identifiers_there_are_placeholders():
    recipe = "arn:aws:personalize:::recipe/aws-personalized-ranking"

    assert "--user-id USER_ID --input-list ITEM_ID ITEM_ID_2 ITEM_ID_3" in runtime_command(
        ARN, recipe, Examples()
    )
