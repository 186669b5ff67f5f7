"""Each row of the step contract's table, for each resource, against Personalize Local, by the handlers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.endpoint
import pytest
from tests.integration.resources.cloud import ACCOUNT, BUCKET, ITEMS, Cloud, avro

from personalize_pipeline.resources.batch_inference_job import BatchInferenceJob
from personalize_pipeline.resources.batch_segment_job import BatchSegmentJob
from personalize_pipeline.resources.campaign import Campaign
from personalize_pipeline.resources.data_deletion_job import DataDeletionJob
from personalize_pipeline.resources.dataset import Dataset
from personalize_pipeline.resources.dataset_export_job import DatasetExportJob
from personalize_pipeline.resources.dataset_group import DatasetGroup
from personalize_pipeline.resources.dataset_import import DatasetImport
from personalize_pipeline.resources.event_tracker import EventTracker
from personalize_pipeline.resources.filter import Filter
from personalize_pipeline.resources.metric_attribution import MetricAttribution
from personalize_pipeline.resources.recommender import Recommender
from personalize_pipeline.resources.schema import Schema
from personalize_pipeline.resources.solution import Solution
from personalize_pipeline.resources.solution_version import SolutionVersion
from personalize_pipeline.tagging import NOTE

if TYPE_CHECKING:
    from personalize_pipeline.resources.resource import Resource

WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
COUNT = {"metricName": "watched", "eventType": "watch", "expression": "SAMPLECOUNT()"}
POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"
SIMS = "arn:aws:personalize:::recipe/aws-sims"
VIDEO = "arn:aws:personalize:::recipe/aws-vod-"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A resource: what it needs, how it is wanted, and which changes of it are possible or not."""

    resource: type[Resource]
    did: str
    kind: str
    """Its word in injected faults."""
    describe: str
    """The operation that looks at it."""
    create: str
    needs: Callable[[Cloud, str], dict[str, Any]]
    """Make what it needs under a name; the context that the state machine would pass."""
    want: Callable[[str], dict[str, Any]]
    fixed: Json | None = None
    """Changes of the want that cannot be made."""
    fixed_words: str = ""
    changeable: Json | None = None
    """Changes of the want that can."""
    update: str = ""

    def __str__(self) -> str:
        return self.resource.__name__


def nothing(cloud: Cloud, name: str) -> dict[str, Any]:
    return {}


def in_group(cloud: Cloud, name: str) -> dict[str, Any]:
    group = cloud.group(name)
    cloud.dataset(f"{name}-interactions", group, cloud.schema(f"{name}-in-group"))
    return {"datasetGroupArn": group}


def for_items(cloud: Cloud, name: str) -> dict[str, Any]:
    schema = cloud.schema(f"{name}-items", ITEMS)
    cloud.schema(f"{name}-wider", [*ITEMS, ("YEAR", ["int", "null"])])
    return {"datasetGroupArn": cloud.group(name), "schemaArn": schema}


def for_import(cloud: Cloud, name: str) -> dict[str, Any]:
    group = cloud.group(name)
    cloud.upload(name)
    return {
        "datasetGroupArn": group,
        "datasetArn": cloud.dataset(f"{name}-interactions", group, cloud.schema(f"{name}-schema")),
    }


def for_attribution(cloud: Cloud, name: str) -> dict[str, Any]:
    return {"datasetGroupArn": cloud.filled(name)[0]}  # and with that, a bucket to report into


def for_deletion(cloud: Cloud, name: str) -> dict[str, Any]:
    cloud.s3.put(BUCKET, {f"{name}/deletions/users.csv": "USER_ID\nu1\n"})
    return {"datasetGroupArn": cloud.filled(name)[0]}


def for_export(cloud: Cloud, name: str) -> dict[str, Any]:
    return {"datasetGroupArn": cloud.filled(name)[0]}


def for_solution(cloud: Cloud, name: str) -> dict[str, Any]:
    return {"datasetGroupArn": cloud.group(name)}


