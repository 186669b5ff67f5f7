"""What the checks refuse is left out of an exported file, the smallest part of it, and said by name."""

from typing import Any

import pytest
from tests.unit.params.documents import RECIPE, domain_group, movies, one_solution, put, recommender

from personalize_pipeline.exporting.allowed import only_allowed
from personalize_pipeline.exporting.group import Exported
from personalize_pipeline.params import read

HPO = {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "3"}}}


def test_a_file_that_is_right_stays_as_it_is():
    allowed, problems = only_allowed(Exported(movies(), ["a note"]))

    assert (allowed.document, allowed.notes, problems) == (movies(), ["a note"], ())


@pytest.mark.parametrize(
    ("document", "gone", "note"),
    [
        pytest.param(
            one_solution(solutionConfig=HPO),
            ["solutions[0].solutionConfig"],
            "solution s, solutionConfig.hpoConfig is left out of the file, and stays as it is: it",
            id="a setting, and what holds nothing else",
        ),
        pytest.param(
            one_solution(
                performAutoTraining=True,
                solutionConfig={**HPO, "autoTrainingConfig": {"schedulingExpression": "rate(9 days)"}},
            ),
            ["solutions[0].solutionConfig.hpoConfig"],
            "solution s, solutionConfig.hpoConfig is left out",
            id="a setting beside another",
        ),
        pytest.param(
            one_solution(campaigns=[{"name": "c", "campaignConfig": {"itemExplorationConfig": {"x": "1"}}}]),
            ["solutions[0].campaigns[0].campaignConfig"],
            "campaign c, campaignConfig.itemExplorationConfig is left out",
            id="a setting of a campaign",
        ),
        pytest.param(
            put(movies(), "filters[0].filterExpression", "EXCLUDE ItemID WHERE Items.NOTHING IN (1)"),
            ["filters[0]"],
            "filter unseen is left out of the file, and stays as it is: Invalid Expression",
            id="a filter",
        ),
        pytest.param(
            put(movies(), "solutions[1].recipeArn", f"{RECIPE}aws-next-year"),
            ["solutions[1]"],
            'solution movies-like-this is left out of the file, and stays as it is: "arn:aws:personalize:::',
            id="a solution of a recipe that nobody knows",
        ),
        pytest.param(
            domain_group(recommender(), recommender("more-like-x", recipeArn=f"{RECIPE}aws-ecomm-x")),
            ["recommenders[1]"],
            "recommender movies-more-like-x is left out",
            id="a recommender",
        ),
        pytest.param(
            put(movies(), "datasets.Items.dataLocation", "s3://b/items"),
            ["datasets.Items.dataLocation"],
            'datasets.Items.dataLocation is left out of the file, and stays as it is: "s3://b/it',
            id="a place",
        ),
    ],
)
def test_what_is_refused_is_left_out_and_named(document: dict[str, Any], gone: list[str], note: str):
    allowed, problems = only_allowed(Exported(document))

    expected = document
    for place in gone:
        expected = put(expected, place, ...)
    assert allowed.document == expected
    assert problems == ()
    assert [line for line in allowed.notes if line.startswith(note)], allowed.notes
    read(allowed.document)


def test_several_at_once_each_with_its_note():
    document = movies()
    document["filters"] = [
        {"name": f"f{number}", "filterExpression": "EXCLUDE ItemID WHERE Items.NO IN (1)"}
        for number in range(3)
    ]

    allowed, problems = only_allowed(Exported(document))

    assert "filters" not in allowed.document
    assert [note.split(" is ")[0] for note in allowed.notes] == ["filter f0", "filter f1", "filter f2"]
    assert problems == ()


def test_what_cannot_be_left_out_is_a_problem():
    document = put(movies(), "datasets.Interactions.schema.fields[4]", ...)

    allowed, problems = only_allowed(Exported(document))

    assert "datasets.Interactions.schema" in problems[0].place
    assert allowed.document["datasets"] == document["datasets"]
