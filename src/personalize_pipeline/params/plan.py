"""The plan: what the state machine is to bring about, as the arguments of the calls that do it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params.batch import batch_job
from personalize_pipeline.params.candidates import candidates
from personalize_pipeline.params.checks.datasets import schema_text
from personalize_pipeline.params.checks.names import schema_name
from personalize_pipeline.params.checks.tags import merged
from personalize_pipeline.params.data_jobs import data_deletion_job, dataset_export_job, metric_attribution
from personalize_pipeline.params.models import import_keys
from personalize_pipeline.params.preprocess import glue_job
from personalize_pipeline.params.reading import Params, read
from personalize_pipeline.params.schedules import wanted_schedules
from personalize_pipeline.params.shapes import call_keys
from personalize_rules.filters import parse_filter
from personalize_rules.recipe_metrics import DEFAULT_METRIC
from personalize_rules.schemas import DatasetType, Problem

MAX_BYTES: Final = 230_000
"""Step Functions passes at most 262,144 bytes from state to state; the run's own data comes on top."""


def plan(
    params: Params | str | bytes | Mapping[str, Any],
    *,
    bucket: str | None = None,
    prefix: str = "",
    key: str | None = None,
) -> dict[str, Any]:
    """Make the plan of a run, of params that were read or of a document.

    `bucket` and `prefix` (empty, or ending in /) are where the params file lies: data whose place the file
    does not give is in the folder of its type beside it. Without a bucket such an import has no `dataSource`.
    `key` is the params file itself: without it there is nothing that a schedule could start again.
    Optional keys are absent, never null, except `eventTracker` and `metricAttribution`.

    Raises:
        ParamsInvalid: the document has problems, or its plan is too large for Step Functions.

    """
    if not isinstance(params, Params):
        params = read(params)
    document = params.document
    tags = document.get("tags", [])
    group = document["datasetGroup"]
    tracker, attribution = document.get("eventTracker"), document.get("metricAttribution")
    beside = bucket and f"s3://{bucket}/{prefix}"
    filters = {
        section["name"]: str(parse_filter(section["filterExpression"]))
        for section in document.get("filters", [])
    }
    made: dict[str, Any] = {
        "notes": list(params.notes),
        "datasetGroup": _tagged(group, tags),
        "datasets": [
            _dataset(word, section, tags, group.get("domain"), beside and f"{beside}{word}/")
            for word, section in document.get("datasets", {}).items()
        ],
        "eventTracker": None if tracker is None else _tagged(tracker, tags),
        "filters": [_tagged(section, tags) for section in document.get("filters", [])],
        "metricAttribution": metric_attribution(attribution, beside) if attribution else None,
        "dataDeletionJobs": [
            _tagged(data_deletion_job(section, group["name"], beside), tags)
            for section in document.get("dataDeletionJobs", [])
        ],
        "solutions": [_solution(section, tags, beside, filters) for section in document.get("solutions", [])],
        "recommenders": [_tagged(section, tags) for section in document.get("recommenders", [])],
        "datasetExportJobs": [
            _tagged(dataset_export_job(job, word, section, beside), tags)
            for word, section in document.get("datasets", {}).items()
            for job in section.get("datasetExportJobs", [])
        ],
    }
    if bucket and "preprocess" in document:
        makes = [one["import"]["dataSource"]["dataLocation"] for one in made["datasets"] if "import" in one]
        made["preprocess"] = glue_job(document["preprocess"], bucket, prefix, makes)
    if bucket and key:
        made["schedules"] = wanted_schedules(document, bucket, key)
    made["expected"] = expected(made)
    size = len(json.dumps(made).encode())
    if size > MAX_BYTES:
        message = f"the plan made from it has {size:,} bytes; {MAX_BYTES:,} can pass from state to state."
        raise ParamsInvalid([Problem("", message, "Split it into several dataset groups.")])
    return made


def expected(made: Mapping[str, Any]) -> list[dict[str, str]]:
    """List what a run of this plan brings about, in its order: one outcome each, under these names.

    What has no outcome at the end of a run was not begun, and the mail says so.
    """
    return [
        *([_named("Preprocess", made["preprocess"])] if "preprocess" in made else []),
        _named("DatasetGroup", made["datasetGroup"]),
        *(one for dataset in made["datasets"] for one in _expected_of_dataset(dataset)),
        *([_named("EventTracker", made["eventTracker"])] if made["eventTracker"] else []),
        *(_named("Filter", one) for one in made["filters"]),
        *([_named("MetricAttribution", made["metricAttribution"])] if made["metricAttribution"] else []),
        *(_named("DataDeletionJob", one) for one in made["dataDeletionJobs"]),
        *(_named("Recommender", one) for one in made["recommenders"]),
        *(one for solution in made["solutions"] for one in _expected_of_solution(solution)),
        *(_named("DatasetExportJob", one) for one in made["datasetExportJobs"]),
        *([_named("Schedules", made["schedules"])] if made.get("schedules", {}).get("schedules") else []),
    ]


