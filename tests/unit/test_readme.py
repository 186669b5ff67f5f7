"""README and docs: what they show is true. The demo runs the commands that deploy (example/demo.py)."""

import json
import re
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from personalize_pipeline.cli import app
from personalize_pipeline.params import read

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shell_blocks() -> list[tuple[str, str]]:
    return [(page.name, block) for page in PAGES for block in BLOCK.findall(page.read_text(encoding="utf-8"))]


def command_lines(program: str) -> list[tuple[str, str]]:
    """Every line of every page that calls this program, comments cut off."""
    found = []
    for page, block in shell_blocks():
        for line in block.replace("\\\n", " ").splitlines():
            calls = re.findall(rf"(?:^|\$\(|&& ){program} [^)&#]*", line)
            found += [(page, call.lstrip("$(& ").strip()) for call in calls]
    return found


@pytest.mark.parametrize(("page", "block"), shell_blocks())
def test_every_block_of_commands_is_good_shell(page: str, block: str) -> None:
    checked = subprocess.run(["/bin/bash", "-n"], input=block, capture_output=True, text=True, check=False)

    assert checked.stderr == ""


@pytest.mark.parametrize(("page", "line"), command_lines("make"))
def test_every_make_target_that_is_shown_exists(page: str, line: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert shlex.split(line)[1] in targets


@pytest.mark.parametrize(("page", "line"), command_lines("personalize"))
def test_every_personalize_command_that_is_shown_is_understood(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    with command.make_context("personalize", words) as context:
        assert context.command.name


def test_the_demo_runs_the_commands_that_deploy_to_aws() -> None:
    commands = runpy.run_path(str(ROOT / "example" / "demo.py"))["commands"](
        (ROOT / "README.md").read_text(encoding="utf-8")
    )

    assert [shlex.split(command)[:2] for command in commands if "=$(" not in command] == [
        ["sam", "build"],
        ["sam", "deploy"],
        ["aws", "s3"],
        ["aws", "s3"],
        ["personalize", "watch"],
    ]


def test_the_params_file_that_is_shown_passes_all_checks() -> None:
    shown = re.search(r"<!-- params -->\n```json\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown

    assert read(json.dumps(json.loads(shown[1]))).document["datasetGroup"] == {"name": "shop"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_into_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


def test_the_readme_says_what_it_is_and_gives_a_command_within_twenty_lines() -> None:
    assert "make demo" in "\n".join((ROOT / "README.md").read_text().splitlines()[:20])
