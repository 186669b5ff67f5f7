"""What all Personalize resources have in common, and what a resource must say about itself.

The ladder that uses it is `personalize_pipeline.step.ensure`. A resource says how to find itself
(`describe`), how it is made (`create`), what it should look like (`wanted`) and, where the API can, how it is
changed (`update`).
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_pipeline import clients, tagging
from personalize_pipeline.context import Context, Did
from personalize_pipeline.errors import ResourceChanged, ResourceFailed
from personalize_pipeline.execution import short_hash

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

Json = Mapping[str, Any]

NO_REASON = "Amazon Personalize gives no reason"
_MAX_SHOWN = 160  # characters of a value in a message
# The two ends of creating a resource, of updating it, and of a solution version that somebody stopped.
_ACTIVE = "ACTIVE"
_AT_REST = frozenset({_ACTIVE, "INACTIVE"})  # a recommender that is stopped is INACTIVE
_FAILED = frozenset({"CREATE FAILED", "CREATE STOPPED"})


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that the resource has and that the run wants differently; `attribute` is its path."""

    attribute: str
    shown: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.attribute}: it has {_short(self.shown)}, the params file says {_short(self.wanted)}"


@dataclass(frozen=True, slots=True)
class Found:
    """A resource, or the latest update of one, as Describe shows it."""

    arn: str
    status: str
    created: datetime
    settings: Json
    failure_reason: str
    update: "Found | None" = None

    @classmethod
    def of(cls, arn: str, shown: Any, update: Any = None) -> "Found":
        """Take over what Describe answered: the structure, and its `latest...Update` if it has one."""
        return cls(
            arn=arn,
            status=shown.get("status", _ACTIVE),  # a schema has none: it exists or not
            created=shown["creationDateTime"],
            settings=shown,
            failure_reason=shown.get("failureReason") or NO_REASON,
            update=cls.of(arn, update) if update else None,
        )

    @property
    def active(self) -> bool:
        """Whether it is ready for use; or stopped, which is for `changes` to judge."""
        return self.status in _AT_REST

    @property
    def failed(self) -> bool:
        """Whether it will never be ready."""
        return self.status in _FAILED

    @property
    def moving(self) -> bool:
        """Whether it is still on its way, to life or to its end."""
        return not (self.active or self.failed)