def for_version(cloud: Cloud, name: str) -> dict[str, Any]:
    group, _ = cloud.filled(name)
    return {"datasetGroupArn": group, "solutionArn": cloud.solution(name, group)}


def for_campaign(cloud: Cloud, name: str) -> dict[str, Any]:
    made = for_version(cloud, name)
    return made | {"solutionVersionArn": cloud.trained(made["solutionArn"])}


def for_recommender(cloud: Cloud, name: str) -> dict[str, Any]:
    return {"datasetGroupArn": cloud.filled(name, domain="VIDEO_ON_DEMAND")[0]}


def for_segments(cloud: Cloud, name: str) -> dict[str, Any]:
    group, _ = cloud.filled(name)
    version = cloud.trained(cloud.solution(name, group, "aws-item-affinity"))
    cloud.s3.put(BUCKET, {f"{name}/in/lines.json": '{"itemId": "i1"}\n'})
    return {"datasetGroupArn": group, "solutionVersionArn": version}


def for_inference(cloud: Cloud, name: str) -> dict[str, Any]:
    cloud.s3.put(BUCKET, {f"{name}/in/lines.json": '{"userId": "u1"}\n'})
    return for_campaign(cloud, name)


def job(name: str) -> dict[str, Any]:
    return {
        "jobName": name,
        "jobInput": {"s3DataSource": {"path": f"s3://{BUCKET}/{name}/in/"}},
        "outputFolder": f"s3://{BUCKET}/{name}/out/",
    }


