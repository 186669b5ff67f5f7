"""Quotas of the account: what a run would hit is known before anything is created."""

from pathlib import Path

from tests.support.command import folder_with, personalize
from tests.support.deployed_stack import DeployedStack, params

FOR_YOU = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
TOO_MANY = "campaigns in the new dataset group: 0 there, 6 more wanted, 5 allowed."


def test_a_run_that_quotas_do_not_allow_ends_before_anything_is_created(stack: DeployedStack, tmp_path: Path):
    client = stack.client("personalize")
    for number in range(4):
        client.create_dataset_group(name=f"other-{number}")
    campaigns = [{"name": f"much-{number}"} for number in range(6)]
    solutions = [{"name": "much", "recipeArn": FOR_YOU, "campaigns": campaigns}]
    solutions += [{"name": f"much-{number}", "recipeArn": FOR_YOU} for number in range(10)]
    document = params("much", solutions=solutions)
    folder = folder_with(tmp_path, "much", document)

    code, text, _ = personalize(stack, "plan", folder)
    assert code == 1
    assert TOO_MANY in text

    code, mail, _ = personalize(stack, "run", folder)

    assert code == 1
    assert mail.startswith("Failed: much (QuotaExceeded)")
    for line in (
        TOO_MANY,
        "solutions in the new dataset group: 0 there, 11 more wanted, 10 allowed.",
        "sam deploy --parameter-overrides Quotas=campaigns:6",
    ):
        assert line in mail
    (run,) = stack.executions("much")
    assert [step["resource"] for step in stack.ended(run).steps] == ["WaitForTurn"]
    names = {group["name"] for group in client.list_dataset_groups()["datasetGroups"]}
    assert names == {f"other-{number}" for number in range(4)}


def test_what_is_there_counts_and_what_only_takes_turns_does_not_stop_a_run(
    stack: DeployedStack, tmp_path: Path
):
    client = stack.client("personalize")
    for number in range(5):
        client.create_dataset_group(name=f"full-{number}")
    folder = folder_with(tmp_path, "sixth", params("sixth", solutions=[]))

    code, text, _ = personalize(stack, "plan", folder)

    assert code == 1
    assert "dataset groups in this region of the account: 5 there, 1 more wanted, 5 allowed." in text
