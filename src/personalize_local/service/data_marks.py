"""How far the data of a dataset had come at some moment: enough to say whether anything has come since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service import kinds
from personalize_local.service.datasets import find_dataset
from personalize_local.service.kinds import Status
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from personalize_local.service.store import Store

Marks = dict[str, list[int]]
"""By type of dataset: numbers that only new data makes greater."""


def data_marks(store: Store, group_arn: str) -> Marks:
    """The marks of all datasets of a group at this moment."""
    marks = {}
    for dataset_type in DatasetType:
        dataset = find_dataset(store, group_arn, dataset_type)
        if dataset is None:
            continue
        imports = store.count(kinds.IMPORT_JOB, parent=dataset.arn, statuses=[Status.ACTIVE])
        marks[str(dataset_type)] = [dataset.number, imports, *_last_rows(store, dataset.number)]
    return marks


def has_new(marks: Mapping[str, list[int]], now: Mapping[str, list[int]], of: Iterable[DatasetType]) -> bool:
    """Whether a dataset of one of the types got data between two marks."""
    return any(
        latest > before
        for dataset_type in of
        for before, latest in zip(
            marks.get(str(dataset_type), [0, 0, 0, 0]), now.get(str(dataset_type), [0, 0, 0, 0]), strict=True
        )
    )


def _last_rows(store: Store, dataset: int) -> list[int]:
    """The highest numbers of events and of single records; deletions make them smaller, not greater."""
    statement = "SELECT coalesce(max(id), 0) FROM {} WHERE dataset = ?"
    return [int(store.rows(statement.format(table), (dataset,))[0][0]) for table in ("events", "records")]
