"""What a function is told about its run: the models of its input that all functions share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Did = Literal["prepared", "created", "updated", "replaced", "reused", "trained", "imported", "deleted"]


class Message(BaseModel):
    """Base of what states and functions pass to each other: camelCase JSON, never changed in place.

    Unknown keys are dropped, not refused: a state machine that passes more than a function needs is no error.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        # JSONata writes null for a path that led nowhere.
        return (
            {key: value for key, value in data.items() if value is not None}
            if isinstance(data, dict)
            else data
        )

    def output(self) -> dict[str, Any]:
        """The JSON form, without what is absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Examples(Message):
    """Identifiers out of the user's own data, for command lines that work when pasted."""

    user_id: str | None = None
    user_ids: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    filter_values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """By filter and placeholder, in the form of GetRecommendations: texts in quotes."""


class Run(Message):
    """The execution of the pipeline that all of this happens in."""

    id: str
    """Name of the execution."""
    execution: str
    """ARN of the execution."""
    state_machine: str
    start_time: AwareDatetime
    dataset_group: str | None = None
    """Name of the dataset group, as soon as it is known."""
    bucket: str | None = None
    prefix: str | None = None
    """Folder of the params file, `""` or ending in a slash."""
    key: str | None = None
    version_id: str | None = None
    examples: Examples = Examples()
    shares: Mapping[str, Mapping[str, int]] = Field(default_factory=dict)
    """How the things that it builds share the calls that Personalize allows: see `pacing.shares`."""
    scheduled: dict[str, Any] | None = None
    """What the schedule told it that started it; absent if it was an upload or a person."""

    def arn(self, tail: str) -> str:
        """ARN of a Personalize resource in the partition, region and account of this run."""
        _, partition, _, region, account, *_ = self.execution.split(":")
        return f"arn:{partition}:personalize:{region}:{account}:{tail}"

    @property
    def stack(self) -> str:
        """Name of the stack, which the state machine has before its own: `<stack>-pipeline`."""
        return self.state_machine.rpartition(":")[2].rpartition("-")[0]

    @property
    def machine(self) -> str:
        """Which of the stack's state machines: `pipeline` or `delete`."""
        return self.state_machine.rpartition(":")[2].rpartition("-")[2]

    def recipe(self, arn: str) -> str:
        """ARN of a recipe in this run's partition: examples and dialects write `arn:aws:`, also for China."""
        return f"arn:{self.execution.split(':')[1]}:{arn.split(':', 2)[2]}"


class Step(Message):
    """One look at a resource: how far it is. The output half of the step contract."""

    done: bool
    arn: str
    name: str
    status: str
    did: Did | None = None
    wait_seconds: int = 0
    reason: str | None = None
    failing_since: AwareDatetime | None = None
    """Since when AWS does not answer as it should; absent while it does."""
    memory: dict[str, Any] | None = None
    """What the first look has shown and later ones need."""
    details: dict[str, Any] | None = None

    def output(self) -> dict[str, Any]:
        """The JSON form; `did` is always there, null as long as nothing was done."""
        return {"did": None} | super().output()


class Context(Message):
    """What a step needs to know beside what is wanted."""

    run: Run
    started_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When the ensure execution began."""
    dataset_group_arn: str | None = None
    dataset_arn: str | None = None
    schema_arn: str | None = None
    solution_arn: str | None = None
    solution_version_arn: str | None = None
    import_arns: tuple[str, ...] = ()
    """The imports of this run, also those that were reused."""
    schema_document: str | None = None
    """The schema of `schema_arn`, if a plan knows it: it is not there yet."""
    outdated: str | None = None
    """Why the newest solution version will not do, if a plan knows it: Personalize does not show it yet."""
    last: Step | None = None
    """What this function returned the turn before."""

    def given(self, field: str) -> str:
        """A value that this step cannot do without.

        Raises:
            ValueError: the state machine did not pass it: a bug, not an outcome.
        """
        value = getattr(self, field)
        if not isinstance(value, str):
            raise ValueError(f"the state machine passed no context.{to_camel(field)}")  # noqa: TRY004
        return value


class StepInput(Message):
    """The input half of the step contract."""

    want: dict[str, Any]
    context: Context

    @classmethod
    def parse(cls, event: Any) -> Self:
        """Read the event of a function."""
        return cls.model_validate(event)
