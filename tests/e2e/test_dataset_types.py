"""All five dataset types, in several files each, imported in full and added to; on the deployed pipeline."""

from tests.support.dataset_files import ACTIONS, RECIPE, action_interactions, csv, document, events
from tests.support.deployed_stack import DeployedStack, Run


def served(stack: DeployedStack, run: Run, group: str) -> set[int]:
    """The items that the campaign knows."""
    answer = stack.client("personalize-runtime").get_recommendations(
        campaignArn=run.step("Campaign", f"{group}-popular")["arn"], userId="u1", numResults=500
    )
    return {int(item["itemId"][1:]) for item in answer["itemList"]}


def test_all_five_dataset_types_with_several_files_each(stack: DeployedStack):
    taken = action_interactions()
    files = {
        "Interactions": [events(range(start, start + 10), seed=start) for start in (0, 10, 20)],
        "Items": [
            csv("ITEM_ID,TASTE", (f"i{n},{'odd' if n % 2 else 'even'}" for n in part))
            for part in (range(15), range(15, 30))
        ],
        "Users": [
            csv("USER_ID,AGE", (f"u{n},{20 + n}" for n in part)) for part in (range(25), range(25, 50))
        ],
        "Actions": [
            csv("ACTION_ID,VALUE", (f"{action},3" for action in part)) for part in (ACTIONS[:2], ACTIONS[2:])
        ],
        "ActionInteractions": [
            csv("USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP", part) for part in (taken[:600], taken[600:])
        ],
    }
    for kind, parts in files.items():
        for number, text in enumerate(parts):
            stack.upload(f"five/{kind}/part-{number}.csv", text)
    wanted = document("five", *files)
    wanted["solutions"].append(
        {
            "name": "five-next",
            "recipeArn": f"{RECIPE}next-best-action",
            "campaigns": [{"name": "five-next", "minProvisionedTPS": 1}],
        }
    )

    run = stack.run("five", wanted)

    assert run.status == "SUCCEEDED", run.cause
    for kind, parts in files.items():
        step = run.step("DatasetImport", f"five-{kind.lower()}")
        assert (step["did"], step["details"]["files"]) == ("imported", len(parts)), kind
    assert served(stack, run, "five") == set(range(30))  # those of every file
    answer = stack.client("personalize-runtime").get_action_recommendations(
        campaignArn=run.step("Campaign", "five-next")["arn"], userId="u1", numResults=4
    )
    assert {one["actionId"] for one in answer["actionList"]} <= set(ACTIONS)
    assert "get-action-recommendations" in run.mail.body


def test_incremental_imports_add_and_full_ones_replace(stack: DeployedStack):
    wanted = document("growing", "Interactions")
    section = wanted["datasets"]["Interactions"]
    first_file = "growing/Interactions/2026-01.csv"

    section["importMode"] = "INCREMENTAL"
    stack.upload(first_file, events(range(10)))
    first = stack.run("growing", wanted)
    stack.upload("growing/Interactions/2026-02.csv", events(range(10, 20), seed=1))
    second = stack.run("growing", wanted)
    section["importMode"] = "FULL"
    stack.client("s3").delete_object(Bucket=stack.bucket, Key=first_file)
    third = stack.run("growing", wanted)

    for run in (first, second, third):
        assert run.status == "SUCCEEDED", run.cause
        assert run.step("DatasetImport")["did"] == "imported"
    # Personalize wants the first import to be a full one, whatever the file says.
    assert [run.step("DatasetImport")["details"].get("importMode") for run in (first, second, third)] == [
        "FULL",
        "INCREMENTAL",
        None,
    ]
    assert "1 file" in first.mail.body
    assert ", INCREMENTAL)" in second.mail.body
    # The campaign serves the newest version in the end.
    assert served(stack, third, "growing") == set(range(10, 20))
    sizes = [run.step("DatasetImport")["details"]["files"] for run in (first, second, third)]
    assert sizes == [1, 2, 1]


def test_a_file_with_other_columns_ends_the_run_before_anything_is_made(stack: DeployedStack):
    stack.upload("mixed/Interactions/a.csv", events(range(10)))
    stack.upload("mixed/Interactions/b.csv", "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\n")

    run = stack.run("mixed", document("mixed", "Interactions"))

    assert run.status == "FAILED"
    assert run.steps == []
    assert "mixed/Interactions/b.csv: the header (USER_ID,ITEM_ID,TIMESTAMP)" in run.mail.body.replace(
        "\n", " "
    )
