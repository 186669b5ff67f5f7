"""`personalize promote`: what Describe shows of an update that is not its own is not its end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.cli.promoting import Move, Version, carry_out

ACCOUNT = "arn:aws:personalize:us-east-1:123456789012"
CAMPAIGN = f"{ACCOUNT}:campaign/films"
OLD, NEW = (f"{ACCOUNT}:solution/films/{name}" for name in ("00000001", "00000002"))
DAY = datetime(2026, 11, 21, tzinfo=UTC)


def shown(version: str, at: datetime, status: str) -> dict[str, Any]:
    update: dict[str, Any] = {"solutionVersionArn": NEW, "status": status, "creationDateTime": at}
    if status.endswith("FAILED"):
        update["failureReason"] = "no room"
    campaign = {"campaignArn": CAMPAIGN, "status": "ACTIVE", "solutionVersionArn": version}
    return {"campaign": {**campaign, "latestCampaignUpdate": update}}


def promote(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any]) -> list[str]:
    """What is told on the way, if Describe answers this after the update."""
    client = boto3.client("personalize", region_name="us-east-1")
    failed = shown(OLD, DAY, "CREATE FAILED")
    told: list[str] = []
    monkeypatch.setattr("boto3.client", lambda _: client)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with Stubber(client) as stub:
        stub.add_response("describe_campaign", failed)
        stub.add_response("update_campaign", {"campaignArn": CAMPAIGN})
        for answer in (failed, *answers):
            stub.add_response("describe_campaign", answer)
        carry_out(Move("films", CAMPAIGN, Version(OLD, DAY), Version(NEW, DAY)), told.append)
    return [line.rpartition(": ")[2] for line in told]


def test_an_earlier_update_that_failed_is_not_the_end_of_this_one(monkeypatch: pytest.MonkeyPatch):
    later = DAY + timedelta(hours=1)

    told = promote(monkeypatch, shown(OLD, later, "CREATE IN_PROGRESS"), shown(NEW, later, "ACTIVE"))

    assert told == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]


def test_one_that_fails_again_says_so(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CommandError, match="was not moved: no room"):
        promote(monkeypatch, shown(OLD, DAY + timedelta(hours=1), "CREATE FAILED"))
