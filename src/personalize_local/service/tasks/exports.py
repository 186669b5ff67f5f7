"""Export a dataset to S3."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service.live_events import last_number, training_rows
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.put_records import rows_of
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks.data import dataset_files, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

EXPORTED_FILE: Final = "{destination}{job_name}/{word}.csv"
"""Where the file lies. Amazon's guide does not say how it names files and folders of an export."""


def export_dataset(
    settings: Settings,
    *,
    arn: str,
    job_name: str,
    mode: str,
    destination: str,
    kms_key_arn: str | None,
    role_arn: str,
    dataset_arn: str,
    dataset_type: str,
    number: int,
    schema: str,
    folder: str,
) -> dict[str, Any]:
    """Write what a dataset holds at this moment as one CSV file below `destination`."""
    kind = DatasetType(dataset_type)
    files = dataset_files(folder, read_schema(schema), kind)
    failed = f"Failed to create a dataset export job for {kind.word} dataset {dataset_arn}."
    location = EXPORTED_FILE.format(destination=destination, job_name=job_name, word=kind.word)
    objects = make_objects(settings)
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        objects.check_writable(location, role_arn, source_arn=arn)  # before the work is done
        with (
            TemporaryDirectory(dir=scratch) as temporary,
            closing(open_reader(settings.data_dir / STATE)) as reader,
        ):
            target = Path(temporary) / "export.csv"
            rows = files.export(
                target,
                () if mode == "BULK" else _single_rows(reader, kind, number),
                bulk=mode != "PUT",
                newest=mode == "ALL",
            )
            objects.store(target, location, role_arn, source_arn=arn, kms_key_arn=kms_key_arn)
    except ObjectsDenied as error:
        logger.warning("%s: %s", arn, error)
        raise Rejected(f"{failed} Insufficient privileges for accessing data in Amazon S3.") from error
    except ObjectsMissing as error:
        raise Rejected(f"{failed} Nothing can be written to the location. {error}") from error
    return {"rows": rows}


def _single_rows(reader: sqlite3.Connection, kind: DatasetType, number: int) -> Iterable[dict[str, Any]]:
    """All that came one by one: events, or all versions of the records."""
    if kind == DatasetType.INTERACTIONS:
        return training_rows(reader, number, last_number(reader, number))
    return rows_of(reader, number, all_versions=True)
