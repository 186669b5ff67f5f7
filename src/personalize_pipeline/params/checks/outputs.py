"""What is written into a place that is read from: the next run would read that too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_pipeline.params.batch import INPUT, input_path
from personalize_pipeline.params.data_jobs import deletion_location
from personalize_rules.schemas import Problem


@dataclass(frozen=True, slots=True)
class _Read:
    """A place that is read from; `place` is that of the section in the params file."""

    what: str
    place: str
    location: str
    beside: bool
    """Whether the file leaves the place out, so that it is beside it."""

    def has(self, folder: str, place: str) -> bool:
        """Whether what the section at `place` writes into this folder is read from here."""
        if self.what == "data":  # the first level only
            return folder == self.location
        if self.what == "lines" and self.place == place:  # <name>.out begins like <name>, too
            return folder.startswith(self.location) or folder == self.location.rpartition("/")[0] + "/"
        return folder.startswith(self.location) and (self.what == "lines" or self.location.endswith("/"))


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Check the places that the params file gives."""
    return _clashes(document, "", beside=False)


def check_beside(document: Mapping[str, Any], beside: str) -> Iterator[Problem]:
    """The same for what is read beside the params file (main form, maybe with mistakes in it).

    `beside` is its folder, with a slash at its end.
    """
    return _clashes(document, beside, beside=True)


def _clashes(document: Mapping[str, Any], folder: str, *, beside: bool) -> Iterator[Problem]:
    sources = [one for one in _reads(document, folder) if one.beside == beside]
    for place, key, what, written in _writes(document):
        for source in sources:
            if source.has(written, place):
                whose = "" if source.place == place else f" of {source.place}"
                are = "is" if source.what == "data" else "are"
                read = f"the {source.what}{whose} {are} read from"
                message = f"the {what} would be written into the folder that {read}."
                advice = f"Write them elsewhere, or remove {key}."
                yield Problem(f"{place}.{key}.s3DataDestination.path", message, advice)
                break


def _reads(document: Mapping[str, Any], folder: str) -> Iterator[_Read]:
    for solution, place, job in _batch_jobs(document):
        given = input_path(job)
        yield _Read("lines", place, given or f"{folder}{INPUT}/{solution}/", not given)
    for word, section in _object(document.get("datasets")).items():
        dataset = _object(section)
        given = dataset.get("dataLocation") or _object(dataset.get("dataSource")).get("dataLocation")
        if dataset.get("import") is not False:
            location = given if isinstance(given, str) else f"{folder}{word}/"
            yield _Read("data", f"datasets.{word}", location, not given)
    for place, job in _objects(document, "dataDeletionJobs"):
        yield _Read("users", place, deletion_location(job, folder), "dataSource" not in job)


def _writes(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Section, its key for the output, what it writes, and the folder that the file gives for it."""
    found = [(place, "jobOutput", "answers", job) for _, place, job in _batch_jobs(document)]
    for word, section in _object(document.get("datasets")).items():
        jobs = _objects(_object(section), "datasetExportJobs", f"datasets.{word}.")
        found += [(place, "jobOutput", "exported files", job) for place, job in jobs]
    attribution = _object(document.get("metricAttribution"))
    found.append(("metricAttribution", "metricsOutputConfig", "reports", attribution))
    for place, key, what, section in found:
        path = _object(_object(section.get(key)).get("s3DataDestination")).get("path")
        if isinstance(path, str) and path.endswith("/"):
            yield place, key, what, path


def _batch_jobs(document: Mapping[str, Any]) -> Iterator[tuple[Any, str, Mapping[str, Any]]]:
    """Each batch job with the name of its solution and its place."""
    for place, solution in _objects(document, "solutions"):
        for kind in ("batchInferenceJobs", "batchSegmentJobs"):
            for inner, job in _objects(solution, kind, f"{place}."):
                yield solution.get("name"), inner, job


def _objects(holder: Mapping[str, Any], key: str, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = holder.get(key)
    for index, one in enumerate(found if isinstance(found, list) else []):
        yield f"{place}{key}[{index}]", _object(one)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
