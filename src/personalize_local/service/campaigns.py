"""Campaigns: solution versions that answer requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import group_schemas
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceNotFoundException,
)
from personalize_local.service.exploration_rules import exploration_problems
from personalize_local.service.influence_rules import influence_problems
from personalize_local.service.kinds import Status
from personalize_local.service.resource import Answer, Context, Tags, operation
from personalize_local.service.solution_versions import find_version
from personalize_local.service.updates import Updatable
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.deployments import Deployments
    from personalize_local.service.store import Record

_LATEST = "/$LATEST"


class Campaigns(Updatable):
    """CreateCampaign, DescribeCampaign, ListCampaigns, UpdateCampaign, DeleteCampaign."""

    kind = kinds.CAMPAIGN
    member = "campaign"
    listed = "campaigns"
    summary: ClassVar = ("name", "campaignArn")
    update_member = "latestCampaignUpdate"

    def __init__(self, context: Context, deployments: Deployments) -> None:
        super().__init__(context)
        self._deployments = deployments

    @operation
    def create_campaign(
        self,
        *,
        name: str,
        solutionVersionArn: str,
        minProvisionedTPS: int = 1,
        campaignConfig: dict[str, Any] | None = None,
        tags: Tags | None = None,
    ) -> Answer:
        """Loads the model before it is ACTIVE, so that the first answer is not slower than the second."""
        arn = self.context.arn(self.kind, name)
        config = campaignConfig or {}
        with self.store.transaction():
            self.refuse_taken(arn)
            version = self._version(solutionVersionArn, config)
            self._refuse_unfit(version, config)
            limit = self.context.settings.quotas.campaigns
            if self.store.count(self.kind, group=version.group) >= limit:
                raise LimitExceededException(
                    f"Cannot create a campaign. More than {limit} resources in ACTIVE state. "
                    "Please delete some and try again."
                )
            body = {
                "name": name,
                "campaignArn": arn,
                "solutionVersionArn": self._shown(version, solutionVersionArn),
                "minProvisionedTPS": minProvisionedTPS,
                "campaignConfig": campaignConfig,
            }
            self.add(
                arn,
                name,
                body,
                group=version.group,
                parent=version.parent,
                tags=tags,
                private={"version": version.arn},
            )
        return {"campaignArn": arn}

    @operation
    def describe_campaign(self, *, campaignArn: str) -> Answer:
        """With its latest update."""
        return self.describe(campaignArn)

    @operation
    def list_campaigns(
        self, *, solutionArn: str | None = None, nextToken: str | None = None, maxResults: int | None = None
    ) -> Answer:
        """Campaigns of a solution, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=solutionArn)

    @operation
    def update_campaign(
        self,
        *,
        campaignArn: str,
        solutionVersionArn: str | None = None,
        minProvisionedTPS: int | None = None,
        campaignConfig: dict[str, Any] | None = None,
    ) -> Answer:
        """What is live stays so until the update is ACTIVE."""
        with self.store.transaction():
            record = self.get(campaignArn)
            if record.status != Status.FAILED:
                self.require_active(record)
            self.refuse_during_update(record)
            if solutionVersionArn is None and minProvisionedTPS is None and campaignConfig is None:
                raise InvalidInputException(
                    "Give at least one of solutionVersionArn, minProvisionedTPS, campaignConfig."
                )
            config = campaignConfig if campaignConfig is not None else record.body.get("campaignConfig", {})
            version = self._version_for_update(record, solutionVersionArn, config)
            self._refuse_unfit(version, config)
            self._change(record, version, solutionVersionArn, minProvisionedTPS, campaignConfig)
        return {"campaignArn": campaignArn}

    @operation
    def delete_campaign(self, *, campaignArn: str) -> Answer:
        """Stops answering at once; the solution version stays."""
        with self.store.transaction():
            record = self.get(campaignArn)
            blockers = ["it is being updated"] if self.update_in_progress(record) else []
            return self.delete(record, blockers=blockers)

    def follow(self, version: Record) -> None:
        """Move the campaigns that want the latest version of a solution to this one."""
        for campaign in self.store.find(self.kind, parent=version.parent, statuses=[Status.ACTIVE]):
            config = campaign.body.get("campaignConfig", {})
            if config.get("syncWithLatestSolutionVersion") and not self.update_in_progress(campaign):
                self._change(campaign, version, version.parent + _LATEST, None, None)

    def work(self, record: Record) -> None:
        """Load the model."""
        self._deploy(record, record.private["version"], self.finish)

    def work_on_update(self, record: Record) -> None:
        """Load the new model beside the old one."""
        self._deploy(record, record.private["nextVersion"], self.finish_update)

    def activated(self, record: Record) -> None:
        """A newer version may have become ACTIVE while this one was deployed."""
        self.updated(record)

    def apply_update(self, record: Record, update: dict[str, Any]) -> None:
        """From the next request on."""
        for member in ("solutionVersionArn", "minProvisionedTPS", "campaignConfig"):
            if member in update:
                record.body[member] = update[member]
        version = self.store.get(record.private["nextVersion"])
        if version:
            record.private["version"] = version.arn
            record.parent = version.parent
        record.status = Status.ACTIVE  # an update may repair a campaign whose creation failed
        record.failure_reason = None

    def updated(self, record: Record) -> None:
        """A version may have become ACTIVE in the meantime."""
        config = record.body.get("campaignConfig", {})
        if config.get("syncWithLatestSolutionVersion"):
            latest = self._latest(record.parent)
            if latest and latest.arn not in (record.private["version"], record.private.get("nextVersion")):
                self._change(record, latest, latest.parent + _LATEST, None, None)

    def _deploy(self, record: Record, version_arn: str, end: Callable[..., None]) -> None:
        version = self.store.get(version_arn)
        if version is None:
            end(record.arn, f"Solution version {version_arn} does not exist any more.")
            return

        self._deployments.deploy(version, lambda reason: self.soon(end, record.arn, reason))

    def _change(
        self,
        record: Record,
        version: Record,
        asked: str | None,
        tps: int | None,
        config: dict[str, Any] | None,
    ) -> None:
        record.private["nextVersion"] = version.arn
        fields = {
            "solutionVersionArn": self._shown(version, asked) if asked else record.body["solutionVersionArn"],
            "minProvisionedTPS": tps or record.body["minProvisionedTPS"],
            "campaignConfig": config if config is not None else record.body.get("campaignConfig"),
        }
        self.start_update(record, fields)

    def _shown(self, version: Record, asked: str) -> str:
        """Whether Describe shows $LATEST or what is behind it is not documented: a setting."""
        return version.arn if self.context.settings.latest_alias_is_resolved else asked

    def _version(self, arn: str, config: dict[str, Any]) -> Record:
        sync = bool(config.get("syncWithLatestSolutionVersion"))
        if not arn.endswith(_LATEST):
            if sync:
                raise InvalidInputException(
                    "syncWithLatestSolutionVersion needs a solutionVersionArn of the form "
                    f"<solution ARN>{_LATEST}, not {arn}."
                )
            return find_version(self, arn)
        if not sync:
            raise InvalidInputException(
                f"{arn} can only be used together with syncWithLatestSolutionVersion: true. "
                "Give the ARN of a solution version."
            )
        solution = self.fetch(kinds.SOLUTION, arn.removesuffix(_LATEST))
        latest = self._latest(solution.arn)
        if latest is None:
            raise ResourceNotFoundException.of(arn)
        return latest

    def _version_for_update(self, record: Record, arn: str | None, config: dict[str, Any]) -> Record:
        if arn is None:
            if config.get("syncWithLatestSolutionVersion"):
                latest = self._latest(record.parent)
                if latest:
                    return latest
            return self.fetch(kinds.SOLUTION_VERSION, record.private["version"])
        version = self._version(arn, config)
        if version.group != record.group:
            raise InvalidInputException(
                f"Solution version {version.arn} belongs to dataset group {version.group}, "
                f"the campaign to {record.group}."
            )
        if version.parent != record.parent and not self.context.settings.campaign_may_change_solution:
            raise InvalidInputException(
                f"Solution version {version.arn} is not one of solution {record.parent}."
            )
        return version

    def _latest(self, solution_arn: str) -> Record | None:
        versions = self.store.find(kinds.SOLUTION_VERSION, parent=solution_arn, statuses=[Status.ACTIVE])
        return versions[-1] if versions else None

    def _refuse_unfit(self, version: Record, config: dict[str, Any]) -> None:
        recipe = find_recipe(version.body["recipeArn"])
        assert recipe  # checked by CreateSolution
        schemas = group_schemas(self.store, version.group)
        problems = []
        if not recipe.campaign:
            problems.append(f"A solution version of recipe {recipe.name} cannot be deployed in a campaign")
        problems += exploration_problems(recipe, config.get("itemExplorationConfig"))
        problems += influence_problems(recipe, config.get("rankingInfluence", {}), schemas)
        if config.get("enableMetadataWithRecommendations"):
            if recipe.metadata == "none":
                problems.append(f"Recipe {recipe.name} has no metadata in its answers")
            elif DatasetType.ITEMS not in schemas:
                problems.append("enableMetadataWithRecommendations needs an Items dataset")
        if problems:
            raise InvalidInputException.of(problems)
