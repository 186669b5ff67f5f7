"""`itemExplorationConfig`, of campaigns, recommenders and batch jobs: what may be in it, what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.engine.answers import Exploration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_rules.recipes import Recipe


def exploration_problems(recipe: Recipe, config: Mapping[str, str] | None) -> Iterator[str]:
    """Everything that is wrong with it."""
    if not config:
        return
    if not recipe.exploration:
        yield f"itemExplorationConfig is not supported by recipe {recipe.name}"
        return
    known = {p.name: p for p in recipe.hyperparameters if p.place == "campaign"}
    for name, value in config.items():
        if name not in known:
            yield f"itemExplorationConfig.{name}: unknown. There are {', '.join(known)}"
        elif allowed := known[name].problem(value):
            yield f"itemExplorationConfig.{name}: '{value}' must be {allowed}"


def read_exploration(recipe: Recipe, config: Mapping[str, str] | None) -> Exploration | None:
    """Read one that was checked, with the recipe's defaults; None if the recipe takes none."""
    if not recipe.exploration:
        return None
    values = {p.name: p.default for p in recipe.hyperparameters if p.place == "campaign"} | dict(config or {})
    return Exploration(float(values["explorationWeight"]), float(values["explorationItemAgeCutOff"]))
