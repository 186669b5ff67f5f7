"""From a dataset group that exists to its params file: what each section says so that nothing changes.

It only looks. What a section leaves out is the service's own: a run leaves it as it is.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.params.checks.names import schema_name
from personalize_pipeline.params.places import listed
from personalize_pipeline.params.shapes import call_keys, input_shape
from personalize_pipeline.resources.resource import NO_REASON, sentence, tail
from personalize_pipeline.resources.solution_version import solution_of
from personalize_pipeline.tagging import NOTE
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import WORDS, DatasetType

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

Json = Mapping[str, Any]

_LATEST: Final = "$LATEST"
_IMPORT_KEYS: Final = ("importMode", "roleArn", "publishAttributionMetricsToS3")
_UPDATE: Final = (
    "solutionVersionArn",
    "minProvisionedTPS",
    "campaignConfig",
    "recommenderConfig",
    "schemaArn",
)
_STOPPED: Final = frozenset({"INACTIVE", "STOP PENDING", "STOP IN_PROGRESS"})


@dataclass(slots=True)
class Exported:
    """A params document, and what a person should know about it."""

    document: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def export_group(
    client: "PersonalizeClient", arn: str, looked_at: Callable[[str], None] = lambda _: None
) -> Exported:
    """Write the params document of a dataset group: all pages of everything that belongs to it.

    `looked_at` is told what is looked at, for somebody who waits: Personalize takes about a call per second.

    Raises:
        ResourceFailed: the group itself is of no use.
    """
    return _Reader(client, arn, looked_at).export()


class _Reader:
    def __init__(self, client: "PersonalizeClient", arn: str, looked_at: Callable[[str], None]) -> None:
        self.client = client
        self.group = arn
        self.looked_at = looked_at
        self.notes: list[str] = []

    def export(self) -> Exported:
        document = {
            "datasetGroup": self._group(),
            "datasets": dict(self._datasets()),
            "eventTracker": next(self._trackers(), None),
            "filters": list(self._filters()),
            "solutions": list(self._solutions()),
            "recommenders": list(self._recommenders()),
            "metricAttribution": next(self._attributions(), None),
        }
        document = {key: value for key, value in document.items() if value}
        self._jobs()
        _lift_tags(document)
        return Exported(document, self.notes)

    # One method per section

    def _group(self) -> dict[str, Any]:
        shown = self.client.describe_dataset_group(datasetGroupArn=self.group)["datasetGroup"]
        if shown["status"] != "ACTIVE":
            reason = f": {shown['failureReason']}" if "failureReason" in shown else ""
            raise ResourceFailed(f"{tail(self.group)} is {shown['status']}{reason}: it cannot be exported.")
        return {**_settings("CreateDatasetGroup", shown), **self._tags(self.group)}

    def _datasets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        found = {}
        for item in self._pages("list_datasets", "datasets"):
            shown = self.client.describe_dataset(datasetArn=item["datasetArn"])["dataset"]
            if self._stays("dataset", shown["name"], shown):
                kind = DatasetType.parse(shown["datasetType"])
                found[kind] = self._dataset(item["datasetArn"], _current(shown, "latestDatasetUpdate"))
        # In the order in which people think of them, not in that of the list.
        yield from ((kind.word, found[kind]) for kind in WORDS if kind in found)

    def _dataset(self, arn: str, shown: Json) -> dict[str, Any]:
        schema = self.client.describe_schema(schemaArn=shown["schemaArn"])["schema"]
        made: dict[str, Any] = {"name": shown["name"]}
        if schema_name(made) != schema["name"]:
            made["schemaName"] = schema["name"]
        made["schema"] = _parsed(schema["schema"])
        return {**made, "import": False, **self._last_import(arn, shown), **self._tags(arn)}

    def _last_import(self, arn: str, dataset: Json) -> dict[str, Any]:
        """Where the data came from. Jobs outlive datasets: those of an earlier one do not count."""
        pages = self.client.get_paginator("list_dataset_import_jobs").paginate(datasetArn=arn)
        jobs = [
            job
            for page in pages
            for job in page["datasetImportJobs"]
            if job["creationDateTime"] >= dataset["creationDateTime"]
        ]
        newest = _newest(job for job in jobs if job["status"] == "ACTIVE")
        if newest is None:
            self.notes.append(
                f"dataset {dataset['name']}: nothing was imported into it, so its data has no place in S3."
            )
            return {}
        shown = self.client.describe_dataset_import_job(datasetImportJobArn=newest["datasetImportJobArn"])
        job = shown["datasetImportJob"]
        return {
            "dataLocation": job["dataSource"]["dataLocation"],
            **{key: job[key] for key in _IMPORT_KEYS if job.get(key)},
        }

    def _trackers(self) -> Iterator[dict[str, Any]]:
        for item in self._pages("list_event_trackers", "eventTrackers"):
            shown = self.client.describe_event_tracker(eventTrackerArn=item["eventTrackerArn"])[
                "eventTracker"
            ]
            if self._stays("event tracker", shown["name"], shown):
                yield {**_settings("CreateEventTracker", shown), **self._tags(item["eventTrackerArn"])}

    def _filters(self) -> Iterator[dict[str, Any]]:
        for item in self._pages("list_filters", "Filters"):
            shown = self.client.describe_filter(filterArn=item["filterArn"])["filter"]
            if self._stays("filter", shown["name"], shown):
                yield {**_settings("CreateFilter", shown), **self._tags(item["filterArn"])}

    def _solutions(self) -> Iterator[dict[str, Any]]:
        for item in self._pages("list_solutions", "solutions"):
            arn = item["solutionArn"]
            shown = _with_update(self.client.describe_solution(solutionArn=arn)["solution"])
            pages = self.client.get_paginator("list_campaigns").paginate(solutionArn=arn)
            campaigns = [one["campaignArn"] for page in pages for one in page["campaigns"]]
            if self._stays("solution", shown["name"], shown) and self._has_recipe(shown, campaigns):
                yield self._solution(arn, shown, campaigns)

    def _has_recipe(self, shown: Json, campaigns: list[str]) -> bool:
        """Whether the file can mean this solution: its recipe can still be had."""
        recipe = find_recipe(shown.get("recipeArn", ""))
        reason = ""
        if shown.get("performAutoML") or "recipeArn" not in shown:
            reason = "in a params file, performAutoML makes several solutions and compares them"
        elif recipe and recipe.replaced_by:
            reason = f"in a params file, its recipe {recipe.name} means {recipe.replaced_by}"
        if reason:
            served = (
                f", with {listed([tail(one).replace('/', ' ') for one in campaigns])}" if campaigns else ""
            )
            self.notes.append(f"solution {shown['name']} is left out{served}: {reason}. It goes on as it is.")
        return not reason

    def _solution(self, arn: str, shown: Json, campaigns: list[str]) -> dict[str, Any]:
        self.looked_at(tail(arn))
        pages = self.client.get_paginator("list_solution_versions").paginate(solutionArn=arn)
        newest = _newest(
            version for page in pages for version in page["solutionVersions"] if version["status"] == "ACTIVE"
        )
        trains = bool(shown.get("performAutoTraining"))
        made = {
            **_settings("CreateSolution", shown),
            # Said in any case: who trains is explicit, and the pipeline's default is not the service's.
            "performAutoTraining": trains,
            "solutionVersion": {"train": False},
            **self._tags(arn),
        }
        if not trains:
            # It counts for nothing then, and a file that says it is refused.
            made.get("solutionConfig", {}).pop("autoTrainingConfig", None)
        if not made.get("solutionConfig"):
            made.pop("solutionConfig", None)
        if trains:
            rate = made.get("solutionConfig", {}).get("autoTrainingConfig", {}).get("schedulingExpression")
            self.notes.append(
                f"solution {shown['name']}: Personalize trains it by itself, {rate or 'every seven days'}."
            )
        newest_arn = newest["solutionVersionArn"] if newest else None
        served = list(self._campaigns(campaigns, newest_arn, trains=trains))
        return {**made, "campaigns": served} if served else made

    def _campaigns(self, arns: list[str], newest: str | None, *, trains: bool) -> Iterator[dict[str, Any]]:
        for arn in arns:
            self.looked_at(tail(arn))
            shown = _current(
                self.client.describe_campaign(campaignArn=arn)["campaign"], "latestCampaignUpdate"
            )
            if not self._stays("campaign", shown["name"], shown):
                continue
            version = shown["solutionVersionArn"]
            made = _settings("CreateCampaign", shown, without={"solutionVersionArn"})
            if shown.get("campaignConfig", {}).get("syncWithLatestSolutionVersion"):
                made["solutionVersionArn"] = f"{solution_of(version)}/{_LATEST}"
            elif version != newest or trains:
                made["solutionVersionArn"] = version
                why = (
                    "the solution gets new ones by itself"
                    if version == newest
                    else "it is not the newest one"
                )
                self.notes.append(
                    f"campaign {shown['name']} stays at its version, because {why}; remove "
                    "solutionVersionArn where runs are to move it."
                )
            yield {**made, **self._tags(arn)}

    def _recommenders(self) -> Iterator[dict[str, Any]]:
        for item in self._pages("list_recommenders", "recommenders"):
            arn = item["recommenderArn"]
            found = self.client.describe_recommender(recommenderArn=arn)["recommender"]
            shown = _current(found, "latestRecommenderUpdate")
            if self._stays("recommender", shown["name"], shown):
                stopped = {"state": "INACTIVE"} if shown["status"] in _STOPPED else {}
                yield {**_settings("CreateRecommender", shown), **stopped, **self._tags(arn)}

    def _attributions(self) -> Iterator[dict[str, Any]]:
        for item in self._pages("list_metric_attributions", "metricAttributions"):
            arn = item["metricAttributionArn"]
            shown = self.client.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
            pages = self.client.get_paginator("list_metric_attribution_metrics").paginate(
                metricAttributionArn=arn
            )
            metrics = [metric for page in pages for metric in page["metrics"]]
            if self._stays("metric attribution", shown["name"], shown):
                yield _settings("CreateMetricAttribution", {**shown, "metrics": metrics})

    def _jobs(self) -> None:
        """Jobs are no state that a file describes: with a job in the file, each run runs one."""
        solutions = {tail(item["solutionArn"]) for item in self._pages("list_solutions", "solutions")}
        datasets = [item["datasetArn"] for item in self._pages("list_datasets", "datasets")]
        found = {
            # These two are listed by version, or all of the account.
            words: sum(tail(solution_of(job["solutionVersionArn"])) in solutions for job in jobs)
            for words, jobs in (
                ("batch inference jobs", self._all("list_batch_inference_jobs", "batchInferenceJobs")),
                ("batch segment jobs", self._all("list_batch_segment_jobs", "batchSegmentJobs")),
            )
        }
        found["data deletion jobs"] = len(
            self._pages("list_data_deletion_jobs", "dataDeletionJobs", "jobName")
        )
        found["dataset export jobs"] = sum(
            len(self._all("list_dataset_export_jobs", "datasetExportJobs", datasetArn=arn))
            for arn in datasets
        )
        if counts := [
            f"{number} {words if number > 1 else words[:-1]}" for words, number in found.items() if number
        ]:
            self.notes.append(
                f"jobs that have run are not in the file ({listed(counts)}): a run would run them anew."
            )

    # What all of them need

    def _pages(self, operation: str, key: str, name: str = "name") -> list[Any]:
        """Everything of a kind in the group, the oldest first: the order of lists is not promised."""
        items = self._all(operation, key, datasetGroupArn=self.group)
        return sorted(items, key=lambda item: (item["creationDateTime"], item[name]))

    def _all(self, operation: str, key: str, **arguments: str) -> list[Any]:
        """All pages: one after the other, because botocore knows no paginator for data deletion jobs."""
        page = getattr(self.client, operation)(**arguments)
        items: list[Any] = page[key]
        while token := page.get("nextToken"):
            page = getattr(self.client, operation)(**arguments, nextToken=token)
            items += page[key]
        return items

    def _stays(self, kind: str, name: str, shown: Json) -> bool:
        """Whether it is there to stay: what failed or goes would make the run fail."""
        self.looked_at(f"{kind} {name}")
        status = shown.get("status", "ACTIVE")
        if status.startswith("DELETE"):
            self.notes.append(f"{kind} {name} is left out: it is being deleted.")
            return False
        if status in ("CREATE FAILED", "CREATE STOPPED"):
            reason = sentence(shown.get("failureReason") or NO_REASON)
            self.notes.append(
                f"{kind} {name} is left out: it failed: {reason} Delete it, nothing can use it."
            )
            return False
        if status != "ACTIVE" and status not in _STOPPED:
            self.notes.append(f"{kind} {name} is not ready yet ({status}): a run waits for it.")
        return True

    def _tags(self, arn: str) -> dict[str, Any]:
        """Its tags; those of AWS itself cannot be set by anybody, and the pipeline makes its note again."""
        tags = self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        own = [tag for tag in tags if tag["tagKey"] != NOTE and not tag["tagKey"].lower().startswith("aws:")]
        return {"tags": own} if own else {}


def _settings(operation: str, shown: Json, without: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters of a Create call as Describe shows them; what is false or empty says nothing there."""
    not_settings = {"datasetGroupArn", "tags", *without}
    made = {key: shown.get(key) for key in input_shape(operation).members if key not in not_settings}
    return {key: _without_empty(value) for key, value in made.items() if value}


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: inner for key, inner in value.items() if inner not in ({}, [])}
    return value


