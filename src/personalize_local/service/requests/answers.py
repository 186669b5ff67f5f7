"""What an answer looks like: items or actions with scores and reasons, metadata, and its own ID."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.answers import Scored
    from personalize_local.service.requests.request import Request
    from personalize_local.service.requests.sources import Source
    from personalize_local.service.resource import Answer
    from personalize_rules.recipes import Recipe

SCORE_DIGITS = 7  # as Amazon shows them


def shown(found: Scored, recipe: Recipe, *, unknown: float | None = None) -> list[Answer]:
    """The entries of an answer; `unknown` is the score of items that the model gives none."""
    key = "actionId" if recipe.type == "PERSONALIZED_ACTIONS" else "itemId"
    entries: list[Answer] = [{key: identifier} for identifier in found.items]
    if found.scores is not None and recipe.scores:
        for entry, score in zip(entries, found.scores.round(SCORE_DIGITS).tolist(), strict=True):
            if score == score:  # noqa: PLR0124 -- NaN: an item without score
                entry["score"] = score
            elif unknown is not None:
                entry["score"] = unknown
    if found.reasons is not None:
        for entry, reason in zip(entries, found.reasons, strict=True):
            if reason is not None:
                entry["reason"] = [reason]
    return entries


def attach_metadata(request: Request, items: list[Answer], columns: Sequence[str]) -> None:
    """Add the values of the columns to each item."""
    if not columns:
        return
    table, position = request.deployment.items, request.deployment.model.position
    for item in items:
        place = position(item["itemId"])
        item["metadata"] = {} if place is None else table.metadata(place, columns)


def recommendation_id(source: Source) -> str:
    """`RID-` and a UUID that begins with the number of the campaign or recommender, see `source_number`."""
    return f"RID-{source.number & 0xFFFFFFFF:08x}{str(uuid.uuid4())[8:]}"


def source_number(recommendation_id: str) -> int | None:
    """The number of the record that gave an answer; None if the ID was not made here."""
    try:
        return int(recommendation_id.removeprefix("RID-")[:8], 16)
    except ValueError:
        return None
