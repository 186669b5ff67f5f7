"""What failed and why, out of the different forms in which Step Functions reports a failure.

A nested execution that failed arrives in AWS as error `States.TaskFailed` with the child's description as
JSON in the cause, which is cut off when it is too long; on MiniStack with the child's own error and cause,
or with a sentence if it has none, because somebody stopped it. A function that crashed has a JSON cause of
its own.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_NO_CAUSE = {
    "States.Timeout": "It took longer than it is allowed to.",
    "TIMED_OUT": "It took longer than it is allowed to.",
    "ABORTED": "Somebody stopped it.",
}

_PARAMS = "Correct the params file and upload it again. Nothing that exists was changed."
_WHAT_TO_DO = {
    "ParamsInvalid": _PARAMS,
    "DataInvalid": "Correct the data, then upload the params file again.",
    "ResourceFailed": (
        "Remove the cause that Amazon Personalize gives, then upload the params file again: what is finished "
        "is kept."
    ),
    "ResourceChanged": "Take one of the ways out given above, then upload the params file again.",
    "NoRecommendations": (
        "Ask it yourself (personalize recommend), look at the data and the filters, then upload the params "
        "file again. A campaign can go back to the version before: personalize rollback."
    ),
    "QuotaExceeded": "Make room or ask AWS for a higher quota, then upload the params file again.",
    "PermissionMissing": "Give the role the permission named above, then upload the params file again.",
    "GlueJobFailed": (
        "Look at the job's runs in AWS Glue, correct the job or its data, then upload the params file again. "
        "Nothing was imported."
    ),
    "States.Timeout": "Look in the execution for what it was waiting for, then upload the params file again.",
    "TIMED_OUT": "Look in the execution for what it was waiting for, then upload the params file again.",
    "ABORTED": "Upload the params file again when it shall go on: what is finished is kept.",
}
_A_BUG_OR_AN_OUTAGE = (
    "This is no fault of the params file or the data: a bug or an outage. Look at the execution and at the "
    "function's log, then upload the params file again: what is finished is kept."
)

_WITHOUT_CAUSE = re.compile(r"Nested execution (?P<execution>arn:\S+) ended with status (?P<status>\w+)")
# Members of a JSON object that came to us with a part left out: of a child's description, of a crash.
_MEMBER = re.compile(
    r'"(?P<key>Cause|Error|ExecutionArn|Status|errorMessage|errorType)"\s*:\s*(?P<value>"(?:[^"\\]|\\.)*"?)'
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed; `execution` is the ARN of the innermost execution that failed, if known."""

    error: str
    reason: str
    execution: str = ""

    @property
    def what_to_do(self) -> str:
        """The next step for a person."""
        error = "GlueJobFailed" if self.error.startswith("Glue.") else self.error
        return _WHAT_TO_DO.get(error, _A_BUG_OR_AN_OUTAGE)


def understand(failed: Any, execution: str = "") -> Failure:
    """Read a failure: `{"error", "reason", "execution"?}` or a state's error output `{"Error", "Cause"}`."""
    if not isinstance(failed, dict):
        return Failure("Unknown", str(failed), execution)
    error = str(failed.get("error") or failed.get("Error") or "Unknown")
    cause = str(failed.get("reason") or failed.get("cause") or failed.get("Cause") or "")
    execution = str(failed.get("execution") or execution)
    if stopped := _WITHOUT_CAUSE.match(cause):
        return understand({"Error": stopped["status"]}, stopped["execution"])
    inner = _json_object(cause)
    arn = inner.get("ExecutionArn") or inner.get("executionArn")
    if arn or inner.get("Cause"):
        status = inner.get("Status") or inner.get("status") or error
        known = {"Error": inner.get("Error") or inner.get("error") or status}
        return understand(known | {"Cause": inner.get("Cause") or inner.get("cause") or ""}, arn or execution)
    if state := inner.get("JobRunState"):
        run = f"run {inner.get('Id')} of Glue job {inner.get('JobName')}"
        return Failure(
            "GlueJobFailed", f"{run} ended as {state}: {inner.get('ErrorMessage') or 'no reason given'}"
        )
    if message := inner.get("errorMessage"):
        return Failure(str(inner.get("errorType") or error), str(message), execution)
    return Failure(error, cause or _NO_CAUSE.get(error, "No cause is given."), execution)


def _json_object(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        return {match["key"]: _string(match["value"]) for match in _MEMBER.finditer(text)}
    return value if isinstance(value, dict) else {}


def _string(text: str) -> str:
    """The value of a JSON string, whose end may be missing."""
    for whole in (text, text + '"'):
        try:
            return str(json.loads(whole))
        except ValueError:
            continue
    return text[1:]  # cut off within an escape
