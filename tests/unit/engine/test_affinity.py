"""Segments: users who will take to an item or to what carries an attribute; four tastes of twenty items."""

import random
from typing import Any

import duckdb
import numpy as np
import pytest
from tests.unit.engine.interactions_files import write

from personalize_local.engine.answers import RequestNotSupported
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models.affinity_training import newest_share
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import Table, TrainingJob, TrainingRejected
from personalize_rules.schemas import Field, Schema

TASTES = ("red", "blue", "green", "gold")
USERS = 400


def rows(*, repeats=False, seed=3):
    """User n likes taste n % 4; one interaction in ten is with another. Repeats are of four favourites."""
    draw = random.Random(seed)
    found = []
    for user in range(USERS):
        mine = TASTES[user % 4]
        favourites = draw.sample(range(20), 4)
        for at in range(draw.randrange(8, 24)):
            taste = mine if draw.random() > 0.1 else draw.choice(TASTES)
            number = draw.choice(favourites) if repeats else draw.randrange(20)
            found.append((f"u{user:03d}", f"{taste}-{number:02d}", 1_600_000_000 + 1000 * at + user))
    if not repeats:  # each item at most once
        found = list({(user, item): (user, item, when) for user, item, when in reversed(found)}.values())
    return found


def items(path):
    with duckdb.connect() as connection:
        values = ", ".join(
            f"('{taste}-{number:02d}', '{taste}|{'even' if number % 2 == 0 else 'odd'}', {number % 5})"
            for taste in TASTES
            for number in range(20)
        )
        connection.sql(f"SELECT * FROM (VALUES {values}) AS t(ITEM_ID, COLOUR, SIZE)").write_parquet(
            str(path)
        )
    fields = (Field("ITEM_ID", "string"), Field("COLOUR", "string", categorical=True), Field("SIZE", "int"))
    return Table(path, Schema("Items", fields))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    table = items(folder / "items.parquet")
    done = {}

    def of(recipe, *, repeats=False):
        name = f"{recipe}-{repeats}"
        if name not in done:
            data = write(folder / f"{name}.parquet", rows(repeats=repeats))
            done[name] = train(TrainingJob(recipe, folder / name, data, items=table))
        return load(folder / name), done[name]

    return of


def numbers(model, *, taste):
    return [place for place, item in enumerate(model.item_ids) if item.startswith(taste)]


def taste_of(user):
    return TASTES[int(user[1:]) % 4]


@pytest.mark.parametrize("taste", TASTES)
def test_the_segment_of_an_item_is_of_users_of_its_taste(trained, taste):
    model, _ = trained("aws-item-affinity")

    segment = model.segment([model.position(f"{taste}-07")], count=30)

    assert len(segment) == len(set(segment)) == 30
    assert [taste_of(user) for user in segment].count(taste) >= 24


@pytest.mark.parametrize("taste", TASTES)
def test_the_segment_of_an_attribute_is_of_users_of_its_taste(trained, taste):
    model, _ = trained("aws-item-attribute-affinity")

    segment = model.segment(numbers(model, taste=taste), count=50)

    assert [taste_of(user) for user in segment].count(taste) >= 45


def test_users_who_had_an_item_are_left_out_where_nobody_comes_back_and_first_where_all_do(trained):
    once, _ = trained("aws-item-affinity")
    again, _ = trained("aws-item-affinity", repeats=True)

    def share_who_had_it(model):
        shares = []
        for item in range(0, len(model.item_ids), 7):
            segment = model.segment([item], count=5)
            had = [model.item_ids[item] in {e.item_id for e in model.history(user)} for user in segment]
            shares.append(np.mean(had))
        return np.mean(shares)

    assert share_who_had_it(once) == 0
    assert share_who_had_it(again) > 0.9


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_the_metrics_are_those_of_segments_and_better_than_chance(trained, recipe):
    _, result = trained(recipe)

    assert set(result.metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    # 4 of 400 users: a segment drawn at random would find 1 % of the users.
    assert result.metrics["recall_at_1_percent"] > 0.02
    assert 0 < result.metrics["hits_at_1_percent"] <= 4
    assert 0 < result.metrics["coverage"] <= 1
    assert (result.users, result.items) == (USERS, 80)


def test_only_allowed_users_and_never_more_than_there_are(trained):
    model, _ = trained("aws-item-attribute-affinity")
    allowed = np.arange(USERS) % 10 == 0

    segment = model.segment(numbers(model, taste="red"), allowed=allowed, count=1000)

    assert set(segment) <= {model.user_ids[place] for place in np.flatnonzero(allowed)}
    assert model.segment(numbers(model, taste="red"), allowed=np.zeros(USERS, bool)) == []
    assert model.segment([]) == []
    assert len(model.segment(numbers(model, taste="red"), count=5_000_000)) <= USERS


def test_segments_repeat_exactly(tmp_path, trained):
    first, result = trained("aws-item-affinity")
    data = write(tmp_path / "again.parquet", rows())
    again = train(TrainingJob("aws-item-affinity", tmp_path / "model", data))

    assert again.metrics == result.metrics
    model: Any = load(tmp_path / "model")
    assert model.segment([3], count=100) == first.segment([3], count=100)


def test_the_newest_fifth_of_each_user_is_the_truth(tmp_path):
    data = [("a", f"i{n}", n) for n in range(10)] + [("b", "i0", 1), ("b", "i1", 2), ("c", "i0", 1)]
    interactions = read_interactions(write(tmp_path / "few.parquet", data))

    assert newest_share(interactions).tolist() == [False] * 8 + [True] * 2 + [False, True] + [False]


def test_a_dataset_without_usable_columns_is_refused(tmp_path):
    table = items(tmp_path / "items.parquet")
    plain = Table(table.parquet, Schema("Items", (Field("ITEM_ID", "string"), Field("COLOUR", "string"))))
    data = write(tmp_path / "data.parquet", rows())

    with pytest.raises(TrainingRejected, match="no metadata column to make segments of"):
        train(TrainingJob("aws-item-attribute-affinity", tmp_path / "model", data, items=plain))
    few = write(tmp_path / "few.parquet", rows()[:500])
    with pytest.raises(TrainingRejected, match="fewer than 1000 interactions"):
        train(TrainingJob("aws-item-affinity", tmp_path / "model", few))


def test_recommendations_are_refused_and_damaged_files_are_said(tmp_path, trained):
    data = write(tmp_path / "data.parquet", rows())
    train(TrainingJob("aws-item-affinity", tmp_path / "model", data))

    with pytest.raises(RequestNotSupported, match="aws-item-affinity does not give recommendations"):
        load(tmp_path / "model").recommend("u001")
    np.save(tmp_path / "model" / "query_weights.npy", np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="query_weights has shape"):
        load(tmp_path / "model")
