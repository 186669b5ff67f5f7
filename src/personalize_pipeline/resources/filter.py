"""Filter: which items may be recommended. A filter cannot be changed."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.resources.resource import Found, Resource


class Filter(Resource):
    """A filter expression under a name."""

    kind = "filter"

    def describe(self) -> Found:
        """DescribeFilter."""
        shown = self.client.describe_filter(filterArn=self.arn)["filter"]
        return Found.of(self.arn, shown)

    def create(self) -> None:
        """CreateFilter."""
        self.client.create_filter(**{**self.want, "datasetGroupArn": self.context.given("dataset_group_arn")})

    def wanted(self) -> Mapping[str, Any]:
        """Names are unique in the account: one of this name may belong to another dataset group."""
        return {
            "datasetGroupArn": self.context.given("dataset_group_arn"),
            "filterExpression": self.want["filterExpression"],
        }
