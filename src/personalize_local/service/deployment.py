"""A model in memory, with what filters need of the data: opened from files, asked by requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from personalize_local.engine.catalogue import ItemTable
    from personalize_local.engine.events import EventView
    from personalize_local.engine.filtering import CompiledFilter
    from personalize_local.engine.kept_masks import KeptMasks
    from personalize_local.engine.serving import Model
    from personalize_local.service.settings import Quotas
    from personalize_rules.filters import FilterExpression
    from personalize_rules.recipes import Recipe

# Compiled filters that a model keeps. More than there can be by Amazon's quota: those deleted are among them.
_MOST_FILTERS: Final = 100


@dataclass(slots=True)
class Deployment:
    """A solution version ready to answer. Nothing changes but the filters, compiled when first used."""

    recipe: Recipe
    model: Model
    items: ItemTable  # in the order of the model's items; actions, if it recommends those
    users: ItemTable | None
    events: EventView
    dataset: int | None  # number of the (Action) interactions dataset: where the live events are
    last_event: int  # number of the last live event that the model was trained on
    size: int  # bytes of all files
    masks: KeptMasks
    filters: dict[int, CompiledFilter] = field(default_factory=dict)  # by number of the filter

    def compiled(self, number: int, expression: FilterExpression) -> CompiledFilter:
        """A filter for the items: compiled once, as long as not too many others were asked for."""
        found = self.filters.get(number)
        if found is None:
            from personalize_local.engine.filtering import CompiledFilter  # noqa: PLC0415

            if len(self.filters) >= _MOST_FILTERS:
                self.filters.clear()
            found = self.filters[number] = CompiledFilter(expression, self.items, self.masks)
        return found


def open_deployment(
    recipe: Recipe,
    folder: Path,
    prepared: Path,
    serving: Mapping[str, str | None],
    *,
    dataset: int | None,
    last_event: int,
    quotas: Quotas,
) -> Deployment:
    """Open a model and what `tasks.serving` has prepared for it.

    `serving` are names of folders in `prepared`.

    Raises:
        OSError, ValueError, LookupError: files are missing or damaged.
    """
    # Imported here, because a server without campaigns does without numpy.
    from personalize_local.engine.catalogue import ItemTable  # noqa: PLC0415
    from personalize_local.engine.events import EventHistory, EventView  # noqa: PLC0415
    from personalize_local.engine.kept_masks import KeptMasks  # noqa: PLC0415
    from personalize_local.engine.serving import load  # noqa: PLC0415

    model = load(folder)
    items, users, events = (serving.get(name) for name in ("items", "users", "events"))
    if items is None:
        raise ValueError(f"nothing was prepared for {folder}")
    limit = quotas.filter_events(of_actions=recipe.type == "PERSONALIZED_ACTIONS")
    return Deployment(
        recipe=recipe,
        model=model,
        items=ItemTable(prepared / items),
        users=ItemTable(prepared / users) if users else None,
        events=EventHistory(prepared / events).view(model.item_ids, limit=limit)
        if events
        else EventView.live_only(model.item_ids, limit=limit),
        dataset=dataset,
        last_event=last_event,
        size=sum(_size(one) for one in (folder, *(prepared / name for name in serving.values() if name))),
        masks=KeptMasks(len(model.item_ids)),
    )


def keep_time(model: Model, now: Callable[[], float]) -> None:
    """Let the expiry and repetition of actions go by the service's clock."""
    from personalize_local.engine.models.actions import ActionModel  # noqa: PLC0415

    if isinstance(model, ActionModel):
        model.now = now


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
