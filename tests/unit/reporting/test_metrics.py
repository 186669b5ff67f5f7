"""The metrics of a run: lines in embedded metric format."""

import json
from datetime import datetime
from typing import Any

import pytest
from tests.unit.reporting.endings import BAD_PARAMS, NOW, ONE_FAILED, RUN, STATES, SUCCEEDED

from personalize_pipeline.reporting.mail import Ending
from personalize_pipeline.reporting.metrics import write_metrics

STACK = {**RUN, "stateMachine": f"{STATES}:stateMachine:reco-pipeline"}


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]):
    def write(ending: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
        write_metrics(Ending.model_validate({**ending, "run": STACK, **changes}), datetime.fromisoformat(NOW))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return write


def values(line: dict[str, Any]) -> dict[str, float]:
    (metrics,) = line["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == "PersonalizePipeline"
    return {metric["Name"]: line[metric["Name"]][0] for metric in metrics["Metrics"]}


def dimensions(line: dict[str, Any]) -> dict[str, str]:
    ((names,),) = [metrics["Dimensions"] for metrics in line["_aws"]["CloudWatchMetrics"]]
    return {name: line[name] for name in names}


def test_a_run_is_measured(written):
    run, *_ = written(ONE_FAILED)

    assert dimensions(run) == {"service": "reco", "DatasetGroup": "movies"}
    assert run["run"] == RUN["id"]
    assert values(run) == {
        "RunDuration": 4325,
        "RunsSucceeded": 0,
        "RunsFailed": 1,
        "ResourcesChanged": 6,
        "ResourcesReused": 3,
        "ResourcesFailed": 2,
    }


def test_every_offline_metric_of_a_version_is_one_of_its_solution(written):
    _, version, *_ = written(SUCCEEDED)

    assert dimensions(version) == {"service": "reco", "DatasetGroup": "movies", "Solution": "movies-for-you"}
    assert version["arn"].endswith(":solution/movies-for-you/ab12cd34")
    assert values(version) == {
        "coverage": 0.0791,
        "mean_reciprocal_rank_at_25": 0.269,
        "normalized_discounted_cumulative_gain_at_25": 0.3321,
        "precision_at_5": 0.075,
        "TrainingHours": 2.103,
        "TrainingDuration": 3412,
    }


def test_an_import_is_measured(written):
    line = written(SUCCEEDED)[-1]

    assert dimensions(line) == {"service": "reco", "DatasetGroup": "movies", "Dataset": "movies-interactions"}
    assert values(line) == {"ImportedBytes": 3_400_000, "ImportedFiles": 2, "ImportDuration": 304}


def test_what_was_only_reused_is_not_measured_again(written):
    reused = [{**outcome, "did": "reused"} for outcome in SUCCEEDED["outcomes"]]

    assert len(written(SUCCEEDED, outcomes=reused)) == 1


def test_a_file_that_names_no_dataset_group_counts_for_the_stack(written):
    (line,) = written(BAD_PARAMS)

    assert dimensions(line) == {"service": "reco"}
    assert values(line)["RunsFailed"] == 1


def test_a_deletion_is_not_a_run_of_the_pipeline(written):
    assert written(SUCCEEDED, deletes=True) == []


def test_no_dimension_is_new_with_every_run(written):
    """Each new value would be a new metric, which is paid for and says nothing over time."""
    names = {name for line in written(ONE_FAILED) + written(SUCCEEDED) for name in dimensions(line)}
    assert names == {"service", "DatasetGroup", "Solution", "Dataset"}
