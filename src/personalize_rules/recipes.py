"""The recipe catalogue: what can be trained or served, from which data, how it is asked, and what can be set.

Source: Developer Guide, "Choosing a recipe" and the page of each recipe; answers of DescribeRecipe. Where
they disagree (the type of `aws-popularity-count`), DescribeRecipe is followed.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from personalize_rules.schemas import DatasetType, Domain

ARN_PREFIX: Final = "arn:aws:personalize:::recipe/"

_ARN = re.compile(r"^arn:aws[a-z-]*:personalize:::recipe/")
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

RecipeType = Literal[
    "USER_PERSONALIZATION",
    "PERSONALIZED_RANKING",
    "RELATED_ITEMS",
    "POPULAR_ITEMS",
    "PERSONALIZED_ACTIONS",
    "USER_SEGMENTATION",
]
ParameterType = Literal["integer", "continuous", "categorical"]
ParameterPlace = Literal["algorithm", "featureTransformation", "campaign"]


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A setting of a recipe. Personalize passes all of them as strings, so `default` is one too.

    `place` is where the API takes it: `solutionConfig.algorithmHyperParameters`,
    `solutionConfig.featureTransformationParameters`, or `campaignConfig.itemExplorationConfig`.
    """

    name: str
    default: str
    type: ParameterType
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    tunable: bool = False
    place: ParameterPlace = "algorithm"
    only_tuned: bool = False
    """It has no fixed value: it can be set only as a range for hyperparameter optimization."""
    exclusive_minimum: bool = False

    def problem(self, value: str) -> str | None:
        """Say why `value` is not allowed; None if it is."""
        if self.type == "categorical":
            return None if value.lower() in [known.lower() for known in self.values] else self.allowed
        if not (_WHOLE if self.type == "integer" else _DECIMAL).fullmatch(value):
            return self.allowed
        number = float(value)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        inside = low < number <= high if self.exclusive_minimum else low <= number <= high
        return None if inside and math.isfinite(number) else self.allowed

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.type == "categorical":
            return "one of " + ", ".join(self.values)
        kind = "a whole number" if self.type == "integer" else "a number"
        if self.minimum is None:
            return kind
        if self.maximum is None:
            return f"{kind} greater than {self.minimum:g}"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe or, with a domain, one use case of recommenders."""

    name: str
    type: RecipeType
    description: str
    required_datasets: tuple[DatasetType, ...] = (DatasetType.INTERACTIONS,)
    optional_datasets: tuple[DatasetType, ...] = ()
    request: frozenset[str] = frozenset({"userId"})
    """What a real-time request must carry; empty: nothing (a filter may need the user), or no real time."""
    domain: Domain | None = None
    campaign: bool = True
    batch_inference: bool = True
    batch_segment: bool = False
    hyperparameters: tuple[Hyperparameter, ...] = ()
    hpo: bool = False
    """Whether `performHPO` may be true."""
    scores: bool = True
    """Whether answers carry scores."""
    context: bool = False
    """Whether the context of a request is used."""
    promotions: bool = False
    metadata: Literal["automatic", "opt-in", "none"] = "opt-in"
    exploration: bool = False
    """Whether `campaignConfig.itemExplorationConfig` may be set."""
    ranking_influence: bool = False
    update_training: bool = False
    """Whether `trainingMode: UPDATE` is allowed."""
    incremental_update: bool = False
    """Whether `performIncrementalUpdate` is allowed."""
    auto_update: bool = False
    """Whether deployed models take up new items every two hours by themselves."""
    follows_events: bool = False
    """Whether the update is also about new events: it is of the models of what is trending."""
    events_config: bool = False
    """Whether `solutionConfig.eventsConfig` is allowed."""
    optimization_objective: bool = False
    event_type: str | None = None
    """The type of event that a use case needs 1,000 of; None if all types count."""
    leaves_out: str | None = None
    """The type of event after which a use case does not recommend an item to the same user any more."""
    retired: bool = False
    replaced_by: str | None = None
    """The recipe to use instead of a retired one."""
    algorithm: str = ""
    feature_transformation: str | None = None

    @property
    def arn(self) -> str:
        """Recipes have neither region nor account."""
        return ARN_PREFIX + self.name

    @property
    def algorithm_arn(self) -> str:
        """The algorithm's ARN; as a rule its name is the recipe's."""
        return f"arn:aws:personalize:::algorithm/{self.algorithm or self.name}"

    @property
    def feature_transformation_arn(self) -> str | None:
        """The feature transformation's ARN, if there is one."""
        if self.feature_transformation is None:
            return None
        return f"arn:aws:personalize:::feature-transformation/{self.feature_transformation}"

    def hyperparameter(self, name: str) -> Hyperparameter | None:
        """Return the setting of this name."""
        return next((parameter for parameter in self.hyperparameters if parameter.name == name), None)


