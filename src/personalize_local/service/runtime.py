"""The runtime API: GetRecommendations and GetPersonalizedRanking, from memory.

Order, as the service documents it: candidates, request filter, promotions, cut to numResults, metadata.
"""

from __future__ import annotations

import random
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.engine.answers import RequestNotSupported
from personalize_local.service import kinds
from personalize_local.service.errors import InvalidInputException, ResourceNotFoundException, ServiceError
from personalize_local.service.kinds import Status
from personalize_local.service.resource import Answer, Context, operation
from personalize_rules import quotas as documented
from personalize_rules.filters import FilterExpression, parse_filter
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from personalize_local.engine.answers import Event, Scored
    from personalize_local.engine.arrays import BoolArray
    from personalize_local.service.deployments import Deployment, Deployments
    from personalize_local.service.live_events import LiveEvent, LiveEvents

_PROMOTED = "Promoted item"


@dataclass(frozen=True, slots=True)
class _Campaign:
    """What a request needs to know of a campaign."""

    arn: str
    version: str
    group: str
    recipe: Recipe
    metadata: bool


@dataclass(frozen=True, slots=True)
class _Filter:
    """A filter, read."""

    arn: str
    number: int
    group: str
    expression: FilterExpression


@dataclass(frozen=True, slots=True)
class _Request:
    """A request on its way: for whom, and what is known of them."""

    campaign: _Campaign
    deployment: Deployment
    user: str | None
    item: str | None
    events: tuple[LiveEvent, ...]
    context: Mapping[str, str]

    def untrained(self) -> Sequence[Event]:
        """The events that the model does not know yet, oldest first."""
        last = self.deployment.last_event
        return [live.event for live in self.events if live.number > last or live.anonymous]


