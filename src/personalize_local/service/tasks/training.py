"""Train a solution version."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.live_events import last_number, training_rows
from personalize_local.service.put_records import rows_of
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks.data import dataset_files, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_local.service.tasks.serving import prepare_serving
from personalize_rules.schemas import DatasetType, Schema, required_fields

if TYPE_CHECKING:
    from personalize_local.engine.training_job import TrainingJob
    from personalize_local.service.settings import Settings

_METRIC_DIGITS = 4  # as Amazon shows them


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
    from personalize_local.engine.recipes import trained_recipes  # noqa: PLC0415
    from personalize_local.engine.training import train  # noqa: PLC0415
    from personalize_local.engine.training_job import TrainingRejected  # noqa: PLC0415

    if recipe not in trained_recipes():
        raise Rejected(
            f"Recipe {recipe} cannot be trained by Personalize Local yet. "
            f"It trains {', '.join(trained_recipes())}."
        )
    started = time.monotonic()
    job, last = training_job(
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
        **last,
        "serving": prepare_serving(settings, model=output, target=serving, datasets=datasets),
        "trainedOn": {"interactions": result.interactions, "users": result.users, "items": result.items},
    }


def training_job(
    settings: Settings, datasets: dict[str, dict[str, Any]], config: dict[str, Any], **fields: Any
) -> tuple[TrainingJob, dict[str, int]]:
    """The job, and the numbers of the last live events in it, by the names that the version keeps them by."""
    from personalize_local.engine.interactions import EventWeight  # noqa: PLC0415
    from personalize_local.engine.training_job import Objective, Table, TrainingJob  # noqa: PLC0415

    schemas = {DatasetType(kind): read_schema(dataset["schema"]) for kind, dataset in datasets.items()}
    files = {kind: dataset_files(datasets[kind]["folder"], schema, kind) for kind, schema in schemas.items()}
    snapshots: dict[DatasetType, Path] = {}
    last = dict.fromkeys(("lastEvent", "lastActionEvent"), 0)
    reader = open_reader(settings.data_dir / STATE)
    try:
        for kind, key, column in (
            (DatasetType.INTERACTIONS, "lastEvent", "ITEM_ID"),
            (DatasetType.ACTION_INTERACTIONS, "lastActionEvent", "ACTION_ID"),
        ):
            if kind in files:
                number = datasets[kind]["number"]
                last[key] = last_number(reader, number)
                snapshots[kind] = files[kind].snapshot(training_rows(reader, number, last[key], column))
        for kind in (DatasetType.ITEMS, DatasetType.USERS, DatasetType.ACTIONS):
            if kind in files:
                snapshots[kind] = files[kind].snapshot(rows_of(reader, datasets[kind]["number"]))
    finally:
        reader.close()
    interactions = snapshots.get(DatasetType.INTERACTIONS)
    training_data = config.get("trainingDataConfig", {})

    def table(kind: DatasetType) -> Table | None:
        if kind not in files:
            return None
        return Table(snapshots[kind], _used(schemas[kind], kind, training_data))

    threshold = config.get("eventValueThreshold")
    weights = config.get("eventsConfig", {}).get("eventParametersList", [])
    job = TrainingJob(
        interactions=interactions,
        interactions_schema=_used(schemas[DatasetType.INTERACTIONS], DatasetType.INTERACTIONS, training_data)
        if interactions
        else None,
        items=table(DatasetType.ITEMS),
        users=table(DatasetType.USERS),
        actions=table(DatasetType.ACTIONS),
        action_interactions=table(DatasetType.ACTION_INTERACTIONS),
        objective=Objective(objective["itemAttribute"], objective.get("objectiveSensitivity", "LOW"))
        if (objective := config.get("optimizationObjective"))
        else None,
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
    return job, last


def _used(schema: Schema, kind: DatasetType, training_data: dict[str, Any]) -> Schema:
    """The schema without the columns that `trainingDataConfig` leaves out."""
    by_type = {
        member: {DatasetType.parse(word): columns for word, columns in training_data.get(member, {}).items()}
        for member in ("includedDatasetColumns", "excludedDatasetColumns")
    }
    included = by_type["includedDatasetColumns"].get(kind)
    excluded = by_type["excludedDatasetColumns"].get(kind, ())
    fixed = {rule.name for rule in required_fields(kind)} | {"EVENT_TYPE"}
    return replace(
        schema,
        fields=tuple(
            field
            for field in schema.fields
            if field.name in fixed
            or (field.name not in excluded and (included is None or field.name in included))
        ),
    )
