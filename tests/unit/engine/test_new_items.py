"""Items that nobody has met: known by their metadata, ranked, related, explored, and added by a refresh."""

import dataclasses

import duckdb
import numpy as np
import pytest
from tests.unit.engine.interactions_files import tastes, write
from tests.unit.engine.items_files import BEGIN, DAY, coloured, items

from personalize_local.engine.answers import Event, Exploration
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.item_data import item_ids, read_items, with_items
from personalize_local.engine.refresh import refresh
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob, TrainingRejected
from personalize_local.engine.vocabulary import Vocabulary
from personalize_rules.schemas import Field, Schema

MOST = Exploration(weight=1.0, age_cut_off=30)
USERS = [f"u{number:03d}" for number in range(60)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that trains a recipe on tastes with ten new items, once."""
    folder = tmp_path_factory.mktemp("models")
    job = TrainingJob(
        recipe="",
        interactions=write(folder / "tastes.parquet", tastes()),
        items=coloured(folder / "items.parquet"),
        output=folder,
    )
    done = {}

    def of(recipe, **changes):
        key = (recipe, *sorted(changes))
        if key not in done:
            mine = dataclasses.replace(job, recipe=recipe, output=folder / "-".join(key), **changes)
            done[key] = (mine, train(mine), load(mine.output))
        return done[key]

    return of


def new_ones(listed):
    return [item for item in listed if item.startswith("new")]


def test_vocabulary_and_numbers_take_in_items_without_interactions(tmp_path):
    data = write(tmp_path / "i.parquet", [("a", "m", 1), ("a", "k", 2)])
    wider = with_items(read_interactions(data), ["b", "l", "m", "z"])

    assert list(wider.item_ids) == ["b", "k", "l", "m", "z"]
    assert [wider.item_ids[number] for number in wider.items.tolist()] == ["m", "k"]


def test_every_kind_of_column_makes_alike_items_alike(tmp_path):
    rows = [
        ("a", "red|round", 1.0, "pirates sail the stormy ocean", None),
        ("b", "red|round", 1.1, "an ocean full of pirates", 5),
        ("c", "blue", 90.0, "lawyers argue in court", None),
        ("d", "blue", None, "the court and its lawyers", 7),
    ]
    ids = Vocabulary.of(["a", "b", "c", "d", "e"])
    for column in ("COLOUR", "SIZE", "STORY"):
        keep = [0, ["COLOUR", "SIZE", "STORY"].index(column) + 1]
        table = items(
            tmp_path / f"{column}.parquet",
            [tuple(row[one] for one in keep) for row in rows],
            ("ITEM_ID", column),
        )
        features = read_items(table, ids).features.toarray()
        likeness = features @ features.T
        assert likeness[0, 1] > 0.5 > likeness[0, 2]
        assert (likeness[4] == 0).all()  # not in the dataset

    whole = read_items(items(tmp_path / "all.parquet", rows), ids)
    assert whole.created.tolist() == [-1, 5, -1, 7, -1]
    assert np.linalg.norm(whole.features.toarray(), axis=1).round(4).tolist() == [1, 1, 1, 1, 0]


def test_columns_left_out_of_the_schema_have_no_effect(tmp_path):
    table = coloured(tmp_path / "items.parquet")
    bare = dataclasses.replace(table, schema=Schema("Items", (Field("ITEM_ID", "string"),)))
    ids = Vocabulary.of(item_ids(table))

    assert read_items(table, ids).features.nnz == 70
    assert read_items(bare, ids).features.nnz == 0


@pytest.mark.parametrize("recipe", ["aws-personalized-ranking", "aws-personalized-ranking-v2"])
def test_a_ranking_knows_new_items_by_their_metadata(trained, recipe):
    _, _, model = trained(recipe)
    asked = ["new-red-1", "new-blue-1", "nowhere"]

    red, blue = (model.rank(user, items=asked) for user in ("u001", "u002"))

    assert red.items == ["new-red-1", "new-blue-1", "nowhere"]
    assert blue.items == ["new-blue-1", "new-red-1", "nowhere"]
    assert np.isfinite(red.scores[:2]).all()
    assert np.isnan(red.scores[2])


def test_similar_items_relates_new_items_both_ways(trained):
    _, _, model = trained("aws-similar-items")

    assert all("red" in item for item in model.similar("new-red-0", count=10).items)
    only_new = np.array([item.startswith("new") for item in model.item_ids])
    assert all("blue" in item for item in model.similar("blue-03", allowed=only_new, count=5).items)


def test_sims_and_hrnn_do_not_know_new_items(trained):
    for recipe in ("aws-sims", "aws-hrnn"):
        assert trained(recipe)[2].position("new-red-0") is None


def test_a_filter_that_only_leaves_new_items_gets_those_that_suit_the_user(trained):
    _, _, model = trained("aws-user-personalization-v2")
    only_new = np.array([item.startswith("new") for item in model.item_ids])

    for user, colour in (("u001", "red"), ("u002", "blue")):
        found = model.recommend(user, allowed=only_new, count=5).items
        assert sum(colour in item for item in found) == 5


def test_what_nobody_has_met_comes_in_by_exploration_only(tmp_path):
    """Users here have met nearly everything and never come back: only new items are left to like."""
    rows = [
        (f"u{user:03d}", f"red-{(user + at) % 30:02d}", BEGIN + at) for user in range(60) for at in range(28)
    ]
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(tmp_path / "i.parquet", rows),
        items=coloured(tmp_path / "items.parquet"),
        output=tmp_path / "m",
    )
    train(job)
    model = load(tmp_path / "m")

    for user in USERS:
        assert new_ones(model.recommend(user, count=20, exploration=Exploration(0)).items) == []
    assert len(model.recommend("u001", count=70, exploration=Exploration(0)).items) == 70


def test_weight_zero_explores_nothing_and_more_weight_explores_more(trained):
    _, _, model = trained("aws-user-personalization")
    explored = [
        sum(len(new_ones(model.recommend(user, exploration=Exploration(weight, 30)).items)) for user in USERS)
        for weight in (0.0, 0.3, 1.0)
    ]

    assert explored[0] == 0
    assert 0.3 * 0.3 * 25 * 60 * 0.6 < explored[1] < explored[2] < 0.3 * 25 * 60 * 1.2
    own = [model.recommend(user).items for user in USERS]
    assert own == [model.recommend(user, exploration=Exploration(0.3, 30)).items for user in USERS]


def test_explored_items_suit_the_user_more_often_than_not(trained):
    _, _, model = trained("aws-user-personalization")
    suiting = others = 0
    for number, user in enumerate(USERS):
        mine = "red" if number % 2 else "blue"
        for item in new_ones(model.recommend(user, count=10, exploration=MOST).items):
            suiting, others = suiting + (mine in item), others + (mine not in item)

    assert suiting > 2 * others


def test_the_same_question_gets_the_same_answer_until_the_user_does_something(trained):
    _, _, model = trained("aws-user-personalization")
    first = [model.recommend(user, exploration=MOST).items for user in USERS]
    again = [model.recommend(user, exploration=MOST).items for user in USERS]
    moved = [
        new_ones(model.recommend(user, [Event("red-01", "", 1)], exploration=MOST).items) for user in USERS
    ]

    assert again == first
    assert moved != [new_ones(one) for one in first]


def test_explored_items_obey_the_filter_and_are_nothing_the_user_knows(trained):
    _, _, model = trained("aws-user-personalization")
    allowed = np.array(["blue" not in item for item in model.item_ids])

    for user in USERS:
        found = model.recommend(user, allowed=allowed, count=12, exploration=MOST).items
        assert len(found) == len(set(found)) == 12
        assert not any("blue" in item for item in found)


def test_the_age_cut_off_counts_from_the_newest_interaction(tmp_path):
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(tmp_path / "i.parquet", tastes()),
        items=coloured(tmp_path / "items.parquet", born=BEGIN - 10 * DAY),
        output=tmp_path / "m",
    )
    train(job)
    model = load(tmp_path / "m")

    def explored(days):
        return sum(
            len(new_ones(model.recommend(user, exploration=Exploration(1.0, days)).items)) for user in USERS
        )

    assert explored(9) == 0 < explored(11)


def test_version_2_explores_by_itself_says_so_and_takes_no_orders(trained):
    _, _, model = trained("aws-user-personalization-v2")
    answers = [
        model.recommend(f"somebody {number}", [Event("red-01", "", 1)], exploration=MOST)
        for number in range(1500)
    ]
    tried = [
        (item, reason)
        for answer in answers
        for item, reason in zip(answer.items, answer.reasons, strict=True)
        if reason or item.startswith("new")
    ]

    assert 0 < len(tried) < 3 * 0.001 * 25 * 1500
    assert all(reason == "Exploration" and item.startswith("new") for item, reason in tried)


def test_items_shown_in_vain_are_tried_less(tmp_path):
    rows = tastes()
    data = tmp_path / "i.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE i (USER_ID VARCHAR, ITEM_ID VARCHAR, TIMESTAMP BIGINT, IMPRESSION VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO i VALUES (?, ?, ?, ?)",
            [(*row, f"{row[1]}|new-red-0|new-blue-0") for row in rows],
        )
        connection.table("i").write_parquet(str(data))
    schema = Schema(
        "Interactions",
        tuple(
            Field(name, kind, nullable=name == "IMPRESSION")
            for name, kind in (
                ("USER_ID", "string"),
                ("ITEM_ID", "string"),
                ("TIMESTAMP", "long"),
                ("IMPRESSION", "string"),
            )
        ),
    )
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=data,
        interactions_schema=schema,
        items=coloured(tmp_path / "items.parquet"),
        output=tmp_path / "m",
    )
    train(job)
    model = load(tmp_path / "m")
    tried = [item for user in USERS for item in new_ones(model.recommend(user, exploration=MOST).items)]

    assert tried.count("new-red-0") < tried.count("new-red-1") * 0.75


def test_coldstart_recommends_cold_items_only(trained):
    _, result, model = trained("aws-hrnn-coldstart")
    found = model.recommend("u001", count=25).items

    assert new_ones(found) == found
    assert len(found) == 10
    assert all("red" in item for item in found[:5])
    assert result.metrics["coverage"] <= 10 / 70 + 1e-4


def test_what_is_cold_is_said_by_feature_transformation_parameters(trained):
    wide = {"cold_start_max_duration": "99999", "cold_start_max_interactions": "9999"}
    _, _, model = trained("aws-hrnn-coldstart", feature_parameters=wide)

    assert len(model.recommend("u001", count=100).items) == 70


def test_coldstart_without_cold_items_says_what_to_do(tmp_path):
    job = TrainingJob(
        recipe="aws-hrnn-coldstart",
        interactions=write(tmp_path / "i.parquet", tastes()),
        output=tmp_path / "m",
    )

    with pytest.raises(TrainingRejected, match=r"no cold items.*cold_start_max_duration"):
        train(job)


def test_hrnn_metadata_recommends_new_items_that_fit(trained):
    _, _, model = trained("aws-hrnn-metadata")
    red = model.recommend("u001", count=35).items

    assert sum("red" in item for item in new_ones(red)) == 5


def test_a_refresh_adds_new_items_and_relearns_nothing(trained, tmp_path):
    job, _, model = trained("aws-user-personalization")
    later = dataclasses.replace(
        job, items=coloured(tmp_path / "items.parquet", new=8), output=tmp_path / "refreshed"
    )

    assert refresh(job.output, later)
    renewed = load(later.output)

    assert set(renewed.item_ids) - set(model.item_ids) == {
        f"new-{colour}-{one}" for colour in ("red", "blue") for one in (5, 6, 7)
    }
    off = Exploration(0.0)
    for user in USERS:
        before, after = (one.recommend(user, exploration=off) for one in (model, renewed))
        assert after.items == before.items
        assert after.scores == pytest.approx(before.scores, rel=1e-3)
        assert renewed.history(user) == model.history(user)
    tried = {item for user in USERS for item in new_ones(renewed.recommend(user, exploration=MOST).items)}
    assert tried & {"new-red-7", "new-blue-7"}
    ranking = renewed.rank("u001", items=["new-blue-6", "new-red-6"])
    assert ranking.items == ["new-red-6", "new-blue-6"]


def test_a_refresh_takes_in_items_that_only_events_know(trained, tmp_path):
    job, _, _ = trained("aws-user-personalization")
    rows = [*tastes(), ("u001", "from-an-event", BEGIN + 5000)]
    later = dataclasses.replace(
        job, interactions=write(tmp_path / "i.parquet", rows), output=tmp_path / "refreshed"
    )

    assert refresh(job.output, later)
    assert load(later.output).position("from-an-event") is not None


@pytest.mark.parametrize("recipe", ["aws-personalized-ranking", "aws-sims"])
def test_recipes_without_exploration_have_no_refresh(trained, tmp_path, recipe):
    job, _, _ = trained(recipe)

    assert not refresh(job.output, dataclasses.replace(job, output=tmp_path / "refreshed"))
    assert not (tmp_path / "refreshed").exists()
