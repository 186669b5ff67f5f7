"""What is true of every command: an example in its help, --json, a fast start, errors without a traceback."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import typer
from typer.testing import CliRunner

from personalize_pipeline.cli import app, runs
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.output import CommandError

ROOT = Path(__file__).parents[3]


def commands(group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    group = group or typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ALL = list(commands())


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, and no AWS in the environment."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("PERSONALIZE_HOME", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the environment of its first use
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_the_commands_of_the_readme() -> None:
    assert {" ".join(path) for path in ALL} >= {
        *("check", "run", "watch", "recommend", "promote", "rollback", "destroy"),
        *(f"local {name}" for name in ("up", "down", "status", "env", "logs", "reset")),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example_and_json(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"]).output

    assert re.search(rf"Examples?:\n.*personalize {' '.join(path)}", shown, re.DOTALL) or "eval" in shown
    assert "--json" in shown


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_examples_in_help_are_understood(path: tuple[str, ...]) -> None:
    """Their options exist: each example is parsed as click would, without running it."""
    shown = CliRunner().invoke(app, [*path, "--help"]).output
    examples = re.findall(r"^ +(personalize .*?)(?: {3,}.*)?$", shown, re.MULTILINE)
    examples += re.findall(r'eval "\$\((personalize [^)]*)\)"', shown)

    assert examples
    for example in examples:
        words = example.split()[1:]
        command = typer.main.get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        with command.make_context("personalize", words, resilient_parsing=False) as context:
            assert context.params


def test_help_loads_nothing_slow() -> None:
    script = "import sys; from personalize_pipeline.cli import app; print(' '.join(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    slow = {"boto3", "botocore", "pydantic", "numpy", "personalize_local"}
    assert set(loaded.stdout.split()) & slow == set()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "missing"), 1, "missing is not a folder. Give one with a params.json and its data."),
        (("check", "."), 1, ". has no params.json."),
        (("check", "missing"), 1, "missing is not there. Give a folder with a params.json"),
        (("watch",), 1, "You must specify a region."),
        (("recommend", "films-for-you"), 1, "Give --user ID, --item ID, or --user ID with --items ID,ID,..."),
        (("recommend", "ranking", "--items", "1,2"), 1, "give --user as well as --items"),
        (("recommend", "x", "--user", "1", "--value", "A=1"), 1, "--value is for a filter: give --filter"),
        (("local", "env"), 1, "The local stack 'default' is not up. Start it: personalize local up"),
        (("local", "logs"), 1, "The local stack 'default' was never up: personalize local up"),
        (("local", "logs", "--name", "b"), 1, "'b' was never up: personalize local up --name b"),
        (("local", "up", "--port", "99999"), 2, "Invalid value for '--port'"),
        (("local", "reset", "--yes"), 1, "There is no local stack 'default' here"),
        (("local", "up", "--name", "a/b"), 1, "'a/b' cannot name a local stack"),
        (("run",), 2, "Missing argument 'FOLDER'"),
        (("recommend", "films-for-you", "--count", "0"), 2, "Invalid value for '--count'"),
        (("jump",), 2, "No such command 'jump'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_the_user_gets_wrong_is_explained_on_stderr(
    arguments: tuple[str, ...], code: int, words: str, nowhere: Path
) -> None:
    done = CliRunner().invoke(app, list(arguments))

    assert done.exit_code == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_local_stack_that_is_not_up_is_asked_for(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    done = CliRunner().invoke(app, ["watch"])

    assert done.exit_code == 1
    assert "AWS_ENDPOINT_URL is http://127.0.0.1:9: is the local stack up?" in done.stderr
    assert "It is started by `personalize local up`" in done.stderr


@pytest.mark.parametrize("arguments", [("--all",), ("--name", "typo")], ids=" ".join)
def test_stopping_what_was_never_up_says_so_and_leaves_nothing(
    arguments: tuple[str, ...], nowhere: Path
) -> None:
    done = CliRunner().invoke(app, ["local", "down", *arguments])

    assert done.exit_code == 0
    assert done.stdout.startswith("There is no local stack")
    assert list(nowhere.iterdir()) == []


def test_a_profile_that_does_not_exist_is_explained(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")

    done = CliRunner().invoke(app, ["watch"])

    assert done.exit_code == 1
    assert "profile (nope) could not be found" in done.stderr
    assert "For AWS: set the usual variables" in done.stderr


def test_the_version_is_told() -> None:
    done = CliRunner().invoke(app, ["--version"])

    assert done.exit_code == 0
    assert re.fullmatch(r"personalize \d+\.\d+\.\d+\S*\n", done.stdout)


def test_ctrl_c_while_the_command_is_loaded_ends_it_quietly() -> None:
    script = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
import personalize_pipeline.cli
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (130, "")


def test_ctrl_c_while_following_says_that_the_run_goes_on(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    target = Deployment("stack", "bucket", "arn:aws:states:us-east-1:1:stateMachine:a", "ensure")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("personalize_pipeline.cli.deployment.find", lambda _: target)
    monkeypatch.setattr("personalize_pipeline.cli.runs.named", lambda *_: target.execution_arn("films-1"))
    monkeypatch.setattr("personalize_pipeline.cli.following.show", interrupted)

    done = CliRunner().invoke(app, ["watch"])

    assert done.exit_code == 130
    assert "The run itself goes on. Follow it again: personalize watch films-1" in done.stderr


@pytest.mark.parametrize("place", ["s3://", "s3://bucket", "s3://bucket/"])
def test_watching_what_names_no_file_says_how_to_write_it(place: str) -> None:
    with pytest.raises(CommandError, match="Write it as s3://BUCKET/FOLDER/"):
        runs.named(Deployment("stack", "bucket", "pipeline", "ensure"), place)


def test_a_bug_keeps_its_traceback(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("personalize_pipeline.cli.checking.check", broken)

    assert isinstance(CliRunner().invoke(app, ["check", "."]).exception, ZeroDivisionError)


def test_check_tells_what_it_found_in_the_example(nowhere: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(ROOT / "example")])

    assert done.exit_code == 0
    assert "Interactions: 1 CSV file, 1,58" in done.stdout
    assert "example is ready: personalize run" in done.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param('{"userId": "1"}', "solutions[0].batchInferenceJobs[0]: 1 file of lines", id="good"),
        pytest.param('{"itemId": "1"}', 'its first line has no "userId".', id="of another recipe"),
        pytest.param("", "solutions[0].batchInferenceJobs[0]: there is no file in data/batch/", id="none"),
    ],
)
def test_check_looks_at_the_lines_of_batch_jobs(nowhere: Path, line: str, said: str) -> None:
    shutil.copytree(ROOT / "example" / "data", nowhere / "data")
    document = json.loads((ROOT / "example" / "params.json").read_text())
    solution = document["solutions"][0]
    solution["batchInferenceJobs"] = [{}]
    (nowhere / "params.json").write_text(json.dumps(document))
    lines = nowhere / "data" / "batch" / solution["name"] / "users.json"
    lines.parent.mkdir(parents=True)
    lines.write_text(line)

    done = CliRunner().invoke(app, ["check", "."])

    assert said in done.output


def test_check_lists_all_problems_of_params_at_once_as_json(nowhere: Path) -> None:
    document = json.loads((ROOT / "example" / "params.json").read_text())
    document["solutions"][0]["recipeArm"] = document["solutions"][0].pop("recipeArn")
    document["solutions"][1]["campaigns"][0]["minProvisionedTPS"] = 0
    (nowhere / "params.json").write_text(json.dumps(document))

    done = CliRunner().invoke(app, ["check", ".", "--json"])

    assert done.exit_code == 1
    problems = {one["place"]: one["message"] for one in json.loads(done.stdout)["problems"]}
    assert "unknown key" in problems["solutions[0].recipeArm"]
    assert "too small" in problems["solutions[1].campaigns[0].minProvisionedTPS"]


@pytest.fixture
def example(nowhere: Path) -> Path:
    """A copy of the example, to be changed."""
    shutil.copytree(ROOT / "example" / "data", nowhere / "data")
    shutil.copy(ROOT / "example" / "params.json", nowhere)
    return nowhere


def enlarged(file: Path, size: int) -> None:
    """As large, without taking the space on the disk."""
    with file.open("r+b") as opened:
        opened.truncate(size)


def test_check_takes_a_params_file_of_any_name(nowhere: Path) -> None:
    document = json.loads((ROOT / "example" / "params.json").read_text())
    document["datasets"]["Users"]["dataLocation"] = "s3://somewhere/users/"
    document["solutions"][0]["batchInferenceJobs"] = [{}]
    (nowhere / "d").mkdir()
    (nowhere / "d" / "single.json").write_text(json.dumps(document))
    shutil.copytree(ROOT / "example" / "data" / "Items", nowhere / "d" / "data" / "Items")

    done = CliRunner().invoke(app, ["check", "d/single.json"])

    assert done.exit_code == 0
    assert "Interactions: there is no folder d/data/Interactions, not looked at" in done.stdout
    assert "Items: 1 CSV file, " in done.stdout
    assert "Users: data at s3://somewhere/users/, not looked at" in done.stdout
    assert "batchInferenceJobs[0]: there is no folder d/data/batch/" in done.stdout
    assert done.stdout.endswith("d/single.json has no problems.\n")

    (nowhere / "d" / "data" / "Items" / "b.csv").write_text("ID\n")
    done = CliRunner().invoke(app, ["check", "d/single.json"])

    assert done.exit_code == 1
    assert "in d/single.json:\n- Items/b.csv: the header (ID) lacks ITEM_ID" in done.stdout


def test_check_knows_what_personalize_takes_at_once(example: Path) -> None:
    interactions = next((example / "data" / "Interactions").glob("*.csv"))
    interactions.write_text("".join(interactions.read_text().splitlines(keepends=True)[:1000]))
    enlarged(next((example / "data" / "Users").glob("*.csv")), 10**11 + 1)
    document = json.loads((example / "params.json").read_text())
    solution = document["solutions"][0]
    solution["batchInferenceJobs"] = [{}]
    (example / "params.json").write_text(json.dumps(document))
    lines = example / "data" / "batch" / solution["name"] / "users.json"
    lines.parent.mkdir(parents=True)
    lines.write_text('{"userId": "1"}\n')
    enlarged(lines, 10**9 + 1)

    done = CliRunner().invoke(app, ["check", "."])

    assert done.exit_code == 1
    assert "3 problems in .:" in done.stdout
    assert "Interactions/: 999 interactions; Amazon Personalize takes 1,000 or more in" in done.stdout
    assert "Users/: 100,000,000,001 bytes; Amazon Personalize takes at most 100,000,000,000" in done.stdout
    assert "1,000,000,001 bytes; a batch job takes at most 1,000,000,000. Divide them" in done.stdout


def test_check_notes_what_only_a_first_import_may_have(example: Path) -> None:
    document = json.loads((example / "params.json").read_text())
    document["datasets"]["Interactions"]["importMode"] = "INCREMENTAL"
    (example / "params.json").write_text(json.dumps(document))
    enlarged(next((example / "data" / "Interactions").glob("*.csv")), 10**9 + 1)

    done = CliRunner().invoke(app, ["check", "."])

    assert done.exit_code == 0
    assert "Note: Interactions: 1,000,000,001 bytes; an INCREMENTAL import takes 1,000,000,000" in done.stdout


@pytest.mark.parametrize("command", ["run", "plan", "estimate"])
def test_a_folder_with_problems_is_refused_with_them_alone(
    command: str, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Deployment("stack", "bucket", "arn:aws:states:us-east-1:1:stateMachine:a", "ensure")
    monkeypatch.setattr("personalize_pipeline.cli.deployment.find", lambda _: target)
    shutil.rmtree(example / "data" / "Users")

    done = CliRunner().invoke(app, [command, "."])

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: 1 problem in .:\n       - Users/: there is no CSV file")


def test_check_looks_at_the_headers_of_the_files(nowhere: Path) -> None:
    (nowhere / "params.json").write_text((ROOT / "example" / "params.json").read_text())
    for name in ("Interactions", "Items"):
        (nowhere / name).mkdir()
    (nowhere / "Interactions" / "a.csv").write_text("USER_ID,ITEM,EVENT_TYPE,TIMESTAMP\n")
    (nowhere / "Items" / "a.csv").write_text("ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP\n")

    done = CliRunner().invoke(app, ["check", "."])

    assert done.exit_code == 1
    assert "3 problems in .:" in done.stdout
    assert "Interactions/a.csv: the header (USER_ID,ITEM,EVENT_TYPE,TIMESTAMP) lacks ITEM_ID." in done.stdout
    assert "Interactions/: 0 interactions; Amazon Personalize takes 1,000 or more" in done.stdout
    assert "Users/: there is no CSV file in Users." in done.stdout


def test_without_its_extra_the_command_says_what_to_install() -> None:
    program = "import sys; sys.modules['typer'] = None; import personalize_pipeline.cli"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == (
        "Error: the command personalize needs typer, which is not installed. "
        "Install the project with its extra 'cli' too: pip install '.[cli,local]'\n"
    )


@pytest.mark.parametrize("path", [[], ["local"]], ids=["personalize", "personalize local"])
def test_the_lists_of_commands_are_not_cut_off(path: list[str]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"], terminal_width=80).output

    listed = [line for line in shown.partition("Commands:")[2].splitlines() if line]
    assert len(listed) >= 5
    assert [line for line in listed if line.endswith("...")] == []
