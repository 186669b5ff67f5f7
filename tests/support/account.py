"""A dataset group as somebody made it by hand with boto3, and all that Personalize tells about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 120.0
RECIPE = "arn:aws:personalize:::recipe/"


def everything(client: Any, group: str) -> dict[str, Any]:
    """Each resource of the group by its ARN, as Describe shows it, with its tags; jobs and versions too."""
    return dict(_described(client, group))


def _described(client: Any, group: str) -> Iterator[tuple[str, Any]]:
    inside = {"datasetGroupArn": group}
    yield _shown(client, "dataset_group", group)
    for dataset in _listed(client, "list_datasets", "datasetArn", **inside):
        arn, shown = _shown(client, "dataset", dataset)
        yield arn, shown
        yield _shown(client, "schema", shown["schemaArn"], tags=False)
        for job in _listed(client, "list_dataset_import_jobs", "datasetImportJobArn", datasetArn=arn):
            yield _shown(client, "dataset_import_job", job)
    for solution in _listed(client, "list_solutions", "solutionArn", **inside):
        yield _shown(client, "solution", solution)
        for version in _listed(client, "list_solution_versions", "solutionVersionArn", solutionArn=solution):
            yield _shown(client, "solution_version", version)
        for campaign in _listed(client, "list_campaigns", "campaignArn", solutionArn=solution):
            yield _shown(client, "campaign", campaign)
    for kind in ("event_tracker", "filter", "recommender", "metric_attribution"):
        argument = _argument(kind)
        for arn in _listed(client, f"list_{kind}s", argument, **inside):
            yield _shown(client, kind, arn, tags=kind != "metric_attribution")


def _listed(client: Any, operation: str, argument: str, **given: str) -> list[str]:
    pages = client.get_paginator(operation).paginate(**given)
    lists = [value for page in pages for value in page.values() if isinstance(value, list)]
    return sorted(item[argument] for items in lists for item in items)


def _shown(client: Any, kind: str, arn: str, *, tags: bool = True) -> tuple[str, Any]:
    answer = getattr(client, f"describe_{kind}")(**{_argument(kind): arn})
    (shown,) = (value for key, value in answer.items() if key != "ResponseMetadata")
    if tags:
        found = client.list_tags_for_resource(resourceArn=arn)["tags"]
        shown["tags"] = sorted(found, key=lambda tag: tag["tagKey"])
    return arn, shown


def _argument(kind: str) -> str:
    head, *words = kind.split("_")
    return head + "".join(map(str.capitalize, words)) + "Arn"


class ByHand:
    """Makes resources as a script of somebody does: one call, and the wait for it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def make(self, kind: str, **arguments: Any) -> str:
        """Create it, wait until it is there, and give its ARN."""
        arn: str = getattr(self.client, f"create_{kind}")(**arguments)[_argument(kind)]
        if kind != "schema":
            self.wait(kind, arn)
        return arn

    def wait(self, kind: str, arn: str, status: str = "ACTIVE") -> None:
        deadline = time.monotonic() + PATIENCE
        while (shown := _shown(self.client, kind, arn, tags=False)[1])["status"] != status:
            assert "FAILED" not in shown["status"], shown
            assert time.monotonic() < deadline, shown
            time.sleep(0.2)

    def settled(self, kind: str, arn: str, update: str) -> None:
        """Wait for the end of an update."""
        deadline = time.monotonic() + PATIENCE
        while _shown(self.client, kind, arn, tags=False)[1].get(update, {}).get("status") != "ACTIVE":
            assert time.monotonic() < deadline, arn
            time.sleep(0.2)
