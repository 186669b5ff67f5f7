"""New items for deployed models without a new training, as Amazon does every two hours.

Which: user-personalization (v1, v2), next-best-action, trending-now, the use cases "top picks", "recommended
for you" and "trending now", and semantic-similarity with `performIncrementalUpdate`. Of a solution only its
latest version in a campaign, if it was trained with FULL (Developer Guide, "Automatic updates").

Nothing is written down about a refresh that is due: what a model has seen (`data_marks`) is, and is compared
with the data after a start.
"""

from __future__ import annotations

import itertools
import logging
import threading
from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.data_marks import data_marks, has_new
from personalize_local.service.datasets import dataset_arguments
from personalize_local.service.kinds import Status
from personalize_local.service.model_files import model_folder, models_folder, serving_folder
from personalize_local.service.workers import Job, Outcome
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from personalize_local.service.deployments import Deployments
    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record
    from personalize_rules.recipes import Recipe

logger = logging.getLogger(__name__)

_SEEN = (DatasetType.ITEMS, DatasetType.INTERACTIONS, DatasetType.ACTIONS, DatasetType.ACTION_INTERACTIONS)


class Refreshes:
    """Has deployed models refreshed some time after their data has changed, for all changes of that time."""

    def __init__(self, context: Context, deployments: Deployments) -> None:
        self._context = context
        self._deployments = deployments
        self._lock = threading.Lock()
        self._coming: dict[str, float] = {}  # by dataset group: when it is due
        self._running: set[str] = set()  # versions
        self._orders = itertools.count(1)
        self._known: tuple[int, dict[str, list[Record]]] = (-1, {})  # of a generation of the store
        deployments.on_change(self.note)

    def resume(self) -> None:
        """After a start: look at every group that answers requests."""
        for group in {version.group for version in self._deployments.deployed()}:
            self.note(group)

    def note(self, group_arn: str) -> None:
        """Data of a dataset group has changed."""
        self._note(group_arn, self._context.settings.incremental_update_seconds)

    def note_events(self, group_arn: str, items: Iterable[str | None]) -> None:
        """Events have come, about these items: items that a model does not know yet count like new data."""
        versions = self._refreshed(group_arn)
        if not versions:
            return
        settings = self._context.settings
        for version in versions:
            deployment = self._deployments.loaded(version.arn)
            if deployment is None:
                continue
            ids = deployment.model.item_ids
            if any(item is not None and ids.position(item) is None for item in items):
                self._note(group_arn, settings.incremental_update_seconds)
            elif _recipe(version).follows_events:
                self._note(group_arn, max(settings.incremental_update_seconds, settings.trend_update_seconds))

    def _note(self, group_arn: str, seconds: float) -> None:
        due = self._context.clock.now() + seconds
        with self._lock:
            if self._coming.get(group_arn, due + 1) <= due:
                return
            self._coming[group_arn] = due
        self._context.lifecycle.at(due, lambda: self._refresh(group_arn, due))

    def _refresh(self, group_arn: str, due: float) -> None:
        with self._lock:
            if self._coming.get(group_arn) != due:
                return  # it was done at an earlier time
            del self._coming[group_arn]
        marks = data_marks(self._context.store, group_arn)
        for version in self._refreshed(group_arn):
            seen = version.private.get("refreshed") or version.private.get("data", {})
            if has_new(seen, marks, _SEEN):
                self._submit(version, marks)

    def _refreshed(self, group_arn: str) -> list[Record]:
        """The versions of a group that are kept up to date."""
        generation = self._context.store.generation
        if self._known[0] != generation:
            self._known = (generation, {})
        known = self._known[1]
        if group_arn not in known:
            known[group_arn] = [
                version for version in self._deployments.deployed(group_arn) if self._follows(version)
            ]
        return known[group_arn]

    def _follows(self, version: Record) -> bool:
        recipe = _recipe(version)
        if version.kind != kinds.SOLUTION_VERSION:
            return recipe.auto_update
        store = self._context.store
        solution = store.get(version.parent)
        active = store.find(kinds.SOLUTION_VERSION, parent=version.parent, statuses=[Status.ACTIVE])
        if solution is None or not active:  # deleted since it was deployed
            return False
        if active[-1].arn != version.arn or version.body["trainingMode"] != "FULL":
            return False
        asked = bool(solution.body.get("performIncrementalUpdate"))
        return recipe.auto_update or (recipe.incremental_update and asked)

    def _submit(self, version: Record, marks: dict[str, list[int]]) -> None:
        context = self._context
        with self._lock:
            busy = version.arn in self._running
            self._running.add(version.arn)
        if busy:
            self.note(version.group)  # once more, when the one that runs may be over
            return
        order = self._deployments.next_order()
        folder = models_folder(context) / f"{version.number}-refreshed-{order}-{int(context.clock.now())}"
        arguments: dict[str, Any] = {
            "recipe": _recipe(version).name,
            "model": str(model_folder(context, version)),
            "serving": str(serving_folder(context)),
            "datasets": dataset_arguments(context, version.group),
            "event_type": version.body.get("eventType") or _recipe(version).event_type,
            "config": version.body.get("solutionConfig", {}),
            "output": str(folder),
        }

        def done(outcome: Outcome) -> None:
            with self._lock:
                self._running.discard(version.arn)
            if outcome.result is None:
                logger.error("%s keeps its old items: %s", version.arn, outcome.reason)
                return
            try:
                self._deployments.replace(version.arn, order, {**outcome.result, "refreshed": marks})
            except Exception:  # the next change of data gives another chance
                logger.exception("What was refreshed for %s cannot be used", version.arn)

        key = f"refresh/{version.arn}/{order}"
        context.workers.submit(Job(key, version.group, "refresh_model", arguments, done))


def _recipe(version: Record) -> Recipe:
    recipe = find_recipe(version.body["recipeArn"])
    assert recipe  # checked when it was created
    return recipe
