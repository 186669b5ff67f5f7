import json

import pytest

from personalize_pipeline.reporting.failures import Failure, understand

CHILD = "arn:aws:states:us-east-1:123456789012:execution:ensure:x"


def in_aws(**child):
    """What a nested execution that failed leaves in AWS."""
    return {
        "Error": "States.TaskFailed",
        "Cause": json.dumps({"ExecutionArn": CHILD, "Status": "FAILED"} | child),
    }


def in_full(**more):
    """The cause as AWS writes it, in the order of the alphabet; the input holds what looks like members."""
    child = {"Cause": 'no "data"\nat all', "Error": "ResourceFailed", "ExecutionArn": CHILD}
    given = json.dumps({"Cause": "of something else", "Error": "Other"} | more)
    return json.dumps(child | {"Input": given, "Name": "x", "Status": "FAILED"})


CRASH = json.dumps({"errorMessage": "'arn'", "errorType": "KeyError", "stackTrace": ["..."]})


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        pytest.param(
            {"error": "ResourceFailed", "reason": "12 interactions"},
            Failure("ResourceFailed", "12 interactions"),
            id="failed outcome",
        ),
        pytest.param(
            {"error": "ResourceFailed", "reason": "12 interactions", "execution": CHILD},
            Failure("ResourceFailed", "12 interactions", CHILD),
            id="failed outcome of a known execution",
        ),
        pytest.param(
            {"Error": "ResourceFailed", "Cause": "12 interactions"},
            Failure("ResourceFailed", "12 interactions"),
            id="nested execution on MiniStack",
        ),
        pytest.param(
            in_aws(Error="ResourceFailed", Cause="12 interactions"),
            Failure("ResourceFailed", "12 interactions", CHILD),
            id="nested execution in AWS",
        ),
        pytest.param(
            {"error": "States.TaskFailed", "reason": in_aws(Error="ResourceFailed", Cause="12")["Cause"]},
            Failure("ResourceFailed", "12", CHILD),
            id="nested execution in AWS, keys of the contract",
        ),
        pytest.param(
            in_aws(Error="States.TaskFailed", Cause=in_aws(Error="A", Cause="b")["Cause"]),
            Failure("A", "b", CHILD),
            id="nested twice",
        ),
        pytest.param({"Error": "KeyError", "Cause": CRASH}, Failure("KeyError", "'arn'"), id="crash"),
        pytest.param(
            in_aws(Error="KeyError", Cause=CRASH),
            Failure("KeyError", "'arn'", CHILD),
            id="crash, nested in AWS",
        ),
        pytest.param(
            in_aws(Status="TIMED_OUT"),
            Failure("TIMED_OUT", "It took longer than it is allowed to.", CHILD),
            id="nested execution took too long",
        ),
        pytest.param(
            in_aws(Status="ABORTED"), Failure("ABORTED", "Somebody stopped it.", CHILD), id="nested, stopped"
        ),
        pytest.param(
            {"Error": "States.Timeout", "Cause": ""},
            Failure("States.Timeout", "It took longer than it is allowed to."),
            id="state took too long",
        ),
        pytest.param(
            {"Error": "X", "Cause": "{not json"}, Failure("X", "{not json"), id="a brace is not JSON"
        ),
        pytest.param(
            {
                "Error": "States.TaskFailed",
                "Cause": f"Nested execution {CHILD} ended with status ABORTED",
            },
            Failure("ABORTED", "Somebody stopped it.", CHILD),
            id="nested on MiniStack, stopped",
        ),
        pytest.param(
            {"Error": "States.TaskFailed", "Cause": in_full(Input="long " * 9)[:-30]},
            Failure("ResourceFailed", 'no "data"\nat all', CHILD),
            id="nested in AWS, cut off in the input",
        ),
        pytest.param(
            {"Error": "States.TaskFailed", "Cause": in_full()[:22]},
            Failure("States.TaskFailed", 'no "data"'),
            id="nested in AWS, cut off in the cause",
        ),
        pytest.param({}, Failure("Unknown", "No cause is given."), id="nothing at all"),
    ],
)
def test_every_form_of_a_failure_gives_its_error_reason_and_innermost_execution(failed, expected):
    assert understand(failed) == expected


def test_every_outcome_of_ours_has_advice_that_is_not_about_bugs():
    from personalize_pipeline import errors

    leaves = [
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.PipelineError) and not cls.__subclasses__()
    ]

    assert len(leaves) >= 6
    assert not [cls for cls in leaves if "bug" in Failure(cls.__name__, "").what_to_do]
    assert "bug" in Failure("KeyError", "").what_to_do
