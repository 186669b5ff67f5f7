"""How a job reaches the objects in S3, without knowing S3.

The service decides what to fetch and which words a refusal gets; how a role is assumed and how bytes arrive
is the business of `personalize_local.aws`. Jobs run in a process of their own, so an implementation is named
in the settings (`Settings.objects`, "module:factory") and made there by a call with the settings.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from personalize_local.service.settings import Settings


class ObjectsDenied(Exception):  # noqa: N818 -- reads as what happened
    """The role, its policies or the bucket's policy do not allow it; the text says which, for the log."""


class ObjectsMissing(Exception):  # noqa: N818 -- reads as what happened
    """No such bucket, or no object at the location; the text says what was looked for."""


class Objects(Protocol):
    """Access to objects with the rights of a service role."""

    def fetch(
        self, location: str, role_arn: str | None, folder: Path, *, source_arn: str
    ) -> list[Path]:  # pragma: no cover
        """Download what lies at `location` into `folder`, and return the files in the order of their keys.

        A location that ends with "/" is a folder: the objects directly in it, no sub-folders, markers of zero
        bytes left out. Any other location is one object. `source_arn` is the resource on whose behalf this
        happens: the value of `aws:SourceArn` in trust and bucket policies.

        Raises:
            ObjectsDenied: the role cannot be assumed, or may not read.
            ObjectsMissing: there is nothing to read.
        """


def make_objects(settings: Settings) -> Objects:
    """Make the implementation that the settings name."""
    factory = cast("Callable[[Settings], Objects]", resolve_name(settings.objects))
    return factory(settings)
