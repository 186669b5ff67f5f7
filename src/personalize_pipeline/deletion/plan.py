"""What there is to delete of a dataset group, in the order in which it can go. Looks, and changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from personalize_pipeline.context import Message
from personalize_pipeline.deletion.kinds import DATA, SCHEDULE, STAGES
from personalize_pipeline.resources.resource import tail
from personalize_pipeline.scheduling.names import existing, of_dataset_group

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


class Thing(Message):
    """Something to delete; `arn` is the place in S3 for data."""

    kind: str
    name: str
    arn: str


class Stage(Message):
    """Things that may go at the same time."""

    things: tuple[Thing, ...]


class Known(Message):
    """What an interrupted deletion had found: it cannot be found again once the datasets are gone."""

    schemas: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()

    def __or__(self, other: "Known") -> "Known":
        return Known(
            schemas=tuple(dict.fromkeys(self.schemas + other.schemas)),
            locations=tuple(dict.fromkeys(self.locations + other.locations)),
        )


class Plan(Message):
    """All that goes, stage after stage, and what stays, with the reasons."""

    stages: tuple[Stage, ...] = ()
    notes: tuple[str, ...] = ()
    known: Known = Known()

    @property
    def things(self) -> list[Thing]:
        """Everything that goes, in order."""
        return [thing for stage in self.stages for thing in stage.things]


def make_plan(  # what the account holds, and what was asked for
    client: "PersonalizeClient",
    group_arn: str,
    bucket: str,
    known: Known | None = None,
    *,
    data: bool,
    schedules: Iterable[Thing] = (),
) -> Plan:
    """List what belongs to the dataset group, all pages. Empty if there is nothing (any more).

    `schedules` are those of the group, which EventBridge Scheduler knows (`schedules_of`). `data`: also the
    files in `bucket` that were imported last. Every list is of this group only, except that of all datasets,
    which tells the schemas that others use.
    """
    there = _exists(client, group_arn)
    found = [*schedules, *(_inside(client, group_arn) if there else ())]
    datasets = [thing.arn for thing in found if thing.kind == "Dataset"]
    schemas = [_schema(client, arn) for arn in datasets]
    locations = [place for arn in datasets if (place := _imported_from(client, arn))]
    known = (known or Known()) | Known(
        schemas=tuple(filter(None, schemas)), locations=tuple(dict.fromkeys(locations))
    )
    used = _used_elsewhere(client, set(datasets), known.schemas) if known.schemas else {}
    notes = [f"schema {_name(arn)} is kept: {tail(user)} uses it too." for arn, user in used.items()]
    found += [_thing("Schema", arn) for arn in known.schemas if arn not in used and _there(client, arn)]
    if data:
        own = f"s3://{bucket}/"
        inside = [place for place in known.locations if place.startswith(own)]
        found += [Thing(kind=DATA, name=place, arn=place) for place in inside]
        notes += [
            f"the data in {place} is kept: it is not in the input bucket of this stack."
            for place in known.locations
            if place not in inside
        ]
    else:
        notes += [f"the data in {place} is kept." for place in known.locations]
    stages = (Stage(things=tuple(thing for thing in found if thing.kind in stage)) for stage in STAGES)
    return Plan(stages=tuple(stage for stage in stages if stage.things), notes=tuple(notes), known=known)


def schedules_of(client: "EventBridgeSchedulerClient", schedule_group: str, name: str) -> Iterator[Thing]:
    """The schedules of the dataset group of this name, of all its params files."""
    for schedule, arn in existing(client, schedule_group, of_dataset_group(name)):
        yield Thing(kind=SCHEDULE, name=schedule, arn=arn)


def _exists(client: "PersonalizeClient", arn: str) -> bool:
    try:
        client.describe_dataset_group(datasetGroupArn=arn)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _there(client: "PersonalizeClient", schema: str) -> bool:
    try:
        client.describe_schema(schemaArn=schema)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _inside(client: "PersonalizeClient", group: str) -> Iterator[Thing]:
    yield from _solutions_and_campaigns(client, group)
    for recommenders in client.get_paginator("list_recommenders").paginate(datasetGroupArn=group):
        yield from (_thing("Recommender", item["recommenderArn"]) for item in recommenders["recommenders"])
    for trackers in client.get_paginator("list_event_trackers").paginate(datasetGroupArn=group):
        for tracker in trackers["eventTrackers"]:
            # Its ARN ends in an identifier; a person knows its name.
            yield Thing(kind="EventTracker", name=tracker["name"], arn=tracker["eventTrackerArn"])
    for attributions in client.get_paginator("list_metric_attributions").paginate(datasetGroupArn=group):
        for item in attributions["metricAttributions"]:
            yield _thing("MetricAttribution", item["metricAttributionArn"])
    for filters in client.get_paginator("list_filters").paginate(datasetGroupArn=group):
        yield from (_thing("Filter", item["filterArn"]) for item in filters["Filters"])
    for datasets in client.get_paginator("list_datasets").paginate(datasetGroupArn=group):
        for dataset in datasets["datasets"]:
            yield Thing(kind="Dataset", name=dataset["name"], arn=dataset["datasetArn"])
    yield _thing("DatasetGroup", group)


def _solutions_and_campaigns(client: "PersonalizeClient", group: str) -> Iterator[Thing]:
    for solutions in client.get_paginator("list_solutions").paginate(datasetGroupArn=group):
        for solution in solutions["solutions"]:
            arn = solution["solutionArn"]
            yield _thing("Solution", arn)
            for campaigns in client.get_paginator("list_campaigns").paginate(solutionArn=arn):
                yield from (_thing("Campaign", item["campaignArn"]) for item in campaigns["campaigns"])


def _schema(client: "PersonalizeClient", dataset: str) -> str:
    """The schema of a dataset; "" if the dataset is gone in this moment."""
    try:
        return client.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"]
    except client.exceptions.ResourceNotFoundException:
        return ""


def _imported_from(client: "PersonalizeClient", dataset: str) -> str:
    """Where the newest import of a dataset took its data; "" if there was none."""
    pages = client.get_paginator("list_dataset_import_jobs").paginate(datasetArn=dataset)
    jobs = [job for page in pages for job in page["datasetImportJobs"]]
    if not jobs:
        return ""
    newest = max(jobs, key=lambda job: job["creationDateTime"])["datasetImportJobArn"]
    job = client.describe_dataset_import_job(datasetImportJobArn=newest)["datasetImportJob"]
    return job["dataSource"]["dataLocation"]


def _used_elsewhere(
    client: "PersonalizeClient", own: set[str], schemas: tuple[str, ...]
) -> Mapping[str, str]:
    """Those of the schemas that datasets of other groups use, each with one of these datasets."""
    others = [
        item["datasetArn"]
        for page in client.get_paginator("list_datasets").paginate()
        for item in page["datasets"]
        if item["datasetArn"] not in own
    ]
    return {arn: other for other in others if (arn := _schema(client, other)) in schemas}


def _thing(kind: str, arn: str) -> Thing:
    return Thing(kind=kind, name=_name(arn), arn=arn)


def _name(arn: str) -> str:
    return tail(arn).partition("/")[2]


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan for a script."""
    return {
        "delete": [thing.output() for thing in plan.things],
        "notes": list(plan.notes),
    }
