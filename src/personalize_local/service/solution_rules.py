"""What a solution may be configured with, given its recipe and the datasets of its group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from personalize_local.service.hpo_rules import hpo_problems, unknown_parameter
from personalize_rules import quotas as documented
from personalize_rules.schemas import DatasetType, Schema, required_fields, reserved_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_local.service.settings import Quotas
    from personalize_rules.recipes import Hyperparameter, Recipe

DEFAULT_SCHEDULE = f"rate({documented.AUTO_TRAINING_DAYS_DEFAULT} days)"
Schemas = dict[DatasetType, Schema]
Config = dict[str, Any]
_NUMBER = re.compile(r"[+-]?(\d{1,300}(\.\d*)?|\.\d+)", re.ASCII)
_PERCENTILES = ("user_history_length_percentile", "item_interaction_count_percentile")


def solution_problems(
    recipe: Recipe,
    schemas: Schemas,
    *,
    domain: str | None,
    perform_hpo: bool,
    perform_incremental_update: bool,
    event_type: str | None,
    config: Config,
    quotas: Quotas,
    legacy: bool,
) -> list[str]:
    """Everything that is wrong with the parameters of CreateSolution; the rules of the guide's page on it.

    `legacy`: whether retired recipes work.
    """
    problems = list(_recipe_problems(recipe, domain, legacy=legacy))
    if perform_hpo and not recipe.hpo:
        problems.append(f"performHPO: recipe {recipe.name} has no hyperparameters that can be optimized")
    if perform_incremental_update and not recipe.incremental_update:
        problems.append(f"performIncrementalUpdate is not supported by recipe {recipe.name}")
    problems += _event_problems(schemas, event_type, config)
    for member, place in (
        ("algorithmHyperParameters", "algorithm"),
        ("featureTransformationParameters", "featureTransformation"),
    ):
        problems += _parameter_problems(recipe, config.get(member, {}), member, place)
    problems += hpo_problems(recipe, config.get("hpoConfig"), quotas, perform_hpo=perform_hpo)
    problems += events_config_problems(recipe, config.get("eventsConfig"), event_type, schemas)
    problems += _objective_problems(recipe, config.get("optimizationObjective"), schemas)
    problems += column_problems(config.get("trainingDataConfig"), schemas, quotas.training_data_columns)
    problems += schedule_problems(config.get("autoTrainingConfig"))
    if "autoMLConfig" in config:
        problems.append("solutionConfig.autoMLConfig needs performAutoML, which is no longer available")
    return problems


def training_problems(recipe: Recipe, schemas: Schemas) -> list[str]:
    """What the schemas of a group lack for a training of the recipe; missing datasets are not told here."""
    items = schemas.get(DatasetType.ITEMS)
    if recipe.name != "aws-item-attribute-affinity" or items is None:
        return []
    reserved = {rule.name for rule in reserved_fields(DatasetType.ITEMS)} | {"ITEM_ID"}
    if any((field.categorical or field.numeric) and field.name not in reserved for field in items.fields):
        return []
    return [f"Recipe {recipe.name} needs a column of Items that is neither textual nor reserved"]


def events_config_problems(
    recipe: Recipe, events: Mapping[str, Any] | None, event_type: str | None, schemas: Schemas
) -> Iterator[str]:
    """Rules of event weights."""
    if events is None:
        return
    if not recipe.events_config:
        yield f"eventsConfig is not supported by recipe {recipe.name}"
    if event_type:
        yield "eventsConfig cannot be used together with eventType"
    entries = events.get("eventParametersList", [])
    interactions = schemas.get(DatasetType.INTERACTIONS)
    if entries and interactions and interactions.field("EVENT_TYPE") is None:
        yield "eventsConfig: the schema of the Interactions dataset has no field EVENT_TYPE"
    if entries and not any(entry.get("weight", 1.0) for entry in entries):
        yield "eventsConfig: all weights are 0; at least one type of event must count"
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        name = entry.get("eventType")
        place = f"eventsConfig.eventParametersList[{index}]"
        if not name:
            yield f"{place}.eventType: missing"
        elif name.lower() in seen:
            yield f"{place}.eventType: '{name}' is listed twice"
        else:
            seen.add(name.lower())
        if "eventValueThreshold" in entry and interactions and interactions.field("EVENT_VALUE") is None:
            yield f"{place}.eventValueThreshold: the Interactions schema has no field EVENT_VALUE"


def schedule_problems(config: Mapping[str, Any] | None) -> Iterator[str]:
    """Rules of automatic training."""
    expression = (config or {}).get("schedulingExpression")
    if expression is None:
        return
    low, high = documented.AUTO_TRAINING_DAYS
    if not low <= days_of(expression) <= high:
        yield f"schedulingExpression: '{expression}' must be rate(N days) with N from {low} to {high}"


def days_of(expression: str) -> int:
    """The days in `rate(7 days)`; 0 if it is no such expression."""
    found = re.fullmatch(r"rate\((\d{1,4}) days?\)", expression, re.ASCII)
    return int(found.group(1)) if found else 0


def _recipe_problems(recipe: Recipe, domain: str | None, *, legacy: bool) -> Iterator[str]:
    if recipe.retired and not legacy:
        yield f"Recipe {recipe.arn} is no longer available. Use {recipe.replaced_by} instead"
    elif recipe.domain:
        yield f"Recipe {recipe.arn} is a use case of domain {recipe.domain}. Use CreateRecommender"
    elif domain and DatasetType.ACTIONS in recipe.required_datasets:
        yield f"Recipe {recipe.arn} needs an Actions dataset, which a domain dataset group cannot have"


def _event_problems(schemas: Schemas, event_type: str | None, config: Config) -> Iterator[str]:
    interactions = schemas.get(DatasetType.INTERACTIONS)
    threshold = config.get("eventValueThreshold")
    if event_type and interactions and interactions.field("EVENT_TYPE") is None:
        yield "eventType: the schema of the Interactions dataset has no field EVENT_TYPE"
    if threshold is None:
        return
    if not event_type:
        yield "solutionConfig.eventValueThreshold needs eventType"
    if interactions and interactions.field("EVENT_VALUE") is None:
        yield "eventValueThreshold: the schema of the Interactions dataset has no field EVENT_VALUE"
    if not _NUMBER.fullmatch(threshold):
        yield f"solutionConfig.eventValueThreshold: '{threshold}' is not a number"


def _parameter_problems(recipe: Recipe, given: Mapping[str, str], member: str, place: str) -> Iterator[str]:
    known = {p.name: p for p in recipe.hyperparameters if p.place == place and not p.only_tuned}
    for name, value in given.items():
        if name not in known:
            yield f"solutionConfig.{member}.{name}: {unknown_parameter(name, recipe, known)}"
        elif allowed := known[name].problem(value):
            yield f"solutionConfig.{member}.{name}: '{value}' must be {allowed}"
    for name in _PERCENTILES:
        low, high = known.get(f"min_{name}"), known.get(f"max_{name}")
        values = [given.get(one.name, one.default) for one in (low, high) if one and not _bad(one, given)]
        if len(values) == 2 and float(values[0]) >= float(values[1]):
            yield (
                f"solutionConfig.{member}: min_{name} ({values[0]}) must be less than "
                f"max_{name} ({values[1]})"
            )


def _bad(parameter: Hyperparameter, given: Mapping[str, str]) -> bool:
    return parameter.problem(given.get(parameter.name, parameter.default)) is not None


def _objective_problems(
    recipe: Recipe, objective: Mapping[str, Any] | None, schemas: Schemas
) -> Iterator[str]:
    if objective is None:
        return
    if not recipe.optimization_objective:
        yield f"solutionConfig.optimizationObjective is not supported by recipe {recipe.name}"
    name, items = objective.get("itemAttribute"), schemas.get(DatasetType.ITEMS)
    if not name:
        yield "solutionConfig.optimizationObjective.itemAttribute: missing"
    elif items is None:
        yield "solutionConfig.optimizationObjective needs an Items dataset"
    elif (field := items.field(name)) is None or not field.numeric or field.nullable:
        yield (
            f"solutionConfig.optimizationObjective.itemAttribute: '{name}' must be a numeric column of the "
            "Items dataset that cannot be null"
        )


def column_problems(
    config: Mapping[str, Any] | None, schemas: Schemas, most: int = documented.TRAINING_DATA_COLUMNS
) -> Iterator[str]:
    """Rules of `trainingDataConfig`, of solutions and recommenders."""
    excluded = (config or {}).get("excludedDatasetColumns", {})
    included = (config or {}).get("includedDatasetColumns", {})
    for member, lists in (("excludedDatasetColumns", excluded), ("includedDatasetColumns", included)):
        for word, columns in lists.items():
            place = f"trainingDataConfig.{member}.{word}"
            try:
                dataset_type = DatasetType.parse(word)
            except ValueError as error:
                yield f"{place}: {error}"
                continue
            schema = schemas.get(dataset_type)
            if schema is None:
                yield f"{place}: the dataset group has no such dataset"
                continue
            if len(columns) > most:
                yield f"{place}: {len(columns)} columns, at most {most} can be named"
            fixed = {rule.name for rule in required_fields(dataset_type)} | {"EVENT_TYPE"}
            for column in columns:
                if schema.field(column) is None:
                    yield f"{place}: '{column}' is not a column of the dataset"
                elif member == "excludedDatasetColumns" and column in fixed:
                    yield f"{place}: '{column}' cannot be excluded"
    for word in excluded.keys() & included.keys():
        yield f"trainingDataConfig: {word} has both excluded and included columns"
