"""Say what a run of a folder would do now; calls nothing that changes anything."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from personalize_pipeline import clients
from personalize_pipeline.cli import checking, sending
from personalize_pipeline.cli import folder as folders
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.folder_data import FolderData
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.context import Context, Run
from personalize_pipeline.data.files import list_files
from personalize_pipeline.data.first_look import first_look
from personalize_pipeline.params import read
from personalize_pipeline.params.plan import plan
from personalize_pipeline.planning.entries import Planned
from personalize_pipeline.planning.plan import make_plan
from personalize_pipeline.planning.walk import make_resource
from personalize_pipeline.read_params import impossible_on_this_stack
from personalize_pipeline.resources.job_on_files import JobOnFiles
from personalize_pipeline.resources.resource import Resource
from personalize_pipeline.stack_quotas import quotas_of_stack


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
        CommandError: the folder has problems, or the data in S3 that it names.
    """
    folder = folders.find(path)
    if (report := checking.check(path)).problems:
        raise CommandError(report.error())
    place = sending.prefix_of(folder, prefix)
    given = read(folder.params.read_bytes())
    made = plan(given, bucket=target.bucket, prefix=place, key=f"{place}{folders.PARAMS}")
    data = FolderData(folder, target.bucket, place, partial(list_files, clients.s3()))

    _as_in_the_functions(target)
    seen = first_look(data, given.document, target.bucket, place, unseen)
    impossible = impossible_on_this_stack(given.document, f"s3://{target.bucket}/{place}")
    if problems := [*impossible, *seen.problems]:
        raise CommandError(checking.Report(str(path), problems, [], []).error())

    def make(kind: type[Resource], want: Mapping[str, Any], context: Context, client: Any) -> Resource:
        # The data is compared as it will be in the bucket after the upload.
        if issubclass(kind, JobOnFiles):
            return kind(want, context, client, listing=data.tree if kind.deep else data.listing)
        return make_resource(kind, want, context, client)

    run = _run(target, place)
    planned = make_plan(made, run, data.look, make, raised=quotas_of_stack())
    return Answer(path, made["datasetGroup"]["name"], planned, (*given.notes, *seen.notes))


def unseen(place: str, location: str) -> str:
    """What is said of data that the caller may not see, which the run may."""
    return f"{place}: you may not look into {location}, so this was not checked; the run looks by itself."


def _as_in_the_functions(target: Deployment) -> None:
    """Set for this process what the functions have in their environment.

    Raises:
        CommandError: the stack is of an older version.
    """
    _, partition, _, region, account, *_ = target.pipeline_arn.split(":")

    def physical(name: str) -> str:
        client = boto3.client("cloudformation")
        try:
            detail = client.describe_stack_resource(StackName=target.stack, LogicalResourceId=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise CommandError(
                f"The stack {target.stack!r} has no {name}: it is of an older version.\n"
                "Deploy it again: sam build, sam deploy."
            ) from error
        return detail["StackResourceDetail"]["PhysicalResourceId"].rpartition("/")[2]

    roles = f"arn:{partition}:iam::{account}:role/"
    functions = f"arn:{partition}:lambda:{region}:{account}:function:"
    os.environ |= {
        "GLUE_JOB_NAME": target.glue_job,
        "PERSONALIZE_QUOTAS": target.quotas,
        "PERSONALIZE_ROLE_ARN": roles + physical("PersonalizeRole"),
        "START_FUNCTION_ARN": functions + physical("StartFunction"),
        "SCHEDULE_GROUP": target.stack,
        "SCHEDULER_ROLE_ARN": roles + physical("SchedulerRole"),
        "DEAD_LETTERS_ARN": f"arn:{partition}:sqs:{region}:{account}:{physical('ScheduleDeadLetters')}",
    }


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
