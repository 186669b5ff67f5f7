"""Optimisation objectives and event weights, in lists and in metrics."""

import dataclasses

import numpy as np
import pytest
from tests.unit.engine.interactions_files import tastes, write
from tests.unit.engine.items_files import items

from personalize_local.engine.answers import Exploration
from personalize_local.engine.interactions import EventWeight
from personalize_local.engine.metrics import weighted_ndcg
from personalize_local.engine.models.objective import leaning, positive, reward_share
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import Objective, TrainingJob

SENSITIVITIES = ["OFF", "LOW", "MEDIUM", "HIGH"]


@pytest.fixture(scope="module")
def by_sensitivity(tmp_path_factory):
    """(mean SIZE of the lists, metrics) for each sensitivity; SIZE is the number in the item's id."""
    folder = tmp_path_factory.mktemp("objective")
    rows = [
        (f"{colour}-{one:02d}", colour, float(one - 10)) for colour in ("red", "blue") for one in range(30)
    ]
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(folder / "i.parquet", tastes()),
        items=items(folder / "items.parquet", rows, ("ITEM_ID", "COLOUR", "SIZE")),
        output=folder / "m",
    )
    found = {}
    for sensitivity in SENSITIVITIES:
        mine = dataclasses.replace(job, output=folder / sensitivity, objective=Objective("SIZE", sensitivity))
        result = train(mine)
        model = load(mine.output)
        lists = [
            model.recommend(f"u{user:03d}", count=10, exploration=Exploration(0)).items for user in range(40)
        ]
        found[sensitivity] = (
            float(np.mean([int(item[-2:]) for listed in lists for item in listed])),
            result.metrics,
        )
    found["none"] = (0.0, train(job).metrics)
    return found


def test_the_more_sensitive_the_higher_the_values(by_sensitivity):
    values = [by_sensitivity[one][0] for one in SENSITIVITIES]

    assert values == sorted(values)
    assert values[-1] > values[0] + 6


def test_rewards_are_measured_only_with_an_objective_and_rise_with_it(by_sensitivity):
    rewards = [by_sensitivity[one][1]["average_rewards_at_k"] for one in SENSITIVITIES]

    assert all(0 < one <= 1 for one in rewards)
    assert "average_rewards_at_k" not in by_sensitivity["none"][1]


def test_equal_values_lean_alike_and_items_without_value_not_at_all():
    leant = leaning(np.array([1.0, 5.0, 5.0, 1e9, np.nan], np.float32), "LOW")

    assert leant is not None
    assert leant[0] < leant[1] == leant[2] < leant[3]
    assert leant[4] == 0
    assert leaning(np.array([3.0, 3.0], np.float32), "HIGH") is None
    assert leaning(np.array([1.0, 2.0], np.float32), "OFF") is None


def test_a_sensitivity_that_is_none_is_named():
    with pytest.raises(ValueError, match="'MUCH' must be one of OFF, LOW, MEDIUM, HIGH"):
        leaning(np.array([1.0]), "MUCH")


def test_the_share_of_rewards_is_that_of_the_first_25():
    rewards = positive(np.array([-1.0, 0.0, 2.0] + [0.0] * 30, np.float32))  # 0, 1, 3, 1, ...

    assert reward_share(np.array([2, 5]), np.array([0, 1, 2]), rewards) == pytest.approx(3 / 4)
    assert reward_share(np.arange(3, 33), np.array([2]), rewards) == 0
    assert reward_share(np.array([0]), np.array([0]), rewards) is None


def test_a_hit_counts_as_much_as_its_event():
    # The guide's weights 0.3 and 0.1 are worth 1.5 and 0.5. Best order: the heavy one first.
    discounts = 1 / np.log2([2, 3, 4])
    worst = np.array([0.5, 0.0, 1.5])

    expected = (0.5 * discounts[0] + 1.5 * discounts[2]) / (1.5 * discounts[0] + 0.5 * discounts[1])
    assert weighted_ndcg(worst, 5) == pytest.approx(expected)
    assert weighted_ndcg(worst, 2) == 1
    assert weighted_ndcg(np.zeros(3), 5) == 0


def test_event_weights_bring_metrics_of_their_own(tmp_path):
    rows = [
        (user, item, when, "buy" if place % 4 == 0 else "look")
        for place, (user, item, when) in enumerate(tastes())
    ]
    job = TrainingJob(
        recipe="aws-user-personalization-v2",
        interactions=write(tmp_path / "i.parquet", rows),
        output=tmp_path / "m",
    )
    plain = train(job).metrics
    weighted = train(
        dataclasses.replace(job, event_weights=[EventWeight("buy", 0.3), EventWeight("look", 0.1)])
    ).metrics

    more = {f"normalized_discounted_cumulative_gain_with_event_weights_at_{cut}" for cut in (5, 10, 25)}
    assert set(weighted) - set(plain) == more
    assert all(0 < weighted[name] <= 1 for name in more)