def _expected_of_dataset(made: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        _named("Schema", made["schema"]),
        _named("Dataset", made["dataset"]),
        *([_named("DatasetImport", made["dataset"])] if "import" in made else []),
    ]


def _expected_of_solution(made: Mapping[str, Any]) -> list[dict[str, str]]:
    trained = [
        _named(resource, candidate["solution"])
        for candidate in made["candidates"]
        for resource, part in (("Solution", "solution"), ("SolutionVersion", "solutionVersion"))
        if part in candidate
    ]
    versions = [candidate for candidate in made["candidates"] if "solutionVersion" in candidate]
    chosen = [_named("BestVersion", made)] if len(versions) > 1 else []
    return [
        *trained,
        *chosen,
        *(_named("Campaign", one) for one in made["campaigns"]),
        *(_named("BatchInferenceJob", one) for one in made["batchInferenceJobs"]),
        *(_named("BatchSegmentJob", one) for one in made["batchSegmentJobs"]),
    ]


def _named(resource: str, section: Mapping[str, Any]) -> dict[str, str]:
    """One line of `expected`; the call's own key for the name is `name`, or `jobName` for jobs."""
    return {"resource": resource, "name": section.get("name") or section["jobName"]}


def _dataset(
    word: str, section: Mapping[str, Any], tags: list[Any], domain: str | None, location: str | None
) -> dict[str, Any]:
    schema = {"name": schema_name(section), "schema": schema_text(section["schema"])}
    if domain:
        schema["domain"] = domain
    kind = DatasetType.parse(word)
    source = section.get("dataSource", {})
    location = section.get("dataLocation", source.get("dataLocation", location))
    imported = {"importMode": "FULL", **{key: section[key] for key in section if key in import_keys()}}
    if location:
        imported["dataSource"] = {**source, "dataLocation": location}
    made = {key: section[key] for key in section if key in call_keys("CreateDataset")}
    both = {"tags": section.get("tags", [])}
    return {
        "type": kind.value,
        "schema": schema,
        "dataset": _tagged({**made, "datasetType": kind.value, **both}, tags),
        **({"import": _tagged({**imported, **both}, tags)} if section.get("import", True) else {}),
    }


def _solution(
    section: Mapping[str, Any], tags: list[Any], beside: str | None, filters: Mapping[str, str]
) -> dict[str, Any]:
    chosen = candidates(section)
    own = {"tags": section.get("tags", [])}
    version = {"trainingMode": "FULL", **own, **section.get("solutionVersion", {})}
    wanted = version.get("train", True) or _needs_version(section)
    return {
        "name": section["name"],
        "candidates": [
            {
                "solution": _tagged(made, tags),
                **({"solutionVersion": _tagged(version, tags)} if wanted else {}),
            }
            for made in chosen.solutions
        ],
        "choose": {"metric": chosen.metric},
        **_promotion(section),
        "campaigns": [_tagged(campaign, tags) for campaign in section.get("campaigns", [])],
        "batchInferenceJobs": [
            _tagged(batch_job(job, section["name"], beside, filters), tags)
            for job in section.get("batchInferenceJobs", [])
        ],
        "batchSegmentJobs": [
            _tagged(batch_job(job, section["name"], beside, filters), tags)
            for job in section.get("batchSegmentJobs", [])
        ],
    }


def _promotion(section: Mapping[str, Any]) -> dict[str, Any]:
    """The gate, if there is one that could keep a campaign where it is."""
    gate = section.get("promotion", {})
    if "atLeast" not in gate and "maxDrop" not in gate:
        return {}
    return {"promotion": {"metric": DEFAULT_METRIC, **gate}}


def _needs_version(section: Mapping[str, Any]) -> bool:
    """Whether anything is to be made with a version that the run finds or trains."""
    jobs = [*section.get("batchInferenceJobs", []), *section.get("batchSegmentJobs", [])]
    return bool(jobs) or any("solutionVersionArn" not in one for one in section.get("campaigns", []))


def _tagged(section: Mapping[str, Any], common: list[Any]) -> dict[str, Any]:
    """Add the tags of the whole file; a section without any has no such key."""
    result = {key: value for key, value in section.items() if key != "tags"}
    if tags := merged(common, section.get("tags", [])):
        result["tags"] = tags
    return result
