"""Our lists beside those that Amazon Personalize returned on MovieLens: far more alike than chance.

benchmarks/recorded_outputs.py prints all of them. The data is not part of the repository; without it this
skips.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from benchmarks.movielens import PLACE, ratings, write_interactions
from benchmarks.recorded_outputs import COUNT, NOW, USER, Films, allowed, trained

from personalize_local.engine.answers import Event

if TYPE_CHECKING:
    from pathlib import Path

CSV = ratings()

pytestmark = pytest.mark.skipif(
    CSV is None, reason=f"{PLACE} does not name a folder with data/ml-latest-small/ratings.csv"
)


@pytest.fixture(scope="module")
def record(shared: Path) -> dict[str, Any]:
    text = (shared / "data" / "personalize-recorded-outputs.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def films() -> Films:
    assert CSV is not None
    return Films(CSV.parent / "movies.csv")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    assert CSV is not None
    folder = tmp_path_factory.mktemp("recorded")
    data = write_interactions(CSV, folder / "interactions.parquet")
    names = ("aws-user-personalization", "aws-sims", "aws-personalized-ranking")
    return {name: trained(name, data, folder) for name in names}


def common(recorded: list[int], ours: list[str]) -> int:
    return len({str(item) for item in recorded} & {*ours})


def test_personal_lists_have_items_of_the_recorded_ones(models, record):
    """By chance there would be a fifteenth of an item in common."""
    model = models["aws-user-personalization"]
    shared = {
        user: common(items, model.recommend(user, count=COUNT).items)
        for user, items in record["user_personalization"].items()
    }
    assert min(shared.values()) >= 1, shared
    assert sum(shared.values()) >= 6, shared


def test_filtered_lists_are_full_as_the_recorded_ones(models, record, films):
    model = models["aws-user-personalization"]
    for genre, items in record["user_personalization_filtered_user_252"].items():
        mask = allowed(model, films.of(genre))
        ours = model.recommend(USER, allowed=mask, count=COUNT).items
        chance = COUNT * COUNT / int(mask.sum())
        assert len(ours) == len(items) == COUNT
        assert common(items, ours) > chance, genre


def test_every_click_changes_the_list(models, record, films):
    model = models["aws-user-personalization"]
    live: list[Event] = []
    before = model.recommend(USER, count=COUNT).items
    for title in record["user_252_after_each_click_event"]:
        live.append(Event(films.by_title[title], "click", NOW + len(live)))
        after = model.recommend(USER, live, count=COUNT).items
        assert {*after} - {*before}, title
        before = after


def test_related_items_are_those_recorded(models, record):
    ours = models["aws-sims"].similar("589", count=COUNT).items
    assert common(record["sims_589_terminator2"], ours) >= 12
    popular = models["aws-sims"].similar("8451", count=COUNT).items
    assert common(record["sims_random"]["8451"], popular) >= 15, "an item without relations gets popular ones"


def test_a_ranking_goes_with_the_recorded_one(models, record):
    recorded = record["personalized_ranking_user_252"]
    asked, theirs = ([str(item) for item in recorded[name]] for name in ("input", "ranked"))
    ours = models["aws-personalized-ranking"].rank(USER, items=asked).items
    ranks = [theirs.index(item) for item in asked], [ours.index(item) for item in asked]
    assert np.corrcoef(*ranks)[0, 1] > 0.4
