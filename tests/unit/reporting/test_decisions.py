"""What the mail says about candidates, promotion and smoke tests."""

from tests.unit.reporting.endings import ACCOUNT, METRICS, RUN, campaign, done, version
from tests.unit.reporting.test_mail import mail

GAIN = "normalized_discounted_cumulative_gain_at_25"
V2, POPULAR = "aws-user-personalization-v2", "aws-popularity-count"


def trained(name, recipe, **details):
    return version(name, recipe, **details) | {"name": name}


def ending(*outcomes, **more):
    return {"run": RUN, "status": "SUCCEEDED", "datasetGroup": "movies", "outcomes": list(outcomes)} | more


def section(text, title):
    """The lines of a section."""
    _, found, rest = text.partition(f"{title}\n{'-' * len(title)}\n")
    assert found, text
    return rest.split("\n\n")[0] if title.startswith("Which") else rest


def gate(decision, reason):
    return done("Promotion", "for-you", "solution/s/ab12cd34", "reused", 1, decision=decision, reason=reason)


def test_a_campaign_that_kept_its_version_is_in_the_subject_and_how_to_move_it_is_told():
    written = mail(
        ending(gate("kept", "kept the previous version (s/old): ..."), campaign("for-you", "reused"))
    )

    assert written.subject == "Succeeded: movies (kept the previous version)"
    assert section(written.body, "Which campaigns moved to the new version, and which not").splitlines() == [
        "for-you: kept the previous version (s/old): ...",
        "  To serve the new one nevertheless: personalize promote for-you ab12cd34",
    ]


def test_a_campaign_that_was_withheld_is_not_called_not_begun():
    failed = {"resource": "Campaign", "name": "other", "failed": {"error": "ResourceFailed", "reason": "x"}}
    expected = [{"resource": "Campaign", "name": name} for name in ("for-you", "other", "third")]

    outcomes = (gate("withheld", "not made: ..."), failed)
    written = mail(ending(*outcomes, status="FAILED", expected=expected))

    not_begun = section(written.body, "Not begun because of this").partition("\n\n")[0]
    assert not_begun == "campaign third"
    assert mail(ending(outcomes[0])).subject == "Succeeded: movies (a campaign was not made)"


def test_all_candidates_are_in_one_table():
    best = trained("m-v2", V2, metrics=METRICS, trainingHours=2.1)
    other = trained("m-popular", POPULAR, metrics={GAIN: 0.1, "coverage": 0.5}, trainingHours=0.25)
    broken = {
        "resource": "SolutionVersion",
        "name": "m-third",
        "failed": {"error": "ResourceFailed", "reason": "x"},
    }
    choice = done(
        "BestVersion",
        "movies",
        "solution/m-v2/ab12cd34",
        "reused",
        1,
        reason="it is.",
        candidates=["m-v2", "m-popular", "m-third"],
    )

    text = section(
        mail(ending(best, other, broken, choice, status="FAILED")).body,
        "How the best candidate for movies was chosen",
    )

    rows = [line.split() for line in text.splitlines()]
    assert rows[0] == ["it", "is."]
    assert rows[3:6] == [
        ["(1)", "m-v2", V2, "2.1", "is", "the", "best"],
        ["(2)", "m-popular", POPULAR, "0.25"],
        ["(3)", "m-third", "-", "failed"],
    ]
    assert ["metric", "(1)", "(2)"] in rows
    assert [GAIN, "0.3321", "0.1000"] in rows
    assert ["precision_at_5", "0.0750", "-"] in rows


def test_answers_are_shown_with_what_was_asked():
    tried = done("SmokeTest", "campaign/for-you", "campaign/for-you", "reused", 1) | {
        "arn": f"{ACCOUNT}:campaign/for-you",
        "details": {
            "answers": [
                {"asked": "user 42", "first": ["a", "b"], "count": 10, "milliseconds": 12},
                {"asked": "user 42", "filter": "unseen", "first": [], "count": 0, "milliseconds": 9},
                {"asked": "user 42", "filter": "odd", "error": "InvalidInput: no"},
            ],
            "skipped": ["filter users: it is for UserID, and this gives ItemID."],
        },
    }

    text = section(mail(ending(campaign("for-you", "created"), tried)).body, "Smoke test: what they answer")

    assert text.splitlines()[:6] == [
        "campaign/for-you",
        "  asked    filter  answered          took",
        "  user 42          a, b, ... (10)    12 ms",
        "  user 42  unseen  nothing           9 ms",
        "  user 42  odd     InvalidInput: no  0 ms",
        "  - not tried: filter users: it is for UserID, and this gives ItemID.",
    ]
