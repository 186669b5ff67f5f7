"""What worker processes do. A task gets settings and plain JSON, and returns plain JSON.

The store is only read here; what a task has found out goes into it by way of the server, which is its only writer.
Everything a task leaves on disk appears whole or not at all, so a task may be killed at any moment and run again.
"""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from personalize_local.service.live_events import last_number, training_rows
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.store import open_reader
from personalize_rules.schemas import DatasetType, Schema, parse_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.engine.datasets import DatasetFiles
    from personalize_local.engine.training import TrainingJob
    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

_METRIC_DIGITS = 4  # as Amazon shows them


class Rejected(Exception):  # noqa: N818 -- reads as what happened
    """The job fails, and not by a bug; the text is its failureReason."""


def warm() -> None:
    """Import what the first job needs."""
    import personalize_local.engine.csv_import  # noqa: PLC0415
    import personalize_local.engine.datasets  # noqa: PLC0415
    import personalize_local.engine.training  # noqa: F401, PLC0415


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
) -> dict[str, Any]:
    """Fetch CSV files, check them, and put them into a dataset."""
    from personalize_local.engine.csv_import import DataRejected, import_csv  # noqa: PLC0415

    kind = DatasetType(dataset_type)
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    failed = f"Failed to create a data import job for {kind.word} dataset {dataset_arn}."
    with TemporaryDirectory(dir=scratch) as temporary:
        try:
            files = make_objects(settings).fetch(
                location, role_arn, Path(temporary) / "objects", source_arn=arn
            )
        except ObjectsDenied as error:
            logger.warning("%s: %s", arn, error)
            raise Rejected(f"{failed} Insufficient privileges for accessing data in Amazon S3.") from error
        except ObjectsMissing as error:
            raise Rejected(f"{failed} There is no data at the location. {error}") from error
        if not files:
            raise Rejected(f"{failed} There is no CSV file at {location}.")
        imported = Path(temporary) / "imported.parquet"
        read = _read_schema(schema)
        try:
            report = import_csv(files, read, kind, imported, dataset_arn=dataset_arn)
        except DataRejected as error:
            raise Rejected(str(error)) from error
        dataset = _files(folder, read, kind)
        if mode == "INCREMENTAL":
            dataset.incremental(imported)
        else:
            dataset.full(imported)
    return {"rows": report.rows, "files": report.files, "ignoredColumns": list(report.ignored_columns)}


def train_version(
    settings: Settings,
    *,
    recipe: str,
    datasets: dict[str, dict[str, Any]],
    event_type: str | None,
    config: dict[str, Any],
    perform_hpo: bool,
    mode: str,
    output: str,
) -> dict[str, Any]:
    """Train on what the datasets hold at this moment, events included."""
    from personalize_local.engine.recipes import RECIPES  # noqa: PLC0415
    from personalize_local.engine.training import TrainingRejected, train  # noqa: PLC0415

    if recipe not in RECIPES:
        raise Rejected(
            f"Recipe {recipe} cannot be trained by Personalize Local yet. It trains {', '.join(RECIPES)}."
        )
    started = time.monotonic()
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as temporary:
        job, last_event = _training_job(
            settings, Path(temporary), recipe, datasets, event_type, config, perform_hpo, mode, Path(output)
        )
        try:
            result = train(job)
        except TrainingRejected as error:
            raise Rejected(str(error)) from error
    return {
        "model": Path(output).name,
        "metrics": {
            name: round(value, _METRIC_DIGITS) for name, value in result.metrics.items() if math.isfinite(value)
        },
        "tuned": result.tuned,
        "hours": round((time.monotonic() - started) / 3600, 6),
        "lastEvent": last_event,
        "trainedOn": {"interactions": result.interactions, "users": result.users, "items": result.items},
    }


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "import_files": import_files,
    "train_version": train_version,
}
