"""personalize migrate, and what personalize check says about the form of a file."""

import json
from pathlib import Path

import pytest
from tests.unit.params.documents import movies
from tests.unit.params.older_forms import FORMS, service_config, single_dataset
from typer.testing import CliRunner

from personalize_pipeline.cli import app
from personalize_pipeline.params import main_form, plan
from personalize_pipeline.params.dialects import FORMS as WORDS


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, document: object) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps(document))


@pytest.mark.parametrize("form", FORMS)
def test_every_older_form_is_written_anew_and_brings_about_the_same(form: str, place: Path) -> None:
    old = FORMS[form]()
    put("old.json", old)

    done = CliRunner().invoke(app, ["migrate", "old.json"])

    assert done.exit_code == 0
    new = json.loads(done.stdout)
    assert new == main_form(old)
    assert plan(new, bucket="b") | {"notes": 0} == plan(old, bucket="b") | {"notes": 0}
    assert done.stderr.startswith(f"old.json is in the form {WORDS[form]}.\nThe file is in the form ")


def test_it_is_written_to_a_file_but_not_over_one(place: Path) -> None:
    put("older/params.json", single_dataset())

    first = CliRunner().invoke(app, ["migrate", "older", "--output", "params.json"])
    second = CliRunner().invoke(app, ["migrate", "older", "--output", "params.json"])
    forced = CliRunner().invoke(app, ["migrate", "older", "--output", "params.json", "--force"])
    again = CliRunner().invoke(app, ["migrate", "params.json"])

    assert (first.exit_code, first.stdout) == (0, "")
    assert first.stderr.endswith("params.json is written.\n")
    assert json.loads(Path("params.json").read_text()) == main_form(single_dataset())
    assert second.exit_code == 1
    assert "params.json is there already. Give another name, or --force." in second.stderr
    assert forced.exit_code == 0
    assert json.loads(again.stdout) == main_form(single_dataset())
    assert "There is nothing to change." in again.stderr


def test_json_has_the_file_and_what_was_changed(place: Path) -> None:
    put("old.json", service_config())

    made = json.loads(CliRunner().invoke(app, ["migrate", "old.json", "--json"]).stdout)

    assert made["form"] == "service-config"
    assert made["params"] == main_form(service_config())
    assert "jobName" in made["notes"][1]
    assert (made["problems"], made["output"]) == ([], None)


def test_a_file_with_problems_is_not_written(place: Path) -> None:
    put("old.json", single_dataset(MinProvisionedTPS="1", SolutionNam="x"))

    done = CliRunner().invoke(app, ["migrate", "old.json", "-o", "new.json"])
    as_json = CliRunner().invoke(app, ["migrate", "old.json", "-o", "new.json", "--json"])

    assert (done.exit_code, as_json.exit_code) == (1, 1)
    assert "old.json has problems, nothing was written:" in done.stderr
    assert '- MinProvisionedTPS: "1" must be a whole number. Write 1.' in done.stderr
    assert [problem["place"] for problem in json.loads(as_json.stdout)["problems"]] == [
        "MinProvisionedTPS",
        "SolutionNam",
    ]
    assert not Path("new.json").exists()


def test_what_is_no_file_or_no_json_is_explained(place: Path) -> None:
    Path("half.json").write_text('{"Bucket": ')

    missing = CliRunner().invoke(app, ["migrate", "missing.json"])
    half = CliRunner().invoke(app, ["migrate", "half.json"])

    assert "missing.json is not a file. Give a params file, or a folder with a params.json." in missing.stderr
    assert "not JSON: line 1" in half.stderr


@pytest.mark.parametrize("form", [*FORMS, "main"])
def test_check_says_which_form_it_found(form: str, place: Path) -> None:
    put("folder/params.json", FORMS[form]() if form in FORMS else movies())

    text = CliRunner().invoke(app, ["check", "folder"]).stdout
    found = json.loads(CliRunner().invoke(app, ["check", "folder", "--json"]).stdout)

    assert text.startswith(f"Form: {WORDS[form]}\n")
    assert found["form"] == form
