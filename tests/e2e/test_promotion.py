"""The promotion gate: a campaign moves to a new version only if it is good enough; by hand at any time."""

import json
import random
import re
from typing import Any

from tests.support.command import personalize, start
from tests.support.deployed_stack import DeployedStack, Run, interactions_csv, params

GAIN = "normalized_discounted_cumulative_gain_at_25"


def gated(group: str, **promotion: Any) -> dict[str, Any]:
    document = params(group)
    # Trained also on data that did not change: several versions are wanted here.
    document["solutions"][0] |= {
        "solutionVersion": {"train": True},
        "promotion": {"metric": GAIN, **promotion},
    }
    return document


def served(stack: DeployedStack, name: str) -> str:
    campaign = stack.client("personalize").describe_campaign(campaignArn=stack.arn(f"campaign/{name}"))[
        "campaign"
    ]
    version: str = campaign["solutionVersionArn"]
    return version


def gain_of(run: Run) -> float:
    gain: float = run.step("SolutionVersion")["details"]["metrics"][GAIN]
    return gain


def test_a_version_that_is_good_enough_is_served(stack: DeployedStack):
    stack.upload_interactions("good")

    run = stack.run("good", gated("good", atLeast=0.01))

    assert run.status == "SUCCEEDED", run.cause
    assert run.step("Promotion")["details"]["decision"] == "promoted"
    assert run.step("Campaign")["did"] == "created"
    assert served(stack, "good-for-you") == run.step("SolutionVersion")["arn"]
    assert f"{GAIN} {gain_of(run):.4f}, at least 0.01 as asked for" in run.mail.body


def test_a_version_below_the_floor_is_not_served_and_the_mail_says_why(stack: DeployedStack):
    stack.upload_interactions("floor")
    first = stack.run("floor", gated("floor", atLeast=0.01))
    document = gated("floor", atLeast=0.99)
    document["solutions"][0]["campaigns"][0]["minProvisionedTPS"] = 2  # what else changed is applied
    document["solutions"][0]["solutionVersion"] = {"train": True}  # the data is the same

    second = stack.run("floor", document)

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    old, new = first.step("SolutionVersion")["arn"], second.step("SolutionVersion")["arn"]
    assert old != new
    assert served(stack, "floor-for-you") == old
    assert second.step("Campaign")["did"] == "updated"
    assert second.mail.subject == "Succeeded: floor (kept the previous version)"
    short = [arn.partition(":solution/")[2] for arn in (old, new)]
    assert (
        f"floor-for-you: kept the previous version ({short[0]}): the new one ({short[1]}) has "
        f"{GAIN} {gain_of(second):.4f}, below atLeast 0.99."
    ) in second.mail.body


def test_a_version_that_dropped_too_far_is_not_served(stack: DeployedStack):
    stack.upload_interactions("drop")
    first = stack.run("drop", gated("drop", maxDrop=0.02))
    # Without the two tastes, and with more items, there is little to learn.
    chance = random.Random(0)
    header, *rows = interactions_csv().splitlines()
    mixed = [re.sub(",i[0-9]+,", f",i{chance.randrange(200)},", row) for row in rows]
    stack.upload("drop/Interactions/interactions.csv", "\n".join([header, *mixed]) + "\n")

    second = stack.run("drop", gated("drop", maxDrop=0.02))

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    before, after = gain_of(first), gain_of(second)
    assert before - after > 0.02, "the data was not worse"
    assert served(stack, "drop-for-you") == first.step("SolutionVersion")["arn"]
    lost = f"lost {before - after:.4f} of {GAIN} (from {before:.4f} to {after:.4f}), more than maxDrop 0.02"
    assert lost in second.mail.body


def test_a_first_version_below_the_floor_makes_no_campaign(stack: DeployedStack):
    stack.upload_interactions("none")

    run = stack.run("none", gated("none", atLeast=0.99))

    assert run.status == "SUCCEEDED", run.cause
    assert "Campaign" not in {step["resource"] for step in run.steps}
    assert run.mail.subject == "Succeeded: none (a campaign was not made)"
    assert "none-for-you: not made: there is no previous version to keep" in run.mail.body


