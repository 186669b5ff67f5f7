"""What `solutionConfig.hpoConfig` may say, given the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from personalize_rules.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_local.service.settings import Quotas
    from personalize_rules.recipes import Hyperparameter, Recipe

_KINDS: Final = ("integer", "continuous", "categorical")
_PLACE: Final = "hpoConfig.algorithmHyperParameterRanges"


def hpo_problems(
    recipe: Recipe, hpo: Mapping[str, Any] | None, quotas: Quotas, *, perform_hpo: bool
) -> Iterator[str]:
    """Everything that is wrong with it."""
    if not hpo:
        return
    if not perform_hpo:
        yield "solutionConfig.hpoConfig needs performHPO"
    if "hpoObjective" in hpo:
        yield "solutionConfig.hpoConfig.hpoObjective is not supported"
    resources = hpo.get("hpoResourceConfig", {})
    for member, most in (
        ("maxNumberOfTrainingJobs", quotas.hpo_training_jobs),
        ("maxParallelTrainingJobs", quotas.hpo_parallel_training_jobs),
    ):
        value = resources.get(member)
        if value is not None and not (value.isdecimal() and value.isascii() and 1 <= int(value) <= most):
            yield f"hpoResourceConfig.{member}: '{value}' must be a whole number from 1 to {most}"
    if "algorithmHyperParameterRanges" in hpo:
        yield from _ranges_problems(recipe, hpo["algorithmHyperParameterRanges"])


def unknown_parameter(name: str, recipe: Recipe, known: Mapping[str, Hyperparameter]) -> str:
    """What to say of a parameter that is none of the known ones."""
    if not known:
        return f"recipe {recipe.name} has none that can be set here"
    hint = did_you_mean(name, known) or f" It has {', '.join(known)}"
    return f"not a parameter of recipe {recipe.name}.{hint}"


def _ranges_problems(recipe: Recipe, ranges: Mapping[str, Any]) -> Iterator[str]:
    tunable = {p.name: p for p in recipe.hyperparameters if p.tunable}
    seen: set[str] = set()
    for kind in _KINDS:
        member = f"{kind}HyperParameterRanges"
        if member not in ranges:
            yield f"{_PLACE}.{member}: missing. All three lists must be given, be it empty"
        for entry in ranges.get(member, []):
            name = entry.get("name", "")
            if name in seen:
                yield f"{_PLACE}.{member}: '{name}' has more than one range"
            seen.add(name)
            yield from _range_problems(recipe, tunable, kind, entry)


def _range_problems(
    recipe: Recipe, tunable: Mapping[str, Hyperparameter], kind: str, entry: Mapping[str, Any]
) -> Iterator[str]:
    name = entry.get("name", "")
    place = f"algorithmHyperParameterRanges.{kind}HyperParameterRanges '{name}'"
    parameter = tunable.get(name)
    if parameter is None:
        yield f"{place}: {unknown_parameter(name, recipe, tunable)}"
        return
    if parameter.type != kind:
        yield f"{place}: {name} is {parameter.type}"
        return
    if kind == "categorical":
        values = [str(value) for value in entry.get("values", [])]
        if not values:
            yield f"{place}: values: give at least one, {parameter.allowed}"
    else:
        missing = [end for end in ("minValue", "maxValue") if end not in entry]
        yield from (f"{place}: {end} is missing" for end in missing)
        values = [str(entry[end]) for end in ("minValue", "maxValue") if end in entry]
        if not missing and entry["minValue"] > entry["maxValue"]:
            yield f"{place}: minValue is greater than maxValue"
    yield from (f"{place}: {value} must be {bad}" for value in values if (bad := parameter.problem(value)))
