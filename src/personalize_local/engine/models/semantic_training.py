"""Train semantic-similarity on an Items dataset; interactions only say what is popular.

Popularity and freshness are as of the training, also for items that a refresh adds later; those are as fresh
as the newest items of the training, and popular with nobody.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.database import connect, name
from personalize_local.engine.held_out import measure, test_users
from personalize_local.engine.histories import Histories
from personalize_local.engine.interactions import Interactions, read_interactions
from personalize_local.engine.metrics import LIST_LENGTH
from personalize_local.engine.model_folder import write_model
from personalize_local.engine.models.relations import distinct_users, user_items
from personalize_local.engine.models.semantic import Reading, SemanticFit, SemanticModel
from personalize_local.engine.training_job import TrainingRejected, TrainingResult
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array, Int64Array
    from personalize_local.engine.training_job import Table, TrainingJob

MEASURED_ITEMS = 500
POPULARITY, FRESHNESS, SIMILARITY = "item_popularity", "item_freshness", "item_similarity"
"""Keys of the recipe's own metrics; the developer guide names them only in words."""
UNKNOWN = -1
"""Creation time of an item that has none."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The Items dataset, one entry per item in the order of `ids`."""

    ids: Vocabulary
    texts: list[str]
    created: Int64Array


def train(job: TrainingJob) -> TrainingResult:
    """Train, measure, and write the model to `job.output`.

    Raises:
        TrainingRejected: the Items dataset has no name, no textual column or no items.

    """
    began = time.perf_counter()
    catalogue = read_catalogue(job)
    interactions = _interactions(job, catalogue.ids)
    reading = Reading.of(catalogue.texts, seed=job.seed)
    words, meaning = reading.read(catalogue.texts)
    users = distinct_users(user_items(interactions)) if len(interactions) else np.zeros(len(catalogue.ids))
    popularity = np.log1p(users) / max(float(np.log1p(users).max(initial=0)), 1.0)
    fit = SemanticFit(
        words,
        meaning,
        popularity.astype(np.float32),
        _freshness(catalogue.created, catalogue.created),
    )
    metrics = _metrics(fit, job.seed)
    if len(interactions) and np.any(np.diff(interactions.user_starts()) > 1):
        metrics.update(
            (key, value)
            for key, value in measure(
                fit, interactions, test_users(interactions), catalogue=len(catalogue.ids)
            ).items()
            if key not in metrics
        )
    write_model(
        job,
        SemanticModel(job.recipe, Histories.of(interactions), fit, catalogue.created, reading),
        dict(sorted(metrics.items())),
    )
    return TrainingResult(
        metrics=dict(sorted(metrics.items())),
        tuned={},
        interactions=len(interactions),
        users=len(interactions.user_ids),
        items=len(catalogue.ids),
        seconds=time.perf_counter() - began,
    )


def refresh(trained: Path, job: TrainingJob) -> bool:
    """Write a model with the items of today to `job.output`: their texts are read as the training reads them.

    Terms, directions, popularity and metrics stay those of the training. Returns True: it always writes.
    """
    description = files.read_description(trained)
    before = SemanticModel.read(trained, description, Histories.read(trained, description["histories"]))
    reading = Reading.open(trained, description)
    catalogue = read_catalogue(job)
    words, meaning = reading.read(catalogue.texts)
    positions = [before.position(item) for item in catalogue.ids]
    known = np.array([-1 if one is None else one for one in positions], np.int64)
    old = known >= 0
    popularity = np.zeros(len(known), np.float32)
    popularity[old] = before.fit.popularity[known[old]]
    freshness = _freshness(catalogue.created, before.created)
    freshness[old] = before.fit.freshness[known[old]]
    created = catalogue.created.copy()
    created[old] = before.created[known[old]]
    fit = SemanticFit(words, meaning, popularity, freshness)
    interactions = _interactions(job, catalogue.ids)
    model = SemanticModel(job.recipe, Histories.of(interactions), fit, created, reading)
    write_model(job, model, description["metrics"])
    return True


