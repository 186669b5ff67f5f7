"""The deployed stack that a command works on, found by its name."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from personalize_pipeline.cli.output import CommandError


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the outputs of the CloudFormation stack name."""

    stack: str
    bucket: str
    pipeline_arn: str
    ensure_arn: str
    delete_arn: str = ""
    """Empty for a stack of an older version."""
    schedule_group: str = ""
    """The same."""
    quotas: str = ""
    """The stack parameter Quotas."""
    glue_job: str = ""
    """The stack parameter GlueJobName."""

    def execution_arn(self, name: str) -> str:
        """The ARN of a run of the pipeline."""
        return f"{self.pipeline_arn.replace(':stateMachine:', ':execution:')}:{name}"


def find(stack: str) -> Deployment:
    """Read the stack's outputs.

    Raises:
        CommandError: no such stack, or not one of ours.
    """
    try:
        (description,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise CommandError(
            f"There is no stack {stack!r} in {where()}.\n"
            "Deploy it (sam build, sam deploy), or name it: --stack NAME."
        ) from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in description.get("Outputs", [])}
    given = {one["ParameterKey"]: one.get("ParameterValue", "") for one in description.get("Parameters", [])}
    try:
        return Deployment(
            stack,
            outputs["InputBucketName"],
            outputs["PipelineArn"],
            outputs["EnsureArn"],
            outputs.get("DeleteArn", ""),
            outputs.get("ScheduleGroupName", ""),
            given.get("Quotas", ""),
            given.get("GlueJobName", ""),
        )
    except KeyError as error:
        status = description["StackStatus"]
        raise CommandError(
            f"The stack {stack!r} in {where()} is {status} and has no output {error}: "
            "it is not a finished deployment of this pipeline. Deploy it: sam build, sam deploy."
        ) from error


def where() -> str:
    """The AWS that the standard variables point to, in words."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    return f"the AWS at {endpoint}" if endpoint else f"AWS ({boto3.session.Session().region_name})"


def is_local() -> bool:
    """Whether that is on this computer: then asking costs nothing."""
    host = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname or ""
    return host in {"127.0.0.1", "localhost", "::1"}
