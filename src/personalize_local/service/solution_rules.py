"""What a solution may be configured with, given its recipe and the datasets of its group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Schema, required_fields
from personalize_rules.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_rules.recipes import Hyperparameter, Recipe

DEFAULT_SCHEDULE = f"rate({quotas.AUTO_TRAINING_DAYS_DEFAULT} days)"
Schemas = dict[DatasetType, Schema]
Config = dict[str, Any]


def solution_problems(
    recipe: Recipe,
    schemas: Schemas,
    *,
    domain: str | None,
    perform_hpo: bool,
    perform_incremental_update: bool,
    event_type: str | None,
    config: Config,
) -> list[str]:
    """Everything that is wrong with the parameters of CreateSolution; the rules of the guide's page on it."""
    problems = list(_recipe_problems(recipe, domain))
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
    problems += _hpo_problems(recipe, config.get("hpoConfig"), perform_hpo=perform_hpo)
    problems += events_config_problems(recipe, config.get("eventsConfig"), event_type)
    problems += _objective_problems(recipe, config.get("optimizationObjective"), schemas)
    problems += column_problems(config.get("trainingDataConfig"), schemas)
    problems += schedule_problems(config.get("autoTrainingConfig"))
    if "autoMLConfig" in config:
        problems.append("solutionConfig.autoMLConfig needs performAutoML, which is no longer available")
    return problems


def events_config_problems(
    recipe: Recipe, events: Mapping[str, Any] | None, event_type: str | None
) -> Iterator[str]:
    """Rules of event weights."""
    if events is None:
        return
    if not recipe.events_config:
        yield f"eventsConfig is not supported by recipe {recipe.name}"
    if event_type:
        yield "eventsConfig cannot be used together with eventType"
    seen: set[str] = set()
    for index, entry in enumerate(events.get("eventParametersList", [])):
        name = entry.get("eventType")
        place = f"eventsConfig.eventParametersList[{index}]"
        if not name:
            yield f"{place}.eventType: missing"
        elif name.lower() in seen:
            yield f"{place}.eventType: '{name}' is listed twice"
        else:
            seen.add(name.lower())


def schedule_problems(config: Mapping[str, Any] | None) -> Iterator[str]:
    """Rules of automatic training."""
    expression = (config or {}).get("schedulingExpression")
    if expression is None:
        return
    low, high = quotas.AUTO_TRAINING_DAYS
    if not low <= days_of(expression) <= high:
        yield f"schedulingExpression: '{expression}' must be rate(N days) with N from {low} to {high}"


def days_of(expression: str) -> int:
    """The days in `rate(7 days)`; 0 if it is no such expression."""
    found = re.fullmatch(r"rate\((\d{1,4}) days?\)", expression, re.ASCII)
    return int(found.group(1)) if found else 0


def _recipe_problems(recipe: Recipe, domain: str | None) -> Iterator[str]:
    if recipe.retired:
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
    try:
        float(threshold)
    except ValueError:
        yield f"solutionConfig.eventValueThreshold: '{threshold}' is not a number"


def _parameter_problems(recipe: Recipe, given: Mapping[str, str], member: str, place: str) -> Iterator[str]:
    known = {p.name: p for p in recipe.hyperparameters if p.place == place and not p.only_tuned}
    for name, value in given.items():
        if name not in known:
            yield f"solutionConfig.{member}.{name}: {_unknown(name, recipe, known)}"
        elif allowed := known[name].problem(value):
            yield f"solutionConfig.{member}.{name}: '{value}' must be {allowed}"


def _hpo_problems(recipe: Recipe, hpo: Mapping[str, Any] | None, *, perform_hpo: bool) -> Iterator[str]:
    if not hpo:
        return
    if not perform_hpo:
        yield "solutionConfig.hpoConfig needs performHPO"
    if "hpoObjective" in hpo:
        yield "solutionConfig.hpoConfig.hpoObjective is not supported"
    resources = hpo.get("hpoResourceConfig", {})
    for member, most in (
        ("maxNumberOfTrainingJobs", quotas.HPO_TRAINING_JOBS),
        ("maxParallelTrainingJobs", quotas.HPO_PARALLEL_TRAINING_JOBS),
    ):
        value = resources.get(member)
        if value is not None and not (value.isdecimal() and 1 <= int(value) <= most):
            yield f"hpoResourceConfig.{member}: '{value}' must be a whole number from 1 to {most}"
    tunable = {p.name: p for p in recipe.hyperparameters if p.tunable}
    for kind in ("integer", "continuous", "categorical"):
        for entry in hpo.get("algorithmHyperParameterRanges", {}).get(f"{kind}HyperParameterRanges", []):
            yield from _range_problems(recipe, tunable, kind, entry)


def _range_problems(
    recipe: Recipe, tunable: Mapping[str, Hyperparameter], kind: str, entry: Mapping[str, Any]
) -> Iterator[str]:
    name = entry.get("name", "")
    place = f"algorithmHyperParameterRanges.{kind}HyperParameterRanges '{name}'"
    parameter = tunable.get(name)
    if parameter is None:
        yield f"{place}: {_unknown(name, recipe, tunable)}"
        return
    if parameter.type != kind:
        yield f"{place}: {name} is {parameter.type}"
        return
    if kind == "categorical":
        values = [str(value) for value in entry.get("values", [])]
    else:
        values = [str(entry[end]) for end in ("minValue", "maxValue") if end in entry]
        if len(values) == 2 and entry["minValue"] > entry["maxValue"]:
            yield f"{place}: minValue is greater than maxValue"
    yield from (f"{place}: {value} must be {bad}" for value in values if (bad := parameter.problem(value)))


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


def column_problems(config: Mapping[str, Any] | None, schemas: Schemas) -> Iterator[str]:
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
            fixed = {rule.name for rule in required_fields(dataset_type)} | {"EVENT_TYPE"}
            for column in columns:
                if schema.field(column) is None:
                    yield f"{place}: '{column}' is not a column of the dataset"
                elif member == "excludedDatasetColumns" and column in fixed:
                    yield f"{place}: '{column}' cannot be excluded"
    for word in excluded.keys() & included.keys():
        yield f"trainingDataConfig: {word} has both excluded and included columns"


def _unknown(name: str, recipe: Recipe, known: Mapping[str, Hyperparameter]) -> str:
    if not known:
        return f"recipe {recipe.name} has none that can be set here"
    hint = did_you_mean(name, known) or f" It has {', '.join(known)}"
    return f"not a parameter of recipe {recipe.name}.{hint}"
