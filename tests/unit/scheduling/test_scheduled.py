"""What a run does that a schedule started, and when it refuses."""

from typing import Any

import pytest
from tests.unit.params.documents import RECIPE, movies

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import Params, plan, read
from personalize_pipeline.scheduling.names import of_dataset_group, of_params_file, schedule_name
from personalize_pipeline.scheduling.scheduled import (
    Scheduled,
    check_still_asked_for,
    deleted,
    narrowed,
    scheduled_of,
)

KEY = "movies/params.json"


def params(**schedules: Any) -> Params:
    document = movies() | {"schedules": schedules}
    document["solutions"][0] |= {"recipeArn": f"{RECIPE}aws-user-personalization", "batchInferenceJobs": [{}]}
    document["recommenders"] = []
    document["preprocess"] = {"jobName": "prepare"}
    return read(document)


def made(given: Params, **scheduled: Any) -> dict[str, Any]:
    narrow = narrowed(given, Scheduled.model_validate(scheduled))
    return plan(narrow, bucket="input", prefix="movies/")


def test_an_import_imports_what_it_names_and_nothing_else():
    found = made(params(), kind="import", datasets=["Items"], importMode="INCREMENTAL")
    assert [one["type"] for one in found["datasets"]] == ["ITEMS"]
    assert found["datasets"][0]["import"]["importMode"] == "INCREMENTAL"
    assert (found["solutions"], found["filters"], found["eventTracker"]) == ([], [], None)
    assert found["preprocess"]["name"] == "prepare"
    assert "schedules" not in found


@pytest.mark.parametrize("kind", ["import", "retrain"])
def test_an_export_is_not_repeated_by_schedules(kind: str):
    given = params()
    output = {"s3DataDestination": {"path": "s3://input/exports/"}}
    given.document["datasets"]["Items"]["datasetExportJobs"] = [{"jobName": "once", "jobOutput": output}]
    assert len(plan(given)["datasetExportJobs"]) == 1
    assert made(given, kind=kind)["datasetExportJobs"] == []


def test_an_import_imports_also_what_the_run_of_an_upload_leaves_alone():
    given = params()
    for section in given.document["datasets"].values():
        section["import"] = False
    assert all("import" in one for one in made(given, kind="import")["datasets"])


def test_a_retrain_imports_trains_and_serves_and_leaves_batch_jobs_to_their_own_clock():
    given = params(batch={"expression": "rate(1 day)"})
    found = made(given, kind="retrain", solutions=["movies-for-you"], trainingMode="UPDATE")
    assert len(found["datasets"]) == 3
    [solution] = found["solutions"]
    assert solution["candidates"][0]["solutionVersion"]["trainingMode"] == "UPDATE"
    assert solution["candidates"][0]["solutionVersion"]["train"] is True
    assert len(solution["campaigns"]) == 1
    assert solution["batchInferenceJobs"] == []
    assert found["eventTracker"] is None

    [with_jobs, _] = made(params(), kind="retrain")["solutions"]
    assert len(with_jobs["batchInferenceJobs"]) == 1


def test_a_batch_run_takes_the_newest_version_of_what_has_jobs():
    found = made(params(), kind="batch")
    [solution] = found["solutions"]
    assert solution["candidates"][0]["solutionVersion"]["train"] is False
    assert (found["datasets"], solution["campaigns"], len(solution["batchInferenceJobs"])) == ([], [], 1)
    assert "preprocess" not in found


@pytest.mark.parametrize(
    ("scheduled", "problem"),
    [
        (
            {"kind": "retrain", "solutions": ["movies-for-you", "movies-for-yu"]},
            'scheduled.solutions[1]: "movies-for-yu" is not a solution of the params file.',
        ),
        (
            {"kind": "import", "datasets": ["Item"]},
            'scheduled.datasets[0]: "Item" is not a dataset of the params file.',
        ),
    ],
)
def test_what_the_file_does_not_have_is_not_passed_over_in_silence(scheduled: dict[str, Any], problem: str):
    with pytest.raises(ParamsInvalid) as caught:
        made(params(), **scheduled)

    assert problem in str(caught.value)
    assert "Did you mean" in str(caught.value)


def test_the_whole_file_is_not_changed_by_narrowing_it():
    given = params(batch={"expression": "rate(1 day)"})
    before = read(given.document).document
    for kind in ("import", "retrain", "batch"):
        made(given, kind=kind)
    assert given.document == before


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"key": "k", "scheduled": {"kind": "nightly"}}, "scheduled.kind"),
        ({"key": "k", "scheduled": {}}, "scheduled.kind"),
        ({"key": "k", "scheduled": 5}, "scheduled"),
    ],
)
def test_an_input_that_says_scheduled_but_not_what_is_refused(given, place):
    with pytest.raises(ParamsInvalid) as refused:
        scheduled_of(given)
    assert refused.value.problems[0].place == place


def test_an_upload_and_a_document_are_not_scheduled():
    assert scheduled_of({"bucket": "b", "key": "k"}) is None
    assert scheduled_of(movies()) is None


def test_a_schedule_that_the_file_still_asks_for_runs_without_a_word():
    given = params(retrain={"expression": "rate(1 day)", "solutions": ["movies-for-you"]})
    asked = Scheduled(
        kind="retrain",
        schedule=schedule_name("movies", "input", KEY, "retrain", 0),
        dataset_group="movies",
        solutions=("movies-for-you",),
    )
    assert check_still_asked_for(asked, given.document, "input", KEY) == ""
    other = asked.model_copy(update={"solutions": ("movies-like-this",)})
    assert "says something else of it" in check_still_asked_for(other, given.document, "input", KEY)


@pytest.mark.parametrize(
    ("group", "why"),
    [("movies", "does not ask for a schedule 'batch' like it"), ("books", "about dataset group movies now")],
)
def test_a_schedule_that_the_file_does_not_ask_for_any_more_ends_the_run(group: str, why: str):
    asked = Scheduled(
        kind="batch", schedule=schedule_name(group, "input", KEY, "batch", 0), dataset_group=group
    )
    with pytest.raises(ParamsInvalid, match="was replaced since") as refused:
        check_still_asked_for(asked, params().document, "input", KEY)
    assert why in str(refused.value)


def test_a_file_that_was_deleted_is_named_with_the_ways_on():
    text = str(deleted(Scheduled(kind="retrain", schedule="s-1", dataset_group="movies"), "input", KEY))
    assert f"s3://input/{KEY} was deleted since schedule s-1 was made" in text
    assert "personalize destroy movies" in text


def test_names_tell_groups_and_files_apart_and_fit():
    long = "g" * 63
    names = {
        schedule_name(group, "input", key, kind, number)
        for group in (long, long[:-1] + "h", "g")
        for key in ("params.json", "a/params.json")
        for kind in ("import", "retrain", "batch")
        for number in (0, 98)
    }
    assert len(names) == 3 * 2 * 3 * 2
    assert all(len(name) <= 64 for name in names)
    mine = [name for name in names if name.startswith(of_dataset_group(long))]
    assert len(mine) == 12
    assert len([name for name in mine if name.startswith(of_params_file(long, "input", "params.json"))]) == 6
