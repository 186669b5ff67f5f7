"""The input for a single dataset: one CSV file somewhere in S3, one solution, one campaign.

`Bucket` and `Key`, `SchemaName` and `Schema`, `DatasetGroupName`, `DatasetName`, `DatasetType`,
`ImportJobName`, `SolutionName`, `RecipieName` (so spelt), `CampaignName`, `MinProvisionedTPS`.
"""

from collections.abc import Mapping
from typing import Any, Final

from personalize_pipeline.params.dialects.sections import Section, Upgrade, dataset_type
from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_pipeline.params.places import shown
from personalize_rules.recipes import ARN_PREFIX
from personalize_rules.schemas import DatasetType

KEYS: Final = (
    "Bucket",
    "Key",
    "SchemaName",
    "Schema",
    "DatasetGroupName",
    "DatasetName",
    "DatasetType",
    "ImportJobName",
    "SolutionName",
    "CampaignName",
    "RecipieName",
    "MinProvisionedTPS",
)
_ALSO: Final = ("RecipeName", "RecipeArn", "RoleArn", "ImportMode")
"""Not of the form itself: the right spelling, and what people miss in it."""
_MAIN: Final = frozenset({"datasetGroup", "datasets", "solutions", "recommenders", "filters"})


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by two of its keys in any case (one, if there is no other) and no section of the main form."""
    folded = {key.casefold() for key in KEYS}
    known = [key for key in document if key.casefold() in folded]
    return not _MAIN & document.keys() and len(known) >= min(2, len(document)) > 0


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Make a dataset, a solution and a campaign of it."""
    made = Upgrade()
    old = Section(made, document, (), KEYS, passed_on=_ALSO)
    result: dict[str, Any] = {"datasetGroup": _renamed(old, "datasetGroup", name="DatasetGroupName")}
    kind = _dataset_type(old)
    place = f"datasets.{kind}"
    keys = {"name": "DatasetName", "schemaName": "SchemaName", "schema": "Schema"}
    dataset = _renamed(old, place, **keys, roleArn="RoleArn", importMode="ImportMode") | _location(old, place)
    result["datasets"] = {kind: dataset}
    if "SolutionName" in old or _recipe_key(old) in old:
        result["solutions"] = [_solution(old)]
    elif "CampaignName" in old:
        made.problem(old.at("CampaignName"), "there is no solution that it could serve.", "Add SolutionName.")
    if "CampaignName" not in old and "MinProvisionedTPS" in old:
        advice = "Add CampaignName, or remove it."
        made.problem(old.at("MinProvisionedTPS"), "there is no campaign that it could be for.", advice)
    if "ImportJobName" in old:
        made.notes.append(
            f"ImportJobName {shown(old.values['ImportJobName'])} is not used: the pipeline names import jobs "
            "itself, because Personalize takes a name only once."
        )
    return made.done(
        result,
        "The file is in the form for a single dataset ('DatasetGroupName', 'SchemaName', ...). It was read "
        "as 'datasetGroup', 'datasets' with one dataset, and 'solutions' with one solution and its campaign.",
    )


def _renamed(old: Section, place: str, **keys: str) -> dict[str, Any]:
    """The values of some keys under their new names."""
    for new, key in keys.items():
        old.upgrade.moved(f"{place}.{new}", old.at(key))
    return {new: old.values[key] for new, key in keys.items() if key in old}


def _dataset_type(old: Section) -> str:
    """The dataset's word; what names no type is read as the closest one, so that the rest is checked too."""
    given = old.values.get("DatasetType", DatasetType.INTERACTIONS)
    return dataset_type(old.upgrade, old.at("DatasetType"), given) or DatasetType.INTERACTIONS.word


def _location(old: Section, place: str) -> dict[str, str]:
    """`Bucket` and `Key` in one."""
    old.upgrade.moved(f"{place}.dataLocation", old.at("Key"))
    given = {key: old.values[key] for key in ("Bucket", "Key") if key in old}
    for key, value in given.items():
        if not isinstance(value, str):
            old.upgrade.problem(old.at(key), f"{shown(value)} must be a text in double quotes.")
    bucket, key = str(given.get("Bucket", "")).removeprefix("s3://").strip("/"), str(given.get("Key", ""))
    if not bucket:
        if key:
            advice = "It names the bucket that holds the file."
            old.upgrade.problem(old.at("Bucket"), "missing: 'Key' alone is no place.", advice)
        return {}
    return {"dataLocation": f"s3://{bucket}/{key.removeprefix('/')}"}


def _recipe_key(old: Section) -> str:
    return next((key for key in ("RecipieName", "RecipeName", "RecipeArn") if key in old), "RecipieName")


def _solution(old: Section) -> dict[str, Any]:
    solution = _renamed(old, "solutions[0]", name="SolutionName")
    key = _recipe_key(old)
    old.upgrade.moved("solutions[0].recipeArn", old.at(key))
    for other in ("RecipieName", "RecipeName", "RecipeArn"):
        if other != key and other in old:
            old.upgrade.problem(
                old.at(other), f"the recipe is given already, as {key}.", "Remove one of the two."
            )
    if key in old:
        recipe = old.values[key]
        is_name = isinstance(recipe, str) and recipe and not recipe.startswith("arn:")
        solution["recipeArn"] = f"{ARN_PREFIX}{recipe}" if is_name else recipe
    if "CampaignName" in old:
        place = "solutions[0].campaigns[0]"
        solution["campaigns"] = [
            _renamed(old, place, name="CampaignName", minProvisionedTPS="MinProvisionedTPS")
        ]
    return solution
