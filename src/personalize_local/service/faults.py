"""Faults on request: what a test, or a user who wants to see his error handling work, can make go wrong."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any, TypeVar

from personalize_local.service.errors import InjectedError, InvalidInputException
from personalize_local.service.kinds import KINDS
from personalize_rules.spelling import did_you_mean

_TEXTS = {
    "ThrottlingException": "Rate exceeded",
    "LimitExceededException": "Rate exceeded",
    "InternalServerException": "An internal error occurred.",
    "ServiceUnavailableException": "The service is not available at the moment.",
}
_SERVER_ERRORS = {
    "InternalServerException": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServiceUnavailableException": 503,
    "ServiceUnavailable": 503,
}
LONGEST_DELAY = 300.0  # seconds; clients give up after a minute


@dataclass(slots=True)
class _Error:
    code: str
    times: int
    retry_after: int | None


@dataclass(slots=True)
class _Delay:
    seconds: float
    times: int


class Faults:
    """The faults that wait for their moment. Each is used up as it happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, list[str]] = {}
        self._throttles: dict[str, list[_Error]] = {}
        self._delays: dict[str, list[_Delay]] = {}

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

    def throttle_next(
        self,
        operation: str,
        times: int = 1,
        code: str = "ThrottlingException",
        *,
        retry_after: int | None = None,
    ) -> None:
        """Let the next `times` calls of the operation (any spelling) end with the error `code`.

        Codes of errors of the server (InternalServerException, ServiceUnavailableException) have status 5xx.
        `retry_after` is sent as the header Retry-After, in seconds.

        Raises:
            InvalidInputException: a number that is too small.
        """
        if times < 1:
            raise InvalidInputException(f"times: {times} must be at least 1.")
        if retry_after is not None and retry_after < 0:
            raise InvalidInputException(f"retryAfter: {retry_after} must be a number of seconds.")
        with self._lock:
            waiting = self._throttles.setdefault(_squeezed(operation), [])
            waiting.append(_Error(code, times, retry_after))

    def delay_next(self, operation: str, seconds: float, times: int = 1) -> None:
        """Let the next `times` calls of the operation take `seconds` of real time longer.

        Raises:
            InvalidInputException: a number that is too small or too large.
        """
        if times < 1:
            raise InvalidInputException(f"times: {times} must be at least 1.")
        if not 0 < seconds <= LONGEST_DELAY:
            raise InvalidInputException(
                f"delaySeconds: {seconds:g} must be more than 0 and at most {LONGEST_DELAY:g}."
            )
        with self._lock:
            self._delays.setdefault(_squeezed(operation), []).append(_Delay(seconds, times))

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
                    {"operation": operation, "code": one.code, "times": one.times}
                    | ({} if one.retry_after is None else {"retryAfter": one.retry_after})
                    for operation, entries in self._throttles.items()
                    for one in entries
                ],
                "delays": [
                    {"operation": operation, "delaySeconds": one.seconds, "times": one.times}
                    for operation, entries in self._delays.items()
                    for one in entries
                ],
            }

    def clear(self) -> None:
        """Forget all that has not happened yet."""
        with self._lock:
            self._failures.clear()
            self._throttles.clear()
            self._delays.clear()

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

    def take_delay(self, operation: str) -> float:
        """The seconds that the call which has just come shall wait; nearly always 0."""
        if not self._delays:
            return 0.0
        with self._lock:
            found = _take(self._delays, _squeezed(operation))
        return found.seconds if found else 0.0

    def before(self, operation: str) -> None:
        """Called at the start of every operation; cheap as long as there are no faults.

        Raises:
            InjectedError: this call was to fail.
        """
        if not self._throttles:
            return
        with self._lock:
            found = _take(self._throttles, _squeezed(operation))
        if found:
            raise InjectedError(
                found.code,
                _TEXTS.get(found.code, f"{found.code}, as asked for."),
                _SERVER_ERRORS.get(found.code, 400),
                found.retry_after,
            )


_T = TypeVar("_T", _Error, _Delay)


def _take(waiting: dict[str, list[_T]], key: str) -> _T | None:
    """The first entry for the key, used up by one."""
    entries = waiting.get(key)
    if not entries:
        return None
    first = entries[0]
    first.times -= 1
    if not first.times:
        entries.pop(0)
        if not entries:
            del waiting[key]
    return first


def _squeezed(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())


def _kind(word: str) -> str:
    for kind in KINDS:
        if _squeezed(kind) == _squeezed(word):
            return kind
    hint = did_you_mean(word, KINDS) or f" There are {', '.join(KINDS)}."
    raise InvalidInputException(f"'{word}' is not a resource type.{hint}")
