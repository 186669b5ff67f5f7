import json
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator
from tests.unit.params.documents import RECIPE, movies, one_solution, put

from personalize_pipeline.params import read
from personalize_pipeline.params.schema_document import FILE, schema_document, text

VALIDATOR = Draft202012Validator(schema_document())


def test_the_published_schema_is_current():
    advice = "run: python -m personalize_pipeline.params.schema_document"

    assert FILE.read_text(encoding="utf-8") == text(), advice


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(schema_document())


GOOD = {
    "whole file": movies(),
    "smallest": {"datasetGroup": {"name": "x"}},
    "with $schema": {"$schema": "params.schema.json", "datasetGroup": {"name": "x"}},
    "schema as text": put(
        movies(), "datasets.Users.schema", json.dumps(movies()["datasets"]["Users"]["schema"])
    ),
    "settings": one_solution(
        recipeArn=f"{RECIPE}aws-user-personalization",
        performHPO=False,
        solutionConfig={"algorithmHyperParameters": {"bptt": "8"}},
        campaigns=[{"name": "c", "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0"}}}],
    ),
    "performAutoML": one_solution() | {"solutions": [{"name": "x", "performAutoML": True}]},
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_editors_accept_what_the_pipeline_accepts(document):
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert read(document).document


BAD = {
    "unknown key": ("solutions[0].recipeArm", "x"),
    "no name": ("datasetGroup.name", ...),
    "name with a space": ("datasetGroup.name", "a b"),
    "number in quotes": ("solutions[0].campaigns[0].minProvisionedTPS", "1"),
    "number too small": ("solutions[0].campaigns[0].minProvisionedTPS", 0),
    "choice": ("datasets.Items.importMode", "ALL"),
    "type in a schema": ("datasets.Items.schema.fields[0].type", "text"),
    "filled in": ("solutions[0].datasetGroupArn", "x"),
    "schedule": ("schedules", {"retrain": {"expression": "rate(1 day)", "state": "off"}}),
    "null": ("eventTracker", None),
}


@pytest.mark.parametrize(("place", "value"), BAD.values(), ids=BAD)
def test_editors_refuse_what_the_pipeline_refuses(place, value):
    assert not VALIDATOR.is_valid(put(movies(), place, value))


def test_every_key_has_a_description():
    document = schema_document()
    without = [
        f"{name}.{key}"
        for name, section in {"": document, **document["$defs"]}.items()
        for key, value in section["properties"].items()
        if "description" not in value and "$ref" not in value
    ]

    assert without == []


def test_reading_params_loads_nothing_heavy():
    """Cold starts of the functions: the parts of the command and of Personalize Local stay out."""
    code = "import sys, personalize_pipeline.params; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert loaded.isdisjoint(
        {"boto3", "botocore.session", "numpy", "typer", "rich", "jsonschema", "personalize_local"}
    )
