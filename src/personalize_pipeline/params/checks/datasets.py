"""The datasets: their schemas by type and domain, and where their data is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_pipeline.params.checks.in_s3 import in_s3
from personalize_pipeline.params.places import shown, within
from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Domain, Problem, Schema, check_schema, parse_schema


@dataclass(frozen=True, slots=True)
class Data:
    """What the file says about its data."""

    domain: Domain | None
    present: frozenset[DatasetType]
    """Datasets that the file has."""
    schemas: Mapping[DatasetType, Schema]
    """Those of them whose schema could be read in full; the others are reported, and not to be judged by."""

    def known(self, *types: DatasetType) -> bool:
        """Tell whether all of these are either readable or clearly not there."""
        return all(kind in self.schemas or kind not in self.present for kind in types)


def read(document: Mapping[str, Any]) -> Data:
    """Read the schemas of the file."""
    domain = inner(document, "datasetGroup").get("domain")
    present = set()
    schemas = {}
    for word, dataset in inner(document, "datasets").items():
        kind = DatasetType.parse(word)
        present.add(kind)
        if isinstance(dataset.get("schema"), str | Mapping):
            schema, problems = parse_schema(dataset["schema"])
            if schema and not problems:
                schemas[kind] = schema
    return Data(Domain(domain) if domain else None, frozenset(present), schemas)


def check(document: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """Check each dataset."""
    for word, dataset in inner(document, "datasets").items():
        kind = DatasetType.parse(word)
        place = f"datasets.{word}"
        if "schema" in dataset:
            yield from _check_schema(dataset["schema"], kind, data.domain, f"{place}.schema")
        yield from _check_location(dataset, place)


def _check_schema(document: Any, kind: DatasetType, domain: Domain | None, place: str) -> Iterator[Problem]:
    if not isinstance(document, str | Mapping):
        yield Problem(place, f"{shown(document)} must be an Avro schema as an object.")
        return
    length = len(schema_text(document))
    if length > quotas.SCHEMA_LENGTH:
        yield Problem(place, f"{length:,} characters as JSON; at most {quotas.SCHEMA_LENGTH:,} are allowed.")
    schema, problems = parse_schema(document)
    if schema:
        problems += check_schema(schema, kind, domain)
    for problem in dict.fromkeys(problems):
        yield Problem(within(place, problem.place), problem.message, problem.advice)


def schema_text(document: str | Mapping[str, Any]) -> str:
    """Write a schema as CreateSchema takes it. Equal schemas give equal texts."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return str(document)
    return json.dumps(document, ensure_ascii=False)


def _check_location(dataset: Mapping[str, Any], place: str) -> Iterator[Problem]:
    if "dataLocation" in dataset and "dataSource" in dataset:
        yield Problem(
            f"{place}.dataSource", "the location is given twice.", "Keep dataLocation, remove dataSource."
        )
    for key, location in (
        ("dataLocation", dataset.get("dataLocation")),
        ("dataSource.dataLocation", inner(dataset, "dataSource").get("dataLocation")),
    ):
        if location is None:
            continue
        if not location.startswith("s3://"):
            yield Problem(f"{place}.{key}", f"{shown(location)} is not in Amazon S3.", "It begins with s3://")
        elif not in_s3(location):
            advice = "Write s3://bucket/folder/ with the name of a bucket."
            yield Problem(f"{place}.{key}", f"{shown(location)} names no bucket.", advice)
        elif not location.endswith(("/", ".csv")):
            advice = f"Write {shown(location + '/')} for a folder."
            yield Problem(f"{place}.{key}", f"{shown(location)} is neither a folder nor a .csv file.", advice)
    if "dataSource" in dataset and "dataLocation" not in inner(dataset, "dataSource"):
        yield Problem(f"{place}.dataSource", "it has no dataLocation.", "Add it, or remove dataSource.")
