"""Older forms of the file, and old wishes that the service no longer grants."""

import json

import pytest
from tests.unit.params.documents import RECIPE, movies, one_solution

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import plan, read

# As somebody wrote it for an earlier pipeline; it must be accepted as it stands.
AUTO_ML = """
{"datasetGroup": {"name": "DatasetGroup"},
 "datasets": {
   "Interactions": {"name": "InteractionsDataset", "schema": {"type": "record", "name": "Interactions",
     "namespace": "com.amazonaws.personalize.schema", "fields": [{"name": "USER_ID", "type": "string"},
     {"name": "ITEM_ID", "type": "string"}, {"name": "TIMESTAMP", "type": "long"}], "version": "1.0"}},
   "Users": {"name": "UsersDataset", "schema": {"type": "record", "name": "Users",
     "namespace": "com.amazonaws.personalize.schema", "fields": [{"name": "USER_ID", "type": "string"},
     {"name": "GENDER", "type": "string", "categorical": true}, {"name": "AGE", "type": "int"}], "version": "1.0"}}},
 "solution": {"name": "Solution", "performAutoML": true},
 "campaign": {"name": "Campaign", "minProvisionedTPS": 1}}
"""


def older(**sections):
    """The movies in an older form: the sections in place of `solutions`."""
    document = movies()
    del document["solutions"]
    return document | sections


def problems_of(document):
    with pytest.raises(ParamsInvalid) as caught:
        read(document)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_with_performAutoML_is_accepted_as_it_stands():  # noqa: N802
    made = plan(AUTO_ML, bucket="b")

    assert made["notes"] == [
        "The file is in the form with one 'solution' and one 'campaign'. It was read as a list 'solutions' with one "
        "entry, which holds the campaign in its list 'campaigns'.",
        "Solution: performAutoML made Amazon Personalize choose among the HRNN recipes, which are no longer available. "
        "Instead the pipeline trains Solution-user-personalization-v2 (aws-user-personalization-v2) and "
        "Solution-popularity-count (aws-popularity-count), and serves the best by "
        "normalized_discounted_cumulative_gain_at_25. Each of them is trained, and paid for.",
    ]
    (solution,) = made["solutions"]
    assert solution["name"] == "Solution"
    assert [candidate["solution"] for candidate in solution["candidates"]] == [
        {
            "name": "Solution-user-personalization-v2",
            "performAutoTraining": False,
            "recipeArn": f"{RECIPE}aws-user-personalization-v2",
        },
        {
            "name": "Solution-popularity-count",
            "performAutoTraining": False,
            "recipeArn": f"{RECIPE}aws-popularity-count",
        },
    ]
    assert solution["choose"] == {"metric": "normalized_discounted_cumulative_gain_at_25"}
    assert solution["campaigns"] == [{"name": "Campaign", "minProvisionedTPS": 1}]


def test_one_solution_without_a_campaign():
    params = read(older(solution={"name": "s", "recipeArn": f"{RECIPE}aws-sims"}))

    assert params.document["solutions"] == [{"name": "s", "recipeArn": f"{RECIPE}aws-sims"}]
    assert len(params.notes) == 1


def test_named_slots():
    params = read(
        older(
            solutions={
                "userPersonalization": {"name": "for-you"},
                "sims": {"name": "like-this", "performHPO": True},
                "personalizedRanking": {
                    "name": "ranked",
                    "recipeArn": f"{RECIPE}aws-personalized-ranking-v2",
                },
            },
            campaigns={
                "simsCampaign": {"name": "like-this", "minProvisionedTPS": 2},
                "userPersonalizationCampaign": {"name": "for-you"},
            },
        )
    )

    assert params.document["solutions"] == [
        {
            "name": "for-you",
            "recipeArn": f"{RECIPE}aws-user-personalization",
            "campaigns": [{"name": "for-you"}],
        },
        {
            "name": "like-this",
            "performHPO": True,
            "recipeArn": f"{RECIPE}aws-sims",
            "campaigns": [{"name": "like-this", "minProvisionedTPS": 2}],
        },
        {"name": "ranked", "recipeArn": f"{RECIPE}aws-personalized-ranking-v2"},
    ]
    assert "campaigns" not in params.document
    assert params.notes == (
        "The file is in the form with named slots. It was read as a list 'solutions', in which each solution holds its "
        "campaign in its list 'campaigns'.",
        "solutions.userPersonalization names no recipe; aws-user-personalization is used, as the slot's name says.",
        "solutions.sims names no recipe; aws-sims is used, as the slot's name says.",
    )


