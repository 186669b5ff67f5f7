"""The HTTP server: uvicorn with an ASGI application of two parts, the AWS APIs and `/_local/`.

What runs where: reading a request and writing its answer happen in the event loop. The call in between runs
in the loop too when it is a question of the runtime API whose model is in memory, because that takes less
time than handing it to a thread and back. Everything else may wait for the disk, for a lock or for IAM, and
runs in a small pool of threads, so that a slow call delays nobody else. There are few threads because calls
are short and SQLite has one writer; long work (imports, training) is done by processes of the service.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import uvicorn

from personalize_local.api import errors, operations
from personalize_local.api.gateway import Answer, Gateway, error_answer
from personalize_local.api.process import settle
from personalize_local.aws.sigv4 import SignedRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from personalize_local.api.admin import Admin

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)
requests_log = logging.getLogger("personalize_local.requests")

THREADS = 4
MAX_BODY = 4 << 20  # the largest request is PutItems: 10 items of 32,000 characters
SHUTDOWN_SECONDS = 2  # what requests in flight get at SIGTERM


class Application:
    """The ASGI application."""

    def __init__(self, gateway: Gateway, admin: Admin, host: str) -> None:
        self.gateway = gateway
        self.admin = admin
        self.loopback_only = _is_loopback_name(host)
        self.threads = ThreadPoolExecutor(THREADS, "call")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = await self._request(scope, receive)
        answer = await self._answer(scope, request)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})
        if requests_log.isEnabledFor(logging.INFO):
            what = request.headers.get("x-amz-target", request.path)
            took = (time.perf_counter() - started) * 1000
            requests_log.info("%s %s %d %.1f ms", request.method, what, answer.status, took)

    async def _answer(self, scope: Scope, request: SignedRequest) -> Answer:
        local = request.path.startswith("/_local/")
        if (local or self.loopback_only) and not _is_loopback_name(_host_name(request)):
            # A page whose host name was made to resolve to this machine (DNS rebinding) names itself here.
            message = (
                f"Host '{request.headers.get('host', '')}' is not this computer. Use 127.0.0.1 or localhost."
            )
            return error_answer("AccessDeniedException", message, 403, rest=True)
        if request.body is TOO_LONG:
            message = f"The request is longer than {MAX_BODY} bytes."
            return error_answer(errors.RequestEntityTooLargeException.__name__, message, 413, rest=True)
        loop = asyncio.get_running_loop()
        if local:
            return await loop.run_in_executor(self.threads, self.admin.answer, request, _client(scope))
        call = self.gateway.prepare(request)
        if isinstance(call, Answer):
            return call
        if delay := call.delay():
            await asyncio.sleep(delay)  # here, so that it keeps no thread from answering others
        if call.at_once():
            return call.run()
        return await loop.run_in_executor(self.threads, call.run)

    async def _request(self, scope: Scope, receive: Receive) -> SignedRequest:
        message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body = body + message.get("body", b"") if len(body) <= MAX_BODY else body
        return SignedRequest(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body if len(body) <= MAX_BODY else TOO_LONG,
        )


TOO_LONG = b"\0too long"  # compared by identity


class _Server(uvicorn.Server):
    """uvicorn, saying when it serves."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        settle()
        if self.started:
            self._ready()


def make_server(application: Application, ready: Callable[[], None]) -> uvicorn.Server:
    """A server to be run with `server.serve(sockets=[...])`; it stops when `should_exit` is set."""
    operations.targets()  # the models are read before the first request, not by it
    operations.routes()
    config = uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client is who connects, whatever X-Forwarded-For says
        timeout_keep_alive=75,  # SDKs keep connections for a minute
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return _Server(config, ready)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose.

    Raises:
        OSError: the address is in use, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it an answer of a head and a body
    # waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _host_name(request: SignedRequest) -> str:
    host = request.headers.get("host", "")
    return host.rpartition(":")[0] or host if not host.endswith("]") else host


@lru_cache(maxsize=64)  # asked with every request, by few names
def _is_loopback_name(name: str) -> bool:
    name = name.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
