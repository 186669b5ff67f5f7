"""Filters: checked when they are created, applied by `runtime`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import group_schemas
from personalize_local.service.errors import InvalidInputException, LimitExceededException
from personalize_local.service.kinds import CREATING
from personalize_local.service.resource import Answer, Resource, Tags, named, operation
from personalize_rules.filters import FilterExpression, FilterSyntaxError, check_filter, parse_filter

if TYPE_CHECKING:
    from personalize_rules.schemas import Problem


class Filters(Resource):
    """CreateFilter, DescribeFilter, ListFilters, DeleteFilter."""

    kind = kinds.FILTER
    member = "filter"
    listed = "Filters"  # the one list with a capital letter
    summary: ClassVar = ("name", "filterArn", "datasetGroupArn")

    @operation
    def create_filter(
        self, *, name: str, datasetGroupArn: str, filterExpression: str, tags: Tags | None = None
    ) -> Answer:
        """Refused when the expression has a mistake or names what the datasets do not have."""
        arn = self.context.arn(self.kind, name)
        with self.store.transaction():
            self.refuse_taken(arn)
            group = self.ready(kinds.DATASET_GROUP, datasetGroupArn)
            expression = self._checked(group.arn, filterExpression)
            self._refuse_too_many(group.arn, expression)
            body = {
                "name": name,
                "filterArn": arn,
                "datasetGroupArn": group.arn,
                "filterExpression": filterExpression,
            }
            self.add(arn, name, body, group=group.arn, parent=group.arn, tags=tags)
        return {"filterArn": arn}

    @operation
    def describe_filter(self, *, filterArn: str) -> Answer:
        """With its expression."""
        return self.describe(filterArn)

    @operation
    def list_filters(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Filters of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def delete_filter(self, *, filterArn: str) -> Answer:
        """A filter cannot be changed, only deleted and made again."""
        with self.store.transaction():
            record = self.get(filterArn)
            jobs = [
                job
                for kind in (kinds.BATCH_INFERENCE_JOB, kinds.BATCH_SEGMENT_JOB)
                for job in self.store.find(kind, group=record.group, statuses=CREATING)
                if job.body.get("filterArn") == filterArn
            ]
            return self.delete(record, blockers=named(jobs, "a batch job in progress uses it"))

    def _checked(self, group_arn: str, text: str) -> FilterExpression:
        try:
            expression = parse_filter(text)
        except FilterSyntaxError as error:
            raise InvalidInputException(f"Could not create filter. {_sentence(error)}") from error
        problems = check_filter(expression, group_schemas(self.store, group_arn))
        if problems:
            raise InvalidInputException.of(["Could not create filter", *map(_problem, problems)])
        return expression

    def _refuse_too_many(self, group_arn: str, expression: FilterExpression) -> None:
        quotas = self.context.settings.quotas
        others = self.store.find(self.kind, group=group_arn)
        if len(others) >= quotas.filters:
            raise LimitExceededException(
                f"Cannot create a filter. More than {quotas.filters} resources in ACTIVE state. "
                "Please delete some and try again."
            )
        if len(expression.fields) > quotas.filter_fields:
            raise LimitExceededException(
                f"Could not create filter. It uses {len(expression.fields)} distinct fields, and can use "
                f"{quotas.filter_fields}."
            )
        used = set(expression.fields)
        for other in others:
            used |= parse_filter(other.body["filterExpression"]).fields
        if len(used) > quotas.filter_fields_of_group:
            raise LimitExceededException(
                f"Could not create filter. With it, the filters of the dataset group would use {len(used)} "
                f"distinct fields, they can use {quotas.filter_fields_of_group}."
            )


def _sentence(error: FilterSyntaxError) -> str:
    return error.message if _known(error.message) else str(error)


def _problem(problem: Problem) -> str:
    return problem.message if _known(problem.message) else str(problem)


def _known(message: str) -> bool:
    """Whether these are the service's own words for what it is known to say; a place would spoil them."""
    return message.startswith("Invalid ")
