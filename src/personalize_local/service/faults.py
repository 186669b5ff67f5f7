"""Faults on request: what a test, or a user who wants to see his error handling work, can make go wrong."""

from __future__ import annotations

import re
import threading
from typing import Any

from personalize_local.service.errors import InjectedError, InvalidInputException
from personalize_local.service.kinds import KINDS

_TEXTS = {
    "ThrottlingException": "Rate exceeded",
    "LimitExceededException": "Rate exceeded",
    "InternalServerException": "An internal error occurred.",
    "ServiceUnavailableException": "The service is not available at the moment.",
}
_SERVER_ERRORS = {"InternalServerException": 500, "InternalFailure": 500, "ServiceUnavailableException": 503}


class Faults:
    """The faults that wait for their moment. Each is used up as it happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, list[str]] = {}
        self._throttles: dict[str, list[tuple[str, int]]] = {}

    def fail_next(self, resource_type: str, reason: str) -> None:
        """Let the next creation of this type end as CREATE FAILED with `reason`.

        `resource_type` is the word of the ARN or the API: "solution-version", "SolutionVersion". Where it has
        updates, the next update counts as well.

        Raises:
            InvalidInputException: there is no such type.
        """
        kind = _kind(resource_type)
        with self._lock:
            self._failures.setdefault(kind, []).append(reason)

    def throttle_next(self, operation: str, times: int = 1, code: str = "ThrottlingException") -> None:
        """Let the next `times` calls of the operation (any spelling) end with the error `code`."""
        if times < 1:
            raise InvalidInputException(f"times: {times} must be at least 1.")
        with self._lock:
            self._throttles.setdefault(_squeezed(operation), []).append((code, times))

    def waiting(self) -> dict[str, Any]:
        """What has not happened yet, as JSON."""
        with self._lock:
            return {
                "failures": [
                    {"resourceType": kind, "reason": reason}
                    for kind, reasons in self._failures.items()
                    for reason in reasons
                ],
                "throttles": [
                    {"operation": operation, "code": code, "times": times}
                    for operation, entries in self._throttles.items()
                    for code, times in entries
                ],
            }

    def clear(self) -> None:
        """Forget all that has not happened yet."""
        with self._lock:
            self._failures.clear()
            self._throttles.clear()

    def take_failure(self, kind: str) -> str | None:
        """The reason why the resource that is being created shall fail, if it shall."""
        if not self._failures:
            return None
        with self._lock:
            reasons = self._failures.get(kind)
            if not reasons:
                return None
            reason = reasons.pop(0)
            if not reasons:
                del self._failures[kind]
            return reason

    def before(self, operation: str) -> None:
        """Called at the start of every operation; cheap as long as there are no faults.

        Raises:
            InjectedError: this call was to fail.
        """
        if not self._throttles:
            return
        key = _squeezed(operation)
        with self._lock:
            entries = self._throttles.get(key)
            if not entries:
                return
            code, times = entries[0]
            if times > 1:
                entries[0] = (code, times - 1)
            else:
                entries.pop(0)
                if not entries:
                    del self._throttles[key]
        raise InjectedError(code, _TEXTS.get(code, f"{code}, as asked for."), _SERVER_ERRORS.get(code, 400))


def _squeezed(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())


def _kind(word: str) -> str:
    for kind in KINDS:
        if _squeezed(kind) == _squeezed(word):
            return kind
    raise InvalidInputException(f"'{word}' is not a resource type. There are {', '.join(KINDS)}.")
