"""The Spark script of example/glue, under PySpark on this computer, against the same in plain Python."""

import csv
import json
import os
import random
import runpy
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.support import prepared

from personalize_pipeline.cli.checking import check
from personalize_pipeline.params import plan

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".spark" / "bin" / "python"
SEED = 20261121


def spark(program: Path, *arguments: str) -> None:
    if not (ROOT / ".spark" / ".spark").exists():
        pytest.skip("needs Spark: make setup-spark")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK", "PYSPARK"))}
    own = {
        "JAVA_HOME": str(ROOT / ".spark" / "java"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        # For a few rows: what makes large data fast costs more than it saves.
        "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false "
        "--conf spark.sql.shuffle.partitions=1 --conf spark.sql.adaptive.enabled=false "
        "--conf spark.sql.codegen.wholeStage=false "
        "--conf spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 pyspark-shell",
    }
    done = subprocess.run(
        [PYTHON, program, *arguments], env=clean | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]


def rows(folder: Path) -> list[dict[str, str]]:
    """All rows of the CSV files, in any order."""
    assert all(path.suffix == ".csv" or path.name.startswith(".") for path in folder.iterdir())
    return [
        row for path in sorted(folder.glob("*.csv")) for row in csv.DictReader(path.open(encoding="utf-8"))
    ]


def same(found: list[dict[str, str]], header: tuple[str, ...], expected: list[tuple[Any, ...]]) -> None:
    def plain(value: Any) -> str:
        return "" if value is None else str(value)

    wanted = Counter(tuple(map(plain, row)) for row in expected)
    assert Counter(tuple(row[name] for name in header) for row in found) == wanted


def event(chance: random.Random) -> dict[str, Any]:
    """Mostly a good one; what is wrong with the others is all that occurs in practice."""
    words = ["plain", "with, comma", 'with "quotes"', "ümläut", "A|B"]
    day, second, fraction = chance.randint(10, 28), chance.randint(10, 59), chance.randint(100, 999)
    good = f"2026-0{chance.randint(1, 9)}-{day}T0{chance.randint(0, 9)}:30:{second}.{fraction}Z"
    made: dict[str, Any] = {
        "type": chance.choice(["track"] * 8 + ["identify", "page"]),
        "userId": chance.choice([*(f"u{n}" for n in range(6)), "", None]),
        "event": chance.choice(["Product Viewed", "Order Completed", None]),
        "timestamp": chance.choice([*[good] * 5, "yesterday", "", None, "2026-01-05T03:00:00+02:00"]),
    }
    if chance.random() < 0.95:
        product = chance.choice([*(f"p{n}" for n in range(5)), "", None])
        properties = {
            chance.choice(["product_id", "productId"]): product,
            "category": chance.choice([*words, None]),
            "price": chance.choice([None, 0.5, 12.25, 99.0]),
            "value": chance.choice([None, 3.5]),
            "currency": "EUR",
        }
        made["properties"] = {key: value for key, value in properties.items() if chance.random() < 0.8}
    return {key: value for key, value in made.items() if value is not None or chance.random() < 0.5}


def test_segment_events_become_the_datasets_that_plain_python_makes_of_them(tmp_path: Path):
    chance = random.Random(SEED)
    cases, expected = [], []
    for number, size in enumerate((0, 40, 300)):
        folder = tmp_path / f"raw{number}"
        (folder / "2026" / "01").mkdir(parents=True)
        lines = [json.dumps(event(chance)) for _ in range(size)]
        half = len(lines) // 2
        (folder / "a.json").write_text("".join(f"{line}\n" for line in lines[:half]), encoding="utf-8")
        (folder / "2026" / "01" / "b.json").write_text(
            "".join(f"{line}\n" for line in lines[half:]), encoding="utf-8"
        )
        cases.append({"format": "segment", "input": str(folder), "output": str(tmp_path / f"out{number}")})
        expected.append(prepared.segment(lines))
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")

    spark(ROOT / "tests" / "support" / "spark_cases.py", str(tmp_path / "cases.json"))

    for case, wanted in zip(cases, expected, strict=True):
        for word, header in prepared.HEADERS.items():
            same(rows(Path(case["output"]) / word), header, wanted[word])
    assert len(expected[-1]["Interactions"]) > 30


def test_movielens_becomes_what_the_demo_makes_of_it(tmp_path: Path):
    shared = os.environ.get("PERSONALIZE_SHARED")
    source = Path(shared or "") / "data" / "ml-latest-small"
    if not shared or not (source / "ratings.csv").is_file():
        pytest.skip("needs MovieLens: PERSONALIZE_SHARED=<folder with data/ml-latest-small>")

    script = ROOT / "example" / "glue" / "prepare.py"
    spark(script, "--format", "movielens", "--input", str(source), "--output", str(tmp_path))

    movielens = runpy.run_path(str(ROOT / "example" / "movielens.py"))  # what `make demo` prepares
    interactions = movielens["interactions"](source / "ratings.csv")
    assert len(interactions) == 158_371
    same(rows(tmp_path / "Interactions"), ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"), interactions)
    items = list(movielens["items"](source / "movies.csv"))
    same(rows(tmp_path / "Items"), ("ITEM_ID", "TITLE", "GENRE", "YEAR"), items)
    with (source / "ratings.csv").open(encoding="utf-8") as file:
        rated = Counter(row["userId"] for row in csv.DictReader(file))
    same(rows(tmp_path / "Users"), ("USER_ID", "RATED"), list(rated.items()))


def test_the_params_file_fits_what_the_script_makes():
    document = json.loads((ROOT / "example" / "glue" / "params.json").read_text(encoding="utf-8"))
    made = plan(document, bucket="input", prefix="shop/", key="shop/params.json")
    assert made["preprocess"]["call"] == {
        "JobName": "personalize-prepare",
        "Arguments": {"--bucket": "input", "--prefix": "shop/", "--format": "segment"},
        "Timeout": 60,
    }
    for word, header in prepared.HEADERS.items():
        fields = document["datasets"][word]["schema"]["fields"]
        assert tuple(field["name"] for field in fields) == header


def test_the_folder_is_ready_although_its_data_is_still_to_be_made():
    report = check(ROOT / "example" / "glue")
    assert report.problems == []
    assert "Interactions: made by the Glue job, not looked at" in report.found
