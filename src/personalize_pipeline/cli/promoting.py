"""Move a campaign to another solution version by hand: on to a newer one, or back to the one before."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3

from personalize_pipeline.cli import deployment as deployments
from personalize_pipeline.cli.deployment import is_local
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.resources.resource import NO_REASON, sentence, tail
from personalize_pipeline.resources.solution_version import solution_of
from personalize_rules.recipe_metrics import DEFAULT_METRIC
from personalize_rules.spelling import closest

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

_SHOWN = 10  # versions in a message


@dataclass(frozen=True, slots=True)
class Version:
    """A version that works, and how good it is."""

    arn: str
    created: datetime
    metric: float | None = None

    @property
    def short(self) -> str:
        """As people name it: `movies-for-you/1a2b3c4d`."""
        return tail(self.arn).removeprefix("solution/")

    def text(self) -> str:
        """One line about it."""
        good = "no metrics" if self.metric is None else f"{DEFAULT_METRIC} {self.metric:.4f}"
        return f"{self.short}, trained {self.created:%Y-%m-%d %H:%M}, {good}"


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done: nothing if the campaign serves that version already."""

    campaign: str
    arn: str
    now: Version
    to: Version

    @property
    def needed(self) -> bool:
        """Whether it changes anything."""
        return self.now.arn != self.to.arn

    def text(self) -> str:
        """The question that a person is asked."""
        return f"Campaign {self.campaign}\n  serves    {self.now.text()}\n  moves to  {self.to.text()}"


def promotion(name: str, version: str | None) -> Move:
    """Move the campaign to `version`, its identifier or ARN, or to the newest one of its solution.

    Raises:
        CommandError: no such campaign or version, or it cannot be moved now.
    """
    client = boto3.client("personalize")
    campaign = _campaign(client, name)
    now = campaign["solutionVersionArn"]
    working = _versions(client, solution_of(now))
    if version is None:
        wanted = max(working.values(), key=lambda one: one.created).arn
    elif version.startswith("arn:"):
        wanted = version
    else:
        wanted = f"{solution_of(now)}/{version.rpartition('/')[2]}"
        if "/" in version:  # of another solution: <solution>/<id>
            wanted = f"{solution_of(now).rpartition('/')[0]}/{version}"
    if wanted not in working:
        working |= _other(client, wanted, working)
    return _move(client, campaign, working, wanted)


def rollback(name: str, stack: str) -> Move:
    """Move the campaign back: to the version that it served before, as far as runs of the stack tell.

    That is the newest of those that a run gave it and that is older than the present one: what the gate
    refused was never served. If no run tells (Step Functions remembers them for 90 days), it is the newest
    older version that works.

    Raises:
        CommandError: no such campaign, nothing to go back to, or it cannot be moved now.
    """
    client = boto3.client("personalize")
    campaign = _campaign(client, name)
    now = campaign["solutionVersionArn"]
    working = _versions(client, solution_of(now))
    older = [one for one in working.values() if one.created < working[now].created]
    served = _served(campaign["name"], stack)
    if not older:
        raise _no_way_back(campaign["name"], working, now, served)
    chosen = [one for one in older if one.arn in served] or older
    return _move(client, campaign, working, max(chosen, key=lambda one: one.created).arn)


def _no_way_back(name: str, working: dict[str, Version], now: str, served: set[str]) -> CommandError:
    """Personalize does not tell what a campaign served before: it may have been a newer version."""
    newer = sorted((one for one in working.values() if one.arn != now), key=lambda one: one.created)
    lines = [
        f"  personalize promote {name} {one.arn.rpartition('/')[2]}"
        f"   # trained {one.created:%Y-%m-%d %H:%M}{', a run let it be served' if one.arn in served else ''}"
        for one in newer[-_SHOWN:][::-1]
    ]
    back = "\n".join(["To a newer one, if it served that before:", *lines, ""]) if lines else ""
    return CommandError(
        f"There is nothing to go back to: {tail(solution_of(now))} has no version that works and is "
        f"older than {working[now].short}, which {name} serves.\n"
        f"{back}A version of another solution: personalize promote {name} SOLUTION/VERSION"
    )


def _served(campaign: str, stack: str) -> set[str]:
    """The versions that runs of the stack made the campaign serve; empty if there is no such stack."""
    try:
        deployment = deployments.find(stack)
    except CommandError:
        return set()
    client = boto3.client("stepfunctions")
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=deployment.ensure_arn, statusFilter="SUCCEEDED"
    )
    served = set[str]()
    for one in (item for page in pages for item in page["executions"] if "-Campaign-" in item["name"]):
        output = json.loads(client.describe_execution(executionArn=one["executionArn"]).get("output", "{}"))
        if (output.get("resource"), output.get("name")) == ("Campaign", campaign):
            served.add(output.get("details", {}).get("solutionVersionArn", ""))
    return served


