"""Which trainer stands behind which recipe, and what the recipe's hyperparameters mean to it.

The service's models are neural; ours are not. A hyperparameter is translated into the quantity of ours that
plays the same part, scaled so that the documented default is our default. Percentiles that limit the training
data are applied only when given: the documented defaults of SIMS would drop the most popular tenth of the
items, which the recorded results of the service contradict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from personalize_local.engine.models import trending
from personalize_local.engine.models.personal import PersonalModel, PersonalTrainer
from personalize_local.engine.models.popular import PopularModel, PopularTrainer
from personalize_local.engine.models.related import RelatedModel, SimilarItemsTrainer, SimsTrainer
from personalize_local.engine.models.relations import EASE_KEPT, TRANSITION_WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array, Int64Array
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.base import TrainedModel
    from personalize_local.engine.models.inner_split import InnerSplit
    from personalize_local.engine.training_job import TrainingJob, TrainingResult


class Learnt(Protocol):
    """What a trainer learnt on the inner users."""

    @property
    def quality(self) -> float:
        """How well it did there; larger is better."""
        ...


class Fit(Protocol):
    """A fitted model without its users."""

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return item numbers, the best first, as the metrics ask for them."""
        ...


class Trainer(Protocol):
    """Two steps: learn settings on inner users, then fit with them, once per use of the data."""

    def learn(self, inner: InnerSplit) -> Any: ...
    def fit(self, interactions: Interactions, learnt: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class RecipeModel:
    """A recipe that can be trained.

    Attributes:
        trainer: makes a trainer from the hyperparameters and the weight per event type number.
        model: class of the trained model.
        tunable: the hyperparameters that a search varies, and their values: (least, most) or a list of texts.
        defaults: their values when nothing is given.

    """

    trainer: Callable[[Mapping[str, str], Float32Array | None], Trainer]
    model: Callable[[str, Histories, Any], TrainedModel]
    read: Callable[[Path, Mapping[str, Any], Histories], TrainedModel]
    tunable: Mapping[str, tuple[float, float] | list[str]]
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OwnTraining:
    """A recipe that is not fitted to histories of items: it trains, measures and writes in its own way.

    `refresh`, where there is one, is given the folder of a trained model and a job with the data of today; it
    writes a model that knows new items or the newest trends to `job.output`, relearns nothing, and returns
    whether it has written.
    """

    train: Callable[[TrainingJob], TrainingResult]
    read: Callable[[Path, Mapping[str, Any], Histories], TrainedModel]
    refresh: Callable[[Path, TrainingJob], bool] | None = None


def _flag(text: str) -> bool:
    return text.strip().lower() == "true"


def _scaled(value: str | None, documented: int, ours: int) -> int:
    return ours if value is None else max(1, round(int(value) * ours / documented))


def _personal(parameters: Mapping[str, str], weights: Float32Array | None) -> PersonalTrainer:
    return PersonalTrainer(
        kept=_scaled(parameters.get("hidden_dimension"), 149, EASE_KEPT),
        window=_scaled(parameters.get("bptt"), 32, TRANSITION_WINDOW),
        recency=_flag(parameters.get("recency_mask", parameters.get("apply_recency_bias", "true"))),
        event_weights=weights,
    )


def _similar_items(parameters: Mapping[str, str], _: Float32Array | None) -> SimilarItemsTrainer:
    return SimilarItemsTrainer(
        kept=_scaled(parameters.get("item_id_hidden_dim"), 100, EASE_KEPT),
        popularity_discount=float(parameters.get("popularity_discount_factor", "0.0")),
    )


def _sims(parameters: Mapping[str, str], _: Float32Array | None) -> SimsTrainer:
    return SimsTrainer(
        popularity_discount=float(parameters.get("popularity_discount_factor", "0.5")),
        minimum=int(parameters.get("min_cointeraction_count", "3")),
    )


_V1 = RecipeModel(
    trainer=_personal,
    model=PersonalModel,
    read=PersonalModel.read,
    tunable={"hidden_dimension": (32, 256), "bptt": (2, 32), "recency_mask": ["True", "False"]},
    defaults={"hidden_dimension": "149", "bptt": "32", "recency_mask": "True"},
)
_V2 = RecipeModel(trainer=_personal, model=PersonalModel, read=PersonalModel.read, tunable={}, defaults={})
_SIMILAR_ITEMS = RecipeModel(
    trainer=_similar_items,
    model=RelatedModel,
    read=RelatedModel.read,
    tunable={"item_id_hidden_dim": (30, 200)},
    defaults={"item_id_hidden_dim": "100"},
)
_SIMS = RecipeModel(
    trainer=_sims,
    model=RelatedModel,
    read=RelatedModel.read,
    tunable={"popularity_discount_factor": (0.0, 1.0), "min_cointeraction_count": (0, 10)},
    defaults={"popularity_discount_factor": "0.5", "min_cointeraction_count": "3"},
)
_POPULAR = RecipeModel(
    trainer=lambda _parameters, _weights: PopularTrainer(),
    model=PopularModel,
    read=PopularModel.read,
    tunable={},
    defaults={},
)

RECIPES: Mapping[str, RecipeModel] = {
    "aws-user-personalization": _V1,
    "aws-user-personalization-v2": _V2,
    "aws-personalized-ranking": _V1,
    "aws-personalized-ranking-v2": _V2,
    "aws-similar-items": _SIMILAR_ITEMS,
    "aws-sims": _SIMS,
    "aws-popularity-count": _POPULAR,
    # Use cases of recommenders; `use_cases` says which events they are about.
    "aws-vod-top-picks": _V1,
    "aws-vod-more-like-x": _SIMILAR_ITEMS,
    "aws-vod-because-you-watched-x": _SIMS,
    "aws-vod-most-popular": _POPULAR,
    "aws-ecomm-recommended-for-you": _V1,
    "aws-ecomm-customers-who-viewed-x-also-viewed": _SIMS,
    "aws-ecomm-frequently-bought-together": _SIMS,
    "aws-ecomm-popular-items-by-views": _POPULAR,
    "aws-ecomm-popular-items-by-purchases": _POPULAR,
}
_TRENDING = OwnTraining(trending.train, trending.TrendingModel.read, trending.refresh)
OWN_TRAININGS: Mapping[str, OwnTraining] = {
    "aws-trending-now": _TRENDING,
    "aws-vod-trending-now": _TRENDING,
}

INTEGERS = frozenset({"hidden_dimension", "bptt", "item_id_hidden_dim", "min_cointeraction_count"})


def trained_recipes() -> list[str]:
    """Return the names of the recipes that can be trained."""
    return [*RECIPES, *OWN_TRAININGS]


def read_model(folder: Path, description: Mapping[str, Any], histories: Histories) -> TrainedModel:
    """Open what a training has written."""
    name = description["recipe"]
    return (RECIPES.get(name) or OWN_TRAININGS[name]).read(folder, description, histories)
