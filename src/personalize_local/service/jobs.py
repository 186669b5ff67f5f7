"""What worker processes do. A task gets settings and plain JSON, and returns plain JSON.

The store is only read here; what a task has found out goes into it by way of the server, its only writer.
Everything a task leaves on disk appears whole or not at all, so it may be killed at any moment and run again.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from personalize_local.service.live_events import last_number, training_rows
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.store import STATE, open_reader
from personalize_rules.schemas import DatasetType, Schema, parse_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from personalize_local.engine.datasets import DatasetFiles
    from personalize_local.engine.training import TrainingJob
    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

_METRIC_DIGITS = 4  # as Amazon shows them


class Rejected(Exception):  # noqa: N818 -- reads as what happened
    """The job fails, and not by a bug; the text is its failureReason."""


def _warm_imports(settings: Settings) -> None:
    import duckdb  # noqa: F401, PLC0415

    import personalize_local.engine.csv_import  # noqa: PLC0415
    import personalize_local.engine.datasets  # noqa: F401, PLC0415

    make_objects(settings)


def _warm_clients(_: Settings) -> None:
    import boto3  # noqa: F401, PLC0415


def _warm_training(_: Settings) -> None:
    import personalize_local.engine.training  # noqa: F401, PLC0415


WARMING: Sequence[Callable[[Settings], None]] = (_warm_imports, _warm_clients, _warm_training)
"""What loads the libraries that jobs need, in the order in which a first run needs them."""


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
    serving: str,
    event_type: str | None,
    config: dict[str, Any],
    perform_hpo: bool,
    update_of: str | None,
    output: str,
) -> dict[str, Any]:
    """Train on what the datasets hold at this moment, events included, and prepare the model for requests."""
    from personalize_local.engine.recipes import RECIPES  # noqa: PLC0415
    from personalize_local.engine.training import TrainingRejected, train  # noqa: PLC0415

    if recipe not in RECIPES:
        raise Rejected(
            f"Recipe {recipe} cannot be trained by Personalize Local yet. It trains {', '.join(RECIPES)}."
        )
    started = time.monotonic()
    job, last_event = _training_job(
        settings,
        datasets,
        config,
        recipe=recipe,
        event_type=event_type,
        perform_hpo=perform_hpo,
        update_of=Path(update_of) if update_of else None,
        output=Path(output),
    )
    try:
        result = train(job)
    except TrainingRejected as error:
        raise Rejected(str(error)) from error
    return {
        "model": Path(output).name,
        "metrics": {
            name: round(value, _METRIC_DIGITS)
            for name, value in result.metrics.items()
            if math.isfinite(value)
        },
        "tuned": result.tuned,
        "hours": round((time.monotonic() - started) / 3600, 6),
        "lastEvent": last_event,
        "serving": prepare_serving(settings, model=output, target=serving, datasets=datasets),
        "trainedOn": {"interactions": result.interactions, "users": result.users, "items": result.items},
    }


def prepare_serving(
    settings: Settings,  # noqa: ARG001 -- all tasks get them
    *,
    model: str,
    target: str,
    datasets: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Prepare what filters and metadata need, from the datasets as they are now; what is there is kept.

    Returns the names of folders in `target`; None where the dataset group has no such data.
    """
    from personalize_local.engine.catalogue import ItemTable  # noqa: PLC0415
    from personalize_local.engine.events import EventHistory  # noqa: PLC0415
    from personalize_local.engine.serving import load  # noqa: PLC0415

    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    found = {DatasetType(kind): _Data.of(kind, dataset) for kind, dataset in datasets.items()}
    nothing = _Data(None, None, "none")
    items, users, interactions = (
        found.get(kind, nothing) for kind in (DatasetType.ITEMS, DatasetType.USERS, DatasetType.INTERACTIONS)
    )
    names: dict[str, Any] = {
        "items": f"items-{Path(model).name}-{items.version}",
        "users": None,
        "events": None,
    }
    ids = load(Path(model)).item_ids
    ItemTable.build(items.parquet, items.schema, folder / names["items"], ids=ids, version=items.version)
    if users.parquet:
        names["users"] = f"users-{users.version}"
        ItemTable.build(users.parquet, users.schema, folder / names["users"], version=users.version)
    if interactions.parquet:
        names["events"] = f"events-{interactions.version}"
        EventHistory.build(interactions.parquet, folder / names["events"])
    return names


@dataclass(frozen=True, slots=True)
class _Data:
    """The bulk data of a dataset at this moment. `version` names it: other data, other name."""

    parquet: Path | None
    schema: Schema | None
    version: str

    @classmethod
    def of(cls, kind: str, dataset: dict[str, Any]) -> _Data:
        schema = _read_schema(dataset["schema"])
        files = _files(dataset["folder"], schema, DatasetType(kind))
        if files.empty:
            return cls(None, None, "none")
        # A snapshot has another name whenever the data or the schema is another.
        snapshot = files.snapshot()
        return cls(snapshot, schema, snapshot.stem.removeprefix("snapshot-"))


def _training_job(
    settings: Settings, datasets: dict[str, dict[str, Any]], config: dict[str, Any], **fields: Any
) -> tuple[TrainingJob, int]:
    """The job, and the number of the last live event in it."""
    from personalize_local.engine.interactions import EventWeight  # noqa: PLC0415
    from personalize_local.engine.training import TrainingJob  # noqa: PLC0415

    schemas = {DatasetType(kind): _read_schema(dataset["schema"]) for kind, dataset in datasets.items()}
    files = {kind: _files(datasets[kind]["folder"], schema, kind) for kind, schema in schemas.items()}
    number = datasets[DatasetType.INTERACTIONS]["number"]
    reader = open_reader(settings.data_dir / STATE)
    try:
        last_event = last_number(reader, number)
        rows = training_rows(reader, number, last_event)
        interactions = files[DatasetType.INTERACTIONS].snapshot(rows)
    finally:
        reader.close()
    items, users = files.get(DatasetType.ITEMS), files.get(DatasetType.USERS)
    threshold = config.get("eventValueThreshold")
    weights = config.get("eventsConfig", {}).get("eventParametersList", [])
    job = TrainingJob(
        interactions=interactions,
        items=items.snapshot() if items else None,
        users=users.snapshot() if users else None,
        event_value_threshold=None if threshold is None else float(threshold),
        event_weights=[
            EventWeight(one["eventType"], one.get("weight", 1.0), one.get("eventValueThreshold"))
            for one in weights
        ],
        hyperparameters=config.get("algorithmHyperParameters", {}),
        feature_parameters=config.get("featureTransformationParameters", {}),
        hpo=config.get("hpoConfig"),
        seed=settings.seed,
        **fields,
    )
    return job, last_event


def _files(folder: str, schema: Schema, kind: DatasetType) -> DatasetFiles:
    from personalize_local.engine.datasets import DatasetFiles  # noqa: PLC0415

    return DatasetFiles(Path(folder), schema, kind)


def _read_schema(document: str) -> Schema:
    schema, problems = parse_schema(document)
    if schema is None:
        raise ValueError(f"A schema in the store cannot be read: {'; '.join(map(str, problems))}")
    return schema


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "import_files": import_files,
    "train_version": train_version,
    "prepare_serving": prepare_serving,
}
