"""Runs that a schedule started: which part of the params file they are about, and whether it still is."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from pydantic import ValidationError

from personalize_pipeline.context import Message
from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import Params
from personalize_pipeline.params.places import shown
from personalize_pipeline.params.schedules import entries_of, options_of
from personalize_pipeline.params.shapes import ALWAYS
from personalize_pipeline.scheduling.names import schedule_name
from personalize_rules.schemas import Problem
from personalize_rules.spelling import did_you_mean

_KEPT: Final = {
    # An import may bring users back who are to be forgotten.
    "import": ("datasetGroup", "datasets", "preprocess", "dataDeletionJobs", "tags"),
    "retrain": (
        "datasetGroup",
        "datasets",
        "preprocess",
        "dataDeletionJobs",
        "filters",
        "solutions",
        "tags",
    ),
    "batch": ("datasetGroup", "filters", "solutions", "tags"),
}
_BATCH_JOBS: Final = ("batchInferenceJobs", "batchSegmentJobs")


class Scheduled(Message):
    """What a schedule tells the run that it starts; by hand, `kind` is enough."""

    kind: Literal["import", "retrain", "batch"]
    schedule: str | None = None
    """Its name in Scheduler."""
    dataset_group: str | None = None
    datasets: tuple[str, ...] | None = None
    import_mode: str | None = None
    solutions: tuple[str, ...] | None = None
    training_mode: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What it is to do, beside its kind, as in the params file."""
        return {
            key: value
            for key, value in self.output().items()
            if key not in ("kind", "schedule", "datasetGroup")
        }


def scheduled_of(given: Any) -> Scheduled | None:
    """Tell from the input of an execution whether a schedule started it, and with what.

    Raises:
        ParamsInvalid: it says so, but not what to do.
    """
    if not isinstance(given, Mapping) or "key" not in given or "scheduled" not in given:
        return None
    try:
        return Scheduled.model_validate(given["scheduled"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, ("scheduled", *first["loc"])))
        advice = 'Give {"bucket": "...", "key": "...", "scheduled": {"kind": "retrain"}}.'
        raise ParamsInvalid([Problem(place, f"{first['msg']}.", advice)]) from error


def check_still_asked_for(scheduled: Scheduled, document: Mapping[str, Any], bucket: str, key: str) -> str:
    """Compare the schedule with the params file of today; returns a note, mostly an empty one.

    Raises:
        ParamsInvalid: the file does not ask for this schedule any more.
    """
    if scheduled.schedule is None:
        return ""
    uri = f"s3://{bucket}/{key}"
    group = document["datasetGroup"]["name"]
    asked = {
        schedule_name(group, bucket, key, kind, number): options_of(entry)
        for kind, number, entry in entries_of(document)
    }
    if scheduled.schedule not in asked:
        what = (
            f"is about dataset group {group} now, not about {scheduled.dataset_group}"
            if scheduled.dataset_group not in (None, group)
            else f"does not ask for a schedule '{scheduled.kind}' like it any more"
        )
        raise ParamsInvalid(
            [
                Problem(
                    "schedules",
                    f"{uri} was replaced since schedule {scheduled.schedule} was made, and {what}; the run "
                    "of the new file has not got as far as to remove the schedule.",
                    "Upload the file again and see that its run succeeds; or delete the schedule in "
                    "EventBridge Scheduler.",
                )
            ]
        )
    if {key: value for key, value in asked[scheduled.schedule].items() if value} != scheduled.options:
        return (
            f"{uri} was replaced since schedule {scheduled.schedule} was made, and says something else of "
            "it. The run of the new file has not got as far as to change it; this run did what it said."
        )
    return ""


def deleted(scheduled: Scheduled, bucket: str, key: str) -> ParamsInvalid:
    """What a run says whose params file is not there any more."""
    name = scheduled.schedule or f"this '{scheduled.kind}'"
    destroy = f", or remove its schedules: personalize destroy {scheduled.dataset_group}"
    advice = f"Upload it again{destroy if scheduled.dataset_group else ''}."
    message = f"s3://{bucket}/{key} was deleted since schedule {name} was made."
    return ParamsInvalid([Problem("", message, advice)])


