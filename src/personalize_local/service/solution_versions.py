"""Solution versions: trained models, and the numbers that say how good they are."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.data_marks import data_marks
from personalize_local.service.datasets import dataset_arguments, group_schemas
from personalize_local.service.errors import (
    InvalidInputException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from personalize_local.service.kinds import DELETING, MOVING, Status
from personalize_local.service.model_files import discard_model, model_folder, models_folder, serving_folder
from personalize_local.service.resource import Answer, Context, Resource, Tags, moment, operation
from personalize_local.service.solution_rules import training_problems
from personalize_local.service.training_data import require_training_data
from personalize_local.service.workers import Job, Outcome
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.store import Record

_FROM_SOLUTION = (
    "solutionArn",
    "performHPO",
    "performAutoML",
    "performIncrementalUpdate",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
)


class SolutionVersions(Resource):
    """CreateSolutionVersion, Describe, List, StopSolutionVersionCreation, GetSolutionMetrics.

    Versions are deleted with their solution.
    """

    kind = kinds.SOLUTION_VERSION
    member = "solutionVersion"
    listed = "solutionVersions"
    summary: ClassVar = ("solutionVersionArn", "trainingMode", "trainingType")

    def __init__(
        self, context: Context, *, on_training: Callable[[], None], on_active: Callable[[Record], None]
    ) -> None:
        """`on_training` is called when one begins to train, `on_active` when one can be used."""
        super().__init__(context)
        self._on_training = on_training
        self._on_active = on_active

    @operation
    def create_solution_version(
        self,
        *,
        solutionArn: str,
        name: str | None = None,
        trainingMode: str = "FULL",
        tags: Tags | None = None,
    ) -> Answer:
        """Always trains anew. A name is unique among the versions of its solution."""
        with self.store.transaction():
            solution = self.ready(kinds.SOLUTION, solutionArn)
            return self.train(solution, name=name, mode=trainingMode, tags=tags)

    def train(
        self,
        solution: Record,
        *,
        name: str | None = None,
        mode: str = "FULL",
        training_type: str = "MANUAL",
        tags: Tags | None = None,
    ) -> Answer:
        """Make a version of an ACTIVE solution. To be called in a transaction.

        Raises:
            ServiceError: no data, too many trainings, a mode that the recipe does not have.
        """
        if name is not None:
            for other in self.store.find(self.kind, parent=solution.arn, name=name):
                raise ResourceAlreadyExistsException.of(other.arn)
        recipe = find_recipe(solution.body["recipeArn"])
        assert recipe  # checked by CreateSolution
        schemas = group_schemas(self.store, solution.group)
        columns = {str(kind): sorted(f.name for f in schema.fields) for kind, schema in schemas.items()}
        base = self._check_mode(solution, recipe, mode, columns)
        require_training_data(self.store, solution.group, recipe)
        if problems := training_problems(recipe, schemas):
            raise InvalidInputException.of(problems)
        self.refuse_too_many(self.context.settings.quotas.running_solution_versions)
        arn = self.context.arn(kinds.SOLUTION, f"{solution.name}/{secrets.token_hex(4)}")
        body = {
            "name": name,
            "solutionVersionArn": arn,
            **{member: solution.body.get(member) for member in _FROM_SOLUTION},
            "trainingMode": mode,
            "trainingType": training_type,
        }
        private: dict[str, Any] = {"data": data_marks(self.store, solution.group), "columns": columns}
        if base:
            private["base"] = base
        self.add(arn, name or "", body, group=solution.group, parent=solution.arn, tags=tags, private=private)
        return {"solutionVersionArn": arn}

    @operation
    def describe_solution_version(self, *, solutionVersionArn: str) -> Answer:
        """One version."""
        return self.describe(solutionVersionArn)

    @operation
    def list_solution_versions(
        self, *, solutionArn: str | None = None, nextToken: str | None = None, maxResults: int | None = None
    ) -> Answer:
        """Versions of a solution, or of the account."""
        if solutionArn is not None:
            self.fetch(kinds.SOLUTION, solutionArn)
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=solutionArn)

    @operation
    def stop_solution_version_creation(self, *, solutionVersionArn: str) -> Answer:
        """A version that waits is stopped at once, one that trains in a moment. It cannot be resumed."""
        with self.store.transaction():
            record = self.get(solutionVersionArn)
            if record.status == Status.PENDING:
                self.set_status(record, Status.STOPPED)
            elif record.status == Status.IN_PROGRESS:
                self.set_status(record, Status.STOPPING)
                self.schedule(record)
            else:
                raise ResourceInUseException(
                    f"Resource {solutionVersionArn} cannot be stopped: it is in status {record.status}."
                )
        return {}

    @operation
    def get_solution_metrics(self, *, solutionVersionArn: str) -> Answer:
        """The metrics of a version that is ACTIVE."""
        record = self.ready(self.kind, solutionVersionArn)
        return {"solutionVersionArn": solutionVersionArn, "metrics": record.private["metrics"]}

    def schedule(self, record: Record) -> None:
        """Also the way to CREATE STOPPED."""
        super().schedule(record)
        if record.status == Status.STOPPING:
            self.soon(self._stop, record.arn)

    def work(self, record: Record) -> None:
        """Hand it to a worker."""
        if not self.attempt(record):
            return

        def done(outcome: Outcome) -> None:
            self.soon(self._ended, record.arn, outcome)

        job = Job(record.arn, record.group, "train_version", self._arguments(record), done, begins=self.begun)
        self.context.workers.submit(job)
        self._on_training()

    def activated(self, record: Record) -> None:
        """Campaigns may follow."""
        record.body["trainingHours"] = record.private["hours"]
        if tuned := record.private.get("tuned"):
            record.body["tunedHPOParams"] = {"algorithmHyperParameters": tuned}
        self.store.save(record)
        self._on_active(record)

    def _stop(self, arn: str) -> None:
        # When the process is killed here, nobody waits for the end of the job: its outcome finds STOPPED.
        self.context.workers.cancel(arn)
        with self.store.transaction():
            record = self._in(arn, Status.STOPPING)
            if record:
                self.set_status(record, Status.STOPPED)
                discard_model(self.context, record)

    def _ended(self, arn: str, outcome: Outcome) -> None:
        if outcome.result is not None:
            with self.store.transaction():
                record = self._in(arn, Status.IN_PROGRESS)
                if record:
                    record.private.update(outcome.result)
                    self.store.save(record)
        self.finish(arn, outcome.reason)

    def _check_mode(
        self, solution: Record, recipe: Recipe, mode: str, columns: dict[str, list[str]]
    ) -> str | None:
        """The version that an UPDATE starts from."""
        if mode == "FULL":
            return None
        if mode != "UPDATE":
            raise InvalidInputException(
                f"trainingMode: {mode} is for the service itself. Use FULL, or UPDATE if the recipe has it."
            )
        if not recipe.update_training:
            raise InvalidInputException(f"trainingMode: UPDATE is not supported by recipe {recipe.name}.")
        for version in reversed(self.store.find(self.kind, parent=solution.arn, statuses=[Status.ACTIVE])):
            if version.body["trainingMode"] != "FULL":
                continue
            if version.private["columns"] != columns:
                raise InvalidInputException(
                    f"trainingMode: UPDATE needs the datasets and columns of {version.arn}, which changed "
                    "since. Train with FULL."
                )
            return version.arn
        raise InvalidInputException(
            "trainingMode: UPDATE needs an ACTIVE solution version that was trained with FULL."
        )

    def _arguments(self, record: Record) -> dict[str, Any]:
        recipe = find_recipe(record.body["recipeArn"])
        assert recipe
        base = self.store.get(record.private["base"]) if "base" in record.private else None
        # Every attempt writes to a folder of its own: one that a dead server left behind is never mistaken.
        return {
            "recipe": recipe.name,
            "serving": str(serving_folder(self.context)),
            "datasets": dataset_arguments(self.context, record.group),
            "event_type": record.body.get("eventType"),
            "config": record.body.get("solutionConfig", {}),
            "perform_hpo": record.body["performHPO"],
            "update_of": str(model_folder(self.context, base)) if base else None,
            "output": str(models_folder(self.context) / f"{record.number}-{record.private['attempts']}"),
        }


def version_summary(record: Record) -> Answer:
    """A version as a summary shows it."""
    summary: Answer = {
        **{key: record.body[key] for key in SolutionVersions.summary},
        "status": record.status,
        "creationDateTime": moment(record.created),
        "lastUpdatedDateTime": moment(record.updated),
    }
    if record.failure_reason is not None:
        summary["failureReason"] = record.failure_reason
    return summary


def find_version(resource: Resource, arn: str) -> Record:
    """The version that may be deployed.

    Raises:
        ResourceNotFoundException: no such version; the ARN of a solution is none.
        ResourceInUseException: it is not finished, or goes with its solution.
        InvalidInputException: it never will be.
    """
    record = resource.store.get(arn)
    if record is None or record.kind != kinds.SOLUTION_VERSION:
        raise ResourceNotFoundException.of(arn)
    if record.status in MOVING:
        resource.require_active(record)
    if record.status != Status.ACTIVE:
        raise InvalidInputException(f"Solution version {arn} cannot be used: its status is {record.status}.")
    solution = resource.fetch(kinds.SOLUTION, record.parent)
    if solution.status in DELETING:
        raise ResourceInUseException(f"Solution version {arn} cannot be used: its solution is being deleted.")
    return record