_USER: Final = frozenset({"userId"})
_ITEM: Final = frozenset({"itemId"})
_USER_AND_ITEM: Final = _USER | _ITEM
_RANKING: Final = frozenset({"userId", "inputList"})
_NOBODY: Final[frozenset[str]] = frozenset()

_INTERACTIONS: Final = (DatasetType.INTERACTIONS,)
_METADATA: Final = (DatasetType.ITEMS, DatasetType.USERS)

_TRUE_FALSE: Final = ("true", "false")


def _integer(name: str, default: int, minimum: int, maximum: int, *, tunable: bool = False) -> Hyperparameter:
    return Hyperparameter(name, str(default), "integer", minimum, maximum, tunable=tunable)


def _percentile(name: str, default: float) -> Hyperparameter:
    return Hyperparameter(name, str(default), "continuous", 0, 1, place="featureTransformation")


_RECENCY_BIAS: Final = Hyperparameter("apply_recency_bias", "true", "categorical", values=_TRUE_FALSE)
_RECENCY_MASK: Final = Hyperparameter(
    "recency_mask", "True", "categorical", values=("True", "False"), tunable=True
)
_USER_HISTORY: Final = (
    _percentile("min_user_history_length_percentile", 0.0),
    _percentile("max_user_history_length_percentile", 0.99),
)
_SEQUENCE: Final = (
    _integer("hidden_dimension", 149, 32, 256, tunable=True),
    _integer("bptt", 32, 2, 32, tunable=True),
    _RECENCY_MASK,
    *_USER_HISTORY,
)
_EXPLORATION: Final = (
    Hyperparameter("explorationWeight", "0.3", "continuous", 0, 1, place="campaign"),
    Hyperparameter(
        "explorationItemAgeCutOff", "30.0", "continuous", 0, None, place="campaign", exclusive_minimum=True
    ),
)
_ONLY_BY_HPO: Final = tuple(
    Hyperparameter(name, "100", "integer", 30, 200, tunable=True, only_tuned=True)
    for name in ("item_id_hidden_dim", "item_metadata_hidden_dim")
)
_SEGMENT_DIMENSION: Final = (_integer("hidden_dimension", 149, 32, 256),)

