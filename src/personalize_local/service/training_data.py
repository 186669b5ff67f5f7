"""Whether a dataset group has the data that a recipe is trained on. Whether it is enough, training says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service import kinds
from personalize_local.service.datasets import find_dataset, has_data
from personalize_local.service.errors import InvalidInputException, ResourceInUseException
from personalize_local.service.kinds import CREATING

if TYPE_CHECKING:
    from personalize_local.service.store import Record, Store
    from personalize_rules.recipes import Recipe


def require_training_data(store: Store, group_arn: str, recipe: Recipe) -> None:
    """Refuse a training without data.

    Raises:
        InvalidInputException: with every dataset that is missing or empty.
        ResourceInUseException: the data of one is being imported.
    """
    problems = []
    for dataset_type in recipe.required_datasets:
        dataset = find_dataset(store, group_arn, dataset_type)
        if dataset is None:
            problems.append(f"Recipe {recipe.name} needs a dataset of type {dataset_type}")
        elif not has_data(store, dataset) and not _has_single_rows(store, dataset):
            if store.count(kinds.IMPORT_JOB, parent=dataset.arn, statuses=CREATING):
                raise ResourceInUseException(
                    f"Dataset {dataset.arn} has no data yet: its import is in progress."
                )
            problems.append(f"Dataset {dataset.arn} has no data. Import data first")
    if problems:
        raise InvalidInputException.of(problems)


def _has_single_rows(store: Store, dataset: Record) -> bool:
    """Whether events, items, users or actions came one by one."""
    found = "EXISTS (SELECT 1 FROM {} WHERE dataset = :number)"
    statement = f"SELECT {found.format('events')} OR {found.format('records')}"
    return bool(store.rows(statement, {"number": dataset.number})[0][0])
