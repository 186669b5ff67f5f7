"""Train a solution version."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.live_events import last_number, training_rows
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


def _training_job(
    settings: Settings, datasets: dict[str, dict[str, Any]], config: dict[str, Any], **fields: Any
) -> tuple[TrainingJob, int]:
    """The job, and the number of the last live event in it."""
    from personalize_local.engine.interactions import EventWeight  # noqa: PLC0415
    from personalize_local.engine.training_job import Objective, Table, TrainingJob  # noqa: PLC0415

    schemas = {DatasetType(kind): read_schema(dataset["schema"]) for kind, dataset in datasets.items()}
    files = {kind: dataset_files(datasets[kind]["folder"], schema, kind) for kind, schema in schemas.items()}
    interactions, last_event = None, 0
    if DatasetType.INTERACTIONS in files:
        number = datasets[DatasetType.INTERACTIONS]["number"]
        reader = open_reader(settings.data_dir / STATE)
        try:
            last_event = last_number(reader, number)
            rows = training_rows(reader, number, last_event)
            interactions = files[DatasetType.INTERACTIONS].snapshot(rows)
        finally:
            reader.close()
    training_data = config.get("trainingDataConfig", {})

    def table(kind: DatasetType) -> Table | None:
        if kind not in files:
            return None
        return Table(files[kind].snapshot(), _used(schemas[kind], kind, training_data))

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
        objective=Objective(objective["itemAttribute"], objective["objectiveSensitivity"])
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
    return job, last_event


def _used(schema: Schema, kind: DatasetType, training_data: dict[str, Any]) -> Schema:
    """The schema without the columns that `trainingDataConfig` leaves out."""
    by_type = {
        member: {DatasetType.parse(word): columns for word, columns in training_data.get(member, {}).items()}
        for member in ("includedDatasetColumns", "excludedDatasetColumns")
    }
    included = by_type["includedDatasetColumns"].get(kind)
    excluded = by_type["excludedDatasetColumns"].get(kind, ())
    fixed = {rule.name for rule in required_fields(kind)}
    return replace(
        schema,
        fields=tuple(
            field
            for field in schema.fields
            if field.name in fixed
            or (field.name not in excluded and (included is None or field.name in included))
        ),
    )
