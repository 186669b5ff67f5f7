"""New items for a trained model, without learning anything again.

The service does this every two hours for the recipes that explore: items that were added since the training,
by the Items dataset or by events, become candidates, and what their metadata says is worked out from what the
training had learnt. Users' histories stay those of the training; live events count as they did before.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.database import connect, text
from personalize_local.engine.impressions import shown_in_vain
from personalize_local.engine.item_data import ItemData, item_ids, read_items, renumbering
from personalize_local.engine.models.content import EXAMPLES, content_of
from personalize_local.engine.models.context import ContextLifts
from personalize_local.engine.models.exploration import Explorer
from personalize_local.engine.models.objective import leaning
from personalize_local.engine.models.personal import PersonalModel
from personalize_local.engine.recipes import OWN_TRAININGS
from personalize_local.engine.serving import load
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array, Int32Array
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.models.personal_fit import PersonalFit
    from personalize_local.engine.models.preference import Preference
    from personalize_local.engine.training_job import TrainingJob


def refresh(model_folder: Path, job: TrainingJob) -> bool:
    """Write to `job.output` the model of a folder with the items of today; nothing is learnt again.

    Args:
        model_folder: a trained model.
        job: the data of today; what it says of how to train does not matter.

    Returns:
        Whether a model was written: False for recipes that have no such update.

    Raises:
        FileNotFoundError, ValueError: see `serving.load`.

    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # only here and in training is BLAS used

    description = files.read_description(model_folder)
    if own := OWN_TRAININGS.get(description["recipe"]):
        return own.refresh is not None and own.refresh(model_folder, job)
    model = load(model_folder)
    if not isinstance(model, PersonalModel) or model.fit.exploration is None:
        return False
    with threadpool_limits(1, "blas"):
        renewed = _renewed(model, job)
    rows, row_arrays = renewed.histories.parts()
    parts, arrays = renewed.parts()
    kept = {name: description[name] for name in ("recipe", "seed", "parameters", "metrics")}
    files.save(job.output, {**kept, "histories": rows, **parts}, {**row_arrays, **arrays})
    return True


def _renewed(model: PersonalModel, job: TrainingJob) -> PersonalModel:
    events = _events(job)
    further = chain(events.first, item_ids(job.items) if job.items else ())
    ids = Vocabulary.of(chain(model.item_ids, further))
    numbers, size = renumbering(model.item_ids, ids), len(ids)
    about = ItemData.nothing(size)
    if job.items is not None:
        reward = job.objective.item_attribute if job.objective else None
        about = read_items(job.items, ids, reward=reward)
    if job.interactions and job.interactions_schema is not None:
        about = replace(about, vain=shown_in_vain(job.interactions, job.interactions_schema, ids))
    histories = replace(model.histories, item_ids=ids, items=numbers[model.histories.items].astype(np.int32))
    fit = _wider(model.fit, numbers, size)
    renewed = PersonalModel(model.recipe, histories, fit)
    explorer = _explorer(model.fit.explorer, about, numbers, ids, events)
    content = None
    if fit.content is not None and about.features.nnz:
        factors = _filled(fit.content.factors, numbers, size, 0.0)
        content = content_of(
            about.vectors(), factors, explorer.users, fit.preference, _some_histories(renewed)
        )
    leant = fit.leaning
    if job.objective is not None and about.rewards is not None:
        leant = leaning(about.rewards, job.objective.sensitivity)
    return PersonalModel(
        model.recipe, histories, replace(fit, explorer=explorer, content=content, leaning=leant)
    )


class _Events(NamedTuple):
    """When each item had its first interaction, and when the newest of all was; epoch seconds."""

    first: dict[str, int]
    newest: int


def _events(job: TrainingJob) -> _Events:
    if job.interactions is None:
        return _Events({}, 0)
    with connect() as connection:
        rows = connection.execute(
            'SELECT ITEM_ID, min("TIMESTAMP"), max("TIMESTAMP")'  # noqa: S608
            f" FROM read_parquet({text(job.interactions)}) WHERE ITEM_ID IS NOT NULL GROUP BY ITEM_ID"
        ).fetchall()
    return _Events({item: begin for item, begin, _ in rows}, max((end for _, _, end in rows), default=0))


def _filled(array: Float32Array, numbers: Int32Array, size: int, value: float) -> Float32Array:
    """Return an array with one entry per item of the wider vocabulary; new items have `value`."""
    wider = np.full((size, *array.shape[1:]), value, array.dtype)
    wider[numbers] = array
    return wider


def _wider(fit: PersonalFit, numbers: Int32Array, size: int) -> PersonalFit:
    """Return a fit of which the items that the training did not have are items like those nobody met."""
    context = fit.context
    if context is not None:
        columns = {
            key: replace(column, items=numbers[column.items]) for key, column in context.columns.items()
        }
        totals = np.zeros(size, np.int64)
        totals[numbers] = context.totals
        context = ContextLifts(columns, totals)
    return replace(
        fit,
        preference=_wider_preference(fit.preference, numbers, size),
        cold=_filled(fit.cold, numbers, size, float(fit.cold.min(initial=0))),
        leaning=None if fit.leaning is None else _filled(fit.leaning, numbers, size, 0.0),
        context=context,
    )


def _wider_preference(preference: Preference, numbers: Int32Array, size: int) -> Preference:
    lengths = np.zeros(size, np.int64)
    lengths[numbers] = np.diff(preference.starts)  # both vocabularies are sorted: the rows keep their order
    starts = np.zeros(size + 1, preference.starts.dtype)
    np.cumsum(lengths, out=starts[1:])
    return replace(
        preference,
        starts=starts,
        columns=numbers[preference.columns].astype(preference.columns.dtype),
        prior=_filled(preference.prior, numbers, size, 0.0),
    )


def _explorer(
    old: Explorer, about: ItemData, numbers: Int32Array, ids: Vocabulary, events: _Events
) -> Explorer:
    newest = max(old.newest, events.newest)
    users = np.zeros(len(ids), np.int64)
    users[numbers] = old.users
    # Whom nobody has met and no dataset dates is as old as the newest interaction.
    born = np.full(len(ids), newest, np.int64)
    born[numbers] = np.where(old.met, old.born, newest)
    for number in np.flatnonzero(users == 0).tolist():
        born[number] = events.first.get(ids[number], newest)
    return Explorer(np.where(about.created >= 0, about.created, born), users, newest, about.vain)


def _some_histories(model: PersonalModel) -> list[Seen]:
    users = model.histories.user_ids
    step = max(1, len(users) // EXAMPLES)
    return [
        model.histories.seen(users[user], ()) for user in range(0, min(len(users), step * EXAMPLES), step)
    ]
