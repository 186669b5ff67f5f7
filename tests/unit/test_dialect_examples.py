"""The examples in the forms of older pipelines: current, right, and in the form that they are to show."""

import runpy
from pathlib import Path

import pytest

from personalize_pipeline.data.headers import check_headers
from personalize_pipeline.params import main_form, plan, read
from personalize_pipeline.params.dialects import FORMS, form_of
from personalize_pipeline.params.document import load

EXAMPLES = Path(__file__).parents[2] / "example" / "dialects"
FORM = {
    "single-dataset": "single-dataset",
    "one-solution": "one-solution",
    "named-slots": "named-slots",
    "media": "service-config",
    "media-custom": "service-config",
    "retail": "service-config",
    "schedules": "workflow-config",
}


def test_there_is_one_for_every_older_form() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/params.json")} == set(FORM)
    assert set(FORM.values()) == set(FORMS) - {"main"}


@pytest.mark.parametrize("name", FORM)
def test_an_example_is_right_and_the_same_in_the_form_of_this_pipeline(name: str) -> None:
    text = (EXAMPLES / name / "params.json").read_bytes()

    assert form_of(load(text)) == FORM[name]
    assert plan(main_form(text), bucket="b") | {"notes": 0} == plan(text, bucket="b") | {"notes": 0}


@pytest.mark.parametrize("name", FORM)
def test_the_data_has_the_columns(name: str) -> None:
    data = EXAMPLES / "data" / ("shop" if name == "retail" else "films")

    for kind, schema in read((EXAMPLES / name / "params.json").read_bytes()).schemas.items():
        (file,) = (data / kind.word).glob("*.csv")
        assert check_headers({file.name: file.read_bytes()[:1000]}, schema) == []


def test_the_generator_reproduces_the_committed_files(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "generate.py"))["write"](tmp_path)

    def files(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}

    assert files(tmp_path) == files(EXAMPLES / "data")