def narrowed(params: Params, scheduled: Scheduled) -> Params:
    """Leave of the file what the schedule is about: a run of it does this and nothing else.

    It does so also where the file says `import: false` or `train: false`: that is about the run of an upload.

    Raises:
        ParamsInvalid: it is about a dataset or a solution that the file does not have.
    """
    if unknown := list(_unknown(params.document, scheduled)):
        raise ParamsInvalid(unknown)
    document = {key: value for key, value in params.document.items() if key in _KEPT[scheduled.kind]}
    if "datasets" in document:
        document["datasets"] = {
            word: {key: value for key, value in section.items() if key != "datasetExportJobs"}
            for word, section in document["datasets"].items()
        }
    if scheduled.kind == "import":
        document["datasets"] = _imported(document.get("datasets", {}), scheduled)
    else:
        with_own_clock = _with_batch_schedule(params.document) if scheduled.kind == "retrain" else frozenset()
        document["solutions"] = [
            _trained(solution, scheduled, solution["name"] in with_own_clock)
            if scheduled.kind == "retrain"
            else _only_batch(solution)
            for solution in document.get("solutions", [])
            if scheduled.solutions is None or solution["name"] in scheduled.solutions
        ]
    if scheduled.kind == "batch":
        document["solutions"] = [
            solution for solution in document["solutions"] if any(solution.get(key) for key in _BATCH_JOBS)
        ]
    return replace(params, document=document)


def _unknown(document: Mapping[str, Any], scheduled: Scheduled) -> Iterator[Problem]:
    there = {
        "datasets": list(document.get("datasets", {})),
        "solutions": [solution["name"] for solution in document.get("solutions", [])],
    }
    for key, names in (("datasets", scheduled.datasets), ("solutions", scheduled.solutions)):
        for number, name in enumerate(names or ()):
            if name not in there[key]:
                known = f"There: {', '.join(there[key])}." if there[key] else "There is none."
                message = f"{shown(name)} is not a {key.removesuffix('s')} of the params file."
                yield Problem(
                    f"scheduled.{key}[{number}]", message, f"{known}{did_you_mean(name, there[key])}"
                )


def _imported(datasets: Mapping[str, Any], scheduled: Scheduled) -> dict[str, Any]:
    mode = {"importMode": scheduled.import_mode} if scheduled.import_mode else {}
    return {
        word: {key: value for key, value in section.items() if key != "import"} | mode
        for word, section in datasets.items()
        if scheduled.datasets is None or word in scheduled.datasets
    }


def _trained(solution: Mapping[str, Any], scheduled: Scheduled, batch_by_clock: bool) -> dict[str, Any]:  # noqa: FBT001
    # Also on data that has not changed: events that came in live show nowhere.
    version = {**solution.get("solutionVersion", {}), "train": True}
    if scheduled.training_mode:
        version["trainingMode"] = scheduled.training_mode
    # Batch jobs that have a schedule of their own do not run twice.
    left_out = _BATCH_JOBS if batch_by_clock else ()
    made = {key: value for key, value in solution.items() if key not in left_out}
    return {**made, "solutionVersion": version}


def _only_batch(solution: Mapping[str, Any]) -> dict[str, Any]:
    version = {**solution.get("solutionVersion", {}), "train": False}
    version.pop("trainingMode", None)
    # Also with the version and the lines of the last time: filters know what happened since.
    jobs = {key: [{**job, ALWAYS: True} for job in solution.get(key, [])] for key in _BATCH_JOBS}
    return {**solution, **jobs, "campaigns": [], "solutionVersion": version}


def _with_batch_schedule(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        solution["name"]
        for kind, _, entry in entries_of(document)
        for solution in document.get("solutions", [])
        if kind == "batch" and solution["name"] in (entry.get("solutions") or [solution["name"]])
    )
