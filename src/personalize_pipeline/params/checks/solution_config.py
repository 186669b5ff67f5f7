"""`solutionConfig`: hyperparameters, tuning, events, objective, columns, automatic training."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.places import shown
from personalize_rules import quotas
from personalize_rules.recipes import Hyperparameter, ParameterPlace, Recipe
from personalize_rules.schemas import DatasetType, Problem, required_fields
from personalize_rules.spelling import closest

_RATE = re.compile(r"rate\((\d+) days?\)")
_HYPERPARAMETERS: Final[Mapping[str, ParameterPlace]] = {
    "algorithmHyperParameters": "algorithm",
    "featureTransformationParameters": "featureTransformation",
}
_RANGES: Final = {
    "integerHyperParameterRanges": "integer",
    "continuousHyperParameterRanges": "continuous",
    "categoricalHyperParameterRanges": "categorical",
}


def check(
    made: Mapping[str, Any], solution: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data
) -> Iterator[Problem]:
    """Check the configuration of the solution that is `made`, against the recipes that will be trained."""
    config = inner(made, "solutionConfig")
    place = f"{place}.solutionConfig"
    for key, kind in _HYPERPARAMETERS.items():
        for name, value in inner(config, key).items():
            for recipe in recipes:
                yield from hyperparameter(name, value, recipe, kind, f"{place}.{key}.{name}")
    yield from _tuning(config, solution, place, recipes)
    yield from _threshold(config, solution, place, data)
    yield from _events(config, solution, place, recipes, data)
    yield from _objective(config, place, recipes, data)
    yield from columns(inner(config, "trainingDataConfig"), f"{place}.trainingDataConfig", data)
    yield from _schedule(inner(config, "autoTrainingConfig"), made, f"{place}.autoTrainingConfig")


def hyperparameter(
    name: str, value: str, recipe: Recipe, kind: ParameterPlace, place: str
) -> Iterator[Problem]:
    """Check the name and the value of one setting of a recipe."""
    known = [
        parameter
        for parameter in recipe.hyperparameters
        if parameter.place == kind and not parameter.only_tuned
    ]
    found = next((parameter for parameter in known if parameter.name == name), None)
    if found is None:
        yield _unknown(name, recipe, known, place)
    elif allowed := found.problem(value):
        yield Problem(place, f"{shown(value)} must be {allowed}.", f"The default is {shown(found.default)}.")


def _unknown(name: str, recipe: Recipe, known: list[Hyperparameter], place: str) -> Problem:
    other = recipe.hyperparameter(name)
    meant = closest(name, [parameter.name for parameter in known])
    if meant:
        advice = f"Did you mean '{meant}'?"
    elif other and other.only_tuned:
        advice = "It can only be tuned: with performHPO, in hpoConfig.algorithmHyperParameterRanges."
    elif other:
        places = {kind: key for key, kind in _HYPERPARAMETERS.items()} | {"campaign": "itemExplorationConfig"}
        advice = f"It belongs into {places[other.place]}."
    elif known:
        advice = f"It has {', '.join(parameter.name for parameter in known)}."
    else:
        advice = "It has none here."
    return Problem(place, f"{recipe.name} has no setting {shown(name)} here.", advice)


def _tuning(
    config: Mapping[str, Any], solution: Mapping[str, Any], place: str, recipes: list[Recipe]
) -> Iterator[Problem]:
    hpo = inner(config, "hpoConfig")
    place = f"{place}.hpoConfig"
    if not hpo:
        return
    if solution.get("performHPO") is not True:
        yield Problem(place, "it counts only with performHPO: true.", "Set performHPO, or remove it.")
    if "hpoObjective" in hpo:
        yield Problem(f"{place}.hpoObjective", "Amazon Personalize does not support it.", "Remove it.")
    for key, most in (
        ("maxNumberOfTrainingJobs", quotas.HPO_TRAINING_JOBS),
        ("maxParallelTrainingJobs", quotas.HPO_PARALLEL_TRAINING_JOBS),
    ):
        jobs = inner(hpo, "hpoResourceConfig").get(key)
        if jobs is not None and not (jobs.isascii() and jobs.isdecimal() and 1 <= int(jobs[:9]) <= most):
            yield Problem(f"{place}.hpoResourceConfig.{key}", f'{shown(jobs)} must be from "1" to "{most}".')
    if "algorithmHyperParameterRanges" in hpo:
        ranges = inner(hpo, "algorithmHyperParameterRanges")
        yield from _ranges(ranges, f"{place}.algorithmHyperParameterRanges", recipes)


def _ranges(ranges: Mapping[str, Any], place: str, recipes: list[Recipe]) -> Iterator[Problem]:
    for key, kind in _RANGES.items():
        if key not in ranges:
            yield Problem(
                f"{place}.{key}", "missing: Personalize wants all three lists.", "Add it, empty: []"
            )
        for inner_place, one in entries(ranges, key, place):
            for recipe in recipes:
                yield from _range(one, kind, recipe, inner_place)


def _range(one: Mapping[str, Any], kind: str, recipe: Recipe, place: str) -> Iterator[Problem]:
    name = one.get("name")
    if name is None:
        yield Problem(f"{place}.name", "missing.", "Name the hyperparameter.")
        return
    tunable = [parameter for parameter in recipe.hyperparameters if parameter.tunable]
    found = next((parameter for parameter in tunable if parameter.name == name), None)
    if found is None:
        meant = closest(name, [parameter.name for parameter in tunable])
        names = ", ".join(parameter.name for parameter in tunable) or "none"
        advice = f"Did you mean '{meant}'?" if meant else f"It has {names}."
        yield Problem(f"{place}.name", f"{recipe.name} has no tunable hyperparameter {shown(name)}.", advice)
        return
    if found.type != kind:
        list_name = next(key for key, type_ in _RANGES.items() if type_ == found.type)
        yield Problem(f"{place}.name", f"{name} is {found.type}.", f"Move it into {list_name}.")
        return
    bounds = {key: one[key] for key in ("minValue", "maxValue") if key in one}
    for key, value in bounds.items():
        if allowed := found.problem(f"{value:.15g}"):
            yield Problem(f"{place}.{key}", f"{shown(value)} must be {allowed}.")
    if len(bounds) == 2 and bounds["minValue"] > bounds["maxValue"]:
        yield Problem(
            f"{place}.minValue", f"{shown(bounds['minValue'])} is more than maxValue.", "Swap them."
        )
    for index, value in enumerate(one.get("values", [])):
        if value is not None and (allowed := found.problem(value)):
            yield Problem(f"{place}.values[{index}]", f"{shown(value)} must be {allowed}.")


def _threshold(
    config: Mapping[str, Any], solution: Mapping[str, Any], place: str, data: Data
) -> Iterator[Problem]:
    threshold = config.get("eventValueThreshold")
    if threshold is None:
        return
    place = f"{place}.eventValueThreshold"
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", threshold, re.ASCII):
        yield Problem(place, f"{shown(threshold)} must be a number in quotes.", 'For example "0.5".')
    if "eventType" not in solution:
        yield Problem(place, "it needs eventType beside it in the solution.", "Add eventType, or remove it.")
    yield from _needs_field("EVENT_VALUE", place, data)


def _events(
    config: Mapping[str, Any], solution: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data
) -> Iterator[Problem]:
    events = inner(config, "eventsConfig")
    place = f"{place}.eventsConfig"
    if not events:
        return
    if "eventType" in solution:
        yield Problem(
            place, "eventType trains on one type, so there is nothing to weigh.", "Remove one of the two."
        )
    for recipe in recipes:
        if not recipe.events_config:
            message = f"{recipe.name} does not weigh events; the recipes that end in -v2 do."
            yield Problem(place, message, "Remove it.")
    yield from _needs_field("EVENT_TYPE", place, data)
    seen = set()
    for inner_place, one in entries(events, "eventParametersList", place):
        event_type = one.get("eventType")
        if event_type is None:
            yield Problem(f"{inner_place}.eventType", "missing.", "Name the event type.")
        elif event_type.casefold() in seen:
            yield Problem(f"{inner_place}.eventType", f"{shown(event_type)} is there already.", "Remove one.")
        else:
            seen.add(event_type.casefold())
        if "eventValueThreshold" in one:
            yield from _needs_field("EVENT_VALUE", f"{inner_place}.eventValueThreshold", data)


def _needs_field(name: str, place: str, data: Data) -> Iterator[Problem]:
    interactions = data.schemas.get(DatasetType.INTERACTIONS)
    if interactions and not interactions.field(name):
        yield Problem(
            place, f"it needs the field {name} in the Interactions schema.", f"Add {name}, or remove it."
        )


def _objective(config: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data) -> Iterator[Problem]:
    objective = inner(config, "optimizationObjective")
    place = f"{place}.optimizationObjective"
    if not objective:
        return
    for recipe in recipes:
        if not recipe.optimization_objective:
            message = f"{recipe.name} cannot optimize for an objective."
            yield Problem(place, message, "aws-user-personalization and aws-personalized-ranking can.")
    items = data.schemas.get(DatasetType.ITEMS)
    attribute = objective.get("itemAttribute")
    if attribute is None or not data.known(DatasetType.ITEMS):
        return
    place = f"{place}.itemAttribute"
    field = items.field(attribute) if items else None
    if items is None:
        yield Problem(
            place, "it names a field of the Items dataset, and there is none.", "Add datasets.Items."
        )
    elif field is None:
        yield Problem(place, *_no_field(attribute, "Items", [known.name for known in items.fields]))
    elif not field.numeric or field.nullable:
        yield Problem(place, f"{attribute} must be a number and not null.", "Name another field of Items.")


def columns(config: Mapping[str, Any], place: str, data: Data) -> Iterator[Problem]:
    """Check trainingDataConfig, of a solution or of a recommender."""
    if "excludedDatasetColumns" in config and "includedDatasetColumns" in config:
        yield Problem(place, "columns are either excluded or included.", "Remove one of the two.")
    for key in ("excludedDatasetColumns", "includedDatasetColumns"):
        for word, named in inner(config, key).items():
            inner_place = f"{place}.{key}.{word}"
            try:
                kind = DatasetType.parse(word)
            except ValueError as error:
                yield Problem(inner_place, str(error), "It is Interactions, Items or Users.")
                continue
            if kind not in data.present:
                yield Problem(inner_place, f"there is no {kind.word} dataset.", "Remove it.")
            schema = data.schemas.get(kind)
            fixed = {rule.name for rule in required_fields(kind, data.domain)} | {"EVENT_TYPE"}
            for index, column in enumerate(named):
                if column is None or schema is None:
                    continue
                if not schema.field(column):
                    names = [field.name for field in schema.fields]
                    yield Problem(f"{inner_place}[{index}]", *_no_field(column, kind.word, names))
                elif key.startswith("excluded") and column in fixed:
                    yield Problem(
                        f"{inner_place}[{index}]", f"{column} is always used.", "It cannot be excluded."
                    )


def _schedule(config: Mapping[str, Any], made: Mapping[str, Any], place: str) -> Iterator[Problem]:
    expression = config.get("schedulingExpression")
    if expression is None:
        return
    place = f"{place}.schedulingExpression"
    low, high = quotas.AUTO_TRAINING_DAYS
    found = _RATE.fullmatch(expression)
    if found and not low <= int(found[1]) <= high:
        yield Problem(place, f"{shown(expression)}: from {low} to {high} days.")
    if made.get("performAutoTraining") is not True:
        message = "automatic training is off, as nothing else was asked for."
        yield Problem(
            place, message, "Set performAutoTraining: true (it is billed), or remove autoTrainingConfig."
        )


def _no_field(name: str, word: str, known: list[str]) -> tuple[str, str]:
    meant = closest(name, known)
    return (
        f"the {word} schema has no field {name}.",
        f"Did you mean '{meant}'?" if meant else f"It has {', '.join(known)}.",
    )
