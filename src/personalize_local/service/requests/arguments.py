"""The rules of a request's arguments; sources: Developer Guide, GetRecommendations and its quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service.errors import InvalidInputException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.service.requests.request import Request
    from personalize_local.service.requests.sources import Source
    from personalize_local.service.settings import Quotas

_OPERATIONS = {
    "PERSONALIZED_RANKING": "GetPersonalizedRanking",
    "PERSONALIZED_ACTIONS": "GetActionRecommendations",
}


def refuse_wrong_operation(source: Source, operation: str) -> None:
    """Refuse an operation that the recipe does not answer, and name the one it does.

    Raises:
        InvalidInputException: so it is.
    """
    right = _OPERATIONS.get(source.recipe.type, "GetRecommendations")
    if right != operation:
        raise InvalidInputException(
            f"{source} has recipe {source.recipe.name}, which does not answer {operation}. Use {right}."
        )


def require(source: Source, **given: str | None) -> None:
    """Refuse a request without what the recipe needs.

    Raises:
        InvalidInputException: with all that is missing.
    """
    recipe = source.recipe
    missing = [name for name in sorted(recipe.request) if name in given and not given[name]]
    if missing:
        word = "use case" if recipe.domain else "recipe"
        raise InvalidInputException(f"{' and '.join(missing)}: required by {word} {recipe.name}.")


def most(quotas: Quotas, *, with_metadata: bool) -> int:
    """How many items a request may be about."""
    return quotas.results_with_metadata if with_metadata else quotas.results


def checked_count(asked: int | None, default: int, limit: int, *, with_metadata: bool = False) -> int:
    """How many results to give; 0 is as good as nothing.

    Raises:
        InvalidInputException: more than the limit.
    """
    count = asked or default
    if count > limit:
        raise InvalidInputException(
            f"numResults: {count} must be at most {limit}"
            f"{' when metadata is asked for' if with_metadata else ''}."
        )
    return count


def checked_list(items: Sequence[str], limit: int, *, with_metadata: bool) -> None:
    """Refuse a list that cannot be ranked.

    Raises:
        InvalidInputException: it is empty or too long.
    """
    if not 1 <= len(items) <= limit:
        raise InvalidInputException(
            f"inputList has {len(items)} items; it must have from 1 to {limit}"
            f"{' when metadata is asked for' if with_metadata else ''}."
        )


def metadata_columns(request: Request, asked: Mapping[str, Sequence[str]] | None, limit: int) -> list[str]:
    """The columns of the Items dataset that the answer shall carry.

    Raises:
        InvalidInputException: with everything that is wrong with them.
    """
    if not asked:
        return []
    problems = []
    if not request.source.metadata:
        problems.append(
            f"metadataColumns: {request.source.kind} {request.source.arn} was not created with "
            "enableMetadataWithRecommendations: true"
        )
    columns: list[str] = []
    for dataset, names in asked.items():
        if dataset.upper() != "ITEMS":
            problems.append(f"metadataColumns: '{dataset}' must be ITEMS")
        columns += names
    if len(columns) > limit:
        problems.append(f"metadataColumns: {len(columns)} columns, at most {limit} are allowed")
    if not problems:
        known = {name.casefold() for name in request.deployment.items.column_names}
        problems += [
            f"metadataColumns: '{name}' is not a column of the Items dataset"
            for name in columns
            if name.casefold() not in known
        ]
    if problems:
        raise InvalidInputException.of(problems)
    return columns
