"""Requests to `/_local/` of a server."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer


def ask(server: LocalServer, method: str, path: str, document: Any = None) -> dict[str, Any]:
    """The answer to a request, which must be a good one."""
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"{server.url}/_local/{path}", body, method=method)
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
