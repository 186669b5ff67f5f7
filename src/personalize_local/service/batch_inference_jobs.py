"""Batch inference jobs: recommendations for every line of files in S3, with or without themes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from personalize_local.service import kinds
from personalize_local.service.batch_jobs import BatchJobs, count_problems, place_problems, refuse
from personalize_local.service.datasets import group_schemas
from personalize_local.service.exploration_rules import exploration_problems
from personalize_local.service.influence_rules import influence_problems
from personalize_local.service.resource import Answer, Tags, operation
from personalize_rules.quotas import RESULTS_DEFAULT
from personalize_rules.schemas import DatasetType, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_local.service.store import Record
    from personalize_rules.recipes import Recipe

THEMES: Final = "THEME_GENERATION"
THEME_RECIPE: Final = "aws-similar-items"
THEME_REGIONS: Final = ("us-east-1", "us-west-2", "ap-northeast-1")


class BatchInferenceJobs(BatchJobs):
    """CreateBatchInferenceJob, DescribeBatchInferenceJob, ListBatchInferenceJobs."""

    kind = kinds.BATCH_INFERENCE_JOB
    member = "batchInferenceJob"
    listed = "batchInferenceJobs"
    summary: ClassVar = ("batchInferenceJobArn", "jobName", "solutionVersionArn", "batchInferenceJobMode")
    task = "infer_batch"
    target = "ItemID"

    @operation
    def create_batch_inference_job(
        self,
        *,
        jobName: str,
        solutionVersionArn: str,
        jobInput: dict[str, Any],
        jobOutput: dict[str, Any],
        roleArn: str,
        filterArn: str | None = None,
        numResults: int | None = None,
        batchInferenceJobConfig: dict[str, Any] | None = None,
        tags: Tags | None = None,
        batchInferenceJobMode: str = "BATCH_INFERENCE",
        themeGenerationConfig: dict[str, Any] | None = None,
    ) -> Answer:
        """Begins at once; needs no campaign."""
        arn = self.context.arn(self.kind, jobName)
        config = batchInferenceJobConfig or {}
        count = numResults or RESULTS_DEFAULT
        settings = self.context.settings
        with self.store.transaction():
            self.refuse_taken(arn)
            version, recipe = self.version_of(solutionVersionArn)
            found = self.filter_of(filterArn)
            schemas = group_schemas(self.store, version.group)
            problems = [] if recipe.batch_inference else [f"Recipe {recipe.name} has no batch inference"]
            problems += place_problems(
                jobInput["s3DataSource"]["path"], jobOutput["s3DataDestination"]["path"]
            )
            problems += self.filter_problems(version, recipe, found)
            problems += count_problems(count, settings.quotas.batch_results)
            problems += exploration_problems(recipe, config.get("itemExplorationConfig"))
            problems += influence_problems(recipe, config.get("rankingInfluence", {}), schemas)
            problems += _theme_problems(
                recipe, batchInferenceJobMode, themeGenerationConfig, schemas, settings.region
            )
            refuse(problems)
            self.refuse_too_many(settings.quotas.running_batch_inference_jobs)
            body = {
                "jobName": jobName,
                "batchInferenceJobArn": arn,
                "filterArn": filterArn,
                "solutionVersionArn": solutionVersionArn,
                "numResults": count,
                "jobInput": jobInput,
                "jobOutput": jobOutput,
                "batchInferenceJobConfig": batchInferenceJobConfig,
                "roleArn": roleArn,
                "batchInferenceJobMode": batchInferenceJobMode,
                "themeGenerationConfig": themeGenerationConfig,
            }
            self.add(arn, jobName, body, group=version.group, parent=version.arn, tags=tags)
        return {"batchInferenceJobArn": arn}

    @operation
    def describe_batch_inference_job(self, *, batchInferenceJobArn: str) -> Answer:
        """One job."""
        return self.describe(batchInferenceJobArn)

    @operation
    def list_batch_inference_jobs(
        self,
        *,
        solutionVersionArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Jobs of a solution version, or of the account; also those of versions that are gone."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=solutionVersionArn)

    def arguments(self, record: Record, version: Record) -> dict[str, Any]:
        """Also what the job configures."""
        config = record.body.get("batchInferenceJobConfig", {})
        themes = record.body["batchInferenceJobMode"] == THEMES
        return {
            **super().arguments(record, version),
            "last_event": version.private["lastEvent"],
            "exploration": config.get("itemExplorationConfig"),
            "influence": config.get("rankingInfluence"),
            "theme_field": record.body["themeGenerationConfig"]["fieldsForThemeGeneration"]["itemName"]
            if themes
            else None,
        }


def _theme_problems(
    recipe: Recipe,
    mode: str,
    config: Mapping[str, Any] | None,
    schemas: Mapping[DatasetType, Schema],
    region: str,
) -> Iterator[str]:
    if mode != THEMES:
        if config:
            yield f"themeGenerationConfig is for batchInferenceJobMode {THEMES}, not {mode}"
        return
    if recipe.name != THEME_RECIPE:
        yield f"batchInferenceJobMode {THEMES} is for recipe {THEME_RECIPE}, not {recipe.name}"
    if region not in THEME_REGIONS:
        regions = ", ".join(THEME_REGIONS)
        yield f"batchInferenceJobMode {THEMES} is not available in {region}, only in {regions}"
    if not config:
        yield f"themeGenerationConfig: required by batchInferenceJobMode {THEMES}"
        return
    name = config["fieldsForThemeGeneration"]["itemName"]
    place = "themeGenerationConfig.fieldsForThemeGeneration.itemName"
    items = schemas.get(DatasetType.ITEMS)
    if items is None:
        yield f"{place}: '{name}': the dataset group has no Items dataset"
        return
    field = items.find(name)
    if field is None:
        yield f"{place}: '{name}' is not a column of the Items dataset"
    elif field.type != "string":
        yield f"{place}: '{name}' has type {field.type}, it must be string"
