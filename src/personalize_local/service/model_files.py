"""Where the files of versions and of recommenders lie: models, and the data prepared for requests."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from personalize_local.service import kinds
from personalize_local.service.kinds import Status

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record, Store


def trained(store: Store, group_arn: str | None = None) -> list[Record]:
    """Whatever has a model or is getting one: solution versions, and the models of recommenders."""
    return [
        record
        for kind in kinds.TRAINED
        for record in store.find(kind, group=group_arn, statuses=[Status.ACTIVE, Status.IN_PROGRESS])
    ]


def models_folder(context: Context) -> Path:
    """Where the models are."""
    return context.settings.data_dir / "models"


def serving_folder(context: Context) -> Path:
    """Where the data is that was prepared for requests; see `deployments`."""
    return context.settings.data_dir / "serving"


def model_folder(context: Context, version: Record) -> Path:
    """Where the model of an ACTIVE version is."""
    return models_folder(context) / str(version.private["model"])


def discard_model(context: Context, version: Record) -> None:
    """Remove whatever the training of a version wrote."""
    for folder in (
        *models_folder(context).glob(f"{version.number}-*"),
        *serving_folder(context).glob(f"items-{version.number}-*"),
    ):
        shutil.rmtree(folder, ignore_errors=True)


def clean_models(context: Context) -> None:
    """Remove what no ACTIVE version needs: half-written models, those of stopped and failed trainings.

    To be called before any training starts.
    """
    needed = {version.private.get("model") for version in trained(context.store)}
    folder = models_folder(context)
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name not in needed:
            shutil.rmtree(entry, ignore_errors=True)