class Runtime:
    """GetRecommendations, GetPersonalizedRanking."""

    def __init__(self, context: Context, deployments: Deployments, live: LiveEvents) -> None:
        self.context = context
        self._deployments = deployments
        self._live = live
        # Good for one generation of the store; errors are not kept.
        self._known: dict[str, _Campaign | _Filter] = {}
        self._generation = -1
        self._random = random.Random()  # noqa: S311 -- places of promoted items

    def answers_at_once(self, params: Mapping[str, Any]) -> bool:
        """Whether the model of a request's campaign is in memory."""
        found = self._known.get(params.get("campaignArn", ""))
        return isinstance(found, _Campaign) and self._deployments.loaded(found.version) is not None

    @operation
    def get_recommendations(
        self,
        *,
        campaignArn: str | None = None,
        itemId: str | None = None,
        userId: str | None = None,
        numResults: int | None = None,
        context: dict[str, str] | None = None,
        filterArn: str | None = None,
        filterValues: dict[str, str] | None = None,
        recommenderArn: str | None = None,
        promotions: list[dict[str, Any]] | None = None,
        metadataColumns: dict[str, list[str]] | None = None,
    ) -> Answer:
        """Items for a user, or related to an item, by the recipe of the campaign."""
        if (campaignArn is None) == (recommenderArn is None):
            raise InvalidInputException("Give exactly one of campaignArn and recommenderArn.")
        if recommenderArn is not None or campaignArn is None:
            raise _not_found(recommenderArn or "")
        campaign = self._campaign(campaignArn)
        recipe = campaign.recipe
        if recipe.type in ("PERSONALIZED_RANKING", "PERSONALIZED_ACTIONS"):
            right = (
                "GetPersonalizedRanking"
                if recipe.type == "PERSONALIZED_RANKING"
                else "GetActionRecommendations"
            )
            raise InvalidInputException(
                f"Campaign {campaignArn} has recipe {recipe.name}, which does not answer GetRecommendations. "
                f"Use {right}."
            )
        _require(recipe, userId=userId, itemId=itemId)
        count = self._count(numResults, with_metadata=bool(metadataColumns))
        request = self._request(campaign, userId, itemId, context)
        columns = self._columns(request, metadataColumns)
        allowed = self._allowed(request, filterArn, filterValues)
        found = _best(request, allowed, count)
        items = _answers(found)
        if promotions:
            items = self._promoted(request, promotions[0], items, count)
        _attach(request, items, columns)
        return {"itemList": items, "recommendationId": _recommendation_id()}

    @operation
    def get_personalized_ranking(
        self,
        *,
        campaignArn: str,
        inputList: list[str],
        userId: str,
        context: dict[str, str] | None = None,
        filterArn: str | None = None,
        filterValues: dict[str, str] | None = None,
        metadataColumns: dict[str, list[str]] | None = None,
    ) -> Answer:
        """The items of the list in the order that the user will like; a filter removes items."""
        campaign = self._campaign(campaignArn)
        if campaign.recipe.type != "PERSONALIZED_RANKING":
            raise InvalidInputException(
                f"Campaign {campaignArn} has recipe {campaign.recipe.name}, which does not answer "
                "GetPersonalizedRanking. Use a solution version of aws-personalized-ranking-v2."
            )
        limit = self._most(with_metadata=bool(metadataColumns))
        if not 1 <= len(inputList) <= limit:
            raise InvalidInputException(
                f"inputList has {len(inputList)} items; it must have from 1 to {limit}"
                f"{' when metadata is asked for' if metadataColumns else ''}."
            )
        request = self._request(campaign, userId, None, context)
        columns = self._columns(request, metadataColumns)
        listed = self._listed(request, inputList, filterArn, filterValues)
        with _refusals():
            found = request.deployment.model.rank(
                userId, request.untrained(), listed, context=request.context
            )
        items = _answers(found, unknown=self.context.settings.unknown_ranked_items_score)
        _attach(request, items, columns)
        return {"personalizedRanking": items, "recommendationId": _recommendation_id()}

    # -- what a request names

    def _campaign(self, arn: str) -> _Campaign:
        known = self._of_now()
        found = known.get(arn)
        if not isinstance(found, _Campaign):
            found = known[arn] = self._find_campaign(arn)
        return found

    def _filter(self, arn: str, group: str) -> _Filter:
        known = self._of_now()
        found = known.get(arn)
        if not isinstance(found, _Filter):
            found = known[arn] = self._find_filter(arn)
        if found.group != group:
            raise InvalidInputException(f"Filter {arn} belongs to another dataset group: {found.group}.")
        return found

    def _of_now(self) -> dict[str, _Campaign | _Filter]:
        """What is known of this generation. Whoever adds to it must have found it after this call.

        Another thread may begin the next generation meanwhile; it begins with another dict.
        """
        generation = self.context.store.generation
        if self._generation != generation:
            self._known, self._generation = {}, generation
        return self._known

    def _find_campaign(self, arn: str) -> _Campaign:
        record = self.context.store.get(arn)
        if record is None or record.kind != kinds.CAMPAIGN:
            raise _not_found(arn)
        if record.status != Status.ACTIVE:
            raise InvalidInputException(f"Campaign {arn} is not ACTIVE. Its status is {record.status}.")
        version = self.context.store.get(record.private["version"])
        recipe = version and find_recipe(version.body["recipeArn"])
        assert version  # cannot be deleted while the campaign uses it
        assert recipe
        config = record.body.get("campaignConfig", {})
        enabled = recipe.metadata == "automatic" or bool(config.get("enableMetadataWithRecommendations"))
        return _Campaign(arn, version.arn, record.group, recipe, enabled)

    def _find_filter(self, arn: str) -> _Filter:
        record = self.context.store.get(arn)
        if record is None or record.kind != kinds.FILTER:
            raise _not_found(arn)
        if record.status != Status.ACTIVE:
            raise InvalidInputException(f"Filter {arn} is not ACTIVE. Its status is {record.status}.")
        return _Filter(arn, record.number, record.group, parse_filter(record.body["filterExpression"]))

    def _request(
        self, campaign: _Campaign, user: str | None, item: str | None, context: dict[str, str] | None
    ) -> _Request:
        deployment = self._deployments.get(campaign.version)
        events: tuple[LiveEvent, ...] = ()
        if user is not None and deployment.dataset is not None:
            events = self._live.of(deployment.dataset, user)
        return _Request(campaign, deployment, user, item, events, context or {})

    # -- the rules of its arguments

    def _most(self, *, with_metadata: bool) -> int:
        quotas = self.context.settings.quotas
        return quotas.results_with_metadata if with_metadata else quotas.results

    def _count(self, asked: int | None, *, with_metadata: bool) -> int:
        limit = self._most(with_metadata=with_metadata)
        count = asked or documented.RESULTS_DEFAULT
        if count > limit:
            raise InvalidInputException(
                f"numResults: {count} must be at most {limit}"
                f"{' when metadata is asked for' if with_metadata else ''}."
            )
        return count

    def _columns(self, request: _Request, asked: dict[str, list[str]] | None) -> list[str]:
        if not asked:
            return []
        problems = []
        if not request.campaign.metadata:
            problems.append(
                f"metadataColumns: campaign {request.campaign.arn} was not created with "
                "enableMetadataWithRecommendations: true"
            )
        columns: list[str] = []
        for dataset, names in asked.items():
            if dataset.upper() != "ITEMS":
                problems.append(f"metadataColumns: '{dataset}' must be ITEMS")
            columns += names
        limit = self.context.settings.quotas.metadata_columns
        if len(columns) > limit:
            problems.append(f"metadataColumns: {len(columns)} columns, at most {limit} are allowed")
        if not problems:
            table = request.deployment.items
            known = {name.casefold() for name in table.column_names}
            problems += [
                f"metadataColumns: '{name}' is not a column of the Items dataset"
                for name in columns
                if name.casefold() not in known
            ]
        if problems:
            raise InvalidInputException.of(problems)
        return columns

    def _allowed(
        self, request: _Request, filter_arn: str | None, values: dict[str, str] | None
    ) -> BoolArray | None:
        """Which of the model's items the filter lets through; None for all."""
        if filter_arn is None:
            return None
        from personalize_local.engine.events import NO_EVENTS  # noqa: PLC0415
        from personalize_local.engine.filtering import CompiledFilter, FilterValueError  # noqa: PLC0415

        deployment = request.deployment
        found = self._filter(filter_arn, request.campaign.group)
        expression = found.expression
        if expression.target != "ItemID":
            raise InvalidInputException(f"Filter {filter_arn} is for {expression.target}, not for ItemID.")
        if expression.uses_current_item and request.item is None:
            raise InvalidInputException(
                f"Filter {filter_arn} uses CurrentItem, which needs an itemId and a recipe for related items."
            )
        personal = expression.uses_interactions or expression.uses_current_user
        if personal and request.user is None:
            raise InvalidInputException(f"Filter {filter_arn} needs a userId.")
        compiled = deployment.filters.get(found.number)
        if compiled is None:
            compiled = deployment.filters[found.number] = CompiledFilter(expression, deployment.items)
        events, user = NO_EVENTS, None
        if expression.uses_interactions:
            events = deployment.events.of(request.user, [live.event for live in request.events])
        if expression.uses_current_user and deployment.users is not None and request.user is not None:
            user = deployment.users.record(request.user)
        try:
            return compiled.mask(values or {}, user, events, request.item)
        except FilterValueError as error:
            raise InvalidInputException(str(error)) from error

    def _listed(
        self,
        request: _Request,
        items: list[str],
        filter_arn: str | None,
        values: dict[str, str] | None,
    ) -> list[str]:
        """What the filter leaves of a list. An item that the model does not know meets no INCLUDE."""
        allowed = self._allowed(request, filter_arn, values)
        if allowed is None or filter_arn is None:
            return items
        parts = self._filter(filter_arn, request.campaign.group).expression.parts
        unknown = not any(part.action == "INCLUDE" for part in parts)
        position = request.deployment.model.position
        return [
            item for item in items if (unknown if (place := position(item)) is None else bool(allowed[place]))
        ]

    # -- promotions

    def _promoted(
        self, request: _Request, promotion: dict[str, Any], items: list[Answer], count: int
    ) -> list[Answer]:
        """Mix promoted items in, at random places, in their own order; too few leave room for others."""
        if not request.campaign.recipe.promotions:
            raise InvalidInputException(
                f"promotions are not supported by recipe {request.campaign.recipe.name}."
            )
        share = int(promotion.get("percentPromotedItems", 100))
        places = min(count, max(1, round(count * share / 100)))
        allowed = self._allowed(request, promotion.get("filterArn"), promotion.get("filterValues"))
        promoted = _answers(_best(request, allowed, places))
        for item in promoted:
            if name := promotion.get("name"):
                item["promotionName"] = name
            if "reason" in item or request.campaign.recipe.name.endswith("-v2"):
                item["reason"] = [_PROMOTED]
        ids = {item["itemId"] for item in promoted}
        others = [item for item in items if item["itemId"] not in ids][: count - len(promoted)]
        taken = set(self._random.sample(range(len(promoted) + len(others)), len(promoted)))
        first, second = iter(promoted), iter(others)
        return [next(first if place in taken else second) for place in range(len(promoted) + len(others))]


