"""`personalize plan` and the beginning of the mail: what a run does is known before it begins."""

import json
import re
from pathlib import Path
from typing import Any

from tests.support.command import folder_with, personalize
from tests.support.deployed_stack import DeployedStack, interactions_csv, params

DID = {
    "create": "created",
    "import": "imported",
    "train": "trained",
    "retrain": "trained",
    "update": "updated",
    "keep": "reused",
}
UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
NOTHING = "Nothing to do: everything is as the params file wants it."


def planned(stack: DeployedStack, folder: Path, *options: str) -> tuple[int, dict[tuple[str, str], Any]]:
    code, out, err = personalize(stack, "plan", folder, "--json", *options)
    assert "Traceback" not in err
    return code, {(one["resource"], one["name"]): one for one in json.loads(out)["entries"]}


def first_section(body: str) -> str:
    return body.split("\n\n")[1]


def test_a_plan_is_what_the_run_does_and_the_same_file_twice_plans_nothing(
    stack: DeployedStack, tmp_path: Path
):
    document = params(
        "known",
        eventTracker={"name": "known-events"},
        filters=[{"name": "known-unseen", "filterExpression": UNSEEN}],
        schedules={"retrain": {"expression": "cron(0 3 ? * SUN *)"}},
    )
    folder = folder_with(tmp_path, "known", document)
    client = stack.client("personalize")

    code, plan = planned(stack, folder)
    assert code == 0
    assert {key[0]: one["action"] for key, one in plan.items()} == {
        "DatasetGroup": "create",
        "Schema": "create",
        "Dataset": "create",
        "DatasetImport": "import",
        "EventTracker": "create",
        "Filter": "create",
        "Solution": "create",
        "SolutionVersion": "train",
        "Campaign": "create",
        "Schedules": "create",
    }
    assert client.list_dataset_groups()["datasetGroups"] == []

    code, mail, err = personalize(stack, "run", folder)
    assert code == 0, err
    (run,) = stack.executions("known")
    did = {key: what for key, what in stack.ended(run).did().items() if key[0] != "WaitForTurn"}
    assert did == {key: DID[one["action"]] for key, one in plan.items()}
    section = mail.split("\n\n")[2]
    assert section.startswith("The plan\n--------\ncreate")
    assert "train   solution version  known-for-you" in section

    code, again = planned(stack, folder, "--detailed-exitcode")
    assert (code, {one["action"] for one in again.values()}) == (0, {"keep"})
    code, text, _ = personalize(stack, "plan", folder)
    assert (code, NOTHING in text) == (0, True)

    second = stack.run("known", document)
    assert second.status == "SUCCEEDED", second.cause
    assert set(second.did().values()) - {None} == {"reused"}
    assert NOTHING in first_section(second.mail.body)

    # What the file no longer has goes on costing: said, and no change.
    document["solutions"][0]["campaigns"] = []
    (folder / "params.json").write_text(json.dumps(document))
    beside = "Also in this dataset group, and not in the file:\n- campaign known-for-you, $12.96 a day."
    code, text, _ = personalize(stack, "plan", folder, "--detailed-exitcode")
    assert (code, NOTHING in text, beside in text) == (0, True, True)
    third = stack.run("known", document)
    assert beside in third.mail.body
    assert "aws personalize delete-campaign --campaign-arn" in third.mail.body


def test_a_plan_looks_at_data_in_s3_as_the_run_does(stack: DeployedStack, tmp_path: Path):
    place = f"s3://{stack.bucket}/elsewhere"
    document = params("afar", dataDeletionJobs=[{"dataSource": {"dataLocation": f"{place}/gone/"}}])
    document["datasets"]["Interactions"]["dataLocation"] = f"{place}/rows/"
    lines = {"s3DataSource": {"path": f"{place}/lines/"}}
    document["solutions"][0]["batchInferenceJobs"] = [{"jobInput": lines}]
    folder = folder_with(tmp_path, "afar", document)

    code, _, err = personalize(stack, "plan", folder)
    assert code == 1
    assert "3 problems in " in err
    for said in ("rows/: there is no CSV file", "lines/: there is no file", "gone/: there is no CSV file"):
        assert f"{place}/{said}" in err
    run = stack.run("afar", document)
    assert run.error == "DataInvalid"

    stack.upload("elsewhere/rows/1.csv", interactions_csv())
    stack.upload("elsewhere/lines/1.json", '{"userId": "u1"}\n')
    stack.upload("elsewhere/gone/1.csv", "USER_ID\nu1\n")
    code, plan = planned(stack, folder)
    assert (code, plan["DatasetImport", "afar-interactions"]["action"]) == (0, "import")


