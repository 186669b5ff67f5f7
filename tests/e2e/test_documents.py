"""The commands of README.md, docs/ and CONTRIBUTING.md, typed as a reader would, on the local stack.

Those about Personalize Local alone run in test_documents_of_personalize_local.py, all others here, in a copy
of the repository. They end with deleting the stack, so these tests come last (conftest.py).
"""

import json
import re
import shutil
import time
from typing import Any

import pytest
from tests.support.deployed_stack import INTERACTIONS_SCHEMA, DeployedStack
from tests.support.documents import BLOCKS, NOT_RUN, ROOT, Block, Terminal, blocks, clean_environment

MARKERS = {"local", "deploy", "run", "check", "watch", "clean-up", "destroy", "plan", "export"}
OF_PERSONALIZE_LOCAL = {"serve", "any program", "faults"}  # test_documents_of_personalize_local.py


@pytest.fixture(scope="module")
def terminal(deployed: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A new terminal, in which the stack of the session is the default one."""
    copy = tmp_path_factory.mktemp("copy") / "repository"
    left_out = (
        ".git",
        ".venv",
        ".tools",
        ".spark",
        ".personalize",
        ".aws-sam",
        "build",
        "tests",
        ".*_cache",
        ".hypothesis",
    )
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*left_out))
    (copy / ".aws-sam").mkdir()  # the layer's dependencies, which the session's build has downloaded
    (copy / ".aws-sam" / "layer-dependencies").symlink_to(ROOT / ".aws-sam" / "layer-dependencies")
    home = copy / ".personalize"
    home.mkdir()
    (home / "default").symlink_to(deployed._stack.folder)
    (home / "ministack").symlink_to(deployed._stack.home / "ministack")
    # docs/clean-up.md looks every 10 s otherwise
    return Terminal(copy, clean_environment(SAM_CLI_TELEMETRY="0", PAUSE="0.2"))


@pytest.fixture(scope="module")
def followed(terminal: Terminal) -> dict[str, str]:
    """Every block up to the clean-up, in the order of reading; what each of them printed, by its marker."""
    printed = {}
    for block in blocks("README.md", "local", "deploy", "run", "check", "plan"):
        printed[block.marker] = terminal.type(block)
    for block in blocks("docs/monitoring.md", "watch"):
        printed[block.marker] = terminal.type(block)
    for number, block in enumerate(blocks("docs/local-stack.md", "run")):
        printed[f"local-stack {number}"] = terminal.type(block)
    for number, block in enumerate(blocks("docs/plan.md", "run")):
        printed[f"plan {number}"] = terminal.type(block)
    for block in blocks("docs/export.md", "export"):
        printed[block.marker] = terminal.type(block)
    return printed


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_says_whether_a_test_runs_it(block: Block):
    assert block.marker in MARKERS | OF_PERSONALIZE_LOCAL or block.marker.startswith(NOT_RUN)


def test_the_commands_that_deploy_end_with_a_mail_about_a_live_recommender(followed: dict[str, str]):
    assert "Successfully created/updated stack" in followed["deploy"] or "No changes" in followed["deploy"]
    assert "Succeeded: films" in followed["deploy"]


def test_run_and_recommend_print_titles(followed: dict[str, str]):
    assert "3 unchanged" in followed["run"]
    assert "Succeeded: films" in followed["run"]
    assert re.search(r"^  1  \w.*\(film-\d+\)", followed["run"], re.MULTILINE)


def test_the_recommendations_that_the_readme_shows_are_what_the_example_gives(followed: dict[str, str]):
    shown = re.findall(r"^    \d  (.*)  \[", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert len(shown) == 5
    assert [title for title in shown if f"{title}  (film-" not in followed["run"]] == []


def test_the_example_is_found_ready(followed: dict[str, str]):
    assert "example is ready: personalize run example" in followed["check"]


def test_the_example_is_exported_and_its_file_changes_nothing(followed: dict[str, str]):
    printed = followed["export"]

    assert '"datasetGroup": {\n    "name": "films"' in printed
    assert "exported is ready: personalize run exported" in printed
    assert "Succeeded: films" in printed
    done = printed.partition("What was done")[2]
    did = re.findall(r"^(created|updated|imported|trained|reused) ", done, re.MULTILINE)
    assert set(did) == {"reused"}


def test_campaigns_that_are_not_worth_their_price_can_be_asked_for(followed: dict[str, str]):
    found = json.loads(followed["watch"][followed["watch"].rindex('{"daysSinceSuccess"') :])

    assert found["daysSinceSuccess"] < 1
    assert found["findings"] == []


def test_the_local_stack_is_as_its_page_says(followed: dict[str, str]):
    first, second = followed["local-stack 0"], followed["local-stack 1"]

    assert '"Account": "000000000000"' in first
    assert re.search(r"^default +up ", first, re.MULTILINE)
    assert "The local stack 'other' is stopped." in second


def test_the_plan_after_a_run_is_empty_and_the_estimate_has_a_sum(followed: dict[str, str]):
    for part in ("Nothing to do: everything is as the params file wants it.", "($540 a month)"):
        assert part in followed["plan"]
    assert "Nothing to do" in followed["plan 0"]
    assert "then $17.76 a day ($540 a month)" in followed["plan 1"]


def test_sam_deploy_guided_asks_and_what_it_writes_does_no_harm(
    followed: dict[str, str], terminal: Terminal, deployed: DeployedStack
):
    """The answers: stack and region as proposed, a mail address, and everything else as proposed."""
    answers = "\n\nyou@example.com\n" + "\n" * 20

    guided = terminal.run("sam deploy --guided", about="sam deploy --guided", answers=answers)
    again = terminal.run("sam deploy", about="sam deploy after --guided")

    assert "Saved arguments to config file" in guided
    assert "No changes to deploy" in again
    assert 'Email=\\"you@example.com\\"' in (terminal.folder / "samconfig.toml").read_text()
    (stack,) = deployed.client("cloudformation").describe_stacks(StackName=deployed.NAME)["Stacks"]
    assert {"ParameterKey": "Email", "ParameterValue": "you@example.com"} in stack["Parameters"]


def test_cleaning_up_leaves_nothing(followed: dict[str, str], terminal: Terminal, deployed: DeployedStack):
    """docs/clean-up.md deletes the example and its data, README the stack, docs/clean-up.md the rest."""
    personalize = deployed.client("personalize")
    # A campaign that the params file does not know of must not be in the way.
    (solution,) = [one for one in personalize.list_solutions()["solutions"] if one["name"] == "films-for-you"]
    versions = personalize.list_solution_versions(solutionArn=solution["solutionArn"])["solutionVersions"]
    personalize.create_campaign(name="films-other", solutionVersionArn=versions[0]["solutionVersionArn"])

    (destroy,) = blocks("docs/clean-up.md", "destroy")
    printed = terminal.type(destroy)

    assert "What would be deleted of dataset group films, in this order:" in printed
    assert "Deleted: films" in printed
    assert "films-other" in printed
    assert names(personalize.list_dataset_groups()["datasetGroups"]) == set()
    assert not [name for name in names(personalize.list_schemas()["schemas"]) if name.startswith("films-")]

    for block in blocks("README.md", "clean-up"):
        assert "There is nothing to delete" in terminal.type(block)
    stacks = deployed.client("cloudformation").list_stacks()["StackSummaries"]
    left = [one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"]
    assert deployed.NAME not in left

    # A group that outlived its stack.
    schema = personalize.create_schema(name="films-left", schema=json.dumps(INTERACTIONS_SCHEMA))["schemaArn"]
    group = personalize.create_dataset_group(name="films")["datasetGroupArn"]
    while personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"] != "ACTIVE":
        time.sleep(0.1)
    dataset = personalize.create_dataset(
        name="films-left", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    while personalize.describe_dataset(datasetArn=dataset)["dataset"]["status"] != "ACTIVE":
        time.sleep(0.1)
    personalize.create_metric_attribution(
        name="films-left",
        datasetGroupArn=group,
        metrics=[{"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": "arn:aws:iam::000000000000:role/any"},
    )
    for block in blocks("docs/clean-up.md", "run"):
        terminal.type(block)

    assert names(personalize.list_dataset_groups()["datasetGroups"]) == set()
    assert not [name for name in names(personalize.list_schemas()["schemas"]) if name.startswith("films-")]
    assert deployed.bucket not in {one["Name"] for one in deployed.client("s3").list_buckets()["Buckets"]}


def test_no_block_was_forgotten(terminal: Terminal):
    """Runs after the others: what is marked as run has been typed."""
    forgotten = [block for block in BLOCKS if block.marker in MARKERS and block not in terminal.typed]

    assert list(map(str, forgotten)) == []


def names(resources: list[dict[str, Any]]) -> set[str]:
    return {resource["name"] for resource in resources}