def _require(recipe: Recipe, **given: str | None) -> None:
    missing = [name for name in sorted(recipe.request) if name in given and not given[name]]
    if missing:
        raise InvalidInputException(f"{' and '.join(missing)}: required by recipe {recipe.name}.")


def _best(request: _Request, allowed: BoolArray | None, count: int) -> Scored:
    model = request.deployment.model
    with _refusals():
        if request.campaign.recipe.type == "RELATED_ITEMS":
            assert request.item  # see _require
            return model.similar(request.item, allowed=allowed, count=count)
        return model.recommend(
            request.user, request.untrained(), allowed=allowed, count=count, context=request.context
        )


@contextmanager
def _refusals() -> Iterator[None]:
    """What a model does not answer is a mistake of the request."""
    try:
        yield
    except RequestNotSupported as error:
        raise InvalidInputException(f"{error}.") from error


def _answers(found: Scored, *, unknown: float | None = None) -> list[Answer]:
    items: list[Answer] = [{"itemId": item} for item in found.items]
    if found.scores is not None:
        for item, score in zip(items, found.scores.tolist(), strict=True):
            if score == score:  # noqa: PLR0124 -- NaN: an item without score
                item["score"] = round(score, 7)
            elif unknown is not None:
                item["score"] = unknown
    if found.reasons is not None:
        for item, reason in zip(items, found.reasons, strict=True):
            if reason is not None:
                item["reason"] = [reason]
    return items


def _attach(request: _Request, items: list[Answer], columns: list[str]) -> None:
    if not columns:
        return
    table, position = request.deployment.items, request.deployment.model.position
    for item in items:
        place = position(item["itemId"])
        item["metadata"] = {} if place is None else table.metadata(place, columns)


def _recommendation_id() -> str:
    return f"RID-{uuid.uuid4()}"


def _not_found(arn: str) -> ServiceError:
    error = ResourceNotFoundException.of(arn)
    error.status = 404
    return error
