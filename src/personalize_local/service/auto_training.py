"""Automatic training: new versions of a solution, every few days, when there are new data.

Source: Developer Guide, "Automatic training". The first begins within an hour after the solution has become
ACTIVE, unless somebody trains in that hour; the next ones every N days counted from the start of the last
training, and only if new interactions (actions: action interactions) have come since. What the guide leaves
open is a setting (`manual_training_restarts_schedule`) or decided here: without new data, or after a training
that failed, the next chance is N days later; while a training cannot begin, it is tried again every hour.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service import kinds
from personalize_local.service.data_marks import data_marks, has_new
from personalize_local.service.errors import ServiceError
from personalize_local.service.kinds import CREATING, Status
from personalize_local.service.solution_rules import DEFAULT_SCHEDULE, days_of
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.resource import Context
    from personalize_local.service.solution_versions import SolutionVersions
    from personalize_local.service.store import Record
    from personalize_rules.recipes import Recipe

logger = logging.getLogger(__name__)

WHAT: Final = "automatic training"
RETRY_SECONDS: Final = 3600.0
_DAY: Final = 86_400.0


class AutoTraining:
    """When solutions train by themselves."""

    def __init__(self, context: Context, versions: SolutionVersions) -> None:
        self._context = context
        self._versions = versions
        context.schedules.on(WHAT, self._due)

    def begin(self, solution: Record) -> None:
        """The solution has become ACTIVE, or its automatic training was switched on."""
        if solution.body["performAutoTraining"]:
            seconds = self._context.settings.first_auto_training_seconds
            self._context.schedules.set(solution.arn, WHAT, self._context.clock.now() + seconds)

    def changed(self, solution: Record, before: dict[str, Any]) -> None:
        """An update is in force; `before` is the body until then. A new frequency starts anew."""
        if not solution.body["performAutoTraining"]:
            self._context.schedules.cancel(solution.arn, WHAT)
        elif not before["performAutoTraining"]:
            self.begin(solution)
        elif _period(solution.body) != _period(before):
            due = self._context.clock.now() + _period(solution.body)
            self._context.schedules.set(solution.arn, WHAT, due)

    def _due(self, arn: str) -> None:
        solution = self._context.store.get(arn)
        if solution and solution.status == Status.ACTIVE and solution.body["performAutoTraining"]:
            self._context.schedules.set(arn, WHAT, self._train(solution))

    def _train(self, solution: Record) -> float:
        """Train if it is time and there is reason to. Returns when to look again."""
        now, period = self._context.clock.now(), _period(solution.body)
        versions = self._context.store.find(kinds.SOLUTION_VERSION, parent=solution.arn)
        counted = [version for version in versions if self._counts(version)]
        if counted and counted[-1].created + period > now:
            return counted[-1].created + period
        if any(version.status in CREATING for version in versions):
            return now + RETRY_SECONDS
        trained = [version for version in versions if version.status == Status.ACTIVE]
        if trained and not self._has_new_data(solution, trained[-1]):
            return now + period
        try:
            self._versions.train(solution, training_type="AUTOMATIC")
        except ServiceError as error:
            logger.info("No automatic training of %s yet: %s", solution.arn, error.message)
            return now + RETRY_SECONDS
        return now + period

    def _counts(self, version: Record) -> bool:
        """Whether the days are counted from this training."""
        if version.body["trainingMode"] != "FULL" or version.status in (Status.STOPPED, Status.STOPPING):
            return False
        manual = version.body["trainingType"] == "MANUAL"
        return not manual or self._context.settings.manual_training_restarts_schedule

    def _has_new_data(self, solution: Record, last: Record) -> bool:
        recipe = find_recipe(solution.body["recipeArn"])
        assert recipe  # checked by CreateSolution
        now = data_marks(self._context.store, solution.group)
        return has_new(last.private["data"], now, _awaited(recipe))


def _awaited(recipe: Recipe) -> tuple[DatasetType, ...]:
    """The datasets whose new data is a reason to train."""
    if recipe.type == "PERSONALIZED_ACTIONS":
        return (DatasetType.ACTION_INTERACTIONS,)
    if DatasetType.INTERACTIONS not in recipe.required_datasets:
        return recipe.required_datasets
    return (DatasetType.INTERACTIONS,)


def _period(body: dict[str, Any]) -> float:
    """Seconds between two trainings."""
    schedule = body.get("solutionConfig", {}).get("autoTrainingConfig", {})
    expression = schedule.get("schedulingExpression", DEFAULT_SCHEDULE)
    days = days_of(expression)
    assert days  # checked when it was given
    return days * _DAY
