"""Semantic-similarity: items whose texts mean similar things, on three subjects with words of their own."""

import json
import random

import duckdb
import numpy as np
import pytest
from tests.unit.engine.interactions_files import write

from personalize_local.engine.answers import RequestNotSupported
from personalize_local.engine.folder import read_description
from personalize_local.engine.refresh import refresh
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import Table, TrainingJob, TrainingRejected
from personalize_rules.schemas import Field, Schema

SUBJECTS = {
    "space": [
        "rocket",
        "orbit",
        "galaxy",
        "astronaut",
        "comet",
        "planet",
        "telescope",
        "lunar",
        "nebula",
        "shuttle",
    ],
    "kitchen": ["oven", "flour", "butter", "recipe", "whisk", "simmer", "chef", "roast", "spice", "saucepan"],
    "garden": ["seed", "soil", "blossom", "prune", "hedge", "tulip", "compost", "lawn", "orchard", "trowel"],
}
FIELDS = (
    Field("ITEM_ID", "string"),
    Field("TITLE", "string", item_name=True),
    Field("GENRES", "string", nullable=True, categorical=True),
    Field("DESCRIPTION", "string", nullable=True, textual=True),
    Field("CREATION_TIMESTAMP", "long", nullable=True),
)
START = 1_600_000_000


def catalogue(count=60, *, seed=1):
    """Items of one subject share no word by rule, only the subject's vocabulary; names say nothing."""
    draw = random.Random(seed)
    rows = []
    for subject, words in SUBJECTS.items():
        for number in range(count):
            text = " ".join(draw.sample(words, 4) + draw.sample([f"filler{n}" for n in range(30)], 3))
            when = START + number * 1000
            rows.append((f"{subject}-{number:02d}", f"Title {draw.randrange(1000)}", "A|B", text, when))
    return rows


def table(path, rows, fields=FIELDS):
    types = {"string": "VARCHAR", "long": "BIGINT"}
    names = [field.name for field in FIELDS]
    lines = path.with_suffix(".json")
    lines.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows))
    columns = {field.name: types[field.type] for field in FIELDS}
    with duckdb.connect() as connection:
        connection.read_json(str(lines), format="newline_delimited", columns=columns).write_parquet(str(path))
    return Table(path, Schema("Items", fields))


def job(folder, rows=None, *, name="model", **fields):
    items = table(folder / f"{name}.parquet", catalogue() if rows is None else rows)
    return TrainingJob("aws-semantic-similarity", folder / name, items=items, **fields)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("semantic")
    result = train(job(folder))
    return load(folder / "model"), result


@pytest.mark.parametrize("subject", SUBJECTS)
def test_similar_items_are_about_the_same_subject(trained, subject):
    model, _ = trained
    right = [
        item.startswith(subject)
        for number in range(60)
        for item in model.similar(f"{subject}-{number:02d}", count=10).items
    ]

    assert np.mean(right) > 0.97


def test_words_of_the_same_company_are_alike_though_none_is_shared(tmp_path):
    words = SUBJECTS["space"]
    rows = [
        *catalogue(),
        ("one", "Xa", None, " ".join(words[:3]), None),
        ("other", "Xb", None, " ".join(words[5:8]), None),
    ]
    train(job(tmp_path, rows))
    model = load(tmp_path / "model")
    allowed = np.array([item == "other" or item.startswith(("kitchen", "garden")) for item in model.item_ids])

    assert model.similar("one", allowed=allowed, count=1).items == ["other"]


def test_an_item_is_not_similar_to_itself_and_filters_hold(trained):
    model, _ = trained
    allowed = np.array([item.startswith("garden") for item in model.item_ids])

    answer = model.similar("space-00", allowed=allowed, count=500)

    assert sorted(answer.items) == [item for item in model.item_ids if item.startswith("garden")]
    assert "space-00" not in model.similar("space-00", count=500).items
    assert len(set(model.similar("space-00", count=500).items)) == 179
    assert answer.scores is None


def users(rows=1200):
    """kitchen-07 is every user's; the others are used evenly."""
    draw = random.Random(4)
    items = [row[0] for row in catalogue()]
    every = [(f"u{n % 100:03d}", draw.choice(items), START + n) for n in range(rows)]
    return every + [(f"u{n:03d}", "kitchen-07", START + rows + n) for n in range(100)]


