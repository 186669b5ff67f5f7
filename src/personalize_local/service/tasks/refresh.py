"""Give a trained model the items of today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.tasks.serving import prepare_serving
from personalize_local.service.tasks.training import training_job

if TYPE_CHECKING:
    from personalize_local.service.settings import Settings


def refresh_model(
    settings: Settings,
    *,
    recipe: str,
    model: str,
    serving: str,
    datasets: dict[str, dict[str, Any]],
    event_type: str | None,
    config: dict[str, Any],
    output: str,
) -> dict[str, Any]:
    """Write a model that knows new items and has learnt nothing; what it shows of items is prepared with it.

    Returns:
        `model` and `serving` as after a training; nothing if the recipe has no such update.

    """
    from personalize_local.engine.refresh import refresh  # noqa: PLC0415

    job, _ = training_job(
        settings,
        datasets,
        config,
        recipe=recipe,
        event_type=event_type,
        perform_hpo=False,
        update_of=None,
        output=Path(output),
    )
    if not refresh(Path(model), job):
        return {}
    return {
        "model": Path(output).name,
        "serving": prepare_serving(settings, model=output, target=serving, datasets=datasets),
    }