_CUSTOM: Final = (
    Recipe(
        name="aws-user-personalization-v2",
        type="USER_PERSONALIZATION",
        description="Recommends items to a user with a transformer trained on interactions and metadata.",
        optional_datasets=_METADATA,
        hyperparameters=(_RECENCY_BIAS,),
        context=True,
        promotions=True,
        metadata="automatic",
        events_config=True,
        auto_update=True,
    ),
    Recipe(
        name="aws-user-personalization",
        type="USER_PERSONALIZATION",
        description="Recommends items to a user and explores new items.",
        optional_datasets=_METADATA,
        hyperparameters=(*_SEQUENCE, *_EXPLORATION),
        hpo=True,
        context=True,
        promotions=True,
        exploration=True,
        update_training=True,
        optimization_objective=True,
        feature_transformation="JSON-percentile-filtering",
        auto_update=True,
    ),
    Recipe(
        name="aws-personalized-ranking-v2",
        type="PERSONALIZED_RANKING",
        description="Puts a list of items in the order that suits a user, with a transformer.",
        optional_datasets=_METADATA,
        request=_RANKING,
        hyperparameters=(_RECENCY_BIAS,),
        context=True,
        metadata="automatic",
        events_config=True,
    ),
    Recipe(
        name="aws-personalized-ranking",
        type="PERSONALIZED_RANKING",
        description="Puts a list of items in the order that suits a user.",
        optional_datasets=_METADATA,
        request=_RANKING,
        hyperparameters=_SEQUENCE,
        hpo=True,
        context=True,
        optimization_objective=True,
        feature_transformation="JSON-percentile-filtering",
    ),
    Recipe(
        name="aws-similar-items",
        type="RELATED_ITEMS",
        description="Finds items that are used together with an item or have similar metadata.",
        optional_datasets=(DatasetType.ITEMS,),
        request=_ITEM,
        hyperparameters=(
            Hyperparameter("popularity_discount_factor", "0.0", "continuous", 0, 1),
            *_ONLY_BY_HPO,
        ),
        hpo=True,
        scores=False,
        promotions=True,
    ),
    Recipe(
        name="aws-sims",
        type="RELATED_ITEMS",
        description="Finds items that the same users used together with an item.",
        request=_ITEM,
        hyperparameters=(
            Hyperparameter("popularity_discount_factor", "0.5", "continuous", 0, 1, tunable=True),
            _integer("min_cointeraction_count", 3, 0, 10, tunable=True),
            _percentile("min_user_history_length_percentile", 0.005),
            _percentile("max_user_history_length_percentile", 0.995),
            _percentile("min_item_interaction_count_percentile", 0.01),
            _percentile("max_item_interaction_count_percentile", 0.9),
        ),
        hpo=True,
        scores=False,
        promotions=True,
        feature_transformation="sims",
    ),
    Recipe(
        name="aws-semantic-similarity",
        type="RELATED_ITEMS",
        description="Finds items whose names and descriptions mean similar things.",
        required_datasets=(DatasetType.ITEMS,),
        optional_datasets=_INTERACTIONS,
        request=_ITEM,
        scores=False,
        metadata="automatic",
        ranking_influence=True,
        incremental_update=True,
        feature_transformation="aws-semantic-similarity",
    ),
    Recipe(
        name="aws-popularity-count",
        type="USER_PERSONALIZATION",
        description="Recommends the items that most users used; the baseline for all others.",
        request=_NOBODY,
        scores=False,
        promotions=True,
        feature_transformation="sims",
    ),
    Recipe(
        name="aws-trending-now",
        type="POPULAR_ITEMS",
        description="Recommends the items whose use rises fastest.",
        request=_NOBODY,
        batch_inference=False,
        hyperparameters=(
            Hyperparameter(
                "trend_discovery_frequency",
                "2 hours",
                "categorical",
                values=("30 minutes", "1 hour", "2 hours", "3 hours", "1 day"),
                place="featureTransformation",
            ),
        ),
        scores=False,
        promotions=True,
        algorithm="aws-trending-now-custom",
        auto_update=True,
        follows_events=True,
    ),
    Recipe(
        name="aws-next-best-action",
        type="PERSONALIZED_ACTIONS",
        description="Recommends the action that a user will most likely take.",
        required_datasets=(DatasetType.ACTIONS, DatasetType.INTERACTIONS),
        optional_datasets=(DatasetType.ACTION_INTERACTIONS, *_METADATA),
        batch_inference=False,
        hyperparameters=(_integer("action_optimization_period", 14, 7, 28),),
        metadata="none",
        auto_update=True,
    ),
    Recipe(
        name="aws-item-affinity",
        type="USER_SEGMENTATION",
        description="Finds the users who will most likely use an item.",
        optional_datasets=_METADATA,
        request=_NOBODY,
        campaign=False,
        batch_inference=False,
        batch_segment=True,
        hyperparameters=_SEGMENT_DIMENSION,
        scores=False,
        metadata="none",
        feature_transformation="item-affinity",
    ),
    Recipe(
        name="aws-item-attribute-affinity",
        type="USER_SEGMENTATION",
        description="Finds the users who will most likely use items with certain attributes.",
        required_datasets=(DatasetType.INTERACTIONS, DatasetType.ITEMS),
        optional_datasets=(DatasetType.USERS,),
        request=_NOBODY,
        campaign=False,
        batch_inference=False,
        batch_segment=True,
        hyperparameters=_SEGMENT_DIMENSION,
        scores=False,
        metadata="none",
        feature_transformation="item-affinity",
    ),
)


def _hrnn(
    name: str,
    description: str,
    hidden_dimension: int,
    *more: Hyperparameter,
    update_training: bool = False,
) -> Recipe:
    return Recipe(
        name=name,
        type="USER_PERSONALIZATION",
        description=description,
        optional_datasets=_METADATA,
        hyperparameters=(
            _integer("hidden_dimension", hidden_dimension, 32, 256, tunable=True),
            _integer("bptt", 32, 2, 32, tunable=True),
            _RECENCY_MASK,
            *_USER_HISTORY,
            *more,
        ),
        hpo=True,
        update_training=update_training,
        retired=True,
        replaced_by="aws-user-personalization-v2",
        feature_transformation="JSON-percentile-filtering",
    )


