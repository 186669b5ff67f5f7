"""What an exception means for the person at the terminal."""

import os

from botocore import exceptions as aws

from personalize_pipeline.errors import PipelineError
from personalize_pipeline.local_stack.errors import LocalStackError

_WHERE = (
    'For the local stack: personalize local up, then eval "$(personalize local env)".\n'
    "For AWS: set the usual variables (AWS_PROFILE, AWS_REGION), or run `aws configure`."
)


def explanation(error: Exception) -> str | None:
    """The message for an error that is nobody's bug; None for one that is ours."""
    match error:
        case PipelineError() | LocalStackError():
            return str(error)
        case (
            aws.NoCredentialsError()
            | aws.PartialCredentialsError()
            | aws.ProfileNotFound()
            | aws.NoRegionError()
        ):
            return f"{error}\n{_WHERE}"
        case aws.ConnectionError() | aws.HTTPClientError():
            endpoint = os.environ.get("AWS_ENDPOINT_URL")
            local = (
                f"AWS_ENDPOINT_URL is {endpoint}: is the local stack up? personalize local status\n"
                "It is started by `personalize local up`. For AWS instead, use a new terminal."
            )
            return f"{error}\n{local if endpoint else _WHERE}"
        case aws.ClientError() | aws.BotoCoreError():
            return str(error)
    return None
