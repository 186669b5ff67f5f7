"""Dataset export job: what a dataset holds at the end of the run, as CSV files in S3."""

from typing import Any

from personalize_pipeline.resources.resource import Found, tail
from personalize_pipeline.resources.run_job import RunJob
from personalize_pipeline.resources.service_role import lacks_permission


class DatasetExportJob(RunJob):
    """Every run exports what there is then."""

    kind = "dataset-export-job"

    @property
    def dataset_arn(self) -> str:
        """The dataset, which is known by its group and type."""
        group = tail(self.context.given("dataset_group_arn")).partition("/")[2]
        return self.context.run.arn(f"dataset/{group}/{self.want['datasetType']}")

    def describe(self) -> Found:
        """DescribeDatasetExportJob."""
        shown = self.client.describe_dataset_export_job(datasetExportJobArn=self.arn)["datasetExportJob"]
        return Found.of(self.arn, shown)

    def create(self) -> None:
        """CreateDatasetExportJob: begins at once."""
        self.client.create_dataset_export_job(**self.given("datasetType"), datasetArn=self.dataset_arn)

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        if lacks_permission(found):
            return (
                f"Personalize writes {self.output} with the role {found.settings.get('roleArn')}: this must "
                "trust personalize.amazonaws.com and allow s3:ListBucket and s3:PutObject there, and the "
                "policy of the bucket must allow the same to personalize.amazonaws.com. The stack's own role "
                "may write into folders named exports of the input bucket. Then upload the params file again."
            )
        return "Remove the cause and upload the params file again."

    def details(self, found: Found) -> dict[str, Any]:
        """What was exported, and where it is."""
        return {
            "dataset": self.dataset_arn,
            "ingestionMode": found.settings.get("ingestionMode"),
            "output": found.settings.get("jobOutput", {}).get("s3DataDestination", {}).get("path"),
        }