def _current(shown: Any, update: str) -> dict[str, Any]:
    """What it is on its way to be: a run waits for an update that is being made."""
    latest = shown.get(update) or {}
    if not latest.get("status", "").startswith("CREATE") or latest["status"] == "CREATE FAILED":
        return dict(shown)
    return {**shown, **{key: latest[key] for key in _UPDATE if key in latest}}


def _with_update(shown: Any) -> dict[str, Any]:
    """A solution shows what it was made with, and its latest update beside it."""
    latest = shown.get("latestSolutionUpdate") or {}
    if latest.get("status") == "CREATE FAILED":
        return dict(shown)
    config = {**shown.get("solutionConfig", {}), **latest.get("solutionUpdateConfig", {})}
    keys = call_keys("UpdateSolution") & latest.keys()
    return {**shown, **{key: latest[key] for key in keys}, "solutionConfig": config}


def _newest(items: Iterable[Any]) -> Any:
    return max(items, key=lambda item: item["creationDateTime"], default=None)


def _parsed(schema: str) -> Any:
    try:
        return json.loads(schema)
    except ValueError:
        return schema


def _lift_tags(document: dict[str, Any]) -> None:
    """Tags that everything has stand once, at the end of the file."""
    sections = [
        document["datasetGroup"],
        *document.get("datasets", {}).values(),
        *([document["eventTracker"]] if "eventTracker" in document else []),
        *document.get("filters", []),
        *document.get("solutions", []),
        *(one for solution in document.get("solutions", []) for one in solution.get("campaigns", [])),
        *document.get("recommenders", []),
    ]
    common = [
        tag for tag in sections[0].get("tags", []) if all(tag in one.get("tags", []) for one in sections)
    ]
    if not common:
        return
    for section in sections:
        own = [tag for tag in section.pop("tags") if tag not in common]
        if own:
            section["tags"] = own
    document["tags"] = common
