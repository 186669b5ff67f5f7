"""The runtime API: GetRecommendations, GetPersonalizedRanking, GetActionRecommendations, from memory.

Order, as the service documents it: candidates, without what the use case leaves out, request filter,
promotions, cut to numResults, metadata. The parts are in `requests`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.requests import arguments
from personalize_local.service.requests.answers import attach_metadata, recommendation_id, shown
from personalize_local.service.requests.filtering import allowed, listed
from personalize_local.service.requests.promotions import promoted, refuse_unfit
from personalize_local.service.requests.request import Request, best, read_context, refusals
from personalize_local.service.requests.shown_items import ShownItems
from personalize_local.service.requests.sources import Source, Sources
from personalize_local.service.resource import Answer, Context, operation
from personalize_rules import quotas as documented

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from personalize_local.service.deployments import Deployments
    from personalize_local.service.live_events import LiveEvent, LiveEvents


class Runtime:
    """GetRecommendations, GetPersonalizedRanking, GetActionRecommendations."""

    def __init__(
        self,
        context: Context,
        deployments: Deployments,
        live: LiveEvents,
        forgotten: Callable[[str, str, str], bool],
    ) -> None:
        """`forgotten` tells of group, user and version whether the model must take the user for unknown."""
        self.context = context
        self._deployments = deployments
        self._live = live
        self._forgotten = forgotten
        self._sources = Sources(context.store)
        self.shown = ShownItems(context.settings.remembered_answers)

    def answers_at_once(self, params: Mapping[str, Any]) -> bool:
        """Whether all that a request names is in memory: it will wait neither for files nor for the store."""
        sources = self._sources
        found = sources.at_hand(params.get("campaignArn") or params.get("recommenderArn") or "")
        if found is None or self._deployments.loaded(found.version) is None:
            return False
        filters = [params.get("filterArn"), *[one.get("filterArn") for one in params.get("promotions") or ()]]
        return all(arn is None or sources.has(arn) for arn in filters)

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
        """Items for a user, or related to an item, by the recipe of the campaign or the use case."""
        source = self._asked(campaignArn, recommenderArn)
        arguments.refuse_wrong_operation(source, "GetRecommendations")
        arguments.require(source, userId=userId, itemId=itemId)
        with_metadata = bool(metadataColumns)
        quotas = self.context.settings.quotas
        limit = arguments.most(quotas, with_metadata=with_metadata)
        count = arguments.checked_count(
            numResults, documented.RESULTS_DEFAULT, limit, with_metadata=with_metadata
        )
        refuse_unfit(source, promotions)
        request = self._request(source, userId, itemId, context)
        columns = arguments.metadata_columns(request, metadataColumns, quotas.metadata_columns)
        mask = allowed(self._sources, request, filterArn, filterValues)
        items = shown(best(request, mask, count), source.recipe)
        if promotions:
            items = promoted(self._sources, request, promotions[0], items, count)
        attach_metadata(request, items, columns)
        answer_id = recommendation_id(source)
        if source.recipe.exploration:
            self.shown.keep(answer_id, items)
        return {"itemList": items, "recommendationId": answer_id}

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
        source = self._sources.source(campaignArn, kinds.CAMPAIGN)
        arguments.refuse_wrong_operation(source, "GetPersonalizedRanking")
        arguments.require(source, userId=userId)
        with_metadata = bool(metadataColumns)
        quotas = self.context.settings.quotas
        limit = arguments.most(quotas, with_metadata=with_metadata)
        arguments.checked_list(inputList, limit, with_metadata=with_metadata)
        request = self._request(source, userId, None, context)
        columns = arguments.metadata_columns(request, metadataColumns, quotas.metadata_columns)
        rest = listed(self._sources, request, inputList, filterArn, filterValues)
        with refusals():
            found = request.deployment.model.rank(
                request.user, request.untrained(), rest, context=request.context
            )
        items = shown(found, source.recipe, unknown=self.context.settings.unknown_ranked_items_score)
        attach_metadata(request, items, columns)
        return {"personalizedRanking": items, "recommendationId": recommendation_id(source)}

    @operation
    def get_action_recommendations(
        self,
        *,
        campaignArn: str | None = None,
        userId: str | None = None,
        numResults: int | None = None,
        filterArn: str | None = None,
        filterValues: dict[str, str] | None = None,
    ) -> Answer:
        """The actions that a user will most likely take."""
        if campaignArn is None:
            raise InvalidInputException("campaignArn: required.")
        source = self._sources.source(campaignArn, kinds.CAMPAIGN)
        arguments.refuse_wrong_operation(source, "GetActionRecommendations")
        arguments.require(source, userId=userId)
        limit = self.context.settings.quotas.action_results
        count = arguments.checked_count(numResults, documented.ACTION_RESULTS_DEFAULT, limit)
        request = self._request(source, userId, None, None)
        mask = allowed(self._sources, request, filterArn, filterValues)
        actions = shown(best(request, mask, count), source.recipe)
        return {"actionList": actions, "recommendationId": recommendation_id(source)}

    def _asked(self, campaign: str | None, recommender: str | None) -> Source:
        if campaign is not None and recommender is None:
            return self._sources.source(campaign, kinds.CAMPAIGN)
        if recommender is not None and campaign is None:
            return self._sources.source(recommender, kinds.RECOMMENDER)
        raise InvalidInputException("Give exactly one of campaignArn and recommenderArn.")

    def _request(
        self, source: Source, user: str | None, item: str | None, context: dict[str, str] | None
    ) -> Request:
        deployment = self._deployments.get(source.version)
        live: tuple[LiveEvent, ...] = ()
        known = user
        if user is not None:
            if deployment.dataset is not None:
                live = self._live.of(deployment.dataset, user)
            if self._forgotten(source.group, user, source.version):
                known = None
        return Request(source, deployment, user is not None, known, item, live, read_context(source, context))
