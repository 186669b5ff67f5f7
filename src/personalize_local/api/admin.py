"""`/_local/`: what Personalize Local offers beside the APIs of Amazon Personalize. For this computer only.

GET    /_local/health    {"status": "ok", "version", "services"}
GET    /_local/faults    the faults that have not happened yet
POST   /_local/faults    {"resourceType": "campaign", "reason": "…"}: the next creation fails for this reason;
                         {"operation": "CreateSolution", "times": 2, "code": "ThrottlingException"}: so do
                             the next calls
DELETE /_local/faults    no more faults
GET    /_local/inbox     {"mails": [{"id", "receivedAt", "topicArn", "subject", "message", "messageId"}]};
                         ?after=<id> for newer ones only
POST   /_local/inbox     where SNS delivers: the endpoint of an http subscription
DELETE /_local/inbox     empties it
"""

from __future__ import annotations

import ipaddress
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from personalize_local.api import operations
from personalize_local.api.gateway import REST_TYPE, Answer
from personalize_local.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.aws.sigv4 import SignedRequest
    from personalize_local.inbox import Inbox

log = logging.getLogger(__name__)


class BadRequest(Exception):  # noqa: N818 -- the name of the status
    """Something that the sender can mend; the text says what."""


class Admin:
    """Answers requests to `/_local/`."""

    def __init__(self, service: Any, inbox: Inbox, confirm: Callable[[str], None]) -> None:
        self._service = service
        self._inbox = inbox
        self._confirm = confirm
        self._routes: dict[tuple[str, str], Callable[[SignedRequest], dict[str, Any]]] = {
            ("GET", "/_local/health"): self._health,
            ("GET", "/_local/faults"): self._faults,
            ("POST", "/_local/faults"): self._add_fault,
            ("DELETE", "/_local/faults"): self._no_faults,
            ("GET", "/_local/inbox"): self._mails,
            ("POST", "/_local/inbox"): self._deliver,
            ("DELETE", "/_local/inbox"): self._empty_inbox,
        }

    def answer(self, request: SignedRequest, client: str) -> Answer:
        """Answer a request that comes from `client`, an IP address."""
        if not client or not ipaddress.ip_address(client).is_loopback:
            return _json(403, {"message": f"/_local/ is for this computer only, not for {client}."})
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return _json(403, {"message": f"/_local/ takes nothing from pages of {origin}."})
        handler = self._routes.get((request.method, request.path))
        if handler is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _json(404, {"message": f"No {request.method} {request.path}. There are {known}."})
        try:
            return _json(200, handler(request))
        except (BadRequest, ServiceError) as error:
            return _json(400, {"message": str(error)})

    def _health(self, _: SignedRequest) -> dict[str, Any]:
        return {"status": "ok", "services": list(operations.SERVICES)}

    def _faults(self, _: SignedRequest) -> dict[str, Any]:
        waiting: dict[str, Any] = self._service.faults.waiting()
        return waiting

    def _add_fault(self, request: SignedRequest) -> dict[str, Any]:
        match _document(request):
            case {"resourceType": str(resource_type), "reason": str(reason)}:
                self._service.faults.fail_next(resource_type, reason)
            case {"operation": str(operation), **rest}:
                if operation not in {
                    name for s in operations.SERVICES for name in operations.model(s).operation_names
                }:
                    raise BadRequest(
                        f"operation: '{operation}' is no operation of {', '.join(operations.SERVICES)}."
                    )
                match rest.get("times", 1), rest.get("code", "ThrottlingException"):
                    case int(times), str(code):
                        self._service.faults.throttle_next(operation, times, code)
                    case _:
                        raise BadRequest("times must be a whole number, code a string.")
            case _:
                raise BadRequest(
                    'Give {"resourceType": "campaign", "reason": "..."}'
                    ' or {"operation": "CreateSolution", "times": 2, "code": "ThrottlingException"}.'
                )
        return self._faults(request)

    def _no_faults(self, request: SignedRequest) -> dict[str, Any]:
        self._service.faults.clear()
        return self._faults(request)

    def _mails(self, request: SignedRequest) -> dict[str, Any]:
        after = parse_qs(request.query).get("after", ["0"])[-1]
        if not after.isdecimal():
            raise BadRequest(f"after: '{after}' is not the id of a mail.")
        return {"mails": [mail.to_json() for mail in self._inbox.after(int(after))]}

    def _empty_inbox(self, _: SignedRequest) -> dict[str, Any]:
        self._inbox.clear()
        return {"mails": []}

    def _deliver(self, request: SignedRequest) -> dict[str, Any]:
        """Take what SNS sends to an http subscription: a confirmation to be answered, or a message."""
        match _document(request):
            case {"Type": "SubscriptionConfirmation", "SubscribeURL": str(url)}:
                try:
                    self._confirm(url)
                except OSError as error:
                    raise BadRequest(f"The subscription cannot be confirmed: {error}") from error
            case {
                "Type": "Notification",
                "MessageId": str(number),
                "TopicArn": str(topic),
                "Message": str(text),
            } as mail:
                self._inbox.add(topic, str(mail.get("Subject") or ""), text, number)
            case {"Type": "UnsubscribeConfirmation"}:
                log.info("A subscription of the inbox has ended.")
            case _:
                raise BadRequest(
                    "Not a message of SNS: it has a Type, a MessageId, a TopicArn and a Message."
                )
        return {}


def _document(request: SignedRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}") from error


def _json(status: int, document: dict[str, Any]) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = [(b"content-type", REST_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    return Answer(status, headers, body)
