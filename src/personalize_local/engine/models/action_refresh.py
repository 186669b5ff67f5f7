"""New actions for a trained next-best-action model, without learning anything again.

The service does this every two hours. Added actions become candidates to be explored, removed ones are gone,
and expiry, repeat frequency and value are those of today. Users and their past stay those of the training;
live events count as they did before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.action_data import read_actions
from personalize_local.engine.histories import Histories
from personalize_local.engine.model_folder import write_model
from personalize_local.engine.models.actions import ActionFit, ActionModel

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array, Int64Array
    from personalize_local.engine.training_job import TrainingJob
    from personalize_local.engine.vocabulary import Vocabulary


def refresh(trained: Path, job: TrainingJob) -> bool:
    """Write the model with the actions of today to `job.output`; metrics stay as trained.

    Returns False, with nothing written, if there are no actions.
    """
    if job.actions is None:
        return False
    actions = read_actions(job.actions)
    if not len(actions.ids):
        return False
    description = files.read_description(trained)
    model = ActionModel.read(trained, description, Histories.read(trained, description["histories"]))
    positions = [model.position(action) for action in actions.ids]
    before = np.array([-1 if one is None else one for one in positions], np.int64)
    newer = ActionModel(
        job.recipe,
        _renumbered(model.histories, before, actions.ids),
        _fit(model.fit, before),
        actions,
        model.people,
    )
    write_model(job, newer, description["metrics"])
    return True


def _fit(fit: ActionFit, before: Int64Array) -> ActionFit:
    """Return the weights by the numbers of today; new actions have none, and nobody was shown them."""
    known = before >= 0

    def of_actions(weights: Float32Array) -> Float32Array:
        found = np.zeros((*weights.shape[:-1], len(before)), np.float32)
        found[..., known] = weights[..., before[known]]
        return found

    shown = np.zeros(len(before), bool)
    shown[known] = fit.shown[before[known]]
    return replace(
        fit,
        base=of_actions(fit.base),
        segments=of_actions(fit.segments),
        tastes=of_actions(fit.tastes),
        shown=shown,
    )


def _renumbered(histories: Histories, before: Int64Array, ids: Vocabulary) -> Histories:
    """Return the histories by the numbers of today, without the rows of actions that are gone."""
    now = np.full(len(histories.item_ids), -1, np.int32)
    now[before[before >= 0]] = np.flatnonzero(before >= 0)
    items = now[histories.items]
    kept = items >= 0
    counted = np.concatenate(([0], np.cumsum(kept)))
    return replace(
        histories,
        item_ids=ids,
        starts=counted[histories.starts].astype(np.int64),
        items=items[kept],
        timestamps=histories.timestamps[kept],
        event_types=histories.event_types[kept],
    )
