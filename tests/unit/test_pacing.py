"""How long to wait between two looks: little is lost, few looks, and a rate that Personalize allows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from personalize_pipeline.pacing import (
    USUAL_MINUTES,
    Share,
    first_wait,
    next_look,
    share_of,
    shares,
    wait_seconds,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALONE = Share()


def ages(state, minutes, last_time=None, share=ALONE, start=NOW):
    """The ages at which something is looked at, the last one when it is seen to be ready after `minutes`."""
    age = 0
    yield age
    while age < minutes * 60:
        age += next_look(state, timedelta(seconds=age), start + timedelta(seconds=age), last_time, share)
        yield age


def lost(state, minutes, **more):
    """The share of the build time that is lost."""
    return list(ages(state, minutes, **more))[-1] / (minutes * 60) - 1


@pytest.mark.parametrize(
    ("state", "shortest", "longest"),
    [("DatasetImport", 5, 17), ("SolutionVersion", 20, 55), ("Campaign", 7, 11), ("Recommender", 30, 65)],
)
def test_at_most_1_percent_is_lost_on_average_with_at_most_120_looks(state, shortest, longest):
    chance = Random(0)
    minutes = [chance.uniform(shortest, longest) for _ in range(200)]

    assert sum(lost(state, one) for one in minutes) / len(minutes) < 0.01
    assert max(lost(state, one) for one in minutes) < 0.03
    assert max(len(list(ages(state, one, share=Share(3, 1)))) for one in minutes) <= 120


@pytest.mark.parametrize("minutes", [9, 15, 45, 180])
def test_what_was_built_before_takes_less(minutes):
    chance = Random(1)
    spread = [minutes * chance.uniform(0.8, 1.2) for _ in range(200)]
    state = "SolutionVersion"

    again = sum(lost(state, one, last_time=minutes * 60) for one in spread) / len(spread)

    assert again < 0.006
    assert sum(lost(state, one) for one in spread) / len(spread) > again


def test_a_guess_that_is_wrong_costs_little():
    longer = list(ages("SolutionVersion", 90, last_time=45 * 60, share=Share(3, 0)))
    shorter = lost("SolutionVersion", 4.5, last_time=45 * 60)

    assert len(longer) <= 150
    assert lost("SolutionVersion", 90, last_time=45 * 60) < 0.02
    assert shorter < 0.25


@pytest.mark.parametrize("state", [*USUAL_MINUTES, "DatasetGroup"])
def test_waits_are_2_to_60_seconds_for_100_minutes_and_never_over_5_minutes(state):
    for share in (ALONE, Share(5, 2)):
        looks = list(ages(state, 3600, share=share))
        waits = [(age, later - age) for age, later in pairwise(looks)]

        assert min(wait for _, wait in waits) >= 2
        assert max(wait for age, wait in waits if age < 6000) <= 60 + share.of
        assert max(wait for _, wait in waits) <= 300 + share.of


@pytest.mark.parametrize("state", ["SolutionVersion", "Campaign"])
def test_sixty_hours_of_looks_fit_into_the_history_of_an_execution(state):
    assert len(list(ages(state, 60 * 60))) * 9 < 25_000


def test_a_run_that_waits_three_days_for_another_one_fits_too():
    age, looks = 0, 0
    while age < 3 * 86400:
        age += wait_seconds(timedelta(seconds=age))
        looks += 1

    assert looks * 9 < 25_000
    assert wait_seconds(timedelta(0)) == 10
    assert wait_seconds(timedelta(minutes=15)) == 18


def test_clocks_may_differ():
    assert next_look("Campaign", timedelta(seconds=-3), NOW, None, ALONE) == 2


@pytest.mark.parametrize(("variable", "seconds"), [("1", 1), ("0", 1), ("120", 120)])
def test_the_local_stack_polls_at_its_own_pace(monkeypatch, variable, seconds):
    monkeypatch.setenv("PERSONALIZE_PIPELINE_POLL_SECONDS", variable)

    assert next_look("Campaign", timedelta(hours=3), NOW, None, Share(20, 3)) == seconds
    assert wait_seconds(timedelta(hours=3)) == seconds
    assert first_wait("Solution", NOW, Share(20, 19)) == 0


# --- many at once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 5, 20, 30])
def test_things_that_are_built_at_once_are_looked_at_one_after_the_other(count):
    chance, looks = Random(2), []
    for place in range(count):
        start = NOW + timedelta(seconds=first_wait("Solution", NOW, Share(count, place)))
        minutes = chance.uniform(20, 55)
        looks += [
            (start - NOW).total_seconds() + age
            for age in ages("SolutionVersion", minutes, share=Share(count, place), start=start)
        ]

    in_a_minute = Counter(int(when // 60) for when in looks)
    in_two_seconds = Counter(int(when // 2) for when in looks if when > 240)  # all have begun
    assert max(in_a_minute.values()) <= 31
    assert max(in_two_seconds.values()) <= 2


def test_many_do_not_begin_together():
    begin = sorted(first_wait("Solution", NOW, Share(20, place)) for place in range(20))

    assert begin[0] == 0
    assert min(later - earlier for earlier, later in pairwise(begin)) >= 2
    assert max(Counter(when // 60 for when in begin).values()) <= 12
    assert begin[-1] <= 280


def test_a_few_begin_soon_and_what_comes_after_another_thing_begins_at_once():
    assert [first_wait("Solution", NOW, Share(3, place)) for place in range(3)] == [0, 1, 2]
    assert first_wait("SolutionVersion", NOW, Share(20, 19)) == 0
    assert first_wait("DatasetGroup", NOW, ALONE) == 0


def test_the_plan_says_what_is_built_at_once():
    def solution(name, candidates, campaigns):
        return {
            "candidates": [{"solution": {"name": f"{name}-{n}"}} for n in range(candidates)],
            "campaigns": [{"name": f"{name}-campaign-{n}"} for n in range(campaigns)],
            "batchInferenceJobs": [{"jobName": f"{name}-job"}],
        }

    plan = {
        "datasets": [
            {"type": kind, "schema": {"name": f"s-{kind}"}, "dataset": {"name": f"d-{kind}"}}
            for kind in ("INTERACTIONS", "ITEMS")
        ],
        "filters": [{"name": "unseen"}],
        "solutions": [solution("a", 1, 2), solution("b", 4, 0)],
        "recommenders": [{"name": "top"}],
    }

    made = shares(plan)

    assert "Filter" not in made
    assert share_of(made, "Filter", "unseen") == ALONE
    assert share_of(made, "DatasetImport", "ITEMS") == Share(2, 1)
    # Three uses of a, four candidates of b, one recommender.
    assert share_of(made, "SolutionVersion", "a-0") == Share(8, 0)
    assert share_of(made, "Campaign", "a-campaign-1") == Share(8, 1)
    assert share_of(made, "BatchInferenceJob", "a-job") == Share(8, 2)
    assert share_of(made, "Solution", "b-3") == Share(8, 6)
    assert share_of(made, "BatchInferenceJob", "b-job") == Share(8, 3)
    assert share_of(made, "Recommender", "top") == Share(8, 7)
