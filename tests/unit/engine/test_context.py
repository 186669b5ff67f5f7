"""Context columns, through training and requests."""

import random

import duckdb
import pytest

from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob
from personalize_rules.schemas import Field, Schema

FIELDS = (
    Field("USER_ID", "string"),
    Field("ITEM_ID", "string"),
    Field("TIMESTAMP", "long"),
    Field("DEVICE", "string", categorical=True),
    Field("HOUR", "int", nullable=True),
    Field("NOTE", "string"),
)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """At night and on phones users take moons, by day and on screens suns; there are 20 of each."""
    folder = tmp_path_factory.mktemp("context")
    draw = random.Random(3)
    rows = []
    for user in range(150):
        for at in range(12):
            night = draw.random() < 0.5
            moon = night if draw.random() < 0.9 else not night
            rows.append(
                (
                    f"u{user:03d}",
                    f"{'moon' if moon else 'sun'}-{draw.randrange(20):02d}",
                    1_600_000_000 + 100 * at,
                    "Phone" if night else "Screen",
                    draw.choice([22, 23, 0, 1] if night else [9, 12, 15]),
                    "moon",
                )
            )
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE i (USER_ID VARCHAR, ITEM_ID VARCHAR, TIMESTAMP BIGINT, DEVICE VARCHAR,"
            " HOUR INTEGER, NOTE VARCHAR)"
        )
        connection.executemany("INSERT INTO i VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.table("i").write_parquet(str(folder / "i.parquet"))
    return TrainingJob(
        recipe="aws-user-personalization-v2",
        interactions=folder / "i.parquet",
        interactions_schema=Schema("Interactions", FIELDS),
        output=folder / "model",
    )


@pytest.fixture(scope="module")
def model(job):
    train(job)
    return load(job.output)


def moons(items):
    return sum(item.startswith("moon") for item in items)


@pytest.mark.parametrize(
    ("context", "at_least"),
    [
        ({"DEVICE": "Phone"}, 9),
        ({"device": "Phone"}, 9),
        ({"hour": "23"}, 6),
        ({"DEVICE": "Phone", "HOUR": "23"}, 9),
    ],
    ids=["as the schema writes it", "lower case", "a number", "two columns"],
)
def test_lists_follow_the_situation(model, context, at_least):
    elsewhere = {"DEVICE": "Screen"} if "HOUR" not in context and "hour" not in context else {"HOUR": "12"}
    night = [moons(model.recommend(f"u{user:03d}", count=10, context=context).items) for user in range(20)]
    day = [moons(model.recommend(f"u{user:03d}", count=10, context=elsewhere).items) for user in range(20)]

    assert sum(night) / 20 >= at_least > sum(day) / 20 + 2


@pytest.mark.parametrize(
    "context",
    [{}, {"DEVICE": "Fridge"}, {"COLOUR": "red"}, {"HOUR": "late"}, {"NOTE": "moon"}, {"HOUR": "nan"}],
    ids=["none", "unknown value", "unknown column", "no number", "plain text", "not a number"],
)
def test_what_training_does_not_know_changes_nothing(model, context):
    assert model.recommend("u001", context=context).items == model.recommend("u001").items


def test_a_ranking_follows_the_situation(model):
    asked = ["sun-01", "moon-01"]

    assert model.rank("u001", items=asked, context={"DEVICE": "Phone"}).items == ["moon-01", "sun-01"]
    assert model.rank("u001", items=asked, context={"DEVICE": "Screen"}).items == ["sun-01", "moon-01"]


def test_a_user_without_history_gets_what_the_situation_speaks_for(model):
    assert moons(model.recommend(None, count=10, context={"DEVICE": "Phone"}).items) >= 9
    assert moons(model.recommend(None, count=10, context={"DEVICE": "Screen"}).items) <= 1


def test_an_excluded_column_is_no_context(job, tmp_path):
    fields = tuple(field for field in FIELDS if field.name != "DEVICE")
    other = TrainingJob(
        recipe=job.recipe,
        interactions=job.interactions,
        interactions_schema=Schema("Interactions", fields),
        output=tmp_path / "m",
    )
    train(other)
    model = load(other.output)

    assert model.recommend("u001", context={"DEVICE": "Phone"}).items == model.recommend("u001").items
