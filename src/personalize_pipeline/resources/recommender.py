"""Recommender: a use case of a domain, trained and served by Personalize."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_pipeline.resources.resource import Change, Found, Resource

_CONFIG, _STATUS = "recommenderConfig", "status"
_ACTIVE = "ACTIVE"


class Recommender(Resource):
    """Its config and whether it runs can be changed, one after the other; its use case cannot."""

    kind = "recommender"

    @property
    def state(self) -> str:
        """ACTIVE or INACTIVE: what it is to be in the end."""
        return str(self.want.get("state", _ACTIVE))

    def describe(self) -> Found:
        """DescribeRecommender."""
        shown = self.client.describe_recommender(recommenderArn=self.arn)["recommender"]
        return Found.of(self.arn, shown, update=shown.get("latestRecommenderUpdate"))

    def create(self) -> None:
        """CreateRecommender: trains at once; from then on it is billed by the hour."""
        settings = {key: value for key, value in self.want.items() if key != "state"}
        self.client.create_recommender(**{**settings, **self._given})

    def wanted(self) -> Mapping[str, Any]:
        """Everything the params file gives; names are unique in the account, not in the dataset group."""
        settings = {key: value for key, value in self.want.items() if key not in ("tags", "state")}
        return {**settings, **self._given, _STATUS: self.state}

    @property
    def _given(self) -> Mapping[str, str]:
        return {
            "recipeArn": self.context.run.recipe(self.want["recipeArn"]),
            "datasetGroupArn": self.context.given("dataset_group_arn"),
        }

    def changes(self, found: Found) -> Sequence[Change]:
        """One that is and stays stopped cannot take a new config: it gets it when it is started."""
        changes = super().changes(found)
        if found.status == self.state != _ACTIVE:
            return [change for change in changes if _top(change) != _CONFIG]
        return changes

    def tried(self, changes: Sequence[Change]) -> bool:
        """Updates are about the config; stopping and starting come before or after them."""
        return any(_top(change) == _CONFIG for change in changes)

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """Start it, or give it its config, or stop it: one of them, in this order.

        Other columns to train on mean that it is trained again.

        Raises:
            ResourceChanged: something else differs.
        """
        attributes = {_top(change) for change in changes}
        if attributes - {_CONFIG, _STATUS}:
            raise self.changed(
                found, [change for change in changes if _top(change) not in (_CONFIG, _STATUS)]
            )
        if found.status != _ACTIVE:
            self.client.start_recommender(recommenderArn=found.arn)
        elif _CONFIG in attributes:
            config: Any = {**found.settings.get(_CONFIG, {}), **self.want[_CONFIG]}
            self.client.update_recommender(recommenderArn=found.arn, recommenderConfig=config)
        else:
            self.client.stop_recommender(recommenderArn=found.arn)

    def details(self, found: Found) -> dict[str, Any]:
        """Its use case, its metrics, and the requests per second that are billed at least."""
        waiting = [change for change in super().changes(found) if _top(change) == _CONFIG]
        return {
            "recipeArn": found.settings.get("recipeArn"),
            "metrics": dict(found.settings.get("modelMetrics") or {}),
            "minRecommendationRequestsPerSecond": found.settings.get(_CONFIG, {}).get(
                "minRecommendationRequestsPerSecond"
            ),
            **({"whenStarted": [str(change) for change in waiting]} if waiting else {}),
        }


def _top(change: Change) -> str:
    return change.attribute.partition(".")[0]
