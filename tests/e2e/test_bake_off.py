"""Several recipes for one campaign: the best by the metric is served, and the mail has the table."""

from typing import Any

from tests.support.deployed_stack import DeployedStack, params

RECIPE = "arn:aws:personalize:::recipe/aws-"
METRIC = "precision_at_5"


def bake_off(group: str, *candidates: dict[str, Any]) -> dict[str, Any]:
    document = params(group)
    (solution,) = document["solutions"]
    solution |= {"candidates": list(candidates), "promotion": {"metric": METRIC}}
    return document


def test_the_best_of_several_candidates_is_served_and_the_table_is_in_the_mail(stack: DeployedStack):
    stack.upload_interactions("contest")
    popular = {"recipeArn": f"{RECIPE}popularity-count"}
    watched = {**popular, "name": "contest-watched", "eventType": "watch"}

    run = stack.run("contest", bake_off("contest", popular, {}, watched))

    assert run.status == "SUCCEEDED", run.cause
    names = ["contest-for-you-popularity-count", "contest-for-you-user-personalization-v2", "contest-watched"]
    trained = [run.step("SolutionVersion", name) for name in names]
    assert {step["name"] for step in run.steps if step["resource"] == "Solution"} == set(names)
    best = max(trained, key=lambda step: step["details"]["metrics"][METRIC])
    campaign = stack.client("personalize").describe_campaign(campaignArn=run.step("Campaign")["arn"])[
        "campaign"
    ]
    assert campaign["solutionVersionArn"] == best["arn"]

    _, _, table = run.mail.body.partition("How the best candidate for contest-for-you was chosen")
    assert f"has the highest {METRIC}" in table
    for step in trained:
        (line,) = (
            line for line in table.splitlines() if f" {step['name']} " in line and line.startswith("(")
        )
        assert line.split()[2].removeprefix("aws-") in ("popularity-count", "user-personalization-v2")
        assert ("is the best" in line) == (step is best)
    (row,) = (line.split() for line in table.splitlines() if line.startswith(f"{METRIC} "))
    assert row == [METRIC, *(f"{step['details']['metrics'][METRIC]:.4f}" for step in trained)]


def test_a_candidate_that_fails_does_not_stop_the_others(stack: DeployedStack):
    stack.upload_interactions("hurt")
    stack.fail_next("solution-version", "the machine caught fire")

    run = stack.run("hurt", bake_off("hurt", {}, {"recipeArn": f"{RECIPE}popularity-count"}))

    assert (run.status, run.error) == ("FAILED", "ResourceFailed")
    (alive,) = (step for step in run.steps if step["resource"] == "SolutionVersion" and "arn" in step)
    campaign = stack.client("personalize").describe_campaign(campaignArn=run.step("Campaign")["arn"])[
        "campaign"
    ]
    assert campaign["solutionVersionArn"] == alive["arn"]
    assert "the machine caught fire" in run.mail.body
