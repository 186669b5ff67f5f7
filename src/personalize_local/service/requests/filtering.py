"""What may be in an answer: without what the use case leaves out, and what the filter lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from personalize_local.service.errors import InvalidInputException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.engine.arrays import BoolArray
    from personalize_local.service.requests.request import Request
    from personalize_local.service.requests.sources import NamedFilter


class Filters(Protocol):
    """Where filters come from: `Sources`, or a job that has one."""

    def filter(self, arn: str, group: str) -> NamedFilter:
        """The filter, if requests to this dataset group can use it."""
        ...


def allowed(
    filters: Filters, request: Request, arn: str | None, values: Mapping[str, str] | None
) -> BoolArray | None:
    """Which of the model's items may be in the answer; None for all. Do not write to it.

    Raises:
        ResourceNotFoundException: there is no such filter.
        InvalidInputException: it does not fit the request, or its values do not fit it.
    """
    found = None if arn is None else _let_through(request, filters.filter(arn, request.source.group), values)
    left_out = request.source.left_out
    if left_out is None or not request.named:
        return found
    positions = request.events().of_types((left_out,))
    if not len(positions):
        return found
    import numpy as np  # noqa: PLC0415 -- the model has imported it

    mask = np.ones(len(request.deployment.model.item_ids), np.bool_) if found is None else found.copy()
    mask[positions] = False
    return mask


def listed(
    filters: Filters,
    request: Request,
    items: Sequence[str],
    arn: str | None,
    values: Mapping[str, str] | None,
) -> Sequence[str]:
    """What the filter leaves of a list. An item that the model does not know meets no INCLUDE."""
    mask = allowed(filters, request, arn, values)
    if mask is None or arn is None:
        return items
    parts = filters.filter(arn, request.source.group).expression.parts
    unknown = not any(part.action == "INCLUDE" for part in parts)
    position = request.deployment.model.position
    return [item for item in items if (unknown if (place := position(item)) is None else bool(mask[place]))]


def _let_through(request: Request, found: NamedFilter, values: Mapping[str, str] | None) -> BoolArray | None:
    from personalize_local.engine.events import NO_EVENTS  # noqa: PLC0415
    from personalize_local.engine.filtering import FilterValueError  # noqa: PLC0415

    expression, deployment = found.expression, request.deployment
    target = "ActionID" if request.source.recipe.type == "PERSONALIZED_ACTIONS" else "ItemID"
    if expression.target != target:
        raise InvalidInputException(f"Filter {found.arn} is for {expression.target}, not for {target}.")
    related = request.item is not None and request.source.recipe.type == "RELATED_ITEMS"
    if expression.uses_current_item and not related:
        raise InvalidInputException(
            f"Filter {found.arn} uses CurrentItem, which needs an itemId and a recipe for related items."
        )
    if not request.named and (expression.uses_interactions or expression.uses_current_user):
        raise InvalidInputException(f"Filter {found.arn} needs a userId.")
    events = request.events() if expression.uses_interactions else NO_EVENTS
    user = None
    if expression.uses_current_user and deployment.users is not None and request.user is not None:
        user = deployment.users.record(request.user)
    try:
        return deployment.compiled(found.number, expression).mask(values or {}, user, events, request.item)
    except FilterValueError as error:
        raise InvalidInputException(str(error)) from error