SOLUTION, CAMPAIGN = {"name": "s", "recipeArn": f"{RECIPE}aws-sims"}, {"name": "c"}
SLOTS = {"sims": {"name": "s"}}
WRONG = {
    "typing mistake in the solution": (
        older(solution=SOLUTION | {"performHPo": True}),
        "solution.performHPo: unknown key. Did you mean 'performHPO'?",
    ),
    "wrong value in the campaign": (
        older(solution=SOLUTION, campaign=CAMPAIGN | {"minProvisionedTPS": 0}),
        "campaign.minProvisionedTPS: 0 is too small: at least 1.",
    ),
    "solution that is a text": (older(solution="s"), 'solution: "s" must be an object: {...}.'),
    "campaign that is a list": (
        older(solution=SOLUTION, campaign=[]),
        "campaign: [] must be an object: {...}.",
    ),
    "campaign without a solution": (
        older(campaign=CAMPAIGN),
        "campaign: there is no solution that it could serve.",
    ),
    "solution beside solutions": (
        movies() | {"solution": SOLUTION},
        "solution: 'solution' and 'solutions' cannot stand in one file.",
    ),
    "campaign twice": (
        older(solution=SOLUTION | {"campaigns": [CAMPAIGN]}, campaign=CAMPAIGN),
        "campaign: 'campaign' and 'solution.campaigns' cannot stand in one file.",
    ),
    "unknown slot": (
        older(solutions={"userPersonalisation": {"name": "s"}}),
        "solutions.userPersonalisation: unknown key. Did you mean 'userPersonalization'?",
    ),
    "unknown campaign": (
        older(solutions=SLOTS, campaigns={"sims": CAMPAIGN}),
        "campaigns.sims: unknown key. Did you mean 'simsCampaign'?",
    ),
    "campaign of a slot that is not there": (
        older(solutions=SLOTS, campaigns={"personalizedRankingCampaign": CAMPAIGN}),
        "campaigns.personalizedRankingCampaign: there is no solution that it could serve.",
    ),
    "campaigns as a list": (
        older(solutions=SLOTS, campaigns=[]),
        "campaigns: must be an object, as 'solutions' is.",
    ),
    "wrong value in a slot": (
        older(solutions=SLOTS | {"userPersonalization": {"name": "-"}}),
        'solutions.userPersonalization.name: "-" is not allowed here.',
    ),
    "wrong value in a slot's campaign": (
        older(solutions=SLOTS, campaigns={"simsCampaign": {"name": "c", "minProvisionedTPS": "1"}}),
        'campaigns.simsCampaign.minProvisionedTPS: "1" must be a whole number. Write 1.',
    ),
}


@pytest.mark.parametrize(("document", "expected"), WRONG.values(), ids=WRONG)
def test_problems_are_placed_where_the_user_wrote(document, expected):
    (problem,) = problems_of(document)

    assert problem.startswith(expected)


def auto_ml(**settings):
    return one_solution(recipeArn=None, performAutoML=True, **settings)


def solutions_of(document):
    """Without the recipe of one_solution."""
    document["solutions"][0].pop("recipeArn")
    made = plan(json.dumps(document))
    return made, [candidate["solution"] for candidate in made["solutions"][0]["candidates"]]


def test_the_recipes_of_the_list_are_candidates():
    config = {
        "autoMLConfig": {"metricName": "precision_at_25", "recipeList": [f"{RECIPE}aws-user-personalization"]}
    }

    made, solutions = solutions_of(auto_ml(solutionConfig=config, eventType="watch"))

    assert solutions == [
        {
            "name": "s-user-personalization",
            "performAutoTraining": False,
            "eventType": "watch",
            "recipeArn": f"{RECIPE}aws-user-personalization",
        }
    ]
    assert made["solutions"][0]["choose"] == {"metric": "precision_at_25"}


def test_retired_recipes_of_the_list_are_replaced_once():
    names = ["aws-hrnn", "aws-hrnn-metadata", "aws-popularity-count"]
    config = {"autoMLConfig": {"recipeList": [RECIPE + name for name in names]}}

    made, solutions = solutions_of(auto_ml(solutionConfig=config))

    assert [one["name"] for one in solutions] == ["s-user-personalization-v2", "s-popularity-count"]
    assert made["notes"][1:] == [
        "s: aws-hrnn of recipeList is no longer available; aws-user-personalization-v2 is used.",
        "s: aws-hrnn-metadata of recipeList is no longer available; aws-user-personalization-v2 is used.",
    ]


def test_what_performAutoML_does_not_use_is_said():  # noqa: N802
    config = {"algorithmHyperParameters": {"bptt": "8"}, "eventValueThreshold": "1"}

    made, solutions = solutions_of(auto_ml(solutionConfig=config, performHPO=True))

    assert all(one.keys() == {"name", "performAutoTraining", "recipeArn"} for one in solutions)
    assert made["notes"][1:] == [
        "s: with performAutoML only solutionConfig.autoMLConfig counts, as in Amazon Personalize. "
        "Not used: solutionConfig.algorithmHyperParameters and solutionConfig.eventValueThreshold.",
        "s: performHPO is not used for aws-user-personalization-v2 and aws-popularity-count, which cannot be tuned.",
    ]


def test_a_long_name_leaves_room_for_the_recipe():
    document = auto_ml()
    document["solutions"][0]["name"] = "n" * 63

    _, solutions = solutions_of(document)

    assert [len(one["name"]) for one in solutions] == [63, 63]
    assert solutions[0]["name"].endswith("-user-personalization-v2")


@pytest.mark.parametrize("name", ["aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"])
def test_a_retired_recipe_is_replaced_with_a_note(name):
    params = read(
        one_solution(
            recipeArn=RECIPE + name,
            performHPO=True,
            solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "43"}},
        )
    )

    made = plan(params)["solutions"][0]["candidates"]
    assert [one["solution"] for one in made] == [
        {"name": "s", "performAutoTraining": False, "recipeArn": f"{RECIPE}aws-user-personalization-v2"}
    ]
    assert params.notes == (
        f"s: {name} is no longer available for new solutions; aws-user-personalization-v2 is used. "
        "Left out, because only the old recipe has it: solutionConfig.algorithmHyperParameters and performHPO.",
    )


def test_a_retired_recipe_keeps_what_its_successor_can_do():
    columns = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["YEAR"]}}}

    made = plan(one_solution(recipeArn=f"{RECIPE}aws-hrnn", solutionConfig=columns, eventType="watch"))

    assert made["solutions"][0]["candidates"][0]["solution"] == {
        "name": "s",
        "performAutoTraining": False,
        "recipeArn": f"{RECIPE}aws-user-personalization-v2",
        "solutionConfig": columns,
        "eventType": "watch",
    }
