"""What starts the state machine `delete` and what does not; the texts for people who start it by hand."""

from typing import Any

import pytest

from personalize_pipeline import run_events
from personalize_pipeline.deletion.function import Asked, deletion_plan
from personalize_pipeline.errors import ParamsInvalid

RUN = {
    "id": "by-hand",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:p-delete:by-hand",
    "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:p-delete",
    "startTime": "2026-11-20T09:02:00Z",
}
ADVICE = 'Give {"datasetGroup": {"name": "..."}, "data": false}.'
NONE = "datasetGroup: the input of the execution names none (letters, digits, - and _; 63 at most)."
NO_GROUP = f"{NONE} {ADVICE}"
NOT_KNOWN = "known: this is what an earlier deletion has found, and it cannot be read: leave it out."


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({}, NO_GROUP, id="nothing"),
        pytest.param({"datasetGroup": None}, NO_GROUP, id="null"),
        pytest.param({"datasetGroup": "films"}, NO_GROUP, id="a text"),
        pytest.param({"datasetGroup": {"name": 5}}, NO_GROUP, id="a number"),
        pytest.param({"datasetGroup": {"name": ""}}, NO_GROUP, id="no name"),
        pytest.param({"datasetGroup": {"name": "arn:aws:films"}}, NO_GROUP, id="an ARN"),
        pytest.param({"datasetGroup": [{"name": "films"}]}, NO_GROUP, id="a list"),
        pytest.param("films", f"the input of the execution is no object. {ADVICE}", id="no object"),
        pytest.param(None, f"the input of the execution is no object. {ADVICE}", id="no input"),
        pytest.param(
            {"datasetGroup": {"name": "films"}, "data": "no"},
            f"data: it is true (the files in S3 go too) or false. {ADVICE}",
            id="data",
        ),
        pytest.param(
            {"datasetGroup": {"name": "films"}, "known": {"schemas": 1}},
            f"{NOT_KNOWN} {ADVICE}",
            id="known",
        ),
        pytest.param(
            {"datasetGroup": {}, "data": 5},
            f"2 problems:\n- {NONE}\n- data: it is true (the files in S3 go too) or false. {ADVICE}",
            id="two",
        ),
    ],
)
def test_an_input_that_says_not_what_to_delete_is_answered_with_what_to_give(
    given: Any, reason: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_events, "began", lambda _: None)

    with pytest.raises(ParamsInvalid) as refused:
        deletion_plan({"input": given, "run": RUN})

    assert str(refused.value) == reason


def test_what_the_command_gives_is_taken():
    asked = Asked.parse({"datasetGroup": {"name": "films"}, "data": True, "known": {"schemas": ["arn:s"]}})

    assert (asked.dataset_group.name, asked.data, asked.known.schemas) == ("films", True, ("arn:s",))
