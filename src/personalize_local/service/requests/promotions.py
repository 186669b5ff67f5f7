"""Promotions: a share of the answer for items that a filter of their own selects."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from personalize_local.service.errors import InvalidInputException
from personalize_local.service.requests.answers import shown
from personalize_local.service.requests.filtering import allowed
from personalize_local.service.requests.request import best

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.service.requests.request import Request
    from personalize_local.service.requests.sources import Source, Sources
    from personalize_local.service.resource import Answer

_PROMOTED = "Promoted item"
_places = random.Random()  # noqa: S311 -- places of promoted items


def refuse_unfit(source: Source, promotions: list[dict[str, Any]] | None) -> None:
    """Refuse promotions where there are none.

    Raises:
        InvalidInputException: so it is.
    """
    if promotions and not source.recipe.promotions:
        raise InvalidInputException(f"promotions are not supported by recipe {source.recipe.name}.")


def promoted(
    sources: Sources, request: Request, promotion: Mapping[str, Any], items: list[Answer], count: int
) -> list[Answer]:
    """Mix promoted items in, at random places, in their own order; too few leave room for others.

    What the use case leaves out is left out here too; the filter of the request is not asked.
    """
    share = int(promotion.get("percentPromotedItems", 100))
    places = min(count, max(1, round(count * share / 100)))
    mask = allowed(sources, request, promotion.get("filterArn"), promotion.get("filterValues"))
    chosen = shown(best(request, mask, places), request.source.recipe)
    with_reason = request.source.recipe.name.endswith("-v2")
    for item in chosen:
        if name := promotion.get("name"):
            item["promotionName"] = name
        if with_reason or "reason" in item:
            item["reason"] = [_PROMOTED]
    ids = {item["itemId"] for item in chosen}
    others = [item for item in items if item["itemId"] not in ids][: count - len(chosen)]
    taken = set(_places.sample(range(len(chosen) + len(others)), len(chosen)))
    first, second = iter(chosen), iter(others)
    return [next(first if place in taken else second) for place in range(len(chosen) + len(others))]
