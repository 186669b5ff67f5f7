"""Import CSV files from S3 into a dataset."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from personalize_local.service.objects import (
    Layout,
    ObjectsDenied,
    ObjectsMissing,
    ObjectsTooLarge,
    ObjectsUnreachable,
    make_objects,
)
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.tasks.attribution import BY_IMPORT, publish
from personalize_local.service.tasks.data import dataset_files, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_rules.schemas import DatasetType, required_fields, reserved_fields

if TYPE_CHECKING:
    from personalize_local.service.settings import Settings
    from personalize_rules.schemas import Schema

logger = logging.getLogger(__name__)


def import_files(
    settings: Settings,
    *,
    arn: str,
    location: str,
    role_arn: str | None,
    mode: str,
    dataset_arn: str,
    dataset_type: str,
    schema: str,
    folder: str,
    attribution: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Fetch CSV files, check them, and put them into a dataset; report on them for a metric attribution."""
    from personalize_local.engine.csv_import import DataRejected, import_csv  # noqa: PLC0415

    kind = DatasetType(dataset_type)
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    limits = settings.quotas
    failed = f"Failed to create a data import job for {kind.word} dataset {dataset_arn}."
    with TemporaryDirectory(dir=scratch) as temporary:
        try:
            fetched = make_objects(settings).fetch_all(
                location,
                role_arn,
                Path(temporary) / "objects",
                source_arn=arn,
                layout=Layout.FOLDER,
                max_bytes=limits.incremental_import_bytes
                if mode == "INCREMENTAL"
                else limits.full_import_bytes,
            )
        except ObjectsDenied as error:
            logger.warning("%s: %s", arn, error)
            raise Rejected(f"{failed} Insufficient privileges for accessing data in Amazon S3.") from error
        except ObjectsUnreachable as error:
            raise Rejected(f"{failed} The data cannot be read. {error}") from error
        except ObjectsMissing as error:
            raise Rejected(f"{failed} There is no data at the location. {error}") from error
        except ObjectsTooLarge as error:
            raise Rejected(f"{failed} {error}") from error
        imported = Path(temporary) / "imported.parquet"
        read = read_schema(schema)
        try:
            report = import_csv([one.path for one in fetched], read, kind, imported, dataset_arn=dataset_arn)
        except DataRejected as error:
            raise Rejected(str(error)) from error
        if problem := _too_many_event_types(imported, read, kind, limits.event_types_and_metadata):
            raise Rejected(f"{failed} {problem}")
        dataset = dataset_files(folder, read, kind)
        reported = Path(temporary) / "reported.parquet"
        if attribution:
            os.link(imported, reported)
        if mode == "INCREMENTAL":
            dataset.incremental(imported)
        else:
            dataset.full(imported)
        if attribution:
            _report(settings, arn, reported, attribution)
    return {"rows": report.rows, "files": report.files, "ignoredColumns": list(report.ignored_columns)}


def _report(settings: Settings, arn: str, imported: Path, attribution: dict[str, Any]) -> None:
    """The dataset has its data: whatever goes wrong here, the import has not failed."""
    try:
        publish(settings, imported, method=BY_IMPORT, **attribution)
    except Exception:
        logger.exception("%s: imported, but not reported for the metric attribution", arn)


def _too_many_event_types(imported: Path, schema: Schema, kind: DatasetType, limit: int) -> str | None:
    """Whether interactions have more event types and own columns than a dataset may."""
    if kind != DatasetType.INTERACTIONS or schema.field("EVENT_TYPE") is None:
        return None
    from personalize_local.engine.database import connect, text  # noqa: PLC0415

    with connect() as connection:
        [(types,)] = connection.execute(
            f"SELECT count(DISTINCT EVENT_TYPE) FROM read_parquet({text(imported)})"  # noqa: S608
        ).fetchall()
    known = {rule.name for rule in (*required_fields(kind), *reserved_fields(kind))}
    own = sum(field.name not in known for field in schema.fields)
    if types + own <= limit:
        return None
    return (
        f"The interactions have {types} event types and {own} metadata columns, together more than {limit}."
        " Leave some out."
    )
