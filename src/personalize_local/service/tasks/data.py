"""The datasets as tasks read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_rules.schemas import DatasetType, Schema, parse_schema

if TYPE_CHECKING:
    from personalize_local.engine.datasets import DatasetFiles


@dataclass(frozen=True, slots=True)
class Data:
    """The bulk data of a dataset at this moment. `version` names it: other data, other name."""

    parquet: Path | None
    schema: Schema | None
    version: str

    @classmethod
    def of(cls, kind: str, dataset: dict[str, Any]) -> Data:
        schema = read_schema(dataset["schema"])
        files = dataset_files(dataset["folder"], schema, DatasetType(kind))
        if files.empty:
            return cls(None, None, "none")
        # A snapshot has another name whenever the data or the schema is another.
        snapshot = files.snapshot()
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