class Resource(ABC):
    """One Personalize resource that a run wants."""

    kind: ClassVar[str]
    """Its word in ARNs and commands: `dataset-group`."""
    creates: ClassVar[Did] = "created"
    updates: ClassVar[Did] = "updated"
    tags_follow: ClassVar[bool] = True
    """Whether tags are kept up after creation; what every run begins anew gets them when it is made."""

    def __init__(self, want: Json, context: Context, client: "PersonalizeClient | None" = None) -> None:
        given = want.get("tags")
        self.want = {**want, "tags": tagging.with_note(given)} if given and self.tags_follow else want
        self._tags_there: list[dict[str, str]] | None = None
        self.context = context
        self.client = client or clients.personalize()
        self.noted: dict[str, Any] | None = context.last.details if context.last else None
        """What was noted in an earlier turn, or is to be known in a later one: what was there before."""

    @property
    def name(self) -> str:
        """Its name, as the params file gives it."""
        return str(self.want["name"])

    @property
    def run_mark(self) -> str:
        """The end of the names of what each run makes anew."""
        return short_hash(self.context.run.id)

    @property
    def known_as(self) -> str:
        """The name of the section that wants it, where its own is another one."""
        return self.name

    @property
    def arn(self) -> str:
        """Where it is, or will be. Empty while only Personalize can know."""
        return self.context.run.arn(f"{self.kind}/{self.name}")

    def find(self) -> Found | None:
        """What there is, or None."""
        try:
            return self.describe()
        except self.client.exceptions.ResourceNotFoundException:
            return None

    @abstractmethod
    def describe(self) -> Found | None:
        """Ask Personalize. None, or its ResourceNotFoundException, when it does not exist."""

    @abstractmethod
    def create(self) -> None:
        """Ask Personalize to make it."""

    @abstractmethod
    def wanted(self) -> Json:
        """The settings that it should show, in the form of Describe; what is not in here may be anything."""

    def changes(self, found: Found) -> Sequence[Change]:
        """Where it differs from what is wanted; what the params file does not give is the service's."""
        return tuple(differences(self.wanted(), found.settings))

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """Change it, where the API can.

        Raises:
            ResourceChanged: it cannot; says which attribute, both values, and the ways out.
        """
        raise self.changed(found, changes)

    def tried(self, changes: Sequence[Change]) -> bool:  # noqa: ARG002  # for those that change in several ways
        """Whether the update that this run made was to bring these changes about."""
        return True

    def memory(self) -> dict[str, Any] | None:
        """What this look has shown and later ones need: `context.last` has it then. Asked after an action.

        `lastTimeSeconds`, what the same took the last time, is for the pace of the looks.
        """
        return None

    def left_over(self, found: Found) -> bool:  # noqa: ARG002  # for those that leave something
        """Whether something is left to tidy up, now that it is as wanted."""
        return False

    def tidy(self, found: Found) -> None:
        """Take away what is left over, where there can be something."""
        raise NotImplementedError

    def since(self, found: Found) -> datetime:
        """When that began which is being waited for."""
        return found.created

    def details(self, found: Found) -> dict[str, Any] | None:  # noqa: ARG002  # for those that have some
        """What the report says about it beyond name and status."""
        return None

    def because(self) -> str:
        """Why it is made now, or why not, for those that are made more than once; asked after `describe`."""
        return ""

    @property
    def again(self) -> bool:
        """Whether there is one already, for those that are made more than once; asked after `describe`."""
        return False

    def origin(self, found: Found) -> Did:  # noqa: ARG002  # for those that can tell
        """How it came to be, when this run did nothing or does not remember what it did."""
        return "reused"

    def missing_tags(self, found: Found) -> list[dict[str, str]]:
        """Tags of the params file that it does not have yet. Tags that others put there are left alone."""
        return tagging.missing(self._tags, self._tags_of(found)) if self._looks_at_tags else []

    def outdated_tags(self, found: Found) -> list[str]:
        """Keys of tags that the pipeline put there and that the params file has no longer."""
        return tagging.outdated(self._tags, self._tags_of(found)) if self._looks_at_tags else []

    def tag(self, found: Found, missing: list[dict[str, str]], outdated: list[str]) -> None:
        """Remove tags; add others, or give them new values."""
        if outdated:
            self.client.untag_resource(resourceArn=found.arn, tagKeys=outdated)
        if missing:
            self.client.tag_resource(resourceArn=found.arn, tags=missing)  # type: ignore[arg-type]  # a TypedDict

    @property
    def _tags(self) -> list[dict[str, str]]:
        return list(self.want.get("tags", []))

    @property
    def _looks_at_tags(self) -> bool:
        """Not at those of what this loop made itself: it has had them from the beginning."""
        last = self.context.last
        return self.tags_follow and not (last and last.did == self.creates)

    def _tags_of(self, found: Found) -> list[dict[str, str]]:
        """Asked once a turn."""
        if self._tags_there is None:
            answer = self.client.list_tags_for_resource(resourceArn=found.arn)
            self._tags_there = [dict(tag) for tag in answer["tags"]]  # type: ignore[arg-type]
        return self._tags_there

    def failed(self, found: Found, *, earlier: bool) -> ResourceFailed:
        """Why it cannot be used, and what a person must do about it."""
        verb = "failed in an earlier run" if earlier else "failed in Amazon Personalize"
        if found.status == "CREATE STOPPED":
            verb = "was stopped"
        return ResourceFailed(
            f"{tail(found.arn)} {verb}: {sentence(found.failure_reason)} {self.way_on(found)}"
        )

    def way_on(self, found: Found) -> str:
        """What to do after it failed. A failed resource keeps its name until it is deleted."""
        return (
            "Remove the cause, delete what failed, and upload the params file again:\n"
            f"  {self.delete_command(found)}"
        )

    def changed(self, found: Found, changes: Sequence[Change]) -> ResourceChanged:
        """Which settings cannot be changed, and the ways out."""
        lines = "\n".join(f"  {change}" for change in changes)
        return ResourceChanged(
            f"{tail(found.arn)} exists with other settings, which cannot be changed:\n{lines}\n"
            f"{self.ways_out(found)}"
        )

    def ways_out(self, found: Found) -> str:
        """What to do about settings that cannot be changed."""
        return (
            "Use another name in the params file, put the setting back, or delete the old one first:\n"
            f"  {self.delete_command(found)}"
        )

    def delete_command(self, found: Found) -> str:
        """The command that deletes it."""
        return f"aws personalize delete-{self.kind} --{self.kind}-arn {found.arn}"


def differences(wanted: Any, shown: Any, path: str = "") -> Iterator[Change]:
    """Where `shown` lacks or contradicts `wanted`; more in `shown` is fine (defaults of the service).

    Describe leaves out what is false or empty, so false and empty equal absent.
    """
    if isinstance(wanted, Mapping) and isinstance(shown, Mapping | None):
        for key, value in wanted.items():
            yield from differences(value, (shown or {}).get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(shown, list) and len(wanted) == len(shown):
        for position, (one, other) in enumerate(zip(wanted, shown, strict=True)):
            yield from differences(one, other, f"{path}[{position}]")
    elif wanted != shown and (wanted or shown is not None):
        yield Change(path, shown, wanted)


def last_duration(earlier: Iterable[Mapping[str, Any]]) -> float | None:
    """How many seconds the latest of them that became ACTIVE took, in the form of Describe or List.

    What changes one later (tags) moves its lastUpdatedDateTime, so the shortest of the latest three counts.
    """
    done = sorted(
        (one for one in earlier if one.get("status") == _ACTIVE and "lastUpdatedDateTime" in one),
        key=lambda one: one["creationDateTime"],
        reverse=True,
    )
    seconds = [(one["lastUpdatedDateTime"] - one["creationDateTime"]).total_seconds() for one in done[:3]]
    return min((some for some in seconds if some > 0), default=None)


def tail(arn: str) -> str:
    """The part of an ARN that people talk about: `campaign/movies`."""
    return arn.split(":", 5)[-1] if arn.startswith("arn:") else arn


def sentence(text: str) -> str:
    """The text with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