_RETIRED: Final = (
    _hrnn("aws-hrnn", "Recommended items to a user; no longer available.", 43),
    _hrnn("aws-hrnn-metadata", "Recommended items with metadata; no longer available.", 43),
    _hrnn(
        "aws-hrnn-coldstart",
        "Recommended new items; no longer available.",
        149,
        Hyperparameter("cold_start_max_interactions", "15", "integer", place="featureTransformation"),
        Hyperparameter("cold_start_max_duration", "5.0", "continuous", place="featureTransformation"),
        Hyperparameter(
            "cold_start_relative_from",
            "latestItem",
            "categorical",
            values=("currentTime", "latestItem"),
            place="featureTransformation",
        ),
        update_training=True,
    ),
)


def _use_case(
    name: str,
    domain: Domain,
    type: RecipeType,  # noqa: A002
    description: str,
    request: frozenset[str],
    *,
    event_type: str | None = None,
    required: tuple[DatasetType, ...] = _INTERACTIONS,
    exploration: bool = False,
    leaves_out: str | None = None,
) -> Recipe:
    return Recipe(
        name=name,
        type=type,
        description=description,
        required_datasets=required,
        optional_datasets=tuple(kind for kind in _METADATA if kind not in required),
        request=request,
        domain=domain,
        campaign=False,
        batch_inference=False,
        hyperparameters=_EXPLORATION if exploration else (),
        exploration=exploration,
        auto_update=exploration or name.endswith("-trending-now"),
        follows_events=name.endswith("-trending-now"),
        scores=False,
        promotions=True,
        context=exploration,
        event_type=event_type,
        leaves_out=leaves_out,
    )


_USE_CASES: Final = (
    _use_case(
        "aws-vod-because-you-watched-x",
        Domain.VIDEO_ON_DEMAND,
        "RELATED_ITEMS",
        "Videos that users who watched a video also watched, without those the user has seen.",
        _USER_AND_ITEM,
        event_type="Watch",
        leaves_out="Watch",
    ),
    _use_case(
        "aws-vod-more-like-x",
        Domain.VIDEO_ON_DEMAND,
        "RELATED_ITEMS",
        "Videos that are similar to a video, without those the user has seen.",
        _USER_AND_ITEM,
        required=(DatasetType.INTERACTIONS, DatasetType.ITEMS),
        leaves_out="Watch",
    ),
    _use_case(
        "aws-vod-most-popular",
        Domain.VIDEO_ON_DEMAND,
        "POPULAR_ITEMS",
        "Videos that most users watched.",
        _USER,
        event_type="Watch",
    ),
    _use_case(
        "aws-vod-trending-now",
        Domain.VIDEO_ON_DEMAND,
        "POPULAR_ITEMS",
        "Videos whose popularity rises fastest.",
        _NOBODY,
    ),
    _use_case(
        "aws-vod-top-picks",
        Domain.VIDEO_ON_DEMAND,
        "USER_PERSONALIZATION",
        "Videos picked for a user, without those the user has seen.",
        _USER,
        exploration=True,
        leaves_out="Watch",
    ),
    _use_case(
        "aws-ecomm-popular-items-by-views",
        Domain.ECOMMERCE,
        "POPULAR_ITEMS",
        "Products that most users viewed.",
        _USER,
        event_type="View",
    ),
    _use_case(
        "aws-ecomm-popular-items-by-purchases",
        Domain.ECOMMERCE,
        "POPULAR_ITEMS",
        "Products that most users bought.",
        _USER,
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-frequently-bought-together",
        Domain.ECOMMERCE,
        "RELATED_ITEMS",
        "Products that are bought together with a product.",
        _ITEM,
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        Domain.ECOMMERCE,
        "RELATED_ITEMS",
        "Products that users who viewed a product also viewed, without those the user has bought.",
        _USER_AND_ITEM,
        event_type="View",
        leaves_out="Purchase",
    ),
    _use_case(
        "aws-ecomm-recommended-for-you",
        Domain.ECOMMERCE,
        "USER_PERSONALIZATION",
        "Products picked for a user, without those the user has bought.",
        _USER,
        exploration=True,
        leaves_out="Purchase",
    ),
)

RECIPES: Final[Mapping[str, Recipe]] = {recipe.name: recipe for recipe in (*_CUSTOM, *_USE_CASES, *_RETIRED)}
"""All recipes by name: custom ones, use cases (with `domain`), and the retired (with `retired`)."""


def find_recipe(arn_or_name: str) -> Recipe | None:
    """Return the recipe of this ARN (any partition) or name; None if Personalize has none such."""
    return RECIPES.get(_ARN.sub("", arn_or_name))
