"""The promotion gate: which numbers let a campaign move, and what is said about it."""

import pytest

from personalize_pipeline.promotion import Gate, Version, judge

NEW, OLD = "arn:aws:personalize:eu-west-1:1:solution/s/new", "arn:aws:personalize:eu-west-1:1:solution/s/old"


def verdict(new, current=..., **gate):
    was = None if current is ... else Version(arn=OLD, value=current)
    return judge(Gate.model_validate({"name": "c", "metric": "m", **gate}), Version(arn=NEW, value=new), was)


@pytest.mark.parametrize(
    ("given", "decision", "reason"),
    [
        pytest.param(
            {"new": 0.2, "atLeast": 0.1},
            "promoted",
            "s/new has m 0.2000, at least 0.1 as asked for.",
            id="first, good",
        ),
        pytest.param(
            {"new": 0.09, "atLeast": 0.1},
            "withheld",
            "not made: there is no previous version to keep, and the new one (s/new) has m 0.0900, below "
            "atLeast 0.1.",
            id="first, below the floor",
        ),
        pytest.param({"new": 0.1, "atLeast": 0.1}, "promoted", None, id="on the floor"),
        pytest.param(
            {"new": 0.09, "current": 0.3, "atLeast": 0.1},
            "kept",
            "kept the previous version (s/old): the new one (s/new) has m 0.0900, below atLeast 0.1.",
            id="below the floor",
        ),
        pytest.param({"new": 0.09, "current": 0.05, "atLeast": 0.1}, "kept", None, id="better, but below it"),
        pytest.param(
            {"new": 0.2, "current": 0.3, "maxDrop": 0.05},
            "kept",
            "kept the previous version (s/old): the new one (s/new) lost 0.1000 of m (from 0.3000 to "
            "0.2000), more than maxDrop 0.05.",
            id="dropped",
        ),
        pytest.param(
            {"new": 0.25, "current": 0.3, "maxDrop": 0.05},
            "promoted",
            "s/new has m 0.2500; -0.0500 against s/old, which served until now (0.05 less is allowed).",
            id="dropped as far as allowed",
        ),
        pytest.param(
            {"new": 0.35, "current": 0.3, "maxDrop": 0, "atLeast": 0.1},
            "promoted",
            "s/new has m 0.3500, at least 0.1 as asked for; +0.0500 against s/old, which served until now.",
            id="better",
        ),
        pytest.param(
            {"new": 0.05, "current": 0.3, "maxDrop": 0.05, "atLeast": 0.1},
            "kept",
            "kept the previous version (s/old): the new one (s/new) has m 0.0500, below atLeast 0.1 and lost "
            "0.2500 of m (from 0.3000 to 0.0500), more than maxDrop 0.05.",
            id="both",
        ),
        pytest.param(
            {"new": 0.2, "current": None, "maxDrop": 0.05},
            "promoted",
            "s/new has m 0.2000; s/old, which served until now, has none to compare with.",
            id="nothing to compare with",
        ),
        pytest.param(
            {"new": None, "current": 0.3, "maxDrop": 0.05},
            "kept",
            "kept the previous version (s/old): the new one (s/new) has no m, so nobody knows "
            "how good it is.",
            id="not measured",
        ),
    ],
)
def test_a_campaign_moves_only_to_a_version_that_is_good_enough(given, decision, reason):
    found = verdict(**given)

    assert found.decision == decision
    assert reason in (None, found.reason)
    serves = {"promoted": NEW, "kept": OLD, "withheld": None}[decision]
    assert found.solution_version_arn == serves


def test_what_it_serves_already_is_not_judged_again():
    found = judge(
        Gate(name="c", metric="m", at_least=0.5), Version(arn=NEW, value=0.1), Version(arn=NEW, value=0.1)
    )

    assert (found.decision, found.reason) == ("promoted", "s/new is what it serves already.")