def read_catalogue(job: TrainingJob) -> Catalogue:
    """Read names, texts and categories of the items.

    Raises:
        TrainingRejected: see `train`; all reasons at once.

    """
    if job.items is None:
        raise TrainingRejected(f"{job.recipe} needs an Items dataset. Import items and train again.")
    fields = [field for field in job.items.schema.fields if field.name != "ITEM_ID"]
    names = [field.name for field in fields if field.item_name]
    textual = [field.name for field in fields if field.textual]
    missing = [
        text
        for text, there in (
            ('a string field with "itemName": true', names),
            ('a string field with "textual": true', textual),
        )
        if not there
    ]
    if missing:
        raise TrainingRejected(
            f"The schema of the Items dataset needs {' and '.join(missing)} for {job.recipe}; it has none."
        )
    categories = [field.name for field in fields if field.categorical]
    columns = list(dict.fromkeys([*names, *categories, *textual]))
    catalogue = _read(job.items, columns, twice=names)
    if not len(catalogue.ids):
        raise TrainingRejected("The Items dataset has no items. Import some and train again.")
    return catalogue


def _read(table: Table, columns: list[str], *, twice: list[str]) -> Catalogue:
    with connect() as connection:
        source = connection.read_parquet(str(table.parquet))
        columns = [column for column in columns if column in source.columns]
        dated = "CREATION_TIMESTAMP" in source.columns
        wanted = ["ITEM_ID", *columns, *(["CREATION_TIMESTAMP"] if dated else [])]
        rows = source.project(", ".join(name(column) for column in wanted)).fetchall()
    by_id = {}
    for row in rows:
        parts = dict(zip(columns, row[1 : 1 + len(columns)], strict=True))
        # What an item is called says more than any other words of its text.
        said = [parts[column] for column in [*twice, *columns] if parts.get(column)]
        when = row[-1] if dated and row[-1] is not None else UNKNOWN
        by_id[str(row[0])] = (". ".join(str(one) for one in said), int(when))
    ids = Vocabulary.of(by_id)
    texts = [by_id[item][0] for item in ids]
    return Catalogue(ids, texts, np.array([by_id[item][1] for item in ids], np.int64))


def _interactions(job: TrainingJob, ids: Vocabulary) -> Interactions:
    """Return the interactions with items of the dataset, numbered as the dataset is; none without any."""
    if job.interactions is None:
        return _nothing(ids)
    rows = read_interactions(
        job.interactions, event_type=job.event_type, event_value_threshold=job.event_value_threshold
    )
    numbers = {item: number for number, item in enumerate(ids)}
    known = np.array([numbers.get(item, -1) for item in rows.item_ids], np.int32)
    items = known[rows.items]
    rows = replace(rows, items=items, item_ids=ids).where(items >= 0)
    present = np.unique(rows.users)
    return replace(
        rows,
        users=np.searchsorted(present, rows.users).astype(np.int32),
        user_ids=Vocabulary.of(rows.user_ids.texts(present)),
    )


def _nothing(ids: Vocabulary) -> Interactions:
    empty = np.empty(0, np.int32)
    return Interactions(
        users=empty,
        items=empty,
        timestamps=np.empty(0, np.int64),
        event_types=np.empty(0, np.int16),
        event_values=None,
        user_ids=Vocabulary.of([]),
        item_ids=ids,
        event_type_names=("",),
    )


def _freshness(created: Int64Array, among: Int64Array) -> Float32Array:
    """Return the share of the items with a known time that are not newer: 1 for the newest."""
    known = np.sort(among[among >= 0])
    if not len(known):
        return np.zeros(len(created), np.float32)
    least = np.searchsorted(known, created, side="left") / max(1, len(known) - 1)
    return np.where(created >= 0, np.minimum(least, 1.0), 0.0).astype(np.float32)


def _metrics(fit: SemanticFit, seed: int) -> dict[str, float]:
    """Return means over the recommendations for a sample of items, without influence."""
    size = len(fit.popularity)
    sample = np.arange(size)
    if size > MEASURED_ITEMS:
        sample = np.sort(np.random.default_rng(seed).choice(size, MEASURED_ITEMS, replace=False))
    recommended, likenesses = [], []
    for item in sample.tolist():
        top, alike = fit.similar(item, LIST_LENGTH, None, {})
        recommended.append(top)
        likenesses.append(alike)
    items = np.concatenate(recommended)
    values = {
        # Of a sample of questions: what they could give at most is the divisor.
        "coverage": len(np.unique(items)) / max(1, min(size, len(sample) * LIST_LENGTH)),
        POPULARITY: float(fit.popularity[items].mean()) if len(items) else 0.0,
        FRESHNESS: float(fit.freshness[items].mean()) if len(items) else 0.0,
        SIMILARITY: float(np.concatenate(likenesses).mean()) if len(items) else 0.0,
    }
    return {key: round(value, 4) for key, value in values.items()}
