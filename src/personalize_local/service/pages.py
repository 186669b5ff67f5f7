"""Page tokens of the List operations: a place in one list, good for ever, also after a restart."""

from __future__ import annotations

import base64
import json

from personalize_local.service.errors import InvalidNextTokenException

_LARGEST = 2**63 - 1  # that SQLite can hold


def make_token(number: int, scope: str) -> str:
    """A page token: where the next page begins, and in which list."""
    return base64.urlsafe_b64encode(json.dumps([scope, number]).encode()).decode()


def read_token(token: str | None, scope: str) -> int:
    """The number after which the page begins.

    Raises:
        InvalidNextTokenException: it was made for another list, or not by us.
    """
    if not token:
        return 0
    try:
        found = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise InvalidNextTokenException.of() from error
    if not isinstance(found, list) or len(found) != 2 or found[0] != scope or type(found[1]) is not int:
        raise InvalidNextTokenException.of()
    return min(max(0, found[1]), _LARGEST)
