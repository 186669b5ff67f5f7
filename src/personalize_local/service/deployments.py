"""Models in memory: what answers requests, with the metadata and histories that filters need.

A model's files are those of its training. What filters see (metadata of items, properties of users, bulk
histories) is the datasets as they are today; a worker prepares it after training and after every import, in
folders whose names say what they were made from, and it is swapped in when it is ready.
"""

from __future__ import annotations

import itertools
import logging
import shutil
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.datasets import dataset_arguments, find_dataset
from personalize_local.service.deployment import Deployment, keep_time, open_deployment
from personalize_local.service.errors import (
    InternalServerException,
    ResourceNotFoundException,
    ServiceError,
)
from personalize_local.service.kinds import Status
from personalize_local.service.model_files import model_folder, models_folder, serving_folder, trained
from personalize_local.service.prepared_files import PreparedFiles
from personalize_local.service.workers import Job, Outcome
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record

logger = logging.getLogger(__name__)


class Deployments:
    """The deployed versions: loaded when first asked for, evicted under a limit, renewed with the data."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Held for an instant only, and never while the store or a file is read: every request takes it.
        self._lock = threading.Lock()
        self._files = PreparedFiles(context)
        self._reading = threading.Lock()  # models are read one after the other
        self._loaded: OrderedDict[str, Deployment] = OrderedDict()
        self._dropped: Counter[str] = Counter()  # by version: how often what is in memory became old
        self._orders = itertools.count(1)
        self._latest: dict[str, int] = {}  # by version: the preparation that was asked for last
        self._outdated: dict[str, int] = {}  # by version: when its data changed last, in the same count
        self._listeners: list[Callable[[str], None]] = []
        self._renewals_lock = threading.Lock()
        self._renewing: dict[str, bool] = {}  # by version that is being renewed: whether once more after it

    @staticmethod
    def warm() -> None:
        """Import in the background what the first deployment needs."""
        threading.Thread(target=_import_engine, name="warm", daemon=True).start()

    def loaded(self, version_arn: str) -> Deployment | None:
        """The version, if it is in memory."""
        return self._loaded.get(version_arn)

    def get(self, version_arn: str) -> Deployment:
        """The version, which must have been prepared; from disk if it is not in memory.

        Raises:
            ResourceNotFoundException: it was deleted.
            InternalServerException: its files are damaged.
        """
        found = self._in_memory(version_arn)
        while found is None:
            with self._reading:
                found = self._in_memory(version_arn) or self._read(version_arn)
        return found

    def _in_memory(self, version_arn: str) -> Deployment | None:
        with self._lock:
            found = self._loaded.get(version_arn)
            if found is not None:
                self._loaded.move_to_end(version_arn)
            return found

    def _read(self, version_arn: str) -> Deployment | None:
        """The version from disk; None if it was replaced meanwhile."""
        before = self._dropped[version_arn]
        version = self._context.store.get(version_arn)
        if version is None:
            raise ResourceNotFoundException.of(version_arn)
        try:
            found = self._load(version)
        except (OSError, ValueError, LookupError) as error:
            if self._dropped[version_arn] != before:
                return None
            logger.exception("Loading %s failed", version_arn)
            raise InternalServerException(
                f"The model of {version_arn} cannot be read: {type(error).__name__}: {error}. "
                "Create another solution version."
            ) from error
        with self._lock:
            if self._dropped[version_arn] != before:
                return None
            self._loaded[version_arn] = found
            self._evict(version_arn)
        return found

    def forget(self, version_arn: str) -> None:
        """Give back the memory of a version that nobody asks any more.

        Whoever is reading it will read it again. Waits for nobody, so it may be called in a transaction.
        """
        with self._lock:
            self._dropped[version_arn] += 1
            self._loaded.pop(version_arn, None)

    def _renew_in_memory(self, version_arn: str) -> None:
        """Read a version again, if it is in memory. Until that is done, the old one answers."""
        with self._lock:
            self._dropped[version_arn] += 1
            if version_arn not in self._loaded:
                return
        with self._reading:
            self._read(version_arn)

    def deploy(self, version: Record, done: Callable[[str | None], None]) -> None:
        """Load a version, prepared anew if its data is not of today; `done` gets a reason on failure."""

        def load(reason: str | None) -> None:
            if reason is None:
                try:
                    self.get(version.arn)
                except ServiceError as error:
                    reason = error.message
                except Exception as error:
                    logger.exception("Loading %s failed", version.arn)
                    reason = f"Internal error: {type(error).__name__}: {error}"
            done(reason)

        if version.private.get("stale") or not self._files.complete(version):
            self.prepare(version, load)
        else:
            threading.Thread(target=load, args=(None,), name="deploy", daemon=True).start()

    def prepare(self, version: Record, done: Callable[[str | None], None]) -> None:
        """Have a worker prepare what filters need, from today's datasets; `done` gets a reason on failure."""
        order = self._latest[version.arn] = next(self._orders)
        arguments = {
            "model": str(model_folder(self._context, version)),
            "target": str(serving_folder(self._context)),
            "datasets": dataset_arguments(self._context, version.group),
        }

        def end(outcome: Outcome) -> None:
            reason = outcome.reason
            if outcome.result is not None:
                try:
                    self._keep(version.arn, order, outcome.result)
                except Exception as error:  # whoever waits for this must hear of its end
                    logger.exception("What was prepared for %s cannot be used", version.arn)
                    reason = f"Internal error: {type(error).__name__}: {error}"
            done(reason)

        key = f"prepare/{version.arn}/{order}"
        job = Job(key, version.group, "prepare_serving", arguments, end, urgent=True)
        self._context.workers.submit(job)

    def data_changed(self, group_arn: str) -> None:
        """Let the campaigns of a group see new data. Until that is done, they see the old.

        Called in the transaction that makes the data official, so that a restart finishes it.
        """
        self.outdate(group_arn)
        for version in self.deployed(group_arn):
            self._renew(version)

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call back with the ARN of a dataset group whose data has changed."""
        self._listeners.append(listener)

    def next_order(self) -> int:
        """A number for work on a model that is about to begin: what changes afterwards has a higher one."""
        return next(self._orders)

    def replace(self, version_arn: str, order: int, fields: dict[str, Any]) -> None:
        """Serve from another model and what was prepared for it: `model` and `serving` among the `fields`.

        The files of the model before stay until the next one comes: somebody may be reading them.

        Raises:
            InternalServerException: the new model's files are damaged.
        """
        context = self._context
        with context.store.transaction():
            version = context.store.get(version_arn)
            if version is None:
                return
            if "model" in fields:
                self._latest[version_arn] = next(self._orders)  # what is being prepared is for the old one
                former = version.private.get("formerModel")
                if former:
                    shutil.rmtree(models_folder(context) / former, ignore_errors=True)
                outdated = self._outdated.get(version_arn, 0) > order
                fields = {**fields, "formerModel": version.private["model"], "stale": outdated}
            before = version.private.get("serving", {})
            version.private |= fields
            context.store.save(version)
        self._renew_in_memory(version_arn)
        self._files.replaced(before)
        if version.private.get("stale"):
            self._renew(version)

    def outdate(self, group_arn: str) -> None:
        """Remember that the models of a group need new data; `data_changed` will be called soon."""
        for listener in self._listeners:
            listener(group_arn)
        for version in trained(self._context.store, group_arn):
            self._outdated[version.arn] = next(self._orders)
            if not version.private.get("stale"):
                version.private["stale"] = True
                self._context.store.save(version)

    def resume(self) -> None:
        """After a start: prepare what was not finished or has got lost, remove what nothing refers to."""
        self._files.clean()
        for version in self.deployed():
            if version.private.get("stale") or not self._files.complete(version):
                self._renew(version)

    def _renew(self, version: Record) -> None:
        """Prepare a version, one time after the other: changes may come faster than that goes."""
        with self._renewals_lock:
            if version.arn in self._renewing:
                self._renewing[version.arn] = True
                return
            self._renewing[version.arn] = False

        def done(reason: str | None) -> None:
            found = self._context.store.get(version.arn)  # gone with its solution: nothing to complain of
            if reason and found:
                logger.error("%s keeps its old data for filters: %s", version.arn, reason)
            with self._renewals_lock:
                again = self._renewing.pop(version.arn)
            if again and found:
                self._renew(found)

        self.prepare(version, done)

    def _keep(self, version_arn: str, order: int, serving: dict[str, Any]) -> None:
        store = self._context.store
        with store.transaction():
            version = store.get(version_arn)
            if version is None or order != self._latest[version_arn]:
                return  # deleted, or newer data is on its way
            outdated = self._outdated.get(version_arn, 0) > order
            before = version.private.get("serving", {})
            version.private |= {"serving": serving, "stale": outdated}
            store.save(version)
        if not self._files.complete(version):  # it was found there when its time was up
            self._renew(version)
            return
        self._renew_in_memory(version_arn)
        self._files.replaced(before)

    def deployed(self, group_arn: str | None = None) -> list[Record]:
        """What answers requests, or is about to, in a dataset group or in all."""
        store = self._context.store
        arns = dict.fromkeys(
            arn
            for kind in (kinds.CAMPAIGN, kinds.RECOMMENDER)
            for source in store.find(kind, group=group_arn)
            for arn in (source.private.get("version"), source.private.get("nextVersion"))
            if arn
        )
        found = [store.get(arn) for arn in arns]
        return [version for version in found if version is not None and version.status == Status.ACTIVE]

    def _load(self, version: Record) -> Deployment:
        recipe = find_recipe(version.body["recipeArn"])
        assert recipe  # checked when it was created
        about_actions = recipe.type == "PERSONALIZED_ACTIONS"
        kind = DatasetType.ACTION_INTERACTIONS if about_actions else DatasetType.INTERACTIONS
        interactions = find_dataset(self._context.store, version.group, kind)
        deployment = open_deployment(
            recipe,
            model_folder(self._context, version),
            serving_folder(self._context),
            version.private["serving"],
            dataset=interactions.number if interactions else None,
            last_event=version.private["lastActionEvent" if about_actions else "lastEvent"],
            quotas=self._context.settings.quotas,
        )
        if about_actions:
            keep_time(deployment.model, self._context.clock.now)
        return deployment

    def _evict(self, keep: str) -> None:
        limit = self._context.settings.model_memory_bytes
        total = sum(deployment.size for deployment in self._loaded.values())
        for arn in list(self._loaded):
            if total <= limit:
                return
            if arn != keep:
                total -= self._loaded.pop(arn).size


def _import_engine() -> None:
    import personalize_local.engine.filtering  # noqa: PLC0415
    import personalize_local.engine.recipes  # noqa: PLC0415
    import personalize_local.engine.serving  # noqa: F401, PLC0415
