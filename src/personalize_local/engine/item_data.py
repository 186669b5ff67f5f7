"""What an Items dataset says of a model's items: their columns as features, when they came, their worth.

Items that nobody has met yet are items of the model too, so the dataset also widens the model's vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from personalize_local.engine.database import connect, name, text
from personalize_local.engine.impressions import shown_in_vain
from personalize_local.engine.models.likeness import DIMENSIONS, vectors
from personalize_local.engine.text import CutTexts, Terms, with_length_one
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from personalize_local.engine.arrays import (
        Float32Array,
        Float64Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.training_job import Table, TrainingJob
    from personalize_rules.schemas import Field

KNOTS = 10
"""Quantiles that a number is placed between: near ones are similar, without any unit playing a part."""
MOST_CATEGORIES = 5000
"""Categories of a column, the ones of most items; the guide advises at most 1,000."""
UNKNOWN = -1
"""Creation time of an item that has none."""

_KEY = "ITEM_ID"
_CREATED = "CREATION_TIMESTAMP"


@dataclass(frozen=True, slots=True, eq=False)
class ItemData:
    """One entry or row per item of a model, in the order of its vocabulary.

    Attributes:
        features: sparse, float32, rows of length 1 (0 for an item without metadata); as many columns as the
            metadata has categories, knots of numbers and terms of text.
        created: epoch seconds, `UNKNOWN` where the dataset does not say.
        rewards: the column of the optimisation objective, NaN where there is none; None without objective.
        vain: how much rarer than others the item is taken when shown, as a logarithm, at most 0; None
            without impressions.

    """

    features: SparseMatrix
    created: Int64Array
    rewards: Float32Array | None = None
    vain: Float32Array | None = None
    _vectors: dict[int, Float32Array] = field(default_factory=dict, repr=False)

    def vectors(self, size: int = DIMENSIONS) -> Float32Array:
        """Return the metadata as at most `size` numbers per item, computed once for all who ask."""
        if size not in self._vectors:
            self._vectors[size] = vectors(self.features, size)
        return self._vectors[size]

    @classmethod
    def nothing(cls, size: int) -> ItemData:
        """Return what is known of items without a dataset."""
        return cls(sparse.csr_array((size, 0), dtype=np.float32), np.full(size, UNKNOWN, np.int64))


def about_items(job: TrainingJob, interactions: Interactions) -> tuple[Interactions, ItemData]:
    """Return the interactions with all items of the job's Items dataset, and what is known of each."""
    assert job.interactions
    about = ItemData.nothing(len(interactions.item_ids))
    if job.items is not None:
        interactions = with_items(interactions, item_ids(job.items))
        reward = job.objective.item_attribute if job.objective else None
        about = read_items(job.items, interactions.item_ids, reward=reward)
    if job.interactions_schema is not None:
        vain = shown_in_vain(job.interactions, job.interactions_schema, interactions.item_ids)
        about = replace(about, vain=vain)
    return interactions, about


def item_ids(table: Table) -> list[str]:
    """Return the identifiers of an Items dataset."""
    with connect() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT {_KEY} FROM read_parquet({text(table.parquet)}) WHERE {_KEY} IS NOT NULL"  # noqa: S608
        ).fetchall()
    return [str(row[0]) for row in rows]


def with_items(interactions: Interactions, further: list[str]) -> Interactions:
    """Return the interactions with a vocabulary that has further items; item numbers change accordingly."""
    known = interactions.item_ids
    wider = Vocabulary.of(chain(known, further))
    if len(wider) == len(known):
        return interactions
    return replace(interactions, items=renumbering(known, wider)[interactions.items], item_ids=wider)


def renumbering(known: Vocabulary, wider: Vocabulary) -> Int32Array:
    """Return the number in `wider` of each identifier of `known`; all of them are there."""
    numbers = {identifier: number for number, identifier in enumerate(wider)}
    return np.fromiter((numbers[identifier] for identifier in known), np.int32, len(known))


