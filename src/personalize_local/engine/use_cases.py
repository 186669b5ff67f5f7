"""Use cases of recommenders: recipes that are about events of one type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_rules.recipes import find_recipe

if TYPE_CHECKING:
    from personalize_local.engine.training_job import TrainingJob


def of_use_case(job: TrainingJob) -> TrainingJob:
    """Return the job, limited to the events that its use case is about unless the job says itself which.

    "Customers who viewed X also viewed" is about `View`, whatever else the customers did; other recipes and
    use cases are about all events.
    """
    recipe = find_recipe(job.recipe)
    if recipe is None or recipe.event_type is None or job.event_type is not None or job.event_weights:
        return job
    return replace(job, event_type=recipe.event_type)
