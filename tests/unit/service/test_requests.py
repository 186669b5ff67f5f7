"""Small parts of runtime requests."""

from __future__ import annotations

import pytest

from personalize_local.engine.answers import Exploration
from personalize_local.service.exploration_rules import exploration_problems, read_exploration
from personalize_local.service.requests.answers import source_number
from personalize_local.service.requests.request import read_context
from personalize_local.service.requests.shown_items import ShownItems
from personalize_local.service.requests.sources import Source
from personalize_rules.recipes import RECIPES


def source(recipe: str) -> Source:
    return Source("arn", "campaign", 7, "version", "group", RECIPES[recipe], False, None, None, None)


def test_the_oldest_answer_is_forgotten_for_the_newest() -> None:
    shown = ShownItems(2)
    for name in "abc":
        shown.keep(name, [{"itemId": f"{name}{n}"} for n in range(30)])

    assert shown.of("a") == ()
    assert shown.of("c") == tuple(f"c{n}" for n in range(25))
    assert shown.of(None) == ()


def test_an_answer_says_by_its_id_who_gave_it() -> None:
    from personalize_local.service.requests.answers import recommendation_id

    made = recommendation_id(source("aws-sims"))

    assert source_number(made) == 7
    assert len(made) == 40
    assert source_number("RID-elsewhere") is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, Exploration(0.3, 30.0)),
        ({"explorationWeight": "0"}, Exploration(0.0, 30.0)),
        ({"explorationItemAgeCutOff": "7"}, Exploration(0.3, 7.0)),
    ],
    ids=["defaults", "weight", "age"],
)
def test_exploration_is_read_with_its_defaults(config: dict[str, str] | None, expected: Exploration) -> None:
    assert read_exploration(RECIPES["aws-user-personalization"], config) == expected
    assert read_exploration(RECIPES["aws-user-personalization-v2"], config) is None


def test_all_mistakes_of_an_exploration_are_found() -> None:
    recipe = RECIPES["aws-vod-top-picks"]
    found = list(exploration_problems(recipe, {"explorationWeight": "1.1", "age": "3"}))
    assert len(found) == 2
    assert list(exploration_problems(RECIPES["aws-sims"], {"explorationWeight": "1"})) == [
        "itemExplorationConfig is not supported by recipe aws-sims"
    ]
    assert list(exploration_problems(RECIPES["aws-sims"], {})) == []


@pytest.mark.parametrize("key", ["DEVICE_TYPE", "deviceType"])
def test_a_context_is_read_as_events_are(key: str) -> None:
    assert read_context(source("aws-user-personalization-v2"), {key: "tv"}) == {"DEVICE_TYPE": "tv"}
    assert read_context(source("aws-sims"), {key: "tv"}) == {}
