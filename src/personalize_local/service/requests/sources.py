"""What a request names: a campaign or a recommender, and filters. Read once per generation of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personalize_local.service import kinds
from personalize_local.service.errors import InvalidInputException, ResourceNotFoundException, ServiceError
from personalize_local.service.exploration_rules import read_exploration
from personalize_local.service.kinds import Status
from personalize_rules.filters import FilterExpression, parse_filter
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.engine.answers import Exploration
    from personalize_local.service.store import Record, Store

_CONFIGS: Final = {kinds.CAMPAIGN: "campaignConfig", kinds.RECOMMENDER: "recommenderConfig"}


@dataclass(frozen=True, slots=True)
class Source:
    """A campaign or a recommender, as requests see it.

    Attributes:
        arn: its own.
        kind: `kinds.CAMPAIGN` or `kinds.RECOMMENDER`.
        number: of its record; `answers.recommendation_id` carries it.
        version: ARN of what `Deployments` knows its model by.
        group: ARN of its dataset group.
        recipe: of the solution, or the use case.
        metadata: whether answers may carry metadata.
        exploration: as configured; None is the recipe's own.
        influence: `rankingInfluence` of the campaign.
        left_out: type of event, in lower case, whose items the use case leaves out by itself.

    """

    arn: str
    kind: str
    number: int
    version: str
    group: str
    recipe: Recipe
    metadata: bool
    exploration: Exploration | None
    influence: Mapping[str, float] | None
    left_out: str | None

    def __str__(self) -> str:
        return f"{self.kind.capitalize()} {self.arn}"


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A filter, read."""

    arn: str
    number: int
    group: str
    expression: FilterExpression


class Sources:
    """Campaigns, recommenders and filters by ARN. What is found is good for one generation of the store.

    Errors are not kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Source | NamedFilter] = {}
        self._generation = -1

    def at_hand(self, arn: str) -> Source | None:
        """The campaign or recommender, if nothing has to be read for it."""
        found = self._of_now().get(arn)
        return found if isinstance(found, Source) else None

    def has(self, arn: str) -> bool:
        """Whether nothing has to be read for what has this ARN."""
        return arn in self._of_now()

    def source(self, arn: str, kind: str) -> Source:
        """The campaign, or the recommender, if it can answer.

        Raises:
            ResourceNotFoundException: there is none (404, as the runtime API says it).
            InvalidInputException: it is not ACTIVE.
        """
        known = self._of_now()
        found = known.get(arn)
        if not isinstance(found, Source) or found.kind != kind:
            found = known[arn] = _source(self._active(arn, kind), self._store)
        return found

    def filter(self, arn: str, group: str) -> NamedFilter:
        """The filter, if requests to this dataset group can use it.

        Raises:
            ResourceNotFoundException: there is none.
            InvalidInputException: it is not ACTIVE, or belongs to another dataset group.
        """
        known = self._of_now()
        found = known.get(arn)
        if not isinstance(found, NamedFilter):
            record = self._active(arn, kinds.FILTER)
            expression = parse_filter(record.body["filterExpression"])
            found = known[arn] = NamedFilter(arn, record.number, record.group, expression)
        if found.group != group:
            raise InvalidInputException(f"Filter {arn} belongs to another dataset group: {found.group}.")
        return found

    def _of_now(self) -> dict[str, Source | NamedFilter]:
        """What is known of this generation. Whoever adds to it must have found it after this call.

        Another thread may begin the next generation meanwhile; it begins with another dict.
        """
        generation = self._store.generation
        if self._generation != generation:
            self._known, self._generation = {}, generation
        return self._known

    def _active(self, arn: str, kind: str) -> Record:
        record = self._store.get(arn)
        if record is None or record.kind != kind:
            raise not_found(arn)
        if record.status != Status.ACTIVE:
            advice = " StartRecommender lets it answer again." if record.status == Status.INACTIVE else ""
            raise InvalidInputException(
                f"{kind.capitalize()} {arn} is not ACTIVE. Its status is {record.status}.{advice}"
            )
        return record


def _source(record: Record, store: Store) -> Source:
    version = store.get(record.private["version"])
    assert version  # cannot be deleted while the campaign or recommender uses it
    recipe = find_recipe(version.body["recipeArn"])
    assert recipe  # checked when it was created
    config = record.body.get(_CONFIGS[record.kind], {})
    return Source(
        arn=record.arn,
        kind=record.kind,
        number=record.number,
        version=version.arn,
        group=record.group,
        recipe=recipe,
        metadata=recipe.metadata == "automatic" or bool(config.get("enableMetadataWithRecommendations")),
        exploration=read_exploration(recipe, config.get("itemExplorationConfig")),
        influence=config.get("rankingInfluence") or None,
        left_out=recipe.leaves_out.lower() if recipe.leaves_out else None,
    )


def not_found(arn: str) -> ServiceError:
    """The error for an ARN that is unknown, with the status that it has in the runtime API."""
    error = ResourceNotFoundException.of(arn)
    error.status = 404
    return error
