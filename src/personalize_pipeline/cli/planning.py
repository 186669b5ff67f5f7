"""Say what a run of a folder would do now; calls nothing that changes anything."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personalize_pipeline.cli import checking, sending
from personalize_pipeline.cli import folder as folders
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.folder_data import FolderData
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.context import Context, Run
from personalize_pipeline.params import read
from personalize_pipeline.params.plan import plan
from personalize_pipeline.planning.entries import Planned
from personalize_pipeline.planning.foresee import make_resource
from personalize_pipeline.planning.plan import make_plan
from personalize_pipeline.planning.quotas import read_quotas
from personalize_pipeline.resources.data_deletion_job import DataDeletionJob
from personalize_pipeline.resources.dataset_import import DatasetImport
from personalize_pipeline.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class Answer:
    """What `personalize plan` found."""

    folder: Path
    group: str
    planned: Planned
    notes: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """For a script."""
        return {"datasetGroup": self.group, **self.planned.output(), "notes": list(self.notes)}


def look(path: Path, target: Deployment, prefix: str | None) -> Answer:
    """Ask Personalize, with the caller's credentials, what there is, and compare.

    Raises:
        CommandError: the folder has problems.
    """
    folder = folders.find(path)
    if (report := checking.check(path)).problems:
        raise CommandError(report.text())
    place = sending.prefix_of(folder, prefix)
    given = read(folder.params.read_bytes())
    made = plan(given, bucket=target.bucket, prefix=place)
    data = FolderData(folder, target.bucket, place)

    def make(kind: type[Resource], want: Mapping[str, Any], context: Context, client: Any) -> Resource:
        # The data is compared as it will be in the bucket after the upload.
        if kind is DatasetImport or kind is DataDeletionJob:
            return kind(want, context, client, listing=data.listing)
        return make_resource(kind, want, context, client)

    run = _run(target, place)
    # The role that Personalize reads the bucket with is known to the functions; nothing is sent with it here.
    os.environ.setdefault(
        "PERSONALIZE_ROLE_ARN", f"{run.arn('').split(':personalize:')[0]}:iam::0:role/stack"
    )
    planned = make_plan(made, run, data.look, make, raised=read_quotas(target.quotas))
    return Answer(path, made["datasetGroup"]["name"], planned, given.notes)


def _run(target: Deployment, prefix: str) -> Run:
    """The run that there would be."""
    return Run(
        id="plan",
        execution=target.execution_arn("plan"),
        state_machine=target.pipeline_arn,
        start_time=datetime.now(UTC),
        bucket=target.bucket,
        prefix=prefix,
    )
