"""The datasets as tasks read them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.put_records import last_record, rows_of
from personalize_local.service.store import STATE, open_reader
from personalize_rules.schemas import DatasetType, Schema, parse_schema

if TYPE_CHECKING:
    from personalize_local.engine.datasets import DatasetFiles
    from personalize_local.service.settings import Settings


@dataclass(frozen=True, slots=True)
class Data:
    """What a dataset holds at this moment, single records included, but not live events.

    `version` names it: other data, other name.
    """

    parquet: Path | None
    schema: Schema | None
    version: str

    @classmethod
    def of(cls, kind: str, dataset: dict[str, Any], settings: Settings) -> Data:
        schema = read_schema(dataset["schema"])
        files = dataset_files(dataset["folder"], schema, DatasetType(kind))
        with closing(open_reader(settings.data_dir / STATE)) as reader:
            last = last_record(reader, dataset["number"])
            if files.empty and not last:
                return cls(None, None, "none")
            # A snapshot has another name whenever the data or the schema is another.
            snapshot = files.snapshot(rows_of(reader, dataset["number"], last))
        return cls(snapshot, schema, snapshot.stem.removeprefix("snapshot-"))


def dataset_files(folder: str, schema: Schema, kind: DatasetType) -> DatasetFiles:
    """Open what a dataset holds."""
    from personalize_local.engine.datasets import DatasetFiles  # noqa: PLC0415

    return DatasetFiles(Path(folder), schema, kind)


def read_schema(document: str) -> Schema:
    """Read the schema of a dataset; it was checked when it was created."""
    schema, problems = parse_schema(document)
    if schema is None:
        raise ValueError(f"A schema in the store cannot be read: {'; '.join(map(str, problems))}")
    return schema
