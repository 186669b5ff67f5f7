"""From an HTTP request to an answer: route, read, authorise, validate, call the service, write.

`Gateway.prepare` does what takes microseconds and needs nobody else; it gives back a `Call`, whose `run` does
the rest and may wait (for a disk, a lock, an IAM). So the server can keep slow calls out of its event loop,
and everything here can be tested without a socket.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from personalize_local.api import errors, operations
from personalize_local.api.requests_seen import RequestsSeen
from personalize_local.aws import sigv4
from personalize_local.service.errors import InvalidInputException, ServiceError

if TYPE_CHECKING:
    from personalize_local.api.operations import Operation
    from personalize_local.api.shapes import Problems
    from personalize_local.aws.sigv4 import Signature, SignedRequest

log = logging.getLogger(__name__)

JSON_TYPE = "application/x-amz-json-1.1"
REST_TYPE = "application/json"
_JSON = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
)  # made once: it takes time
_AUTHENTICATION_ERRORS = {
    kind.__name__: kind
    for kind in (
        errors.MissingAuthenticationTokenException,
        errors.IncompleteSignatureException,
        errors.InvalidSignatureException,
        errors.UnrecognizedClientException,
        errors.ExpiredTokenException,
    )
}


class Guard(Protocol):
    """Who may do what. Without one, every signed request may do everything, as on an AWS without IAM."""

    def admit(self, signature: Signature, request: SignedRequest) -> Any:
        """Check the signature and find the caller.

        Raises:
            SignatureProblem: not signed by somebody we know.
        """

    def authorize(self, caller: Any, operation: str, params: dict[str, Any]) -> None:
        """Check the caller's policies.

        Raises:
            PermissionError: denied, with AWS's text.
        """

    def remembers(self, signature: Signature, operation: str, params: dict[str, Any]) -> bool:
        """Whether the two others would answer without asking anybody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Gateway:
    """The three APIs in front of a service (any object with one method per operation)."""

    def __init__(self, service: Any, guard: Guard | None = None) -> None:
        self.service = service
        self.guard = guard
        self.seen = RequestsSeen()

    def prepare(self, request: SignedRequest) -> Call | Answer:
        """Route and read a request. What is wrong with its form is answered at once."""
        rest = "x-amz-target" not in request.headers and request.path != "/"
        try:
            operation = _route(request, rest=rest)
            signature = _signature(request)
            document = _document(request)
            params, problems = operation.read(document)
        except errors.RequestError as error:
            answer = error_answer(error.code, error.message, _status(error, rest=rest), rest=rest)
            what = request.headers.get("x-amz-target") or f"{request.method} {request.path}"
            self.seen.add(what, {}, received=time.time(), seconds=0.0, status=answer.status, error=error.code)
            return answer
        return Call(self, operation, request, signature, params, problems)


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose operation and arguments are known."""

    gateway: Gateway
    operation: Operation
    request: SignedRequest
    signature: Signature
    params: dict[str, Any]
    problems: Problems

    def at_once(self) -> bool:
        """Whether `run` answers from memory in well under a millisecond, so that the event loop may do it."""
        if not self.operation.runtime or self.problems.types or self.problems.constraints:
            return False
        guard, service = self.gateway.guard, self.gateway.service
        if guard and not guard.remembers(self.signature, self.operation.name, self.params):
            return False
        ready = getattr(service, "answers_at_once", None)
        return ready is not None and bool(ready(self.operation.method, self.params))

    def delay(self) -> float:
        """Seconds to wait before `run`: 0, unless somebody asked for a delay through `/_local/faults`."""
        seconds: float = self.gateway.service.faults.take_delay(self.operation.name)
        return seconds

    def run(self) -> Answer:
        """Authorise, validate, call, write. Never raises: a bug is logged and answered as InternalFailure."""
        started = time.perf_counter()
        answer = self._answer()
        self.gateway.seen.add(
            self.operation.name,
            self.params,
            received=time.time(),
            seconds=time.perf_counter() - started,
            status=answer.status,
            error=_code(answer) if answer.status >= 300 else None,
        )
        return answer

    def _answer(self) -> Answer:
        operation = self.operation
        try:
            answer = self._call()
            return success(operation, answer)
        except errors.RequestError as error:
            status = _status(error, rest=operation.rest)
            return error_answer(error.code, error.message, status, rest=operation.rest)
        except ServiceError as error:
            status = operation.error_statuses.get(error.code, error.status)
            answer = error_answer(error.code, error.message, status, rest=operation.rest)
            if error.retry_after is not None:
                answer.headers.append((b"retry-after", str(error.retry_after).encode()))
            return answer
        except ConnectionError as error:  # IAM is not there: starting, restarting, gone
            log.warning("%s: %s", operation.name, error)
            return error_answer("ServiceUnavailableException", str(error), 503, rest=operation.rest)
        except (sqlite3.OperationalError, OSError) as error:  # the disk: full, read-only, gone
            log.exception("%s failed", operation.name)
            message = (
                f"Personalize Local cannot use its data folder: {error}. Nothing was changed. Check that its "
                "disk has space and can be written to, and try again."
            )
            return error_answer("ServiceUnavailableException", message, 503, rest=operation.rest)
        except Exception:
            log.exception("%s failed. This is a bug in Personalize Local.", operation.name)
            message = f"{operation.name} failed inside Personalize Local; its log has the details."
            return error_answer("InternalFailure", message, 500, rest=operation.rest)

    def _call(self) -> Any:
        """AWS's order: the signature, then the types, then the caller's rights, then the values."""
        gateway, operation, problems = self.gateway, self.operation, self.problems
        guard = gateway.guard
        caller = None
        if guard:
            try:
                caller = guard.admit(self.signature, self.request)
            except sigv4.SignatureProblem as problem:
                raise _AUTHENTICATION_ERRORS[problem.code](str(problem)) from problem
        if problems.types:
            raise errors.SerializationException("; ".join(problems.types))
        if guard:
            try:
                guard.authorize(caller, operation.name, self.params)
            except PermissionError as error:
                raise errors.AccessDeniedException(str(error)) from error
        if problems.constraints:
            raise InvalidInputException(problems.validation_message())
        service = gateway.service
        service.faults.before(operation.name)
        method = getattr(service, operation.method, None)
        if method is None:
            raise InvalidInputException(f"{operation.name} is not supported by Personalize Local yet.")
        return method(**self.params)


def success(operation: Operation, answer: Any) -> Answer:
    """The answer of an operation on the wire. The events API answers with an empty body."""
    written = operation.writer(answer)
    if operation.rest and not operation.has_output:
        return _answer(200, b"", REST_TYPE)
    body = _JSON.encode(written).encode()
    return _answer(200, body, REST_TYPE if operation.rest else JSON_TYPE)


def error_answer(code: str, message: str, status: int, *, rest: bool) -> Answer:
    """An error on the wire. Its type is in a header; JSON 1.1 has it in the body too."""
    document = {"message": message} if rest else {"__type": code, "message": message}
    answer = _answer(status, json.dumps(document).encode(), REST_TYPE if rest else JSON_TYPE)
    answer.headers.append((b"x-amzn-errortype", code.encode()))
    return answer


def _code(answer: Answer) -> str:
    return dict(answer.headers)[b"x-amzn-errortype"].decode()


def _answer(status: int, body: bytes, content_type: str) -> Answer:
    headers = [
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    return Answer(status, headers, body)


def _status(error: errors.RequestError, *, rest: bool) -> int:
    return error.rest_status if rest else error.json_status


def _route(request: SignedRequest, *, rest: bool) -> Operation:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if rest:
        found = operations.routes().get((request.method, request.path.rstrip("/") or "/"))
        if found is None:
            raise errors.UnknownOperationException(
                f"{request.method} {request.path} is no operation of {' or '.join(operations.SERVICES[1:])}."
            )
        if media_type not in ("", REST_TYPE):
            raise errors.UnsupportedMediaTypeException(f"Content-Type must be {REST_TYPE}, not {media_type}.")
        return operations.operation(*found)
    target = request.headers.get("x-amz-target", "")
    name = operations.targets().get(target)
    if name is None or request.method != "POST" or request.path != "/" or media_type != JSON_TYPE:
        raise errors.UnknownOperationException(_why_unknown(request, target, known=name is not None))
    return operations.operation("personalize", name)


def _why_unknown(request: SignedRequest, target: str, *, known: bool) -> str:
    if request.method != "POST" or request.path != "/":
        return f"Operations of personalize are called by POST /, not by {request.method} {request.path}."
    if not known:
        return (
            f"'{target}' in X-Amz-Target is no operation of personalize."
            if target
            else "X-Amz-Target is missing."
        )
    return f"Content-Type must be {JSON_TYPE}, not '{request.headers.get('content-type', '')}'."


def _signature(request: SignedRequest) -> Signature:
    try:
        return sigv4.parse(request.headers.get("authorization"))
    except sigv4.SignatureProblem as problem:
        raise _AUTHENTICATION_ERRORS[problem.code](str(problem)) from problem


def _document(request: SignedRequest) -> Any:
    """The body as JSON; an empty one counts as `{}`, as in AWS."""
    if not request.body:
        return {}
    try:
        document = json.loads(request.body, parse_constant=_no_constant)
        if rb"\ud" in request.body.lower():  # an escaped half of a surrogate pair is no text
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise errors.SerializationException(f"The body is not valid JSON: {error}") from error
    if type(document) is not dict:
        raise errors.SerializationException("The body must be a JSON object.")
    return document


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
