"""Links into the AWS console, and the commands that show the same where there is no console."""

# The console of a region is a host of its own, in a domain that depends on the partition.
# Source: AWS General Reference, "AWS service endpoints", and the guides to the China, GovCloud and European
# Sovereign Cloud consoles. The isolated partitions publish theirs only inside.
_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


def execution_link(arn: str) -> str | None:
    """The page of a Step Functions execution; None if its partition's console is not known."""
    _, partition, _, region, *_ = arn.split(":")
    domain = _DOMAINS.get(partition)
    if domain is None:
        return None
    return f"https://{region}.{domain}/states/home?region={region}#/v2/executions/details/{arn}"


def execution_command(arn: str) -> str:
    """The command that lists what happened in an execution, newest first."""
    return f"aws stepfunctions get-execution-history --reverse-order --execution-arn {arn}"
