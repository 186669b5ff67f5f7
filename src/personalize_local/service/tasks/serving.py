"""Prepare what answers need beside the model: metadata of items, properties of users, histories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.service.tasks.data import Data
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.settings import Settings


def prepare_serving(
    settings: Settings,  # noqa: ARG001 -- all tasks get them
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
    found = {DatasetType(kind): Data.of(kind, dataset) for kind, dataset in datasets.items()}
    nothing = Data(None, None, "none")
    items, users, interactions = (
        found.get(kind, nothing) for kind in (DatasetType.ITEMS, DatasetType.USERS, DatasetType.INTERACTIONS)
    )
    names: dict[str, Any] = {
        "items": f"items-{Path(model).name}-{items.version}",
        "users": None,
        "events": None,
    }
    ids = load(Path(model)).item_ids
    ItemTable.build(items.parquet, items.schema, folder / names["items"], ids=ids, version=items.version)
    if users.parquet:
        names["users"] = f"users-{users.version}"
        ItemTable.build(users.parquet, users.schema, folder / names["users"], version=users.version)
    if interactions.parquet:
        names["events"] = f"events-{interactions.version}"
        EventHistory.build(interactions.parquet, folder / names["events"])
    return names
