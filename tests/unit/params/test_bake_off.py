"""`candidates` of a solution: what is trained for them, and what is refused."""

import pytest
from tests.unit.params.documents import RECIPE, movies, problems_of, put

from personalize_pipeline.params import plan

V2, POPULAR = f"{RECIPE}aws-user-personalization-v2", f"{RECIPE}aws-popularity-count"
V1, SIMILAR = f"{RECIPE}aws-user-personalization", f"{RECIPE}aws-similar-items"


def document(*candidates, **solution):
    made = movies()
    put(made, "solutions[0].candidates", list(candidates))
    for key, value in solution.items():
        put(made, f"solutions[0].{key}", value)
    return made


def planned(*candidates, **solution):
    return plan(document(*candidates, **solution))["solutions"][0]


def problems_with(*candidates, **solution):
    return problems_of(document(*candidates, **solution))


def test_each_candidate_becomes_a_solution_named_after_its_recipe():
    made = planned({}, {"recipeArn": POPULAR}, {"recipeArn": V1, "performHPO": True, "name": "tuned"})

    assert [(one["solution"]["name"], one["solution"]["recipeArn"]) for one in made["candidates"]] == [
        ("movies-for-you-user-personalization-v2", V2),
        ("movies-for-you-popularity-count", POPULAR),
        ("tuned", V1),
    ]
    assert [one["solution"].get("performHPO") for one in made["candidates"]] == [None, None, True]
    assert made["campaigns"][0]["name"] == "movies-for-you"
    assert all(one["solutionVersion"]["trainingMode"] == "FULL" for one in made["candidates"])


def test_the_names_do_not_depend_on_the_order():
    one, other = planned({}, {"recipeArn": POPULAR}), planned({"recipeArn": POPULAR}, {})

    assert one["candidates"] == other["candidates"][::-1]


def test_the_keys_of_the_solution_count_for_all_and_a_candidate_replaces_them():
    config = {"algorithmHyperParameters": {"apply_recency_bias": "false"}}

    made = planned({}, {"name": "biased", "solutionConfig": config}, eventType="watch")

    plain, biased = (one["solution"] for one in made["candidates"])
    assert "solutionConfig" not in plain
    assert biased["solutionConfig"] == config
    assert {plain["eventType"], biased["eventType"]} == {"watch"}


def test_the_metric_of_the_promotion_chooses():
    assert planned({}, {"recipeArn": POPULAR}, promotion={"metric": "coverage"})["choose"] == {
        "metric": "coverage"
    }
    gated = planned({}, {"recipeArn": POPULAR}, promotion={"metric": "coverage", "atLeast": 0.1})
    assert gated["promotion"] == {"metric": "coverage", "atLeast": 0.1}


@pytest.mark.parametrize(
    ("candidates", "solution", "problem"),
    [
        pytest.param(
            [{}, {}],
            {},
            'solutions[0].candidates[1].name: it would have the name "movies-for-you-user-personalization-v2", as '
            "candidates[0] has. Give it a name of its own.",
            id="one name",
        ),
        pytest.param(
            [{}, {"name": "movies-like-this"}],
            {},
            'the solution "movies-like-this" is there already',
            id="name of another solution",
        ),
        pytest.param(
            [{}, {"recipeArn": SIMILAR}],
            {},
            "solutions[0].candidates: these recipes answer different questions",
            id="different questions",
        ),
        pytest.param(
            [{}, {"recipeArn": f"{RECIPE}aws-populrity-count"}],
            {},
            "solutions[0].candidates[1].recipeArn: ",
            id="no such recipe",
        ),
        pytest.param(
            [{"solutionConfig": {"algorithmHyperParameters": {"apply_recency_bias": "perhaps"}}}],
            {},
            "solutions[0].candidates[0].solutionConfig.algorithmHyperParameters.apply_recency_bias: ",
            id="setting out of range",
        ),
        pytest.param(
            [{"performHPO": True}, {"recipeArn": POPULAR}],
            {},
            "solutions[0].candidates[0].performHPO: aws-user-personalization-v2 has nothing that could be tuned.",
            id="nothing to tune",
        ),
        pytest.param(
            [{}, {"recipeArn": f"{RECIPE}aws-trending-now"}],
            {"promotion": {"metric": "trend_prediction_accuracy"}},
            'solutions[0].promotion.metric: "trend_prediction_accuracy" is not a metric of '
            "aws-user-personalization-v2. They all have coverage, ",
            id="metric of one of them",
        ),
        pytest.param(
            [{}],
            {"recipeArn": ..., "performAutoML": True},
            "solutions[0].performAutoML: the candidates are what is compared",
            id="performAutoML",
        ),
        pytest.param([{"performAutoML": True}], {}, "solutions[0].candidates[0].performAutoML", id="inside"),
        pytest.param([], {}, "solutions[0].candidates: ", id="none"),
    ],
)
def test_candidates_that_cannot_be_compared_are_refused(candidates, solution, problem):
    assert problem in "\n".join(problems_with(*candidates, **solution))
