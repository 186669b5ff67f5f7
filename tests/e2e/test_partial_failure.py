"""Parts of a run fail: the others go on, the mail lists all outcomes, the next run does what is missing."""

import re
import time
from typing import Any

from tests.support.deployed_stack import DeployedStack, params

POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"
KINDS = ("a", "b", "c")


def document() -> dict[str, Any]:
    return params(
        "partly",
        eventTracker={"name": "partly-events"},
        filters=[
            {
                "name": f"partly-{name}",
                "filterExpression": f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{name}")',
            }
            for name in ("watch", "click")
        ],
        solutions=[
            {
                "name": f"partly-{name}",
                "recipeArn": POPULAR,
                "campaigns": [{"name": f"partly-{name}", "minProvisionedTPS": 1}],
            }
            for name in KINDS
        ],
    )


def test_siblings_go_on_the_mail_lists_all_outcomes_and_the_next_run_does_what_is_missing(
    stack: DeployedStack,
):
    stack.upload_interactions("partly")
    for kind, reason in (
        ("filter", "the sieve broke"),
        ("solution-version", "the machine caught fire"),
        ("campaign", "no capacity"),
    ):
        stack.fail_next(kind, reason)

    first = stack.run("partly", document())

    failed = {step["resource"]: step["name"] for step in first.steps if "failed" in step}
    assert set(failed) == {"Filter", "SolutionVersion", "Campaign"}
    (alive,) = {f"partly-{name}" for name in KINDS} - {failed["SolutionVersion"], failed["Campaign"]}
    assert first.status == "FAILED"
    assert first.mail.subject.startswith("Failed: partly (3 parts of it")
    # The siblings went on to their end.
    assert first.step("Campaign", alive)["did"] == "created"
    assert first.step("SmokeTest", f"campaign/{alive}")["details"]["answers"]
    # What failed and why, what was not begun because of it, and all that worked.
    what_failed, _, worked = first.mail.body.partition("WHAT WORKED NEVERTHELESS")
    for title, reason in (
        (f"filter {failed['Filter']}: ResourceFailed", "the sieve broke"),
        (f"solution version {failed['SolutionVersion']}: ResourceFailed", "the machine caught fire"),
        (f"campaign {failed['Campaign']}: ResourceFailed", "no capacity"),
    ):
        assert title in what_failed
        assert reason in what_failed
        assert title in first.cause
    not_begun = what_failed.partition("Not begun because of this")[2].partition("What to do next")[0]
    assert f"campaign {failed['SolutionVersion']}\n" in not_begun
    done = [
        (step["resource"], step["name"]) for step in first.steps if "failed" not in step and step["resource"]
    ]
    for resource, name in done:
        if resource not in ("WaitForTurn", "Plan"):
            assert name in worked, (resource, name)

    # The mail says how to get rid of what failed and keeps its name.
    personalize = stack.client("personalize")
    for kind in ("filter", "campaign"):
        (arn,) = re.findall(rf"aws personalize delete-{kind} --{kind}-arn (\S+)", what_failed)
        getattr(personalize, f"delete_{kind}")(**{f"{kind}Arn": arn})
        gone(personalize, kind, arn)

    second = stack.run("partly", document())

    assert second.status == "SUCCEEDED", second.cause
    did = second.did()
    missing = {
        ("Filter", failed["Filter"]): "created",
        ("SolutionVersion", failed["SolutionVersion"]): "trained",
        ("Campaign", failed["SolutionVersion"]): "created",
        ("Campaign", failed["Campaign"]): "created",
    }
    assert {key: did[key] for key in missing} == missing
    others = {key: what for key, what in did.items() if key not in missing and what is not None}
    assert set(others.values()) == {"reused"}
    assert {("SolutionVersion", failed["Campaign"]), ("SolutionVersion", alive), ("Campaign", alive)} <= set(
        others
    )
    assert ("DatasetImport", "partly-interactions") in others


def gone(personalize: Any, kind: str, arn: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            getattr(personalize, f"describe_{kind}")(**{f"{kind}Arn": arn})
        except personalize.exceptions.ResourceNotFoundException:
            return
        time.sleep(0.1)
    raise AssertionError(f"{arn} is still there")
