"""Batch jobs: what counts as answered already, whoever asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.resources.test_resources import for_inference, job

from personalize_pipeline.resources.batch_inference_job import BatchInferenceJob

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud


@pytest.mark.parametrize("begins", ["file", "schedule"])
def test_what_a_schedule_has_answered_is_not_made_again_for_an_upload(cloud: Cloud, begins: str) -> None:
    name = f"nightly-{begins}"
    context = for_inference(cloud, name)
    of_file, of_schedule = job(name), {**job(name), "always": True}
    if begins == "file":
        cloud.loop(BatchInferenceJob, of_file, run=f"{name}-0", **context)
        cloud.later()

    first = cloud.loop(BatchInferenceJob, of_schedule, run=f"{name}-1", **context)
    cloud.later()
    second = cloud.loop(BatchInferenceJob, of_schedule, run=f"{name}-2", **context)
    cloud.later()
    # A function that forgot having made it, in the same run.
    again = cloud.loop(BatchInferenceJob, of_schedule, run=f"{name}-2", **context)
    upload = cloud.loop(BatchInferenceJob, of_file, run=f"{name}-3", **context)

    assert (first["did"], second["did"], again["did"]) == ("created", "created", "created")
    assert first["arn"] != second["arn"] == again["arn"]
    assert (upload["did"], upload["arn"]) == ("reused", second["arn"])