CASES = [
    Case(
        Schema,
        did="created",
        kind="schema",
        describe="DescribeSchema",
        create="CreateSchema",
        needs=nothing,
        want=lambda name: {"name": name, "schema": avro(ITEMS)},
    ),
    Case(
        DatasetGroup,
        did="created",
        kind="dataset-group",
        describe="DescribeDatasetGroup",
        create="CreateDatasetGroup",
        needs=nothing,
        want=lambda name: {"name": name},
        fixed={"domain": "ECOMMERCE"},
        fixed_words="domain: it has none, the params file says ECOMMERCE",
    ),
    Case(
        Dataset,
        did="created",
        kind="dataset",
        describe="DescribeDataset",
        create="CreateDataset",
        needs=for_items,
        want=lambda name: {"name": name, "datasetType": "ITEMS"},
        fixed={"name": "other"},
        fixed_words="the params file says other",
        changeable={"context": "wider schema"},
        update="UpdateDataset",
    ),
    Case(
        DatasetImport,
        did="imported",
        kind="dataset-import-job",
        describe="DescribeDatasetImportJob",
        create="CreateDatasetImportJob",
        needs=for_import,
        want=lambda name: {
            "importMode": "FULL",
            "dataSource": {"dataLocation": f"s3://resources/{name}/"},
        },
    ),
    Case(
        EventTracker,
        did="created",
        kind="event-tracker",
        describe="ListEventTrackers",
        create="CreateEventTracker",
        needs=in_group,
        want=lambda name: {"name": name},
        fixed={"name": "other"},
        fixed_words="A dataset group has one event tracker",
    ),
    Case(
        Filter,
        did="created",
        kind="filter",
        describe="DescribeFilter",
        create="CreateFilter",
        needs=in_group,
        want=lambda name: {"name": name, "filterExpression": WATCHED},
    ),
    Case(
        MetricAttribution,
        did="created",
        kind="metric-attribution",
        describe="DescribeMetricAttribution",
        create="CreateMetricAttribution",
        needs=for_attribution,
        want=lambda name: {
            "name": name,
            "metrics": [COUNT],
            "metricsOutputConfig": {"s3DataDestination": {"path": f"s3://{BUCKET}/{name}/"}},
        },
        fixed={"name": "other"},
        fixed_words="A dataset group has one metric attribution. Use the name",
    ),
    Case(
        DataDeletionJob,
        did="created",
        kind="data-deletion-job",
        describe="ListDataDeletionJobs",
        create="CreateDataDeletionJob",
        needs=for_deletion,
        want=lambda name: {
            "jobName": name,
            "dataSource": {"dataLocation": f"s3://{BUCKET}/{name}/deletions/"},
        },
    ),
    Case(
        DatasetExportJob,
        did="created",
        kind="dataset-export-job",
        describe="DescribeDatasetExportJob",
        create="CreateDatasetExportJob",
        needs=for_export,
        want=lambda name: {
            "jobName": name,
            "datasetType": "INTERACTIONS",
            "ingestionMode": "ALL",
            "outputFolder": f"s3://{BUCKET}/{name}/exports/",
        },
    ),
    Case(
        Solution,
        did="created",
        kind="solution",
        describe="DescribeSolution",
        create="CreateSolution",
        needs=for_solution,
        want=lambda name: {"name": name, "recipeArn": POPULARITY, "performAutoTraining": False},
        fixed={"recipeArn": SIMS},
        fixed_words=f"recipeArn: it has {POPULARITY}, the params file says {SIMS}",
        changeable={
            "performAutoTraining": True,
            "solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}},
        },
        update="UpdateSolution",
    ),
    Case(
        SolutionVersion,
        did="trained",
        kind="solution-version",
        describe="ListSolutionVersions",
        create="CreateSolutionVersion",
        needs=for_version,
        want=lambda name: {"trainingMode": "FULL"},
    ),
    Case(
        Campaign,
        did="created",
        kind="campaign",
        describe="DescribeCampaign",
        create="CreateCampaign",
        needs=for_campaign,
        want=lambda name: {"name": name, "minProvisionedTPS": 1},
        changeable={"minProvisionedTPS": 2},
        update="UpdateCampaign",
    ),
    Case(
        BatchInferenceJob,
        did="created",
        kind="batch-inference-job",
        describe="DescribeBatchInferenceJob",
        create="CreateBatchInferenceJob",
        needs=for_inference,
        want=job,
    ),
    Case(
        BatchSegmentJob,
        did="created",
        kind="batch-segment-job",
        describe="DescribeBatchSegmentJob",
        create="CreateBatchSegmentJob",
        needs=for_segments,
        want=job,
    ),
    Case(
        Recommender,
        did="created",
        kind="recommender",
        describe="DescribeRecommender",
        create="CreateRecommender",
        needs=for_recommender,
        want=lambda name: {"name": name, "recipeArn": f"{VIDEO}top-picks"},
        fixed={"recipeArn": f"{VIDEO}trending-now"},
        fixed_words="top-picks, the params file says arn:aws:personalize:::recipe/aws-vod-trending-now",
        changeable={"recommenderConfig": {"minRecommendationRequestsPerSecond": 2}},
        update="UpdateRecommender",
    ),
]

NAMED_BY_RUN = (
    SolutionVersion,
    BatchInferenceJob,
    BatchSegmentJob,
    DatasetImport,
    DataDeletionJob,
    DatasetExportJob,
)
"""Every run makes its own, so a failed one of an earlier run is in nobody's way."""


def pick(condition: Callable[[Case], Any]) -> Any:
    return pytest.mark.parametrize("case", [case for case in CASES if condition(case)], ids=str)


every = pick(lambda case: True)
can_fail = pick(lambda case: case.resource is not Schema)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return "t" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


