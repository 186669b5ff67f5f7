"""Dataset: one of each type in a dataset group. Items and Users can move to a wider schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_pipeline.resources.resource import Change, Found, Resource, tail


class Dataset(Resource):
    """Named by its group and type: `dataset/movies/INTERACTIONS`, whatever its own name."""

    kind = "dataset"

    @property
    def arn(self) -> str:
        """Its ARN does not hold its name."""
        group = tail(self.context.given("dataset_group_arn")).partition("/")[2]
        return self.context.run.arn(f"dataset/{group}/{self.want['datasetType'].upper()}")

    def describe(self) -> Found:
        """DescribeDataset."""
        shown = self.client.describe_dataset(datasetArn=self.arn)["dataset"]
        return Found.of(self.arn, shown, update=shown.get("latestDatasetUpdate"))

    def create(self) -> None:
        """CreateDataset."""
        self.client.create_dataset(
            **{
                **self.want,
                "datasetGroupArn": self.context.given("dataset_group_arn"),
                "schemaArn": self.context.given("schema_arn"),
            }
        )

    def wanted(self) -> Mapping[str, Any]:
        """Its name and its schema; group and type are in its ARN."""
        return {"name": self.name, "schemaArn": self.context.given("schema_arn")}

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """UpdateDataset: another schema, for Items and Users. Personalize sees that it only adds."""
        only_schema = [change.attribute for change in changes] == ["schemaArn"]
        if not only_schema or self.want["datasetType"].upper() not in {"ITEMS", "USERS"}:
            raise self.changed(found, changes)
        self.client.update_dataset(datasetArn=found.arn, schemaArn=self.context.given("schema_arn"))

    def ways_out(self, found: Found) -> str:
        """A dataset group holds one dataset of each type, so another name is no way out."""
        return (
            "A dataset group has one dataset of each type. Put the setting back, use another dataset group, "
            f"or delete the dataset (and its data) first:\n  {self.delete_command(found)}"
        )
