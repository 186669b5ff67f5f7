"""The rules for tags, in Create calls and in TagResource."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from personalize_local.service.errors import InvalidInputException, TooManyTagsException

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALLOWED = re.compile(r"[\w\s.:/=+\-@]*")


def checked_tags(tags: Iterable[dict[str, str]], limit: int) -> dict[str, str]:
    """Tags of a request as a mapping; a repeated key overwrites.

    Raises:
        InvalidInputException: reserved keys, characters that are not allowed.
        TooManyTagsException: more than `limit`.
    """
    found = {tag["tagKey"]: tag["tagValue"] for tag in tags}
    problems = [
        f"Tag key '{key}' is not allowed: keys that start with aws: are reserved"
        for key in found
        if key.lower().startswith("aws:")
    ]
    problems += [
        f"Tag '{key}': '{text}' has characters other than letters, digits, spaces and _.:/=+-@"
        for key, value in found.items()
        for text in (key, value)
        if not _ALLOWED.fullmatch(text)
    ]
    if problems:
        raise InvalidInputException.of(problems)
    refuse_too_many(len(found), limit)
    return found


def refuse_too_many(count: int, limit: int) -> None:
    """Hold a number of tags against the quota.

    Raises:
        TooManyTagsException: it is larger.
    """
    if count > limit:
        raise TooManyTagsException(f"A resource can have at most {limit} tags; this would be {count}.")
