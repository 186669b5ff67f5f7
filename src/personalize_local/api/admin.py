"""`/_local/`: what Personalize Local offers beside the APIs of Amazon Personalize. For this computer only.

`GET /_local/` lists it; docs/local-faults.md describes it, with examples. Everything is JSON; what is wrong
with a request is answered with status 400 and a message that says what.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from personalize_local.api import operations
from personalize_local.api.fault_orders import order
from personalize_local.api.gateway import REST_TYPE, Answer
from personalize_local.api.requests_seen import KEPT
from personalize_local.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.api.requests_seen import RequestsSeen
    from personalize_local.aws.sigv4 import SignedRequest
    from personalize_local.inbox import Inbox

log = logging.getLogger(__name__)

PREFIX = "/_local/"
ROUTES: Final = {
    ("GET", ""): "this list",
    ("GET", "health"): "whether it serves",
    ("GET", "faults"): "the faults that have not happened yet",
    ("POST", "faults"): "let a creation fail, an operation fail or take longer",
    ("DELETE", "faults"): "no more faults",
    ("GET", "clock"): "the time that the service sees, and whether it passes",
    ("POST", "clock"): '{"running": false} stops it, {"advanceSeconds": 60} puts it on',
    ("GET", "requests"): f"the last {KEPT} requests; ?after=<id>, ?operation=<name>",
    ("DELETE", "requests"): "forget them",
    ("POST", "reset"): "no faults, no requests, a running clock; resources stay",
    ("GET", "inbox"): "mails that SNS delivered; ?after=<id> for newer ones only",
    ("POST", "inbox"): "where SNS delivers: the endpoint of an http subscription",
    ("DELETE", "inbox"): "empties it",
}
"""What there is: method and path after `PREFIX`, and what it is for."""
_LONGEST_JUMP = 10 * 366 * 86_400  # ten years


class BadRequest(Exception):  # noqa: N818 -- the name of the status
    """Something that the sender can mend; the text says what."""


class Admin:
    """Answers requests to `/_local/`."""

    def __init__(
        self, service: Any, inbox: Inbox, confirm: Callable[[str], None], seen: RequestsSeen
    ) -> None:
        self._service = service
        self._seen = seen
        self._inbox = inbox
        self._confirm = confirm
        self._handlers: dict[tuple[str, str], Callable[[SignedRequest], dict[str, Any]]] = {
            ("GET", ""): self._list,
            ("GET", "health"): self._health,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._no_faults,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget_requests,
            ("POST", "reset"): self._reset,
            ("GET", "inbox"): self._mails,
            ("POST", "inbox"): self._deliver,
            ("DELETE", "inbox"): self._empty_inbox,
        }

    def answer(self, request: SignedRequest, client: str) -> Answer:
        """Answer a request that comes from `client`, an IP address."""
        if not client or not ipaddress.ip_address(client).is_loopback:
            return _json(403, {"message": f"/_local/ is for this computer only, not for {client}."})
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return _json(403, {"message": f"/_local/ takes nothing from pages of {origin}."})
        handler = self._handlers.get((request.method, request.path.removeprefix(PREFIX)))
        if handler is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in ROUTES)
            return _json(404, {"message": f"No {request.method} {request.path}. There are {known}."})
        try:
            return _json(200, handler(request))
        except (BadRequest, ServiceError) as error:
            return _json(400, {"message": str(error)})

    def _list(self, _: SignedRequest) -> dict[str, Any]:
        return {
            "requests": [
                {"method": method, "path": PREFIX + path, "what": what}
                for (method, path), what in ROUTES.items()
            ]
        }

    def _health(self, _: SignedRequest) -> dict[str, Any]:
        return {"status": "ok", "services": list(operations.SERVICES)}

    def _faults(self, _: SignedRequest) -> dict[str, Any]:
        waiting: dict[str, Any] = self._service.faults.waiting()
        return waiting

    def _add_fault(self, request: SignedRequest) -> dict[str, Any]:
        order(self._service.faults, _document(request))
        return self._faults(request)

    def _no_faults(self, request: SignedRequest) -> dict[str, Any]:
        self._service.faults.clear()
        return self._faults(request)

    def _clock(self, _: SignedRequest) -> dict[str, Any]:
        clock = self._service.clock
        now = clock.now()
        return {"now": datetime.fromtimestamp(now, UTC).isoformat(), "seconds": now, "running": clock.running}

    def _set_clock(self, request: SignedRequest) -> dict[str, Any]:
        clock, document = self._service.clock, _document(request)
        if not isinstance(document, dict) or not document or document.keys() - {"running", "advanceSeconds"}:
            raise BadRequest('Give {"running": true or false}, {"advanceSeconds": 60}, or both.')
        running, seconds = document.get("running", clock.running), document.get("advanceSeconds", 0)
        if type(running) is not bool:
            raise BadRequest("running: must be true or false.")
        if type(seconds) not in (int, float) or not 0 <= seconds <= _LONGEST_JUMP:
            raise BadRequest(
                f"advanceSeconds: must be a number from 0 to {_LONGEST_JUMP}. Time never goes back here."
            )
        if running != clock.running:
            (clock.start if running else clock.stop)()
        if seconds:
            clock.advance(seconds)
        return self._clock(request)

    def _requests(self, request: SignedRequest) -> dict[str, Any]:
        operation = parse_qs(request.query).get("operation", [None])[-1]
        return {"requests": self._seen.after(_after(request), operation)}

    def _forget_requests(self, _: SignedRequest) -> dict[str, Any]:
        self._seen.clear()
        return {"requests": []}

    def _reset(self, request: SignedRequest) -> dict[str, Any]:
        self._service.faults.clear()
        self._seen.clear()
        if not self._service.clock.running:
            self._service.clock.start()
        return {**self._faults(request), **self._clock(request)}

    def _mails(self, request: SignedRequest) -> dict[str, Any]:
        return {"mails": [mail.to_json() for mail in self._inbox.after(_after(request))]}

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


def _after(request: SignedRequest) -> int:
    after = parse_qs(request.query).get("after", ["0"])[-1]
    if not after.isdecimal():
        raise BadRequest(f"after: '{after}' is not an id: a number that an earlier answer had.")
    return int(after)


def _document(request: SignedRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}") from error


def _json(status: int, document: dict[str, Any]) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = [(b"content-type", REST_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    return Answer(status, headers, body)
