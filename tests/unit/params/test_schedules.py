"""The section `schedules`: what is wrong with it is said before the first call, all at once."""

from datetime import UTC, datetime

import pytest
from tests.unit.params.documents import RECIPE, movies

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import plan, read

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAILY = {"expression": "cron(0 3 * * ? *)"}


def problems(**schedules):
    try:
        read(movies() | {"schedules": schedules}, now=NOW)
    except ParamsInvalid as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        (
            {"retrain": {"expression": "cron(0 3 * * * *)"}},
            "schedules.retrain.expression: \"cron(0 3 * * * *)\": of day-of-month and day-of-week exactly one is '?'",
        ),
        (
            {"retrain": [DAILY, {"expression": "rate(1 days)"}]},
            "schedules.retrain[1].expression: \"rate(1 days)\": '1 days' is not written like this. Write rate(1 day).",
        ),
        (
            {"import": {"expression": "at(2026-11-20T00:00:00)"}},
            'schedules.import.expression: "at(2026-11-20T00:00:00)" is over: it never fires.',
        ),
        ({"import": {"expression": "cron(0 3 * * ? 2025)"}}, "is over: it never fires."),
        (
            {"import": DAILY | {"timezone": "Europe/Berln"}},
            "schedules.import.timezone: \"Europe/Berln\" is no time zone. Did you mean 'Europe/Berlin'?",
        ),
        (
            {"import": DAILY | {"startDate": "tomorrow"}},
            'schedules.import.startDate: "tomorrow" is no date and time.',
        ),
        (
            {"import": DAILY | {"startDate": "2027-01-02", "endDate": "2027-01-01"}},
            "schedules.import.endDate: it is not later than startDate.",
        ),
        ({"import": DAILY | {"endDate": "2026-11-20T00:00:00Z"}}, "is over. Remove the schedule."),
        (
            {"import": {"expression": "cron(0 0 1 1 ? *)", "endDate": "2026-12-01"}},
            "schedules.import.endDate: it does not fire until then.",
        ),
        (
            {"import": {"expression": "at(2027-01-01T00:00:00)", "startDate": "2026-12-01"}},
            "startDate and endDate mean nothing",
        ),
        (
            {"import": DAILY | {"datasets": ["Item"]}},
            "schedules.import.datasets[0]: \"Item\" is not a dataset of this file. Did you mean 'Items'?",
        ),
        ({"retrain": DAILY | {"solutions": ["movies-for-yu"]}}, "Did you mean 'movies-for-you'?"),
        (
            {"retrain": DAILY | {"trainingMode": "UPDATE"}},
            "schedules.retrain.trainingMode: movies-for-you: aws-user-personalization-v2 cannot be trained with UPDATE",
        ),
        (
            {"retrain": DAILY | {"trainingMode": "AUTOTRAIN"}},
            "schedules.retrain.trainingMode: AUTOTRAIN is the mode of Personalize's own trainings",
        ),
        ({"batch": DAILY}, "schedules.batch: movies-for-you and movies-like-this have no batch jobs."),
        ({"batch": DAILY | {"solutions": ["movies-like-this"]}}, "movies-like-this has no batch jobs."),
        ({"retrain": DAILY | {"importMode": "FULL"}}, "schedules.retrain.importMode: unknown key."),
        ({"nightly": DAILY}, "schedules.nightly: unknown key."),
        ({"retrain": {}}, "schedules.retrain.expression: missing."),
        ({"retrain": DAILY | {"state": "on"}}, "must be ENABLED or DISABLED."),
        ({"retrain": "daily"}, 'schedules.retrain: "daily" must be a list'),
    ],
)
def test_a_schedule_that_makes_no_sense_says_where_and_why(schedules, expected):
    found = problems(**schedules)
    assert any(expected in problem for problem in found), found


def test_all_problems_of_all_schedules_are_said_at_once():
    found = problems(
        retrain=[{"expression": "x"}, {"expression": "y"}], batch={"expression": "z", "timezone": "Mars"}
    )
    assert len(found) == 5


def test_good_schedules_become_part_of_the_plan_of_a_file_in_s3():
    document = movies()
    document["solutions"][0]["recipeArn"] = f"{RECIPE}aws-user-personalization"
    document["schedules"] = {
        "retrain": DAILY | {"trainingMode": "UPDATE", "solutions": ["movies-for-you"]},
        "import": [
            {"expression": "rate(6 hours)", "state": "DISABLED"},
            {"expression": "at(2099-01-01T00:00:00)"},
        ],
    }
    made = plan(document, bucket="input", prefix="movies/", key="movies/params.json")
    assert made["schedules"]["name"] == "movies"
    assert [(one["kind"], one["number"], one["state"]) for one in made["schedules"]["schedules"]] == [
        ("import", 0, "DISABLED"),
        ("import", 1, "ENABLED"),
        ("retrain", 0, "ENABLED"),
    ]
    assert made["schedules"]["schedules"][2]["options"] == {
        "trainingMode": "UPDATE",
        "solutions": ["movies-for-you"],
    }
    assert made["expected"][-1] == {"resource": "Schedules", "name": "movies"}
    assert "schedules" not in plan(document)


def test_a_file_without_schedules_still_takes_away_those_that_it_had():
    made = plan(movies(), bucket="input", prefix="movies/", key="movies/params.json")
    assert made["schedules"]["schedules"] == []
    assert made["expected"][-1]["resource"] != "Schedules"


def test_a_time_that_has_come_is_no_problem_of_the_run_that_it_started():
    document = movies() | {"schedules": {"import": {"expression": "at(2020-01-01T00:00:00)"}}}
    assert read(document, now=datetime.min.replace(tzinfo=UTC)).document["schedules"]
