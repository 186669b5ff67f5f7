import pytest

from personalize_pipeline.reporting.console_links import execution_command, execution_link


@pytest.mark.parametrize(
    ("partition", "region", "start"),
    [
        ("aws", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#"),
        ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#"),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#",
        ),
    ],
)
def test_a_link_goes_to_the_console_of_the_partition_and_region(partition, region, start):
    arn = f"arn:{partition}:states:{region}:123456789012:execution:pipeline:run-1"

    assert execution_link(arn) == f"{start}/v2/executions/details/{arn}"


def test_no_console_is_invented_for_a_partition_that_is_not_known():
    arn = "arn:aws-iso:states:us-iso-east-1:123456789012:execution:pipeline:run-1"

    assert execution_link(arn) is None
    assert execution_command(arn).endswith(arn)
