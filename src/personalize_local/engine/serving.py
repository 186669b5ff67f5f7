"""Load a trained model and ask it.

Nothing here or below multiplies dense matrices, so answers do not depend on BLAS threads, which cost other
engines a factor of fifty per request when there are more than one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Event, Model, RequestNotSupported, Scored
from personalize_local.engine.histories import Histories

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Event", "Model", "RequestNotSupported", "Scored", "load"]


def load(folder: Path) -> Model:
    """Open a model written by `training.train`: large arrays are memory-mapped.

    Raises:
        FileNotFoundError: there is no model in the folder.
        ValueError: another version of the engine wrote it.

    """
    from personalize_local.engine.recipes import read_model  # noqa: PLC0415  # imports scipy

    description = files.read_description(folder)
    histories = Histories.read(folder, description["histories"])
    return read_model(folder, description, histories)
