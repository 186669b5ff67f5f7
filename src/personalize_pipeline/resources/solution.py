"""Solution: what to train and how. Only what concerns automatic training and event weights can be changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_pipeline.resources.resource import Change, Found, Resource

# UpdateSolution takes these; those inside solutionConfig are given whole, in solutionUpdateConfig.
_CHANGEABLE = ("performAutoTraining", "performIncrementalUpdate")
_CHANGEABLE_CONFIG = ("autoTrainingConfig", "eventsConfig")


class Solution(Resource):
    """A recipe and its settings."""

    kind = "solution"

    def describe(self) -> Found:
        """DescribeSolution; its latest finished update is laid over what it was made with."""
        shown = self.client.describe_solution(solutionArn=self.arn)["solution"]
        update = shown.get("latestSolutionUpdate")
        return Found.of(self.arn, _with_update(shown, update), update=update)

    def create(self) -> None:
        """CreateSolution."""
        self.client.create_solution(
            **{**self.want, **self._recipe, "datasetGroupArn": self.context.given("dataset_group_arn")}
        )

    def wanted(self) -> Mapping[str, Any]:
        """Everything the params file gives; names are unique in the account, not in the dataset group."""
        settings = {key: value for key, value in self.want.items() if key != "tags"}
        group = self.context.given("dataset_group_arn")
        return {**settings, **self._recipe, "datasetGroupArn": group}

    @property
    def _recipe(self) -> Mapping[str, str]:
        if "recipeArn" not in self.want:
            return {}
        return {"recipeArn": self.context.run.recipe(self.want["recipeArn"])}

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """UpdateSolution, if every difference is one that it can make."""
        settings, config = set[str](), set[str]()
        for change in changes:
            top, _, rest = change.attribute.partition(".")
            if top in _CHANGEABLE:
                settings.add(top)
            elif (
                top == "solutionConfig"
                and (part := rest.partition(".")[0].partition("[")[0]) in _CHANGEABLE_CONFIG
            ):
                config.add(part)
            else:
                raise self.changed(found, changes)
        kwargs: dict[str, Any] = {key: self.want[key] for key in settings}
        if config:
            kwargs["solutionUpdateConfig"] = {key: self.want["solutionConfig"][key] for key in config}
        self.client.update_solution(solutionArn=found.arn, **kwargs)

    def details(self, found: Found) -> dict[str, Any]:
        """Its recipe, which says how its campaigns are asked."""
        return {"recipeArn": found.settings.get("recipeArn")}


def _with_update(shown: Any, update: Any) -> dict[str, Any]:
    if not update or update.get("status") != "ACTIVE":
        return dict(shown)
    config = {**shown.get("solutionConfig", {}), **update.get("solutionUpdateConfig", {})}
    settings = {key: update[key] for key in _CHANGEABLE if key in update}
    return {**shown, **settings, "solutionConfig": config}
