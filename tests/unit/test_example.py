"""The example's data, and MovieLens in the same layout."""

import csv
import json
import runpy
import tomllib
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from personalize_rules.filters import check_filter, parse_filter
from personalize_rules.schemas import DatasetType, check_schema, parse_schema

EXAMPLE = Path(__file__).parents[2] / "example"
Watched = dict[str, list[str]]
FILES = ("Interactions/interactions.csv", "Items/items.csv", "Users/users.csv")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, doublequote=False, escapechar="\\"))


@pytest.fixture(scope="module")
def watched() -> Watched:
    """Films watched by each user, oldest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows(EXAMPLE / "data" / FILES[0]):
        if row["EVENT_TYPE"] == "watch":
            found[row["USER_ID"]].append(row["ITEM_ID"])
    return found


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data, written anew."""
    folder = tmp_path_factory.mktemp("example")
    runpy.run_path(str(EXAMPLE / "generate.py"))["write"](folder)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_the_generator_reproduces_the_committed_files(name: str, generated: Path) -> None:
    assert (generated / name).read_bytes() == (EXAMPLE / "data" / name).read_bytes()


def test_the_example_is_small() -> None:
    assert sum(path.stat().st_size for path in EXAMPLE.rglob("*.csv")) < 3_000_000


def test_the_files_and_the_schemas_have_the_same_columns() -> None:
    document = json.loads((EXAMPLE / "params.json").read_text())
    schemas = {}
    for name, dataset in document["datasets"].items():
        dataset_type = DatasetType.parse(name)
        schema, problems = parse_schema(dataset["schema"])
        assert schema is not None
        assert [*problems, *check_schema(schema, dataset_type)] == []
        (file,) = (EXAMPLE / "data" / name).glob("*.csv")
        assert list(rows(file)[0]) == [field.name for field in schema.fields]
        schemas[dataset_type] = schema
    for filter_ in document["filters"]:
        assert check_filter(parse_filter(filter_["filterExpression"]), schemas) == []


def test_every_interaction_is_about_a_known_user_and_film() -> None:
    users = {row["USER_ID"] for row in rows(EXAMPLE / "data" / FILES[2])}
    films = {row["ITEM_ID"] for row in rows(EXAMPLE / "data" / FILES[1])}
    interactions = rows(EXAMPLE / "data" / FILES[0])

    assert {row["USER_ID"] for row in interactions} == users
    assert {row["ITEM_ID"] for row in interactions} <= films


def test_what_was_watched_before_says_more_than_popularity(watched: Watched) -> None:
    """The next film from the one before it (counted transitions) against the most watched films."""
    popular = [
        film for film, _ in Counter(film for films in watched.values() for film in films).most_common(10)
    ]
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for films in watched.values():
        for one, other in pairwise(films[:-1]):  # the last step is what is predicted
            after[one][other] += 1
    steps = [films[-2:] for films in watched.values() if len(films) > 2]
    by_popularity = sum(last in popular for _, last in steps) / len(steps)
    by_transition = sum(last in dict(after[one].most_common(10)) for one, last in steps) / len(steps)

    assert by_transition > 1.5 * by_popularity


def test_tastes_drift(watched: Watched) -> None:
    """The favourite genre of the last quarter tells the next one better than that of the first quarter."""
    genre = {row["ITEM_ID"]: row["GENRES"].split("|")[0] for row in rows(EXAMPLE / "data" / FILES[1])}
    early, late = [], []
    for films in watched.values():
        if len(films) >= 20:
            genres = [genre[film] for film in films]
            quarter = len(genres) // 4
            early.append(Counter(genres[:quarter]).most_common(1)[0][0] == genres[-1])
            late.append(Counter(genres[-quarter - 1 : -1]).most_common(1)[0][0] == genres[-1])

    assert sum(late) > 1.3 * sum(early)


def test_the_titles_are_invented(shared: Path) -> None:
    real = {
        row["title"].rsplit(" (", 1)[0].lower().removesuffix(", the")
        for row in rows(shared / "data" / "ml-latest-small" / "movies.csv")
    }
    invented = {row["TITLE"].lower().removeprefix("the ") for row in rows(EXAMPLE / "data" / FILES[1])}

    assert invented & real == set()
    assert len(invented) == 360


def test_movielens_becomes_the_158371_interactions_of_the_samples(shared: Path, tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLE / "movielens.py"))["prepare"](shared / "data" / "ml-latest-small", tmp_path)
    interactions = rows(tmp_path / "data" / FILES[0])
    items = {row["ITEM_ID"]: row for row in rows(tmp_path / "data" / FILES[1])}

    assert len(interactions) == 158_371
    assert len({row["USER_ID"] for row in interactions}) == 610
    assert len({row["ITEM_ID"] for row in interactions}) == 9477
    assert len(items) == 9742
    assert items["1"] == {
        "ITEM_ID": "1",
        "TITLE": "Toy Story (1995)",
        "GENRE": "Adventure|Animation|Children|Comedy|Fantasy",
        "YEAR": "1995",
    }
    assert (tmp_path / "README.txt").read_bytes().startswith(b"Summary")
    assert len(json.loads((tmp_path / "params.json").read_text())["solutions"]) == 3


def test_a_wrong_movielens_folder_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    prepare = runpy.run_path(str(EXAMPLE / "movielens.py"))["prepare"]

    with pytest.raises(SystemExit, match=r"has no movies\.csv, ratings\.csv, README\.txt: it should be"):
        prepare(tmp_path, tmp_path / "target")


@pytest.mark.parametrize(
    ("saved", "undone"),
    [
        ({}, ""),
        ({"region": "us-east-1"}, ""),
        ({"region": "eu-west-1", "confirm_changeset": True}, "--region us-east-1 --no-confirm-changeset"),
        ({"stack_name": "mine"}, "--stack-name personalize-pipeline"),
    ],
    ids=["as in the repository", "the same region", "another region, with questions", "another name"],
)
def test_the_demo_undoes_what_sam_deploy_guided_saved_for_aws(saved: dict[str, object], undone: str) -> None:
    undoing = runpy.run_path(str(EXAMPLE / "demo.py"))["undoing"]
    config = tomllib.loads((EXAMPLE.parent / "samconfig.toml").read_text(encoding="utf-8"))
    config["default"]["deploy"]["parameters"] |= saved

    assert undoing(config, "us-east-1") == undone


def test_the_demo_undoes_a_region_that_was_saved_for_all_of_sam() -> None:
    undoing = runpy.run_path(str(EXAMPLE / "demo.py"))["undoing"]
    config = tomllib.loads((EXAMPLE.parent / "samconfig.toml").read_text(encoding="utf-8"))
    config["default"]["global"] = {"parameters": {"region": "eu-west-1"}}

    assert undoing(config, "us-east-1") == "--region us-east-1"