def changed(
    case: Case, want: Json, needs: Json, change: Json | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The want and the context with the change in them."""
    assert change is not None
    if "context" in change:
        return dict(want), {**needs, "schemaArn": needs["schemaArn"].replace("-items", "-wider")}
    return {**want, **change}, dict(needs)


@every
def test_missing(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)

    first = cloud.turn(case.resource, want, **needs)
    last = cloud.loop(case.resource, want, **needs, last=first)

    assert first["did"] == last["did"] == case.did
    assert first["done"] is (case.resource is Schema)
    assert (last["done"], last["status"]) == (True, "ACTIVE")
    assert last["arn"].startswith(f"{ACCOUNT}:")


@can_fail
def test_still_creating(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    first = cloud.turn(case.resource, want, **needs)

    for last in ({}, {"last": first}):
        step = cloud.turn(case.resource, want, **needs, **last)
        assert (step["done"], step["status"]) == (False, "CREATE PENDING")
        assert step["waitSeconds"] >= 2


@every
def test_as_wanted(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    made = cloud.loop(case.resource, want, **needs)
    cloud.later()

    step = cloud.turn(case.resource, want, run="run-2", **needs)

    assert (step["done"], step["did"], step["arn"]) == (True, "reused", made["arn"])


@every
def test_a_function_that_forgot_everything(cloud, name, case):
    """As after a crash between the call and the answer: nothing is made twice."""
    needs = case.needs(cloud, name)
    want = case.want(name)
    made = cloud.loop(case.resource, want, **needs, startedAt=(began := "2020-01-01T00:00:00+00:00"))

    again = cloud.turn(case.resource, want, **needs, startedAt=began, run="run-1")

    assert (again["done"], again["arn"]) == (True, made["arn"])
    assert again["did"] == (case.did if case.resource in NAMED_BY_RUN else "reused")


@can_fail
def test_failed(cloud, name, case):
    needs = case.needs(cloud, name)
    cloud.service.faults.fail_next(case.kind, "the reason of the service")

    step = cloud.loop(case.resource, case.want(name), **needs)

    assert step["failed"]["error"] == "ResourceFailed"
    assert "failed in Amazon Personalize" in step["failed"]["reason"]
    without_reason = (Dataset, EventTracker, Solution)  # their Describe has no failureReason
    reason = "gives no reason" if case.resource in without_reason else "the reason of the service."
    assert reason in step["failed"]["reason"]
    assert "upload the params file again" in step["failed"]["reason"]


@can_fail
def test_failed_in_an_earlier_run(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    cloud.service.faults.fail_next(case.kind, "the reason of the service")
    cloud.loop(case.resource, want, **needs)
    cloud.later()

    step = cloud.loop(case.resource, want, run="run-2", **needs)

    if case.resource in NAMED_BY_RUN:
        assert (step["done"], step["did"]) == (True, case.did)
    else:
        assert "failed in an earlier run" in step["failed"]["reason"]
        assert f"aws personalize delete-{case.kind} --{case.kind}-arn {ACCOUNT}" in step["failed"]["reason"]


@pick(lambda case: case.fixed)
def test_different_and_fixed(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    cloud.loop(case.resource, want, **needs)
    # Names that other resources are found by stay; the change is in what is found.
    other, context = changed(case, want, needs, case.fixed)

    step = cloud.turn(case.resource, other, run="run-2", **context)

    assert step["failed"]["error"] == "ResourceChanged"
    assert "exists with other settings, which cannot be changed" in step["failed"]["reason"]
    assert case.fixed_words in step["failed"]["reason"]
    assert f"aws personalize delete-{case.kind}" in step["failed"]["reason"]


@pick(lambda case: case.changeable)
def test_different_and_changeable(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    made = cloud.loop(case.resource, want, **needs)
    cloud.later()
    other, context = changed(case, want, needs, case.changeable)

    first = cloud.turn(case.resource, other, run="run-2", **context)
    last = cloud.loop(case.resource, other, run="run-2", **context, last=first)

    assert (first["done"], first["did"], first["status"]) == (False, "updated", "CREATE PENDING")
    assert (last["done"], last["did"], last["arn"]) == (True, "updated", made["arn"])
    cloud.later()
    assert cloud.turn(case.resource, other, run="run-3", **context)["did"] == "reused"


@pick(lambda case: case.changeable)
def test_update_failed(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    cloud.loop(case.resource, want, **needs)
    other, context = changed(case, want, needs, case.changeable)
    cloud.service.faults.fail_next(case.kind, "no room")

    step = cloud.loop(case.resource, other, run="run-2", **context)

    assert step["failed"]["error"] == "ResourceFailed"
    assert "its update failed in Amazon Personalize: no room." in step["failed"]["reason"]


@pick(lambda case: case.changeable)
def test_update_failed_in_an_earlier_run(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    cloud.loop(case.resource, want, **needs)
    other, context = changed(case, want, needs, case.changeable)
    cloud.service.faults.fail_next(case.kind, "no room")
    cloud.loop(case.resource, other, run="run-2", **context)
    cloud.later()

    step = cloud.loop(case.resource, other, run="run-3", **context)

    assert (step["done"], step["did"]) == (True, "updated")


@every
def test_somebody_was_faster(cloud, name, case, monkeypatch):
    """Two runs look at the same moment, and both find nothing."""
    needs = case.needs(cloud, name)
    want = case.want(name)
    made = cloud.turn(case.resource, want, **needs)
    find = case.resource.find
    looks = iter([None])

    def late(self):
        return find(self) if next(looks, self) else None

    monkeypatch.setattr(case.resource, "find", late)

    step = cloud.turn(case.resource, want, **needs)

    assert "failed" not in step
    if case.resource is not SolutionVersion:
        assert (step["arn"], step["did"]) == (made["arn"], None if not step["done"] else "reused")


@every
@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException", "ResourceInUseException"])
def test_busy(cloud, name, case, code, monkeypatch):
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))  # between attempts
    needs = case.needs(cloud, name)
    want = case.want(name)
    attempts = 3  # those of the functions' clients
    cloud.service.faults.throttle_next(case.create, attempts, code)

    step = cloud.turn(case.resource, want, **needs)
    cloud.service.faults.clear()

    assert (step["done"], step["did"]) == (False, None)
    assert step["reason"].startswith(code.removesuffix("Exception"))
    assert cloud.loop(case.resource, want, **needs, last=step)["did"] == case.did


@pick(lambda case: case.update)
def test_busy_when_updating(cloud, name, case):
    needs = case.needs(cloud, name)
    want = case.want(name)
    cloud.loop(case.resource, want, **needs)
    cloud.later()
    other, context = changed(case, want, needs, case.changeable)
    cloud.service.faults.throttle_next(case.update, 1, "ResourceInUseException")

    step = cloud.turn(case.resource, other, run="run-2", **context)

    assert (step["done"], step["did"]) == (False, None)
    assert step["reason"].startswith("ResourceInUse")


def tags_of(cloud: Cloud, made: Json) -> list[str]:
    """Without the note of the pipeline."""
    shown = cloud.personalize.list_tags_for_resource(resourceArn=made["arn"])["tags"]
    return sorted(f"{tag['tagKey']}={tag['tagValue']}" for tag in shown if tag["tagKey"] != NOTE)


@pick(lambda case: case.resource not in (Schema, MetricAttribution))
def test_tags(cloud, name, case):
    needs = case.needs(cloud, name)
    first = [{"tagKey": "team", "tagValue": "reco"}]
    both = [*first, {"tagKey": "stage", "tagValue": "prod"}]
    made = cloud.loop(case.resource, {**case.want(name), "tags": first}, **needs)
    assert tags_of(cloud, made) == ["team=reco"]
    cloud.later()
    theirs: Any = {"tagKey": "bill", "tagValue": "42"}
    cloud.personalize.tag_resource(resourceArn=made["arn"], tags=[theirs])

    if not case.resource.tags_follow:
        return
    changed = [{"tagKey": "stage", "tagValue": "test"}]
    for run, tags, expected in (
        ("run-2", both, ["bill=42", "stage=prod", "team=reco"]),
        ("run-3", changed, ["bill=42", "stage=test"]),
        ("run-4", [], ["bill=42"]),
    ):
        want = {**case.want(name), **({"tags": tags} if tags else {})}
        step = cloud.turn(case.resource, want, run=run, **needs)
        assert (step["done"], step["did"]) == (True, "updated")
        assert tags_of(cloud, made) == expected
        again = cloud.turn(case.resource, want, run=f"{run}-again", **needs)
        assert (again["done"], again["did"]) == (True, "reused")
    left = cloud.personalize.list_tags_for_resource(resourceArn=made["arn"])["tags"]
    assert left == [theirs]