def test_campaigns_of_one_solution_are_judged_by_what_each_of_them_serves(stack: DeployedStack):
    stack.upload_interactions("both")
    first = stack.run("both", gated("both", atLeast=0.01))
    document = gated("both", atLeast=0.01, maxDrop=1.0)
    document["solutions"][0]["campaigns"].append({"name": "both-second", "minProvisionedTPS": 1})

    second = stack.run("both", document)

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    compared = second.step("Promotion", "both-for-you")["details"]
    fresh = second.step("Promotion", "both-second")["details"]
    assert compared["current"] == {"arn": first.step("SolutionVersion")["arn"], "value": gain_of(first)}
    assert "current" not in fresh
    assert (
        served(stack, "both-for-you") == served(stack, "both-second") == second.step("SolutionVersion")["arn"]
    )


def test_a_person_can_move_a_campaign_back_and_on_again(stack: DeployedStack):
    stack.upload_interactions("hand")
    first = stack.run("hand", gated("hand", atLeast=0.01))
    second = stack.run("hand", gated("hand", atLeast=0.01))
    old, new = (run.step("SolutionVersion")["arn"] for run in (first, second))
    assert served(stack, "hand-for-you") == new

    asking = start(stack, "rollback", "hand-for-you", typed=True)
    _, said = asking.communicate("no\n", timeout=60)
    assert (asking.returncode, served(stack, "hand-for-you")) == (1, new)
    assert "Nothing was changed." in said
    code, out, err = personalize(stack, "rollback", "hand-for-you", "--yes")
    assert code == 0, err
    assert out == f"hand-for-you serves {old.partition(':solution/')[2]}.\n"
    assert f"{GAIN} {gain_of(first):.4f}" in err
    assert "hand-for-you: ACTIVE" in err
    assert served(stack, "hand-for-you") == old
    code, out, err = personalize(stack, "rollback", "hand-for-you", "--yes")
    assert (code, out) == (1, "")
    assert "There is nothing to go back to" in err
    assert f"personalize promote hand-for-you {new.rpartition('/')[2]}   # trained 20" in err
    assert ", a run let it be served" in err

    code, out, err = personalize(stack, "promote", "hand-for-you", "--yes", "--json")
    assert code == 0, err
    moved = json.loads(out)
    assert (moved["from"], moved["to"], moved["moved"]) == (old, new, True)
    assert served(stack, "hand-for-you") == new
    code, out, _ = personalize(stack, "promote", "hand-for-you", new.rpartition("/")[2])
    assert (code, out) == (0, f"hand-for-you serves {new.partition(':solution/')[2]} already.\n")

    # A roll-back lasts until a run has something that `promotion` lets through.
    personalize(stack, "rollback", "hand-for-you", "--yes")
    kept = stack.run("hand", gated("hand", atLeast=0.99))
    assert kept.status == "SUCCEEDED", kept.cause
    assert served(stack, "hand-for-you") == old


def test_a_roll_back_leaves_out_what_the_gate_refused(stack: DeployedStack):
    stack.upload_interactions("back")
    first, refused, third = (stack.run("back", gated("back", atLeast=floor)) for floor in (0.01, 0.99, 0.01))
    assert refused.step("Promotion")["details"]["decision"] == "kept"
    assert served(stack, "back-for-you") == third.step("SolutionVersion")["arn"]

    code, _, err = personalize(stack, "rollback", "back-for-you", "--yes")

    assert code == 0, err
    assert served(stack, "back-for-you") == first.step("SolutionVersion")["arn"]


def test_what_cannot_be_moved_is_said(stack: DeployedStack):
    stack.upload_interactions("fixed")
    run = stack.run("fixed", gated("fixed", atLeast=0.01))
    version = run.step("SolutionVersion")["arn"].partition(":solution/")[2]

    for arguments, reason in (
        (("promote", "fixed-for-yuo"), "There is no campaign 'fixed-for-yuo'. Did you mean 'fixed-for-you'?"),
        (("promote", "fixed-for-you", "00000000"), f"These work, newest first:\n         {version}"),
        (("rollback", "nobody"), "There is no campaign 'nobody'."),
    ):
        code, out, err = personalize(stack, *arguments)
        assert (code, out) == (1, "")
        assert reason in err, err
