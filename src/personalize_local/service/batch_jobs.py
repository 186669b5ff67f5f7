"""What both kinds of batch jobs share: where they read and write, whom they ask, their walk and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from personalize_local.service import kinds
from personalize_local.service.datasets import dataset_arguments
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.kinds import Status
from personalize_local.service.locations import is_location, output_problems
from personalize_local.service.model_files import model_folder, serving_folder
from personalize_local.service.resource import Answer, Resource
from personalize_local.service.solution_versions import find_version
from personalize_local.service.workers import Job, Outcome
from personalize_rules.filters import FilterExpression, parse_filter
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from personalize_local.service.store import Record

_WITHOUT_CREATE: Final = {Status.PENDING: "PENDING", Status.IN_PROGRESS: "IN PROGRESS"}


class BatchJobs(Resource):
    """Jobs of a solution version that read lines from S3 and write answers to S3.

    There is no delete and no stop; names are used up for ever.
    """

    task: ClassVar[str]  # of `service.tasks`
    target: ClassVar[str]  # of the filters that can be used

    # -- checking what a Create asks for

    def version_of(self, arn: str) -> tuple[Record, Recipe]:
        """The solution version to ask, and its recipe.

        Raises:
            ResourceNotFoundException, ResourceInUseException, InvalidInputException: see `find_version`.
        """
        version = find_version(self, arn)
        recipe = find_recipe(version.body["recipeArn"])
        assert recipe  # checked by CreateSolution
        return version, recipe

    def filter_of(self, arn: str | None) -> tuple[Record, FilterExpression] | None:
        """The filter that the job shall use.

        Raises:
            ResourceNotFoundException, ResourceInUseException, InvalidInputException: none, or not ACTIVE.
        """
        if arn is None:
            return None
        record = self.ready(kinds.FILTER, arn)
        return record, parse_filter(record.body["filterExpression"])

    def filter_problems(
        self, version: Record, recipe: Recipe, found: tuple[Record, FilterExpression] | None
    ) -> Iterator[str]:
        """What is against using this filter for lines of this recipe."""
        if found is None:
            return
        record, expression = found
        if record.group != version.group:
            yield f"Filter {record.arn} belongs to another dataset group: {record.group}"
        if expression.target != self.target:
            yield f"Filter {record.arn} is for {expression.target}, not for {self.target}"
        if expression.uses_current_item and recipe.type != "RELATED_ITEMS":
            yield f"Filter {record.arn} uses CurrentItem, which is for recipes for related items"

    # -- the job

    def work(self, record: Record) -> None:
        """Hand it to a worker."""
        version = self.store.get(record.parent)
        if version is None:
            self.finish(record.arn, f"Solution version {record.parent} does not exist any more.")
            return
        if not self.attempt(record):
            return

        def done(outcome: Outcome) -> None:
            self.soon(self._ended, record.arn, outcome)

        job = Job(
            record.arn, record.group, self.task, self.arguments(record, version), done, begins=self.begun
        )
        self.context.workers.submit(job)

    def arguments(self, record: Record, version: Record) -> dict[str, Any]:
        """What the task needs to know."""
        body = record.body
        source, destination = body["jobInput"]["s3DataSource"], body["jobOutput"]["s3DataDestination"]
        found = self.store.get(body["filterArn"]) if "filterArn" in body else None
        recipe = find_recipe(version.body["recipeArn"])
        assert recipe
        return {
            "job": {
                "arn": record.arn,
                "version": version.arn,
                "group": version.group,
                "source": source["path"],
                "destination": destination["path"],
                "kms_key_arn": destination.get("kmsKeyArn"),
                "role_arn": body["roleArn"],
            },
            "recipe": recipe.name,
            "model": str(model_folder(self.context, version)),
            "serving": str(serving_folder(self.context)),
            "datasets": dataset_arguments(self.context, version.group),
            "count": body["numResults"],
            "filter_expression": found.body["filterExpression"] if found else None,
        }

    def _ended(self, arn: str, outcome: Outcome) -> None:
        if outcome.result is not None:
            with self.store.transaction():
                found = self.store.get(arn)
                if found:
                    found.private["report"] = outcome.result
                    self.store.save(found)
        self.finish(arn, outcome.reason)

    def state(self, record: Record) -> Answer:
        """With the words that the settings choose for its statuses."""
        state = super().state(record)
        if not self.context.settings.batch_jobs_say_create:
            state["status"] = _WITHOUT_CREATE.get(Status(record.status), record.status)
        return state


def place_problems(source: str, destination: str) -> Iterator[str]:
    """What is wrong with the places of input and output, in the service's words as far as they are known."""
    if not is_location(source):
        yield f"Invalid S3 input path. '{source}' must look like s3://bucket/folder/ or s3://bucket/file.json"
    wrong = list(output_problems(destination))
    yield from wrong
    if not wrong and destination.rstrip("/") == source.rstrip("/"):
        yield f"Invalid S3 output path. '{destination}' is also the input; it must be another place"


def count_problems(count: int, most: int) -> Iterator[str]:
    """What is wrong with numResults."""
    if not 1 <= count <= most:
        yield f"numResults: {count} must be from 1 to {most}"


def refuse(problems: list[str]) -> None:
    """Refuse a job with all that is wrong with it.

    Raises:
        InvalidInputException: there are problems.
    """
    if problems:
        raise InvalidInputException.of(problems)
