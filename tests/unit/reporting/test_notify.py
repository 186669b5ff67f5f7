import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends
from tests.unit.reporting.endings import ONE_FAILED, SUCCEEDED

from personalize_pipeline import clients
from personalize_pipeline.reporting.notify import notify


@pytest.fixture
def topic(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        clients.sns.cache_clear()
        arn = boto3.client("sns").create_topic(Name="results")["TopicArn"]
        monkeypatch.setenv("TOPIC_ARN", arn)
        yield sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[arn]
        clients.sns.cache_clear()


def test_the_mail_is_published_and_returned(topic):
    answer = notify(SUCCEEDED)

    (message,) = topic.sent_notifications
    assert message[1] == answer["body"]
    assert message[2] == answer["subject"] == "Succeeded: movies"
    assert "console.aws.amazon.com" in answer["body"]


def test_a_failed_run_gets_what_its_fail_state_needs(topic):
    answer = notify(ONE_FAILED)

    assert answer["error"] == "ResourceFailed"
    assert answer["cause"].startswith("Failed:\nsolution version movies-alike")


def test_on_the_local_stack_there_is_a_command_instead_of_a_console(topic, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")

    # The client is AWS's (moto): only the text depends on the variable here.
    answer = notify(SUCCEEDED, client=boto3.client("sns", endpoint_url="https://sns.us-east-1.amazonaws.com"))

    assert "console" not in answer["body"]
    assert "aws stepfunctions get-execution-history" in answer["body"]
