"""Every function may do what its code does, and nothing else: the template's policies against the source."""

import re

import pytest
from tests.support.policies import ROOT, actions_of, allowed

from personalize_pipeline import (
    params_source,
    preprocessing,
    promotion,
    run_events,
    smoke_test,
    start,
    wait_for_turn,
)
from personalize_pipeline.costs import counting
from personalize_pipeline.data import files, first_look
from personalize_pipeline.deletion import delete, kinds
from personalize_pipeline.deletion import plan as deletion_plan
from personalize_pipeline.planning import beside, quotas
from personalize_pipeline.reporting import notify
from personalize_pipeline.resources import data_changes
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
from personalize_pipeline.scheduling import names as schedule_names
from personalize_pipeline.scheduling import schedules
from personalize_pipeline.watch import requests, serving, watch

TAGS = {"personalize:ListTagsForResource", "personalize:TagResource", "personalize:UntagResource"}
PASS_ROLE = {"iam:PassRole"}
KEY = {"kms:Decrypt", "kms:GenerateDataKey"}

RESOURCES = (
    BatchInferenceJob,
    BatchSegmentJob,
    Campaign,
    DataDeletionJob,
    Dataset,
    DatasetExportJob,
    DatasetGroup,
    DatasetImport,
    EventTracker,
    Filter,
    MetricAttribution,
    Recommender,
    Schema,
    Solution,
    SolutionVersion,
)
LOOKS = re.compile(r"[a-z0-9]+:(Describe|Get|List)")

# Function -> the code that makes its calls, and what AWS asks for beside the calls themselves.
CODE = {
    "schema": ((Schema,), set()),
    "dataset_group": ((DatasetGroup,), PASS_ROLE),
    "dataset": ((Dataset,), set()),
    "dataset_import": ((DatasetImport, files), PASS_ROLE),
    "event_tracker": ((EventTracker,), set()),
    "filter": ((Filter,), set()),
    "metric_attribution": ((MetricAttribution,), PASS_ROLE),
    "data_deletion_job": ((DataDeletionJob, files), PASS_ROLE | {"personalize:ListDataDeletionJobs"}),
    "dataset_export_job": ((DatasetExportJob, data_changes), PASS_ROLE),
    "solution": ((Solution,), set()),
    "solution_version": ((SolutionVersion, data_changes), set()),
    "preprocess": ((preprocessing, files), set()),
    "promotion": ((promotion,), set()),
    "campaign": ((Campaign,), set()),
    "smoke_test": ((smoke_test,), set()),
    "batch_inference_job": ((BatchInferenceJob, files), PASS_ROLE),
    "batch_segment_job": ((BatchSegmentJob, files), PASS_ROLE),
    "recommender": ((Recommender,), set()),
    "best_version": ((), set()),
    "schedules": ((schedules, schedule_names), PASS_ROLE),
    "read_params": ((params_source, files, first_look, run_events), set()),
    "plan": (
        (*RESOURCES, data_changes, preprocessing, files, counting, quotas, beside, schedules, schedule_names),
        set(),
    ),
    "wait_for_turn": ((wait_for_turn, params_source), set()),
    "start": ((start,), set()),
    "notify": ((notify, run_events), KEY),
    "watch": ((watch, requests, serving), set()),
    "deletion_plan": ((deletion_plan, schedule_names, run_events), set()),
    "delete": ((delete, kinds), set()),
}


@pytest.mark.parametrize("function", sorted(CODE))
def test_a_function_may_do_what_it_does_and_nothing_else(function):
    code, beside = CODE[function]
    actions = actions_of(*code)
    resources = [part for part in code if isinstance(part, type)]
    for resource in resources:
        # The base class has the calls for tags; who does not keep tags up never makes them. Creating
        # something with tags takes the right to tag.
        if not resource.tags_follow:
            actions -= TAGS
            actions |= set() if resource in (Schema, MetricAttribution) else {"personalize:TagResource"}

    if function == "plan":  # its client sends nothing else
        actions = {action for action in actions_of(*code) if LOOKS.match(action)}

    assert allowed(function) == actions | beside


def test_every_function_is_looked_at():
    assert {app.parent.name for app in (ROOT / "functions").glob("*/app.py")} == set(CODE)
