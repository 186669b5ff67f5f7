"""The mail at the end of a deletion."""

from datetime import UTC, datetime, timedelta
from typing import Any

from personalize_pipeline.reporting.mail import Ending, write_mail

START = datetime(2026, 11, 20, 9, 2, tzinfo=UTC)
RUN = {
    "id": "films-destroy-1",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:p-delete:films-destroy-1",
    "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:p-delete",
    "startTime": START.isoformat(),
}
CAMPAIGN = {"resource": "Campaign", "name": "films", "arn": "arn:c", "status": "GONE", "did": "deleted"}


def mail(**changes: Any) -> Any:
    ending = {"run": RUN, "status": "SUCCEEDED", "datasetGroup": "films", "deletes": True, **changes}
    return write_mail(Ending.model_validate(ending), START + timedelta(minutes=3), console=False)


def test_it_lists_what_is_gone_and_what_is_kept():
    made = mail(outcomes=[CAMPAIGN], notes=["the data in s3://input/films/ is kept."])

    assert made.subject == "Deleted: films"
    assert made.body.startswith("films is deleted. It took 3 min 0 s.\n\nWhat is gone\n")
    assert "deleted  campaign  films" in made.body
    assert "- the data in s3://input/films/ is kept." in made.body
    assert "is live" not in made.body


def test_data_is_where_it_was_in_s3():
    place = "s3://input/films/Items/"
    data = {"resource": "Data", "name": place, "arn": place, "status": "GONE", "did": "deleted"}

    lines = [line.split() for line in mail(outcomes=[data]).body.splitlines()]

    assert ["deleted", "data", place, place] in lines


def test_it_says_what_could_not_be_deleted_why_and_what_to_do():
    failed = {"Error": "ResourceFailed", "Cause": "filter/films-new: a batch job uses it"}
    made = mail(
        status="FAILED",
        outcomes=[CAMPAIGN, {"resource": "Filter", "name": "films-new", "failed": failed}],
        expected=[
            {"resource": "Filter", "name": "films-new"},
            {"resource": "Dataset", "name": "films-items"},
        ],
    )

    assert made.subject == "Not deleted: films (filter films-new: ResourceFailed)"
    for part in (
        "films is not deleted, or not all of it.",
        "filter/films-new: a batch job uses it",
        "dataset films-items",
        "personalize destroy films",
        "deleted  campaign  films",
    ):
        assert part in made.body
    assert made.error == "ResourceFailed"
    assert "upload the params file" not in made.body


def test_the_second_time_there_was_nothing_to_delete():
    assert mail().body.startswith("films was gone already: there was nothing to delete.")


def test_an_input_without_a_dataset_group_is_answered_with_how_to_start_it():
    made = mail(
        status="FAILED", datasetGroup="", problem={"error": "ParamsInvalid", "reason": "Give a name."}
    )

    assert made.subject == "Not deleted: films-destroy-1 (ParamsInvalid)"
    assert made.body.startswith("films-destroy-1: nothing was deleted. It took")
    assert "Give a name." in made.body
    assert "personalize destroy GROUP" in made.body
    assert made.error == "ParamsInvalid"
