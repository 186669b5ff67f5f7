"""What worker processes do. A task gets settings and plain JSON, and returns plain JSON.

The store is only read here; what a task has found out goes into it by way of the server, its only writer.
Everything a task leaves on disk appears whole or not at all, so it may be killed at any moment and run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.service.objects import make_objects
from personalize_local.service.tasks.attribution import check_attribution, report_events
from personalize_local.service.tasks.batch import infer_batch
from personalize_local.service.tasks.deletions import delete_users
from personalize_local.service.tasks.exports import export_dataset
from personalize_local.service.tasks.imports import import_files
from personalize_local.service.tasks.refresh import refresh_model
from personalize_local.service.tasks.segments import segment_users
from personalize_local.service.tasks.serving import prepare_serving
from personalize_local.service.tasks.training import train_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from personalize_local.service.settings import Settings


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


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "import_files": import_files,
    "export_dataset": export_dataset,
    "delete_users": delete_users,
    "train_version": train_version,
    "refresh_model": refresh_model,
    "prepare_serving": prepare_serving,
    "infer_batch": infer_batch,
    "segment_users": segment_users,
    "check_attribution": check_attribution,
    "report_events": report_events,
}
