"""Prepare what answers need beside the model: metadata of items, properties of users, histories.

For a model that recommends actions, its items are the actions, its histories the action interactions.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.tasks.data import Data
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.settings import Settings


def prepare_serving(
    settings: Settings,
    *,
    model: str,
    target: str,
    datasets: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Prepare what filters and metadata need, from the datasets as they are now; what is there is kept.

    Returns the names of folders in `target`; None where the dataset group has no such data.
    """
    from personalize_local.engine.catalogue import ItemTable  # noqa: PLC0415
    from personalize_local.engine.events import EventHistory  # noqa: PLC0415
    from personalize_local.engine.serving import load  # noqa: PLC0415

    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    trained = load(Path(model))
    recipe = find_recipe(trained.recipe)
    about_actions = recipe is not None and recipe.type == "PERSONALIZED_ACTIONS"
    found = {DatasetType(kind): Data.of(kind, dataset, settings) for kind, dataset in datasets.items()}
    nothing = Data(None, None, "none")
    items, users, interactions = (
        found.get(kind, nothing)
        for kind in (
            DatasetType.ACTIONS if about_actions else DatasetType.ITEMS,
            DatasetType.USERS,
            DatasetType.ACTION_INTERACTIONS if about_actions else DatasetType.INTERACTIONS,
        )
    )
    names: dict[str, Any] = {
        "items": f"items-{Path(model).name}-{items.version}",
        "users": None,
        "events": None,
    }
    ids = trained.item_ids
    limit = settings.quotas.filter_events(of_actions=about_actions)
    ItemTable.build(items.parquet, items.schema, folder / names["items"], ids=ids, version=items.version)
    if users.parquet:
        names["users"] = f"users-{users.version}"
        ItemTable.build(users.parquet, users.schema, folder / names["users"], version=users.version)
    if interactions.parquet and about_actions:
        names["events"] = f"action-events-{interactions.version}"
        EventHistory.build(
            interactions.parquet,
            folder / names["events"],
            item_column="ACTION_ID",
            limit=limit,
        )
    elif interactions.parquet:
        names["events"] = f"events-{interactions.version}"
        EventHistory.build(interactions.parquet, folder / names["events"], limit=limit)
    return names
