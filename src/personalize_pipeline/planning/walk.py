"""The way through a plan: each step of the run is taken once, and what it would do is noted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from personalize_pipeline.context import Context, Run, Step
from personalize_pipeline.errors import PipelineError
from personalize_pipeline.planning.entries import Action, Foreseen
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.resources.resource import Found, Resource
from personalize_pipeline.step import attempt
from personalize_pipeline.tagging import NOTE

DID: Mapping[str, Action] = {
    "created": "create",
    "updated": "update",
    "imported": "import",
    "trained": "train",
    "deleted": "delete",
    "replaced": "replace",
}
# What is made anew, or needs nothing: nothing differs.
_MADE: frozenset[Action] = frozenset({"keep", "create", "import", "train", "retrain"})
# Nothing is begun after one of these has failed.
_NEEDED = frozenset(
    {"Preprocess", "DatasetGroup", "Schema", "Dataset", "DatasetImport", "EventTracker", "DataDeletionJob"}
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found out about one resource: the plan's entry, what the params file wants, the run's step."""

    foreseen: Foreseen
    want: Mapping[str, Any]
    context: Context
    step: Step | None
    """None if the run would fail here."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """Settings that it has now, for what is there and is not made anew."""

    @property
    def fails(self) -> bool:
        """Whether the run would fail here."""
        return self.foreseen.action == "fail"


def make_resource(kind: type[Resource], want: Mapping[str, Any], context: Context, client: Any) -> Resource:
    """How the functions make a resource."""
    return kind(want, context, client)


@dataclass(slots=True)
class Walk:
    """The way through the plan; what was found so far is the context of what comes next."""

    run: Run
    looking: Looking
    make: Callable[..., Resource]
    seen: list[Seen] = field(default_factory=list)
    stopped: bool = False
    """Whether the run does not begin what comes now, because something that it needs fails."""

    def check(self) -> None:
        """Begin nothing after this if something fails that everything needs, as the state machine does."""
        self.stopped |= any(one.fails and one.foreseen.resource in _NEEDED for one in self.seen)

    @contextmanager
    def branch(self) -> Iterator[None]:
        """What fails in here stops nothing after it."""
        before = self.stopped
        yield
        self.stopped = before

    def see(self, kind: type[Resource], want: Mapping[str, Any], name: str = "", **context: Any) -> Seen:
        """Take the step that the run would take first. `name` as in `plan.expected`, if `want` has none."""
        name = name or want.get("name") or want["jobName"]
        now = datetime.now(UTC)
        given = Context(run=self.run, started_at=now, **context)
        resource = self.make(kind, want, given, self.looking.personalize)
        before = len(self.looking.calls)
        try:
            step = attempt(resource, now)
        except PipelineError as error:
            entry = Foreseen(resource=kind.__name__, name=name, action="fail", why=str(error))
            return self._add(Seen(entry, want, given, None))
        calls = [call.operation for call in self.looking.calls[before:]]
        action = _action(resource, step, calls)
        found = None if action in _MADE else resource.find()
        why = _why(resource, step, action, found)
        entry = Foreseen(resource=kind.__name__, name=name, action=action, why=why, calls=tuple(calls))
        shown = found.settings if found else step.details or {}
        return self._add(Seen(entry, want, given, step, shown))

    def add_why(self, reason: str) -> None:
        """Say more about the entry that was added last."""
        last = self.seen.pop()
        why = "\n".join(filter(None, [last.foreseen.why, reason]))
        self.seen.append(replace(last, foreseen=last.foreseen.model_copy(update={"why": why})))

    def ask(
        self, resource: str, want: Mapping[str, Any], take: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Step | None:
        """Take a step that is about no resource of Personalize; None, and an entry, if it fails."""
        event = {"want": want, "context": Context(run=self.run).output()}
        try:
            return Step.model_validate(take(event))
        except PipelineError as error:
            self.add(resource, want, None, action="fail", why=str(error))
            return None

    def add(self, resource: str, want: Mapping[str, Any], step: Step | None, **entry: Any) -> None:
        """Add what was found out in another way."""
        foreseen = Foreseen(resource=resource, name=want["name"], **entry)
        self._add(Seen(foreseen, want, Context(run=self.run), step))

    def _add(self, seen: Seen) -> Seen:
        if self.stopped and seen.foreseen.action not in ("keep", "fail"):
            seen = replace(seen, foreseen=seen.foreseen.model_copy(update={"action": "skip"}))
        self.seen.append(seen)
        return seen


def _action(resource: Resource, step: Step, calls: Sequence[str]) -> Action:
    """What it is to a person, told from what would be called."""
    verbs = {
        verb for call in calls for verb in ("Create", "Delete", "Start", "Stop") if call.startswith(verb)
    }
    if verbs >= {"Create", "Delete"}:
        return "replace"
    if "Start" in verbs:
        return "start"
    if "Stop" in verbs:
        return "stop"
    if not calls:
        return "keep" if step.done else "wait"
    action = DID.get(step.did or "", "update")
    return "retrain" if action == "train" and resource.again else action


def _why(resource: Resource, step: Step, action: Action, found: Found | None) -> str:
    if action == "wait":
        return f"it is {step.status}" + (f": {step.reason}" if step.reason else "")
    if action in _MADE:
        return resource.because()
    if found is None:
        return ""
    lines = [str(change) for change in resource.changes(found)]
    missing = [tag for tag in resource.missing_tags(found) if tag["tagKey"] != NOTE]
    lines += [f"tag {tag['tagKey']}: {tag['tagValue']}" for tag in missing]
    lines += [f"tag {key}: none any more" for key in resource.outdated_tags(found) if key != NOTE]
    return "\n".join(lines)