def test_a_glue_job_that_the_stack_may_not_start_is_refused_by_the_plan_too(
    stack: DeployedStack, tmp_path: Path
):
    folder = folder_with(tmp_path, "barred", params("barred", preprocess={"jobName": "drop-all-tables"}))

    code, _, err = personalize(stack, "plan", folder)

    assert code == 1
    assert "preprocess.jobName: this stack may start prepare-* only, not drop-all-tables." in err


def test_what_changed_is_planned_with_its_reason_and_what_cannot_be_is_told_before(
    stack: DeployedStack, tmp_path: Path
):
    folder = folder_with(tmp_path, "moved", params("moved"))
    stack.upload_interactions("moved")
    first = stack.run("moved", params("moved"))
    assert first.status == "SUCCEEDED", first.cause
    document = params("moved", datasetGroup={"name": "moved", "domain": "ECOMMERCE"}, solutions=[])
    document["datasets"]["Interactions"]["schemaName"] = "moved-other-schema"

    (folder / "data" / "Interactions" / "interactions.csv").write_text(interactions_csv(seed=1))
    code, plan = planned(stack, folder, "--detailed-exitcode")
    assert code == 2
    changed = {key[0]: one["action"] for key, one in plan.items() if one["action"] != "keep"}
    assert changed == {"DatasetImport": "import", "SolutionVersion": "retrain", "Campaign": "update"}
    assert plan["SolutionVersion", "moved-for-you"]["why"] == "moved-interactions is imported"
    assert plan["SolutionVersion", "moved-for-you"]["cost"]["once"] == 1500 / 1000 * 0.002
    _, text, _ = personalize(stack, "plan", folder)
    assert "retrain  solution version  moved-for-you" in text

    (folder / "params.json").write_text(json.dumps(document))
    code, text, _ = personalize(stack, "plan", folder)
    assert code == 1
    assert "Cannot be done like this:" in text
    assert "domain: it has none, the params file says ECOMMERCE" in text


def test_campaigns_are_priced_as_they_are_and_none_that_the_gate_keeps_back(
    stack: DeployedStack, tmp_path: Path
):
    recipe = "arn:aws:personalize:::recipe/aws-"
    document = params("priced")
    document["solutions"][0] |= {
        "candidates": [{}, {"recipeArn": f"{recipe}popularity-count"}],
        "promotion": {"metric": "precision_at_5"},
        "campaigns": [{"name": "priced-for-you", "minProvisionedTPS": 3}],
    }
    document["solutions"].append(
        {
            "name": "priced-popular",
            "recipeArn": f"{recipe}popularity-count",
            "promotion": {"metric": "precision_at_5", "atLeast": 1},
            "campaigns": [{"name": "priced-popular"}],
        }
    )
    folder = folder_with(tmp_path, "priced", document)
    _, text, _ = personalize(stack, "estimate", folder)
    dearest = 24 * 3.6 * 3 * 0.15  # of the -v2 recipe, the dearer one
    assert re.search(rf"\${dearest:.2f} a day +campaign priced-for-you", text)
    assert "with the dearest of the candidates" in text
    _, text, _ = personalize(stack, "plan", folder)
    assert "passes the gate (promotion); else it is not made" in text

    code, mail, err = personalize(stack, "run", folder)
    assert code == 0, err
    (run,) = re.findall(r"^Run (\S+)", err, re.MULTILINE)
    served = stack.ended(run).step("Campaign", "priced-for-you")["details"]["solutionVersionArn"]
    price = 0.15 if "personalization-v2" in served else 0.0556
    now = f"then ${24 * 3.6 * 3 * price:.2f} a day"
    assert now in mail[mail.index("What it costs on AWS") :]

    del document["solutions"][0]["campaigns"][0]["minProvisionedTPS"]  # so the campaign keeps its own
    (folder / "params.json").write_text(json.dumps(document))
    code, plan = planned(stack, folder, "--detailed-exitcode")
    assert code == 0
    assert plan["Campaign", "priced-popular"]["action"] == "withhold"
    assert "below atLeast 1" in plan["Campaign", "priced-popular"]["why"]
    _, text, _ = personalize(stack, "plan", folder)
    assert now in text
    assert NOTHING not in text
    code, mail, err = personalize(stack, "run", folder)
    assert code == 0, err
    assert now in first_section(mail.partition("\n\n")[2])
    assert now in mail[mail.index("What it costs on AWS") :]
