"""Command lines that ask a campaign or a recommender for recommendations, ready to paste."""

import shlex

from personalize_pipeline.context import Examples
from personalize_rules.recipes import find_recipe

# Shown where no identifier of the user's data is known.
_USER, _ITEMS = "USER_ID", ("ITEM_ID", "ITEM_ID_2", "ITEM_ID_3")


def runtime_command(arn: str, recipe_arn: str | None, examples: Examples) -> str:
    """The AWS CLI command for a campaign or a recommender, with what its recipe needs in a request."""
    recipe = find_recipe(recipe_arn) if recipe_arn else None
    needs = recipe.request if recipe else frozenset({"userId"})
    items = examples.item_ids or _ITEMS
    words = ["aws", "personalize-runtime", _operation(recipe.type if recipe else "", needs)]
    words += ["--recommender-arn" if ":recommender/" in arn else "--campaign-arn", arn]
    if "userId" in needs:
        words += ["--user-id", examples.user_id or _USER]
    if "itemId" in needs:
        words += ["--item-id", items[0]]
    if "inputList" in needs:
        words += ["--input-list", *items]
    words += ["--region", arn.split(":")[3]]
    return shlex.join(words)


def _operation(recipe_type: str, needs: frozenset[str]) -> str:
    if "inputList" in needs:
        return "get-personalized-ranking"
    return "get-action-recommendations" if recipe_type == "PERSONALIZED_ACTIONS" else "get-recommendations"
