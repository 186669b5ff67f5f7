"""Dataset group: the container of everything else. Nothing about it can be changed but its tags."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.resources.resource import Found, Resource, tail


class DatasetGroup(Resource):
    """Custom, or of a domain; encrypted with a key of the user's or not."""

    kind = "dataset-group"

    def describe(self) -> Found:
        """DescribeDatasetGroup."""
        shown = self.client.describe_dataset_group(datasetGroupArn=self.arn)["datasetGroup"]
        return Found.of(self.arn, shown)

    def create(self) -> None:
        """CreateDatasetGroup; not for a schedule, whose dataset group somebody has deleted.

        Raises:
            ResourceFailed: a schedule started this run.
        """
        if self.context.run.scheduled:
            reason = (
                "it is not there any more, and a schedule does not make it again. Upload the params file."
            )
            raise ResourceFailed(f"{tail(self.arn)}: {reason}")
        self.client.create_dataset_group(**self.want)

    def wanted(self) -> Mapping[str, Any]:
        """A missing domain is a wish too: a custom dataset group."""
        return {"domain": None} | {key: value for key, value in self.want.items() if key != "tags"}
