"""Event tracker: where live events arrive. A dataset group has one at most; its name is not in its ARN."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.resources.resource import Found, Resource


class EventTracker(Resource):
    """Made before training starts, so that no event is lost."""

    kind = "event-tracker"
    _made = ""

    @property
    def arn(self) -> str:
        """Known from the turn before, or since it was made: the identifier is Personalize's."""
        last = self.context.last
        return self._made or (last.arn if last else "")

    def describe(self) -> Found | None:
        """The tracker of the dataset group, whatever its name."""
        arn = self.arn or self._of_group()
        if not arn:
            return None
        shown = self.client.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
        return Found.of(arn, shown)

    def create(self) -> None:
        """CreateEventTracker."""
        self._made = self.client.create_event_tracker(
            **{**self.want, "datasetGroupArn": self.context.given("dataset_group_arn")}
        )["eventTrackerArn"]

    def wanted(self) -> Mapping[str, Any]:
        """Its name is all that can be wanted."""
        return {"name": self.name}

    def ways_out(self, found: Found) -> str:
        """A second one is refused, so the name in the file has to give way, or the tracker."""
        return (
            f"A dataset group has one event tracker. Use the name {found.settings['name']} in the "
            f"params file, or delete it (its tracking ID stops working) first:\n"
            f"  {self.delete_command(found)}"
        )

    def details(self, found: Found) -> dict[str, Any]:
        """What an application needs for PutEvents."""
        return {"trackingId": found.settings["trackingId"]}

    def _of_group(self) -> str:
        pages = self.client.get_paginator("list_event_trackers").paginate(
            datasetGroupArn=self.context.given("dataset_group_arn")
        )
        trackers = [tracker for page in pages for tracker in page["eventTrackers"]]
        # One that is on its way out may be listed beside its successor.
        staying = [tracker for tracker in trackers if not tracker["status"].startswith("DELETE")]
        return next((tracker["eventTrackerArn"] for tracker in [*staying, *trackers]), "")
