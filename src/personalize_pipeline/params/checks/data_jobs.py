"""Data deletion jobs, and the export jobs of datasets."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.checks.in_s3 import check_folder, in_s3
from personalize_pipeline.params.places import listed, shown
from personalize_rules.schemas import DatasetType, Problem

EXPORTED: Final = (DatasetType.INTERACTIONS, DatasetType.ITEMS, DatasetType.USERS)


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Check where they read and write, and what can be exported."""
    for place, job in entries(document, "dataDeletionJobs"):
        source = f"{place}.dataSource.dataLocation"
        location = inner(job, "dataSource").get("dataLocation")
        if "dataSource" in job and location is None:
            yield Problem(source, "missing.", "Add it, or remove dataSource.")
        elif location is not None and not in_s3(location):
            advice = "Write s3://bucket/folder/ or s3://bucket/folder/users.csv"
            yield Problem(source, f"{shown(location)} is no place in S3.", advice)
        elif location is not None and not location.endswith(("/", ".csv")):
            advice = f"Write {shown(location + '/')} for a folder."
            message = f"{shown(location)} is neither a folder nor a .csv file."
            yield Problem(source, message, advice)
    for word, dataset in inner(document, "datasets").items():
        for place, job in entries(dataset, "datasetExportJobs", f"datasets.{word}"):
            if DatasetType.parse(word) not in EXPORTED:
                words = listed([kind.word for kind in EXPORTED], "or")
                message = f"Amazon Personalize exports no {word}, only {words}."
                yield Problem(place, message, "Remove it.")
            path = inner(job, "jobOutput", "s3DataDestination").get("path")
            if path is not None:
                yield from check_folder(path, f"{place}.jobOutput.s3DataDestination.path")
