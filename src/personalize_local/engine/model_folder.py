"""Write the model of a training of its own, as `training` writes those of recipes fitted to histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.engine import folder as files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.models.base import TrainedModel
    from personalize_local.engine.training_job import TrainingJob


def write_model(job: TrainingJob, model: TrainedModel, metrics: Mapping[str, float]) -> None:
    """Write a model to `job.output`, which appears complete or not at all."""
    rows, row_arrays = model.histories.parts()
    description, arrays = model.parts()
    files.save(
        job.output,
        {
            "recipe": job.recipe,
            "seed": job.seed,
            "parameters": dict(job.hyperparameters),
            "metrics": dict(metrics),
            "histories": rows,
            **description,
        },
        {**row_arrays, **arrays},
    )


def read_sized(folder: Path, name: str, *shape: int) -> NDArray[Any]:
    """Return an array that must be of this shape.

    Raises:
        ValueError: it is not, so the files do not belong together.

    """
    array = files.read_array(folder, name)
    if array.shape != shape:
        raise ValueError(
            f"{folder}: {name} has shape {array.shape} and not {shape}: the model is damaged. Train it again."
        )
    return array
