"""`promotion` in the params file: what is refused before the run, and what the plan gets."""

import pytest
from tests.unit.params.documents import RECIPE, movies, problems_of, put

from personalize_pipeline.params import plan

GAIN = "normalized_discounted_cumulative_gain_at_25"


def problems_with(*changes):
    document = movies()
    for place, value in changes:
        put(document, place, value)
    return problems_of(document)


def gate(**promotion):
    return ("solutions[0].promotion", promotion)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param(
            [gate(metric="precission_at_5", atLeast=0.1)],
            'solutions[0].promotion.metric: "precission_at_5" is not a metric of aws-user-personalization-v2. '
            "Did you mean 'precision_at_5'?",
            id="misspelt metric",
        ),
        pytest.param(
            [gate(metric="average_rewards_at_k", atLeast=0.1)],
            '"average_rewards_at_k" is not a metric of aws-user-personalization-v2.',
            id="metric of another recipe",
        ),
        pytest.param(
            [("solutions[0].recipeArn", f"{RECIPE}aws-trending-now"), gate(metric="recall", atLeast=0.1)],
            '"recall" is not a metric of aws-trending-now. ',
            id="metric of actions",
        ),
        pytest.param(
            [gate(metric=GAIN)],
            "solutions[0].promotion: without atLeast and maxDrop it lets every version through.",
            id="decides nothing",
        ),
        pytest.param(
            [("solutions[0].campaigns", []), gate(atLeast=0.1)],
            "solutions[0].promotion: it decides which version the campaigns serve, and this solution has none.",
            id="no campaign",
        ),
        pytest.param([gate(atLeast=-0.1)], "solutions[0].promotion.atLeast: ", id="negative floor"),
        pytest.param([gate(atMost=1)], "solutions[0].promotion.atMost: unknown key", id="unknown key"),
    ],
)
def test_a_gate_that_cannot_work_is_refused(changes, problem):
    assert problem in "\n".join(problems_with(*changes))


@pytest.mark.parametrize(
    "given",
    [{"atLeast": 0.1}, {"maxDrop": 0.05}, {"metric": "coverage", "atLeast": 0, "maxDrop": 1}],
    ids=", ".join,
)
def test_the_plan_has_the_gate_with_its_metric(given):
    document = movies()
    put(document, "solutions[0].promotion", given)

    first, *others = plan(document)["solutions"]

    assert first["promotion"] == {"metric": GAIN, **given}
    assert all("promotion" not in solution for solution in others)