def carry_out(move: Move, progress: Callable[[str], None]) -> float:
    """Do it and wait until the campaign serves the version; returns the seconds that it took.

    The old version answers meanwhile. `progress` is told every status once.

    Raises:
        CommandError: Personalize gave up on it.
    """
    client = boto3.client("personalize")
    began, told = time.monotonic(), ""
    # Describe may go on showing an earlier update for a moment, and that may have failed.
    earlier = client.describe_campaign(campaignArn=move.arn)["campaign"].get("latestCampaignUpdate", {})
    client.update_campaign(campaignArn=move.arn, solutionVersionArn=move.to.arn)
    while True:
        shown: Any = client.describe_campaign(campaignArn=move.arn)["campaign"]
        update = shown.get("latestCampaignUpdate", {})
        is_ours = update.get("creationDateTime") != earlier.get("creationDateTime")
        status = update["status"] if is_ours else "CREATE PENDING"
        seconds = time.monotonic() - began
        if status != told:
            told = status
            progress(f"{seconds:6.0f} s  {move.campaign}: {status}")
        if status == "CREATE FAILED" and update.get("solutionVersionArn", move.to.arn) == move.to.arn:
            reason = sentence(update.get("failureReason") or NO_REASON)
            raise CommandError(f"{tail(move.arn)} was not moved: {reason}\nIt still serves {move.now.short}.")
        if status == "ACTIVE" and shown["solutionVersionArn"] == move.to.arn:
            return seconds
        time.sleep(0.5 if is_local() else 10.0)


def _move(client: "PersonalizeClient", campaign: Any, working: dict[str, Version], wanted: str) -> Move:
    def measured(version: Version) -> Version:
        metrics = client.get_solution_metrics(solutionVersionArn=version.arn)["metrics"]
        return Version(version.arn, version.created, metrics.get(DEFAULT_METRIC))

    now = measured(working[campaign["solutionVersionArn"]])
    return Move(campaign["name"], campaign["campaignArn"], now, measured(working[wanted]))


def _campaign(client: "PersonalizeClient", name: str) -> Any:
    """The campaign, if it can be moved."""
    arn = name
    if not name.startswith("arn:"):
        pages: Any = client.get_paginator("list_campaigns").paginate()
        found = {one["name"]: one["campaignArn"] for page in pages for one in page["campaigns"]}
        if name not in found:
            meant = closest(name, found)
            there = f"There are: {', '.join(sorted(found)) or 'none'}."
            hint = f"Did you mean {meant!r}?" if meant else there
            raise CommandError(f"There is no campaign {name!r}. {hint}")
        arn = found[name]
    try:
        shown: Any = client.describe_campaign(campaignArn=arn)["campaign"]
    except client.exceptions.ResourceNotFoundException as error:
        raise CommandError(f"There is no {tail(arn)}.") from error
    if shown["status"] != "ACTIVE":
        raise CommandError(f"{tail(arn)} is {shown['status']}: it can be moved when it is ACTIVE.")
    if (status := shown.get("latestCampaignUpdate", {}).get("status", "")).endswith(("PENDING", "PROGRESS")):
        raise CommandError(f"An update of {tail(arn)} is on its way ({status}): wait for its end.")
    if shown.get("campaignConfig", {}).get("syncWithLatestSolutionVersion"):
        raise CommandError(
            f"{tail(arn)} follows its solution by itself (campaignConfig.syncWithLatestSolutionVersion), "
            "and would move on again.\nSet that to false in the params file first."
        )
    return shown


def _versions(client: "PersonalizeClient", solution: str) -> dict[str, Version]:
    """The versions of a solution that work."""
    pages = client.get_paginator("list_solution_versions").paginate(solutionArn=solution)
    return {
        one["solutionVersionArn"]: Version(one["solutionVersionArn"], one["creationDateTime"])
        for page in pages
        for one in page["solutionVersions"]
        if one["status"] == "ACTIVE"
    }


def _other(client: "PersonalizeClient", wanted: str, working: dict[str, Version]) -> dict[str, Version]:
    """A version that is not among those of the campaign's own solution."""
    there = sorted(working.values(), key=lambda one: one.created, reverse=True)[:_SHOWN]
    listed = "\n".join(f"  {one.short}, trained {one.created:%Y-%m-%d %H:%M}" for one in there)
    try:
        shown = client.describe_solution_version(solutionVersionArn=wanted)["solutionVersion"]
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidInputException) as error:
        raise CommandError(
            f"There is no version {tail(wanted)}. These work, newest first:\n{listed}"
        ) from error
    if shown["status"] != "ACTIVE":
        raise CommandError(
            f"{tail(wanted)} is {shown['status']} and cannot be served. These work, newest first:\n{listed}"
        )
    return {wanted: Version(wanted, shown["creationDateTime"])}
