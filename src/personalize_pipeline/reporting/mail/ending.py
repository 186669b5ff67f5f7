"""What a run ends with, as `notify` is told: the models that all parts of the mail read."""

from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, Field

from personalize_pipeline.context import Did, Message, Run
from personalize_pipeline.planning.entries import Planned
from personalize_pipeline.reporting.failures import Failure, understand
from personalize_pipeline.resources.dataset import not_kept

_WORDS = {
    "Preprocess": "Glue job",
    "DatasetGroup": "dataset group",
    "DatasetImport": "import",
    "EventTracker": "event tracker",
    "SolutionVersion": "solution version",
    "BestVersion": "choice",
    "BatchInferenceJob": "batch inference job",
    "BatchSegmentJob": "batch segment job",
    "MetricAttribution": "metric attribution",
    "DataDeletionJob": "data deletion job",
    "DatasetExportJob": "dataset export job",
    "SmokeTest": "smoke test",
}


def word_of(resource: str) -> str:
    """The kind of a resource in words: `solution version`."""
    return _WORDS.get(resource, resource.lower())


class Part(Message):
    """One thing that a run is to bring about, as in `plan.expected`."""

    resource: str
    name: str = ""

    @property
    def title(self) -> str:
        """What it is, in words: `solution version movies-for-you`."""
        return f"{word_of(self.resource)} {self.name}".strip()


class Outcome(Part):
    """What became of it: an output of `ensure`, or its failure."""

    arn: str = ""
    status: str = ""
    did: Did | None = None
    seconds: float | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    failed: dict[str, Any] | None = None


def _withheld(item: Outcome) -> bool:
    return item.details.get("decision") == "withheld"


class Ending(Message):
    """What `notify` is told about the run."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    run: Run
    status: Literal["SUCCEEDED", "FAILED"]
    dataset_group: str = ""
    notes: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    expected: tuple[Part, ...] = ()
    problem: dict[str, Any] | None = None
    foreseen: Planned = Planned()
    """What the run was to do, as it saw before it began."""
    deletes: bool = False
    """Whether the run takes the dataset group apart."""

    @cached_property
    def failures(self) -> list[tuple[str, Failure]]:
        """Everything that failed, with its title; what ended the run first."""
        of_run = [("the run", understand(self.problem))] if self.problem else []
        failed = [item for item in self.outcomes if item.failed]
        return of_run + [(item.title, understand(item.failed)) for item in failed]

    @property
    def not_begun(self) -> list[Part]:
        """What has no outcome, because something that it needs failed: not because a gate withheld it."""
        begun = {(item.resource, item.name) for item in self.outcomes}
        begun |= {("Campaign", item.name) for item in self.of("Promotion") if _withheld(item)}
        return [item for item in self.expected if (item.resource, item.name) not in begun]

    @property
    def worked(self) -> list[Outcome]:
        """Everything that is as wanted; without schemas that a dataset could not take, and that are gone."""
        return [item for item in self.outcomes if not item.failed and not self._is_gone(item)]

    def _is_gone(self, item: Outcome) -> bool:
        words = not_kept(item.arn)
        return item.resource == "Schema" and any(words in failure.reason for _, failure in self.failures)

    @property
    def succeeded(self) -> bool:
        """Whether all of it is: a run with a failure in it never counts as succeeded."""
        return self.status == "SUCCEEDED" and not self.failures

    @property
    def title(self) -> str:
        """What the run was about, as well as it is known: a params file that cannot be read names nothing."""
        return self.dataset_group or (self.run.prefix or "").strip("/") or self.run.key or self.run.id

    def of(self, resource: str) -> list[Outcome]:
        """What is as wanted, of one kind."""
        return [item for item in self.worked if item.resource == resource]
