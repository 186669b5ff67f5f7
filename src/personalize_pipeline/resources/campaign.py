"""Campaign: serve a solution version, or move an existing campaign to a newer one."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_pipeline.resources.resource import Change, Found, Resource, last_duration
from personalize_pipeline.resources.solution_version import solution_of

_LATEST = "$LATEST"


class Campaign(Resource):
    """All of it can be changed; the old version answers until the update is active."""

    kind = "campaign"
    _last_time: float | None = None

    @property
    def solution_version(self) -> str:
        """The version to serve; `$LATEST` for a campaign that follows its solution by itself."""
        if pinned := self.want.get("solutionVersionArn"):
            return str(pinned)
        version = self.context.given("solution_version_arn")
        return f"{solution_of(version)}/{_LATEST}" if self._follows else version

    def describe(self) -> Found:
        """DescribeCampaign.

        One that follows its solution shows `$LATEST` or the version it is at: both mean the same.
        """
        shown = self.client.describe_campaign(campaignArn=self.arn)["campaign"]
        settings = dict(shown)
        follows = shown.get("campaignConfig", {}).get("syncWithLatestSolutionVersion", False)
        if follows and "solutionVersionArn" in shown:
            settings["solutionVersionArn"] = f"{solution_of(shown['solutionVersionArn'])}/{_LATEST}"
        return Found.of(self.arn, settings, update=shown.get("latestCampaignUpdate"))

    def memory(self) -> dict[str, Any]:
        """What the update before this one took."""
        return {"lastTimeSeconds": self._last_time}

    def create(self) -> None:
        """CreateCampaign: from now on its minimum of requests per second is billed."""
        self.client.create_campaign(**{**self.want, "solutionVersionArn": self.solution_version})

    def wanted(self) -> Mapping[str, Any]:
        """The version of this run, or the one that the params file gives; and what else it gives."""
        settings = {key: value for key, value in self.want.items() if key != "tags"}
        return settings | {"solutionVersionArn": self.solution_version}

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """UpdateCampaign with what differs; its config is always given whole."""
        if before := found.settings.get("latestCampaignUpdate"):
            self._last_time = last_duration([before])
        attributes = {change.attribute.partition(".")[0] for change in changes}
        kwargs = {key: value for key, value in self.wanted().items() if key in attributes}
        shown = found.settings.get("campaignConfig", {})
        followed = shown.get("syncWithLatestSolutionVersion", False)
        if "campaignConfig" in kwargs or self._follows or followed:
            # The API replaces the config as a whole, and takes $LATEST only together with it; a campaign that
            # followed its solution so far has to be told to stop.
            stop = {"syncWithLatestSolutionVersion": False} if followed else {}
            kwargs["campaignConfig"] = {**shown, **stop, **self.want.get("campaignConfig", {})}
        self.client.update_campaign(campaignArn=found.arn, **kwargs)

    def details(self, found: Found) -> dict[str, Any]:
        """What it serves, and the requests per second that are billed at least."""
        return {
            "solutionVersionArn": self._served,
            "minProvisionedTPS": found.settings.get("minProvisionedTPS"),
        }

    @property
    def _served(self) -> str:
        return str(self.want.get("solutionVersionArn") or self.context.given("solution_version_arn"))

    @property
    def _follows(self) -> bool:
        return bool(self.want.get("campaignConfig", {}).get("syncWithLatestSolutionVersion"))