def test_influence_moves_popular_or_new_items_up_among_the_similar_ones(tmp_path):
    train(job(tmp_path, interactions=write(tmp_path / "i.parquet", users())))
    model = load(tmp_path / "model")

    def ages(answer):
        return np.mean([int(item.split("-")[1]) for item in answer.items])

    plain = model.similar("kitchen-01", count=10)
    popular = model.similar("kitchen-01", count=10, influence={"POPULARITY": 1.0})
    fresh = model.similar("kitchen-01", count=10, influence={"FRESHNESS": 1.0, "POPULARITY": 0.0})

    assert popular.items[0] == "kitchen-07"
    assert ages(fresh) > ages(plain) + 10
    assert all(item.startswith("kitchen") for item in fresh.items)
    assert model.similar("kitchen-01", count=10, influence={}).items == plain.items


def test_for_an_unknown_item_popular_ones_are_given(tmp_path):
    train(job(tmp_path, interactions=write(tmp_path / "i.parquet", users())))

    assert load(tmp_path / "model").similar("nothing", count=3).items[0] == "kitchen-07"


def test_the_metrics_say_how_popular_fresh_and_similar_the_answers_are(trained, tmp_path):
    _, result = trained
    with_users = train(job(tmp_path, interactions=write(tmp_path / "i.parquet", users())))

    assert set(result.metrics) == {"coverage", "item_freshness", "item_popularity", "item_similarity"}
    assert result.metrics["item_popularity"] == 0
    assert 0.4 < result.metrics["item_freshness"] < 0.6
    assert result.metrics["item_similarity"] > 0.3
    assert with_users.metrics["item_popularity"] > 0
    assert "mean_reciprocal_rank_at_25" in with_users.metrics
    assert (result.interactions, result.items) == (0, 180)


def test_a_refresh_adds_items_reads_their_texts_and_keeps_what_was_learnt(tmp_path):
    train(job(tmp_path, interactions=write(tmp_path / "i.parquet", users())))
    text = "rocket galaxy comet nebula"
    added = [*catalogue(), ("new", "Something", "A", text, START + 10**7)]

    assert refresh(tmp_path / "model", job(tmp_path, added, name="newer"))
    before, after = load(tmp_path / "model"), load(tmp_path / "newer")

    assert before.position("new") is None
    assert all(item.startswith("space") for item in after.similar("new", count=10).items)
    assert "new" in after.similar("space-01", count=60, influence={"FRESHNESS": 1.0}).items
    assert after.similar("kitchen-01", count=3, influence={"POPULARITY": 1.0}).items[0] == "kitchen-07"
    metrics = [read_description(tmp_path / name)["metrics"] for name in ("model", "newer")]
    assert metrics[0] == metrics[1]


def test_items_without_text_get_answers_too(tmp_path):
    rows = [*catalogue(), ("empty", "", None, None, None)]
    train(job(tmp_path, rows))

    assert len(load(tmp_path / "model").similar("empty", count=7).items) == 7


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ({"TITLE"}, "itemName"),
        ({"DESCRIPTION"}, "textual"),
        ({"TITLE", "DESCRIPTION"}, "itemName.* and .*textual"),
    ],
)
def test_a_schema_without_name_or_text_is_refused_with_all_that_is_missing(tmp_path, left_out, named):
    fields = tuple(field for field in FIELDS if field.name not in left_out)
    items = table(tmp_path / "items.parquet", catalogue(), fields)

    with pytest.raises(TrainingRejected, match=named):
        train(TrainingJob("aws-semantic-similarity", tmp_path / "model", items=items))


def test_too_little_is_refused(tmp_path):
    with pytest.raises(TrainingRejected, match="has no items"):
        train(job(tmp_path, []))
    with pytest.raises(TrainingRejected, match="needs an Items dataset"):
        train(TrainingJob("aws-semantic-similarity", tmp_path / "model"))


@pytest.mark.parametrize(
    "rows", [catalogue(1)[:1], catalogue(1), [("a", "A", None, "a", None), ("b", "B", None, "b", None)]]
)
def test_very_small_catalogues_train(tmp_path, rows):
    train(job(tmp_path, rows))
    model = load(tmp_path / "model")

    assert len(model.similar(rows[0][0]).items) == len(rows) - 1


def test_training_repeats_exactly(tmp_path, trained):
    model, result = trained
    again = train(job(tmp_path))

    assert again.metrics == result.metrics
    same = load(tmp_path / "model")
    assert all(same.similar(item).items == model.similar(item).items for item in model.item_ids)


def test_refusals_and_damage(tmp_path, trained):
    model, _ = trained
    with pytest.raises(
        RequestNotSupported, match="aws-semantic-similarity does not give recommendations for"
    ):
        model.recommend("u001")
    train(job(tmp_path))
    np.save(tmp_path / "model" / "meaning.npy", np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="meaning has shape"):
        load(tmp_path / "model")
