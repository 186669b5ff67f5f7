"""The documents of `POST /_local/faults`, checked and handed to the service's `Faults`.

{"resourceType": "campaign", "reason": "…"}                                  the next creation fails
{"operation": "CreateSolution", "times": 2, "code": "ThrottlingException"}   the next calls end in this error;
                                                                             "retryAfter": 3 adds the header
{"operation": "GetRecommendations", "delaySeconds": 2.5, "times": 1}         the next calls take longer
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.api import operations
from personalize_local.service.errors import InvalidInputException
from personalize_rules.spelling import did_you_mean

if TYPE_CHECKING:
    from personalize_local.service.faults import Faults

_KEYS = {
    "resourceType": ("resourceType", "reason"),
    "operation": ("operation", "times", "code", "retryAfter", "delaySeconds"),
}
_EXAMPLES = (
    '{"resourceType": "campaign", "reason": "..."}, '
    '{"operation": "CreateSolution", "times": 2, "code": "ThrottlingException", "retryAfter": 1} or '
    '{"operation": "GetRecommendations", "delaySeconds": 2.5}'
)


def order(faults: Faults, document: Any) -> None:
    """Let happen what the document asks for.

    Raises:
        InvalidInputException: it does not say what, with all that is wrong; nothing will happen.
    """
    what = next((word for word in _KEYS if isinstance(document, dict) and word in document), None)
    if what is None:
        raise InvalidInputException(f"Give {_EXAMPLES}.")
    problems = [
        f"{key}: unknown key.{did_you_mean(key, _KEYS[what]) or ' There are ' + ', '.join(_KEYS[what])}"
        for key in document
        if key not in _KEYS[what]
    ]
    problems += list(_operation_problems(document) if what == "operation" else _failure_problems(document))
    if problems:
        raise InvalidInputException.of(problems)
    if what == "resourceType":
        faults.fail_next(document["resourceType"], document["reason"])
        return
    operation, times = document["operation"], document.get("times", 1)
    if "delaySeconds" in document:
        faults.delay_next(operation, document["delaySeconds"], times)
    else:
        code = document.get("code", "ThrottlingException")
        faults.throttle_next(operation, times, code, retry_after=document.get("retryAfter"))


def _failure_problems(document: dict[str, Any]) -> list[str]:
    return [
        f"{key}: must be a text"
        for key in ("resourceType", "reason")
        if not isinstance(document.get(key), str) or not document[key]
    ]


def _operation_problems(document: dict[str, Any]) -> list[str]:
    problems = []
    known = [name for service in operations.SERVICES for name in operations.model(service).operation_names]
    operation = document["operation"]
    if operation not in known:
        problems.append(
            f"operation: '{operation}' is no operation of {', '.join(operations.SERVICES)}."
            + did_you_mean(str(operation), known)
        )
    problems += [
        f"{key}: must be a whole number"
        for key in ("times", "retryAfter")
        if key in document and type(document[key]) is not int
    ]
    if "code" in document and not isinstance(document["code"], str):
        problems.append("code: must be a text, such as ThrottlingException or InternalServerException")
    if "delaySeconds" in document:
        if type(document["delaySeconds"]) not in (int, float):
            problems.append("delaySeconds: must be a number")
        problems += [
            f"{key}: does not go with delaySeconds; ask for the two faults one after the other"
            for key in ("code", "retryAfter")
            if key in document
        ]
    return problems
