"""Promotion: may a campaign move to the new version, or does it keep the one that it serves?"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from personalize_pipeline import clients
from personalize_pipeline.context import Message, Step, StepInput
from personalize_pipeline.resources.resource import Found, tail
from personalize_pipeline.step import TROUBLE, wait_out, waiting_step
from personalize_rules.recipe_metrics import DEFAULT_METRIC

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

Decision = Literal["promoted", "kept", "withheld"]

_ROUNDING = 1e-9  # 0.30 - 0.25 is more than 0.05 to a computer


class Gate(Message):
    """What a version must reach to be served by the campaign `name`; all metrics are better when higher."""

    name: str
    metric: str = DEFAULT_METRIC
    at_least: float | None = None
    max_drop: float | None = None
    """In units of the metric, not a share of it."""


class Version(Message):
    """A solution version, and its value of the metric; None if it has no such metric."""

    arn: str
    value: float | None = None


class Verdict(Message):
    """What the campaign is to serve, and why; without `solution_version_arn` there shall be none."""

    decision: Decision
    reason: str
    metric: str
    solution_version_arn: str | None = None
    new: Version
    current: Version | None = None


def promotion(event: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the new version with the floor and with what the campaign serves now.

    Follows the step contract: `want` is a `Gate`, `context.solutionVersionArn` the new version; the verdict
    is in `details`. Waits while the campaign is being changed: what it serves is not clear till then.
    """
    given = StepInput.parse(event)
    gate = Gate.model_validate(given.want)
    new, now = given.context.given("solution_version_arn"), datetime.now(UTC)
    client = clients.personalize()
    waiting = waiting_step(given.context, new, gate.name, now)
    try:
        campaign = _campaign(client, given.context.run.arn(f"campaign/{gate.name}"))
        if campaign and _moves(campaign):
            reason = f"{tail(campaign.arn)} is {campaign.status}, or an update of it is on its way"
            return waiting.model_copy(update={"reason": reason}).output()
        serves = campaign.settings.get("solutionVersionArn") if campaign and campaign.active else None
        current = Version(arn=serves, value=_value(client, serves, gate.metric)) if serves else None
        verdict = judge(gate, Version(arn=new, value=_value(client, new, gate.metric)), current)
    except TROUBLE as error:
        return wait_out(error, waiting, given.context.last, now).output()
    return Step(done=True, arn=new, name=gate.name, status="ACTIVE", details=verdict.output()).output()


def judge(gate: Gate, new: Version, current: Version | None) -> Verdict:
    """Decide by the numbers alone."""

    def say(decision: Decision, reason: str, serves: Version | None) -> Verdict:
        return Verdict(
            decision=decision,
            reason=reason,
            metric=gate.metric,
            solution_version_arn=serves.arn if serves else None,
            new=new,
            current=current,
        )

    if current and current.arn == new.arn:
        return say("promoted", f"{_short(new)} is what it serves already.", new)
    objections = list(_objections(gate, new, current))
    if not objections:
        reason = f"{_short(new)} has {gate.metric} {_number(new.value)}{_compared(gate, new, current)}."
        return say("promoted", reason, new)
    why = f"the new one ({_short(new)}) {' and '.join(objections)}."
    if current:
        return say("kept", f"kept the previous version ({_short(current)}): {why}", current)
    return say("withheld", f"not made: there is no previous version to keep, and {why}", None)


def _objections(gate: Gate, new: Version, current: Version | None) -> Iterator[str]:
    """Why the new version is not good enough; nothing if it is."""
    if new.value is None:
        yield f"has no {gate.metric}, so nobody knows how good it is"
        return
    if gate.at_least is not None and new.value < gate.at_least - _ROUNDING:
        yield f"has {gate.metric} {_number(new.value)}, below atLeast {gate.at_least:g}"
    if gate.max_drop is not None and current and current.value is not None:
        drop = current.value - new.value
        if drop > gate.max_drop + _ROUNDING:
            yield (
                f"lost {_number(drop)} of {gate.metric} (from {_number(current.value)} to "
                f"{_number(new.value)}), more than maxDrop {gate.max_drop:g}"
            )


def _compared(gate: Gate, new: Version, current: Version | None) -> str:
    floor = "" if gate.at_least is None else f", at least {gate.at_least:g} as asked for"
    if not current or new.value is None:
        return floor
    if current.value is None:
        return f"{floor}; {_short(current)}, which served until now, has none to compare with"
    change = new.value - current.value
    allowed = "" if gate.max_drop is None or change >= 0 else f" ({gate.max_drop:g} less is allowed)"
    return f"{floor}; {change:+.4f} against {_short(current)}, which served until now{allowed}"


def _campaign(client: "PersonalizeClient", arn: str) -> Found | None:
    try:
        shown = client.describe_campaign(campaignArn=arn)["campaign"]
    except client.exceptions.ResourceNotFoundException:
        return None
    return Found.of(arn, shown, update=shown.get("latestCampaignUpdate"))


def _moves(campaign: Found) -> bool:
    return campaign.moving or bool(campaign.update and campaign.update.moving)


def _value(client: "PersonalizeClient", version: str, metric: str) -> float | None:
    """The metric of a version; None for one that has none, or if the campaign follows `$LATEST` by itself."""
    if version.endswith("/$LATEST"):
        return None
    return client.get_solution_metrics(solutionVersionArn=version)["metrics"].get(metric)


def _short(version: Version) -> str:
    return tail(version.arn).removeprefix("solution/")


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
