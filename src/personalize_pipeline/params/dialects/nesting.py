"""What the two nested forms have in common: the parameters of each call are in a `serviceConfig`.

Beside that stand what belongs to the resource (`campaigns`, ...), what the workflow shall do
(`createCampaign`, ...), and in one of the forms when it shall do it (`workflowConfig`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_pipeline.params.dialects.nested_datasets import Datasets
from personalize_pipeline.params.dialects.nested_schedules import Schedules
from personalize_pipeline.params.dialects.sections import SERVICE, Section, Upgrade, left_out
from personalize_pipeline.params.models import params_model
from personalize_pipeline.params.places import Path, shown, written
from personalize_pipeline.params.shapes import call_keys

WORKFLOW: Final = "workflowConfig"


@dataclass(frozen=True, slots=True)
class _List:
    """A list of resources in the old file."""

    key: str
    call: str
    flag: str
    more: tuple[str, ...] = ()


_LISTS: Final = (
    _List("filters", "CreateFilter", "createFilter"),
    _List("recommenders", "CreateRecommender", "createRecommender"),
)
_USES: Final = (
    _List("campaigns", "CreateCampaign", "createCampaign", ("solutionversion",)),
    _List("batchInferenceJobs", "CreateBatchInferenceJob", "createBatchInferenceJob", (WORKFLOW,)),
    _List("batchSegmentJobs", "CreateBatchSegmentJob", "createBatchSegmentJob", (WORKFLOW,)),
)
_ROOT: Final = (
    *("datasetGroup", "datasets", "eventTracker", "filters", "solutions", "recommenders"),
    *("preprocessing", "tags"),
)
_MODES: Final = {"full": "FULL", "update": "UPDATE"}


class Nested:
    """The upgrade of a nested file."""

    def __init__(self) -> None:
        self.upgrade = Upgrade()
        self.schedules = Schedules(self.upgrade)
        self._not_created: list[str] = []
        self._filled_in: list[str] = []
        self._ages: list[str] = []

    def read(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The whole file in the main form. What it has of the main form already stays as it is."""
        own = {str(entry.alias) for entry in params_model().model_fields.values()}
        root = Section(self.upgrade, document, (), _ROOT, passed_on=own)
        made = {key: root.values[key] for key in root.values if key not in _ROOT or key == "tags"}
        known = (SERVICE, "datasets", WORKFLOW)
        group = root.open("datasetGroup", known, inside=call_keys("CreateDatasetGroup"))
        if group:
            made["datasetGroup"] = group.service("datasetGroup")
            self._schedules(group, {"import": ("import", {})})
        datasets = Datasets(self.upgrade, made.get("datasetGroup", {}).get("name"))
        for section in (group, root):
            if section:
                datasets.add(section)
        self._filled_in += datasets.unused
        if datasets.made:
            made["datasets"] = datasets.made
        if tracker := root.open("eventTracker", (SERVICE,), inside=call_keys("CreateEventTracker")):
            made["eventTracker"] = tracker.service("eventTracker")
        for one in _LISTS:
            if one.key in root:
                made[one.key] = self._entries(root, one, one.key)
        if "solutions" in root:
            made["solutions"] = [
                self._solution(value, path, f"solutions[{index}]")
                for index, (path, value) in enumerate(root.entries("solutions"))
            ]
        if job := self._preprocessing(root):
            made["preprocess"] = job
        self.schedules.put(made)
        self._notes()
        return made

    def _solution(self, value: Any, path: Path, place: str) -> dict[str, Any]:
        known = (SERVICE, "solutionVersion", *(use.key for use in _USES), WORKFLOW)
        section = Section(self.upgrade, value, path, known, inside=call_keys("CreateSolution"))
        made = section.service(place)
        self._version(section, place, made)
        for use in _USES:
            if use.key in section:
                self._once(section, use.key, made)
                self.upgrade.moved(f"{place}.{use.key}", section.at(use.key))
                made[use.key] = self._entries(section, use, f"{place}.{use.key}", made.get("name"))
        modes = {
            key: ("retrain", {"trainingMode": mode, "solutions": [made.get("name")]})
            for key, mode in _MODES.items()
        }
        self._schedules(section, modes)
        return made

    def _once(self, section: Section, key: str, made: Mapping[str, Any]) -> None:
        """Report what stands both in serviceConfig and beside it."""
        if key in made:
            advice = f"Keep the one beside '{SERVICE}'."
            self.upgrade.problem((*section.at(SERVICE), key), "it is given twice.", advice)

    def _version(self, section: Section, place: str, made: dict[str, Any]) -> None:
        """`solutionVersion` beside serviceConfig, or inside it without one of its own."""
        place = f"{place}.solutionVersion"
        if isinstance(inside := made.get("solutionVersion"), Mapping):
            at = (*section.at(SERVICE), "solutionVersion")
            self.upgrade.moved(place, at)
            made["solutionVersion"] = self._nameless(inside, at)
        calls = call_keys("CreateSolutionVersion")
        outer = section.open("solutionVersion", (SERVICE, "createNewSolutionVersion"), inside=calls)
        if outer is None:
            return
        self._once(section, "solutionVersion", made)
        version = self._nameless(outer.service(place), outer.at(SERVICE))
        train = outer.flag("createNewSolutionVersion")
        if train is not None:
            version["train"] = train
        if train is False:
            self.upgrade.notes.append(
                f"{written(outer.at('createNewSolutionVersion'))} is false: the solution is not trained, its "
                "newest version is used. (Earlier, it was trained all the same after an import.)"
            )
        made["solutionVersion"] = version

    def _nameless(self, version: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Without the name, which comes from the run."""
        if "name" in version:
            self._filled_in.append(written((*path, "name")))
        return {key: value for key, value in version.items() if key != "name"}

    def _entries(
        self, holder: Section, kind: _List, place: str, solution: Any = None
    ) -> list[dict[str, Any]]:
        """A list without the entries that are not to be created."""
        made: list[dict[str, Any]] = []
        for path, value in holder.entries(kind.key):
            known = (SERVICE, kind.flag, *kind.more)
            section = Section(self.upgrade, value, path, known, inside=call_keys(kind.call))
            new = f"{place}[{len(made)}]"
            entry = section.service(new)
            self._pinned(section, new, entry)
            if section.flag(kind.flag) is False:
                name = entry.get("name", entry.get("jobName"))
                self._not_created.append(written(path) if name is None else f"{written(path)} ({name})")
                self.upgrade.places.pop(new)
            else:
                self._schedules(section, {"schedule": ("batch", {"solutions": [solution]})})
                made.append(entry)
        return made

    def _pinned(self, section: Section, new: str, entry: dict[str, Any]) -> None:
        """`solutionversion` of a campaign; mostly it is empty, which is the newest."""
        version = section.values.get("solutionversion", "")
        if version == "":
            return
        if entry.setdefault("solutionVersionArn", version) != version:
            message = f"there is another solutionVersionArn in '{SERVICE}'."
            self.upgrade.problem(section.at("solutionversion"), message, "Remove one of the two.")
        self.upgrade.moved(f"{new}.solutionVersionArn", section.at("solutionversion"))

    def _preprocessing(self, root: Section) -> dict[str, Any]:
        """The Glue job, unless it is not to run."""
        known = ("jobName", "run")
        given = root.values.get("preprocessing")
        more = [key for key in given if key not in known] if isinstance(given, Mapping) else []
        section = root.open("preprocessing", known, passed_on=more)
        if section is None:
            return {}
        self.upgrade.moved("preprocess", section.path)
        job = {key: value for key, value in section.values.items() if key != "run"}
        if section.flag("run") is False:
            place = written(section.at("run"))
            self.upgrade.notes.append(f"{place} is false: this Glue job is left out: {shown(job)}.")
            return {}
        return job

    def _schedules(self, section: Section, kinds: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        """Read the workflowConfig of a section; `kinds` are its keys with what they stand for."""
        single = "schedule" in kinds
        workflow = section.open(WORKFLOW, ("schedule" if single else "schedules", "maxAge"))
        if workflow is None:
            return
        inner = workflow if single else workflow.open("schedules", (*kinds, "maxAge"))
        self._ages += [written(one.at("maxAge")) for one in (workflow, inner) if one and "maxAge" in one]
        for key, (kind, more) in kinds.items():
            if inner:
                self.schedules.add(kind, inner, key, **more)

    def _notes(self) -> None:
        for places, because in (
            (self._not_created, "they are not to be created; what is there stays as it is"),
            (self._filled_in, "the pipeline fills it in itself"),
            (
                self._ages,
                "unchanged data is not imported again, and training is begun by uploads and schedules",
            ),
        ):
            if places:
                self.upgrade.notes.append(left_out(places, because))


def contains(value: Any, *keys: str) -> bool:
    """Tell whether one of the keys stands anywhere in it, outside of Avro schemas."""
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            if any(key in one for key in keys):
                return True
            # The fields of an Avro schema may have any name. `schema` also is the key of a nested object.
            stack += [inner for key, inner in one.items() if key != "schema" or not _is_avro(inner)]
        elif isinstance(one, list):
            stack += one
    return False


def _is_avro(value: Any) -> bool:
    return isinstance(value, Mapping) and "fields" in value
