"""Which trainer stands behind which recipe, and what the recipe's hyperparameters mean to it.

The service's models are neural; ours are not. A hyperparameter is translated into the quantity of ours that
plays the same part, scaled so that the documented default is our default. Percentiles that limit the training
data are applied only when given: the documented defaults of SIMS would drop the most popular tenth of the
items, which the recorded results of the service contradict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from personalize_local.engine.answers import Exploration
from personalize_local.engine.models import (
    action_refresh,
    action_training,
    affinity_training,
    semantic_training,
    trending,
)
from personalize_local.engine.models.actions import ActionModel
from personalize_local.engine.models.affinity import AffinityModel
from personalize_local.engine.models.exploration import AUTOMATIC
from personalize_local.engine.models.likeness import DIMENSIONS
from personalize_local.engine.models.personal import PersonalModel
from personalize_local.engine.models.personal_training import ColdStart, PersonalTrainer
from personalize_local.engine.models.popular import PopularModel, PopularTrainer
from personalize_local.engine.models.related import (
    ALIKE_SHARE,
    RelatedModel,
    SimilarItemsTrainer,
    SimsTrainer,
)
from personalize_local.engine.models.relations import EASE_KEPT, TRANSITION_WINDOW
from personalize_local.engine.models.semantic import SemanticModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array
    from personalize_local.engine.histories import Histories
    from personalize_local.engine.models.base import TrainedModel
    from personalize_local.engine.trainers import Trainer
    from personalize_local.engine.training_job import TrainingJob, TrainingResult


HRNN_DIMENSION = "43"


@dataclass(frozen=True, slots=True)
class RecipeModel:
    """A recipe that can be trained.

    Attributes:
        trainer: makes a trainer from the hyperparameters and the weight per event type number.
        model: class of the trained model.
        tunable: the hyperparameters that a search varies, and their values: (least, most) or a list of texts.
        defaults: their values when nothing is given.
        catalogue: all items of the Items dataset are items of the model, and their metadata counts: the
            trainer has `informed`.
        context: requests may say in which situation they are made.

    """

    trainer: Callable[[Mapping[str, str], Float32Array | None], Trainer]
    model: Callable[[str, Histories, Any], TrainedModel]
    read: Callable[[Path, Mapping[str, Any], Histories], TrainedModel]
    tunable: Mapping[str, tuple[float, float] | list[str]]
    defaults: Mapping[str, str]
    catalogue: bool = False
    context: bool = False


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


def _personal(
    parameters: Mapping[str, str], weights: Float32Array | None, exploration: Exploration | None = None
) -> PersonalTrainer:
    return PersonalTrainer(
        kept=_scaled(parameters.get("hidden_dimension"), 149, EASE_KEPT),
        window=_scaled(parameters.get("bptt"), 32, TRANSITION_WINDOW),
        recency=_flag(parameters.get("recency_mask", parameters.get("apply_recency_bias", "true"))),
        event_weights=weights,
        exploration=exploration,
    )


def _hrnn(parameters: Mapping[str, str], weights: Float32Array | None) -> PersonalTrainer:
    # The documented dimension of these is smaller, and so is what is kept.
    return _personal({"hidden_dimension": HRNN_DIMENSION, **parameters}, weights)


def _hrnn_metadata(parameters: Mapping[str, str], weights: Float32Array | None) -> PersonalTrainer:
    return replace(_hrnn(parameters, weights), alike=ALIKE_SHARE)


def _hrnn_coldstart(parameters: Mapping[str, str], weights: Float32Array | None) -> PersonalTrainer:
    return replace(
        _personal(parameters, weights),
        cold_start=ColdStart(
            interactions=int(parameters.get("cold_start_max_interactions", "15")),
            days=float(parameters.get("cold_start_max_duration", "5.0")),
            from_latest=parameters.get("cold_start_relative_from", "latestItem").lower() != "currenttime",
        ),
    )


def _similar_items(parameters: Mapping[str, str], _: Float32Array | None) -> SimilarItemsTrainer:
    return SimilarItemsTrainer(
        kept=_scaled(parameters.get("item_id_hidden_dim"), 100, EASE_KEPT),
        popularity_discount=float(parameters.get("popularity_discount_factor", "0.0")),
        dimensions=int(parameters.get("item_metadata_hidden_dim", DIMENSIONS)),
    )


def _sims(parameters: Mapping[str, str], _: Float32Array | None) -> SimsTrainer:
    return SimsTrainer(
        popularity_discount=float(parameters.get("popularity_discount_factor", "0.5")),
        minimum=int(parameters.get("min_cointeraction_count", "3")),
    )


_V2 = RecipeModel(
    trainer=_personal,
    model=PersonalModel,
    read=PersonalModel.read,
    tunable={},
    defaults={},
    catalogue=True,
    context=True,
)
_V1 = replace(
    _V2,
    tunable={"hidden_dimension": (32, 256), "bptt": (2, 32), "recency_mask": ["True", "False"]},
    defaults={"hidden_dimension": "149", "bptt": "32", "recency_mask": "True"},
)
_EXPLORING_V1 = replace(_V1, trainer=partial(_personal, exploration=Exploration()))
_EXPLORING_V2 = replace(_V2, trainer=partial(_personal, exploration=AUTOMATIC))
_HRNN = replace(
    _V1, trainer=_hrnn, defaults={**_V1.defaults, "hidden_dimension": HRNN_DIMENSION}, catalogue=False
)
_SIMILAR_ITEMS = RecipeModel(
    trainer=_similar_items,
    model=RelatedModel,
    read=RelatedModel.read,
    tunable={"item_id_hidden_dim": (30, 200), "item_metadata_hidden_dim": (30, 200)},
    defaults={"item_id_hidden_dim": "100", "item_metadata_hidden_dim": "100"},
    catalogue=True,
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
    "aws-user-personalization": _EXPLORING_V1,
    "aws-user-personalization-v2": _EXPLORING_V2,
    "aws-personalized-ranking": _V1,
    "aws-personalized-ranking-v2": _V2,
    "aws-similar-items": _SIMILAR_ITEMS,
    "aws-sims": _SIMS,
    "aws-popularity-count": _POPULAR,
    # Retired; the service takes them only where it is told to.
    "aws-hrnn": _HRNN,
    "aws-hrnn-metadata": replace(_HRNN, trainer=_hrnn_metadata, catalogue=True),
    "aws-hrnn-coldstart": replace(_V1, trainer=_hrnn_coldstart),
    # Use cases of recommenders; `use_cases` says which events they are about.
    "aws-vod-top-picks": _EXPLORING_V1,
    "aws-vod-more-like-x": _SIMILAR_ITEMS,
    "aws-vod-because-you-watched-x": _SIMS,
    "aws-vod-most-popular": _POPULAR,
    "aws-ecomm-recommended-for-you": _EXPLORING_V1,
    "aws-ecomm-customers-who-viewed-x-also-viewed": _SIMS,
    "aws-ecomm-frequently-bought-together": _SIMS,
    "aws-ecomm-popular-items-by-views": _POPULAR,
    "aws-ecomm-popular-items-by-purchases": _POPULAR,
}
_TRENDING = OwnTraining(trending.train, trending.TrendingModel.read, trending.refresh)
OWN_TRAININGS: Mapping[str, OwnTraining] = {
    "aws-trending-now": _TRENDING,
    "aws-vod-trending-now": _TRENDING,
    "aws-semantic-similarity": OwnTraining(
        semantic_training.train, SemanticModel.read, semantic_training.refresh
    ),
    "aws-next-best-action": OwnTraining(action_training.train, ActionModel.read, action_refresh.refresh),
    "aws-item-affinity": OwnTraining(affinity_training.train_items, AffinityModel.read),
    "aws-item-attribute-affinity": OwnTraining(affinity_training.train_attributes, AffinityModel.read),
}

INTEGERS = frozenset(
    {
        "hidden_dimension",
        "bptt",
        "item_id_hidden_dim",
        "item_metadata_hidden_dim",
        "min_cointeraction_count",
    }
)


def trained_recipes() -> list[str]:
    """Return the names of the recipes that can be trained."""
    return [*RECIPES, *OWN_TRAININGS]


def read_model(folder: Path, description: Mapping[str, Any], histories: Histories) -> TrainedModel:
    """Open what a training has written."""
    name = description["recipe"]
    return (RECIPES.get(name) or OWN_TRAININGS[name]).read(folder, description, histories)
