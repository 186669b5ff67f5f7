"""One object with all operations of the three APIs, put together from one part per resource."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from personalize_local.service.action_events import ActionEvents
from personalize_local.service.auto_training import AutoTraining
from personalize_local.service.batch_inference_jobs import BatchInferenceJobs
from personalize_local.service.batch_segment_jobs import BatchSegmentJobs
from personalize_local.service.campaigns import Campaigns
from personalize_local.service.clock import Clock, SystemClock
from personalize_local.service.data_deletion_jobs import DataDeletionJobs
from personalize_local.service.data_folder import claim
from personalize_local.service.dataset_export_jobs import DatasetExportJobs
from personalize_local.service.dataset_groups import DatasetGroups
from personalize_local.service.dataset_import_jobs import DatasetImportJobs
from personalize_local.service.datasets import Datasets
from personalize_local.service.deployments import Deployments
from personalize_local.service.event_trackers import EventTrackers
from personalize_local.service.events import Events
from personalize_local.service.faults import Faults
from personalize_local.service.filters import Filters
from personalize_local.service.forgotten_users import ForgottenUsers
from personalize_local.service.lifecycle import Lifecycle
from personalize_local.service.live_events import LiveEvents
from personalize_local.service.metric_attributions import MetricAttributions
from personalize_local.service.model_files import clean_models
from personalize_local.service.put_operations import PutOperations
from personalize_local.service.rate_limits import RateLimits
from personalize_local.service.recipes import Recipes
from personalize_local.service.recommenders import Recommenders
from personalize_local.service.record_changes import RecordChanges
from personalize_local.service.refreshes import Refreshes
from personalize_local.service.resource import Context, Resource
from personalize_local.service.runtime import Runtime
from personalize_local.service.schedules import Schedules
from personalize_local.service.schemas import Schemas
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.solution_versions import SolutionVersions
from personalize_local.service.solutions import Solutions
from personalize_local.service.store import STATE, Store
from personalize_local.service.tags import TagOperations
from personalize_local.service.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from personalize_local.service.settings import Settings


class Service:
    """Amazon Personalize on one machine, without the wire.

    Operations are attributes: `service.describe_filter(filterArn=...)`, named as boto3 names them, with the
    arguments of the API, answering plain dicts. What is not supported is not there (AttributeError).
    Thread-safe. Raises `ServiceError`s. Making one can raise `FolderInUse`, `StoreUnreadable`, OSError and
    sqlite3.Error: the data folder is taken, of another version, not writable, damaged.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self._claim = claim(settings.data_dir)
        self.clock = clock or SystemClock()
        self.faults = Faults()
        store, lifecycle = Store(settings.data_dir / STATE), Lifecycle(self.clock)
        self.context = Context(
            settings=settings,
            store=store,
            clock=self.clock,
            lifecycle=lifecycle,
            workers=Workers(settings),
            faults=self.faults,
            rates=RateLimits(settings, self.clock),
            schedules=Schedules(store, self.clock, lifecycle),
        )
        self._live = LiveEvents(
            self.context.store,
            users=settings.live_users_in_memory,
            events_per_user=settings.live_events_per_user,
        )
        self._deployments = Deployments(self.context)
        self._refreshes = Refreshes(self.context, self._deployments)
        forgotten = ForgottenUsers(self.context.store)
        self._runtime = Runtime(self.context, self._deployments, self._live, forgotten)
        changes = RecordChanges(self.context, self._deployments)
        campaigns = Campaigns(self.context, self._deployments)
        # What is trained will be deployed soon.
        versions = SolutionVersions(
            self.context, on_training=self._deployments.warm, on_active=campaigns.follow
        )
        recommenders = Recommenders(self.context, self._deployments)
        parts = [
            Schemas(self.context),
            DatasetGroups(self.context),
            Datasets(self.context),
            DatasetImportJobs(self.context, self._deployments),
            DatasetExportJobs(self.context),
            DataDeletionJobs(self.context, self._deployments, self._live, forgotten),
            EventTrackers(self.context),
            Filters(self.context),
            Solutions(self.context, AutoTraining(self.context, versions)),
            versions,
            campaigns,
            recommenders,
            recommenders.models,
            BatchInferenceJobs(self.context),
            BatchSegmentJobs(self.context),
            MetricAttributions(self.context),
            Recipes(self.context),
            TagOperations(self.context),
            Events(self.context, self._live, self._refreshes.note_events, self._runtime.shown),
            ActionEvents(self.context, self._live),
            PutOperations(self.context, changes),
            self._runtime,
        ]
        self._resources = [part for part in parts if isinstance(part, Resource)]
        self.operations: dict[str, Callable[..., dict[str, Any]]] = {
            name: getattr(part, name)
            for part in parts
            for name in dir(type(part))
            if getattr(getattr(type(part), name), "is_operation", False)
        }

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        """The operation `name`."""
        operations: dict[str, Callable[..., dict[str, Any]]] = self.__dict__.get("operations", {})
        if name not in operations:
            raise AttributeError(f"Personalize Local has no operation {name}")
        return operations[name]

    def answers_at_once(self, name: str, params: dict[str, Any]) -> bool:
        """Whether an operation will be answered from memory, without waiting for anything."""
        return name in _FROM_MEMORY and self._runtime.answers_at_once(params)

    def start(self) -> None:
        """Begin to work, with everything that was moving when the last process ended."""
        shutil.rmtree(self.settings.data_dir / SCRATCH, ignore_errors=True)
        clean_models(self.context)
        self._deployments.resume()
        for resource in self._resources:
            resource.resume()
        self.context.schedules.resume()
        self._refreshes.resume()
        self.context.lifecycle.start()

    def _excuse(self, jobs: Sequence[str]) -> None:
        """Do not count a job as one that this process died under: it ends because it was told to."""
        if not jobs:
            return
        store = self.context.store
        with store.transaction():
            for record in filter(None, map(store.get, jobs)):
                record.private["begun"] = max(0, record.private.get("begun", 0) - 1)
                store.save(record)

    def stop(self) -> None:
        """End all processes and close the store. Work in progress goes on at the next start."""
        self.context.lifecycle.stop()
        self._excuse(self.context.workers.running())
        self.context.workers.stop()
        self._live.close()
        self.context.store.close()
        self._claim.close()


_FROM_MEMORY = frozenset({"get_recommendations", "get_personalized_ranking", "get_action_recommendations"})
