"""How a job reaches the objects in S3, without knowing S3.

The service decides what to fetch and which words a refusal gets; how a role is assumed and how bytes arrive
is the business of `personalize_local.aws`. Jobs run in a process of their own, so an implementation is named
in the settings (`Settings.objects`, "module:factory") and made there by a call with the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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


class ObjectsUnreachable(ObjectsMissing):
    """S3 does not answer, or refuses for another reason than rights: a key of KMS, too many calls."""


class ObjectsTooLarge(Exception):  # noqa: N818 -- reads as what happened
    """More objects or bytes than are allowed; nothing was fetched. The text says how many there are."""


class Layout(StrEnum):
    """What a location stands for."""

    FOLDER = "folder"  # with "/" at its end: the objects directly in it; else the one object
    TREE = "tree"  # with "/" at its end: all objects below it, in sub-folders too; else the one object
    PREFIX = "prefix"  # every object whose key begins with it, whatever stands at its end


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object that was downloaded."""

    key: str
    path: Path


class Objects(Protocol):
    """Access to objects with the rights of a service role.

    `source_arn` is the resource on whose behalf something happens: the value of `aws:SourceArn` in trust and
    bucket policies.
    """

    def fetch_all(
        self,
        location: str,
        role_arn: str | None,
        folder: Path,
        *,
        source_arn: str,
        layout: Layout,
        suffix: str = "",
        max_files: int | None = None,
        max_bytes: int | None = None,
    ) -> list[Fetched]:  # pragma: no cover
        """Download what `location` stands for, and return it in the order of the keys.

        Objects whose keys do not end with `suffix` (in any case), and those of zero bytes, are left out, also
        of the limits.

        Raises:
            ObjectsDenied: the role cannot be assumed, or may not read.
            ObjectsMissing: there is nothing to read; as ObjectsUnreachable, S3 cannot be used.
            ObjectsTooLarge: more than `max_files` objects, or more than `max_bytes` in sum.
        """

    def store(
        self,
        file: Path,
        location: str,
        role_arn: str | None,
        *,
        source_arn: str,
        kms_key_arn: str | None = None,
    ) -> None:  # pragma: no cover
        """Upload a file as the one object at `location`, encrypted with a key of KMS if one is given.

        Raises:
            ObjectsDenied: the role cannot be assumed, or may not write.
            ObjectsMissing: there is no such bucket; as ObjectsUnreachable, S3 cannot be used otherwise.
        """

    def check_writable(
        self, location: str, role_arn: str | None, *, source_arn: str
    ) -> None:  # pragma: no cover
        """Find out whether `store` may write at `location`, an object or a folder; nothing is written.

        Raises:
            ObjectsDenied, ObjectsMissing: as `store`.
        """


def make_objects(settings: Settings) -> Objects:
    """Make the implementation that the settings name."""
    factory = cast("Callable[[Settings], Objects]", resolve_name(settings.objects))
    return factory(settings)
