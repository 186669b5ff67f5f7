"""The metrics that the versions of a recipe have (GetSolutionMetrics). All of them are better when higher.

Source: Developer Guide, "Evaluating a solution version with metrics". It names some metrics only in words
(those of next best action, trending now and semantic similarity): these have the keys of Personalize Local.
"""

from typing import Final

from personalize_rules.recipes import Recipe

DEFAULT_METRIC: Final = "normalized_discounted_cumulative_gain_at_25"
"""Says most about a list of recommendations, and nearly all recipes have it."""

_GAINS: Final = tuple(f"normalized_discounted_cumulative_gain_at_{cut}" for cut in (5, 10, 25))
_ITEMS: Final = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    *_GAINS,
    *(f"precision_at_{cut}" for cut in (5, 10, 25)),
)
_WEIGHTED: Final = tuple(
    f"normalized_discounted_cumulative_gain_with_event_weights_at_{cut}" for cut in (5, 10, 25)
)
_SEMANTIC: Final = ("coverage", "item_popularity", "item_freshness", "item_similarity")


def metrics_of(recipe: Recipe, *, objective: bool = False, event_weights: bool = False) -> tuple[str, ...]:
    """Give the metrics of a recipe; some are there only with an objective or with weights of events."""
    if recipe.name == "aws-semantic-similarity":
        return _SEMANTIC
    if recipe.type == "PERSONALIZED_ACTIONS":
        return ("coverage", *_GAINS, "precision", "recall", "area_under_curve")
    if recipe.type == "USER_SEGMENTATION":
        return ("coverage", "hits_at_1_percent", "recall_at_1_percent")
    more: tuple[str, ...] = ()
    if recipe.name == "aws-trending-now":
        more += ("trend_prediction_accuracy",)
    if objective and recipe.optimization_objective:
        more += ("average_rewards_at_k",)
    if event_weights and recipe.events_config:
        more += _WEIGHTED
    return _ITEMS + more