def read_items(table: Table, ids: Vocabulary, *, reward: str | None = None) -> ItemData:
    """Read the dataset for the items of a model.

    Args:
        table: its schema says which columns are used: categorical, numeric and textual ones.
        ids: of the model; records of other items are left out.
        reward: name of the objective's column, in any case.

    Raises:
        ValueError: there is no numeric column of that name.

    """
    numbers = {identifier: number for number, identifier in enumerate(ids)}
    fields = [field for field in table.schema.fields if field.name != _KEY]
    rewarded = None if reward is None else table.schema.find(reward)
    if reward is not None and (rewarded is None or not rewarded.numeric):
        raise ValueError(f"itemAttribute: '{reward}' is not a numeric column of the Items dataset")
    with connect() as connection:
        source = connection.read_parquet(str(table.parquet))
        there = set(source.columns)
        used = [field for field in fields if field.name in there and (_is_feature(field) or field.numeric)]
        columns = ", ".join(name(one) for one in [_KEY, *(column.name for column in used)])
        rows = source.project(columns).fetchnumpy()
    keys = [numbers.get(str(key), -1) for key in rows[_KEY].tolist()]
    places = np.array(keys, np.int64)
    kept = places >= 0
    places = places[kept]
    blocks = []
    for column in used:
        values = np.ma.asarray(rows[column.name])[kept]
        if _is_feature(column) and len(places):
            block = _block(values, column)
            if block.shape[1]:
                blocks.append(with_length_one(_placed(block, places, len(ids))))
    features = sparse.csr_array((len(ids), 0), dtype=np.float32)
    if blocks:
        features = with_length_one(sparse.hstack(blocks, format="csr", dtype=np.float32))
    created = np.full(len(ids), UNKNOWN, np.int64)
    if any(field.name == _CREATED for field in used):
        times = _numbers(np.ma.asarray(rows[_CREATED])[kept])
        created[places] = np.where(np.isnan(times), UNKNOWN, times).astype(np.int64)
    rewards = None
    if rewarded is not None:
        rewards = np.full(len(ids), np.nan, np.float32)
        rewards[places] = _numbers(np.ma.asarray(rows[rewarded.name])[kept])
    return ItemData(features, created, rewards)


def _block(values: Any, field: Field) -> SparseMatrix:
    if field.textual:
        return _text(values)
    return _numeric(values) if field.numeric else _parts(values)


def _is_feature(field: Field) -> bool:
    # When an item came says how new it is, which exploration asks; it says nothing about what it is.
    return field.name != _CREATED and (field.numeric or field.categorical or field.textual)


def _numbers(values: Any) -> Float64Array:
    return np.ma.filled(np.ma.asarray(values, np.float64), np.nan)


def _texts(values: Any) -> list[str]:
    return ["" if value is None else str(value) for value in np.ma.filled(values.astype(object), None)]


def _placed(block: SparseMatrix, places: Int64Array, size: int) -> SparseMatrix:
    entries = block.tocoo()
    return sparse.csr_array(
        (entries.data.astype(np.float32), (places[entries.row], entries.col)), shape=(size, block.shape[1])
    )


def _parts(values: Any) -> SparseMatrix:
    """Return one column per category that at least two items share; rare ones say more."""
    texts, which = np.unique(np.array(_texts(values), dtype=object), return_inverse=True)
    parts = [sorted({part for part in str(value).split("|") if part}) for value in texts]
    names = {part: number for number, part in enumerate(sorted(set(chain.from_iterable(parts))))}
    starts = np.cumsum([0, *(len(one) for one in parts)])
    columns = np.fromiter((names[part] for one in parts for part in one), np.int64, int(starts[-1]))
    of_texts = sparse.csr_array(
        (np.ones(len(columns), np.float32), columns, starts), shape=(len(parts), len(names))
    )
    matrix = of_texts[which]
    items = np.asarray(matrix.sum(axis=0)).ravel()
    common = np.flatnonzero(items >= 2)
    common = common[np.argsort(-items[common], kind="stable")[:MOST_CATEGORIES]]
    matrix = matrix[:, common].tocsr()
    rarity = np.log((1 + matrix.shape[0]) / (1 + items[common])) + 1
    matrix.data *= rarity.astype(np.float32)[matrix.indices]
    return matrix


def _numeric(values: Any) -> SparseMatrix:
    """Return how near each number is to the two knots around it; a null is near none."""
    numbers = _numbers(values)
    known = np.flatnonzero(np.isfinite(numbers))
    count = min(KNOTS, max(2, len(np.unique(numbers[known])) // 2))  # each has several values around it
    knots = np.unique(np.quantile(numbers[known], np.linspace(0, 1, count))) if len(known) else np.empty(0)
    if len(knots) < 2:
        return sparse.csr_array((len(numbers), 0), dtype=np.float32)
    at = np.interp(numbers[known], knots, np.arange(len(knots)))
    low = np.minimum(at.astype(np.int64), len(knots) - 2)
    share = (at - low).astype(np.float32)
    return sparse.csr_array(
        (
            np.concatenate((1 - share, share)),
            (np.concatenate((known, known)), np.concatenate((low, low + 1))),
        ),
        shape=(len(numbers), len(knots)),
    )


def _text(values: Any) -> SparseMatrix:
    texts = CutTexts(_texts(values))
    return Terms.of(texts).weigh(texts)
