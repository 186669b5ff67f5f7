"""The datasets of the nested forms, each with `schema`, `dataset` and `datasetImportJob`.

They are a list with `type` in each, or an object by type; an object may have a `serviceConfig` with what all
its imports have in common.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_pipeline.params.dialects.sections import SERVICE, Section, Upgrade, dataset_type
from personalize_pipeline.params.models import import_keys
from personalize_pipeline.params.places import Path, listed, shown, written
from personalize_pipeline.params.shapes import call_keys
from personalize_rules.schemas import DatasetType

_KNOWN: Final = ("type", "schema", "dataset", "datasetImportJob")


class Datasets:
    """The section `datasets` of the main form, put together from where the old forms have it."""

    def __init__(self, upgrade: Upgrade, group: Any) -> None:
        self.upgrade = upgrade
        self.group = group
        """The name of the dataset group, as the file has it."""
        self.made: dict[str, Any] = {}
        self.unused: list[str] = []
        """Places of what the pipeline fills in itself."""

    def add(self, holder: Section) -> None:
        """Read the `datasets` of an object of the old file, if it has any."""
        if "datasets" not in holder:
            return
        given, path = holder.values["datasets"], holder.at("datasets")
        common = None
        if isinstance(given, Mapping) and SERVICE in given:
            common = Section(self.upgrade, {SERVICE: given[SERVICE]}, path, (SERVICE,))
        for section, named, kind in self._entries(given, path):
            if kind is None:
                self.upgrade.problem(named, "missing.", f"It is one of {listed(list(DatasetType))}.")
            elif (word := dataset_type(self.upgrade, named, kind)) in self.made:
                before = self.upgrade.places[f"datasets.{word}"]
                message = f"the dataset {shown(kind)} is there already, at {before}."
                self.upgrade.problem(section.path, message, "A dataset group has one of each type.")
            elif word is not None:
                self.made[word] = self._dataset(section, f"datasets.{word}", common)

    def _entries(self, given: Any, path: Path) -> Iterator[tuple[Section, Path, Any]]:
        """Each dataset, where its type is, and its type."""
        if isinstance(given, list):
            for index, entry in enumerate(given):
                section = Section(self.upgrade, entry, (*path, index), _KNOWN)
                if isinstance(entry, Mapping):
                    yield section, section.at("type"), section.values.get("type")
        elif isinstance(given, Mapping):
            for key, entry in given.items():
                if key != SERVICE:
                    yield Section(self.upgrade, entry, (*path, key), _KNOWN), (*path, key), key
        else:
            advice = "It holds the datasets, each with 'type', 'schema', 'dataset' and 'datasetImportJob'."
            self.upgrade.problem(path, f"{shown(given)} must be a list: [...].", advice)

    def _dataset(self, section: Section, place: str, common: Section | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        service = (*section.at("dataset"), SERVICE)
        if dataset := section.open("dataset", (SERVICE,), inside=call_keys("CreateDataset")):
            made |= dataset.service(place)
            service = dataset.at(SERVICE)
        for key in ("name", *made):
            self.upgrade.moved(f"{place}.{key}", (*service, key))
        self.upgrade.moved(place, section.path)
        self._schema(section, place, made)
        if common is not None:
            self._imported(common, place, made)
        if job := section.open("datasetImportJob", (SERVICE, "createNewJob"), inside=import_keys()):
            self._imported(job, place, made)
            if job.flag("createNewJob") is False:
                made["import"] = False
                self.upgrade.notes.append(
                    f"{written(job.at('createNewJob'))} is false: the data is not imported. (Earlier, a "
                    "dataset that was just created got its data all the same. For that, remove "
                    '"import": false; data that has not changed is not imported twice.)'
                )
        return made

    def _schema(self, section: Section, place: str, made: dict[str, Any]) -> None:
        schema = section.open("schema", (SERVICE, "schemaVersion"), inside=call_keys("CreateSchema"))
        at = (*section.at("schema"), SERVICE)
        service = schema.service(f"{place}.schema") if schema else {}
        self.upgrade.moved(f"{place}.schema", (*at, "schema"))
        self.upgrade.moved(f"{place}.schemaName", (*at, "name"))
        for key, value in service.items():
            if key == "schema":
                made["schema"] = value
            elif key == "name":
                made["schemaName"] = value
            elif key == "domain":
                self.unused.append(written((*at, key)))
            else:
                self.upgrade.problem((*at, key), "unknown key.", "Known here: name, schema.")
        if schema and "schemaVersion" in schema:
            version = schema.values["schemaVersion"]
            if not isinstance(version, str):
                advice = f"Write {shown(str(version))}." if isinstance(version, int | float) else ""
                message = f"{shown(version)} must be a text in double quotes."
                self.upgrade.problem(schema.at("schemaVersion"), message, advice)
            # The earlier pipeline put them together, so that the schema that is there already is found.
            made["schemaName"] = f"{self.group}-{made.get('schemaName', '')}-{version}"

    def _imported(self, section: Section, place: str, made: dict[str, Any]) -> None:
        """Add the parameters of CreateDatasetImportJob to a dataset's section."""
        at = section.at(SERVICE)
        before = self.upgrade.places[place]
        service = section.service(place)
        self.upgrade.places[place] = before
        for key, value in service.items():
            if key == "jobName":
                self.unused.append(written((*at, key)))
            elif key == "tags" and "tags" in made:
                made["tags"] = self._both(made["tags"], value, (*at, key))
            elif key in call_keys("CreateDataset") - {"tags"}:
                advice = "Move it into the serviceConfig of 'dataset'."
                self.upgrade.problem((*at, key), "this is no parameter of an import.", advice)
            else:
                made[key] = value
                self.upgrade.moved(f"{place}.{key}", (*at, key))

    def _both(self, tags: Any, more: Any, path: Path) -> Any:
        """The tags of a dataset and of its import: a section of the main form has one list for both."""
        if not _are_tags(more):
            advice = 'Write [{"tagKey": "...", "tagValue": "..."}].'
            self.upgrade.problem(path, f"{shown(more)} must be a list of tags.", advice)
            return tags
        if not _are_tags(tags):
            return tags  # reported where it stands
        keys = {str(tag.get("tagKey")) for tag in tags}
        added = [tag for tag in more if str(tag.get("tagKey")) not in keys]
        other = [tag for tag in more if tag not in tags and tag not in added]
        parts = []
        if added:
            parts.append(f"{listed([shown(tag.get('tagKey')) for tag in added])} now on both")
        if other:
            parts.append(f"not used, because the dataset has another value: {shown(other)}")
        if parts:
            reason = "a dataset and its import have their tags in common"
            self.upgrade.notes.append(f"{written(path)}: {reason}; {'; '.join(parts)}.")
        return [*tags, *added]


def _are_tags(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(tag, Mapping) for tag in value)
