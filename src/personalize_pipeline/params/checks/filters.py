"""The filters: they parse, name fields that exist, and stay within the quotas."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries
from personalize_rules import quotas
from personalize_rules.filters import FilterSyntaxError, check_filter, parse_filter
from personalize_rules.schemas import DatasetType, Problem


def check(document: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """Check each expression against the datasets, and all of them against the quota."""
    fields: set[tuple[DatasetType, str]] = set()
    for place, section in entries(document, "filters"):
        expression = section.get("filterExpression")
        if expression is None:
            continue
        place = f"{place}.filterExpression"  # noqa: PLW2901  # the expression is what all messages are about
        try:
            filter_ = parse_filter(expression)
        except FilterSyntaxError as error:
            yield Problem(place, str(error))
            continue
        fields |= filter_.fields
        # Problems of a schema are reported where it stands; here they would only be guessed at.
        if data.known(*(dataset for dataset, _ in filter_.fields)):
            for problem in check_filter(filter_, data.schemas):
                yield Problem(place, problem.message, problem.advice)
    if len(fields) > quotas.FILTER_FIELDS_OF_DATASET_GROUP:
        yield Problem(
            "filters",
            f"they use {len(fields)} different fields together; Personalize allows "
            f"{quotas.FILTER_FIELDS_OF_DATASET_GROUP} in a dataset group.",
            "Use fewer, or split the dataset group.",
        )
